"""The image, built once for all tests."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.base import NAME as BASE_NAME
from image.base import TREE, base_arguments
from image.engine import Engine, an_engine, obstacle
from image.picture import Image

NAME = "rollout-reporter:image-test"
BUILD_SECONDS = 900


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if reason := obstacle():
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)
    with tempfile.TemporaryDirectory(prefix="rr-image-") as folder, an_engine(Path(folder)) as engine:
        yield engine


@pytest.fixture(scope="session")
def image(engine: Engine, pytestconfig: pytest.Config) -> Iterator[Image]:
    bases = base_arguments(engine)
    began = time.monotonic()
    engine("build", "--network=host", f"--tag={NAME}", *bases, str(TREE), seconds=BUILD_SECONDS)
    image = Image(engine, NAME, json.loads(engine("image", "inspect", NAME))[0])
    took = time.monotonic() - began
    size = f"{image.megabytes:.0f} MB, {image.own_megabytes:.0f} of them ours"
    _say(pytestconfig, f"the image has {size}; built in {took:.0f} s")
    yield image
    engine("image", "rm", NAME, *([BASE_NAME] if bases else []))


def _say(config: pytest.Config, text: str) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    reporter = config.pluginmanager.getplugin("terminalreporter")
    assert capture is not None
    assert reporter is not None
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"\n{text}")
