"""`python -m bench.watching KUBECONFIG`: prints what a watch of the annotated Deployments shows, and when.

A process of its own: one that did anything else besides would read late, or so slowly that the API server
ends the watch.
"""

import json
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
    query = f"watch=true&labelSelector={ANNOTATED}&timeoutSeconds=7200&resourceVersion={version}"
    response = api.open_watch(f"{_PATH}?{query}")
    output = sys.stdout.buffer
    output.write(READY)
    output.flush()
    while line := response.readline():
        output.write(b"%f %s" % (time.time(), line))
        output.flush()


if __name__ == "__main__":
    main()
