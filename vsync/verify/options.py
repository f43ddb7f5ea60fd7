"""What `vsync verify` is asked to do beside comparing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """`take_over` are gitignore patterns. Without `yes` they only choose what would be removed."""

    repair: bool = False
    rebuild: bool = False
    take_over: tuple[str, ...] = ()
    yes: bool = False

    @property
    def if_missing(self) -> Literal["make", "refuse"]:
        """What becomes of an embedded store whose file is gone. A repair replaces it, the other orders need it."""
        return "make" if self.repair or (self.take_over and self.yes) else "refuse"

    @property
    def writes(self) -> bool:
        return self.repair or self.rebuild or bool(self.take_over and self.yes)
