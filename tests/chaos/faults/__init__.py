"""All that can go wrong in the laboratory."""

from typing import Final

from chaos.faults import apiserver, jira, process, state
from chaos.faults.fault import Fault

__all__ = ["FAULTS", "NAMESPACE_DELETED", "Fault"]

FAULTS: Final[dict[str, type[Fault]]] = {
    each.name: each
    for each in (
        process.Killed,
        process.KilledAtWrite,
        process.KilledAtPost,
        process.KilledAgain,
        process.Stopped,
        process.Frozen,
        process.ClockMoved,
        process.TwoInstallations,
        apiserver.ApiServerRestarted,
        apiserver.ApiServerRefuses,
        apiserver.WatchesCut,
        apiserver.WatchesGone,
        apiserver.WatchesHeld,
        apiserver.StaleReads,
        apiserver.Conflicts,
        apiserver.WriteAnswersLost,
        jira.JiraDown,
        jira.JiraSlow,
        jira.JiraHangs,
        jira.JiraHtml,
        jira.AnswerLost,
        jira.ConnectionDropped,
        jira.Unauthorized,
        jira.Forbidden,
        jira.RateLimited,
        jira.RateLimitedFor,
        jira.ServerError,
        jira.Unavailable,
        jira.Garbage,
        jira.Empty,
        jira.Rejects,
        jira.TooLarge,
        jira.BadRequest,
        jira.SecretRotated,
        state.CrdRemoved,
        state.SiteRemoved,
        state.LeaseDeleted,
        state.JournalDeleted,
    )
}
"""By name."""

NAMESPACE_DELETED: Final = "namespace-deleted"
"""The one fault that is a part of the script."""
