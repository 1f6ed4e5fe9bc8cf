"""Older answers to the same question: what a server that lags behind would still say."""

import time
from collections import defaultdict, deque

from chaos.passages import Passage
from chaos.rules import Answer

_Question = tuple[str, str, str]


class Copies:
    """The last answers to each read."""

    def __init__(self) -> None:
        self._answers: defaultdict[_Question, deque[tuple[float, Answer]]] = defaultdict(
            lambda: deque(maxlen=50)
        )

    def keep(self, passage: Passage, answer: Answer) -> None:
        """Remember an answer that has just come."""
        self._answers[_question(passage)].append((time.monotonic(), answer))

    def older(self, passage: Passage, seconds: float) -> Answer | None:
        """The answer that was the newest this many seconds ago; None if nobody had asked by then."""
        then = time.monotonic() - seconds
        old = [answer for at, answer in self._answers[_question(passage)] if at <= then]
        return old[-1] if old else None


def _question(passage: Passage) -> _Question:
    return passage.path, passage.query, passage.accept
