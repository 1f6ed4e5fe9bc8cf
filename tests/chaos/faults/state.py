"""Faults of what the operator keeps in the cluster."""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from chaos.faults.fault import Fault, seconds
from rollout_reporter.controller.settings import SITES_PERIOD

if TYPE_CHECKING:
    from chaos.lab import Lab


@dataclass(frozen=True)
class CrdRemoved(Fault):
    """Somebody deletes the CRD of the RolloutReports, all of them with it, and puts it back.

    A workload has to be claimed by its RolloutReport before it is reported, so nobody acts meanwhile.
    """

    name = "crd-removed"
    for_: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 8))

    def strike(self, lab: "Lab") -> bool:
        with lab.blinded():
            lab.estate.remove_reports_crd()
            lab.pause(self.for_)
            lab.estate.put_crds()
        return True


@dataclass(frozen=True)
class SiteRemoved(Fault):
    """Somebody deletes the JiraSite, and makes it again.

    What began meanwhile is told later; an operator that is restarted has not seen how it ended.
    """

    name = "site-removed"
    for_: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 15))

    def strike(self, lab: "Lab") -> bool:
        with lab.blinded():
            body = lab.estate.remove_site()
            lab.pause(self.for_)
            lab.estate.put_site(body)
            lab.pause(SITES_PERIOD.total_seconds())
        return True


@dataclass(frozen=True)
class LeaseDeleted(Fault):
    """Somebody deletes the Lease."""

    name = "lease-deleted"

    @classmethod
    def draw(cls, chance: random.Random) -> Self:  # noqa: ARG003 (it has no details)
        return cls()

    def strike(self, lab: "Lab") -> bool:
        lab.estate.delete("lease/rollout-reporter")
        return True


@dataclass(frozen=True)
class JournalDeleted(Fault):
    """Somebody deletes the journal."""

    name = "journal-deleted"

    @classmethod
    def draw(cls, chance: random.Random) -> Self:  # noqa: ARG003 (it has no details)
        return cls()

    def strike(self, lab: "Lab") -> bool:
        lab.estate.delete("configmap", "--selector=rollout-reporter.dev/journal=true")
        return True
