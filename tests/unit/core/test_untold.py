"""Versions that roll out while their JiraSite is missing, or its rules forbid them, are told later."""

from rollout_reporter.core.access import AccessRule
from unit.core.story import Story


def numbers(story: Story) -> list[int]:
    return [each.number for each in story.ledger.entries]


def test_versions_that_had_no_site_are_told_in_their_order_once_there_is_one() -> None:
    story = Story().runs("web:1").without_a_site().runs("web:2").runs("web:3")
    assert story.states == ["successful"]

    story.with_its_site()

    assert story.states == ["successful", "successful", "successful"]
    assert [each.label for each in story.ledger.entries] == ["1", "2", "3"]
    assert numbers(story) == sorted(numbers(story))


def test_how_they_have_ended_is_not_forgotten() -> None:
    story = Story().runs("web:1").without_a_site()
    story.begins("web:2").exceeds_its_deadline()
    story.begins("web:3").begins("web:4")

    story.with_its_site().completes()

    assert story.states == ["successful", "failed", "cancelled", "successful"]
    assert "superseded by revision 4" in story.ledger.entries[2].because


def test_what_was_under_way_when_the_site_went_is_closed_as_it_was_seen_to_end() -> None:
    story = Story().begins("web:1").without_a_site().begins("web:2").runs("web:3").with_its_site()

    assert story.states == ["cancelled", "cancelled", "successful"]


def test_a_way_back_without_a_site_marks_what_it_has_replaced() -> None:
    story = Story().runs("web:1").without_a_site().runs("web:2").runs("web:1")

    story.with_its_site()

    assert story.states == ["successful", "rolled_back", "successful"]
    assert story.current.replaces == story.ledger.entries[1].rollout_id


def test_what_is_on_record_is_rolled_back_by_a_way_back_without_a_site() -> None:
    story = Story().runs("web:1").runs("web:2").without_a_site().runs("web:1").runs("web:3")

    story.with_its_site()

    assert story.states == ["successful", "rolled_back", "successful", "successful"]


def test_each_has_the_keys_with_which_it_began() -> None:
    story = Story().runs("web:1").without_a_site()
    story.annotated("SHOP-2").runs("web:2").annotated("SHOP-3").runs("web:3")

    story.with_its_site()

    assert [each.issue_keys for each in story.ledger.entries] == [("SHOP-1",), ("SHOP-2",), ("SHOP-3",)]


def test_a_workload_that_is_older_than_its_site_is_told_from_the_first_version_that_was_seen() -> None:
    story = Story(target=None).runs("web:1").runs("web:2").with_its_site()

    assert story.states == ["successful", "successful"]


def test_one_version_alone_is_reported_as_if_its_site_had_always_been_there() -> None:
    story = Story().runs("web:1").without_a_site().begins("web:2").with_its_site()

    assert story.states == ["successful", "in_progress"]
    assert not story.course.was_unseen


def test_each_time_of_a_replica_set_that_came_back_has_the_end_that_was_seen() -> None:
    story = Story().runs("web:1").without_a_site()
    story.begins("web:2").runs("web:3").runs("web:2").with_its_site()

    assert story.states == ["successful", "cancelled", "rolled_back", "successful"]


def test_a_success_that_came_back_and_was_given_up_then_has_both_ends() -> None:
    story = Story().runs("web:1").without_a_site()
    story.runs("web:2").runs("web:3").begins("web:2").runs("web:4").with_its_site()

    assert story.states == ["successful", "successful", "successful", "cancelled", "successful"]


def test_what_the_rules_forbade_is_told_once_they_allow_it() -> None:
    story = Story().runs("web:1")
    story.rules = (AccessRule(projects=("OTHER",)),)
    story.runs("web:2").runs("web:3")
    assert story.states == ["successful"]

    story.rules = ()
    story.seen(again=True)

    assert story.states == ["successful", "successful", "successful"]


def test_what_was_not_told_is_forgotten_with_the_issue_keys() -> None:
    story = Story().runs("web:1").without_a_site().runs("web:2").runs("web:3")
    story.annotated("").annotated("SHOP-4").with_its_site()

    assert [each.label for each in story.ledger.entries] == ["1", "3"]


def test_a_restarted_operator_tells_what_had_no_site_from_the_replica_sets() -> None:
    """It has not seen how they ended."""
    story = Story().runs("web:1").without_a_site().runs("web:2").runs("web:3").unseen()
    story.untold = None
    story.seen(again=True).seen(again=True)

    story.with_its_site()

    assert [each.label for each in story.ledger.entries] == ["1", "2", "3"]
    assert story.states == ["successful", "unknown", "successful"]
