"""The filters of a search, and which of its results are shown. Pure."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vsync.documents.attributes import AttributeValue, parse_attribute_value
from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.store.entries import Hit


_COMPARISONS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_WAYS = {"eq": "or", "ne": "and"}
"""How an attribute is compared with a date that may be a text or a number."""
_PAIR = re.compile(r"([^=<>!]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def search_filters(pairs: Sequence[str]) -> Mapping[str, Any] | None:
    """The API's filter for pairs such as `k=v` and `k>=5`, all of which must hold. Pure.

    A value in double quotes is a text, whatever it looks like. A date is its seconds since 1970, as dates of front matter are;
    where it is not compared by size it may be a text as well.
    """
    filters = []
    for pair in pairs:
        found = _PAIR.fullmatch(pair.strip())
        if found is None or not found[1].strip() or (found[2][0] in "<>" and not found[3].strip()):
            raise ConfigurationError(
                f"The filter {pair!r} has no value.",
                "Write it as name=value, or compare numbers and dates: name>=5, name<2024-05-01.",
            )
        key, comparison, value = found[1].strip(), found[2], found[3].strip()
        filters.append(_comparison(key, comparison, value))
    return _all_of(filters)


def _comparison(key: str, comparison: str, text: str) -> Mapping[str, Any]:
    kind, seconds = _COMPARISONS[comparison], _seconds(text)
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return {"type": kind, "key": key, "value": text[1:-1]}
    if seconds is None:
        return {"type": kind, "key": key, "value": parse_attribute_value(text)}
    if kind not in _WAYS:
        return {"type": kind, "key": key, "value": seconds}
    return {"type": _WAYS[kind], "filters": [{"type": kind, "key": key, "value": value} for value in (text, seconds)]}


def _seconds(text: str) -> int | None:
    """The seconds since 1970 until a date; None: it is none."""
    if _DATE.fullmatch(text):
        with contextlib.suppress(ValueError):
            return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp())
    return None


def attribute_filter(wanted: Iterable[tuple[str, AttributeValue]]) -> Mapping[str, Any] | None:
    """The API's filter for documents that have all these attributes. None: there is nothing to filter by. Pure."""
    return _all_of([{"type": "eq", "key": key, "value": value} for key, value in wanted])


def _all_of(filters: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
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
