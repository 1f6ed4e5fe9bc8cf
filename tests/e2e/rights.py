"""What the chart's ServiceAccount may do."""

import re
from typing import Final

from controlplane import Cluster, ControlPlaneError
from e2e.product import Product

_NO: Final = re.compile(r"failed:\s*(Warning: .* is not namespace scoped.*)?$")
"""It says no by its exit code, and no more than a hint on standard error."""


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
