"""`python -m bench.watching KUBECONFIG`: prints what a watch of the annotated Deployments shows, and when.

A process of its own: one that did anything else besides would read late. The API server ends a watch whose
reader is slow for a moment, as when a thousand Deployments change at once; it is gone on with from there.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Final

from bench.api import Api
from bench.workloads import ANNOTATED

_PATH: Final = "/apis/apps/v1/deployments"
READY: Final = b"ready\n"
"""The first line: all that happens from now on is seen."""


def main() -> None:
    api = Api(Path(sys.argv[1]))
    version = json.loads(api.get(f"{_PATH}?limit=1"))["metadata"]["resourceVersion"]
    query = f"watch=true&labelSelector={ANNOTATED}&timeoutSeconds=7200&resourceVersion="
    output = sys.stdout.buffer
    response = api.open_watch(f"{_PATH}?{query}{version}")
    output.write(READY)
    output.flush()
    while True:
        while line := response.readline():
            output.write(b"%f %s" % (time.time(), line))
            output.flush()
            version = _version(line)
        response = api.open_watch(f"{_PATH}?{query}{version}")


def _version(line: bytes) -> str:
    """Of the object in an event; to parse it all would take too long."""
    found = re.search(rb'"resourceVersion":"(\d+)"', line)
    if found is None:
        raise RuntimeError(f"the watch says {line[:500]!r}")
    return found[1].decode()


if __name__ == "__main__":
    main()
