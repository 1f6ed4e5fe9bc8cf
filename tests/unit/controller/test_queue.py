import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from rollout_reporter.controller.metrics import METRICS
from rollout_reporter.controller.queue import WorkQueue
from unit.controller.fake_jira import Loop

pytestmark = pytest.mark.looptime


def new_queue() -> WorkQueue[str]:
    return WorkQueue("test")


def now() -> float:
    return asyncio.get_running_loop().time()


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


async def taken_at(queue: WorkQueue[str]) -> float:
    await queue.take()
    return now()


async def test_a_key_that_is_added_twice_is_there_once() -> None:
    queue = new_queue()
    queue.add("a")
    queue.add("a")

    assert len(queue) == 1
    assert await queue.take() == "a"
    assert len(queue) == 0


async def test_keys_come_in_the_order_in_which_they_were_added() -> None:
    queue = new_queue()
    for key in "bacb":
        queue.add(key)

    assert [await queue.take() for _ in range(3)] == ["b", "a", "c"]


async def test_a_key_was_wanted_when_it_was_wanted_last() -> None:
    """Also while it waits, or is worked on, and by a timer."""
    queue = new_queue()
    queue.add("a")
    await asyncio.sleep(1)
    queue.add("a")
    await asyncio.sleep(1)
    assert queue.wanted_at(await queue.take()) == 1

    queue.add_last("a")
    assert queue.wanted_at("a") == 2
    queue.done("a")
    queue.done(await queue.take())
    queue.add_after("a", seconds(3))
    assert queue.wanted_at(await queue.take()) == 5


async def test_what_goes_last_comes_when_no_other_key_waits() -> None:
    queue = new_queue()
    queue.add_last("known")
    queue.add_last("known too")
    queue.add("new")
    queue.add("new too")

    assert [await queue.take() for _ in range(4)] == ["new", "new too", "known", "known too"]


async def test_a_key_that_was_to_go_last_goes_on_as_soon_as_it_is_wanted_now() -> None:
    queue = new_queue()
    for key in "abc":
        queue.add_last(key)
    queue.add("c")

    assert len(queue) == 3
    assert [await queue.take() for _ in range(3)] == ["c", "a", "b"]


async def test_a_key_that_is_wanted_now_does_not_go_last_for_another_wish() -> None:
    queue = new_queue()
    queue.add("a")
    queue.add("b")
    queue.add_last("a")

    assert len(queue) == 2
    assert await queue.take() == "a"


async def test_whoever_waits_gets_the_key_that_goes_last_too() -> None:
    queue = new_queue()
    asyncio.get_running_loop().call_later(3, queue.add_last, "a")

    assert await taken_at(queue) == 3
    queue.add_last("a")
    assert not queue.is_idle
    queue.done("a")
    assert await queue.take() == "a"


async def test_whoever_waits_gets_the_key_that_comes() -> None:
    queue = new_queue()
    asyncio.get_running_loop().call_later(3, queue.add, "a")

    assert await taken_at(queue) == 3


async def test_a_key_in_somebodys_hands_is_given_to_nobody_else() -> None:
    queue = new_queue()
    queue.add("a")
    await queue.take()
    queue.add("a")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.take(), 100)


async def test_what_was_wanted_during_the_work_comes_back_after_it_once() -> None:
    queue = new_queue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add("a")
    queue.done("a")

    assert await queue.take() == "a"
    queue.done("a")
    assert queue.is_idle


async def test_work_that_nobody_wanted_again_does_not_come_back() -> None:
    queue = new_queue()
    queue.add("a")
    queue.done(await queue.take())

    assert queue.is_idle


async def test_a_queue_with_a_key_in_somebodys_hands_is_not_idle() -> None:
    queue = new_queue()
    queue.add("a")
    await queue.take()

    assert not queue.is_idle


async def test_a_delayed_key_comes_when_its_time_has_come() -> None:
    queue = new_queue()
    queue.add_after("a", seconds(5))

    assert len(queue) == 0
    assert await taken_at(queue) == 5


@pytest.mark.parametrize("delays", [(9, 5), (5, 9)])
async def test_of_two_delays_the_earlier_wins_and_the_other_is_forgotten(delays: tuple[int, int]) -> None:
    queue = new_queue()
    for delay in delays:
        queue.add_after("a", seconds(delay))

    assert await taken_at(queue) == 5
    queue.done("a")
    await asyncio.sleep(20)
    assert queue.is_idle


async def test_wanting_a_key_now_makes_its_delay_needless() -> None:
    queue = new_queue()
    queue.add_after("a", seconds(5))
    queue.add("a")
    queue.done(await queue.take())
    await asyncio.sleep(20)

    assert queue.is_idle


async def test_a_delay_that_ends_during_the_work_brings_the_key_back_after_it() -> None:
    queue = new_queue()
    queue.add("a")
    await queue.take()
    queue.add_after("a", seconds(1))
    await asyncio.sleep(10)
    queue.done("a")

    assert await taken_at(queue) == 10


async def test_a_worker_that_gives_up_waiting_takes_no_key_along() -> None:
    queue = new_queue()
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait([waiting])
    queue.add("a")

    assert await asyncio.wait_for(queue.take(), 1) == "a"


# What it tells of itself.


def told(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"workqueue_{name}", {"name": "test"})


@pytest.fixture
def term() -> Iterator[None]:
    """Leadership for the length of a test."""
    METRICS.begin_term()
    yield
    METRICS.end_term()


@pytest.mark.usefixtures("term")
async def test_it_tells_how_many_keys_wait_and_for_how_long_workers_have_had_theirs() -> None:
    queue = new_queue()
    for key in "abc":
        queue.add(key)
    await queue.take()
    await asyncio.sleep(5)
    await queue.take()
    await asyncio.sleep(10)

    assert told("depth") == 1
    assert told("unfinished_work_seconds") == 25
    assert told("longest_running_processor_seconds") == 15


async def test_it_counts_wishes_but_not_those_for_what_waits_already() -> None:
    before = told("adds_total") or 0
    queue = new_queue()
    queue.add("a")
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add("a")
    queue.done("a")

    assert told("adds_total") == before + 2


async def test_it_measures_the_wait_of_a_key_from_the_first_wish_even_if_that_came_during_the_work() -> None:
    before = told("queue_duration_seconds_sum") or 0, told("work_duration_seconds_sum") or 0
    queue = new_queue()
    queue.add("a")
    await asyncio.sleep(2)
    await queue.take()
    queue.add("a")
    await asyncio.sleep(3)
    queue.add("a")
    queue.done("a")
    await asyncio.sleep(4)
    await queue.take()

    assert told("queue_duration_seconds_sum") == before[0] + 2 + 7
    assert told("work_duration_seconds_sum") == before[1] + 3


async def test_it_counts_what_is_put_off() -> None:
    before = told("retries_total") or 0
    new_queue().add_after("a", seconds(5))

    assert told("retries_total") == before + 1


delays = st.sampled_from([None, None, 0.0, 0.4, 1.0, 7.5])
wishes = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 1.0, 2.0]), st.sampled_from("abc"), delays), max_size=25
)


@given(wishes, st.integers(1, 4), st.sampled_from([0.1, 1.5, 4.0]))
def test_no_wish_is_lost_and_no_key_is_ever_in_two_hands(
    some: Sequence[tuple[float, str, float | None]], workers: int, duration: float
) -> None:
    """Each wish is followed by work that began at its time or later."""
    queue, held, begun = new_queue(), set[str](), dict[str, float]()
    wanted: dict[str, float] = {}

    async def work() -> None:
        while True:
            key = await queue.take()
            assert key not in held
            held.add(key)
            begun[key] = now()
            await asyncio.sleep(duration)
            held.discard(key)
            queue.done(key)

    async def play() -> None:
        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        for pause, key, delay in some:
            await asyncio.sleep(pause)
            wanted[key] = now()
            if delay is None:
                queue.add(key)
            else:
                queue.add_after(key, seconds(delay))
        await asyncio.sleep(1000)
        failed = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert failed == []

    loop = Loop(noop_cycles=8)
    loop.run_until_complete(play())
    loop.close()

    assert queue.is_idle
    assert all(begun[key] >= at for key, at in wanted.items())
