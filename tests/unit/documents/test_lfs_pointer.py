"""What is a Git LFS pointer, and what it says."""

from __future__ import annotations

import pytest

from vsync.documents.lfs_pointer import Pointer, parse_pointer

OID = "0123456789abcdef" * 4
TEXT = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"


def test_a_pointer_names_hash_and_size() -> None:
    assert parse_pointer(TEXT.encode()) == Pointer(OID, 12345)


def test_the_older_name_of_the_format_and_a_missing_last_line_end_are_known() -> None:
    assert parse_pointer(TEXT.replace("git-lfs", "hawser").encode()) == Pointer(OID, 12345)
    assert parse_pointer(TEXT.rstrip("\n").encode()) == Pointer(OID, 12345)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        TEXT + "\n",
        TEXT.replace("v1", "v2"),
        TEXT.replace("sha256", "sha512"),
        TEXT.replace(OID, OID[:-1]),
        TEXT.replace(OID, OID.upper()),
        TEXT.replace(OID, "../../" + OID[:58]),
        TEXT.replace("12345", "-1"),
        TEXT.replace("12345", "1" * 19),
        TEXT.replace("12345", "１２"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("oid", f"ext-0-program sha256:{OID}\noid"),
        TEXT + "x" * 1024,
    ],
)
def test_anything_else_is_not_understood(text: str) -> None:
    assert parse_pointer(text.encode()) is None
