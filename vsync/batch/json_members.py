"""Reads the members of a JSON object from its bytes. The whole JSON is checked, and only the wanted members are kept. Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from vsync.batch.request_faults import Fault
from vsync.batch.request_lines import LineBytes

_PIECE_BYTES = 64 * 1024
_MOST_NAMES = 1_000
_AT = re.compile(r" \(byte (\d+)\)\Z")
_NOT_A_NUMBER = re.compile(rb"-?(?:NaN|Infinity)|nan|inf")
_MAYBE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


_HINTS = {
    b"'": " (write double quotes, not single ones)",
    b"True": " (write true)",
    b"False": " (write false)",
    b"None": " (write null)",
    b",": " (delete the comma)",
}


class Broken(Exception):
    """The bytes are no JSON object in UTF-8."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Members(NamedTuple):
    """The members that were wanted, as sound JSON, and the names that the object has more than once."""

    values: Mapping[str, memoryview]
    twice: tuple[str, ...]


class _Name(str):
    """The name of a member. msgspec passes names of a class of ours to a function of ours, each time that one comes."""

    __slots__ = ()


_OTHER = _Name("")


class MemberReader:
    """Takes the members with these names from JSON objects, one object at a time."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._names = {name: _Name(name) for name in wanted}
        self._seen: set[str] = set()
        self._twice: set[str] = set()
        self._decoder = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=self._name)

    def read(self, data: LineBytes | memoryview) -> Members:
        """The members. Raises Broken. Of an object with more than 1,000 names the later ones may stand in it twice.

        Bytes that are not UTF-8 are found only in the names: `check_utf8` finds the others.
        """
        self._seen.clear()
        self._twice.clear()
        try:
            found = self._decoder.decode(data)
        except msgspec.ValidationError:
            raise Broken(Fault("not-an-object")) from None
        except msgspec.DecodeError as error:
            raise Broken(_fault(data, str(error))) from None
        except RecursionError:
            raise Broken(Fault("nested-too-deep")) from None
        return Members(
            {str(name): memoryview(raw) for name, raw in found.items() if name is not _OTHER},
            tuple(sorted(self._twice)),
        )

    def _name(self, _: type, name: str) -> _Name:
        if name in self._seen:
            self._twice.add(name)
        elif len(self._seen) < _MOST_NAMES:
            self._seen.add(name)
        # One key stands for all members that nobody wants, so that an object of millions of members needs no memory.
        return self._names.get(name, _OTHER)


def check_utf8(data: LineBytes) -> None:
    """Raises Broken where the bytes are not UTF-8. No text as long as `data` is made."""
    if not data.isascii():
        _characters(data, len(data))


def _characters(data: LineBytes | memoryview, end: int) -> int:
    """How many characters the first `end` bytes are. Raises Broken."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    count = 0
    for start in range(0, end, _PIECE_BYTES):
        stop = min(start + _PIECE_BYTES, end)
        try:
            count += len(decoder.decode(view[start:stop], final=stop == len(view)))
        except UnicodeDecodeError as error:
            raise Broken(Fault("not-utf-8", column=count + len(error.object[: error.start].decode()) + 1)) from None
    return count


def _fault(data: LineBytes | memoryview, error: str) -> Fault:
    """What msgspec says of bytes that are not JSON, as a fault. Raises Broken where they are not even UTF-8."""
    _characters(data, len(data))
    lone = _lone_surrogate(data)
    if lone is not None:
        return lone
    at = _AT.search(error)
    reason = error.removeprefix("JSON is malformed: ")
    if at is None:
        truncated = "truncated" in error
        return Fault("not-json", "it ends before it is complete" if truncated else reason)
    # Of characters behind the object msgspec names the place behind the first.
    byte = int(at[1]) - ("trailing characters" in reason)
    column = _characters(data, min(byte, len(data))) + 1
    # Of `-Infinity` and `nan` the second character is the first that is wrong.
    for start in (max(byte - 1, 0), byte):
        if found := _NOT_A_NUMBER.match(data, start):
            return Fault("not-a-number", found[0].decode(), column - (byte - start))
    return Fault("not-json", f"{_AT.sub('', reason)}{_hint(memoryview(data)[byte:])}", column)


def _hint(rest: memoryview) -> str:
    """What the person most likely did, from what stands at the place of the mistake."""
    found = rest[:5].tobytes()
    return next((hint for start, hint in _HINTS.items() if found.startswith(start)), "")


def _lone_surrogate(data: LineBytes | memoryview) -> Fault | None:
    """The first escape that is half of a pair, if the data has one. msgspec does not say of all of them where they stand."""
    for found in _ESCAPE.finditer(data) if _MAYBE_HALF.search(data) else ():
        if found[1]:
            return Fault("lone-surrogate", f"\\{found[1].decode()}", _characters(data, found.start()) + 1)
    return None
