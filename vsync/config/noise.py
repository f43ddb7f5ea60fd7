"""Folders among the documentation that a search is better off without: translations, earlier versions, archives. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from vsync.config.docs_folders import DEEPEST
from vsync.config.folder_pattern import pattern_of_folder
from vsync.config.trial_folders import is_trial_folder


class Noise(NamedTuple):
    """A folder that may be left out. `sure`: hardly anybody wants it in a search."""

    folder: str
    pattern: str
    documents: int
    why: str
    sure: bool


_SURE: Mapping[str, str] = {
    **dict.fromkeys("archive archived archives attic deprecated obsolete".split(), "old documents"),
    **dict.fromkeys("versioned_docs".split(), "earlier versions of the documentation"),
    **dict.fromkeys("newsfragments changelog.d changes.d".split(), "pieces of a changelog"),
    **dict.fromkeys(
        "_autosummary autosummary autoapi javadoc apidoc apidocs typedoc doxygen jsdoc _generated".split(),
        "a reference that a program makes from code",
    ),
}
_PERHAPS: Mapping[str, str] = {
    **dict.fromkeys("old legacy".split(), "old documents, by the name"),
    **dict.fromkeys(
        "changelog changelogs changes release-notes release_notes releases whatsnew news".split(),
        "a history of changes",
    ),
    **dict.fromkeys("draft drafts _drafts".split(), "drafts"),
    **dict.fromkeys("includes _includes partials _partials snippets".split(), "pieces of other pages"),
}
_TRIAL = "tests or examples"
_EARLIER = "an earlier version of the documentation"
_TRANSLATED = "a translation"
_FEWEST = 3
"""Fewer documents are not worth a comment."""

_LANGUAGES = frozenset(
    (
        "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk "
        "km kn ko ku ky lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te tg th "
        "tl tr uk ur uz vi zh"
    ).split()
)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_](?:[a-z]{2}|[a-z]{4}|419)(?:[-_][a-z]{2})?)?")
_SUFFIX = re.compile(r"(.+)[.]([a-z]{2,3}(?:[-_][a-z0-9]{2,4})?)")
_TRANSLATIONS = frozenset("i18n l10n translations translated localized".split())
_VERSION = re.compile(r"(?:version[-_])?v?([0-9]{1,4})((?:\.(?:[0-9]{1,4}|x))*)", re.IGNORECASE)


def noise_in(documents: Collection[str]) -> tuple[Noise, ...]:
    """The folders that may be left out, in order. None lies in another one."""
    tree = _Tree(documents)
    found: list[Noise] = []
    left = [""]
    while left:
        folder = left.pop()
        said = tree.noise_below(folder)
        for inner in tree.inside(folder):
            why = said.get(inner)
            if why is None:
                left.append(inner)
            elif (why[1] or tree.size[inner] >= _FEWEST) and (pattern := pattern_of_folder(inner)) is not None:
                found.append(Noise(inner, pattern, tree.size[inner], *why))
    return tuple(sorted(found))


class _Tree:
    """The folders of documents, with how many are below each."""

    def __init__(self, documents: Collection[str]) -> None:
        self._paths = frozenset(documents)
        self._ordered = sorted(self._paths)
        self.size: Counter[str] = Counter()
        self._inside: dict[str, set[str]] = {}
        for path in documents:
            parts = path.split("/")[:-1][:DEEPEST]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth])
                self.size[folder] += 1
                self._inside.setdefault("/".join(parts[: depth - 1]), set()).add(folder)

    def inside(self, folder: str) -> list[str]:
        return sorted(self._inside.get(folder, ()))

    def noise_below(self, folder: str) -> dict[str, tuple[str, bool]]:
        """What is noise among the folders of a folder: why, and whether that is sure."""
        inside = {inner: inner.rpartition("/")[2].lower() for inner in self.inside(folder)}
        found: dict[str, tuple[str, bool]] = {}
        for inner, name in inside.items():
            if name in _SURE:
                found[inner] = (_SURE[name], True)
            elif name in _TRANSLATIONS and self._holds_languages(inner):
                found[inner] = ("translations", True)
            elif name in _PERHAPS:
                found[inner] = (_PERHAPS[name], False)
            elif is_trial_folder(name):
                found[inner] = (_TRIAL, False)
        return {**self._translations(folder, inside), **_suffixed(inside), **_earlier(inside), **found}

    def _holds_languages(self, folder: str) -> bool:
        return any(map(_is_language, (inner.rpartition("/")[2] for inner in self.inside(folder))))

    def _translations(self, folder: str, inside: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
        """The translations among folders: those of other languages than the one in which the documents are written.

        One folder alone, named like a language, may be something else. It is a translation if it repeats paths beside it.
        """
        languages = {inner: name for inner, name in inside.items() if _is_language(name)}
        english = [inner for inner, name in languages.items() if _language(name) == "en"]
        if not english and not any(self._repeats(inner, folder) for inner in languages):
            return {}
        return {
            inner: (_TRANSLATED, True)
            for inner in languages
            if inner not in english and (len(languages) > 1 or self._repeats(inner, folder))
        }

    def _repeats(self, translated: str, folder: str) -> bool:
        """Whether half of the paths below a folder are there without the folder's name as well."""
        start = bisect_left(self._ordered, f"{translated}/")
        inside = self._ordered[start : start + self.size[translated]]
        above = f"{folder}/" if folder else ""
        return 2 * sum(f"{above}{path[len(translated) + 1 :]}" in self._paths for path in inside) >= len(inside)


def _language(name: str) -> str:
    found = _LANGUAGE.fullmatch(name)
    return found[1] if found is not None and found[1] in _LANGUAGES else ""


def _is_language(name: str) -> bool:
    return bool(_language(name.lower()))


def _suffixed(inside: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """Folders whose names are the name of another one with a language behind it: `pages.zh` beside `pages`."""
    names = set(inside.values())
    split = {inner: _SUFFIX.fullmatch(name) for inner, name in inside.items()}
    found = {inner for inner, parts in split.items() if parts and parts[1] in names and _is_language(parts[2])}
    return {inner: (_TRANSLATED, True) for inner in found if len(found) > 1}


def _earlier(inside: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """The folders of earlier versions, beside the folder of the newest."""
    versions = {inner: found for inner, name in inside.items() if (found := _VERSION.fullmatch(name)) is not None}
    names = [inside[inner] for inner in versions]
    if len(names) < 2 or all(
        name.isdecimal() for name in names
    ):  # plain numbers may be months, chapters or numbers of pages
        return {}
    newest = max(versions, key=lambda inner: _order(versions[inner]))
    return {inner: (_EARLIER, False) for inner in versions if inner != newest}


def _order(version: re.Match[str]) -> tuple[float, ...]:
    rest = [part for part in version[2].lower().split(".") if part]
    return (float(version[1]), *(float("inf") if part == "x" else float(part) for part in rest))
