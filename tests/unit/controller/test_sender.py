import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rollout_reporter.cluster.lease import NotLeadingError
from rollout_reporter.controller.outbox import Item
from rollout_reporter.controller.sender import Sender
from rollout_reporter.core.outcome import Accepted, Answer, Rejected, Trouble, TroubleReason
from rollout_reporter.core.report import State, Update
from rollout_reporter.jira.wire import utc_now
from unit.controller.fake_jira import BAD, DOWN, LARGE, Desk, FakeJira, Mishap, item, running, sender_to
from unit.core.situations import ref

pytestmark = pytest.mark.looptime

AT_ONCE = timedelta(0)
FORBIDDEN = Trouble(TroubleReason.FORBIDDEN, "The app may not do this.")
JITTER = 1.3
HAIR = 0.02
"""The delays are told by the wall clock, which moves a little while the loop's does not."""

TROUBLES = [reason for reason in TroubleReason if reason not in {LARGE.reason, BAD.reason}]


@pytest.fixture
def jira() -> FakeJira:
    return FakeJira()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def sender(jira: FakeJira, desk: Desk) -> Sender:
    return sender_to(jira, desk)


def put(sender: Sender, *names: str, **changes: Any) -> None:
    for name in names:
        sender.outbox.put(item(name, **changes), linger=AT_ONCE)


def pauses(jira: FakeJira) -> list[float]:
    """Times between the end of a request and the next one."""
    return [later - before - jira.seconds for before, later in zip(jira.times, jira.times[1:], strict=False)]


async def test_while_jira_takes_nothing_what_it_should_hear_is_soon_noted_down(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    jira.next.append(FORBIDDEN)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(10)
        put(sender, "a", state=State.SUCCESSFUL)
        put(sender, "b")
        await asyncio.sleep(1.5)

        assert {one.state for one in desk.noted[-1]} == {State.SUCCESSFUL, State.IN_PROGRESS}
        await asyncio.sleep(90)
        noted = len(desk.noted)
        await asyncio.sleep(60)

    assert len(desk.noted) == noted, "it was all sent since"


async def test_while_jira_takes_its_time_to_answer_what_it_should_hear_next_is_noted_down_too(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    jira.seconds = 20.0
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)
        put(sender, "a", state=State.SUCCESSFUL)
        put(sender, "b")
        await asyncio.sleep(1.5)

        assert {one.state for one in desk.noted[-1]} == {State.SUCCESSFUL, State.IN_PROGRESS}
        await asyncio.sleep(60)
        noted = len(desk.noted)
        await asyncio.sleep(60)

    assert len(desk.noted) == noted, "it was all sent since"


async def test_a_quick_answer_costs_no_note(sender: Sender, desk: Desk) -> None:
    put(sender, "a", "b")
    async with running(sender):
        await asyncio.sleep(60)

    assert desk.noted == []


# All goes well.


async def test_what_jira_accepts_is_settled_with_the_number_that_it_was_sent_with(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    put(sender, "a", "b")
    async with running(sender):
        await asyncio.sleep(1)

    assert len(jira.requests) == 1
    assert [(place, outcome) for place, _, outcome in desk.settled] == [
        (ref("a").place, Accepted()),
        (ref("b").place, Accepted()),
    ]
    assert [update for _, update, _ in desk.settled] == list(jira.held.values())


async def test_each_update_has_a_higher_number_than_all_before(sender: Sender, jira: FakeJira) -> None:
    async with running(sender):
        for state in (State.PENDING, State.IN_PROGRESS, State.SUCCESSFUL):
            put(sender, "a", "b", state=state)
            await asyncio.sleep(1)
    numbers = [update.number for _, updates in jira.requests for update in updates]

    assert numbers == sorted(set(numbers))
    assert {update.report.state for update in jira.held.values()} == {State.SUCCESSFUL}


# Trouble with the whole request.


@pytest.mark.parametrize("reason", TROUBLES)
async def test_whatever_the_trouble_all_of_it_stays_wanted_and_is_sent_in_the_end(
    sender: Sender, jira: FakeJira, desk: Desk, reason: TroubleReason
) -> None:
    jira.next.append(Trouble(reason, "no"))
    put(sender, "a", "b", "c")
    async with running(sender):
        await asyncio.sleep(0.5)
        assert sender.trouble is not None
        assert sender.trouble.reason is reason
        assert sender.next_attempt is not None
        assert desk.settled == []
        await asyncio.sleep(200)

    assert len(jira.held) == 3
    assert sender.trouble is None
    assert sender.next_attempt is None


async def test_trouble_is_told_to_all_places_that_wait_and_its_end_to_those_that_still_do(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    jira.next.append(DOWN)
    put(sender, "a", "b")
    async with running(sender):
        await asyncio.sleep(10)

    assert desk.told[0] == {ref("a").place, ref("b").place}
    assert len(desk.told) == 2


async def test_attempts_become_rarer_and_a_success_begins_anew(sender: Sender, jira: FakeJira) -> None:
    jira.next.extend([DOWN] * 4)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(100)
        jira.next.append(DOWN)
        put(sender, "a", state=State.FAILED)
        await asyncio.sleep(100)
    delays = pauses(jira)

    for delay, least in zip(delays[:4], (1, 2, 4, 8), strict=True):
        assert least - HAIR <= delay <= least * JITTER + HAIR
    assert delays[-1] <= JITTER + HAIR


async def test_a_credential_that_jira_forbids_is_tried_once_a_minute(sender: Sender, jira: FakeJira) -> None:
    jira.next.append(FORBIDDEN)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(200)

    assert 60 - HAIR <= pauses(jira)[0] <= 60 * JITTER


async def test_jira_is_left_alone_for_as_long_as_it_asks(sender: Sender, jira: FakeJira) -> None:
    jira.next.append(Trouble(TroubleReason.RATE_LIMITED, "Slower.", timedelta(seconds=30)))
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(1)
        put(sender, "b")
        sender.hurry()
        await asyncio.sleep(200)

    assert 30 - HAIR <= pauses(jira)[0] <= 30 * JITTER
    assert len(jira.held) == 2


async def test_another_jira_need_not_wait_for_as_long_as_the_one_before_has_asked(
    jira: FakeJira, desk: Desk
) -> None:
    """The JiraSite was changed."""
    links = [jira]
    sender = Sender(
        "default", link=lambda: links[-1], next_number=desk.next_number, ledgers=desk, now=utc_now
    )
    jira.next.append(Trouble(TroubleReason.RATE_LIMITED, "Slower.", timedelta(hours=1)))
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(1)
        links.append(other := FakeJira())
        sender.hurry()
        await asyncio.sleep(1)

    assert len(jira.times) == len(other.times) == 1
    assert len(other.held) == 1


async def test_hurry_ends_a_pause_that_jira_did_not_ask_for(sender: Sender, jira: FakeJira) -> None:
    jira.next.append(FORBIDDEN)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)
        sender.hurry()
        await asyncio.sleep(1)

    assert jira.times == pytest.approx([0, 5], abs=HAIR)


async def test_hurry_when_all_is_well_does_not_shorten_a_later_pause(sender: Sender, jira: FakeJira) -> None:
    async with running(sender):
        sender.hurry()
        jira.next.append(DOWN)
        put(sender, "a")
        await asyncio.sleep(10)

    assert pauses(jira)[0] >= 1 - HAIR


async def test_without_a_way_to_the_site_no_number_is_used_up_until_there_is_one(
    jira: FakeJira, desk: Desk
) -> None:
    ways: list[Trouble | FakeJira] = [Trouble(TroubleReason.SITE_NOT_FOUND, "there is no JiraSite"), jira]
    sender = Sender("default", link=lambda: ways[0], next_number=desk.next_number, ledgers=desk, now=utc_now)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(0.5)
        assert desk.number == 0
        ways.pop(0)
        sender.hurry()
        await asyncio.sleep(0.5)

    assert len(jira.held) == 1


async def test_a_newer_state_is_sent_in_place_of_the_one_that_failed(sender: Sender, jira: FakeJira) -> None:
    jira.next.append(DOWN)
    put(sender, "a", state=State.IN_PROGRESS)
    async with running(sender):
        await asyncio.sleep(0.01)
        put(sender, "a", state=State.SUCCESSFUL)
        await asyncio.sleep(10)

    assert [[one.state for one in batch] for batch in jira.batches] == [
        [State.IN_PROGRESS],
        [State.SUCCESSFUL],
    ]


# The journal.


async def test_whatever_is_sent_was_noted_down_before(desk: Desk) -> None:
    noted: list[bool] = []

    class Careful(FakeJira):
        async def submit(self, updates: Sequence[Update]) -> Answer:
            noted.append({update.report.key for update in updates} <= desk.enlisted)
            return await super().submit(updates)

    sender = sender_to(Careful(), desk)
    put(sender, *"abc")
    async with running(sender):
        await asyncio.sleep(1)

    assert noted == [True]


async def test_while_nothing_can_be_noted_down_nothing_is_sent_and_nothing_lost(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    desk.closed = True
    put(sender, *"ab")
    async with running(sender):
        await asyncio.sleep(20)
        assert jira.requests == []
        assert desk.number == 0
        desk.closed = False
        await asyncio.sleep(60)

    assert len(jira.held) == 2
    assert sender.next_attempt is None


async def test_that_nothing_can_be_noted_down_is_no_trouble_of_the_site(sender: Sender, desk: Desk) -> None:
    desk.closed = True
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)

        assert sender.trouble is None


# Trouble with one deployment among many.


@pytest.mark.parametrize("culprit", range(7))
async def test_a_bad_request_is_halved_until_the_culprit_stands_alone(
    sender: Sender, jira: FakeJira, desk: Desk, culprit: int
) -> None:
    names = "abcdefg"
    guilty = item(names[culprit]).report.key
    jira.culprits.add(guilty)
    put(sender, *names)
    async with running(sender):
        await asyncio.sleep(5)

    assert set(jira.held) == {item(name).report.key for name in names} - {guilty}
    assert desk.outcomes()[guilty] == Rejected((BAD.message,))
    assert sender.trouble is None
    assert sender.outbox.is_empty


@pytest.mark.parametrize(
    "reason", [TroubleReason.UNAVAILABLE, TroubleReason.FORBIDDEN, TroubleReason.SITE_NOT_FOUND]
)
async def test_one_that_is_refused_on_the_way_to_jira_keeps_no_other_from_it(
    sender: Sender, jira: FakeJira, reason: TroubleReason
) -> None:
    """A gateway has rules on what a text may say, or where; it answers with a page of its own."""
    guilty = item("c").report.key
    jira.culprits, jira.reproach = {guilty}, Trouble(reason, "blocked by policy")
    put(sender, *"abcdefg")
    async with running(sender):
        await asyncio.sleep(3600)
        assert len(jira.held) == 6
        put(sender, *"abdefg", state=State.FAILED)
        await asyncio.sleep(600)
        assert {update.report.state for update in jira.held.values()} == {State.FAILED}
        jira.culprits.clear()
        await asyncio.sleep(300)

    assert guilty in jira.held


async def test_while_nothing_can_be_sent_nothing_is_learned_of_the_size_of_a_request(
    jira: FakeJira, desk: Desk
) -> None:
    way: list[FakeJira | Trouble] = [Trouble(TroubleReason.SITE_NOT_FOUND, "there is no JiraSite")]
    sender = Sender("default", link=lambda: way[0], next_number=desk.next_number, ledgers=desk, now=utc_now)
    put(sender, *(f"w{number}" for number in range(200)))
    async with running(sender):
        await asyncio.sleep(140)
        way[0] = jira
        await asyncio.sleep(60)

    assert [len(batch) for batch in jira.batches] == [100, 100]


async def test_several_culprits_are_all_found(sender: Sender, jira: FakeJira, desk: Desk) -> None:
    guilty = {item(name).report.key for name in "adf"}
    jira.culprits |= guilty
    put(sender, *"abcdefg")
    async with running(sender):
        await asyncio.sleep(5)

    assert {key for key, outcome in desk.outcomes().items() if isinstance(outcome, Rejected)} == guilty
    assert len(jira.held) == 4


async def test_a_request_that_is_too_large_is_split_until_it_fits(sender: Sender, jira: FakeJira) -> None:
    jira.most = 3
    for number in range(50):
        sender.outbox.put(item(number=number), linger=AT_ONCE)
    async with running(sender):
        await asyncio.sleep(20)

    assert len(jira.held) == 50
    assert sender.outbox.is_empty


async def test_one_deployment_that_is_too_large_by_itself_is_rejected(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    jira.most = 0
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)

    assert desk.outcomes() == {item("a").report.key: Rejected((LARGE.message,))}
    assert len(jira.requests) == 1


async def test_a_report_that_cannot_be_put_into_a_request_is_rejected_and_spoils_no_other(
    jira: FakeJira, desk: Desk
) -> None:
    class Picky:
        async def submit(self, updates: list[Update]) -> Answer:
            if any(update.report.display_name == "unspeakable" for update in updates):
                raise ValueError("surrogates not allowed")
            return await jira.submit(updates)

    sender = Sender("default", link=Picky, next_number=desk.next_number, ledgers=desk, now=utc_now)  # type: ignore[arg-type]
    put(sender, "a", "c")
    put(sender, "b", display_name="unspeakable")
    async with running(sender):
        await asyncio.sleep(5)

    assert set(jira.held) == {item("a").report.key, item("c").report.key}
    assert isinstance(desk.outcomes()[item("b").report.key], Rejected)


async def test_trouble_in_the_middle_of_halving_loses_nothing(sender: Sender, jira: FakeJira) -> None:
    names = "abcdefgh"
    put(sender, *names)
    jira.next.extend([BAD, BAD, DOWN, DOWN])
    async with running(sender):
        await asyncio.sleep(60)

    assert len(jira.held) == len(names)
    assert sender.outbox.is_empty


async def test_jira_is_left_alone_also_if_it_asks_in_the_middle_of_halving(
    sender: Sender, jira: FakeJira
) -> None:
    slower = Trouble(TroubleReason.RATE_LIMITED, "Slower.", timedelta(seconds=30))
    put(sender, *"abcd")
    jira.most = 2
    async with running(sender):
        await asyncio.sleep(2.5 * jira.seconds)  # the whole was too large, half of it was taken
        jira.down = slower
        await asyncio.sleep(29)

    assert len(jira.requests) == 3


# No answer about a deployment.


async def test_what_jira_says_nothing_about_is_sent_again_with_a_higher_number(
    sender: Sender, jira: FakeJira, desk: Desk
) -> None:
    jira.next.append(Mishap.SILENCE)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)
    first, second = [update for _, updates in jira.requests for update in updates]

    assert first.report == second.report
    assert first.number < second.number
    assert desk.outcomes() == {item("a").report.key: Accepted()}


async def test_what_jira_keeps_silent_about_is_sent_ever_more_rarely(sender: Sender, jira: FakeJira) -> None:
    jira.next.extend([Mishap.SILENCE] * 1000)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(30)

    assert 2 <= len(jira.requests) <= 10


async def test_a_jira_that_never_says_a_word_of_it_is_in_trouble(sender: Sender, jira: FakeJira) -> None:
    jira.next.extend([Mishap.SILENCE] * 6)
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(5)

        assert sender.trouble is not None
        assert "neither yes nor no" in sender.trouble.message
        await asyncio.sleep(90)

    assert sender.trouble is None
    assert len(jira.held) == 1


async def test_no_update_has_a_number_below_the_one_that_jira_has_acknowledged(
    sender: Sender, jira: FakeJira
) -> None:
    """The clock of the cluster was days ahead then."""
    ahead = 10**15
    sender.outbox.put(replace(item("a"), least=ahead), linger=AT_ONCE)
    put(sender, "b")
    async with running(sender):
        await asyncio.sleep(1)

    assert sorted(update.number for update in jira.held.values()) == [2, ahead]


async def test_nor_the_number_of_an_update_that_jira_may_have_stored_without_a_word(
    sender: Sender, jira: FakeJira
) -> None:
    ahead = 10**15
    jira.next.append(Mishap.LOST_ANSWER)
    sender.outbox.put(replace(item("a"), least=ahead), linger=AT_ONCE)
    async with running(sender):
        await asyncio.sleep(0.5)
        sender.outbox.put(replace(item("a", state=State.SUCCESSFUL), least=ahead), linger=AT_ONCE)
        await asyncio.sleep(5)

    assert [(update.number, update.report.state) for update in jira.held.values()] == [
        (ahead + 1, State.SUCCESSFUL)
    ]


# Trouble that only some requests meet.


class Stumbling(FakeJira):
    """Cannot answer if a certain deployment is there, or if there are too many."""

    bearable: int = 100

    async def submit(self, updates: Sequence[Update]) -> Answer:
        if len(updates) > self.bearable or any("poison" in each.report.key.pipeline_id for each in updates):
            return DOWN
        return await super().submit(updates)


async def test_one_deployment_that_jira_cannot_answer_does_not_hold_up_the_others(desk: Desk) -> None:
    jira = Stumbling()
    sender = sender_to(jira, desk)
    put(sender, "poison", *"abcdefg")
    async with running(sender):
        await asyncio.sleep(180)
        assert len(jira.held) == 7

        put(sender, "late")
        await asyncio.sleep(90)

    assert len(jira.held) == 8


async def test_the_one_that_jira_cannot_answer_lets_what_is_new_go_first(desk: Desk) -> None:
    """It costs that the pause after its own attempt, and no more."""
    jira = Stumbling()
    sender = sender_to(jira, desk)
    put(sender, "poison")
    async with running(sender):
        for name in "abc":
            await asyncio.sleep(300)
            put(sender, name)
            await asyncio.sleep(30 * JITTER + 2)
            assert item(name).report.key in jira.held


async def test_a_jira_that_cannot_answer_so_many_at_once_gets_fewer(desk: Desk) -> None:
    jira = Stumbling()
    jira.bearable = 10
    sender = sender_to(jira, desk)
    put(sender, *(f"shop-{number}" for number in range(100)))
    async with running(sender):
        await asyncio.sleep(180)

    assert len(jira.held) == 100


async def test_where_all_answers_are_lost_jira_hears_of_all_the_same(sender: Sender, jira: FakeJira) -> None:
    jira.next.extend([Mishap.LOST_ANSWER] * 100)
    put(sender, *"ab")
    async with running(sender):
        await asyncio.sleep(0.5)
        put(sender, *(f"shop-{number}" for number in range(50)))
        await asyncio.sleep(10)

    assert len(jira.held) == 52


async def test_a_site_that_changes_while_a_request_is_under_way_is_tried_at_once(desk: Desk) -> None:
    """Its Secret was rotated meanwhile."""
    hanging, well = FakeJira(seconds=20, down=FORBIDDEN), FakeJira()
    links = [hanging]
    sender = Sender(
        "default", link=lambda: links[-1], next_number=desk.next_number, ledgers=desk, now=utc_now
    )
    put(sender, "a")
    async with running(sender):
        await asyncio.sleep(10)
        links.append(well)
        sender.hurry()
        await asyncio.sleep(11)

    assert len(well.held) == 1


async def test_a_surprise_with_one_report_stops_neither_it_nor_the_others(desk: Desk) -> None:
    class Surprising(FakeJira):
        async def submit(self, updates: Sequence[Update]) -> Answer:
            if not self.requests:
                self.requests.append((0.0, tuple(updates)))
                raise KeyError("nobody has thought of this")
            return await super().submit(updates)

    jira = Surprising()
    sender = sender_to(jira, desk)
    put(sender, *"ab")
    async with running(sender):
        await asyncio.sleep(10)

    assert len(jira.held) == 2


async def test_what_is_not_wanted_for_a_while_and_then_again_is_sent(jira: FakeJira) -> None:
    class Picky(Desk):
        unwanted = "a"

        async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
            wanted = [each for each in items if each.place.name != self.unwanted]
            return await super().enlist(wanted)

    jira.seconds = 5
    desk = Picky()
    sender = sender_to(jira, desk)
    put(sender, *"ab")
    async with running(sender):
        await asyncio.sleep(1)
        desk.unwanted = ""
        put(sender, "a")
        await asyncio.sleep(20)

    assert len(jira.held) == 2


# The end.


async def test_once_numbers_may_not_be_issued_sending_ends(jira: FakeJira, desk: Desk) -> None:
    async def refuse() -> int:
        raise NotLeadingError("somebody else does")

    sender = Sender("default", link=lambda: jira, next_number=refuse, ledgers=desk, now=utc_now)
    put(sender, "a")

    with pytest.raises(NotLeadingError):
        await sender.run()
    assert jira.requests == []
