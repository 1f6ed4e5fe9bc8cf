"""What the image is built upon: the images that its Dockerfile names, or a Debian that stands in for both."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from controlplane.binaries import cache_folder
from controlplane.console import say
from controlplane.system import system_program
from image.engine import Engine

TREE = Path(__file__).parents[2]
CHOSEN = "ROLLOUT_REPORTER_TEST_IMAGE_BASE"
NAME = "rollout-reporter-base:image-test"
SUITE = "trixie"
STAGES = ("BUILD_IMAGE", "RUNTIME_IMAGE")
OF_THE_MACHINE = (Path("/etc/pip.conf"), Path("/etc/ssl/certs/ca-certificates.crt"))
"""Where packages come by way of a mirror, the build asks the same one, and trusts whom the machine trusts."""

SECONDS = 900


def base_arguments(engine: Engine) -> list[str]:
    """What `docker build` is told about its bases; nothing where those of the Dockerfile can be had."""
    if CHOSEN in os.environ:
        return _imported(engine, Path(os.environ[CHOSEN]))
    if shutil.which("debootstrap") is None or os.geteuid() != 0 or all(map(engine.can_pull, _named())):
        return []
    return _imported(engine, _debian())


def _named() -> list[str]:
    dockerfile = (TREE / "Dockerfile").read_text()
    return [re.findall(rf"^ARG {stage}=(\S+)$", dockerfile, re.MULTILINE)[0] for stage in STAGES]


def _debian() -> Path:
    """A folder with the smallest Debian that has Python; made once."""
    folder = cache_folder() / "share" / f"debian-{SUITE}"
    if folder.exists():
        return folder
    say(f"the Dockerfile's images cannot be pulled: making a Debian (once; kept in {folder}) …")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        made = Path(unfinished) / SUITE
        _debootstrap(made)
        for file in filter(Path.exists, OF_THE_MACHINE):
            shutil.copyfile(file, made / file.relative_to("/"))
        made.rename(folder)
    return folder


def _debootstrap(folder: Path) -> None:
    program = system_program("debootstrap", "It is a package of Debian's.")
    packages = "--include=ca-certificates,python3,python3-venv"
    command = [program, "--variant=minbase", packages, SUITE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"debootstrap failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def _imported(engine: Engine, folder: Path) -> list[str]:
    """Both stages begin with it."""
    tar = system_program("tar", "It packs the folder.")
    with subprocess.Popen([tar, "-C", folder, "-c", "."], stdout=subprocess.PIPE) as archive:
        engine("import", "-", NAME, seconds=SECONDS, stdin=archive.stdout)
    return [f"--build-arg={stage}={NAME}" for stage in STAGES]
