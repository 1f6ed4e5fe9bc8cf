"""The product as people install it, on a cluster of `controlplane`: chart, sandbox, operator process.

The operator runs outside the cluster (kwok's pods run nothing), always with the token of the chart's own
ServiceAccount, so that a missing right is found.
"""

from installation.installation import Installation, Operator
from installation.sandbox import RunningSandbox

__all__ = ["Installation", "Operator", "RunningSandbox"]
