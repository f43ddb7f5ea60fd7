"""The body of an upload: the bytes that were checked, and no others."""

from __future__ import annotations

import hashlib
import io
import os
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.store.upload_body import FileChanged, UploadBody


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_all(body: UploadBody, at_once: int = 4) -> bytes:
    body.seek(0)
    return b"".join(iter(lambda: body.read(at_once), b""))


@given(st.binary(max_size=50), st.binary(max_size=9), st.integers(1, 60), st.integers(1, 3))
def test_each_reading_gives_the_first_bytes(content: bytes, more: bytes, at_once: int, times: int) -> None:
    body = UploadBody(io.BytesIO(content + more), len(content), digest(content))
    for _ in range(times):
        assert read_all(body, at_once) == content
        assert body.md5 == hashlib.md5(content).hexdigest()


@given(st.binary(min_size=1, max_size=50), st.integers(1, 60), st.data())
def test_of_other_bytes_the_last_piece_is_never_given(content: bytes, at_once: int, data: st.DataObject) -> None:
    other = data.draw(st.binary(min_size=len(content), max_size=len(content)).filter(lambda other: other != content))
    body = UploadBody(io.BytesIO(other), len(other), digest(content))
    for _ in range(2):
        body.seek(0)
        pieces: list[bytes] = []
        with pytest.raises(FileChanged, match="changed"):
            pieces.extend(iter(lambda: body.read(at_once), b""))
        assert len(b"".join(pieces)) < len(other)


def test_it_can_be_measured_and_then_read() -> None:
    body = UploadBody(io.BytesIO(b"abcdef"), 4)
    assert body.readable()
    assert body.seekable()
    assert (body.tell(), body.seek(0, os.SEEK_END), body.seek(0)) == (0, 4, 0)
    assert body.read() == b"abcd"
    assert body.tell() == 4


def test_a_reading_that_broke_off_does_not_spoil_the_next_one() -> None:
    body = UploadBody(io.BytesIO(b"abcdef"), 6, digest(b"abcdef"))
    body.seek(0)
    assert body.read(2) == b"ab"
    assert read_all(body) == b"abcdef"


def test_a_change_between_two_readings_is_noticed() -> None:
    file = io.BytesIO(b"abc")
    body = UploadBody(file, 3, digest(b"abc"))
    read_all(body)
    file.getbuffer()[0:1] = b"x"
    with pytest.raises(FileChanged):
        read_all(body)


def test_without_a_digest_any_bytes_are_given() -> None:
    file = io.BytesIO(b"abc")
    body = UploadBody(file, 3)
    read_all(body)
    file.getbuffer()[0:1] = b"x"
    assert read_all(body) == b"xbc"


def test_an_empty_file_has_a_digest_too() -> None:
    assert UploadBody(io.BytesIO(), 0, digest(b"")).read(4) == b""
    with pytest.raises(FileChanged):
        UploadBody(io.BytesIO(), 0, digest(b"a")).read(4)


def test_a_shorter_file_is_noticed_where_it_ends() -> None:
    body = UploadBody(io.BytesIO(b"abc"), 4)
    assert body.read(4) == b"abc"
    with pytest.raises(FileChanged):
        body.read(4)


class Broken(io.BytesIO):
    def read(self, _: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("file", [Broken()])
def test_a_disk_that_fails_is_told_as_it_is(file: IO[bytes]) -> None:
    with pytest.raises(OSError, match="Input/output"):
        UploadBody(file, 3).read(1)


def test_progress_is_told_as_bytes_are_read() -> None:
    seen: list[int] = []
    body = UploadBody(io.BytesIO(b"abcdef"), 6, progress=seen.append)
    read_all(body)
    read_all(body)
    assert seen == [4, 6, 4, 6]
