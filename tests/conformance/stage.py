"""Where a scenario plays: a namespace of its own, and a log of what was done in it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.objects import Object, name_of
from conformance.stream import Stream, now
from conformance.watching import Watcher
from controlplane import LocalCluster


@dataclass
class Stage:
    cluster: LocalCluster
    watcher: Watcher
    namespace: str
    stream: Stream
    actions: list[dict[str, str]] = field(default_factory=list)

    def kubectl(self, *args: str, stdin: str | None = None, said: str | None = None) -> str:
        """Do something, and note it; `said` is the note where the arguments would be too long."""
        self.note(said or f"kubectl {' '.join(args)}")
        return self.cluster.kubectl(*args, f"--namespace={self.namespace}", stdin=stdin)

    def apply(self, body: Object) -> None:
        title = f"kubectl apply {body['kind']} {name_of(body)}"
        self.kubectl("apply", "--filename=-", stdin=json.dumps(body), said=f"{title}{_shown(body)}")

    def create(self, body: Object) -> None:
        """Something that needs no telling."""
        self.cluster.kubectl(
            "create", "--filename=-", f"--namespace={self.namespace}", stdin=json.dumps(body)
        )

    def note(self, action: str) -> None:
        self.actions.append({"at": now(), "action": action})

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """What happens in it is not recorded, as if no operator ran."""
        self.note("nobody looks from now on")
        with self.stream.unwatched():
            yield
        self.note("somebody looks again")

    def let_pass(self, seconds: float, why: str) -> None:
        self.note(f"let {seconds:g} s pass: {why}")
        time.sleep(seconds)

    def until(self, what: str, holds: Callable[[], bool], *, seconds: float = 90) -> None:
        self.stream.until(what, holds, seconds=seconds)

    def forbid_new_pods(self) -> None:
        """From now on only as many pods may be there as are there."""
        pods = len(self.stream.all("Pod"))
        self.kubectl("create", "quota", "full", f"--hard=pods={pods}")
        for field_of in ("spec", "status"):
            self._wait_for_quota(f"{{.{field_of}.hard.pods}}={pods}")
        self._wait_for_quota(f"{{.status.used.pods}}={pods}")

    def allow_new_pods(self) -> None:
        self.kubectl("delete", "quota", "full")

    def _wait_for_quota(self, what: str) -> None:
        self.cluster.kubectl(
            "wait", "quota/full", f"--for=jsonpath={what}", "--timeout=30s", f"--namespace={self.namespace}"
        )


def _shown(body: Object) -> str:
    """What tells one manifest of a scenario from the next."""
    spec = body.get("spec") or {}
    parts = []
    if containers := spec.get("template", {}).get("spec", {}).get("containers"):
        parts.append(f"image {', '.join(container['image'] for container in containers)}")
    if (replicas := spec.get("replicas")) is not None:
        parts.append(f"replicas {replicas}")
    return f" ({', '.join(parts)})" if parts else ""
