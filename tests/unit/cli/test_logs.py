"""What logs say, to people and to machines."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rollout_reporter.cli.logs import LogFormat, set_up_logging
from rollout_reporter.controller.sender import Sender
from rollout_reporter.core.workload import Kind, Place
from unit.controller.fake_jira import DOWN, Desk, FakeJira, item, sender_to

PLACE = Place("shop", Kind.DEPLOYMENT, "checkout")


@pytest.fixture(autouse=True)
def other_loggers_are_left_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one line that was logged, as JSON."""
    [line] = capsys.readouterr().err.splitlines()
    fields: dict[str, object] = json.loads(line)
    return fields


def test_a_line_for_machines_has_time_level_logger_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", LogFormat.JSON)
    logging.getLogger("some.module").warning("%d are late", 3)

    fields = said(capsys)
    time = datetime.fromisoformat(str(fields.pop("time")))
    assert fields == {"level": "WARNING", "logger": "some.module", "message": "3 are late"}
    assert time.utcoffset() == timedelta(0)
    assert datetime.now(UTC) - time < timedelta(minutes=1)


def test_a_line_about_a_workload_names_it_in_a_field_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", LogFormat.JSON)
    logging.getLogger("some.module").info("%s: %s", PLACE, "all is well")

    fields = said(capsys)
    assert fields["workload"] == "shop/deployment/checkout"
    assert fields["message"] == "shop/deployment/checkout: all is well"


def test_a_line_for_people_names_the_workload_once(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", LogFormat.TEXT)
    logging.getLogger("some.module").info("%s: all is well", PLACE)

    [line] = capsys.readouterr().err.splitlines()
    time, level, text = line.split(maxsplit=2)
    assert (level, text) == ("INFO", "shop/deployment/checkout: all is well")
    assert datetime.fromisoformat(time).utcoffset() == timedelta(0)


HOSTILE = "SHOP-41\n2026-11-24 CRITICAL all is lost\x1b[2J\u202eread this"
TAMED = r"SHOP-41 2026-11-24 CRITICAL all is lost\x1b[2J\u202eread this"


@pytest.mark.parametrize("form", LogFormat)
def test_what_others_have_written_makes_no_lines_and_steers_no_terminal(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info", form)
    logging.getLogger("some.module").info("%s: %s", PLACE, HOSTILE)

    [line] = capsys.readouterr().err.splitlines()
    text = json.loads(line)["message"] if form is LogFormat.JSON else line
    assert text.endswith(f"shop/deployment/checkout: {TAMED}")


@pytest.mark.parametrize("form", LogFormat)
def test_a_line_is_no_longer_than_what_collectors_keep_whole(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info", form)
    logging.getLogger("some.module").info("%s", "x" * 300_000)

    [line] = capsys.readouterr().err.splitlines()
    assert 14_000 < len(line) < 16 * 1024


def test_no_line_of_a_traceback_looks_like_one_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", LogFormat.TEXT)
    try:
        int(HOSTILE)
    except ValueError:
        logging.getLogger("some.module").exception("%s: cannot be judged", PLACE)

    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("shop/deployment/checkout: cannot be judged")
    assert all(line.startswith("  ") and line.isprintable() for line in rest)
    assert "all is lost" in rest[-1]


async def test_a_line_about_a_site_names_it_in_a_field_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info", LogFormat.JSON)
    sender = sender_to(FakeJira(seconds=0, down=DOWN), Desk())
    await send_once(sender)

    fields = said(capsys)
    assert fields["site"] == "default"
    assert "Jira is down" in str(fields["message"])


async def send_once(sender: Sender) -> None:
    sender.outbox.put(item(), linger=timedelta(0))
    batch = await sender.outbox.take()
    await sender._send(batch)
