"""List the Python packages of the image, from the pins by which it is built. https://cyclonedx.org."""

import sys
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from pip_requirements_parser import RequirementsFile

from rollout_reporter import __version__


def bill_of_materials(pins: Path) -> str:
    """The packages of a requirements file with their versions, as JSON of CycloneDX 1.6."""
    bom = Bom()
    bom.metadata.component = Component(
        name="rollout-reporter", version=__version__, type=ComponentType.APPLICATION
    )
    for each in RequirementsFile.from_file(str(pins)).requirements:
        where = PackageURL("pypi", name=each.name, version=each.get_pinned_version)
        bom.components.add(
            Component(name=each.name, version=each.get_pinned_version, purl=where, bom_ref=str(where))
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    written: str = JsonV1Dot6(bom).output_as_string(indent=2)
    return written


if __name__ == "__main__":
    sys.stdout.write(bill_of_materials(Path("requirements.txt")))
