"""A line of JSON is checked to its end, though only a few of its members are built."""

from __future__ import annotations

import json
from typing import Any, Never

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vsync.batch.json_members import Broken, MemberReader, check_utf8


def read(data: bytes) -> dict[str, Any]:
    """The members `a` and `b`."""
    return {name: json.loads(bytes(value)) for name, value in MemberReader(("a", "b")).read(data).values.items()}


def fault(data: bytes) -> tuple[str, str, int | None]:
    with pytest.raises(Broken) as raised:
        checked(data)
    found = raised.value.fault
    return found.code, found.value, found.column


def checked(data: bytes) -> None:
    check_utf8(data)
    MemberReader(("a",)).read(data)


def test_only_the_wanted_members_are_kept() -> None:
    assert read(b' {"a" : [1, {"b": 2}] , "c": 3, "b":null}\r') == {"a": [1, {"b": 2}], "b": None}
    assert read(b"{}") == {}


def test_values_have_no_space_around_them() -> None:
    assert bytes(MemberReader(("a",)).read(b'{"a" :\t true \r}').values["a"]) == b"true"


def test_a_name_may_be_spelled_with_escapes() -> None:
    assert read(rb'{"\u0061": 1}') == {"a": 1}


def test_bytes_that_may_change_are_read_as_well() -> None:
    assert bytes(MemberReader(("a",)).read(bytearray(b'{"a": "x"}')).values["a"]) == b'"x"'


def test_names_that_stand_twice_are_told_wanted_or_not() -> None:
    reader = MemberReader(("a",))
    assert reader.read(rb'{"c": 1, "a": 1, "d": {"e": 1, "e": 2}, "\u0061": 2, "c": 3, "c": 4}').twice == ("a", "c")
    assert reader.read(b'{"a": 1, "c": 2}').twice == ()


def test_an_object_of_very_many_members_is_read_without_keeping_them() -> None:
    members = MemberReader(("a",)).read(b"{" + b",".join(b'"%d": 0' % n for n in range(5_000)) + b', "a": 1}')
    assert {name: bytes(value) for name, value in members.values.items()} == {"a": b"1"}


@pytest.mark.parametrize(
    ("data", "value", "column"),
    [
        (b'{"x": [1, 2,}', "invalid character", 13),
        (b'{"x": {"y": 1,}}', "trailing comma in object", 15),
        (b"{'x': 1}", "object keys must be strings (write double quotes, not single ones)", 2),
        (b"{\"x\": 'y'}", "invalid character (write double quotes, not single ones)", 7),
        (b'{"x": True}', "invalid character (write true)", 7),
        (b'{"x": None}', "invalid character (write null)", 7),
        (b'{"x": 1},', "trailing characters (delete the comma)", 9),
        (b'{"x": 1} {', "trailing characters", 10),
        (b'{"x": 1', "it ends before it is complete", None),
        (b'{"x": "\\q"}', "invalid escaped character", 9),
        (b'{"x": "a\tb"}', "invalid character", 9),
        (b'{"x": 01}', "invalid number", 8),
        ('{"xä😀": tru}'.encode(), "invalid character", 10),
        (b'{"a": {"b": ]}}', "invalid character", 13),
    ],
)
def test_a_line_that_is_not_json_says_why_and_where(data: bytes, value: str, column: int | None) -> None:
    assert fault(data) == ("not-json", value, column)


@pytest.mark.parametrize(("written", "column"), [("NaN", 6), ("Infinity", 6), ("-Infinity", 6), ("nan", 6), ("inf", 6)])
def test_numbers_that_are_none_are_called_by_their_names(written: str, column: int) -> None:
    assert fault(b'{"x":%b}' % written.encode()) == ("not-a-number", written, column)


@pytest.mark.parametrize("behind", [b'"', b'", "y": 1', rb"\n", rb"\ud800", b" text", rb"\u0041"])
def test_half_of_a_surrogate_pair_is_named_with_its_place(behind: bytes) -> None:
    assert fault(rb'{"x": "\\\ud83d\ude00\ud83d' + behind + b'"}') == ("lone-surrogate", r"\ud83d", 22)


def test_a_backslash_before_what_looks_like_a_surrogate_is_no_surrogate() -> None:
    assert read(rb'{"a": "\\ud83d"}') == {"a": r"\ud83d"}
    assert fault(rb'{"a": "\\ud83d",}')[0] == "not-json"


@pytest.mark.parametrize("data", [b"[]", b"3", b'"x"', b"null", b"true", b'[{"a": 1}]'])
def test_json_that_is_no_object_is_called_so(data: bytes) -> None:
    assert fault(data) == ("not-an-object", "", None)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"y":', b"}")])
def test_lists_and_objects_nested_without_an_end_are_called_so(opening: bytes, closing: bytes) -> None:
    assert fault(b'{"x": ' + opening * 100_000 + b"1" + closing * 100_000 + b"}") == ("nested-too-deep", "", None)


@pytest.mark.parametrize(
    ("data", "column"),
    [
        (b'{"a": "\xff"}', 8),
        ('{"ä": "'.encode() + b'\xe4"}', 8),
        (b'{"a": "\xed\xa0\x80"}', 8),
        (b'{"a": "\xc0\xaf"}', 8),
        (b'{"a": "x\xc3', 9),
        ("é".encode() * 100_000 + b"\xff", 100_001),
        (b"x" * 65_535 + "é".encode() + b"\xff", 65_537),
        (b"x" * 65_535 + b"\xc3", 65_536),
    ],
)
def test_bytes_that_are_not_utf_8_are_found_with_their_place(data: bytes, column: int) -> None:
    assert fault(data) == ("not-utf-8", "", column)


def test_a_name_that_is_not_utf_8_is_told_by_the_reader_itself() -> None:
    with pytest.raises(Broken) as raised:
        MemberReader(("a",)).read(b'{"\xff": 1}')
    assert (raised.value.fault.code, raised.value.fault.column) == ("not-utf-8", 3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé😀"\\\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé\\", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(value=st.dictionaries(st.sampled_from(["a", "b", "c", "é"]), JSON), ascii=st.booleans())
def test_members_are_what_any_reader_of_json_finds(value: dict[str, Any], ascii: bool) -> None:  # noqa: A002 - json's name
    wanted = {name: value[name] for name in ("a", "b") if name in value}
    assert read(json.dumps(value, ensure_ascii=ascii).encode()) == wanted


def refuse(constant: str) -> Never:
    raise ValueError(constant)


@given(value=st.dictionaries(st.sampled_from(["a", "b", "x"]), JSON, min_size=1), data=st.data())
def test_damage_is_found_wherever_another_reader_finds_it(value: dict[str, Any], data: st.DataObject) -> None:
    line = bytearray(json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode())
    at = data.draw(st.integers(0, len(line) - 1))
    line[at : at + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from([b"", b'"', b",", b"\\", b"\xff", b"0", b"}", b"e"])
    )
    raw = bytes(line)
    try:
        sound = isinstance(json.loads(raw.decode(), parse_constant=refuse), dict)
    except ValueError:
        sound = False
    # The other reader takes halves of surrogate pairs.
    assume(b"\\ud" not in raw.lower())
    try:
        checked(raw)
        found = True
    except Broken:
        found = False
    assert found == sound
