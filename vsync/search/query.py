"""The filters of a search, and how its results look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vsync.documents.attributes import parse_attribute_value
from vsync.errors import ConfigurationError
from vsync.system.redaction import printable

if TYPE_CHECKING:
    from vsync.store.entries import Hit

_SNIPPET = 300


def search_filters(pairs: Sequence[str]) -> Mapping[str, Any] | None:
    """The API's filter for `k=v` pairs, all of which must hold. Pure."""
    filters: list[Mapping[str, Any]] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"The filter {pair!r} has no value.", "Write it as name=value.")
        filters.append({"type": "eq", "key": key.strip(), "value": parse_attribute_value(value.strip())})
    if not filters:
        return None
    return filters[0] if len(filters) == 1 else {"type": "and", "filters": filters}


def hit_data(hit: Hit) -> dict[str, Any]:
    return {
        "path": hit.attributes.get("path"),
        "filename": hit.filename,
        "file_id": hit.file_id,
        "score": hit.score,
        "attributes": dict(hit.attributes),
        "text": hit.text,
    }


def hit_lines(hits: Sequence[Hit]) -> list[str]:
    """The results for people: path, score, and the beginning of the text."""
    if not hits:
        return ["No results."]
    lines = []
    for number, hit in enumerate(hits, 1):
        name = str(hit.attributes.get("path") or hit.filename)
        text = " ".join(hit.text.split())
        lines.append(f"{number}. {printable(name)}  ({hit.score:.2f})")
        lines.append(f"   {printable(text[:_SNIPPET])}{'…' if len(text) > _SNIPPET else ''}")
    return lines
