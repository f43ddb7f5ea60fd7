"""Is one position of a stream older than another? Pure.

Positions come from many sources, and most are opaque. A position counts as older only where that is certain, because
a record that counts as older is not applied.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 1000
"""Longer positions are not compared."""

_NUMBER = re.compile(r"([0-9]+)")
_LSN = re.compile(r'(?:(?<=")|\A)([0-9A-F]{1,8})/([0-9A-F]{1,8})(?=\Z|")')
_TIME = re.compile(
    "\0-\0-\0[T ]\0:\0(?::\0(?:[.,]\0)?)?(?P<zone>Z| ?[+-]\0(?::?\0)?)?|(?<![A-Za-z])\0T\0(?:[.,]\0)?(?P<z>Z?)(?![A-Za-z])"
)
_PLACE = re.compile(r"partition|shard|server|group|topic|node|thread|slot|snapshot|last_read", re.I)


def is_older(one: str, other: str) -> bool:
    """Whether `one` is certainly older than `other`: a strict partial order.

    | positions | how they are compared |
    | --- | --- |
    | digits | as numbers |
    | `PLACE\\|POSITION` | by POSITION, where PLACE is the same |
    | `0/16B3748`, whole or as a JSON string (Postgres) | as one number, where the rest is the same |
    | other texts that differ only in numbers | by the first number that differs |

    A number that names something (`server1`, a partition) must be the same in both.
    """
    if one == other or not one or not other:
        return False
    if one.isdigit() and other.isdigit() and one.isascii() and other.isascii() and len(one) + len(other) < LONGEST:
        return int(one) < int(other)
    return _is_older(one, other)


def _is_older(one: str, other: str) -> bool:
    place, _, one = one.rpartition("|")
    elsewhere, _, other = other.rpartition("|")
    if place != elsewhere or len(one) > LONGEST or len(other) > LONGEST:
        return False
    lsn, its_lsn = (_LSN.search(one), _LSN.search(other)) if "/" in one and "/" in other else (None, None)
    if lsn and its_lsn:
        rest, its_rest = (
            one[: lsn.start()] + "\0" + one[lsn.end() :],
            other[: its_lsn.start()] + "\0" + other[its_lsn.end() :],
        )
        return rest == its_rest and _lsn(lsn) < _lsn(its_lsn)
    return not (lsn or its_lsn) and _is_less(_NUMBER.split(one), _NUMBER.split(other))


def _is_less(ours: list[str], theirs: list[str]) -> bool:
    """Whether the first number that differs is less. Texts and numbers take turns in both."""
    skeleton = "\0".join(ours[::2])
    roles = _roles(skeleton) if skeleton == "\0".join(theirs[::2]) else ()
    if not len(ours) == len(theirs) == 2 * len(roles) + 1:
        return False
    less: bool | None = None
    for role, mine, its in zip(roles, ours[1::2], theirs[1::2], strict=True):
        if mine == its:
            continue
        if role == "name" or (role == "fraction" and less is None and len(mine) != len(its)):
            return False
        if less is None and int(mine) != int(its):
            less = int(mine) < int(its)
    return less is True


def _lsn(found: re.Match[str]) -> int:
    return int(found[1], 16) << 32 | int(found[2], 16)


@lru_cache(maxsize=256)
def _roles(skeleton: str) -> tuple[str, ...]:
    """What each number of a skeleton is: `number`, `name` (it must be the same in both), or `fraction` (of the same length)."""
    zones: set[int] = set()
    times: set[int] = set()
    for time in _TIME.finditer(skeleton):
        times.update(range(*time.span()))
        if time["zone"]:
            zones.update(range(*time.span("zone")))
    return tuple(_role(skeleton, at, times, zones) for at, character in enumerate(skeleton) if character == "\0")


def _role(skeleton: str, at: int, times: set[int], zones: set[int]) -> str:
    before, after = skeleton[:at], skeleton[at + 1 :]
    if at in zones:
        return "name"
    if at in times:
        return "fraction" if before[-1:] in {".", ","} else "number"
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
