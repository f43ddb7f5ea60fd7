"""What counts as documentation, and what is left out of it although it looks like it. Pure.

These rules hold where `types` is `documentation`. An include rule that names a folder or file takes it back in.
"""

from __future__ import annotations

import re
from typing import Literal

from vsync.documents.filetypes import DOCUMENTATION_EXTENSIONS, extension_of

FOLDERS = frozenset("node_modules vendor third_party dist build _build fixtures testdata".split())
"""Folders of other people's files, of results and of test data, at any depth."""

_NAMES = frozenset({"readme"})
"""Documentation without an extension."""

_ALMOST = frozenset(".rmd .tex .textile .wiki .mediawiki".split())
_ALMOST_NAMES = frozenset("changelog changes contributing maintainers news security todo".split())

_NO_PROSE = re.compile(
    r"""
    requirements.*\.txt | .*[-_.]requirements\.txt | (?:.*/)?requirements/[^/]*\.txt   # lists of packages, for pip
    | (?:.*[-_.])?constraints\.txt
    | cmakelists\.txt | robots\.txt
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LICENCE = re.compile(
    r"""
    (?:[A-Z0-9.]+[-_.])?(?:LICEN[CS]ES?|COPYING|UNLICENSE)(?:[-_.\ ].*)?
    | (?:THIRD[-_.]?PARTY[-_.]?)?NOTICES?(?:[-_.\ ].*)?
    | (?i:licen[cs]e|copying|unlicense|third[-_.]?party[-_.]?notices?)(?:\.[a-zA-Z]+)?
    """,
    re.VERBOSE,
)
"""In capitals, with whatever follows: `LICENSE-MIT.txt`. In small letters only the name itself: `license-keys.md` is a page."""

_DOCS_FOLDERS = frozenset("docs doc documentation guide guides manual wiki".split())

NoProse = Literal["a list of packages or a file for machines", "a licence"]


def is_documentation(path: str) -> bool:
    """Whether a file of that name is documentation by its kind."""
    extension = extension_of(path)
    return extension in DOCUMENTATION_EXTENSIONS if extension else path.rpartition("/")[2].lower() in _NAMES


def looks_like_documentation(path: str) -> bool:
    """Whether a file that is no documentation by its kind may well be meant to be."""
    extension = extension_of(path)
    return extension in _ALMOST if extension else path.rpartition("/")[2].lower() in _ALMOST_NAMES


def no_prose(path: str) -> NoProse | None:
    """Why the file of that name is not prose although its kind is text; None when it is."""
    folder, _, name = path.rpartition("/")
    nearest = f"{folder.rpartition('/')[2]}/{name}"
    if _NO_PROSE.fullmatch(name) or _NO_PROSE.fullmatch(nearest):
        return "a list of packages or a file for machines"
    return "a licence" if _LICENCE.fullmatch(name) else None


def is_left_out(folder: str) -> bool:
    """Whether documentation below a folder of that name is left out."""
    return folder in FOLDERS or folder.startswith(".")


def is_docs_folder(name: str) -> bool:
    """Whether a folder of that name usually holds documentation."""
    return name.lower() in _DOCS_FOLDERS
