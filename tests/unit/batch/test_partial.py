"""Some requests of a file are copied byte for byte, in their order."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections import deque
from collections.abc import Callable
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.request_lines import request, request_file
from vsync.batch.check_requests import check_requests
from vsync.batch.custom_ids import digest
from vsync.batch.partial import custom_ids_in_order, find_lines, write_partial

LONG = 4 * 1024 * 1024


def copied(content: bytes, *without: str) -> tuple[int, bytes]:
    out = io.BytesIO()
    return write_partial(io.BytesIO(content), {digest(each) for each in without}, out), out.getvalue()


def test_the_other_requests_are_copied_as_they_are() -> None:
    odd = b'  { "body":{} ,"custom_id" : "caf\\u00e9"}  '
    content = request_file(request(1), odd, request(3))
    assert copied(content, "request-1", "nobody") == (2, odd + b"\n" + request(3) + b"\n")


def test_a_last_line_without_a_line_feed_gets_one() -> None:
    assert copied(request(1) + b"\n" + request(2), "request-1") == (1, request(2) + b"\n")


def test_the_line_breaks_of_windows_stay() -> None:
    assert copied(request(1) + b"\r\n" + request(2), "request-2") == (1, request(1) + b"\r\n")


def test_all_requests_are_copied_where_none_is_left_out() -> None:
    out = io.BytesIO()
    assert write_partial(io.BytesIO(request(1) + b"\n" + request(2)), frozenset(), out) == 2
    assert out.getvalue() == request_file(request(1), request(2))


def test_copying_begins_where_the_file_stands() -> None:
    file = io.BytesIO(request_file(request(1), request(2)))
    file.readline()
    out = io.BytesIO()
    assert write_partial(file, frozenset(), out) == 1
    assert out.getvalue() == request_file(request(2))


def test_custom_ids_come_in_order_with_their_lines() -> None:
    content = request_file(request(1), b"", b"{}", request(2))
    assert list(custom_ids_in_order(io.BytesIO(content))) == [(1, "request-1"), (4, "request-2")]


def test_lines_of_a_copy_are_found_again_in_the_request_file() -> None:
    content = request_file(request(1), request(2), b"", request(3), request(4))
    _, copy = copied(content, "request-1", "request-3")

    found = find_lines(io.BytesIO(content), {digest("request-1"), digest("request-3")}, {1, 2, 3})

    assert found == (hashlib.sha256(copy).hexdigest(), {1: 2, 2: 5})


@pytest.mark.parametrize(
    "read",
    [
        lambda file: deque(custom_ids_in_order(file), maxlen=1),
        lambda file: write_partial(file, frozenset(), Sink()),
        lambda file: find_lines(file, frozenset(), {1}),
        check_requests,
    ],
    ids=["order", "copy", "find", "check"],
)
def test_one_line_at_a_time_is_in_memory(read: Callable[[IO[bytes]], object]) -> None:
    lines = [request(n, body={"model": "m", "input": "x" * LONG}) for n in range(4)]
    file = io.BytesIO(request_file(*lines))

    tracemalloc.start()
    read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1.75 * LONG


class Sink(io.BytesIO):
    """A file of which nothing is kept."""

    def write(self, data: object) -> int:
        return 0


@given(count=st.integers(1, 20), data=st.data())
def test_what_is_copied_is_a_sound_file_of_just_these_requests(count: int, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, count - 1), unique=True, min_size=1))
    others = [f"request-{number}" for number in range(count) if number not in chosen]
    copies, content = copied(request_file(*(request(number) for number in range(count))), *others)
    checked = check_requests(io.BytesIO(content))
    assert (copies, checked.requests, checked.mistakes) == (len(chosen), len(chosen), ())
    found = [custom_id for _, custom_id in custom_ids_in_order(io.BytesIO(content))]
    assert found == [f"request-{number}" for number in sorted(chosen)]
