"""A known vulnerability stops a change; an index that does not answer stops only who insists on an answer."""

from typing import Any

import pytest

from audit import judge

HARMLESS = {"name": "kopf", "version": "1.45.0", "vulns": []}
UNKNOWN = {"name": "uv", "skip_reason": "Dependency not found on PyPI and could not be audited: uv (0.13.9)"}
# In the shape of its JSON.
VULNERABLE = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-2024-1", "fix_versions": ["3.1.3"]}],
}


@pytest.mark.parametrize(
    ("packages", "words", "code", "strict_code"),
    [
        ([HARMLESS], "No known vulnerability in 1 of 1 pinned packages.", 0, 0),
        ([HARMLESS, UNKNOWN], "in 1 of 2 pinned packages. The index knows nothing of the other 1.", 0, 1),
        ([HARMLESS, UNKNOWN, VULNERABLE], "jinja2 3.1.0: PYSEC-2024-1, mended by 3.1.3", 1, 1),
        (None, "No package was looked up for known vulnerabilities: the index cannot be reached.", 0, 1),
    ],
)
def test_what_pip_audit_says_decides_the_exit_code(
    packages: list[dict[str, Any]] | None, words: str, code: int, strict_code: int
) -> None:
    said, lenient = judge(packages, strict=False)

    assert said.endswith(words)
    assert lenient == code
    assert judge(packages, strict=True)[1] == strict_code


def test_a_vulnerability_that_nothing_mends_says_so() -> None:
    known = {"id": "GHSA-1", "fix_versions": []}

    said, code = judge([{"name": "a", "version": "1", "vulns": [known]}], strict=False)

    assert (said, code) == ("a 1: GHSA-1, mended by no version yet", 1)
