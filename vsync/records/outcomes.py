"""What became of each record, and how it is acknowledged. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any, Literal

from vsync.records.exact import encode_exactly
from vsync.records.json_line import json_line
from vsync.records.splitter import Line

Outcome = Literal[
    "uploaded",
    "replaced",
    "retagged",
    "deleted",
    "unchanged",
    "absent",
    "superseded",
    "older",
    "skipped",
    "dead",
    "failed",
]
"""
| outcome | meaning |
| --- | --- |
| `uploaded` | the key has a document now |
| `replaced` | the document has a new version |
| `retagged` | the document has new attributes |
| `deleted` | the key has no document any more |
| `unchanged` | the store had this document already |
| `absent` | a delete of a key that has no document |
| `superseded` | a later record of the key in the same batch was applied instead |
| `older` | a newer record of the key was applied before |
| `skipped` | the line is no change of a document, such as a heartbeat |
| `dead` | the record itself is bad |
| `failed` | the record is good, and its document could not be stored or deleted |
"""

SKIPPED = "skipped"
"""The code of a line that is no change of a document."""

BAD = frozenset({"dead", "failed"})

APPLIED: tuple[Outcome, ...] = ("uploaded", "replaced", "retagged")
STORED = frozenset(APPLIED)
"""After these the store has something that it had not before."""


@dataclass(slots=True)
class Item:
    """One record on its way. `outcome` None: nothing has become of it yet.

    `raw` is the line as it was, or its beginning where it is too long to be read `whole`. `final`: the same document would
    be refused again. `at` is the line of the input that has the record.
    """

    line: int
    raw: bytes
    position: Any = None
    key: Any = None
    outcome: Outcome | None = None
    file_id: str = ""
    code: str = ""
    reason: str = ""
    final: bool = False
    whole: bool = True
    at: Line | None = field(default=None, compare=False, repr=False)

    def be_bad(self, code: str, reason: str) -> None:
        """The record itself cannot be applied: it is bad, or says nothing of a document."""
        if code == SKIPPED:
            self.outcome = "skipped"
        else:
            self.fail("dead", code, reason)

    def fail(self, outcome: Outcome, code: str, reason: str, *, final: bool = False) -> None:
        self.outcome, self.code, self.reason, self.final = outcome, code, reason, final


_OPTIONS: Mapping[str, Any] = {"ensure_ascii": True, "check_circular": False, "allow_nan": False}
_as_json = json.JSONEncoder(**_OPTIONS).encode


def _encode(value: Any) -> str:
    try:
        try:
            return _as_json(value)
        except TypeError:  # it has exact numbers
            return encode_exactly(value, **_OPTIONS)
    except (ValueError, RecursionError):  # a number that is too large for JSON, or a value that is nested too deep
        return _as_json(json.loads(json_line({"": value}))[""])


def ack_line(item: Item) -> str:
    """The acknowledgement of a record, as one line of JSON. All in it is ASCII, so that no terminal obeys a key."""
    position, key = item.position, item.key
    shown = encode_basestring_ascii(position) if type(position) is str else _encode(position)
    named = encode_basestring_ascii(key) if type(key) is str else _encode(key)
    file_id = encode_basestring_ascii(item.file_id) if item.file_id else "null"
    line = (
        f'{{"line": {item.line}, "position": {shown}, "key": {named}, "file_id": {file_id}, "outcome": "{item.outcome}"'
    )
    if item.code:
        line += f', "code": {_encode(item.code)}, "reason": {_encode(item.reason)}'
    return line + "}"


class Hopeless:
    """Tells when a stream is hopeless.

    | what went wrong | then |
    | --- | --- |
    | 10 documents failed, not for their content, and none was stored between them | the store takes nothing at present |
    | the first 1,000 records are all bad, or refused for good | the stream is not what it should be: a wrong format, a wrong key |

    Bad records behind a good one end no stream, however many they are: the stream would end there in every run.
    """

    MOST_FAILED = 10
    MOST_BAD = 1_000

    def __init__(self) -> None:
        self.failed = 0
        self.bad = 0
        self._good = False

    @property
    def takes_nothing(self) -> bool:
        """Whether the store is the reason."""
        return self.failed >= self.MOST_FAILED

    def saw(self, item: Item) -> bool:
        """Counts what became of a record. True: the stream is hopeless."""
        if item.outcome in BAD:
            if item.outcome == "failed" and not item.final:
                self.failed += 1
            else:
                self.bad += 1
        elif item.outcome not in {"superseded", "older", "skipped"}:
            self._good = True
            if item.outcome in STORED:  # the others show nothing of what the store takes
                self.failed = 0
        return self.takes_nothing or (self.bad >= self.MOST_BAD and not self._good)
