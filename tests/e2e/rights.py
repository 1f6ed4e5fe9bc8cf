"""What the chart's ServiceAccount may do, and what it does."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chaos.passages import Passage
from controlplane import Cluster, ControlPlaneError
from e2e.product import Product
from e2e.workload import SECONDS, Object
from installation.program import until

_NO: Final = re.compile(r"failed:\s*(Warning: .* is not namespace scoped.*)?$")
"""It says no by its exit code, and no more than a hint on standard error."""

_OF_RESOURCES: Final = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/[^/]+(?=/))?"
    r"/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?"
)
_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def may(cluster: Cluster, account: str, *question: str) -> bool:
    """Ask `kubectl auth can-i` about somebody else."""
    try:
        return cluster.kubectl("auth", "can-i", *question, f"--as={account}").strip() == "yes"
    except ControlPlaneError as refusal:
        if _NO.search(str(refusal)):
            return False
        raise


def assert_never_forbidden(product: Product) -> None:
    """A missing right shows in the log by these words; quotas and ending Namespaces forbid otherwise."""
    assert [line for line in product.log().splitlines() if 'is forbidden: User "' in line] == []


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource."""

    verb: str
    resource: str
    """With its subresource, as `deployments/status`."""
    group: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{self.group and f' of {self.group}'}"

    @property
    def refusal(self) -> str:
        """How the API server tells somebody that it is missing."""
        return f'cannot {self.verb} resource "{self.resource}" in API group "{self.group}"'

    @property
    def foreseen(self) -> str:
        """What the operator says that looks for the right before it makes use of it."""
        return f"the operator may not {self.verb} {self.resource}.{self.group} "


def right_for(passage: Passage) -> Right | None:
    """The right that a request needs; `None` if everybody may ask, as for what is served."""
    found = _OF_RESOURCES.fullmatch(passage.path)
    if found is None:
        return None
    resource = "/".join(filter(None, (found["resource"], found["subresource"])))
    reading = "get" if found["name"] else "watch" if "watch=" in passage.query else "list"
    return Right(_VERBS.get(passage.method, reading), resource, found["group"] or "")


class Grants:
    """The rights of a ServiceAccount by all Roles and ClusterRoles that are bound to it."""

    def __init__(self, cluster: Cluster, namespace: str, account: str) -> None:
        self._cluster = cluster
        self._user = f"system:serviceaccount:{namespace}:{account}"
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        self._roles = [
            _Role(
                cluster, each["roleRef"]["kind"], each["roleRef"]["name"], each["metadata"].get("namespace")
            )
            for each in _read(cluster, "rolebindings,clusterrolebindings", "--all-namespaces")["items"]
            if subject in each.get("subjects", [])
        ]

    def rights(self) -> set[Right]:
        """All of them."""
        return {right for role in self._roles for rule in role.rules for right in _rights_by(rule)}

    @contextmanager
    def without(self, right: Right) -> Iterator[None]:
        """Take one away for the length of a block."""
        concerned = [role for role in self._roles if any(right in _rights_by(rule) for rule in role.rules)]
        assert concerned, f"nobody grants to {right}"
        for role in concerned:
            role.write([each for rule in role.rules for each in _without(right, rule)])
        try:
            self._await(concerned, right, granted=False)
            yield
        finally:
            for role in concerned:
                role.write(role.rules)
            self._await(concerned, right, granted=True)

    def _await(self, roles: list["_Role"], right: Right, *, granted: bool) -> None:
        """Wait until the API server heeds what was written."""
        questions = [question for role in roles for question in role.questions(right)]
        until(
            lambda: all(may(self._cluster, self._user, *each) is granted for each in questions),
            seconds=SECONDS,
            otherwise=lambda: f"{right}: granted is not yet {granted}",
        )


class _Role:
    """A Role or ClusterRole, and the rules that it was made with."""

    def __init__(self, cluster: Cluster, kind: str, name: str, namespace: str | None) -> None:
        self._cluster = cluster
        self._name = f"{kind.lower()}/{name}"
        self._where = [f"--namespace={namespace}"] if namespace else []
        self.rules: list[Object] = _read(cluster, self._name, *self._where)["rules"]

    def write(self, rules: list[Object]) -> None:
        change = json.dumps({"rules": rules})
        self._cluster.kubectl("patch", self._name, *self._where, "--type=merge", f"--patch={change}")

    def questions(self, right: Right) -> Iterator[list[str]]:
        """What to ask `kubectl auth can-i` about a right that it grants."""
        resource, _, subresource = right.resource.partition("/")
        where = [f"--subresource={subresource}"] if subresource else []
        for rule in self.rules:
            if right not in _rights_by(rule):
                continue
            for name in rule.get("resourceNames", [""]):
                what = f"{resource}{right.group and f'.{right.group}'}{name and f'/{name}'}"
                yield [right.verb, what, *where, *self._where]


def _read(cluster: Cluster, *what: str) -> Object:
    found: Object = json.loads(cluster.kubectl("get", *what, "--output=json"))
    return found


def _rights_by(rule: Object) -> set[Right]:
    return {
        Right(verb, resource, group)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _without(right: Right, rule: Object) -> Iterator[Object]:
    """What is left of a rule, as one rule for each right: none may be empty."""
    for each in _rights_by(rule) - {right}:
        yield {**rule, "apiGroups": [each.group], "resources": [each.resource], "verbs": [each.verb]}
