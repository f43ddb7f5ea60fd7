"""Runs one command and writes its wall time, processor time and peak memory as JSON to a file descriptor.

`run` does it in a process of its own, because Linux counts what a process's parent held when it was started as the
process's own peak. The peak is that of the largest process: the command itself or one that it ran.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


class CommandFailed(Exception):
    """A measured command did not do what it should."""


@dataclass(frozen=True)
class Run:
    """One run of a command."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> Run:
    """Runs the command and measures the whole process. Raises CommandFailed when it exits with anything but 0.

    With `stdout` the command writes there, and the text in the result is empty.
    """
    read, write = os.pipe()
    with os.fdopen(read) as results:
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, str(write), *command],
            cwd=folder,
            env=environment,
            pass_fds=[write],
            stdin=stdin,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(write)
        if done.returncode:
            raise CommandFailed(f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout or ''}{done.stderr}")
        measured = json.load(results)
    return Run(**measured, stdout=done.stdout or "", stderr=done.stderr)


def main(arguments: Sequence[str]) -> int:
    results, command = int(arguments[0]), arguments[1:]
    started = time.perf_counter()
    status = subprocess.run(command).returncode
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {
        "seconds": seconds,
        "processor_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    os.write(results, json.dumps(measured).encode())
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
