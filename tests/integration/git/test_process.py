"""Git as a process: it is ended at a deadline, and is given its whole input."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from vsync.errors import GitUnavailable
from vsync.git.deadlines import Deadlines
from vsync.git.remote import Remote


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/acme/docs.git"


@pytest.mark.parametrize(("stopped", "why"), [(False, "s had passed"), (True, "the run was told to stop")])
def test_git_that_waits_for_ever_is_ended_with_its_helpers(
    silent: str, stopped: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.git.process._MIN_S", 0.5)
    deadlines = Deadlines(30.0 if stopped else 0.5)
    remote = Remote(
        silent, None, os.environ, pause=lambda _: None, stopped=lambda: 99.0 if stopped else None, deadlines=deadlines
    )
    started = time.monotonic()
    with pytest.raises(GitUnavailable, match=why):
        remote.refs("refs/heads/main")
    assert time.monotonic() - started < 10
    remote.close()
    assert [name for name in running() if silent in name] == []


@pytest.mark.parametrize("size", [1_000, 300_000])
def test_a_large_manifest_reaches_a_git_that_is_slow_to_start(tmp_path: Path, size: int) -> None:
    """More than a pipe holds, and later than the first look at the clock."""
    real = shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = hash-object ] && sleep 0.6\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    environ = {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
    remote = Remote(Repo.make(tmp_path / "r.git", "--bare").root.as_uri(), None, environ)
    commit = remote.commit(None, "m.json", b"x" * size, "one\n")
    assert remote.file(commit, "m.json") == b"x" * size
    remote.close()


@pytest.mark.parametrize("endless", [False, True])
def test_references_without_end_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: bool) -> None:
    monkeypatch.setattr("vsync.git.process.MOST_OUTPUT_BYTES", 50_000)
    line = f"{'a' * 40}\trefs/heads/{'b' * 200}"
    lines = f"while :; do echo '{line}'; done" if endless else f"for n in $(seq 1000); do echo '{line}'; done"
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = ls-remote ] || exec {shutil.which("git")} "$@"\n{lines}\n')
    wrapper.chmod(0o755)
    environ = {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
    remote = Remote(Repo.make(tmp_path / "r.git", "--bare").root.as_uri(), None, environ, pause=lambda _: None)
    with pytest.raises(GitUnavailable, match="more than 50,000 bytes"):
        remote.refs("refs/heads/main")
    remote.close()


def running() -> list[str]:
    """The command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            lines.append(path.read_text(errors="replace").replace("\0", " "))
    return lines
