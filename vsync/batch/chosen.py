"""Which request files a command is about: paths and patterns on the command line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from vsync.errors import ConfigurationError
from vsync.system.nearest import nearest


class NoRequestFile(ConfigurationError):
    """A word that means no request file."""

    def __init__(self, word: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.word = word


def chooser(words: Sequence[str], folder: str) -> Callable[[str], bool]:
    """Whether a request file is meant. Words are paths or patterns, relative to the repository or to the source folder."""
    if not words:
        return lambda path: True
    wanted = [word.removeprefix("./") for word in words]
    wanted += [f"{folder}/{word}" for word in wanted]

    def chosen(path: str) -> bool:
        return any(
            path == word or path.startswith(f"{word.rstrip('/')}/") or fnmatchcase(path, word) for word in wanted
        )

    return chosen


def check_words(words: Sequence[str], paths: Iterable[str], folder: str) -> None:
    """Raises NoRequestFile for a word that means none."""
    known = sorted(paths)
    for word in words:
        chosen = chooser([word], folder)
        if any(map(chosen, known)):
            continue
        meant = nearest(word, [*known, *(path.removeprefix(f"{folder}/") for path in known)])
        raise NoRequestFile(
            word,
            f"{word!r} is no request file of {folder}.",
            f"Did you mean {meant!r}?"
            if meant
            else "Give a path or a pattern of `.jsonl` files below the source folder.",
        )
