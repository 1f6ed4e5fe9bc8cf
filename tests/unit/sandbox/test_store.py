from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.sandbox.store import Record, Store

KEY = DeploymentKey("checkout", "eu1", 1)


def record(update: int = 1, **fields: Any) -> Record:
    return Record(
        **{
            "client_id": "demo",
            "key": KEY,
            "update": update,
            "issues": ("SHOP-1",),
            "properties": {},
            "body": {"update": update},
            "received": datetime(2026, 11, 24, tzinfo=UTC),
            **fields,
        }
    )


def test_a_higher_update_number_replaces_what_is_stored() -> None:
    store = Store()

    assert store.submit(record(1))
    assert store.submit(record(2))

    assert store.current() == [record(2)]
    assert list(store.history) == [record(1), record(2)]
    assert not store.dropped


def test_an_equal_update_number_is_dropped() -> None:
    store = Store()
    store.submit(record(2, issues=("SHOP-1",)))

    assert not store.submit(record(2, issues=("SHOP-2",)))

    assert store.current() == [record(2)]
    assert list(store.dropped) == [record(2, issues=("SHOP-2",))]


def test_a_lower_update_number_is_dropped() -> None:
    store = Store()
    store.submit(record(2))

    assert not store.submit(record(1))

    assert store.current() == [record(2)]


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 5), min_size=1))
def test_whatever_the_order_repetition_or_loss_of_updates_the_highest_number_received_is_stored(
    updates: list[int],
) -> None:
    store = Store()
    for update in updates:
        store.submit(record(update))

    assert [stored.update for stored in store.current()] == [max(updates)]
    assert len(store.history) + len(store.dropped) == len(updates)
    numbers = [stored.update for stored in store.history]
    assert numbers == sorted(set(numbers))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 2), st.integers(0, 9))))
def test_deployments_are_ordered_apart_from_each_other(updates: list[tuple[str, int, int]]) -> None:
    store = Store()
    for client_id, number, update in updates:
        store.submit(record(update, client_id=client_id, key=DeploymentKey("checkout", "eu1", number)))

    highest: dict[tuple[str, int], int] = {}
    for client_id, number, update in updates:
        highest[client_id, number] = max(update, highest.get((client_id, number), 0))
    assert {(one.client_id, one.key.number): one.update for one in store.current()} == highest


def test_an_update_replaces_the_issues_rather_than_adding_to_them() -> None:
    store = Store()
    store.submit(record(1, issues=("SHOP-1", "SHOP-2")))
    store.submit(record(2, issues=("SHOP-2", "SHOP-3")))

    assert store.issues() == {"SHOP-2": [KEY], "SHOP-3": [KEY]}
    assert store.of_issue("SHOP-1") == []
    assert store.of_issue("SHOP-3") == store.current()


def test_credentials_do_not_touch_each_other() -> None:
    store = Store()
    store.submit(record(5, client_id="one"))

    assert store.submit(record(1, client_id="other"))
    assert store.get("one", KEY) == record(5, client_id="one")
    assert store.get("third", KEY) is None

    store.forget("one")
    store.delete("third", KEY)
    assert store.current() == [record(1, client_id="other")]


def test_a_deleted_deployment_may_come_back_with_any_number() -> None:
    store = Store()
    store.submit(record(5))
    store.delete("demo", KEY)
    assert store.current() == []
    assert store.issues() == {}

    assert store.submit(record(1))


def test_deleting_by_properties_wants_all_of_them() -> None:
    store = Store()
    eu = record(key=DeploymentKey("a", "e", 1), properties={"cluster": "eu1", "namespace": "shop"})
    us = record(key=DeploymentKey("b", "e", 1), properties={"cluster": "us1", "namespace": "shop"})
    foreign = record(client_id="other", properties={"cluster": "eu1", "namespace": "shop"})
    for one in (eu, us, foreign):
        store.submit(one)

    store.delete_by_properties("demo", {"cluster": "eu1", "namespace": "pay"})
    assert len(store.current()) == 3

    store.delete_by_properties("demo", {"cluster": "eu1", "namespace": "shop"})
    assert store.current() == [us, foreign]
