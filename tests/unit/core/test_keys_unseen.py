"""Whose issue keys a version had that came and went while nobody looked: told if certain, else skipped.

The controller writes the workload's annotations to the present ReplicaSet, so each shows those at the end of
its time.
"""

from rollout_reporter.core import names
from rollout_reporter.core.keys import uncertain
from unit.core.story import Story, Version


def keys(story: Story) -> list[str]:
    return [",".join(each.issue_keys) for each in story.ledger.entries]


def comes_unseen(story: Story, image: str, revision: int, *, noted_keys: str) -> None:
    story.image = image
    name = f"web-{len(story.versions)}"
    story.versions.append(Version(name, story._template(), revision, story.now, noted_keys=noted_keys))


def skipped(story: Story) -> list[int]:
    return [each.revision for each in uncertain(story.last, story.ledger)]


def test_a_version_has_the_keys_that_the_workload_had_all_the_time() -> None:
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-1")

    assert keys(story.begins("web:3")) == ["SHOP-1", "SHOP-1", "SHOP-1"]


def test_a_version_is_not_told_under_the_keys_of_the_one_that_came_after_it() -> None:
    """Keys first, then the image, twice: what the second one's keys were found on is the first one's."""
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    story.versions[0].noted_keys = "SHOP-2"
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-3")

    story.begins("web:3", keys="SHOP-3")

    assert keys(story) == ["SHOP-1", "SHOP-3"]
    assert skipped(story) == [2]


def test_a_version_that_came_and_went_is_ignored_if_its_own_template_says_so() -> None:
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    story.template_notes = {names.IGNORE: "true"}
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-1")
    story.template_notes = {}

    assert skipped(story.begins("web:3")) == []
    assert keys(story) == ["SHOP-1", "SHOP-1"]


def test_of_a_workload_without_keys_nothing_is_skipped() -> None:
    story = Story().runs("web:1", keys="SHOP-1").annotated("").gap()
    comes_unseen(story, "web:2", 2, noted_keys="")

    assert skipped(story.begins("web:3")) == []


def test_versions_that_differ_in_their_configuration_alone_are_not_taken_for_each_other() -> None:
    story = Story().runs("web:1", template_notes={"config": "1"}, keys="SHOP-1")
    story.asked_for("web:1", template_notes={"config": "2"}, keys="SHOP-2").gap()
    comes_unseen(story, "web:1", 2, noted_keys="SHOP-2")
    story.template_notes = {"config": "3"}
    comes_unseen(story, "web:1", 3, noted_keys="SHOP-3")
    story.template_notes = {"config": "4"}

    story.keys = "SHOP-4"

    assert skipped(story.taken_up()) == [3]
    assert keys(story) == ["SHOP-1", "SHOP-2", "SHOP-4"]


def test_keys_that_came_with_the_version_or_after_it_are_not_certain() -> None:
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-2")

    story.begins("web:3", keys="SHOP-2")

    assert keys(story) == ["SHOP-1", "SHOP-2"]
    assert skipped(story) == [2]


def test_of_a_way_there_and_back_the_record_tells_the_keys_of_before() -> None:
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-2")

    assert skipped(story.begins("web:1", keys="SHOP-2")) == [2]


def test_keys_in_the_template_are_certain_whatever_the_workload_shows() -> None:
    story = Story().runs("web:1", keys="SHOP-1").unseen()
    story.template_keys = "SHOP-2"
    comes_unseen(story, "web:2", 2, noted_keys="SHOP-3")
    story.template_keys = ""

    assert keys(story.begins("web:3", keys="SHOP-3")) == ["SHOP-1", "SHOP-2", "SHOP-3"]
