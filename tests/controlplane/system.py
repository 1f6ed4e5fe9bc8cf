"""Programs that the machine must bring."""

import shutil

from controlplane.errors import ControlPlaneError


def system_program(name: str, advice: str) -> str:
    """The full path of a program, or an error that says where to get it."""
    found = shutil.which(name)
    if found is None:
        raise ControlPlaneError(f"`{name}` is not on the PATH. {advice}")
    return found
