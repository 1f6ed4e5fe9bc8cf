"""Judges a run: what Jira heard and holds, against what the cluster truly did.

It knows nothing of the operator but what is documented: Jira's API, how a pipeline's id ends, and how a
version is called. An operator that lies is found.
"""

from chaos.claims import said_too_early
from chaos.courses import dropped, wrong_on_the_way
from chaos.evidence import Evidence, Violation, Wrong
from chaos.panel import not_recorded, wrong_in_the_end
from chaos.submissions import hasty, repeated, wrong_in_requests

__all__ = ["Evidence", "Violation", "Wrong", "unsettled", "violations"]


def unsettled(evidence: Evidence) -> list[str]:
    """Tell what Jira does not hold yet, or should not hold any more; empty if it holds the truth."""
    return [str(each) for each in wrong_in_the_end(evidence)]


def violations(evidence: Evidence) -> list[Violation]:
    """Tell all that is wrong."""
    checks = (
        not_recorded,
        wrong_in_the_end,
        said_too_early,
        wrong_on_the_way,
        dropped,
        wrong_in_requests,
        hasty,
        repeated,
    )
    return [violation for check in checks for violation in check(evidence)]
