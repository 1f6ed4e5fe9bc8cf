"""What can be made to go wrong, and when. Pure: chance comes from a seed."""

import random
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from rollout_reporter.jira.schemas import Body

from .operations import Operation


class Kind(StrEnum):
    """What goes wrong."""

    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TOO_LARGE = "413"
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    HTML = "html"
    """A 502 with a page for people, as during an outage."""
    HANG = "hang"
    """No answer until the client goes."""
    SLOW = "slow"
    """The right answer, late."""
    DROP_CONNECTION = "drop_connection"
    """The connection ends before anything is done."""
    LOSE_ANSWER = "lose_answer"
    """Everything is done, then the connection ends."""
    REJECT = "reject"
    """A 202 that rejects every deployment, or those that hold the text of `matching`."""
    GARBAGE = "garbage"
    """A 202 (elsewhere 200) with broken JSON; nothing is done."""
    EMPTY = "empty"
    """A 202 (elsewhere 200) without a body; nothing is done."""


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


class Fault(Body):
    """An order to go wrong."""

    model_config = ConfigDict(extra="forbid")

    operation: Operation | Literal["*"] = "*"
    kind: Annotated[Kind, BeforeValidator(_as_text)]
    times: Annotated[int, Field(gt=0)] | None = 1
    """How often; null for ever."""
    probability: Annotated[float, Field(gt=0, le=1)] = 1
    seed: int = 0
    matching: str | None = None
    """Only for requests whose body holds this text, such as the key of an issue."""
    seconds: Annotated[float, Field(ge=0)] = 1
    """For `slow`."""
    retry_after: Annotated[int, Field(ge=0)] | None = None
    """Seconds, for 429 and 503: the header `Retry-After`, which may be missing."""
    reset_after: Annotated[int, Field(ge=0)] = 60
    """Seconds, for 429: what `X-RateLimit-Reset` tells, at the resolution of minutes."""
    reason: str = "jira-burst-based"
    """For 429: the header `RateLimit-Reason`."""
    message: str | None = None
    """Instead of the usual text of the error."""


class ActiveFault:
    """A fault, and how often it has struck."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        self._random = random.Random(fault.seed)  # noqa: S311 (repeatable on purpose)

    @property
    def is_spent(self) -> bool:
        """Whether it will not strike again."""
        return self.fault.times is not None and self.struck >= self.fault.times

    def strikes(self, operation: Operation, body: bytes) -> bool:
        """Decide about one request, and count it if so."""
        fault = self.fault
        if self.is_spent or fault.operation not in {"*", operation}:
            return False
        if fault.kind is Kind.REJECT and operation is not Operation.BULK:
            return False
        if fault.matching is not None and fault.matching.encode() not in body:
            return False
        if self._random.random() >= fault.probability:
            return False
        self.struck += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Describe it for the control API."""
        return {**self.fault.model_dump(mode="json", by_alias=True), "struck": self.struck}


class Faults:
    """All faults, in the order in which they were set; the first that strikes a request decides about it."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Set a fault."""
        active = ActiveFault(fault)
        self._active.append(active)
        return active

    def clear(self) -> None:
        """End all faults."""
        self._active.clear()

    def next(self, operation: Operation, body: bytes) -> Fault | None:
        """Return what shall go wrong with this request."""
        for active in self._active:
            if active.strikes(operation, body):
                self._active = [fault for fault in self._active if not fault.is_spent]
                return active.fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Describe those that may still strike."""
        return [active.as_json() for active in self._active]
