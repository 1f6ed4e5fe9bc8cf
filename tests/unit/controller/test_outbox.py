import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_reporter.controller.outbox import MAX_BATCH, Item, Outbox
from rollout_reporter.core.report import State
from unit.controller.fake_jira import item

pytestmark = pytest.mark.looptime

AT_ONCE = timedelta(0)
SHORT, LONG = timedelta(milliseconds=20), timedelta(seconds=5)


def now() -> float:
    return asyncio.get_running_loop().time()


def descriptions(batch: tuple[Item, ...]) -> list[str]:
    return [each.report.description for each in batch]


def keys(batch: tuple[Item, ...]) -> list[object]:
    return [each.report.key for each in batch]


async def nothing_to_take(outbox: Outbox) -> bool:
    try:
        await asyncio.wait_for(outbox.take(), 1000)
    except TimeoutError:
        return True
    return False


async def test_the_newest_report_of_a_deployment_replaces_the_older_one() -> None:
    outbox = Outbox()
    outbox.put(item(description="1 of 3"), linger=AT_ONCE)
    outbox.put(item(description="2 of 3"), linger=AT_ONCE)

    assert len(outbox) == 1
    assert descriptions(await outbox.take()) == ["2 of 3"]


async def test_reports_wait_a_little_for_others_to_share_their_request() -> None:
    outbox = Outbox()
    outbox.put(item("a"), linger=SHORT)
    await asyncio.sleep(0.01)
    outbox.put(item("b"), linger=AT_ONCE)
    await asyncio.sleep(0.01)

    assert len(await outbox.take()) == 2
    assert now() == pytest.approx(0.02)


async def test_states_go_before_mere_descriptions_when_a_request_cannot_take_all() -> None:
    outbox = Outbox()
    for number in range(MAX_BATCH):
        outbox.put(replace(item(number=number), is_urgent=False), linger=AT_ONCE)
    await asyncio.sleep(1)
    outbox.put(item("urgent"), linger=AT_ONCE)
    batch = await outbox.take()

    assert batch[0] == item("urgent")
    assert len(batch) == MAX_BATCH
    outbox.done(each.report.key for each in batch)
    assert len(outbox) == 1


async def test_one_that_lingers_keeps_no_other_waiting() -> None:
    outbox = Outbox()
    outbox.put(item("a"), linger=LONG)
    outbox.put(item("b"), linger=AT_ONCE)

    assert keys(await outbox.take()) == [item("b").report.key]
    assert now() == 0


async def test_mere_descriptions_are_merged_until_the_first_ones_time_is_over() -> None:
    outbox = Outbox()
    for step in range(10):
        outbox.put(item(description=f"step {step}"), linger=LONG)
        await asyncio.sleep(0.4)

    assert descriptions(await outbox.take()) == ["step 9"]
    assert now() == 5


async def test_a_change_of_state_does_not_wait_for_the_description_before_it() -> None:
    outbox = Outbox()
    outbox.put(item(description="2 of 3"), linger=LONG)
    outbox.put(item(state=State.SUCCESSFUL), linger=SHORT)
    await outbox.take()

    assert now() == pytest.approx(0.02)


async def test_a_description_after_an_urgent_change_does_not_hold_it_back() -> None:
    outbox = Outbox()
    outbox.put(item(state=State.SUCCESSFUL), linger=SHORT)
    outbox.put(item(state=State.SUCCESSFUL, description="3 of 3"), linger=LONG)

    assert descriptions(await outbox.take()) == ["3 of 3"]
    assert now() == pytest.approx(0.02)


async def test_what_lingers_can_be_hurried() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=LONG)
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(1)
    outbox.flush()
    await taking

    assert now() == 1


async def test_a_batch_has_at_most_a_hundred_the_longest_waiting_first() -> None:
    outbox = Outbox()
    for number in reversed(range(150)):
        outbox.put(item(number=number), linger=AT_ONCE)
        await asyncio.sleep(0.001)
    first, second = await outbox.take(), await outbox.take()

    assert [each.report.number for each in first] == list(range(149, 49, -1))
    assert [each.report.number for each in second] == list(range(49, -1, -1))


async def test_a_replaced_report_keeps_its_place_in_the_row() -> None:
    outbox = Outbox()
    for name in ("a", "b"):
        outbox.put(item(name), linger=AT_ONCE)
        await asyncio.sleep(1)
    outbox.put(item("a", description="newer"), linger=AT_ONCE)

    assert descriptions(await outbox.take())[0] == "newer"


async def test_a_deployment_is_never_in_two_requests() -> None:
    outbox = Outbox()
    outbox.put(item(description="old"), linger=AT_ONCE)
    first = await outbox.take()
    outbox.put(item(description="new"), linger=AT_ONCE)

    assert await nothing_to_take(outbox)
    outbox.done(keys(first))  # type: ignore[arg-type]
    assert descriptions(await outbox.take()) == ["new"]


async def test_other_deployments_are_sent_meanwhile() -> None:
    outbox = Outbox()
    outbox.put(item("a"), linger=AT_ONCE)
    await outbox.take()
    outbox.put(item("b"), linger=AT_ONCE)

    assert keys(await outbox.take()) == [item("b").report.key]


async def test_what_is_given_back_is_sent_again() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.give_back(one)
    outbox.done([one.report.key])

    assert await outbox.take() == (one,)


async def test_what_is_given_back_loses_against_a_newer_one() -> None:
    outbox = Outbox()
    outbox.put(item(description="old"), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.put(item(description="new"), linger=AT_ONCE)
    outbox.give_back(one)
    outbox.done([one.report.key])

    assert descriptions(await outbox.take()) == ["new"]
    outbox.done([one.report.key])
    assert outbox.is_empty


async def test_what_is_under_way_already_is_not_sent_again() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.put(item(), linger=AT_ONCE)
    outbox.done([one.report.key])

    assert outbox.is_empty


async def test_a_change_that_was_taken_back_while_the_report_is_under_way_is_not_sent() -> None:
    outbox = Outbox()
    outbox.put(item(description="A"), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.put(item(description="B"), linger=AT_ONCE)
    outbox.put(item(description="A"), linger=AT_ONCE)
    outbox.done([one.report.key])

    assert outbox.is_empty


async def test_what_is_under_way_waits_too_for_jiras_answer() -> None:
    outbox = Outbox()
    outbox.put(item(description="old"), linger=AT_ONCE)
    [one] = await outbox.take()
    await asyncio.sleep(1)
    outbox.put(item(description="new"), linger=AT_ONCE)

    assert (len(outbox), outbox.oldest_age()) == (1, 1.0)
    assert not outbox.is_empty
    outbox.withdraw(one.report.key)
    outbox.done([one.report.key])
    assert outbox.is_empty


async def test_what_was_withdrawn_while_it_was_under_way_is_not_given_back() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.withdraw(one.report.key)
    outbox.give_back(one)
    outbox.done([one.report.key])

    assert outbox.is_empty


async def test_what_is_wanted_anew_after_it_was_withdrawn_is_given_back() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.withdraw(one.report.key)
    outbox.put(one, linger=AT_ONCE)
    outbox.give_back(one)
    outbox.done([one.report.key])

    assert outbox.items() == (one,)


async def test_a_newer_report_of_what_was_withdrawn_is_sent_after_it_was_in_vain() -> None:
    outbox = Outbox()
    outbox.put(item(description="old"), linger=AT_ONCE)
    [one] = await outbox.take()
    outbox.withdraw(one.report.key)
    outbox.put(item(description="new"), linger=AT_ONCE)
    outbox.give_back(one)
    outbox.done([one.report.key])

    assert outbox.items() == (item(description="new"),)


async def test_the_age_is_that_of_the_one_that_waits_longest() -> None:
    outbox = Outbox()
    assert outbox.oldest_age() == 0
    for name in ("a", "b"):
        outbox.put(item(name), linger=LONG)
        await asyncio.sleep(2)

    assert outbox.oldest_age() == 4


async def test_what_could_not_be_sent_has_waited_since_it_was_first_wanted() -> None:
    outbox = Outbox()
    outbox.put(item(), linger=AT_ONCE)
    for _ in range(10):
        [one] = await outbox.take()
        await asyncio.sleep(60)
        outbox.give_back(one)
        outbox.done([one.report.key])

    assert outbox.oldest_age() == 600


async def test_wanting_the_same_report_again_does_not_end_its_wait() -> None:
    """Its place is handed over again with each change of the workload."""
    outbox = Outbox()
    outbox.give_back(item(), delay=LONG)
    outbox.put(item(), linger=AT_ONCE)
    await outbox.take()

    assert now() == pytest.approx(LONG.total_seconds())


async def test_what_was_sent_in_vain_goes_after_what_was_not() -> None:
    outbox = Outbox()
    outbox.put(item("first"), linger=AT_ONCE)
    [first] = await outbox.take()
    outbox.give_back(first)
    outbox.done([first.report.key])
    outbox.put(item("second"), linger=AT_ONCE)

    assert [each.place.name for each in await outbox.take(1)] == ["second"]
