import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.jira.hosts import allowed

NAMED = ("gateway.example.com", "jira.internal:8443", "[fd00::1]")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.atlassian.com",
        "https://api.atlassian.com/",
        "https://api.atlassian.com:443",
        "HTTPS://API.Atlassian.COM",
        "https://example.atlassian.net",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "https://127.8.9.10",
        "http://[::1]:8080/jira",
        "https://gateway.example.com:9443/jira",
        "http://Gateway.Example.com",
        "http://jira.internal:8443",
        "http://[fd00::1]:8080",
    ],
)
def test_these_may_be_sent_credentials(url: str) -> None:
    assert allowed(url, NAMED) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.atlassian.com.evil.example",
        "https://x@evil.example",
        "https://api.atlassian.com@evil.example",
        "https://api.atlassian.com:443@evil.example",
        "https://user:hunter2@api.atlassian.com",
        "https://evil.example/api.atlassian.com",
        "https://evil.example#.atlassian.net",
        "https://evil.example?.atlassian.net",
        "https://evil.example\\.atlassian.net",
        "https://evil.example\\@api.atlassian.com",
        "https://evilatlassian.net",
        "https://atlassian.net",
        "https://.atlassian.net",
        "https://a..atlassian.net",
        "https://example.atlassian.net.",
        "https://example.atlassian.net#top",
        "https://example.atlassian.net?x=1",
        "https://example.atlassian.net:8443",
        "http://api.atlassian.com",
        "http://example.atlassian.net",
        "https://\uff41pi.atlassian.com",
        "https://ex\u0430mple.atlassian.net",
        "https://api.atlassian.com\u3002evil.example",
        "https://a%2eevil.example",
        "https://api.atlas\nsian.com",
        " https://api.atlassian.com",
        "https://api.atlassian.com\n",
        "//api.atlassian.com",
        "api.atlassian.com",
        "ftp://api.atlassian.com",
        "file:///etc/passwd",
        "https://",
        "",
        "https://api.atlassian.com:",
        "https://api.atlassian.com:0",
        "https://api.atlassian.com:65536",
        "http://localhost:0",
        "http://127.0.0.1.evil.example",
        "http://127.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://0.0.0.0",
        "http://169.254.169.254",
        "http://localhost.evil.example",
        "https://sub.gateway.example.com",
        "https://jira.internal",
        "https://jira.internal:443",
    ],
)
def test_these_may_not(url: str) -> None:
    sentence = allowed(url, NAMED)
    assert sentence
    assert sentence.endswith(".")
    assert "hunter2" not in sentence


def test_a_foreign_host_is_named_together_with_the_cure() -> None:
    sentence = allowed("https://jira.example.com", ())
    assert sentence
    assert "jira.example.com" in sentence
    assert "jira.allowedHosts" in sentence


@given(st.text(), st.sampled_from(["", "https://", "https://api.atlassian.com", "http://localhost"]))
def test_any_text_gets_a_verdict(text: str, prefix: str) -> None:
    assert allowed(prefix + text, NAMED) != ""
