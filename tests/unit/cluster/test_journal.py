"""The journal: what may have been sent is known to whoever leads next."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import journal as journals
from rollout_reporter.cluster import journal_pages
from rollout_reporter.cluster.api import create, send
from rollout_reporter.cluster.errors import ConflictError, UnavailableError
from rollout_reporter.cluster.journal import Journal
from rollout_reporter.cluster.journal_pages import CAPACITY, Listed
from rollout_reporter.core.report import State
from unit.cluster.fake_cluster import FakeCluster
from unit.core.situations import NOW, entry, ref

LATER = NOW + timedelta(seconds=1)
MANY_KEYS = tuple(f"SHOP-{n:04}" for n in range(1, 501))
PAGE = "/api/v1/namespaces/ops/configmaps/rollout-reporter-journal-0"


def listed(number: int = 1, *, at: datetime = NOW, **changes: object) -> Listed:
    return Listed(ref(), entry(number=number, **changes), at)


def big(number: int) -> Listed:
    return listed(number, issue_keys=MANY_KEYS, noted_keys=MANY_KEYS)


BIG_ONES_IN_A_PAGE = CAPACITY // len(big(1).text)


def full_page() -> list[Listed]:
    return [big(number) for number in range(BIG_ONES_IN_A_PAGE)]


def pages_of(cluster: FakeCluster) -> list[dict[str, Any]]:
    return [each for path, each in cluster.objects.items() if "journal" in path]


async def taken_over(api: ApiClient) -> Journal:
    journal = Journal(api, "ops")
    await journal.take_over(1000)
    return journal


async def what_a_new_leader_finds(api: ApiClient) -> set[int]:
    found, _ = await Journal(api, "ops").take_over(2000)
    return {each.entry.number for each in found}


async def test_what_is_listed_is_found_by_the_next_leader_with_all_that_closes_it(api: ApiClient) -> None:
    one = listed()
    await (await taken_over(api)).enlist([one], 1500)

    [found], ceiling = await Journal(api, "ops").take_over(2000)

    assert found == one
    assert ceiling == 1500


async def mended(api: ApiClient, *known: Listed) -> Journal:
    journal = await taken_over(api)
    await journal.mend(known, 1000)
    return journal


async def test_a_journal_that_is_not_there_is_torn_until_what_was_on_it_is_found_out(api: ApiClient) -> None:
    """Whoever takes over first may end before that."""
    torn = [(await taken_over(api)).is_torn for _ in range(2)]
    journal = await mended(api, listed(7))

    assert [*torn, journal.is_torn, (await taken_over(api)).is_torn] == [True, True, False, False]
    assert await what_a_new_leader_finds(api) == {7}


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_page_that_is_missing_is_noticed_and_its_place_is_filled(
    cluster: FakeCluster, api: ApiClient, lost: int
) -> None:
    number = len(full_page())
    await (await mended(api)).enlist([big(each) for each in range(3 * number)], 1500)
    assert len(pages_of(cluster)) == 3
    assert not (await taken_over(api)).is_torn
    cluster.remove(PAGE.removesuffix("0") + str(lost))

    assert (await taken_over(api)).is_torn
    assert (await taken_over(api)).is_torn
    await mended(api)
    assert not (await taken_over(api)).is_torn
    assert len(await what_a_new_leader_finds(api)) == 2 * number


async def test_what_somebody_has_written_in_the_place_of_a_number_stops_nobody(
    cluster: FakeCluster, api: ApiClient
) -> None:
    await mended(api, listed(7))
    cluster.objects[PAGE]["metadata"]["annotations"] = {
        "rollout-reporter.dev/journal-pages": "999999999",
        "rollout-reporter.dev/update-number-ceiling": "a lot",
    }
    journal = await mended(api)

    assert len(pages_of(cluster)) == 1
    assert not journal.is_torn


async def test_a_batch_costs_one_write_and_a_second_report_of_the_same_none(
    cluster: FakeCluster, api: ApiClient
) -> None:
    journal = await taken_over(api)
    cluster.forget_requests()

    await journal.enlist([listed(number) for number in range(100)], 1500)
    await journal.enlist([listed(number) for number in range(50)], 1500)

    assert cluster.writes() == [f"PUT {PAGE}"]


async def test_what_has_changed_and_what_is_new_are_written_together(
    cluster: FakeCluster, api: ApiClient
) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed(1), listed(2)], 1500)
    cluster.forget_requests()

    await journal.enlist([listed(1, state=State.FAILED), listed(2), listed(3)], 1500)

    assert cluster.writes() == [f"PUT {PAGE}"]
    assert await what_a_new_leader_finds(api) == {1, 2, 3}


async def test_gained_keys_are_noted_too(api: ApiClient) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed()], 1500)
    await journal.enlist([listed(issue_keys=("SHOP-41", "SHOP-99"))], 1500)

    [found], _ = await Journal(api, "ops").take_over(2000)

    assert found.entry.issue_keys == ("SHOP-41", "SHOP-99")


@pytest.mark.parametrize("state", [State.SUCCESSFUL, State.IN_PROGRESS])
async def test_another_state_is_noted_too_before_it_is_sent(api: ApiClient, state: State) -> None:
    """Late recovery, and a retry: an end need not be the last word."""
    journal = await taken_over(api)
    await journal.enlist([listed(state=State.FAILED)], 1500)
    await journal.enlist([listed(state=state, at=LATER)], 1500)

    [found], _ = await Journal(api, "ops").take_over(2000)

    assert (found.entry.state, found.at) == (state, LATER)


async def test_an_old_leader_is_stopped_by_the_next_thing_it_wants_to_send(api: ApiClient) -> None:
    old = await taken_over(api)
    await taken_over(api)

    with pytest.raises(ConflictError):
        await old.enlist([listed()], 1500)


async def test_an_old_leader_is_stopped_also_when_it_begins_a_new_page(api: ApiClient) -> None:
    old = await taken_over(api)
    await old.enlist(full_page(), 1500)
    await taken_over(api)

    with pytest.raises(ConflictError):
        await old.enlist([big(1000)], 1500)


async def test_who_leads_no_more_leaves_no_page_behind_of_what_was_never_sent(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """The next leader does not know that page, and would meet it when it begins one itself."""
    old = await taken_over(api)
    await old.enlist([*full_page(), listed(500)], 1500)
    new = await taken_over(api)
    with pytest.raises(ConflictError):
        await old.enlist([listed(500, state=State.FAILED), big(1000), big(1001)], 1500)

    assert len(pages_of(cluster)) == 1
    await new.enlist([big(2000)], 2500)


async def test_who_takes_over_while_an_old_leader_begins_a_page_stops_it(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await taken_over(api)
    await old.enlist(full_page(), 1500)

    async def overtaken(*asked: Any, **options: Any) -> Any:
        monkeypatch.setattr(journals, "create", create)
        await taken_over(api)
        return await create(*asked, **options)

    monkeypatch.setattr(journals, "create", overtaken)
    with pytest.raises(ConflictError):
        await old.enlist([big(1000)], 1500)


async def test_it_does_so_too_if_the_write_that_would_have_told_fails_first(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await taken_over(api)
    await old.enlist(full_page(), 1500)

    async def overtaken(*asked: Any, **options: Any) -> Any:
        await taken_over(api)
        cluster.refusals[f"PUT {PAGE}"] = 503, "etcd has no leader"
        return await create(*asked, **options)

    monkeypatch.setattr(journals, "create", overtaken)
    with pytest.raises(UnavailableError):
        await old.enlist([big(1000)], 1500)
    cluster.refusals.clear()
    with pytest.raises(ConflictError):
        await old.enlist([big(1000)], 1500)


async def test_what_does_not_fit_into_one_page_is_spread_over_several(
    cluster: FakeCluster, api: ApiClient
) -> None:
    numbers = range(2 * BIG_ONES_IN_A_PAGE + 1)
    await (await taken_over(api)).enlist([big(number) for number in numbers], 1500)

    assert await what_a_new_leader_finds(api) == set(numbers)
    assert len(pages_of(cluster)) == 3
    assert all(sum(map(len, page["data"].values())) <= CAPACITY for page in pages_of(cluster))


async def test_what_has_grown_beyond_its_page_moves_to_another_one(
    cluster: FakeCluster, api: ApiClient
) -> None:
    journal = await taken_over(api)
    numbers = range(BIG_ONES_IN_A_PAGE + 1)
    await journal.enlist([listed(number) for number in numbers], 1500)
    for number in numbers:
        await journal.enlist([big(number)], 1500)

    assert len(pages_of(cluster)) == 2
    assert all(sum(map(len, page["data"].values())) <= CAPACITY for page in pages_of(cluster))
    found, _ = await Journal(api, "ops").take_over(2000)
    assert {each.entry.number: each.entry.issue_keys for each in found} == dict.fromkeys(numbers, MANY_KEYS)


async def test_what_moves_is_listed_elsewhere_before_it_leaves_its_page(
    cluster: FakeCluster, api: ApiClient
) -> None:
    journal = await taken_over(api)
    await journal.enlist([*full_page(), listed(500)], 1500)
    cluster.forget_requests()

    await journal.enlist([big(500), listed(1000)], 1500)

    assert cluster.writes() == [f"PUT {PAGE}", f"POST {PAGE.rpartition('/')[0]}", f"PUT {PAGE}"]
    assert await what_a_new_leader_finds(api) == {*range(BIG_ONES_IN_A_PAGE), 500, 1000}


async def test_what_could_move_only_half_and_is_again_as_it_was_is_noted_as_it_is(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await taken_over(api)
    await journal.enlist([*full_page(), listed(500, state=State.IN_PROGRESS)], 1500)

    async def then_no_more(*asked: Any, **options: Any) -> Any:
        cluster.refusals[f"PUT {PAGE}"] = 503, "etcd has no leader"
        return await create(*asked, **options)

    monkeypatch.setattr(journals, "create", then_no_more)
    with pytest.raises(UnavailableError):
        await journal.enlist([replace(big(500), at=LATER)], 1500)
    cluster.refusals.clear()
    await journal.enlist([listed(500, state=State.IN_PROGRESS, at=LATER + timedelta(seconds=1))], 1500)

    found, _ = await Journal(api, "ops").take_over(2000)
    [one] = [each for each in found if each.entry.number == 500]
    assert one.entry.state is State.IN_PROGRESS


@pytest.mark.parametrize("is_new", [True, False])
async def test_what_could_not_move_yet_is_listed_still_though_what_is_over_leaves(
    cluster: FakeCluster, api: ApiClient, *, is_new: bool
) -> None:
    """An operator that stops writes at once what is struck, also if a write has just failed."""
    journal = await taken_over(api)
    await journal.enlist([*full_page(), listed(500)], 1500)
    if not is_new:
        await journal.enlist([big(1000)], 1500)
    collection, _, name = PAGE.rpartition("/")
    next_page = f"POST {collection}" if is_new else f"PUT {collection}/{name[:-1]}1"
    cluster.refusals[next_page] = 503, "etcd has no leader"
    with pytest.raises(UnavailableError):
        await journal.enlist([big(500)], 1500)

    journal.strike([big(0).id])
    with pytest.raises(UnavailableError):
        await journal.flush(1500)
    cluster.refusals.clear()
    assert 500 in await what_a_new_leader_finds(api)


async def test_who_was_replaced_is_stopped_too_if_what_is_over_was_to_leave_meanwhile(
    cluster: FakeCluster, api: ApiClient
) -> None:
    old = await taken_over(api)
    await old.enlist(full_page(), 1500)
    cluster.refusals[f"POST {PAGE.rpartition('/')[0]}"] = 503, "etcd has no leader"
    with pytest.raises(UnavailableError):
        await old.enlist([big(1000)], 1500)
    old.strike([big(0).id])
    with pytest.raises(UnavailableError):
        await old.flush(1500)
    cluster.refusals.clear()

    await taken_over(api)
    with pytest.raises(ConflictError):
        await old.enlist([big(1000)], 1500)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_of_one_whose_leader_died_while_it_was_moved_the_later_note_counts(
    cluster: FakeCluster, api: ApiClient, order: tuple[int, int]
) -> None:
    grown = listed(issue_keys=("SHOP-41", "SHOP-57", "SHOP-99"), at=LATER)
    journal, data = await taken_over(api), []
    for each in (listed(), grown):
        await journal.enlist([each], 1500)
        data.append(cluster.objects[PAGE]["data"])
    for number, which in enumerate(order):
        cluster.hold(f"{PAGE[:-1]}{number}", {"data": data[which]})

    for _ in range(2):
        found, _ = await Journal(api, "ops").take_over(2000)
        assert [each.entry.issue_keys for each in found] == [grown.entry.issue_keys]
    assert sum(len(page["data"]) for page in pages_of(cluster)) == 1


async def test_a_page_that_has_lost_its_label_is_found_by_its_name(
    cluster: FakeCluster, api: ApiClient
) -> None:
    await (await taken_over(api)).enlist([listed(1)], 1500)
    cluster.objects[PAGE]["metadata"]["labels"] = {}

    assert await what_a_new_leader_finds(api) == {1}
    assert cluster.objects[PAGE]["metadata"]["labels"]


async def test_who_takes_over_while_an_old_leader_writes_knows_that_it_has_not_seen_all(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await taken_over(api)

    async def late(*asked: Any) -> Any:
        await old.enlist([listed()], 1500)
        return await send(*asked)

    monkeypatch.setattr(journal_pages, "send", late)
    with pytest.raises(ConflictError):
        await taken_over(api)


async def test_what_is_over_leaves_with_a_later_write(cluster: FakeCluster, api: ApiClient) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed(1), listed(2)], 1500)
    journal.strike([listed(1).id])
    assert len(cluster.objects[PAGE]["data"]) == 2

    await journal.enlist([listed(3)], 1500)

    assert await what_a_new_leader_finds(api) == {2, 3}


async def test_what_is_over_leaves_in_the_end_without_another_write(api: ApiClient) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed(1)], 1500)
    journal.strike([listed(1).id])
    await journal.flush(1500)

    assert await what_a_new_leader_finds(api) == set()


async def test_what_is_sent_again_after_its_end_is_not_struck(api: ApiClient) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed(1)], 1500)
    journal.strike([listed(1).id])
    await journal.enlist([listed(1)], 1500)
    await journal.flush(1500)

    assert await what_a_new_leader_finds(api) == {1}


async def test_a_deleted_page_is_made_again_with_what_it_held(cluster: FakeCluster, api: ApiClient) -> None:
    journal = await taken_over(api)
    await journal.enlist([listed(1)], 1500)
    cluster.remove(PAGE)

    await journal.enlist([listed(2)], 1500)

    assert await what_a_new_leader_finds(api) == {1, 2}


async def test_an_entry_that_somebody_has_spoiled_does_not_keep_the_others_from_being_read(
    cluster: FakeCluster, api: ApiClient
) -> None:
    await (await taken_over(api)).enlist([listed(1), listed(2)], 1500)
    data = cluster.objects[PAGE]["data"]
    data[next(iter(data))] = "not what it was"

    assert len(await what_a_new_leader_finds(api)) == 1


async def test_an_entry_too_large_for_any_page_keeps_one_of_its_own(
    cluster: FakeCluster, api: ApiClient
) -> None:
    keys = tuple(f"{'A' * 200}-{number}" for number in range(1, 501))
    journal = await taken_over(api)
    for state in (State.PENDING, State.IN_PROGRESS, State.FAILED) * 4:
        one = listed()
        large = replace(one.entry, issue_keys=keys, noted_keys=keys, state=state)
        await journal.enlist([replace(one, entry=large)], 1500)

    assert len([each for each in cluster.objects if "journal" in each]) <= 2
    assert await what_a_new_leader_finds(api) == {1}


async def test_the_same_number_on_two_sites_is_two_deployments(api: ApiClient) -> None:
    one = listed()
    other = replace(one, entry=replace(one.entry, site="other"))
    await (await taken_over(api)).enlist([one, other], 1500)

    found, _ = await Journal(api, "ops").take_over(2000)

    assert {each.entry.site for each in found} == {"default", "other"}
