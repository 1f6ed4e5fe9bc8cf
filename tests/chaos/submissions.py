"""What was sent to Jira, request by request."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from chaos.evidence import Evidence, Violation, Wrong
from chaos.matching import Deployment, Place, place_of
from chaos.passages import Kind, Passage

Request = Mapping[str, Any]

ALMOST = timedelta(seconds=0.05)
"""What was on its way already when an answer came is not blamed on it."""
STATES = frozenset({"unknown", "pending", "in_progress", "cancelled", "failed", "rolled_back", "successful"})
TYPES = frozenset({"unmapped", "development", "testing", "staging", "production"})


def wrong_in_requests(evidence: Evidence) -> Iterator[Violation]:
    """Requests that Jira's documentation does not allow."""
    for request in _submissions(evidence):
        deployments, at = request["request"].get("deployments", []), request["time"]
        if not 0 < len(deployments) <= 100:
            yield Violation(Wrong.TOO_MANY, f"{len(deployments)} at {at}")
        lacking = [fault for each in deployments for fault in _lacking(each)]
        if lacking:
            yield Violation(Wrong.INCOMPLETE, f"{', '.join(dict.fromkeys(lacking))} at {at}")
            continue
        for place, times in Counter(map(place_of, deployments)).items():
            if times > 1:
                yield Violation(Wrong.TWICE, f"{place} at {at}")


def hasty(evidence: Evidence) -> Iterator[Violation]:
    """Requests that came before the time for which Jira had asked to wait, whoever sent them."""
    posts = [each for each in evidence.passages if each.kind is Kind.POST and "/deployments/" in each.path]
    for refused in posts:
        if not (until := _wait_until(refused)) or refused.left is None:
            continue
        for each in posts:
            if refused.left + ALMOST < each.came < until - ALMOST:
                early = (until - each.came).total_seconds()
                yield Violation(Wrong.HASTY, f"{each.door} came {early:.1f} s too early, at {each.came}")


def repeated(evidence: Evidence) -> Iterator[Violation]:
    """Reports that say nothing new, where the one before was accepted, and its sender has not gone since."""
    last: dict[Place, tuple[datetime, Deployment]] = {}
    for request in _submissions(evidence):
        at = datetime.fromisoformat(request["time"])
        for each in request["request"].get("deployments", []):
            if _lacking(each):
                continue
            place, told = place_of(each), _without_number(each)
            before = last.pop(place, None)
            if before and before[1] == told and not _was_absence(evidence, before[0], at):
                what = f"{place} {each['state']}, at {before[0]} and {at}"
                yield Violation(Wrong.REPEATED, what)
            if _is_accepted(request, place):
                last[place] = at, told


def _submissions(evidence: Evidence) -> list[Request]:
    return [
        each
        for each in evidence.requests
        if each["operation"] == "bulk" and isinstance(each["request"], Mapping)
    ]


def _lacking(deployment: Deployment) -> list[str]:
    """Names of the fields that are missing or not what they have to be."""
    pipeline, environment = deployment.get("pipeline") or {}, deployment.get("environment") or {}
    tests = {
        "deploymentSequenceNumber": _is_number(deployment.get("deploymentSequenceNumber")),
        "updateSequenceNumber": _is_number(deployment.get("updateSequenceNumber")),
        "displayName": _is_text(deployment.get("displayName"), 255),
        "url": _is_text(deployment.get("url"), 2000),
        "description": _is_text(deployment.get("description"), 255),
        "lastUpdated": _is_time(deployment.get("lastUpdated")),
        "state": deployment.get("state") in STATES,
        "associations": _are_associations(deployment.get("associations")),
        "pipeline.id": _is_text(pipeline.get("id"), 255),
        "pipeline.displayName": _is_text(pipeline.get("displayName"), 255),
        "pipeline.url": _is_text(pipeline.get("url"), 2000),
        "environment.id": _is_text(environment.get("id"), 255),
        "environment.displayName": _is_text(environment.get("displayName"), 255),
        "environment.type": environment.get("type") in TYPES,
    }
    return [name for name, is_right in tests.items() if not is_right]


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def _is_text(value: object, limit: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limit


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _are_associations(value: object) -> bool:
    if not isinstance(value, list) or not 0 < len(value) <= 3:
        return False
    return all(each.get("values") for each in value) and sum(len(each["values"]) for each in value) <= 500


def _wait_until(passage: Passage) -> datetime | None:
    if passage.told != 429 or passage.left is None or passage.retry_after is None:
        return None
    return passage.left + timedelta(seconds=passage.retry_after)


def _is_accepted(request: Request, place: Place) -> bool:
    if request["status"] != 202 or not isinstance(request["response"], Mapping):
        return False
    keys = request["response"].get("acceptedDeployments", [])
    return place in {(k["pipelineId"], k["environmentId"], k["deploymentSequenceNumber"]) for k in keys}


def _was_absence(evidence: Evidence, begin: datetime, end: datetime) -> bool:
    return any(a < end and b > begin for a, b in evidence.absences)


def _without_number(deployment: Deployment) -> Deployment:
    return {name: value for name, value in deployment.items() if name != "updateSequenceNumber"}
