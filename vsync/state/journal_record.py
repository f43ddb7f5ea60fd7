"""What a journal says, as a value, and its JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """An upload that was sent and never answered. It may have made a File.

    `since` and `until` are times of the server (seconds since the epoch, from the `Date` of its answers): of the last
    answer before the request, and of the first answer after it failed. None: no such answer had a `Date`.
    """

    filename: str
    bytes: int
    since: int | None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a journal says.

    | field | meaning |
    | --- | --- |
    | `runs` | the runs whose uploads are all in this record |
    | `uploaded` | ids of Files that these runs made |
    | `attempts` | uploads that were never answered |
    """

    runs: tuple[str, ...] = ()
    uploaded: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    def __add__(self, other: Record) -> Record:
        return Record((*self.runs, *other.runs), (*self.uploaded, *other.uploaded), (*self.attempts, *other.attempts))


def dump_journal(record: Record, sign: Callable[[bytes], str] = lambda content: "") -> bytes:
    """The record as bytes. `sign` gives the signature of the record's content; empty: there is none."""
    data: dict[str, object] = {
        "version": _VERSION,
        "runs": list(record.runs),
        "uploaded": list(record.uploaded),
        "attempts": [[item.filename, item.bytes, item.since, item.until] for item in record.attempts],
    }
    if signature := sign(_content(data)):
        data["signature"] = signature
    return (json.dumps(data) + "\n").encode()


def is_signed(content: bytes, has_signed: Callable[[bytes, str], bool]) -> bool:
    """Whether the bytes of a journal hold a signature that fits."""
    try:
        data = json.loads(content)
        signature = data.pop("signature")
        return isinstance(signature, str) and has_signed(_content(data), signature)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _content(data: Mapping[str, object]) -> bytes:
    return json.dumps(data, sort_keys=True).encode()


def parse_journal(content: bytes) -> Record | None:
    """The record in these bytes; None when they are not a journal."""
    try:
        data = json.loads(content)
        if data["version"] != _VERSION:
            return None
        return Record(
            tuple(map(_text, data["runs"])),
            tuple(map(_text, data["uploaded"])),
            tuple(
                Attempt(_text(filename), _whole(size), _time(since), _time(until))
                for filename, size, since, until in data["attempts"]
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    value.encode()  # a lone surrogate parses, but cannot be written into a manifest
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value


def _time(value: object) -> int | None:
    return None if value is None else _whole(value)
