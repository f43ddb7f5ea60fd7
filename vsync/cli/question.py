"""The question before a delete or another step that cannot be undone, on a terminal."""

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

_YES = {"y", "yes"}


class Answer(NamedTuple):
    yes: bool
    waited_s: float


def where_to_ask(undone: str = "deleted") -> IO[str]:
    """The stream for the question. Raises ConfigurationError where nobody can see it, or nobody can answer.

    `undone` is what the error says of everything that the question is about.
    """
    stream = terminal()
    if stream is None:
        raise ConfigurationError(
            f"Nobody can be asked here, because this is no terminal. Nothing was {undone}.",
            f"Look at what would be {undone}, and give --yes.",
        )
    return stream


def terminal() -> IO[str] | None:
    """The stream for questions; None where nobody can see them, or nobody can answer."""
    stream = next((out for out in (sys.stderr, sys.stdout) if out.isatty()), None)
    return stream if sys.stdin.isatty() else None


def ask_person(out: IO[str], going: Going, *, carefully: bool, clock: Callable[[], float] = time.monotonic) -> Answer:
    """Asks whether to go on. `carefully`: the number must be typed. The end of the input is a no."""
    number = going.number
    typed = carefully or number > _MANY
    question = f"To delete {going}, type {number}: " if typed else f"Delete {going}? [y/N] "
    began = clock()
    answer = _asked(out, question)
    yes = answer.replace(",", "") == str(number) if typed else answer in _YES
    return Answer(yes, clock() - began)


def ask_yes_or_no(out: IO[str], question: str) -> bool:
    """Asks a question that a y answers. The end of the input is a no."""
    return _asked(out, f"{question} [y/N] ") in _YES


def ask_unless_no(out: IO[str], question: str) -> bool:
    """Asks a question that Enter answers with yes. The end of the input is a no."""
    answer = _line(out, f"{question} [Y/n] ")
    return answer is not None and answer.lower() in {"", *_YES}


def ask_text(out: IO[str], question: str, default: str) -> str:
    """Asks for a text. Enter, and the end of the input, take the default."""
    return _line(out, f"{question} [{default}] ") or default


def _asked(out: IO[str], question: str) -> str:
    return (_line(out, question) or "").lower()


def _line(out: IO[str], question: str) -> str | None:
    """The line that a person types, without blanks around it. None: the input has ended."""
    out.write(question)
    out.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        out.write("\n")
    return line.strip() if line else None
