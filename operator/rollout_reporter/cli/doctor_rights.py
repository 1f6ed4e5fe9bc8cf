"""The rights of the operator, one by one, each with what is missing without it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rollout_reporter.cluster.api import create
from rollout_reporter.cluster.errors import ClusterError, ForbiddenError
from rollout_reporter.cluster.lease import LEASE
from rollout_reporter.core.names import GROUP

from .doctor_finding import Finding, Mark, good, unknown, wrong

_READ: Final = ("get", "list", "watch")
_REVIEWS: Final = "/apis/authorization.k8s.io/v1"
_WHO: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs on a resource, as the chart grants them."""

    group: str
    resource: str
    """With its subresource, as `deployments/status`."""
    verbs: Sequence[str]
    without: str
    """What goes wrong without it."""
    name: str = ""
    """Of the one object that it is limited to."""

    def __str__(self) -> str:
        """The resource as people write it."""
        return f"{self.resource}{f' {self.name}' if self.name else ''}"


NAMESPACES: Final = Right("", "namespaces", ("get",), "environments are not taken from Namespaces")
SELECTION: Final = Right("", "namespaces", ("list",), "none can be selected, so nothing is reported")
NAMESPACE: Final = Right("", "namespaces", ("get",), "environments are not taken from the Namespace")
CONDITIONS: Final = (
    Right("apps", "deployments/status", ("patch",), "Deployments show no condition"),
    Right("argoproj.io", "rollouts/status", ("patch",), "Rollouts show no condition"),
)
WORKLOADS: Final = (
    Right("apps", "deployments", _READ, "Deployments are not reported"),
    Right("apps", "replicasets", ("list",), "which rollout it is cannot be told, so nothing is reported"),
    Right("argoproj.io", "rollouts", _READ, "Argo Rollouts are not reported"),
    Right("", "pods", ("list",), "image pulls and crash loops are not seen as failures"),
    Right(GROUP, "rolloutreports", ("get", "list", "create", "update", "delete"), "nothing is remembered"),
    Right(GROUP, "rolloutreports/status", ("update",), "nothing is remembered"),
    Right("events.k8s.io", "events", ("create", "patch"), "workloads get no Events"),
)
OWN: Final = (
    Right(GROUP, "jirasites", ("list",), "no site is known, so nothing is reported"),
    Right(GROUP, "jirasites/status", ("patch",), "JiraSites show no condition"),
    Right("coordination.k8s.io", "leases", ("create",), "nobody leads, so nothing is reported"),
    Right("coordination.k8s.io", "leases", ("get", "update"), "nobody leads, so nothing is reported", LEASE),
    Right("", "configmaps", ("list", "create", "update"), "nothing is sent, since there is no journal"),
)


def secret(name: str) -> Right:
    """The right to read one Secret."""
    return Right("", "secrets", ("get",), "its site cannot be reported to", name)


class Reviewer:
    """Asks the API server what the operator may do: as itself, or about its ServiceAccount."""

    def __init__(self, api: Any, namespace: str, account: str) -> None:
        self._api, self._namespace = api, namespace
        self._user = f"system:serviceaccount:{namespace}:{account}"
        self._is_self = False

    async def begin(self) -> Finding | None:
        """Find out whose rights can be asked for; what is in the way is returned."""
        subject = f"rights of {self._user}"
        try:
            me = (await create(self._api, _WHO, _review("authentication", "SelfSubjectReview")))["status"]
            self._is_self = me["userInfo"]["username"].startswith(f"system:serviceaccount:{self._namespace}:")
            await self.may("get", OWN[0], self._namespace)
        except ForbiddenError as error:
            cure = f"kubectl -n {self._namespace} exec deploy/rollout-reporter -- rollout-reporter doctor"
            return Finding(Mark.UNKNOWN, subject, f"not known: {error}", f"the operator knows them: {cure}")
        except ClusterError as error:
            return unknown(subject, error)
        return None

    async def findings(self, rights: Sequence[Right], namespace: str) -> AsyncIterator[Finding]:
        """Look at rights in one Namespace, or in all (`""`)."""
        for right in rights:
            subject = f"right to {right}" + (f" in {namespace}" if namespace else "")
            try:
                missing = [verb for verb in right.verbs if not await self.may(verb, right, namespace)]
            except ClusterError as error:
                yield unknown(subject, error)
                continue
            if missing:
                cure = "install the chart with rbac.create, or grant it"
                yield wrong(subject, f"{', '.join(missing)} missing: {right.without}", cure)
            else:
                yield good(subject, ", ".join(right.verbs))

    async def may(self, verb: str, right: Right, namespace: str) -> bool:
        """Ask about one verb.

        Raises:
            ClusterError: It may not be asked, or there is no answer.
        """
        resource, _, subresource = right.resource.partition("/")
        attributes = {"verb": verb, "group": right.group, "resource": resource, "subresource": subresource}
        where = {"namespace": namespace, "name": right.name}
        kind = "SelfSubjectAccessReview" if self._is_self else "SubjectAccessReview"
        spec = {"resourceAttributes": attributes | where} | ({} if self._is_self else self._about())
        review = _review("authorization", kind) | {"spec": spec}
        answer = await create(self._api, f"{_REVIEWS}/{kind.lower()}s", review)
        return bool(answer["status"]["allowed"])

    def _about(self) -> dict[str, object]:
        groups = ["serviceaccounts", f"serviceaccounts:{self._namespace}", "authenticated"]
        return {"user": self._user, "groups": [f"system:{each}" for each in groups]}


def _review(api: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": f"{api}.k8s.io/v1", "kind": kind}
