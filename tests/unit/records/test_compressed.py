"""Compressed input is read in pieces of a bounded size, and damage is noticed."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vsync.records.compressed import PIECE_BYTES, Damaged, decompressed, is_compressed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"".join(b'{"n": %d}\n' % number for number in range(20_000))
KINDS = [("a.gz", gzip.compress), ("a.zst", zstd.compress), ("a.ZSTD", zstd.compress)]
Compress = Callable[[bytes], bytes]


def read(name: str, data: bytes, at_once: int = 1000) -> bytes:
    return b"".join(decompressed(Path(name), (data[at : at + at_once] for at in range(0, len(data), at_once))))


def read_until_damage(name: str, data: bytes) -> tuple[bytes, str]:
    found = b""
    try:
        for piece in decompressed(Path(name), [data]):
            found += piece
    except Damaged as damage:
        return found, str(damage)
    return found, ""


def test_the_ending_says_what_is_compressed() -> None:
    names = ["a.gz", "a.jsonl.GZ", "a.zst", "a.zstd", "a.jsonl", "gz", "a.gz.txt"]
    assert [is_compressed(Path(name)) for name in names] == [True, True, True, True, False, False, False]


@pytest.mark.parametrize(("name", "compress"), KINDS)
@pytest.mark.parametrize("at_once", [1, 1000, 1_000_000])
def test_the_content_comes_back(name: str, compress: Compress, at_once: int) -> None:
    assert read(name, compress(TEXT), at_once) == TEXT


@pytest.mark.parametrize(("name", "compress"), KINDS)
def test_several_parts_one_after_the_other_are_one_content(name: str, compress: Compress) -> None:
    data = compress(b"a\n") + compress(b"") + compress(b"b\n")
    assert read(name, data, 7) == read(name, data) == b"a\nb\n"


@pytest.mark.parametrize(("name", "compress"), KINDS)
def test_a_small_file_that_holds_very_much_comes_in_small_pieces(name: str, compress: Compress) -> None:
    pieces = list(decompressed(Path(name), [compress(b"\0" * 20_000_000)]))
    assert sum(map(len, pieces)) == 20_000_000
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize("length", [PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES])
@pytest.mark.parametrize(("name", "compress"), KINDS)
def test_content_of_just_a_piece_is_whole(name: str, compress: Compress, length: int) -> None:
    assert read(name, compress(b"x" * length), 1_000_000) == b"x" * length


def test_zeros_that_fill_the_last_block_of_a_gzip_file_are_ignored() -> None:
    assert read("a.gz", gzip.compress(b"a") + b"\0" * 3000) == b"a"


def test_an_empty_file_has_no_content() -> None:
    assert read("a.gz", b"") == read("a.zst", b"") == b""


@pytest.mark.parametrize(("name", "compress"), KINDS)
def test_a_cut_file_gives_what_is_there_and_then_the_damage(name: str, compress: Compress) -> None:
    data = compress(TEXT)
    found, why = read_until_damage(name, data[: len(data) // 2])
    assert TEXT.startswith(found)
    assert why == "it ends in the middle of its compressed data"


@pytest.mark.parametrize(("name", "compress"), KINDS)
def test_only_the_last_byte_is_missing(name: str, compress: Compress) -> None:
    assert read_until_damage(name, compress(TEXT)[:-1])[1] == "it ends in the middle of its compressed data"


@pytest.mark.parametrize(("name", "word"), [("a.gz", "gzip"), ("a.zst", "zstd")])
def test_a_file_that_is_not_compressed_is_damaged(name: str, word: str) -> None:
    found, why = read_until_damage(name, TEXT)
    assert (found, why.startswith(f"it is no sound {word} data (")) == (b"", True)


def test_rubbish_after_the_content_is_damage() -> None:
    found, why = read_until_damage("a.gz", gzip.compress(b"a") + b"rubbish that is no gzip")
    assert (found, why.startswith("it is no sound gzip data")) == (b"a", True)
