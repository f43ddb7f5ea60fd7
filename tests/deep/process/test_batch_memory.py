"""A request file is checked in little memory, whatever it holds: only a process of its own shows that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.request_lines import request
from vsync.batch.check_requests import MAX_FAULTY_LINES
from vsync.batch.limits import MAX_LINE_BYTES, MAX_REQUESTS

CHECK = """
import sys
from pathlib import Path
from vsync.batch.check_requests import check_requests

for name in sys.argv[1:]:
    with open(name, "rb") as file:
        checked = check_requests(file)
    # What getrusage gives begins with the memory of the process that started this one.
    (most,) = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(checked.requests, len(checked.mistakes) + checked.more, int(most) // 1024)
"""
MOST_MIB = 150
EMPTY_LINES = 1_000_000


def files(folder: Path) -> Iterator[Path]:
    text = "Say hello. 😀" * 200

    def made(name: str, *parts: bytes) -> Path:
        (folder / name).write_bytes(b"".join(parts))
        return folder / name

    long = request(body={"model": "m", "input": "\N{GRINNING FACE}"})
    yield made("many", *(request(n, body={"model": "m", "input": text}) + b"\n" for n in range(10_000)))
    yield made("long", long.replace(b'"input": "', b'"input": "' + "é".encode() * ((MAX_LINE_BYTES - len(long)) // 2)))
    yield made("broken", *(request(n)[:-1] + b"\n" for n in range(MAX_REQUESTS)))
    yield made("empty", b"\n" * EMPTY_LINES)
    yield made("members", b"{" + b'"a":0,' * 2_000_000 + b'"b":0}')
    yield made("numbers", b'{"a":[' + b"0," * ((MAX_LINE_BYTES - 10) // 2) + b"0]}")


def test_whatever_a_request_file_holds_it_is_checked_in_little_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", CHECK, *map(str, files(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert [(requests, mistakes) for requests, mistakes, _ in found] == [
        (10_000, 0),
        (1, 0),
        (MAX_REQUESTS, MAX_REQUESTS),
        (0, 1 + MAX_FAULTY_LINES),
        (1, 5),
        (1, 4),
    ]
    assert all(memory < MOST_MIB for _, _, memory in found), found
