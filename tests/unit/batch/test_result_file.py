"""Lines of results are found with their places, whatever their length."""

from __future__ import annotations

import io

import pytest

from tests.support.results import bad, good, lines
from vsync.batch import result_file
from vsync.batch.result_file import Found, pieces, result_at, results
from vsync.batch.result_line import ResultLine, parse_result

FILE = b"\n" + lines(good("a"), b"  ", bad("bb"), b"{") + good("é")


@pytest.mark.parametrize("piece", [1, 7, 50, 2_000_000])
@pytest.mark.parametrize("content", [b"", b"\n", FILE, FILE + b"\n", FILE + b"\n\n", b"{"])
def test_each_line_has_its_place(content: bytes, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_file, "PIECE_BYTES", piece)
    file = io.BytesIO(content)
    found = [each for each in results(file) if content[each.offset : each.offset + each.length].strip()]
    lines_there = [line for line in content.split(b"\n") if line.strip()]
    assert [content[each.offset : each.offset + each.length] for each in found] == lines_there
    assert [each.result for each in found] == [parse_result(line) for line in lines_there]
    assert [result_at(file, each.offset, each.length) for each in found] == [each.result for each in found]
    assert [b"".join(pieces(file, each.offset, each.length)) for each in found] == lines_there


def test_a_file_is_read_from_its_beginning() -> None:
    file = io.BytesIO(lines(good("a")))
    file.seek(5)
    assert list(results(file)) == [Found(0, len(good("a")), ResultLine("a", ok=True, status_code=200))]


def test_a_long_line_is_never_in_the_memory_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_file, "PIECE_BYTES", 1_000)
    line = good("a", "x" * 10_000)
    (found,) = results(io.BytesIO(lines(line)))
    assert found == Found(0, len(line), ResultLine("a", ok=True, status_code=200))
    assert max(map(len, pieces(io.BytesIO(line), 0, len(line)))) == 1_000
