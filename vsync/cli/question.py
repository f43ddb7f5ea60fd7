"""The question before a delete, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, NamedTuple

from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.manage.bulk_text import Going

_MANY = 100
"""Of so many things, the number must be typed: nobody types a number without having read it."""


class Answer(NamedTuple):
    yes: bool
    waited_s: float


def where_to_ask() -> IO[str]:
    """The stream for the question. Raises ConfigurationError where nobody can see it, or nobody can answer."""
    stream = next((out for out in (sys.stderr, sys.stdout) if out.isatty()), None)
    if stream is None or not sys.stdin.isatty():
        raise ConfigurationError(
            "Nobody can be asked here, because this is no terminal. Nothing was deleted.",
            "Look at what would be deleted, and give --yes.",
        )
    return stream


def ask_person(out: IO[str], going: Going, *, carefully: bool, clock: Callable[[], float] = time.monotonic) -> Answer:
    """Asks whether to go on. `carefully`: the number must be typed. The end of the input is a no."""
    number = going.number
    typed = carefully or number > _MANY
    question = f"To delete {going}, type {number}: " if typed else f"Delete {going}? [y/N] "
    began = clock()
    out.write(question)
    out.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        out.write("\n")
    answer = line.strip().lower()
    yes = answer.replace(",", "") == str(number) if typed else answer in {"y", "yes"}
    return Answer(yes, clock() - began)
