"""One change of one document, as a record of any format says it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from vsync.records.exact import encode_exactly

Json: TypeAlias = Any
"""What `json.loads` gives, and `Exact` for numbers that a float would change."""

Code: TypeAlias = Literal[
    "not-json", "not-a-record", "no-key", "not-text", "too-large", "no-field", "bad-name", "cut", "skipped"
]
"""Why a record is bad. `cut`: the input ended inside its line. `skipped`: it is not bad, and no change of a document."""


@dataclass(slots=True)
class Change:
    """One change of one document. It is not frozen: a run makes one for each record, and a frozen one costs more.

    | field | what it holds |
    | --- | --- |
    | line | the number of the record's line in the input, from 1 |
    | raw | the line as it was, without its newline |
    | position, key | as the record has them: acknowledgements repeat them |
    | order | the position as a text that `order.is_older` compares; empty: it cannot be compared |
    | path | the identity of the document: its key as text, after its collection |
    | key_value | the key, decoded: text, or structured |
    | content | the document, decoded: text, structured, or bytes that are no text; None for a delete |
    | collection | empty: the record names none |
    """

    line: int
    raw: bytes
    position: Json
    order: str
    key: Json
    path: str
    key_value: Json
    deletes: bool
    content: Json | bytes
    collection: str
    metadata: Mapping[str, Json]


class Partial(dict[str, Json]):
    """A structured document of which the record leaves fields out that the database has."""

    def __init__(self, fields: Mapping[str, Json], lacks: Iterable[str]) -> None:
        super().__init__(fields)
        self.lacks = tuple(lacks)


class BadRecord(Exception):
    """A record that cannot be applied, and never will be. `reason` is a sentence for the user."""

    def __init__(self, code: Code, reason: str, position: Json = None, key: Json = None) -> None:
        super().__init__(reason)
        self.code: Code = code
        self.reason = reason
        self.position = position
        self.key = key


_OPTIONS: Mapping[str, Any] = {
    "ensure_ascii": False,
    "sort_keys": True,
    "separators": (",", ":"),
    "check_circular": False,
    "allow_nan": False,
}
_encode = json.JSONEncoder(**_OPTIONS).encode


def compact(value: Json) -> str:
    """JSON without spaces, its members sorted by name: equal values give equal texts.

    Raises ValueError for a number that JSON cannot hold, and RecursionError for a value that is nested too deep.
    """
    if type(value) is dict and len(value) == 1:
        [(name, number)] = value.items()
        if type(number) is int and name.isidentifier():  # most keys are like this, and this is faster
            return f'{{"{name}":{number}}}'
    try:
        return _encode(value)
    except TypeError:  # it has exact numbers
        return encode_exactly(value, **_OPTIONS)
