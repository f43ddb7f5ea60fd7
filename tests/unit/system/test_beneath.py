"""Files beneath a folder: no link leads out of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vsync.system.beneath import Beneath, version_of


@pytest.fixture
def files(tmp_path: Path) -> Beneath:
    (tmp_path / "root").mkdir()
    return Beneath(tmp_path / "root")


def test_what_was_written_can_be_read(files: Beneath, tmp_path: Path) -> None:
    files.write("a/b/c.txt", b"1")
    files.write("a/b/c.txt", b"2")
    with files.open("a/b/c.txt") as file:
        assert file.read() == b"2"
        assert version_of(file).size == 1
    assert files.exists("a/b/c.txt")
    assert not files.exists("a/x/c.txt")
    assert [path.name for path in (tmp_path / "root/a/b").iterdir()] == ["c.txt"]


def test_what_is_written_is_on_the_disk_before_it_has_its_name(
    files: Beneath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        is_folder = Path(f"/proc/self/fd/{descriptor}").is_dir()
        steps.append("folder" if is_folder else f"file, named: {(tmp_path / 'root/a').exists()}")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    files.write("a", b"1")
    assert steps == ["file, named: False", "folder"]


def test_a_file_is_renamed_and_removed(files: Beneath) -> None:
    files.write("a/b", b"1")
    files.rename("a/b", "a/c")
    assert (files.exists("a/b"), files.exists("a/c")) == (False, True)
    files.remove("a/c")
    files.remove("a/c")
    files.remove("x/c")
    assert not files.exists("a/c")


def test_a_file_is_renamed_into_a_folder_that_is_made(files: Beneath) -> None:
    files.write("a/b", b"1")
    files.rename("a/b", "x/y/z")
    assert list(files.names("")) == ["x/y/z"]
    with files.open("x/y/z") as file:
        assert file.read() == b"1"


def test_a_folder_or_a_link_is_not_renamed(files: Beneath, tmp_path: Path) -> None:
    files.write("a/b", b"1")
    (tmp_path / "root/link").symlink_to("a/b")
    with pytest.raises(IsADirectoryError):
        files.rename("a", "c")
    for old, new in (("link", "c"), ("a/b", "link")):
        with pytest.raises(OSError, match="symbolic link"):
            files.rename(old, new)
    assert list(files.names("")) == ["link", "a/b"]


def test_names_are_those_below_a_folder_and_no_link_is_followed(files: Beneath, tmp_path: Path) -> None:
    for name in ("b/d/2", "b/c", "b/a", "x", f"b/{'y/' * 120}z"):
        files.write(name, b"1")
    (tmp_path / "root/b/link").symlink_to(tmp_path / "root")
    (tmp_path / "root/b" / os.fsdecode(b"\xff")).write_bytes(b"1")
    assert set(files.names("b")) == {"b/a", "b/c", "b/d/2"}
    with pytest.raises(FileNotFoundError):
        list(files.names("missing"))
    with pytest.raises(OSError, match="symbolic link"):
        list(files.names("b/link"))


CALLS: list[Callable[[Beneath, str], object]] = [
    lambda files, path: files.write(path, b"1"),
    lambda files, path: files.open(path),
    lambda files, path: files.check_writable(path),
    lambda files, path: files.exists(f"{path}/x"),
    lambda files, path: files.remove(f"{path}/x"),
    lambda files, path: files.rename(f"{path}/x", f"{path}/y"),
    lambda files, path: files.write(f"{path}/x", b"1"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("path", ["link", "folder/link"])
def test_no_link_is_followed(files: Beneath, tmp_path: Path, path: str, call: Callable[[Beneath, str], object]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_bytes(b"theirs")
    (tmp_path / "root/folder").mkdir()
    (tmp_path / "root" / path).symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links") as caught:
        call(files, path)
    assert caught.value.errno == errno.ELOOP
    assert [(each.name, each.read_bytes()) for each in outside.iterdir()] == [("x", b"theirs")]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "./x/y", "a//b", "/etc/x"])
def test_no_path_leads_out(files: Beneath, tmp_path: Path, path: str, call: Callable[[Beneath, str], object]) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        call(files, f"{path}/z")
    assert not (tmp_path / "outside").exists()
    assert list((tmp_path / "root").iterdir()) == []


def test_a_folder_or_a_pipe_is_no_file(files: Beneath, tmp_path: Path) -> None:
    (tmp_path / "root/folder").mkdir()
    os.mkfifo(tmp_path / "root/pipe")
    with pytest.raises(OSError, match="folder"):
        files.open("folder")
    with pytest.raises(OSError, match="no regular file"):
        files.open("pipe")
    with pytest.raises(IsADirectoryError):
        files.write("folder", b"1")
    with pytest.raises(NotADirectoryError):
        files.write("pipe/x", b"1")


def test_a_folder_is_checked_without_making_it(files: Beneath, tmp_path: Path) -> None:
    files.check_writable("a/b")
    assert list((tmp_path / "root").iterdir()) == []


def test_a_block_that_fails_leaves_nothing(files: Beneath, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="closed"), files.new("a") as file:
        file.close()
    assert list((tmp_path / "root").iterdir()) == []


def test_another_run_may_make_the_same_folder(files: Beneath, monkeypatch: pytest.MonkeyPatch) -> None:
    make = os.mkdir

    def mkdir(*args: object, **options: object) -> None:
        make(*args, **options)  # type: ignore[arg-type]  # mypy: whatever `os.mkdir` is called with
        raise FileExistsError

    monkeypatch.setattr(os, "mkdir", mkdir)
    files.write("a/b", b"1")
    assert files.exists("a/b")


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_is_made_whole_or_not_at_all(
    files: Beneath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "this file system has none")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    files.create("a/b.txt", b"1")
    assert (tmp_path / "root/a/b.txt").read_bytes() == b"1"
    with pytest.raises(FileExistsError):
        files.create("a/b.txt", b"2")
    (tmp_path / "root/a/l.txt").symlink_to(tmp_path / "outside")
    with pytest.raises(FileExistsError):
        files.create("a/l.txt", b"2")
    assert (tmp_path / "root/a/b.txt").read_bytes() == b"1"
    assert not (tmp_path / "outside").exists()
    assert sorted(path.name for path in (tmp_path / "root/a").iterdir()) == ["b.txt", "l.txt"]


def test_a_new_file_that_cannot_be_written_leaves_nothing(
    files: Beneath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    (tmp_path / "root/a").mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        files.create("a/b.txt", b"1")
    assert list((tmp_path / "root/a").iterdir()) == []
