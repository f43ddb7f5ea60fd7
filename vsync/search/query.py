"""The filters of a search, and which of its results are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vsync.documents.attributes import parse_attribute_value
from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.store.entries import Hit


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


def one_a_document(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """The best result of each document, at most `limit`. While a document is replaced, both its versions can be found."""
    best: dict[object, Hit] = {}
    for hit in hits:
        path, *whose = (hit.attributes.get(name) for name in ("path", "source", "target"))
        best.setdefault((path, *whose) if isinstance(path, str) else hit.file_id, hit)
    return list(best.values())[:limit]
