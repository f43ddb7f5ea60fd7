"""Copies some requests of a request file. It touches nothing but the files that it is given."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Container, Iterator
from typing import IO

from vsync.batch.custom_ids import digest
from vsync.batch.request_line import custom_id_of
from vsync.batch.request_lines import LineBytes, lines_of


def custom_ids_in_order(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The line and the custom_id of each request, from where the file stands. Lines without a custom_id are left out.

    Memory is bounded by the longest line. Raises OSError when the file cannot be read.
    """
    for number, line in lines_of(file):
        custom_id = _custom_id_of(line)
        del line  # Else two are in memory while the next one is gathered.
        if custom_id is not None:
            yield number, custom_id


def write_partial(request_file: IO[bytes], without: Container[bytes], out: IO[bytes]) -> int:
    """Writes the requests but those whose custom_ids have these digests, byte for byte and in order. Returns their number.

    `request_file` is read from where it stands. Each line ends with a line feed, also the last one. Memory is bounded by the
    longest line. Raises OSError when a file cannot be read or written.
    """
    count = 0
    for _, line in _others(request_file, without):
        out.write(line)
        out.write(b"\n")
        count += 1
        del line
    return count


def find_lines(
    request_file: IO[bytes], without: Container[bytes], numbers: Collection[int]
) -> tuple[str, dict[int, int]]:
    """The SHA-256 of what `write_partial` would write, and for these of its lines the numbers of the same lines in the request
    file. Raises OSError when the file cannot be read.
    """
    whole, found, copied = hashlib.sha256(), {}, itertools.count(1)
    for number, line in _others(request_file, without):
        whole.update(line)
        whole.update(b"\n")
        place = next(copied)
        if place in numbers:
            found[place] = number
        del line
    return whole.hexdigest(), found


def _others(file: IO[bytes], without: Container[bytes]) -> Iterator[tuple[int, LineBytes]]:
    """The number and the bytes of each request but those whose custom_ids have these digests. Who loops forgets each line."""
    for number, line in lines_of(file):
        custom_id = _custom_id_of(line)
        if line is not None and custom_id is not None and digest(custom_id) not in without:
            yield number, line
        del line


def _custom_id_of(line: LineBytes | None) -> str | None:
    return None if line is None else custom_id_of(line)
