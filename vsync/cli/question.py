"""The question before a delete, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.manage.bulk_text import Going

_MANY = 100
"""Of so many things, the number must be typed: nobody types a number without having read it."""


class Answer(NamedTuple):
    yes: bool
    waited_s: float


def check_can_ask() -> None:
    """Raises ConfigurationError where nobody can answer."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "Nobody can be asked here, because standard input is no terminal. Nothing was deleted.",
            "Look at what would be deleted, and give --yes.",
        )


def ask_person(going: Going, *, carefully: bool, clock: Callable[[], float] = time.monotonic) -> Answer:
    """Asks whether to go on. `carefully`: the number must be typed. The end of the input is a no."""
    number = going.number
    typed = carefully or number > _MANY
    question = f"To delete {going}, type {number}: " if typed else f"Delete {going}? [y/N] "
    began = clock()
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        sys.stderr.write("\n")
    answer = line.strip().lower()
    yes = answer.replace(",", "") == str(number) if typed else answer in {"y", "yes"}
    return Answer(yes, clock() - began)
