"""Where in a repository the documentation stands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from vsync.config.folder_pattern import pattern_of_file, pattern_of_folder, pattern_of_folders
from vsync.config.trial_folders import is_for_trial
from vsync.documents.defaults import is_docs_folder

_CLEAR = 0.5
"""Of the documents that are no data of tests, so many must stand in the folders. Else no folder is chosen."""
_PAGES = 5
"""With so many pages, the folder of a site is chosen in any case."""
_MANY_IN_ONE = 10
DEEPEST = 20
"""Folders below so many others are not looked at one by one: a path may have thousands of parts."""
_ALIKE = 3
"""Of so many folders of one name side by side, one pattern names all."""


class Folder(NamedTuple):
    """A pattern of one folder, or of several of one name, with how many documents it names."""

    pattern: str
    documents: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where documents stand.

    | field | meaning |
    | --- | --- |
    | `chosen` | folders that hold the documentation, the largest first; none: it is not clear which do |
    | `files` | patterns of files at the top that belong to it: the README |
    | `left` | other folders with documents, the largest first |
    | `left_files` | patterns of other documents at the top |
    | `paths` | the documents that all of this chooses |
    | `folders` | the paths of the chosen folders |
    """

    chosen: tuple[Folder, ...]
    files: tuple[str, ...]
    left: tuple[Folder, ...]
    left_files: tuple[str, ...]
    paths: tuple[str, ...]
    folders: frozenset[str] = frozenset()


def places_of(documents: Collection[str], site_content: str | None, given: Collection[str] | None = None) -> Places:
    """Where the documents stand.

    `site_content`: the folder of a site's pages; None: there is no site. `given`: the folders that a person has chosen, none of
    them: all documents; None: nobody has chosen.
    """
    at_top = [path for path in documents if "/" not in path]
    real = [path for path in documents if "/" in path and not is_for_trial(path)]
    folders = _folders(real, site_content) if given is None else frozenset(given)
    inside = {path: folder for path in documents if (folder := folder_above(path, folders)) is not None}
    pages = sum(path.startswith(f"{site_content}/") for path in inside) if site_content else 0
    clear = sum(path in inside for path in real) >= len(real) * _CLEAR or pages >= _PAGES or given is not None
    if not inside or not clear:
        return Places((), (), _elsewhere(documents), (), tuple(documents))
    readme = [path for path in at_top if path.lower().partition(".")[0] == "readme"]
    return Places(
        _grouped(Counter(inside.values())),
        _files(readme),
        _elsewhere(path for path in documents if path not in inside),
        _files(path for path in at_top if path not in readme),
        tuple(path for path in documents if path in inside or path in readme),
        frozenset(inside.values()),
    )


def _folders(real: Collection[str], site_content: str | None) -> frozenset[str]:
    """The folders of documentation: those that are named so, or the one folder at the top that holds most documents."""
    found = frozenset(folder for path in real if (folder := _docs_folder(path, site_content)) is not None)
    if found:
        return found
    tops = Counter(path.partition("/")[0] for path in real)
    return frozenset(top for top, number in tops.items() if number >= max(_MANY_IN_ONE, len(real) * _CLEAR))


def folder_above(path: str, folders: Container[str]) -> str | None:
    """The one of the folders that holds the path, and is the nearest to the top."""
    parts = path.split("/")[:-1][:DEEPEST]
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return next((folder for folder in above if folder in folders), None)


def _docs_folder(path: str, site_content: str | None) -> str | None:
    """The folder of documentation that holds the path: the one nearest to the top."""
    parts = path.split("/")[:-1][:DEEPEST]
    for depth, name in enumerate(parts, 1):
        folder = "/".join(parts[:depth])
        if is_docs_folder(name) or (site_content and folder == site_content):
            return folder
    return None


def _grouped(documents: Counter[str]) -> tuple[Folder, ...]:
    """The folders with their documents. Many of one name side by side (`packages/a/docs`, `packages/b/docs`) are one pattern."""
    alike = Counter(map(_shape, documents))
    found: Counter[str] = Counter()
    for folder, number in documents.items():
        shape = _shape(folder)
        pattern = None
        if shape is not None and alike[shape] >= _ALIKE:
            pattern = pattern_of_folders(*shape)
        pattern = pattern or pattern_of_folder(folder)
        if pattern is not None:
            found[pattern] += number
    return _ordered(found)


def _shape(folder: str) -> tuple[str, str] | None:
    """What folders have in common that stand side by side: the folder above their projects, and their name."""
    parts = folder.split("/")
    return ("/".join(parts[:-2]), parts[-1]) if len(parts) > 1 else None


def _elsewhere(documents: Iterable[str]) -> tuple[Folder, ...]:
    tops = Counter(path.partition("/")[0] for path in documents if "/" in path)
    return _ordered(Counter({pattern: number for top, number in tops.items() if (pattern := pattern_of_folder(top))}))


def _ordered(found: Counter[str]) -> tuple[Folder, ...]:
    return tuple(Folder(*one) for one in sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _files(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(pattern for path in sorted(paths) if (pattern := pattern_of_file(path)) is not None)
