"""The image, built once for all tests.

Where the images that the Dockerfile names cannot be had, `ROLLOUT_REPORTER_TEST_IMAGE_BASE` is a folder with
a Debian that stands in for both of them:

    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv trixie FOLDER
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.system import system_program
from image.engine import Engine, an_engine, obstacle
from image.picture import Image

TREE = Path(__file__).parents[2]
BASE = "ROLLOUT_REPORTER_TEST_IMAGE_BASE"
NAME = "rollout-reporter:image-test"
BASE_NAME = "rollout-reporter-base:image-test"
BUILD_SECONDS = 900


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if reason := obstacle():
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)
    with tempfile.TemporaryDirectory(prefix="rr-image-") as folder, an_engine(Path(folder)) as engine:
        yield engine


@pytest.fixture(scope="session")
def image(engine: Engine, pytestconfig: pytest.Config) -> Iterator[Image]:
    bases = _imported_base(engine) if BASE in os.environ else []
    began = time.monotonic()
    engine("build", "--network=host", f"--tag={NAME}", *bases, str(TREE), seconds=BUILD_SECONDS)
    image = Image(engine, NAME, json.loads(engine("image", "inspect", NAME))[0])
    took = time.monotonic() - began
    size = f"{image.megabytes:.0f} MB, {image.own_megabytes:.0f} of them ours"
    _say(pytestconfig, f"the image has {size}; built in {took:.0f} s")
    yield image
    engine("image", "rm", NAME, *([BASE_NAME] if bases else []))


def _imported_base(engine: Engine) -> list[str]:
    """Import the folder, and have both stages begin with it."""
    tar = system_program("tar", "It packs the folder.")
    with subprocess.Popen([tar, "-C", os.environ[BASE], "-c", "."], stdout=subprocess.PIPE) as archive:
        engine("import", "-", BASE_NAME, seconds=BUILD_SECONDS, stdin=archive.stdout)
    return [f"--build-arg={stage}_IMAGE={BASE_NAME}" for stage in ("BUILD", "RUNTIME")]


def _say(config: pytest.Config, text: str) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    reporter = config.pluginmanager.getplugin("terminalreporter")
    assert capture is not None
    assert reporter is not None
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"\n{text}")
