"""Files that survive a crash: old bytes or new ones, nothing half, and nothing left lying about."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from vsync.errors import ConfigurationError
from vsync.system.atomic_write import keep_out_of_git, remove_stale_temporaries, write_durably


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, steps = tmp_path / "deep" / "file.json", []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else f"file, named: {path.exists()}")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(path, b"1")
    assert path.read_bytes() == b"1"
    assert "file, named: False" in steps
    assert steps[-1] == "folder"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF])
def test_a_file_system_that_does_not_sync_folders_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "fsync", _failing_for_folders(code))
    write_durably(tmp_path / "file.json", b"1")
    assert (tmp_path / "file.json").read_bytes() == b"1"


def test_a_disk_that_fails_while_a_folder_is_synced_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _failing_for_folders(errno.EIO))
    with pytest.raises(OSError, match="as a test has it"):
        write_durably(tmp_path / "file.json", b"1")


def _failing_for_folders(code: int) -> object:
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir():
            raise OSError(code, "as a test has it")
        sync(descriptor)

    return fsync


def test_a_write_that_fails_leaves_the_old_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_durably(path, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_old_leftovers_of_ours_are_cleared(tmp_path: Path) -> None:
    old, young, other = (
        tmp_path / name for name in (".m.abcdefgh.vsync-tmp", ".m.zzzzzzzz.vsync-tmp", ".m.abcdefgh.tmp")
    )
    for path in (old, young, other):
        path.write_text("x")
    for path in (old, other):
        os.utime(path, (time.time() - 7200,) * 2)
    remove_stale_temporaries(tmp_path)
    assert set(tmp_path.iterdir()) == {young, other}
    remove_stale_temporaries(tmp_path / "missing")


def test_what_is_kept_out_of_git_is_told_once_and_never_through_a_link(tmp_path: Path) -> None:
    folder = tmp_path / ".vsync"
    keep_out_of_git(folder)
    told = (folder / ".gitignore").read_text()
    assert "!manifest.json" in told
    (folder / ".gitignore").write_text("mine\n")
    keep_out_of_git(folder)
    assert (folder / ".gitignore").read_text() == "mine\n"
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        keep_out_of_git(link)
