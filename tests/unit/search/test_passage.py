"""Where a found text stands in its document."""

from __future__ import annotations

import time

import pytest

from vsync.search.passage import decoded, line_in

DOCUMENT = "# Title\n\nOne two three.\nFour  five\nsix seven.\n\nOne two three.\nEight nine ten.\n"


@pytest.mark.parametrize(
    ("found", "at", "line"),
    [
        (DOCUMENT, 0, 1),
        (DOCUMENT, DOCUMENT.index("Four"), 4),
        ("three.\nFour  five", 7, 4),
        ("Four five six seven.", 0, 4),
        ("Four five six seven.", 10, 5),
        ("Eight nine ten. x", 0, 8),
        ("One two three.", 0, None),
        ("not there", 0, None),
        ("nine", 0, 8),
        ("", 0, None),
        ("  ", 0, None),
    ],
)
def test_the_line_is_told_where_it_is_certain(found: str, at: int, line: int | None) -> None:
    assert line_in(DOCUMENT, found, at) == line


@pytest.mark.parametrize(
    "data", ["caf\u00e9".encode(), "\ufeffcaf\u00e9".encode(), "caf\u00e9".encode("utf-16"), b"\xfe\xff\0c\0a\0f\0\xe9"]
)
def test_a_document_is_decoded_as_its_bytes_say(data: bytes) -> None:
    assert decoded(data) == "caf\u00e9"


def test_bytes_that_are_no_text_are_no_error() -> None:
    assert "\ufffd" in decoded(b"a\xff")


def test_a_repetitive_document_takes_no_long_time() -> None:
    document, found = "a " * 500_000, "a " * 1_000 + "b"
    started = time.process_time()
    assert line_in(document, found, 1_000) is None
    assert line_in(document, "x" + found, 0) is None
    assert time.process_time() - started < 5
