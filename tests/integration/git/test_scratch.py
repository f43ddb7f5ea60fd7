"""Folders of runs that were killed go with a later run of the same user; those of the living and of others stay."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import environment
from tests.support.places import ROOT
from vsync.git.remote import Remote
from vsync.git.scratch import Scratch

_HOLD = "from vsync.git.scratch import Scratch; print(Scratch().path, flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def holder(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """Another run that has a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        env=environment(PYTHONPATH=str(ROOT), TMPDIR=str(temporary)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def path_of(holder: subprocess.Popen[str]) -> Path:
    assert holder.stdout is not None
    return Path(holder.stdout.readline().strip())


def dead(temporary: Path, name: str = "vsync-git-dead") -> Path:
    folder = temporary / name
    folder.mkdir(mode=0o700)
    (folder / "objects").mkdir()
    (folder / "objects" / "pack").write_bytes(b"x")
    return folder


def test_what_a_killed_run_left_goes_with_the_next_one(holder: subprocess.Popen[str], temporary: Path) -> None:
    left = path_of(holder)
    (left / "HEAD").write_text("ref: refs/heads/main\n")
    holder.kill()
    holder.wait()
    assert left.is_dir()
    mine = Scratch()
    assert list(temporary.iterdir()) == [mine.path]
    mine.close()
    assert list(temporary.iterdir()) == []


def test_what_a_living_run_holds_stays(holder: subprocess.Popen[str], temporary: Path) -> None:
    other = path_of(holder)
    first, second = Scratch(), Scratch()
    assert {other, first.path, second.path} == set(temporary.iterdir())
    second.close()
    assert {other, first.path} == set(temporary.iterdir())
    first.close()


def test_a_folder_that_is_just_being_made_stays_until_it_is_an_hour_old(temporary: Path) -> None:
    young, old = dead(temporary, "vsync-new-young"), dead(temporary, "vsync-new-old")
    os.utime(old, (time.time() - 3700, time.time() - 3700))
    Scratch().close()
    assert list(temporary.iterdir()) == [young]


def test_what_only_looks_like_one_stays(temporary: Path, tmp_path: Path) -> None:
    elsewhere = dead(tmp_path, "elsewhere")
    (temporary / "vsync-git-link").symlink_to(elsewhere)
    (temporary / "vsync-git-file").write_text("a file")
    dead(temporary, "vsync-git-shared").chmod(0o755)
    dead(temporary, "somebody-elses")
    before = set(temporary.iterdir())
    Scratch().close()
    assert set(temporary.iterdir()) == before
    assert (elsewhere / "objects" / "pack").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of others")
def test_what_belongs_to_somebody_else_stays(temporary: Path) -> None:
    mine, theirs = dead(temporary), dead(temporary, "vsync-git-theirs")
    os.chown(theirs, 12345, 12345)
    Scratch().close()
    assert not mine.exists()
    assert theirs.exists()
    made = Scratch(owner=(12345, 12345))
    assert not theirs.exists()  # root works for that user now
    assert made.path.stat().st_uid == 12345
    made.close()


def test_a_scratch_repository_that_cannot_be_made_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Remote("https://git.example.invalid/a/b", None, os.environ, object_format="sha7")
    with pytest.raises(Exception, match="git init failed"):
        _ = remote.folder
    assert list(temporary.iterdir()) == []
    remote.close()
