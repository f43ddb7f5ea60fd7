"""Acknowledgements on real files and pipes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from vsync.cli.output import Output
from vsync.records.acks import Acks
from vsync.system.stop import Stop

SECRET = "sk-proj-0123456789abcdef"


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[str]]]:
    read, write = os.pipe()
    with open(write, "w") as stream:  # noqa: PTH123 - ruff wants `Path.open`, which takes no number of a pipe
        yield read, stream
    with contextlib.suppress(OSError):
        os.close(read)


def all_of(descriptor: int) -> bytes:
    """What stands in a pipe at present."""
    os.set_blocking(descriptor, False)
    found = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(descriptor, 65536):
            found += piece
    return found


def test_lines_are_there_when_write_returns(pipe: tuple[int, IO[str]]) -> None:
    acks = Acks(pipe[1])
    acks.write(["a", "b"])
    assert os.read(pipe[0], 100) == b"a\nb\n"
    acks.write([])
    acks.write(["c"])
    assert os.read(pipe[0], 100) == b"c\n"
    assert acks.lost is None


def test_what_the_stream_holds_already_comes_first(pipe: tuple[int, IO[str]]) -> None:
    pipe[1].write("before\n")
    Acks(Output(pipe[1])).write(["a"])  # type: ignore[arg-type]  # mypy: the wrapper around standard output is no IO[str], but has all of it that is used
    assert os.read(pipe[0], 100) == b"before\na\n"


def test_a_stream_that_is_no_file_takes_them(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    Acks(stream).write(["a", "b"])
    assert stream.getvalue() == "a\nb\n"


def test_a_file_takes_them_in_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes, real = list[int](), os.write

    def counted(descriptor: int, data: bytes) -> int:
        writes.append(len(data))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", counted)
    with (tmp_path / "acks").open("w") as stream:
        Acks(stream).write(["x" * 99] * 500)
    assert writes == [50_000]
    assert (tmp_path / "acks").read_text() == ("x" * 99 + "\n") * 500


def test_a_slow_reader_gets_all_in_order(pipe: tuple[int, IO[str]]) -> None:
    read_end, stream = pipe
    lines = [f"{number:099d}" for number in range(3_000)]  # more than a pipe holds
    found: list[bytes] = []

    def read() -> None:
        time.sleep(0.2)
        while (piece := os.read(read_end, 1_000)) != b"":
            found.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    acks = Acks(stream)
    for start in range(0, len(lines), 100):
        acks.write(lines[start : start + 100])
    stream.close()
    reader.join()
    assert b"".join(found).decode().splitlines() == lines
    assert acks.lost is None


def test_a_pipe_that_does_not_block_gets_all(pipe: tuple[int, IO[str]]) -> None:
    os.set_blocking(pipe[1].fileno(), False)
    test_a_slow_reader_gets_all_in_order(pipe)


def test_a_reader_that_is_gone_is_told_once(pipe: tuple[int, IO[str]]) -> None:
    notes: list[str] = []
    os.close(pipe[0])
    acks = Acks(pipe[1], note=notes.append)
    acks.write(["a"])
    acks.write(["b"])
    assert acks.lost == "their reader is gone"
    (note,) = notes
    assert "not whole: their reader is gone" in note


def test_a_full_disk_is_told_once() -> None:
    notes: list[str] = []
    with Path("/dev/full").open("w") as stream:
        acks = Acks(stream, note=notes.append)
        acks.write(["a"])
        acks.write(["b"])
    (note,) = notes
    assert "not whole: No space left on device" in note


def test_a_reader_that_does_not_read_does_not_stop_a_stream_from_ending(pipe: tuple[int, IO[str]]) -> None:
    notes: list[str] = []
    stop = Stop()
    acks = Acks(pipe[1], stop=stop, note=notes.append, patience_s=0.3)
    writer = threading.Thread(target=lambda: acks.write(["x" * 99] * 10_000))
    writer.start()
    writer.join(0.5)
    assert writer.is_alive()  # it waits for the reader as long as it may
    stop.request(15)
    writer.join(5)
    assert not writer.is_alive()
    assert "their reader does not read" in notes[0]
    assert all_of(pipe[0]).startswith(b"x" * 99 + b"\n")


def test_after_a_stop_a_reader_that_reads_gets_all(pipe: tuple[int, IO[str]]) -> None:
    stop = Stop()
    stop.request(15)
    acks = Acks(pipe[1], stop=stop, patience_s=0)
    acks.write(["a"])
    assert (os.read(pipe[0], 10), acks.lost) == (b"a\n", None)


@pytest.mark.parametrize(
    "line",
    [
        f'{{"key": "before {SECRET} after"}}',
        f'{{"key": "{SECRET.encode().hex()}"}}',
        '{"key": "c2stcHJvai0wMTIzNDU2Nzg5YWJjZGVm"}',
    ],
)
def test_a_key_of_the_api_is_hidden(line: str) -> None:
    stream = io.StringIO()
    Acks(stream, [SECRET]).write(["a", line, "b"])
    first, hidden, last = stream.getvalue().splitlines()
    assert (first, last) == ("a", "b")
    assert "***" in hidden
    assert hidden.startswith('{"key": "')
    assert hidden.endswith('"}')
    assert SECRET not in hidden


def test_what_only_looks_like_a_key_stays_as_it_is() -> None:
    stream = io.StringIO()
    line = '{"key": "sk-other-0123456789 https://user:pass@host?token=abc"}'
    Acks(stream, [SECRET]).write([line])
    assert stream.getvalue() == line + "\n"


def test_a_secret_that_comes_later_is_hidden_as_well() -> None:
    secrets, stream = list[str](), io.StringIO()
    acks = Acks(stream, secrets)
    secrets.append(SECRET)
    acks.write([f'{{"key": "{SECRET}"}}'])
    assert stream.getvalue() == '{"key": "***"}\n'


def test_no_key_acts_as_a_command_of_a_workflow_and_programs_read_the_same_key() -> None:
    stream, line = io.StringIO(), '{"key": "###[error]x ##[group]"}'
    acks = Acks(stream)
    acks.write([line])
    acks.write_report(line)
    for written in stream.getvalue().splitlines():
        assert "##[" not in written
        assert json.loads(written) == json.loads(line)


def test_the_report_does_not_wait_for_a_reader_that_does_not_read(pipe: tuple[int, IO[str]]) -> None:
    stop = Stop()
    acks = Acks(pipe[1], stop=stop, patience_s=0.3)
    stop.request(15)
    acks.write(["x" * 99] * 10_000)
    before = all_of(pipe[0])
    acks.write_report('{"report": {}}')
    assert acks.lost is not None
    assert all_of(pipe[0]) == b""  # nothing comes behind a line that is not whole
    assert b"report" not in before


def test_the_report_is_the_last_line_and_waits_no_longer_than_the_patience(pipe: tuple[int, IO[str]]) -> None:
    stop = Stop()
    acks = Acks(pipe[1], stop=stop, patience_s=0.3)
    os.set_blocking(pipe[1].fileno(), False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe[1].fileno(), b"x" * 4095 + b"\n")
    stop.request(15)
    acks.write_report('{"report": {}}')
    assert acks.lost == "their reader does not read"
