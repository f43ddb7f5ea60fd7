"""One run of the action in this process: with its own environment, folder and output, as if it had a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple
from unittest import mock

from tests.support.hosted import hosted
from vsync.github import action
from vsync.system.secrets import taken_from
from vsync.system.stop import Stop


class Ended(NamedTuple):
    code: int
    log: str
    """What it and the programs it started wrote, first to stdout, then to stderr."""


class HurriedStop(Stop):
    """Does not wait for a server: the embedded store indexes at once."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.01))


def run_action(environ: Mapping[str, str], folder: Path, store: Path | None = None) -> Ended:
    """Runs the action in that folder, with that environment and nothing else in `os.environ`.

    The store in the file `store` answers for OpenAI's API.
    """
    with _written() as written, _process(environ, folder), hosted(store):
        code = action.run(taken_from(os.environ), HurriedStop())
    return Ended(code, written.decode(errors="replace"))


@contextlib.contextmanager
def _process(environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    """What a process has for itself: environment, current folder, folder for temporary files, signal handlers."""
    here, temporary = Path.cwd(), tempfile.tempdir
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}
    with mock.patch.dict(os.environ, environ, clear=True), mock.patch.object(os, "fsync"):
        os.chdir(folder)
        tempfile.tempdir = None
        try:
            yield
        finally:
            tempfile.tempdir = temporary
            os.chdir(here)
            for signum, handler in handlers.items():
                signal.signal(signum, handler)


@contextlib.contextmanager
def _written() -> Iterator[bytearray]:
    """Everything that is written to stdout and stderr meanwhile, also by programs that are started."""
    written = bytearray()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with (
            _redirected(1, out.fileno()) as stdout,
            _redirected(2, err.fileno()) as stderr,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            yield written
        for file in (out, err):
            file.seek(0)
            written += file.read()


@contextlib.contextmanager
def _redirected(stream: int, to: int) -> Iterator[IO[str]]:
    """Lets a standard stream lead to another file. Gives the stream as Python writes to it."""
    before = os.dup(stream)
    os.dup2(to, stream)
    try:
        with open(stream, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as text:
            yield text
    finally:
        os.dup2(before, stream)
        os.close(before)
