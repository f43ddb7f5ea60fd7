"""What the system refuses is told to the user; what vsync did wrong stays a defect."""

from __future__ import annotations

import errno
import os

import pytest

from vsync.errors import ConfigurationError, InternalError
from vsync.system.faults import system_fault
from vsync.system.logs import unforeseen
from vsync.system.secrets import Secrets


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "TMPDIR"), (errno.EROFS, "writable"), (errno.EACCES, "access"), (errno.EMFILE, "ulimit"), (errno.EDQUOT, "quota"),
     (errno.ENAMETOOLONG, "shorter"), (errno.ENOENT, "there"), (errno.EFBIG, "limit")],
)  # fmt: skip
def test_a_refusal_of_the_system_names_the_place_and_what_to_do(number: int, remedy: str) -> None:
    fault = unforeseen(OSError(number, os.strerror(number), "/some/\nplace"), Secrets())
    assert isinstance(fault, ConfigurationError)
    assert "/some/\\nplace" in fault.message
    assert os.strerror(number) in fault.message
    assert remedy in fault.remedy
    assert "defect" not in str(fault)


def test_a_full_disk_and_no_memory_are_told_without_a_place() -> None:
    for error in (OSError(errno.ENOSPC, "No space left on device"), MemoryError()):
        assert isinstance(unforeseen(error, Secrets()), ConfigurationError)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        OSError("no number"),
        FileNotFoundError(errno.ENOENT, "No such file"),
        ConnectionError(),
        KeyError("x"),
        RuntimeError("x"),
    ],
)
def test_anything_else_is_a_defect(error: Exception) -> None:
    assert system_fault(error) is None
    assert isinstance(unforeseen(error, Secrets()), InternalError)
