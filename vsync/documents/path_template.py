"""Templates in the attributes and the url of a config: `{directory}`, `https://docs.example.com/{path-without-extension}`. Pure.

| name | for `docs/api/start.md` |
| --- | --- |
| `{path}` | `docs/api/start.md` |
| `{path-without-extension}` | `docs/api/start` |
| `{directory}` | `docs/api` |
| `{name}`, `{stem}`, `{extension}` | `start.md`, `start`, `md` |
| `{1}`, `{2}`, … | `docs`, `api`, …: the parts of the path |
| `{folder-1}`, `{folder-2}`, … | `docs`, `api`: the parts of the directory |
| `{below-1}`, `{below-2}`, … | `api/start.md`, `start.md`: the path below its first folders |
| `{below-1-without-extension}`, … | `api/start` |
| `{page}` | `docs/api/start`; for `docs/api/index.md` (`_index`, `README`) it is `docs/api`, as sites name their pages |
| `{page-1}`, `{page-2}`, … | `api/start`, `start`: the same, below the first folders |
| `{title}` | the title of the document |
| `{commit}`, `{permalink}` | only in a url: the commit, and the file's page in the repository at that commit |

`{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote

from vsync.system.nearest import nearest

TITLE = "title"
OF_COMMIT = frozenset({"commit", "permalink"})
_OF_PATH = ("path", "path-without-extension", "directory", "name", "stem", "extension", "page")
_NAMES = (*_OF_PATH, TITLE)
_NUMBERED = re.compile(r"(?:page-|folder-)?[1-9][0-9]?|below-[1-9][0-9]?(?:-without-extension)?")
_INDEX = frozenset({"index", "_index", "readme"})
_SLASHES = re.compile(r"(?<!:)/{2,}")
_PARTS = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")

Values: TypeAlias = Mapping[str, str]
"""What stands for the names of a template. A name without a value has none for this document."""


def check_template(text: str, *, url: bool) -> str | None:
    """What is wrong with a template, as a sentence; None: it is right. `url`: it is the template of the url."""
    known = (*_NAMES, *sorted(OF_COMMIT)) if url else _NAMES
    for part in _PARTS.findall(text):
        if part in ("{{", "}}"):
            continue
        if part in ("{", "}"):
            return f"it has a single {part!r}: write {part * 2!r} for a brace"
        name = part[1:-1]
        if name not in known and not _NUMBERED.fullmatch(name):
            meant = nearest(name, known)
            listed = ", ".join(f"{{{one}}}" for one in known)
            hint = f"did you mean {{{meant}}}?" if meant else f"there are {listed}, {{1}}, {{below-1}}, {{page-1}}, …"
            only = " (only in url)" if name in OF_COMMIT else ""
            return f"{part} is no name of a template{only}: {hint}"
    return None


@lru_cache(maxsize=256)
def names_in(text: str) -> frozenset[str]:
    """The names that a template uses."""
    return frozenset(part[1:-1] for part in _PARTS.findall(text) if len(part) > 2)


@lru_cache(maxsize=256)
def _split(text: str) -> tuple[tuple[str, str], ...]:
    """The pieces of a template, each a text and the name behind it. An empty name: nothing is behind it."""
    pieces, before = [], ""
    for part in _PARTS.split(text):
        if part in ("{{", "}}"):
            before += part[0]
        elif len(part) > 2 and part[0] == "{" and part[-1] == "}":
            pieces.append((before, part[1:-1]))
            before = ""
        else:
            before += part
    return (*pieces, (before, ""))


def fill(text: str, values: Values, *, in_url: bool = False) -> str | None:
    """The template with its values; None: the document has no value for one of its names.

    In a url the values are percent-encoded, except those that are addresses themselves, and an empty value leaves no
    second slash.
    """
    filled = []
    for before, name in _split(text):
        filled.append(before)
        if name:
            value = values.get(name)
            if value is None:
                return None
            filled.append(quote(value, safe="/~") if in_url and name != "permalink" else value)
    text = "".join(filled)
    return _SLASHES.sub("/", text) if in_url else text


def values_of(path: str) -> dict[str, str]:
    """The values that a path alone gives. The directory of a file at the top is empty."""
    directory, _, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not (stem and dot):
        stem, extension = name, ""
    whole = f"{directory}/{stem}" if directory else stem
    page = directory if stem.lower() in _INDEX else whole
    values = {
        "path": path,
        "path-without-extension": whole,
        "directory": directory,
        "name": name,
        "stem": stem,
        "extension": extension,
        "page": page,
    }
    parts, pages, wholes = path.split("/"), page.split("/"), whole.split("/")
    for number, part in enumerate(parts, 1):
        values[str(number)] = part
        if number < len(parts):
            values[f"folder-{number}"] = part
            values[f"below-{number}"] = "/".join(parts[number:])
            values[f"below-{number}-without-extension"] = "/".join(wholes[number:])
            values[f"page-{number}"] = "/".join(pages[number:])
    return values
