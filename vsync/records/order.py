"""Is one record of a stream older than another? Pure.

Positions come from many sources, and most are opaque. A record counts as older only where that is certain, because a
record that counts as older is not applied.

An order is a text: `POSITION~TIME`, or `POSITION~sTIME` for a record of a snapshot. `~` and what follows may be missing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vsync.documents.attributes import MAX_VALUE_CHARACTERS
from vsync.records.known_positions import compared, known, shortened

LONGEST = 1000
"""Longer positions are not compared."""

_MOST_TIME = 20
_LONG = MAX_VALUE_CHARACTERS - len("~s") - _MOST_TIME
"""With a longer position, an order may be too long for an attribute."""

_TAIL = re.compile(r"~(s?)([0-9]{0,20})\Z")
_NUMBER = re.compile(r"([0-9]+)")
_LSN = re.compile(r'(?:(?<=")|\A)([0-9A-F]{1,8})/([0-9A-F]{1,8})(?=\Z|")')
_TIME = re.compile(
    "\0-\0-\0[T ]\0:\0(?::\0(?:[.,]\0)?)?(?P<zone>Z| ?[+-]\0(?::?\0)?)?|(?<![A-Za-z])\0T\0(?:[.,]\0)?(?P<z>Z?)(?![A-Za-z])"
)
_COUNTER = re.compile("[A-Za-z_-]*[A-Za-z_]\0")
_PLACE = re.compile(r"partition|shard|server|group|topic|node|thread|slot|snapshot|last_read", re.I)
_SECONDS = 10**8
"""A number with a fraction that is this large counts seconds."""


def order_of(position: str, *, snapshot: bool, time: str) -> str:
    """The order of a record. `time` says in nanoseconds when it was read from its source; empty: unknown.

    A position that no server would take as an attribute is left out.
    """
    if not position.isascii() or "\0" in position:
        position = _storable(position)
    if len(position) > _LONG:
        position = "" if snapshot else shortened(position)
    if len(time) > _MOST_TIME or not (time.isascii() and time.isdigit()):
        time = ""
    if snapshot:
        return f"{position}~s{time}"
    return f"{position}~{time}" if time or "~" in position else position


def _storable(position: str) -> str:
    try:
        position.encode()
    except UnicodeEncodeError:
        return ""
    return "" if "\0" in position else position


def is_older(one: str, other: str) -> bool:
    """Whether `one` is certainly older than `other`.

    | positions | how they are compared |
    | --- | --- |
    | digits | as numbers |
    | of a source that `known_positions` knows | as it says |
    | `PLACE\\|POSITION` | by POSITION, where PLACE is the same |
    | `0/16B3748`, whole or as a JSON string (Postgres) | as one number, where the rest is the same |
    | letters and then digits, as a whole | by the number, where the letters are the same |
    | other texts that differ only in numbers | all numbers that differ, differ in one direction. A time is one number |
    | not comparable, and one of the two is a snapshot's | by the times |

    A number that names something (`server1`, a partition) must be the same in both. Times of two changes say nothing,
    because clocks are set back; a snapshot and a change are far apart.
    """
    if one == other or not one or not other:
        return False
    snapshot, time, one = _parted(one)
    its_snapshot, its_time, other = _parted(other)
    found = _compared(one, other) if one and other else None
    if found or snapshot == its_snapshot:
        return found == -1
    return bool(time and its_time) and int(time) < int(its_time)


def _parted(order: str) -> tuple[bool, str, str]:
    found = _TAIL.search(order) if "~" in order else None
    return (bool(found[1]), found[2], order[: found.start()]) if found else (False, "", order)


def _compared(one: str, other: str) -> int | None:
    """-1: `one` is older; 1: `other` is; 0: they are at one point; None: nobody knows."""
    if one == other:
        return 0
    if len(one) > LONGEST or len(other) > LONGEST:
        return None
    if one.isdigit() and other.isdigit() and one.isascii() and other.isascii():
        return _sign(int(one), int(other))
    form, its_form = known(one), known(other)
    if form and its_form:
        return compared(form, its_form)
    if form or its_form:
        return None
    place, _, one = one.rpartition("|")
    elsewhere, _, other = other.rpartition("|")
    if place != elsewhere:
        return None
    lsn, its_lsn = (_LSN.search(one), _LSN.search(other)) if "/" in one and "/" in other else (None, None)
    if lsn and its_lsn:
        return _sign(_lsn(lsn), _lsn(its_lsn)) if _around(lsn) == _around(its_lsn) else None
    return None if lsn or its_lsn else _compared_numbers(_NUMBER.split(one), _NUMBER.split(other))


def _sign(mine: int, its: int) -> int:
    return (mine > its) - (mine < its)


def _lsn(found: re.Match[str]) -> int:
    return int(found[1], 16) << 32 | int(found[2], 16)


def _around(found: re.Match[str]) -> tuple[str, str]:
    return found.string[: found.start()], found.string[found.end() :]


def _compared_numbers(ours: list[str], theirs: list[str]) -> int | None:
    """Compares texts of one skeleton. Texts and numbers take turns in both.

    Which number weighs more is unknown, so all that differ must differ in one direction. Within a time the first one
    weighs most.
    """
    skeleton = "\0".join(ours[::2])
    roles = _roles(skeleton) if skeleton == "\0".join(theirs[::2]) else ()
    if not len(ours) == len(theirs) == 2 * len(roles) + 1:
        return None
    signs: set[int] = set()
    sign = number = its_number = 0
    for role, mine, its in zip(roles, ours[1::2], theirs[1::2], strict=True):
        if role == "name" and mine != its:
            return None
        if role == "fraction" and mine != its and len(mine) != len(its) and not sign:
            return None
        joined = role in {"time", "time-fraction"} or (role == "fraction" and max(number, its_number) >= _SECONDS)
        if role == "time-fraction" and len(mine) != len(its) and not sign:
            return None
        number, its_number = int(mine), int(its)
        sign = (sign if joined else 0) or _sign(number, its_number)
        signs.add(sign)
    signs.discard(0)
    return signs.pop() if len(signs) == 1 else None if signs else 0


@lru_cache(maxsize=256)
def _roles(skeleton: str) -> tuple[str, ...]:
    """What each number of a skeleton is.

    | role | meaning |
    | --- | --- |
    | `number` | it counts by itself; so does the first number of a time |
    | `time` | a part of the time that the number before it belongs to |
    | `fraction`, `time-fraction` | a part of the number before it; two are compared where they have one length |
    | `name` | it must be the same in both |
    """
    if _COUNTER.fullmatch(skeleton):
        return ("number",)
    zones: set[int] = set()
    times: set[int] = set()
    for time in _TIME.finditer(skeleton):
        times.update(range(time.start() + 1, time.end()))
        if time["zone"]:
            zones.update(range(*time.span("zone")))
    return tuple(_role(skeleton, at, times, zones) for at, character in enumerate(skeleton) if character == "\0")


def _role(skeleton: str, at: int, times: set[int], zones: set[int]) -> str:
    before, after = skeleton[:at], skeleton[at + 1 :]
    if at in zones:
        return "name"
    if at in times:
        return "time-fraction" if before[-1:] in {".", ","} else "time"
    if at + 1 in times:
        return "number"
    if before[-1:].isalpha() or after[:1].isalpha() or before[-1:] == "_":
        return "name"
    if before[-1:] in {"-", "+"} and before[-2:-1] in {"", ":", " ", ",", "[", "(", '"', "="}:
        return "name"  # a sign
    if before[-1:] == "." and before[-2:-1] == "\0":
        return "fraction"
    if before.count('"') % 2 and re.match(r'[^"]*"\s*:', after):
        return "name"  # the name of a JSON member
    label = re.search(r'"([^"]*)"\s*:\s*[^"{]*"?[^"{]*\Z', before) or re.search(r"([A-Za-z_]+)\s*[=:]\s*\Z", before)
    return "name" if label and _PLACE.search(label[1]) else "number"
