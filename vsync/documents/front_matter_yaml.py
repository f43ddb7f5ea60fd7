"""The YAML of front matter as values: no objects, no types that only YAML 1.1 has. Pure.

The parser's events are read, not its values: `yes` and `12:30` stay texts, a key that is there twice is seen, aliases
have a limit, and no tag makes anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from vsync.documents.attributes import parse_attribute_value

MAX_DEPTH = 32
"""Lists and mappings in each other."""

TOO_DEEP = "its values are too deep in each other"

_MAX_BUILT = 256 * 1024
"""What aliases may make of a block: characters of scalars, and one more for each value."""

_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STARTS_NUMBER = frozenset("-0123456789")
_MAX_NUMBER = 40
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d*))?)?"
    r"[ \t]*(?:[Zz]|([+-])(\d{1,2})(?::?(\d\d))?)?)?",
    re.ASCII,
)
_YAML_TYPES = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_YAML_TYPES + name for name in ("null", "bool", "int", "float", "timestamp"))
_TEXT_TAGS = frozenset(("!", _YAML_TYPES + "str"))
_COLLECTION_TAGS = frozenset((None, "!", _YAML_TYPES + "map", _YAML_TYPES + "seq"))


class NotFrontMatter(Exception):
    """The block cannot be read. `reason` is a clause; `line` counts the document's lines from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


def read_yaml(raw: str) -> Mapping[str, object]:
    """The keys of the block with their values. Raises NotFrontMatter."""
    # Takes 50 ms, and most runs have no front matter to read.
    import yaml

    wrong = _NOT_YAML.search(raw)
    if wrong:
        code = f"U+{ord(wrong[0]):04X}"
        raise NotFrontMatter(f"YAML does not allow the character {code}", line_at(raw, wrong.start()))
    # Without libyaml the parser in Python reads the same.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(raw)
    try:
        return _Reader(loader).mapping()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"it is not valid YAML: {error.problem}" if error.problem else "it is not valid YAML"
        raise NotFrontMatter(reason[:160], mark.line + 2 if mark else 1) from None
    except yaml.YAMLError:
        raise NotFrontMatter("it is not valid YAML", 1) from None
    finally:
        loader.dispose()


def line_at(raw: str, position: int) -> int:
    """The line of the document at a position in the block, whose first line is the document's second."""
    return raw.count("\n", 0, position) + 2


class _Reader:
    """Makes values of the events of one block."""

    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self._anchors: dict[str, tuple[object, int]] = {}
        self._built = 0

    def mapping(self) -> Mapping[str, object]:
        """The block's one mapping. A block of comments alone has no keys."""
        self._next()
        event = self._next()
        if _kind(event) == "StreamEndEvent":
            return {}
        first = self._next()
        value = self._value(first, 0)
        if value is None and _kind(first) == "ScalarEvent":
            value = {}
        if not isinstance(value, dict):
            raise NotFrontMatter("it has no keys with values", _line(first))
        self._next()
        after = self._next()
        if _kind(after) != "StreamEndEvent":
            raise NotFrontMatter("it holds more than one YAML document", _line(after))
        return value

    def _value(self, event: Any, depth: int) -> object:
        kind = _kind(event)
        if kind == "AliasEvent":
            return self._alias(event)
        if depth > MAX_DEPTH:
            raise NotFrontMatter(TOO_DEEP, _line(event))
        before = self._built
        self._grow(1, event)
        value: object
        if kind == "ScalarEvent":
            value = _scalar(event)
            self._grow(len(event.value), event)
        elif kind == "SequenceStartEvent":
            value = self._list(depth)
        else:
            value = self._keys(depth)
        if kind != "ScalarEvent" and event.tag not in _COLLECTION_TAGS:
            value = None
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._built - before)
        return value

    def _alias(self, event: Any) -> object:
        known = self._anchors.get(event.anchor)
        if known is None:
            raise NotFrontMatter("an alias names nothing that stands before it", _line(event))
        value, size = known
        self._grow(size, event)
        return value

    def _grow(self, size: int, event: Any) -> None:
        self._built += size
        if self._built > _MAX_BUILT:
            raise NotFrontMatter("its aliases make it too large", _line(event))

    def _list(self, depth: int) -> list[object]:
        values = []
        while _kind(event := self._next()) != "SequenceEndEvent":
            values.append(self._value(event, depth + 1))
        return values

    def _keys(self, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while _kind(event := self._next()) != "MappingEndEvent":
            if _kind(event) != "ScalarEvent":
                raise NotFrontMatter("a key is no text", _line(event))
            # A key is what is written: 2024-01-01 and 10 are texts.
            key = event.value
            self._grow(len(key) + 1, event)
            if event.anchor is not None:
                self._anchors[event.anchor] = (key, len(key) + 1)
            if key in values:
                raise NotFrontMatter("a key is there twice", _line(event))
            values[key] = self._value(self._next(), depth + 1)
        return values


def _kind(event: Any) -> str:
    return type(event).__name__


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 2


def _scalar(event: Any) -> object:
    text, tag = event.value, event.tag
    if tag is None:
        return text if event.style else _plain(text)
    if tag in _TEXT_TAGS:
        return text
    return _plain(text) if tag in _PLAIN_TAGS else None


def _plain(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _STARTS_NUMBER or len(text) > _MAX_NUMBER:
        return text
    if text[4:5] == "-" and (time := _time(text)) is not None:
        return time
    return parse_attribute_value(text)


def _time(text: str) -> date | None:
    """The date, or date and time, that the text spells; None when it spells no day of the calendar."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    try:
        if hour is None:
            return date.fromisoformat(day)
        zone = None
        if sign:
            offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes or 0))
            zone = timezone(-offset if sign == "-" else offset)
        elif text[-1] in "Zz":
            zone = UTC
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        at = date.fromisoformat(day)
        return datetime(at.year, at.month, at.day, int(hour), int(minute), int(second or 0), micro, zone)
    except ValueError:
        return None
