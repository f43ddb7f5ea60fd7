"""The input of a stream, as only a process can show it: standard input that never ends, and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

READER = """
import asyncio, resource, sys
from pathlib import Path
from vsync.records.lines import Lines
from vsync.system.stop import Stop

stop = Stop()
stop.install()

async def main():
    lines = Lines(Path(sys.argv[1]) if sys.argv[1:] else None, stop=stop)
    lines.open()
    lines.begin()
    print("ready", flush=True)
    while (batch := await lines.batch(500, 60)) is not None:
        for line in batch:
            print(line.number, len(line.raw), line.fault, line.size)
    lines.close()
    print("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print("stopped by", stop.signum)

asyncio.run(main())
"""
MIB = 1024 * 1024


def reader(*arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", READER, *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> Sequence[str]:
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


@pytest.mark.parametrize("sent", [b"", b"{}\n{"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_process_whose_standard_input_never_ends(sent: bytes, signum: signal.Signals) -> None:
    read, write = os.pipe()
    try:
        process = reader(stdin=read)
        os.write(write, sent)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        began = time.monotonic()
        process.send_signal(signum)
        assert finished(process)[-1] == f"stopped by {signum.value}"
        assert time.monotonic() - began < 2
    finally:
        os.close(read)
        os.close(write)


def test_a_signal_ends_a_process_that_waits_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    process = reader(str(tmp_path / "pipe"))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert finished(process)[-1] == "stopped by 15"


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "in"
    with path.open("wb") as file:
        file.write(b"{}\n")
        for _ in range(40):
            file.write(b"x" * MIB)
        file.write(b"\n{}\n")
        for _ in range(200):
            file.write(b"y" * MIB)
    lines = finished(reader(str(path)))
    assert lines[1:5] == ["1 2 None 0", f"2 65536 too-large {40 * MIB}", "3 2 None 0", f"4 65536 too-large {200 * MIB}"]
    word, memory = lines[5].split()
    assert word == "memory"
    assert int(memory) < 150


def test_a_line_of_just_the_most_is_whole_and_its_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "in"
    with path.open("wb") as file:
        for _ in range(6):
            for _ in range(32):
                file.write(b"x" * MIB)
            file.write(b"\n")
    lines = finished(reader(str(path)))
    assert lines[1:7] == [f"{number} {32 * MIB} None 0" for number in range(1, 7)]
    assert int(lines[7].split()[1]) < 300
