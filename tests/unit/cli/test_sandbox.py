"""`rollout-reporter sandbox`: what it cannot be asked to do."""

import pytest

from unit.cli.command import call


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    ended = call("sandbox", f"--port={port}")

    assert ended.code == 2
    assert "Invalid value for '--port'" in ended.complaint
