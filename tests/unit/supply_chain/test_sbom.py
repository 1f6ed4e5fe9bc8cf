"""The list of parts is made from what is pinned, and names all of it."""

import json
import re
from pathlib import Path

from sbom import bill_of_materials

PINS = Path(__file__).parents[3] / "requirements.txt"


def test_every_pinned_package_is_a_part_with_its_version() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==([^ ;]+)", PINS.read_text(), re.MULTILINE))
    told = json.loads(bill_of_materials(PINS))

    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["metadata"]["component"]["name"] == "rollout-reporter"
    assert len(pinned) > 40
    assert {each["name"]: each["version"] for each in told["components"]} == pinned
    assert f"pkg:pypi/kopf@{pinned['kopf']}" in {each["purl"] for each in told["components"]}
