"""Damage: strategies for JSON of every shape, and for sound bytes in which something went wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
"""Lone surrogates as well."""

_LITERALS = (
    "NaN", "-Infinity", "1e999", "-0", "1.0", "9" * 30, "9" * 5_000, "1" + "0" * 400 + ".5", '"\\ud800"', '"\\u0000"',
    '{"a": 1, "a": 2}', "[" * 300 + "]" * 300, "tru", "'a'", "01", '"\\x"', "",
)  # fmt: skip
"""What Python's reader takes and others do not, or no reader takes; each stands for itself in what is written."""

_WORDS = (
    "", " ", "..", "../../files/file-x", "a/b", "a\nb", "a\0b", "?x=1", "#", "%2e%2e", "\u2028", "-rf", "--output=x",
    "sk-aaaaaaaaaaaaaaaaaaaaaaaa", "::error::x", "##[error]x", "<!--", "@everyone", "x" * 3_000, "completed", "failed",
    "in_progress", "expired", "cancelled", "deleted", "server_error",
)  # fmt: skip


def fewer(share: float, least: int = 10) -> settings:
    """Settings for tests whose examples are dear: that share of the profile's examples."""
    return settings(max_examples=max(least, int(settings().max_examples * share)))


class Literal(str):
    """Text that stands in JSON as it is, without quotes."""

    __slots__ = ()


LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    ANY_TEXT,
    st.sampled_from(_WORDS),
    st.sampled_from(_LITERALS).map(Literal),
)
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT | st.sampled_from(_WORDS), inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> bytes:
    """The value as JSON, its literals as they are."""
    marks: dict[str, str] = {}

    def marked(part: Any) -> Any:
        if isinstance(part, Literal):
            mark = f"literal-{len(marks)}-"
            marks[f'"{mark}"'] = str(part)
            return mark
        if isinstance(part, dict):
            return {key: marked(item) for key, item in part.items()}
        return [marked(item) for item in part] if isinstance(part, list) else part

    text = json.dumps(marked(value))
    for mark, literal in marks.items():
        text = text.replace(mark, literal)
    return text.encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, sound: Any, most: int = 3) -> Any:
    """A sound JSON value of which some parts were taken away, became something else, or were joined by others."""
    value = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, most))):
        place, key = _somewhere(draw, value)
        if place is None:
            return draw(VALUE)
        if draw(st.integers(0, 3)) == 0:
            del place[key]
        elif isinstance(place, dict) and draw(st.integers(0, 4)) == 0:
            place[draw(ANY_TEXT | st.sampled_from(_WORDS))] = draw(VALUE)
        else:
            place[key] = draw(VALUE)
    return value


def _somewhere(draw: st.DrawFn, value: Any) -> tuple[Any, Any]:
    """A part of the value, as what holds it and its key there; the top, as None, now and then."""
    place, key = None, None
    part = value
    for _ in range(6):
        if not isinstance(part, dict | list) or not part:
            break
        if place is not None and draw(st.booleans()):
            break
        keys: Sequence[Any] = sorted(part) if isinstance(part, dict) else range(len(part))
        place, key = part, draw(st.sampled_from(keys))
        part = place[key]
    return (None, None) if draw(st.integers(0, 9)) == 0 else (place, key)


@st.composite
def mutated(draw: st.DrawFn, sound: bytes) -> bytes:
    """Sound bytes that were cut, flipped, doubled, overwritten or mixed with others."""
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(0, 40))
        kind = draw(st.sampled_from(["cut", "flip", "double", "overwrite", "insert", "remove"]))
        if kind == "cut":
            del data[at:]
        elif kind == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "double":
            data[at:at] = data[at : at + length]
        elif kind == "overwrite":
            data[at : at + length] = draw(st.binary(max_size=8))
        elif kind == "insert":
            data[at:at] = draw(st.sampled_from(_NOISE))
        else:
            del data[at : at + length]
    return bytes(data)


_NOISE = (
    b"\xff", b"\0", b"\xef\xbb\xbf", b"<<<<<<< HEAD\n", b"=======\n", b">>>>>>> theirs\n", b"\r\n", b"[" * 200_000,
    b'{"a":' * 50_000, b"\\ud800", b"\xed\xa0\x80", b"\xe2\x80\xa8", b",", b'"', b"}", b"NaN", b"9" * 5_000, b"\t", b" ",
    b"-", b"%00", b"::", b"--", b"=",
)  # fmt: skip


# --- The same with a generator of one's own ---------------------------------------------------------------------------
# For what is damaged while a run goes on: there the order of requests, and so what would be drawn, is not always the same.


def wild(random: Random, depth: int = 0) -> Any:
    """A JSON value of any shape."""
    kind = random.randrange(9 if depth < 3 else 7)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.choice([0, 1, -1, 2**31, 2**63, 10**30, 0.5, -1e308])
    if kind in {2, 3}:
        return random.choice(_WORDS)
    if kind in {4, 5}:
        return Literal(random.choice(_LITERALS))
    if kind == 6:
        return "".join(map(chr, random.choices([*range(0xD7F0, 0xD810), *range(32), *range(97, 123)], k=5)))
    if kind == 7:
        return [wild(random, depth + 1) for _ in range(random.randrange(3))]
    return {random.choice([*_WORDS, "id", "data"]): wild(random, depth + 1) for _ in range(random.randrange(3))}


def spoiled(random: Random, sound: bytes) -> bytes:
    """Sound JSON of which something is no longer sound: bytes now and then, values most often."""
    if random.random() < 0.25:
        data = bytearray(sound)
        at = random.randrange(len(data) + 1)
        data[at : at + random.randrange(20)] = random.choice([*_NOISE, b""])
        return bytes(data[: random.choice([len(data), len(data), random.randrange(len(data) + 1)])])
    value = json.loads(sound)
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        place: Any = None
        key: Any = None
        part = value
        while isinstance(part, dict | list) and part and (place is None or random.random() < 0.6):
            place = part
            key = random.choice(sorted(part) if isinstance(part, dict) else range(len(part)))
            part = place[key]
        if place is None:
            return written(wild(random))
        if random.random() < 0.25:
            del place[key]
        else:
            place[key] = wild(random)
    return written(value)
