"""Files whose paths come from outside: only regular files of a usual size are read."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from vsync.errors import ConfigurationError
from vsync.system.faults import system_fault
from vsync.system.regular_file import check_regular, is_something_else, read_file, read_text


def test_a_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("é".encode())
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link") == "é".encode()
    assert read_text(tmp_path / "link") == "é"
    assert read_file(tmp_path / "file", 2) == "é".encode()
    assert not is_something_else(tmp_path / "link")
    assert not is_something_else(tmp_path / "missing")


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for path in (tmp_path / "pipe", tmp_path / "link"):
        with pytest.raises(OSError, match="it is a pipe, and no file"):
            read_file(path)
        assert is_something_else(path)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_refused(path: str) -> None:
    with pytest.raises(OSError, match="it is a device, and no file"):
        read_file(Path(path))


def test_a_socket_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as made:  # a short path
        made.bind(f"{folder}/s")
        with pytest.raises(OSError, match="it is a socket"):
            check_regular(Path(folder, "s"))


def test_a_folder_is_refused_as_python_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="larger than 1,000 bytes"):
        read_file(path, 1_000)
    with pytest.raises(OSError, match="larger than"):
        read_file(path)


def test_a_file_that_does_not_tell_its_size_is_bounded_too() -> None:
    assert Path("/proc/self/status").stat().st_size == 0
    with pytest.raises(OSError, match="larger than 10 bytes"):
        read_file(Path("/proc/self/status"), 10)


def test_nobody_takes_such_a_file_for_a_defect_of_vsync(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe") as error:
        read_file(tmp_path / "pipe")
    fault = system_fault(error.value)
    assert isinstance(fault, ConfigurationError)
    assert f"{tmp_path / 'pipe'} cannot be used: it is a pipe, and no file." in fault.message
