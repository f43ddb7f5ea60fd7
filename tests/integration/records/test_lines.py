"""The lines of real files and pipes, in batches."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import os
import pty
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from vsync.errors import ConfigurationError, InputDamaged
from vsync.records import lines as lines_module
from vsync.records import read_ahead
from vsync.records.input_file import PIECE_BYTES
from vsync.records.lines import Lines
from vsync.records.place import Place
from vsync.records.splitter import Line
from vsync.system.stop import Stop

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SOON_S = 10.0
"""A test that waits longer has failed."""


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(SOON_S):
            await work()

    asyncio.run(limited())


class WithoutPlaces(Lines):
    """Lines that say nothing of where they stand: most tests do not ask for it."""

    async def batch(self, size: int, delay_s: float) -> list[Line] | None:
        found = await super().batch(size, delay_s)
        return None if found is None else [line._replace(end=0, file=None) for line in found]


@contextlib.contextmanager
def opened(
    path: Path | None, *, place: Place | None = None, kind: type[Lines] = WithoutPlaces, **more: Any
) -> Iterator[Lines]:
    lines = kind(path, **{"stop": Stop(), **more})
    lines.open()
    lines.begin(place)
    try:
        yield lines
    finally:
        lines.close()


def batches(path: Path | None, size: int = 500, delay_s: float = 1.0, **more: Any) -> list[list[Line]]:
    """All batches of an input that ends."""
    found: list[list[Line]] = []

    async def read() -> None:
        with opened(path, **more) as lines:
            while (batch := await lines.batch(size, delay_s)) is not None:
                found.append(batch)
            assert await lines.batch(size, delay_s) is None

    run(read)
    return found


def numbers(found: list[list[Line]]) -> list[list[int]]:
    return [[line.number for line in batch] for batch in found]


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "records input"]


@pytest.fixture(autouse=True)
def no_reader_stays() -> Iterator[None]:
    yield
    for reader in readers():
        reader.join(30)  # on a busy machine a reader may be in the middle of its last piece
    assert readers() == []


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for descriptor in (read, write):
        with contextlib.suppress(OSError):
            os.close(descriptor)


# --- Batches ------------------------------------------------------------------------------------------------------


def test_a_file_comes_in_batches_of_the_size(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n" * 7)
    assert numbers(batches(path, 3)) == [[1, 2, 3], [4, 5, 6], [7]]


def test_an_empty_file_has_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"\n\n")
    assert batches(path) == []


def test_a_batch_may_hold_lines_of_many_pieces(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(150_000)))
    found = batches(path, 100_000, 60)
    assert [len(batch) for batch in found] == [100_000, 50_000]
    assert all(line.raw == b"%d" % (line.number - 1) for batch in found for line in batch)


def test_a_batch_ends_where_its_bytes_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_BATCH_BYTES", 10)
    path = tmp_path / "in"
    path.write_bytes(b"aaaa\nbbbb\ncc\nd\n" + b"e" * 20 + b"\n" + b"f" * 20 + b"\ng\n")
    assert numbers(batches(path)) == [[1, 2, 3], [4], [5], [6], [7]]


def test_the_last_line_may_lack_its_line_break(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{}\n{"a": 1}')
    assert batches(path) == [[Line(1, b"{}"), Line(2, b'{"a": 1}')]]
    path.write_bytes(b'{}\n{"a": ')
    assert batches(path) == [[Line(1, b"{}"), Line(2, b'{"a": ', "cut")]]


def test_other_tasks_get_their_turn_although_all_lines_are_there(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n" * 1000)

    async def read() -> None:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        with opened(path) as lines:
            while await lines.batch(1, 0) is not None:
                pass
        task.cancel()
        assert turns >= 1000

    run(read)


# --- Pipes --------------------------------------------------------------------------------------------------------


def test_a_trickle_comes_the_delay_after_its_first_line(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe

    async def read() -> None:
        with opened(None, standard_input=read_end) as lines:
            waiting = asyncio.create_task(lines.batch(100, 0.2))
            await asyncio.sleep(0.3)  # the delay counts from the first line
            assert not waiting.done()
            began = time.monotonic()
            os.write(write_end, b"{}\n{")
            await asyncio.sleep(0.05)
            os.write(write_end, b"}\n{}\n")
            assert await waiting == [Line(1, b"{}"), Line(2, b"{}"), Line(3, b"{}")]
            assert time.monotonic() - began >= 0.2
            os.write(write_end, b"{}\n")
            assert await lines.batch(100, 0.0) == [Line(4, b"{}")]
            os.close(write_end)
            assert await lines.batch(100, 60) is None

    run(read)


def test_a_batch_that_is_full_or_the_last_does_not_wait(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe

    async def read() -> None:
        with opened(None, standard_input=read_end) as lines:
            os.write(write_end, b"{}\n" * 3)
            assert numbers([await lines.batch(2, 60) or []]) == [[1, 2]]
            waiting = asyncio.create_task(lines.batch(2, 60))
            await asyncio.sleep(0.05)
            os.close(write_end)
            assert numbers([await waiting or []]) == [[3]]

    run(read)


def test_standard_input_stays_open(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    os.write(write_end, b"{}\n")
    os.close(write_end)
    assert numbers(batches(None, standard_input=read_end)) == [[1]]
    assert os.fstat(read_end)


def test_a_pipe_that_does_not_block_is_read_to_its_end(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    os.set_blocking(read_end, False)

    def write() -> None:
        for _ in range(3):
            time.sleep(0.02)
            os.write(write_end, b"{}\n")
        os.close(write_end)

    writer = threading.Thread(target=write)
    writer.start()
    assert numbers(batches(None, delay_s=5, standard_input=read_end)) == [[1, 2, 3]]
    writer.join()


def test_a_named_pipe_is_read_until_its_writers_close_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    async def read() -> None:
        with opened(path) as lines:  # does not wait for a writer
            waiting = asyncio.create_task(lines.batch(10, 0.05))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            writer = os.open(path, os.O_WRONLY)
            os.write(writer, b"{}\n")
            assert numbers([await waiting or []]) == [[1]]
            os.close(writer)
            assert await lines.batch(10, 60) is None

    run(read)


def test_what_nobody_takes_is_not_read(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    os.set_blocking(write_end, False)
    most = read_ahead.MOST_BYTES + 3 * 1024 * 1024
    line = b"x" * 4095 + b"\n"

    async def read() -> None:
        with opened(None, standard_input=read_end) as lines:
            sent, refused_since = 0, time.monotonic()
            while time.monotonic() - refused_since < 0.3:
                try:
                    sent += os.write(write_end, line)
                    refused_since = time.monotonic()
                except BlockingIOError:
                    await asyncio.sleep(0.01)
                assert sent < most
            assert sent >= read_ahead.MOST_BYTES
            # What waits comes once lines are taken.
            assert len(await lines.batch(500, 1) or []) == 500
            os.set_blocking(write_end, True)

    run(read)


def test_many_short_lines_are_not_all_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"1\n" * 400_000)

    async def read() -> None:
        with opened(path) as lines:
            assert len(await lines.batch(1, 1) or []) == 1
            await asyncio.sleep(0.3)
            assert lines._ahead._lines < read_ahead.MOST_LINES + PIECE_BYTES

    run(read)


# --- A request to stop --------------------------------------------------------------------------------------------


def test_a_stop_ends_the_wait_for_input_that_never_comes(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    stop = Stop()

    async def read() -> None:
        with opened(None, standard_input=read_end, stop=stop) as lines:
            waiting = asyncio.create_task(lines.batch(10, 60))
            await asyncio.sleep(0.05)
            stop.request(15)
            assert await waiting is None

    run(read)
    assert os.write(write_end, b"{}\n") == 3  # nobody has closed it


def test_a_stop_ends_the_wait_for_a_batch_to_fill(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    stop = Stop()

    async def read() -> None:
        with opened(None, standard_input=read_end, stop=stop) as lines:
            os.write(write_end, b"{}\n")
            waiting = asyncio.create_task(lines.batch(10, 60))
            await asyncio.sleep(0.05)
            stop.request(15)
            assert await waiting is None

    run(read)


def test_after_a_stop_there_are_no_more_batches(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n" * 10)
    stop = Stop()

    async def read() -> None:
        with opened(path, stop=stop) as lines:
            assert len(await lines.batch(5, 1) or []) == 5
            stop.request(15)
            assert await lines.batch(5, 1) is None

    run(read)


def test_a_named_pipe_without_a_writer_can_be_stopped(tmp_path: Path) -> None:
    path, stop = tmp_path / "pipe", Stop()
    os.mkfifo(path)

    async def read() -> None:
        with opened(path, stop=stop) as lines:
            asyncio.get_running_loop().call_later(0.05, stop.request, 15)
            assert await lines.batch(10, 60) is None

    run(read)


def test_closing_ends_a_thread_that_waits_for_room(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes((b"x" * 1023 + b"\n") * 20_000)

    async def read() -> None:
        with opened(path) as lines:
            assert await lines.batch(1, 1)
            await asyncio.sleep(0.3)
            assert len(readers()) == 1

    run(read)
    assert readers() == []


def test_the_file_is_closed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n")
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for follow in (False, True):
        with opened(path, follow=follow):
            pass
    batches(path)
    assert len(list(descriptors.iterdir())) == before


# --- A file that grows --------------------------------------------------------------------------------------------


class Followed:
    """A followed file, and what was read and told of it."""

    def __init__(self, path: Path, lines: Lines, notes: list[str]) -> None:
        self.path, self.lines, self.notes = path, lines, notes

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    async def next(self, delay_s: float = 0.05) -> list[Line]:
        return await self.lines.batch(100, delay_s) or []

    async def nothing(self) -> None:
        """Nothing comes for a while."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.15):
                await self.lines.batch(100, 0)


@contextlib.contextmanager
def follow(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Followed]:
    monkeypatch.setattr("vsync.records.input_file.LOOK_EVERY_S", 0.01)
    notes: list[str] = []
    with opened(path, follow=True, note=notes.append) as lines:
        yield Followed(path, lines, notes)


def test_a_followed_file_gives_what_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n")

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert await file.next() == [Line(1, b"{}")]
            await file.nothing()
            file.append(b'{"a":')
            await file.nothing()  # the line is not complete
            file.append(b"1}\n{}")
            assert await file.next() == [Line(2, b'{"a":1}')]
            file.append(b"\n")
            assert await file.next() == [Line(3, b"{}")]
            assert file.notes == []

    run(read)


def test_a_followed_file_has_no_end_but_a_stop(tmp_path: Path) -> None:
    path, stop = tmp_path / "in", Stop()
    path.write_bytes(b"")

    async def read() -> None:
        with opened(path, follow=True, stop=stop) as lines:
            asyncio.get_running_loop().call_later(0.1, stop.request, 15)
            assert await lines.batch(10, 0.01) is None

    run(read)


def test_a_followed_file_that_is_cut_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n{}\n[half")

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert len(await file.next()) == 2
            path.write_bytes(b"")
            assert await file.next() == [Line(3, b"[half", "cut")]
            file.append(b'{"new":1}\n')
            assert await file.next() == [Line(1, b'{"new":1}')]
            assert file.notes == [f"{path} was cut: it is read from its beginning."]

    run(read)


def test_a_file_that_is_cut_and_grows_past_its_old_end_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"old":1}\n')

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert len(await file.next()) == 1
            path.write_bytes(b'{"new":1}\n{"new":2}\n')  # truncates the same file
            assert await file.next() == [Line(1, b'{"new":1}'), Line(2, b'{"new":2}')]
            assert len(file.notes) == 1

    run(read)


def test_a_file_that_is_replaced_is_read_to_its_end_and_then_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "in", tmp_path / "in.1"
    path.write_bytes(b'{"old":1}\n')

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert len(await file.next()) == 1
            path.rename(old)
            await file.nothing()
            path.write_bytes(b"")  # the writer has the old file open still
            with old.open("ab") as writer:
                writer.write(b'{"old":2}\n{"old":3}')
            assert await file.next() == [Line(2, b'{"old":2}')]
            file.append(b'\xef\xbb\xbf{"new":1}\n')
            assert await file.next() == [Line(3, b'{"old":3}'), Line(1, b'{"new":1}')]
            assert file.notes == [f"{path} was replaced: the new file is read from its beginning."]

    run(read)


def test_no_line_is_lost_or_doubled_while_a_log_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, files, each = tmp_path / "in", 8, 300
    found: list[bytes] = []
    path.write_bytes(b"")

    def write() -> None:
        for number in range(files):
            with path.open("ab") as writer:
                for line in range(each):
                    if line == each // 2 and number < files - 1:
                        while len(found) < number * each + line:
                            time.sleep(0.01)  # a file that loses its name before it was looked at is lost
                        path.rename(tmp_path / f"in.{number}")  # its writer does not know yet
                    writer.write(b'{"n":%d}\n' % (number * each + line))
                    writer.flush()

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            while len(found) < files * each:
                found.extend([line.raw for line in await file.next()])
            writer.join()
            assert found == [b'{"n":%d}' % number for number in range(files * each)]
            assert len(file.notes) == files - 1

    run(read)


def test_a_file_whose_name_leads_to_a_folder_now_cannot_be_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n")

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert len(await file.next()) == 1
            path.unlink()
            path.mkdir()
            with pytest.raises(InputDamaged, match="cannot be read on after line 1: what has its name now is no file"):
                await file.next()

    run(read)


def test_a_followed_file_that_does_not_exist_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in"

    async def read() -> None:
        with follow(path, monkeypatch) as file:
            assert not file.lines.is_there
            await file.nothing()
            path.write_bytes(b"{}\n")
            assert await file.next() == [Line(1, b"{}")]
            file.append(b"{}\n")
            assert await file.next() == [Line(2, b"{}")]
            assert file.notes == [f"{path} does not exist yet: waiting for it."]

    run(read)


def test_the_wait_for_a_file_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Stop()

    async def read() -> None:
        with opened(tmp_path / "in", follow=True, stop=stop) as lines:
            asyncio.get_running_loop().call_later(0.05, stop.request, 15)
            assert await lines.batch(10, 60) is None

    run(read)


# --- Going on where an earlier run ended --------------------------------------------------------------------------

THREE = b'{"n":1}\n\n{"n":2}\r\n{"n":3}\n'


def place_behind(path: Path, count: int) -> Place:
    """The place behind that many lines of the file."""
    found: list[Line] = []

    async def read() -> None:
        with opened(path, kind=Lines) as lines:
            while len(found) < count:
                found.extend(await lines.batch(count - len(found), 1) or [])

    run(read)
    line = found[-1]
    assert line.file is not None
    return Place.behind(line.file, line.number, line.raw, line.end, "")


def rest_of(path: Path, place: Place) -> list[Line]:
    return [line for batch in batches(path, place=place) for line in batch]


def test_each_line_knows_the_byte_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(THREE)
    ((*found,),) = batches(path, kind=Lines)
    assert [line.end for line in found] == [8, 18, 26]


def test_reading_goes_on_behind_a_line(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(THREE)
    every = rest_of(path, place_behind(path, 1))
    assert every == [Line(3, b'{"n":2}'), Line(4, b'{"n":3}')]
    assert rest_of(path, place_behind(path, 2)) == [Line(4, b'{"n":3}')]
    assert rest_of(path, place_behind(path, 3)) == []


def test_reading_goes_on_in_a_file_that_has_grown(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(THREE)
    place = place_behind(path, 3)
    with path.open("ab") as file:
        file.write(b"x" * 5_000 + b"\n")
    with opened(path, place=place) as lines:
        assert lines.begins_behind == 4
    assert rest_of(path, place) == [Line(5, b"x" * 5_000)]


def test_a_place_survives_its_text_and_tells_nothing_of_the_line(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(THREE)
    place = place_behind(path, 2)
    assert Place.from_text(place.to_text()) == place
    assert '"n"' not in place.to_text()


def test_a_last_line_that_gets_its_line_break_later_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"n":1}\n{"n":2}')
    place = place_behind(path, 2)
    with path.open("ab") as file:
        file.write(b'\n{"n":3}\n')
    assert rest_of(path, place) == [Line(3, b'{"n":3}')]


def other_file(path: Path) -> None:
    data = path.read_bytes()
    path.rename(path.with_name("old"))
    path.write_bytes(data)


def another_beginning(path: Path) -> None:
    path.write_bytes(b"[" + path.read_bytes()[1:])


def another_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"last"', b'"LAST"'))


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


@pytest.mark.parametrize("change", [other_file, another_beginning, another_line, shorter])
def test_a_file_that_is_not_the_one_of_the_place_is_read_from_its_beginning(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"n": "%s"}\n{"n": "last"}\n' % (b"x" * 3_000))
    place = place_behind(path, 2)
    assert rest_of(path, place) == []
    change(path)
    with opened(path, place=place) as lines:
        assert lines.begins_behind == 0
    assert [line.number for line in rest_of(path, place)] == [1, 2]


def test_a_followed_file_goes_on_and_its_lines_name_the_file_that_they_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.records.input_file.LOOK_EVERY_S", 0.01)
    path = tmp_path / "in"
    path.write_bytes(THREE)
    place = place_behind(path, 1)

    async def read() -> None:
        with opened(path, place=place, kind=Lines, follow=True) as lines:
            second, third = await lines.batch(2, 1) or []
            assert (second.number, third.number, second.file) == (3, 4, third.file)
            assert third.file is not None
            assert (third.file.inode, third.file.head) == (path.stat().st_ino, THREE)
            path.rename(tmp_path / "old")
            path.write_bytes(b'{"new":1}\n')
            (first,) = await lines.batch(1, 1) or []
            assert (first.number, first.end) == (1, 10)
            assert first.file is not None
            assert (first.file.inode, first.file.head) == (path.stat().st_ino, b'{"new":1}\n')

    run(read)


def test_the_bytes_of_a_pipe_and_of_a_compressed_file_are_in_no_file(tmp_path: Path, pipe: tuple[int, int]) -> None:
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(b"{}\n"))
    os.write(pipe[1], b"{}\n")
    os.close(pipe[1])
    for found in (batches(path, kind=Lines), batches(None, kind=Lines, standard_input=pipe[0])):
        assert [[line.file for line in batch] for batch in found] == [[None]]


# --- Compressed files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "compress"), [("in.gz", gzip.compress), ("in.zst", zstd.compress)])
def test_a_compressed_file_is_read_like_any_other(
    tmp_path: Path, name: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(compress(b"{}\n" * 3))
    assert numbers(batches(path, 2)) == [[1, 2], [3]]


def test_what_a_cut_file_holds_is_given_before_its_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.gz"
    data = gzip.compress(b"".join(b'{"n": %d}\n' % number for number in range(100_000)))
    path.write_bytes(data[: len(data) // 2])
    found: list[Line] = []

    async def read() -> None:
        with opened(path) as lines:
            while (batch := await lines.batch(500, 1)) is not None:
                found.extend(batch)

    with pytest.raises(InputDamaged) as caught:
        run(read)
    assert caught.value.exit_code == 1
    assert f"{path} cannot be read on after line {len(found):,}: it ends in the middle" in caught.value.message
    assert found[-1] == Line(len(found), b'{"n": %d}' % (len(found) - 1))
    assert len(found) > 1000


# --- What cannot be read ------------------------------------------------------------------------------------------


def refused(path: Path | None, **more: Any) -> str:
    with pytest.raises(ConfigurationError) as caught, opened(path, **more):
        pass
    assert caught.value.remedy
    return caught.value.message


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "no") == f"The input {tmp_path / 'no'} does not exist."
    in_no_folder = tmp_path / "no" / "in"
    assert refused(in_no_folder, follow=True) == f"The input {in_no_folder} does not exist."


@pytest.mark.parametrize("following", [False, True])
def test_a_folder_a_device_and_a_socket_are_no_input(tmp_path: Path, following: bool) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path, what in {tmp_path: "a folder", Path("/dev/zero"): "a device", tmp_path / "socket": "no file"}.items():
            assert refused(path, follow=following) == f"The input {path} is {what}."


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"")

    def no(*_: Any) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", no)
    assert refused(path) == f"The input {path} cannot be opened: Permission denied."


def test_a_terminal_as_standard_input_has_no_records() -> None:
    master, terminal = pty.openpty()
    try:
        assert refused(None, standard_input=terminal) == "Standard input is a terminal: no records."
    finally:
        os.close(master)
        os.close(terminal)


def test_a_folder_as_standard_input_is_refused(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        assert refused(None, standard_input=descriptor) == "Standard input is a folder."
    finally:
        os.close(descriptor)


def test_only_a_file_that_is_not_compressed_can_be_followed(tmp_path: Path, pipe: tuple[int, int]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "in.gz").write_bytes(b"")
    assert "--follow needs a FILE" in refused(None, standard_input=pipe[0], follow=True)
    assert "it is a pipe" in refused(tmp_path / "pipe", follow=True)
    assert "it is compressed" in refused(tmp_path / "in.gz", follow=True)


def test_an_input_that_fails_while_it_is_read_is_damaged(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bytes | OSError] = [b"{}\n{", OSError(errno.EIO, os.strerror(errno.EIO))]

    def read_once(descriptor: int, size: int) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    os.write(pipe[1], b"any")
    monkeypatch.setattr("vsync.records.input_file.os.read", read_once)

    async def read() -> None:
        with opened(None, standard_input=pipe[0]) as lines:
            assert await lines.batch(10, 60) == [Line(1, b"{}")]
            with pytest.raises(
                InputDamaged, match=r"Standard input cannot be read on after line 1: Input/output error\."
            ):
                await lines.batch(10, 1)

    run(read)


def test_a_defect_of_the_thread_is_raised_where_lines_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"{}\n")
    monkeypatch.setattr(lines_module, "Splitter", lambda **_: None)

    async def read() -> None:
        with opened(path) as lines, pytest.raises(AttributeError):
            await lines.batch(10, 1)

    run(read)


def test_a_request_to_close_what_was_never_opened_does_nothing(tmp_path: Path) -> None:
    Lines(tmp_path / "in", stop=Stop()).close()
    assert readers() == []
