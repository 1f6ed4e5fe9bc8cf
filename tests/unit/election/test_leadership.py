import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import looptime
import pytest

from rollout_reporter.cluster.lease import FALL_PATIENCE, Leadership, NotLeadingError
from rollout_reporter.core.election import TermId
from rollout_reporter.core.numbers import DAY_MS, HEADROOM_MS

from .apiserver import EPOCH, ApiServer, Wire, client_over

pytestmark = pytest.mark.looptime

EPOCH_MS = int(EPOCH.timestamp() * 1000)


@pytest.fixture
def server() -> ApiServer:
    return ApiServer()


def candidate(wire: Wire, identity: str) -> Leadership:
    return Leadership(client_over(wire), namespace="ops", identity=identity)


@asynccontextmanager
async def running(leadership: Leadership) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(leadership.run())
    try:
        yield task
    finally:
        await stop(task)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def now() -> float:
    return asyncio.get_running_loop().time()


def hold_the_loop_up(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, looptime.LoopTimeEventLoop)
    loop.setup_looptime(start=loop.time() + seconds)


# Becoming the leader.


async def test_the_first_candidate_makes_the_lease_and_leads_at_once(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()

        assert now() == 0
        assert first.is_leader
        assert server.holder == "a"
        assert server.accepted[0]["spec"]["renewTime"] == "2026-11-24T08:00:00.000000Z"


async def test_of_two_that_start_together_one_leads(server: ApiServer) -> None:
    both = [candidate(Wire(server), name) for name in "ab"]
    async with running(both[0]), running(both[1]):
        await asyncio.sleep(60)

        assert [each.is_leader for each in both].count(True) == 1


async def test_only_who_waits_for_another_leader_is_a_standby(server: ApiServer) -> None:
    first, second = candidate(Wire(server), "a"), candidate(Wire(server), "b")
    assert not first.is_standby
    async with running(first) as task, running(second):
        await asyncio.sleep(30)
        assert (first.is_standby, second.is_standby) == (False, True)

        await stop(task)
        await second.elected()
        assert (first.is_standby, second.is_standby) == (False, False)


async def test_a_standby_takes_over_about_a_second_after_a_clean_stop(server: ApiServer) -> None:
    first, second = candidate(Wire(server), "a"), candidate(Wire(server), "b")
    async with running(first) as task, running(second):
        await asyncio.sleep(30.5)
        await stop(task)
        stopped_at = now()
        assert (first.lost.is_set(), first.is_leader, server.holder) == (True, False, "")
        await second.elected()

        assert now() - stopped_at <= 2.4
        assert server.lease
        assert server.lease["spec"]["leaseTransitions"] == 1


async def test_a_standby_takes_over_fifteen_seconds_after_a_crash(server: ApiServer) -> None:
    wire = Wire(server)
    first, second = candidate(wire, "a"), candidate(Wire(server), "b")
    async with running(first), running(second):
        await asyncio.sleep(30)
        wire.loses_requests = True
        crashed_at = now()
        await second.elected()

        assert 12.5 <= now() - crashed_at <= 18


async def test_a_lease_left_by_an_earlier_process_is_waited_out_whatever_its_times_say(
    server: ApiServer,
) -> None:
    async with running(candidate(Wire(server), "earlier")):
        await asyncio.sleep(5)
    server.edit(holderIdentity="earlier", renewTime="1999-01-01T00:00:00.000000Z")
    started_at = now()
    later = candidate(Wire(server), "later")
    async with running(later):
        await later.elected()

        assert 15 <= now() - started_at <= 15.5


async def test_the_same_process_takes_its_own_lease_up_again_without_waiting(server: ApiServer) -> None:
    wire = Wire(server)
    first = candidate(wire, "a")
    async with running(first):
        await first.elected()
        wire.refuses = True
        await first.lost.wait()
        wire.refuses = False
    server.edit(holderIdentity="a")
    second = candidate(wire, "a")
    lost_at = now()
    async with running(second):
        await second.elected()

        assert now() - lost_at < 1


async def test_a_process_can_tell_whether_another_one_has_led_between_two_terms_of_its_own(
    server: ApiServer,
) -> None:
    async def term_of(identity: str) -> tuple[TermId | None, TermId | None]:
        candidacy = candidate(Wire(server), identity)
        async with running(candidacy):
            await candidacy.elected()
            return candidacy.last_term, candidacy.own_term

    before, first = await term_of("a")
    assert before is None
    before_second, second = await term_of("a")
    assert before_second == first
    await term_of("b")
    before_third, _ = await term_of("a")
    assert before_third != second


async def test_a_lease_that_was_made_again_tells_of_other_terms(server: ApiServer) -> None:
    first, second = candidate(Wire(server), "a"), candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
    server.delete()
    async with running(second):
        await second.elected()

    assert second.last_term is None
    assert second.own_term != first.own_term


async def test_an_acquisition_whose_answer_was_lost_counts_once_it_is_seen(server: ApiServer) -> None:
    wire = Wire(server, loses_answers=True)
    first = candidate(wire, "a")
    async with running(first):
        await asyncio.sleep(1)
        wire.loses_answers = False
        await first.elected()

        assert server.holder == "a"
        assert now() < 8


async def test_a_candidate_that_never_led_leaves_the_lease_alone_when_it_stops(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        async with running(candidate(Wire(server), "b")):
            await asyncio.sleep(5)

        assert server.holder == "a"


async def test_a_candidate_stopped_in_the_middle_of_its_claim_gives_back_what_it_got(
    server: ApiServer,
) -> None:
    first = candidate(Wire(server, seconds_back=1.2), "a")
    async with running(first) as task:
        await asyncio.sleep(3)  # one for the look, one for the time, half of one for the claim
        assert (server.holder, first.is_leader) == ("a", False)
        await stop(task)

    assert server.holder == ""


async def test_waiting_for_an_election_that_will_not_come_ends_with_the_candidacy(server: ApiServer) -> None:
    first = candidate(Wire(server, loses_requests=True), "a")
    async with running(first) as task:
        waiting = asyncio.create_task(first.elected())
        await asyncio.sleep(1)
        await stop(task)

        with pytest.raises(NotLeadingError):
            await waiting


async def test_a_candidate_waits_for_an_api_server_that_is_down(server: ApiServer) -> None:
    wire = Wire(server, refuses=True)
    first = candidate(wire, "a")
    async with running(first):
        await asyncio.sleep(600)
        wire.refuses = False
        await first.elected()

        assert now() < 603
        assert wire.sent < 320


# Keeping and losing it.


async def test_a_leader_renews_every_two_seconds(server: ApiServer) -> None:
    async with running(candidate(Wire(server), "a")):
        await asyncio.sleep(61)

    assert len(server.accepted) == 1 + 30 + 1  # claimed, renewed, released


async def test_trouble_shorter_than_the_deadline_is_tolerated(server: ApiServer) -> None:
    wire = Wire(server)
    first = candidate(wire, "a")
    async with running(first):
        await first.elected()
        for fault in ("refuses", "loses_requests", "loses_answers"):
            await asyncio.sleep(20)
            setattr(wire, fault, True)
            await asyncio.sleep(5)
            setattr(wire, fault, False)
        await asyncio.sleep(20)

        assert first.is_leader
        assert server.lease
        assert server.lease["spec"]["leaseTransitions"] == 0


@pytest.mark.parametrize("fault", ["refuses", "loses_requests", "loses_answers"])
async def test_a_leader_that_cannot_renew_stops_at_the_deadline_before_another_leads(
    server: ApiServer, fault: str
) -> None:
    wire = Wire(server)
    first, second = candidate(wire, "a"), candidate(Wire(server), "b")
    async with running(first), running(second):
        await asyncio.sleep(20)
        cut_at = now()
        setattr(wire, fault, True)
        await first.lost.wait()
        lost_at = now()
        assert 8 <= lost_at - cut_at <= 10
        assert not first.is_leader
        await second.elected()

        assert now() - lost_at >= 4


async def test_slow_answers_do_not_cost_leadership(server: ApiServer) -> None:
    first = candidate(Wire(server, seconds_there=1.5, seconds_back=1.5), "a")
    async with running(first):
        await first.elected()
        await asyncio.sleep(120)

        assert first.is_leader


async def test_leadership_counts_from_the_sending_of_the_renewal_not_from_its_answer(
    server: ApiServer,
) -> None:
    wire = Wire(server, seconds_back=3)
    first = candidate(wire, "a")
    async with running(first):
        await first.elected()
        elected_at = now()
        wire.loses_requests = True
        await first.lost.wait()

        assert now() - elected_at == pytest.approx(10 - 3)


async def test_a_leader_whose_lease_is_given_to_another_stops_at_its_next_renewal(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await asyncio.sleep(1)
        server.edit(holderIdentity="someone")
        await first.lost.wait()

        assert now() <= 2.4
        assert server.holder == "someone"


async def test_a_lease_edited_without_a_change_of_holder_is_kept(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await asyncio.sleep(1)
        server.edit(strategy="OldestEmulationVersion")
        await asyncio.sleep(30)

        assert first.is_leader


async def test_leadership_ends_by_the_clock_even_if_the_event_loop_was_held_up(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        hold_the_loop_up(10)

        assert not first.is_leader
        with pytest.raises(NotLeadingError):
            await first.next_number()


async def test_the_same_complaint_is_logged_once(server: ApiServer, caplog: pytest.LogCaptureFixture) -> None:
    async with running(candidate(Wire(server, refuses=True), "a")):
        await asyncio.sleep(60)

    assert [record.getMessage() for record in caplog.records] == [
        "the Lease ops/rollout-reporter cannot be kept: the API server cannot be reached: connection refused"
    ]


# A Lease that somebody deletes.


async def test_a_deleted_lease_is_made_again_with_a_ceiling_above_all_numbers(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        await first.start_above([EPOCH_MS + 3_600_000])
        await asyncio.sleep(3)
        number, ceiling = await first.next_number(), server.ceiling
        server.delete()
        await asyncio.sleep(5)

        assert first.is_leader
        assert server.holder == "a"
        assert server.ceiling >= ceiling > number > EPOCH_MS + 3_600_000


async def test_a_standby_does_not_jump_at_a_lease_deleted_under_a_leader(server: ApiServer) -> None:
    wire = Wire(server)
    first, second = candidate(wire, "a"), candidate(Wire(server), "b")
    async with running(first), running(second):
        await asyncio.sleep(20)
        wire.loses_requests = True
        server.delete()
        await first.lost.wait()
        lost_at = now()
        await second.elected()

        assert now() - lost_at >= 4


# Numbers.


async def test_numbers_begin_at_the_time_of_the_api_server(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        await asyncio.sleep(4.25)

        assert abs(await first.next_number() - (EPOCH_MS + 4_250)) <= 1_000
        assert abs(await first.server_now() - server.date()) <= timedelta(seconds=1)


async def test_a_waiting_candidate_knows_the_time_of_the_api_server_too(server: ApiServer) -> None:
    assert await candidate(Wire(server), "a").server_now() == EPOCH


async def test_the_ceiling_is_on_the_lease_before_a_number_below_it_is_used(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        for _ in range(2_000):
            await asyncio.sleep(0.01)
            assert await first.next_number() <= server.ceiling == first.ceiling


async def test_a_burst_beyond_the_headroom_gets_a_higher_ceiling_at_once(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        numbers = [await first.next_number() for _ in range(HEADROOM_MS + 10)]

        assert now() < 0.1
        assert numbers == sorted(set(numbers))
        assert numbers[-1] <= server.ceiling


async def test_callers_who_wait_together_each_get_their_own_number(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        await first.start_above([first.ceiling])

        numbers = await asyncio.gather(*(first.next_number() for _ in range(100)))

        assert len(set(numbers)) == 100


async def test_nobody_who_waits_for_a_number_gets_one_after_leadership_is_lost(server: ApiServer) -> None:
    wire = Wire(server)
    first = candidate(wire, "a")
    async with running(first):
        await first.elected()
        wire.loses_requests = True
        await first.start_above([first.ceiling])

        with pytest.raises(NotLeadingError):
            await first.next_number()
        assert now() == pytest.approx(10, abs=0.01)


async def test_no_number_is_issued_before_the_election(server: ApiServer) -> None:
    with pytest.raises(NotLeadingError):
        await candidate(Wire(server), "a").next_number()


async def test_a_new_leader_starts_above_the_ceiling_of_the_old_one(server: ApiServer) -> None:
    highest = 0
    for name in "abcd":
        leader = candidate(Wire(server), name)
        async with running(leader):
            await leader.elected()
            assert await leader.next_number() > highest
            highest = leader.ceiling


async def test_a_leader_that_hands_over_tells_its_last_number_so_that_numbers_do_not_run_ahead(
    server: ApiServer,
) -> None:
    last = 0
    for name in "abcd":
        leader = candidate(Wire(server), name)
        async with running(leader):
            await leader.elected()
            await leader.start_above([])
            assert leader.was_handed_over is bool(last)
            number = await leader.next_number()
        assert last < number < EPOCH_MS + HEADROOM_MS
        last = number


async def test_who_has_not_read_journal_and_records_tells_no_last_number(server: ApiServer) -> None:
    """There may be higher ones than it knows of."""
    async with running(first := candidate(Wire(server), "a")):
        await first.elected()
    async with running(second := candidate(Wire(server), "b")):
        await second.elected()

        assert not second.was_handed_over
        assert await second.next_number() > first.ceiling


async def test_who_takes_over_from_one_that_died_does_not_believe_an_older_last_number(
    server: ApiServer,
) -> None:
    async with running(first := candidate(Wire(server), "a")):
        await first.elected()
        await first.start_above([])
    wire = Wire(server)
    async with running(second := candidate(wire, "b")):
        await second.elected()
        wire.loses_requests = True
        await asyncio.sleep(20)
    async with running(third := candidate(Wire(server), "c")):
        await third.elected()

        assert not third.was_handed_over
        assert await third.next_number() > second.ceiling


async def test_a_new_leader_starts_above_journal_and_records(server: ApiServer) -> None:
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()

        assert await first.start_above([EPOCH_MS + 7_200_000, 12, EPOCH_MS + 2 * DAY_MS]) == (
            EPOCH_MS + 2 * DAY_MS,
        )
        assert await first.next_number() == EPOCH_MS + 7_200_001


async def test_a_ceiling_from_the_far_future_is_ignored_and_shown(server: ApiServer) -> None:
    async with running(candidate(Wire(server), "a")):
        await asyncio.sleep(1)
    server.annotate(EPOCH_MS + 400 * DAY_MS)
    second = candidate(Wire(server), "b")
    async with running(second):
        await second.elected()

        assert second.ignored_ceiling == EPOCH_MS + 400 * DAY_MS
        assert await second.next_number() < EPOCH_MS + HEADROOM_MS
        assert server.ceiling < EPOCH_MS + DAY_MS


async def test_numbers_a_day_ahead_are_waited_for_without_hammering_the_api_server(server: ApiServer) -> None:
    wire = Wire(server)
    first = candidate(wire, "a")
    async with running(first):
        await first.elected()
        await first.start_above([EPOCH_MS + DAY_MS - 5])
        numbers = [await first.next_number() for _ in range(30_000)]

        assert numbers == sorted(set(numbers))
        assert numbers[-1] <= EPOCH_MS + now() * 1000 + DAY_MS
        assert wire.sent < now()


@pytest.mark.parametrize("hours", [-20, -1, 1, 20])
async def test_numbers_grow_when_the_clock_of_the_api_server_jumps(server: ApiServer, hours: int) -> None:
    async with AsyncExitStack() as stack:
        first = candidate(Wire(server), "a")
        await stack.enter_async_context(running(first))
        await first.elected()
        before = await first.next_number()
        server.clock_error = timedelta(hours=hours)
        await asyncio.sleep(10)
        after = await first.next_number()
        second = candidate(Wire(server), "b")
        await stack.enter_async_context(running(second))
        server.edit(holderIdentity="")
        await second.elected()

        assert before < after < first.ceiling < await second.next_number()


async def test_when_the_clock_of_the_api_server_falls_by_days_a_new_term_begins_with_numbers_of_today(
    server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It had been wrong, and nobody can wait for days."""
    server.clock_error = timedelta(days=3)
    first = candidate(Wire(server), "a")
    async with running(first):
        await first.elected()
        await first.start_above([])
        assert await first.next_number() >= EPOCH_MS + 3 * DAY_MS
        server.clock_error = timedelta()
        await asyncio.sleep(FALL_PATIENCE / 2)
        assert first.is_leader
        await asyncio.sleep(FALL_PATIENCE)
        with pytest.raises(NotLeadingError):
            await first.next_number()
    assert "the API server's clock has gone back by more than a day" in caplog.text

    async with running(second := candidate(Wire(server), "a")):
        await second.elected()
        await second.start_above([])

        assert second.ignored_ceiling is not None
        assert not second.was_handed_over
        assert await second.next_number() < EPOCH_MS + now() * 1000 + HEADROOM_MS


async def test_leadership_survives_a_jump_of_the_api_servers_clock(server: ApiServer) -> None:
    first, second = candidate(Wire(server), "a"), candidate(Wire(server), "b")
    async with running(first), running(second):
        await first.elected()
        for hours in (5, -9, 0):
            server.clock_error = timedelta(hours=hours)
            await asyncio.sleep(30)

        assert first.is_leader
