"""What Jira holds, and the rules by which it takes updates. Pure and synchronous.

- A deployment is one within its credential: another one neither sees nor changes it.
- An update is stored if and only if its `updateSequenceNumber` is greater than the stored one; else it is
  dropped in silence, though the answer has listed it as accepted.
- What is stored is replaced wholesale: associations do not accumulate (probed on a real tenant,
  gitlab-org/gitlab!231117).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollout_reporter.core.report import DeploymentKey

HISTORY_LIMIT = 50_000
"""Stored and dropped updates that are remembered, each; a sandbox may run for weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One accepted update: the whole of a Jira deployment at that moment."""

    client_id: str
    key: DeploymentKey
    update: int
    issues: tuple[str, ...]
    services: tuple[str, ...] = ()
    properties: Mapping[str, str]
    body: Mapping[str, Any]
    received: datetime

    @property
    def place(self) -> tuple[str, DeploymentKey]:
        """Where it is kept: the identity within the credential."""
        return self.client_id, self.key


class Store:
    """The deployments of all credentials."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, DeploymentKey], Record] = {}
        self._by_issue: defaultdict[str, dict[tuple[str, DeploymentKey], None]] = defaultdict(dict)
        self.history: deque[Record] = deque(maxlen=HISTORY_LIMIT)
        self.dropped: deque[Record] = deque(maxlen=HISTORY_LIMIT)

    def submit(self, record: Record) -> bool:
        """Take an update, and tell whether it was stored rather than dropped."""
        stored = self._current.get(record.place)
        if stored is not None and stored.update >= record.update:
            self.dropped.append(record)
            return False
        self._remove([stored] if stored else [])
        self._current[record.place] = record
        for issue in record.issues:
            self._by_issue[issue][record.place] = None
        self.history.append(record)
        return True

    def get(self, client_id: str, key: DeploymentKey) -> Record | None:
        """Return what is stored under this key by this credential."""
        return self._current.get((client_id, key))

    def delete(self, client_id: str, key: DeploymentKey) -> None:
        """Delete one deployment. Its update number is forgotten too, so any number may come next."""
        stored = self.get(client_id, key)
        self._remove([stored] if stored else [])

    def delete_by_properties(self, client_id: str, properties: Mapping[str, str]) -> None:
        """Delete the deployments of this credential that were sent with all of these properties."""
        wanted = properties.items()
        self._remove(
            [
                record
                for record in self._current.values()
                if record.client_id == client_id and wanted <= record.properties.items()
            ]
        )

    def forget(self, client_id: str) -> None:
        """Delete everything that this credential sent, as when its app is deleted."""
        self._remove([record for record in self._current.values() if record.client_id == client_id])

    def current(self) -> list[Record]:
        """Return everything stored, in the order of credential and key."""
        return [self._current[place] for place in sorted(self._current)]

    def of_issue(self, issue: str) -> list[Record]:
        """Return what is stored for this issue, in the order of credential and key."""
        return [self._current[place] for place in sorted(self._by_issue.get(issue, ()))]

    def issues(self) -> dict[str, list[DeploymentKey]]:
        """Return the deployments of each issue."""
        return {issue: [key for _, key in sorted(places)] for issue, places in sorted(self._by_issue.items())}

    def _remove(self, records: Iterable[Record]) -> None:
        for record in records:
            del self._current[record.place]
            for issue in record.issues:
                del self._by_issue[issue][record.place]
                if not self._by_issue[issue]:
                    del self._by_issue[issue]
