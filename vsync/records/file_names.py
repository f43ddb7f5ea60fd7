"""The name under which a document is uploaded. Pure."""

from __future__ import annotations

import hashlib
import re

from vsync.documents.filetypes import BY_EXTENSION, extension_of
from vsync.records.change import Json
from vsync.records.parsing import parse_json
from vsync.records.spelling import as_json, bare, spelled

LONGEST = 200

_HOSTILE = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line breaks, what turns the direction of writing, and halves of surrogate pairs."""


def name_of_key(key: Json) -> str:
    """A decoded key as a name: its text, or its values with hyphens between them."""
    if type(key) is str and not key.startswith("{"):
        return key
    try:
        return "-".join(_values(key))
    except RecursionError:
        return as_json(key)


def _values(key: Json) -> list[str]:
    if isinstance(key, str) and key.startswith("{"):  # JSON in a text, such as the ids of MongoDB
        try:
            key = parse_json(key)
        except ValueError:
            return [key]
    key = bare(key)
    if isinstance(key, dict):
        return [text for value in key.values() for text in _values(value)]
    if isinstance(key, list):
        return [text for value in key for text in _values(value)]
    return [spelled(key)]


def file_name(name: str, ending: str) -> str:
    """The name, made harmless and not too long, with an ending by which the store knows text of that kind.

    `ending` is added unless the name has one that will do: the same for JSON, any of a text for text.
    """
    if not name.isprintable():
        name = _HOSTILE.sub("_", name)
    kept = ending_of(name, ending) if "." in name else ""
    stem = name[: len(name) - len(kept)] if kept else name
    kept = kept.lower() or ending
    if len(stem) + len(kept) > LONGEST or not stem.rpartition("/")[2].strip(" ._"):
        stem = _shortened(stem, LONGEST - len(kept))
    return stem + kept


def ending_of(name: str, ending: str) -> str:
    """The ending of the name that may stay, or nothing."""
    if name.endswith(ending) and len(name) > len(ending):
        return ending
    extension = extension_of(name)
    if not extension:
        return ""
    if ending == ".json":
        return name[-len(extension) :] if extension == ending else ""
    kind = BY_EXTENSION.get(extension)
    return (
        name[-len(extension) :] if kind is not None and kind.text and not kind.suffix and extension != ".json" else ""
    )


def _shortened(stem: str, most: int) -> str:
    digest = hashlib.sha256(stem.encode(errors="surrogatepass")).hexdigest()[:8]
    if not stem.strip(" ._/"):
        return digest
    return f"{stem[: most - len(digest) - 1].rstrip()}…{digest}"
