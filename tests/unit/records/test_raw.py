"""What a string in a key or payload means."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.raw import RAW_MODES, decode_auto, decode_base64, decode_text, decoder


def encoded(content: str | bytes) -> str:
    return b64encode(content.encode() if isinstance(content, str) else content).decode()


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "padlock-key",
        "key-1",
        "1234",
        "abc",
        "nil",
        "hi!",
        "a:b",
        "日本",
        "Grüße",
        "да",
        '{"id":1}',
        "12345678-1234-4234-9234-123456789abc",
        "doc-1",
        *("B70", "B72", "D04", "x9", "a1b"),
        "104",
        "USA",
        '{"id":12}',
        "[1,22]",
        "Hi, you!!",
        "Übung",
        "日本語",
        "two\nlines\tand a tab\r\n",
        "a page\fand another page, which a program put a form feed between",
        "text " * 1000,
    ],
)
def test_text_in_base64_is_found_without_being_told(text: str) -> None:
    assert decode_auto(encoded(text)) == text
    assert decode_base64(encoded(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "key-1",
        "hello world!",
        "1400",
        "2024",
        "12345678",
        "file",
        "User",
        "fish",
        "also",
        "test",
        "document",
        *("SHA1", "SHA3", "MENU", "ZERO", "TERM", "SEND", "WiFi", "Snow", "Slow", "Undo", "andy", "blow"),
        *("a014", "5525d006", "25px", "I18N", "L10N", "endsWith", "WinStyle", "emphasis"),
        "QQ=",
        "QR==",
        "QQ==\n",
        "QQ= =",
        "====",
        "Zm9v!mFy",
        "ÄÖÜß",
        "日本語日",
        "a" * 40,
    ],
)
def test_text_that_is_no_base64_of_a_text_is_itself(text: str) -> None:
    assert decode_auto(text) == text


@pytest.mark.parametrize("content", [b"\xff", b"\x00\x01", b"\x89PNG\r\n\x1a\n" * 8, b"\0" * 60])
def test_what_is_surely_base64_and_holds_no_text_gives_bytes(content: bytes) -> None:
    assert decode_auto(encoded(content)) == content


def test_three_bytes_that_are_no_text_are_too_little_to_be_sure() -> None:
    assert decode_auto(encoded(b"\xff\xfe\xfd")) == "//79"


@pytest.mark.parametrize("string", ["a", "key-1", "QR==", "QQ", "QQ==\n", "Zm9v!mFy", "ÄÖÜß"])
def test_base64_is_demanded_where_it_was_told(string: str) -> None:
    with pytest.raises(ValueError, match="not base64"):
        decode_base64(string)


def test_empty_base64_is_empty() -> None:
    assert decode_base64("") == ""


def test_bytes_stay_bytes_where_base64_was_told() -> None:
    assert decode_base64(encoded(b"\xff\xfe\xfd")) == b"\xff\xfe\xfd"


def test_text_is_taken_as_it_is_where_that_was_told() -> None:
    assert decode_text("cGFkbG9jay1rZXk=") == "cGFkbG9jay1rZXk="


def test_each_mode_has_its_decoder() -> None:
    assert [decoder(mode) for mode in RAW_MODES] == [decode_auto, decode_base64, decode_text]


@given(st.text(min_size=1, max_size=200))
def test_long_or_padded_base64_of_a_text_is_never_taken_for_text(text: str) -> None:
    string = encoded(text)
    found = decode_auto(string)
    if len(string) >= 64 and "\0" not in text:
        assert found == text
    else:
        assert found in {text, string, text.encode()}


@given(st.text(max_size=100) | st.binary(max_size=100).map(encoded))
def test_equal_strings_mean_the_same(string: str) -> None:
    assert decode_auto(string) == decode_auto(str(string.encode(), "utf-8"))


@given(st.binary(max_size=200))
def test_base64_of_any_bytes_is_decoded_where_that_was_told(content: bytes) -> None:
    found = decode_base64(encoded(content))
    assert (found.encode() if isinstance(found, str) else found) == content
