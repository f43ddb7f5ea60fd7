"""Gitignore patterns that name a file or a folder of a repository, whatever its name is. Pure."""

from __future__ import annotations

import re

from vsync.documents.pattern_mistakes import mistake

_SPECIAL = re.compile(r"[^\w.@+~=% -]|^ | $")


def pattern_of_folder(folder: str) -> str | None:
    """The pattern of all that is below a folder. None: no pattern names it."""
    return _pattern(f"{folder}/")


def pattern_of_file(path: str) -> str | None:
    return _pattern(path)


def pattern_of_folders(above: str, name: str) -> str | None:
    """The pattern of the folders of one name in all folders of another one: `/packages/*/docs/`."""
    first, second = _pattern(f"{above}/") if above else "/", _pattern(f"{name}/")
    return f"{first}*{second}" if first is not None and second is not None else None


def _pattern(path: str) -> str | None:
    """A character that could mean something in a pattern is a `?`: escaped, it would be hard to read and easy to break."""
    pattern = "/" + "/".join(_SPECIAL.sub("?", part) for part in path.split("/"))
    return None if mistake(pattern) is not None else pattern
