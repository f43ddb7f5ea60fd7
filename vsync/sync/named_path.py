"""From what a person types as a path to a file of the source."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, TreeEntry, decodable, show_path
from vsync.system.nearest import nearest

_TELLING = 4
"""Characters of a part of a name that say which name is meant."""


class NamedPath(NamedTuple):
    """A path as the manifest names it. `entry` is what the source holds there; None: no such file.

    `submodule` is the submodule that the path lies in.
    """

    path: str
    entry: TreeEntry | None = None
    submodule: str = ""


def find_path(given: str, root: Path, entries: Iterable[TreeEntry], recorded: Collection[str], where: str) -> NamedPath:
    """The file that is meant: as seen from the current folder, or else from the top folder of the source.

    It is a file of the source, a path that the manifest records, or a file that only lies in the folder. `where` is how
    messages call the source. Raises ConfigurationError when there is no such file.
    """
    if not given:
        raise ConfigurationError("The path is empty.", "Give the path of a file, or leave the path out.")
    places = [os.fsencode(place) for place in _places(given, root)]
    if not places:
        raise ConfigurationError(f"{_shown(given)} is not inside of {root}.", "Give the path of a file in it.")
    there = {entry.path: entry for entry in entries}
    # vsync shows a name that is not UTF-8 with escapes, and so it may be typed.
    escaped = {show_path(path).encode(): path for path in there if not decodable(path)}
    for place in places:
        entry = there.get(place) or there.get(escaped.get(place, b""))
        if entry is not None:
            return NamedPath(show_path(entry.path), entry)
        if show_path(place) in recorded:
            return NamedPath(show_path(place))
    for place in places:
        if (submodule := _submodule_above(place, there)) is not None:
            return NamedPath(show_path(place), submodule=show_path(submodule))
    for place in places:
        if not place or _is_folder(place, there) or _lies_there(root, place, folder=True):
            raise ConfigurationError(f"{_shown(given)} is a folder.", "Give the path of one file.")
    for place in places:
        if _lies_there(root, place):
            return NamedPath(show_path(place))
    near = _nearest(places, [*map(show_path, there), *recorded])
    raise ConfigurationError(
        f"There is no file {_shown(given)} in {where}, and none in the store.",
        f"The nearest path is '{near}'."
        if near
        else "Paths count from the current folder, or from the top of the source.",
    )


def _places(given: str, root: Path) -> list[str]:
    """The places below the root that a text can mean, the likeliest first. Two ways lead over links and `..`."""
    found: list[str] = []
    typed = Path(given)
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted the current folder
        typed = Path.cwd() / given
    if typed.is_absolute():
        real = typed if typed.name in {"", ".."} else Path(os.path.realpath(typed.parent), typed.name)
        found += [os.path.relpath(place, root) for place in (os.path.normpath(typed), real)]
    if not Path(given).is_absolute():
        found.append(os.path.normpath(given))
    inside = [place for place in found if place != ".." and not place.startswith("../")]
    return list(dict.fromkeys("" if place == "." else place for place in inside))


def _submodule_above(place: bytes, there: Mapping[bytes, TreeEntry]) -> bytes | None:
    parts = place.split(b"/")
    above = (b"/".join(parts[:depth]) for depth in range(1, len(parts)))
    return next((path for path in above if path in there and there[path].mode == SUBMODULE), None)


def _is_folder(place: bytes, there: Iterable[bytes]) -> bool:
    return any(path.startswith(place + b"/") for path in there)


def _lies_there(root: Path, place: bytes, *, folder: bool = False) -> bool:
    try:
        found = (root / os.fsdecode(place)).lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(found.st_mode) or not folder


def _nearest(places: Iterable[bytes], known: Collection[str]) -> str | None:
    """The known path that is most like one of the places: first of those with the same last name, or with a part of it."""
    last_names = {path: path.rpartition("/")[2].casefold() for path in sorted(known)}
    for place in map(show_path, places):
        name = place.rpartition("/")[2].casefold()
        same = [path for path, last in last_names.items() if last == name]
        if len(name) >= _TELLING and not same:
            same = [path for path, last in last_names.items() if name in last]
        if same:
            return nearest(place, same) or same[0]
    found = filter(None, (nearest(show_path(place), known) for place in places))
    # Paths of one folder are alike anyway: their last names must be alike as well.
    return next((path for path in found if any(_alike(path, show_path(place)) for place in places)), None)


def _alike(one: str, other: str) -> bool:
    return nearest(one.rpartition("/")[2], [other.rpartition("/")[2]]) is not None


def _shown(given: str) -> str:
    return f"'{show_path(os.fsencode(given))}'"
