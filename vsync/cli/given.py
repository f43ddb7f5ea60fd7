"""The ids and names behind a command: words, `@FILE`, and `-` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from vsync.errors import ConfigurationError
from vsync.manage.given_ids import ids_in
from vsync.system.regular_file import read_text


def given_ids(words: Sequence[str]) -> list[str] | None:
    """What is given; None where no word is given. An empty file gives an empty list. Raises ConfigurationError."""
    if not words:
        return None
    found: list[str] = []
    for word in words:
        if word == "-":
            found += _ids(_standard_input(), "Standard input")
        elif word.startswith("@"):
            found += _ids(_file(word[1:]), f"The file {word[1:]}")
        elif word.strip():
            found.append(word)  # as it is: " docs" may be the name of another store than "docs"
        else:
            raise ConfigurationError("An id is empty.", "Give the id or the name.")
    return found


def _file(name: str) -> str:
    try:
        return read_text(Path(name))
    except OSError as error:
        remedy = (
            "A word behind an @ names a file of ids. For standard input give -. A name that begins with @ needs --name."
        )
        raise ConfigurationError(f"The file of ids {name!r} cannot be read: {error.strerror}.", remedy) from error
    except ValueError as error:
        raise ConfigurationError(f"The file of ids {name!r} is not text in UTF-8.", "Save it as UTF-8.") from error


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except ValueError as error:
        raise ConfigurationError("Standard input is not text in UTF-8.", "Give one id a line.") from error


def _ids(text: str, what: str) -> list[str]:
    try:
        return ids_in(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{what} holds no ids: {error}.",
            "Give one id a line, or what --json or --jsonl of `vsync stores` and `vsync files` has printed.",
        ) from error
