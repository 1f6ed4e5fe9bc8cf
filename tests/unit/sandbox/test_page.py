import re
from pathlib import Path

import pytest

from rollout_reporter import sandbox
from unit.sandbox.client import Jira

STATIC = Path(sandbox.__file__).parent / "static"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/sandbox/static/page.css", "text/css"),
        ("/sandbox/static/page.js", "text/javascript"),
        ("/sandbox/static/icon.svg", "image/svg+xml"),
    ],
)
async def test_the_page_runs_nothing_but_its_own_files(jira: Jira, path: str, media_type: str) -> None:
    response = await jira.http.get(path)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(media_type)
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_says_that_it_is_not_jira(jira: Jira) -> None:
    assert "This is a sandbox, not Jira." in (await jira.http.get("/")).text


async def test_everything_that_the_page_refers_to_is_served(jira: Jira) -> None:
    page = (await jira.http.get("/")).text

    for path in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert path.startswith("/")
        assert (await jira.http.get(path)).status_code == 200


def test_the_script_puts_no_markup_together() -> None:
    script = (STATIC / "page.js").read_text()

    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert danger not in script


@pytest.mark.parametrize("name", ["index.html", "page.css", "page.js"])
def test_nothing_is_loaded_from_elsewhere_nor_written_inline(name: str) -> None:
    content = (STATIC / name).read_text()

    assert not re.search(r"https?://|style=|<style|<script>|\bon[a-z]+=\"", content)


async def test_a_link_to_an_issue_leads_to_its_card(jira: Jira) -> None:
    response = await jira.http.get("/browse/SHOP-1?x#y")

    assert response.status_code == 303
    assert response.headers["Location"] == "/#SHOP-1"


async def test_a_link_to_an_issue_leads_nowhere_else(jira: Jira) -> None:
    response = await jira.http.get("/browse/%0d%0aX:%20%22%3e")

    assert response.headers["Location"] == "/#%0D%0AX%3A%20%22%3E"
