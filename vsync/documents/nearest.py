"""The path that a pattern or a folder's name may have meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import dropwhile, takewhile
from posixpath import commonprefix

from vsync.documents.filetypes import extension_of
from vsync.documents.gitignore import is_fixed, parts_of, unescaped

_CLOSE = 0.6
_MOST = 2_000
"""Names that are compared letter by letter. Each comparison takes some microseconds."""


class KnownPaths:
    """Paths that a pattern may have meant."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = sorted(paths)
        self._folders = folders_of(self._paths)

    def nearest_to(self, line: str) -> str | None:
        """The path that is most like what a pattern names; None where nothing is like it. A folder ends with a slash."""
        parts = tuple(dropwhile(lambda part: part == "**", parts_of(line).parts))
        fixed = tuple(map(unescaped, takewhile(is_fixed, parts)))
        where = "/".join(fixed)
        if not where or where in self._folders:
            return _of_like_extension(
                parts, (path for path in self._paths if not where or path.startswith(f"{where}/"))
            )
        means_folder = line.endswith("/") or len(fixed) < len(parts)
        found = nearest_path(where, self._folders if means_folder else self._folders.union(self._paths))
        return f"{found}/" if found in self._folders else found


def nearest_path(wanted: str, names: Iterable[str]) -> str | None:
    """The path that is most like the wanted one: the same in other letters, the same in another folder, or spelled alike."""
    every = sorted(names)
    small = wanted.casefold()
    for same in (str.__eq__, lambda name, end: name.endswith(f"/{end}")):
        for name in every:
            if same(name.casefold(), small):
                return name
    # Longer and shorter names cannot be alike. A misspelled path mostly begins right.
    near = [name for name in every if abs(len(name) - len(wanted)) <= len(wanted)]
    near.sort(key=lambda name: -len(commonprefix((name, wanted))))
    alike = get_close_matches(wanted, near[:_MOST], 1, _CLOSE)
    if alike:
        return alike[0]
    by_last = {_last(name): name for name in reversed(every)}
    last = get_close_matches(_last(wanted), sorted(by_last)[:_MOST], 1, _CLOSE)
    return by_last[last[0]] if last else None


def folders_of(paths: Iterable[str]) -> set[str]:
    """The folders that hold these paths, at any depth."""
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def _last(path: str) -> str:
    """The last name of a path, without its extension: many files have the same."""
    name = path.rpartition("/")[2]
    return name[: len(name) - len(extension_of(name))]


def _of_like_extension(parts: tuple[str, ...], paths: Iterable[str]) -> str | None:
    """The first path whose extension is spelled like the one that the pattern ends in."""
    wanted = extension_of(parts[-1]) if parts else ""
    if not wanted or wanted.strip(".*?") == "":
        return None
    by_extension: dict[str, str] = {}
    for path in paths:
        by_extension.setdefault(extension_of(path), path)
    alike = get_close_matches(wanted, filter(None, by_extension), 1, _CLOSE)
    return by_extension[alike[0]] if alike else None
