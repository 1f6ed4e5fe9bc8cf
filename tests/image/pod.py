"""What a pod asks for, in the words of `docker run`."""

from dataclasses import dataclass
from typing import Any

HEEDED = {
    "pod": {"fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile"},
    "container": {
        "allowPrivilegeEscalation",
        "capabilities",
        "privileged",
        "readOnlyRootFilesystem",
        "runAsGroup",
        "runAsNonRoot",
        "runAsUser",
    },
}
"""Fields of security contexts that `Pod.confinement` knows. It refuses others: they would seem tested."""


@dataclass(frozen=True)
class Pod:
    """A pod with one container."""

    body: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Its Namespace."""
        return str(self.body["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        """What tells it from a namesake."""
        return str(self.body["metadata"]["uid"])

    @property
    def spec(self) -> dict[str, Any]:
        """What is asked for."""
        found: dict[str, Any] = self.body["spec"]
        return found

    @property
    def container(self) -> dict[str, Any]:
        """The one container."""
        [found] = self.spec["containers"]
        assert isinstance(found, dict)
        return found

    @property
    def goes_on(self) -> bool:
        """Whether it is meant to run until it is deleted."""
        return str(self.spec["restartPolicy"]) == "Always"

    @property
    def is_leaving(self) -> bool:
        """Whether somebody has deleted it, and waits for its end."""
        return "deletionTimestamp" in self.body["metadata"]

    @property
    def grace(self) -> int:
        """Seconds between the signal to end and the end."""
        return int(self.spec["terminationGracePeriodSeconds"])

    def probe(self, kind: str) -> str:
        """Address that `livenessProbe` or `readinessProbe` asks, in the network of this machine."""
        asked = self.container[kind]["httpGet"]
        ports = {each["name"]: each["containerPort"] for each in self.container["ports"]}
        return f"http://127.0.0.1:{ports[asked['port']]}{asked['path']}"

    def field(self, path: str) -> str:
        """What a `fieldRef` leads to, such as `metadata.name`."""
        found: Any = self.body
        for key in path.split("."):
            found = found[key]
        return str(found)

    def environment(self) -> dict[str, str]:
        """Its variables; nothing but values and `fieldRef`s."""
        return {each["name"]: self._value(each) for each in self.container.get("env", [])}

    def _value(self, variable: dict[str, Any]) -> str:
        if "valueFrom" in variable:
            return self.field(variable["valueFrom"]["fieldRef"]["fieldPath"])
        return str(variable.get("value", ""))

    def confinement(self) -> list[str]:
        """Its security contexts and its memory; Docker's own seccomp profile is what `RuntimeDefault` is."""
        of_pod, of_container = self.spec.get("securityContext", {}), self.container.get("securityContext", {})
        unheeded = (of_pod.keys() - HEEDED["pod"]) | (of_container.keys() - HEEDED["container"])
        if unheeded or of_pod.get("seccompProfile") != {"type": "RuntimeDefault"}:
            raise NotImplementedError(f"the pod {self.name} asks for {of_pod} and {of_container}")
        context = of_pod | of_container
        if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
            raise PermissionError(f"the pod {self.name} wants to be root, and not to be root")
        return [
            *_user(context),
            *_privileges(context),
            f"--memory={docker_size(self.container['resources']['limits']['memory'])}",
        ]

    def entrypoint(self) -> list[str]:
        """What replaces the entry point of the image, if anything does."""
        return [f"--entrypoint={first}" for first in self.container.get("command", [])[:1]]

    def arguments(self) -> list[str]:
        """What follows the name of the image."""
        return [*self.container.get("command", [])[1:], *self.container.get("args", [])]


def docker_size(quantity: str) -> str:
    """`64Mi`, as Docker and the kernel write it."""
    return quantity.removesuffix("i").lower()


def _user(context: dict[str, Any]) -> list[str]:
    flags = [f"--group-add={context['fsGroup']}"] if "fsGroup" in context else []
    if "runAsUser" in context:
        flags.append(f"--user={context['runAsUser']}:{context['runAsGroup']}")
    return flags


def _privileges(context: dict[str, Any]) -> list[str]:
    flags = [f"--cap-drop={each}" for each in context.get("capabilities", {}).get("drop", [])]
    if context.get("privileged"):
        flags.append("--privileged")
    if context.get("readOnlyRootFilesystem"):
        flags.append("--read-only")
    if not context.get("allowPrivilegeEscalation", True):
        flags.append("--security-opt=no-new-privileges")
    return flags
