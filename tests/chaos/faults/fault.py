"""What all faults have in common."""

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from chaos.lab import Lab


class Fault(ABC):
    """Something that goes wrong, as plain data: printed, it says all of itself."""

    name: ClassVar[str]
    needs_own_clock: ClassVar[bool] = False
    """Whether the operator has to live by a clock that can be moved."""
    needs_resync: ClassVar[bool] = False
    """Whether a person has to want everything sent again afterwards."""
    latest: ClassVar[float] = 0.95
    """The progress of the story, 0 to 1, at which it strikes at the latest."""

    @classmethod
    @abstractmethod
    def draw(cls, chance: random.Random) -> Self:
        """Draw its details."""

    @abstractmethod
    def strike(self, lab: "Lab") -> bool:
        """Break something, let time pass, and mend it; return whether it came to that."""


def seconds(chance: random.Random, least: float, most: float) -> float:
    """Draw a while, with a precision that people can read."""
    return round(chance.uniform(least, most), 1)
