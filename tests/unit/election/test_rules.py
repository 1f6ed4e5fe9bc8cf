from datetime import UTC, datetime, timedelta, timezone

import pytest

from rollout_reporter.core.election import (
    LEASE_DURATION,
    RENEW_DEADLINE,
    RETRY_PERIOD,
    UNSEEN,
    Acquire,
    Create,
    LeaseView,
    Lost,
    Observation,
    Renew,
    Term,
    Wait,
    ceiling_of,
    claimed,
    decide,
    observe,
    released,
    unclaimed,
    unique_identity,
    view_of,
)
from rollout_reporter.core.names import NUMBER_CEILING

ME, OTHER = "pod-a_1", "pod-b_2"
AT = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)


def held_by(holder: str, version: str = "5", renewed: str = "2026-11-24T08:00:00.000000Z") -> LeaseView:
    return LeaseView(holder, renewed, 3, version)


def seen_at(now: float, view: LeaseView | None) -> Observation:
    return observe(UNSEEN, view, now)


# Those who do not lead.


def test_a_lease_that_never_was_is_made_at_once() -> None:
    assert decide(seen_at(0, None), ME, None, 0) == Create()


def test_a_released_lease_is_taken_at_once() -> None:
    assert decide(seen_at(0, held_by("")), ME, None, 0) == Acquire()


def test_a_held_lease_is_left_alone_however_old_its_renewal_says_it_is() -> None:
    ancient = held_by(OTHER, renewed="1999-01-01T00:00:00.000000Z")

    assert decide(seen_at(100, ancient), ME, None, 100) == Wait(RETRY_PERIOD)


def test_a_held_lease_is_taken_once_it_was_seen_unchanged_for_its_duration() -> None:
    seen = seen_at(100, held_by(OTHER))
    for now in (102.0, 110.0, 114.0):
        seen = observe(seen, held_by(OTHER), now)

    assert decide(seen, ME, None, 114.5) == Wait(0.5)
    assert decide(seen, ME, None, 100 + LEASE_DURATION) == Acquire()


@pytest.mark.parametrize(
    "changed",
    [
        LeaseView(OTHER, "2026-11-24T08:00:02.000000Z", 3, "5"),
        LeaseView("pod-c_3", "2026-11-24T08:00:00.000000Z", 3, "5"),
        LeaseView(OTHER, "2026-11-24T08:00:00.000000Z", 4, "5"),
        LeaseView(OTHER, "2026-11-24T08:00:00.000000Z", 3, "6"),
    ],
)
def test_any_change_of_the_record_starts_the_duration_anew(changed: LeaseView) -> None:
    seen = observe(seen_at(100, held_by(OTHER)), changed, 114)

    assert decide(seen, ME, None, 115) == Wait(RETRY_PERIOD)
    assert decide(seen, ME, None, 114 + LEASE_DURATION) == Acquire()


def test_a_lease_that_vanished_keeps_its_promise_to_the_one_who_held_it() -> None:
    seen = observe(seen_at(100, held_by(OTHER)), None, 102)
    seen = observe(seen, None, 104)

    assert decide(seen, ME, None, 104) == Wait(RETRY_PERIOD)
    assert decide(seen, ME, None, 102 + LEASE_DURATION) == Create()


def test_a_lease_that_vanished_after_its_release_is_made_at_once() -> None:
    seen = observe(seen_at(100, held_by("")), None, 102)

    assert decide(seen, ME, None, 102) == Create()


def test_an_own_record_whose_answer_was_lost_is_taken_up_at_once() -> None:
    assert decide(seen_at(0, held_by(ME)), ME, None, 0) == Acquire()


def test_two_processes_on_one_host_have_different_identities() -> None:
    assert unique_identity("pod-a") != unique_identity("pod-a")
    assert unique_identity("pod-a").startswith("pod-a_")


# The one who leads.


def test_a_leader_renews_what_it_holds() -> None:
    assert decide(seen_at(0, held_by(ME)), ME, Term(0), 2) == Renew()


def test_a_leader_makes_a_deleted_lease_again() -> None:
    assert decide(observe(seen_at(0, held_by(ME)), None, 2), ME, Term(0), 2) == Create()


@pytest.mark.parametrize("holder", [OTHER, ""])
def test_a_leader_whose_lease_is_given_away_has_lost(holder: str) -> None:
    assert isinstance(decide(seen_at(0, held_by(holder)), ME, Term(0), 2), Lost)


@pytest.mark.parametrize("view", [None, held_by(ME), held_by(OTHER)])
def test_a_leader_that_could_not_renew_has_lost_whatever_the_lease_says(view: LeaseView | None) -> None:
    assert isinstance(decide(seen_at(0, view), ME, Term(0), RENEW_DEADLINE), Lost)


def test_a_leader_stops_before_the_first_moment_at_which_another_may_take_over() -> None:
    sent_at, seen_first_at = 100.0, 100.0  # at best the write is seen in the moment it was sent

    assert Term(sent_at).ends_at + 5 == seen_at(seen_first_at, held_by(ME)).free_at


# What stands on the Lease.


def test_a_first_claim_counts_no_transition() -> None:
    lease = claimed(unclaimed("ops", "lease"), ME, is_new_term=True, at=AT, ceiling=77)

    assert lease == {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "lease", "namespace": "ops", "annotations": {NUMBER_CEILING: "77"}},
        "spec": {
            "holderIdentity": ME,
            "leaseDurationSeconds": 15,
            "acquireTime": "2026-11-24T08:00:00.000000Z",
            "renewTime": "2026-11-24T08:00:00.000000Z",
            "leaseTransitions": 0,
        },
    }


def test_a_renewal_changes_the_time_and_the_ceiling_only() -> None:
    first = claimed(unclaimed("ops", "lease"), ME, is_new_term=True, at=AT, ceiling=77)
    second = claimed(first, ME, is_new_term=False, at=AT + timedelta(milliseconds=1500), ceiling=78)

    assert second["spec"] == first["spec"] | {"renewTime": "2026-11-24T08:00:01.500000Z"}
    assert ceiling_of(second) == 78


def test_a_later_term_counts_a_transition_and_keeps_what_others_wrote() -> None:
    lease = claimed(unclaimed("ops", "lease"), OTHER, is_new_term=True, at=AT, ceiling=77)
    lease["metadata"] |= {"labels": {"team": "a"}, "resourceVersion": "9", "uid": "u"}
    lease["metadata"]["annotations"]["note"] = "mine"

    taken = claimed(lease, ME, is_new_term=True, at=AT, ceiling=99)

    assert view_of(taken) == LeaseView(ME, "2026-11-24T08:00:00.000000Z", 1, "9")
    assert taken["metadata"]["labels"] == {"team": "a"}
    assert taken["metadata"]["annotations"] == {"note": "mine", NUMBER_CEILING: "99"}


def test_a_released_lease_has_no_holder_and_keeps_its_ceiling() -> None:
    lease = claimed(unclaimed("ops", "lease"), ME, is_new_term=True, at=AT, ceiling=77)

    assert view_of(released(lease, AT)).holder == ""
    assert ceiling_of(released(lease, AT)) == 77


def test_times_are_written_in_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))
    lease = claimed(unclaimed("ops", "lease"), ME, is_new_term=True, at=local, ceiling=1)

    assert lease["spec"]["renewTime"] == "2026-11-24T08:00:00.000000Z"


@pytest.mark.parametrize("annotations", [None, {}, {NUMBER_CEILING: ""}, {NUMBER_CEILING: "soon"}])
def test_a_ceiling_that_cannot_be_read_is_none(annotations: dict[str, str] | None) -> None:
    assert ceiling_of({"metadata": {"annotations": annotations}}) == 0


def test_a_lease_without_a_spec_is_free() -> None:
    assert view_of({"metadata": {}}) == LeaseView("", "", 0, "")
