"""How long git may take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsync.errors import GitUnavailable


class Deadlines(NamedTuple):
    """Seconds that a git command may take. They are long, because a repository can be large.

    | field | for |
    | --- | --- |
    | `command_s` | one command; where its output is read while it runs: each wait for more of it |
    | `fetch_s` | a fetch of the blobs that a partial clone lacks |
    """

    command_s: float = 600.0
    fetch_s: float = 3600.0


def too_slow(command: str, seconds: float) -> GitUnavailable:
    """The error for a git command that was ended at its deadline."""
    return GitUnavailable(
        f"git {command} was ended because it gave no answer for {seconds:.0f} s.",
        "Find out what it waits for, and run again: a file system that does not answer, a pipe or a lock in the "
        "repository's .git folder, or a remote that blobs are fetched from.",
    )


def command_of(arguments: Sequence[str]) -> str:
    """The name of the git command among the arguments of git."""
    words = iter(arguments)
    for word in words:
        if word in {"-c", "-C"}:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return arguments[0]
