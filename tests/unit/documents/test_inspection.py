"""What the bytes of a file may be: sizes, encodings, pointers of Git LFS."""

from __future__ import annotations

import codecs

import pytest

from vsync.documents.inspection import (
    MAX_BYTES,
    Looks,
    inspect_content,
    needs_reading,
    size_reason,
)
from vsync.documents.lfs_pointer import MAX_POINTER_BYTES
from vsync.documents.secret_scan import Scanner
from vsync.state.manifest import Entry, Manifest, TargetState, dump_manifest


@pytest.mark.parametrize(("size", "reason"), [(0, "empty"), (1, None), (MAX_BYTES, None), (MAX_BYTES + 1, "too-large")])
def test_files_of_no_bytes_or_too_many_are_no_documents(size: int, reason: str | None) -> None:
    assert size_reason(size) == reason


@pytest.mark.parametrize(
    ("path", "size", "needed"),
    [
        ("a.md", 10**6, True),
        ("a.pdf", MAX_POINTER_BYTES - 1, True),
        ("a.pdf", MAX_POINTER_BYTES, False),
        ("a.unknown", 10**6, True),
    ],
)
def test_binary_files_are_only_read_when_they_may_be_a_pointer(path: str, size: int, needed: bool) -> None:
    assert needs_reading(path, size) is needed


def content_reason(path: str, chunks: list[bytes]) -> str | None:
    return inspect_content(path, chunks, Looks(Scanner())).reason


def manifest(api: str) -> bytes:
    state = TargetState("vs_1", api=api, files={"a.md": Entry("b" * 40, "c" * 64, 1, "file-1", "t")})
    return dump_manifest(Manifest("0" * 32, "acme/docs", targets={"default": state}))


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
def test_the_manifest_of_an_embedded_store_is_no_document(size: int) -> None:
    data = manifest("embedded")
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert content_reason("docs/store.db.manifest.json", chunks) == "unsupported-type"
    assert content_reason("docs/other-name.json", chunks) == "unsupported-type"


@pytest.mark.parametrize(
    "data",
    [
        b'{"name": "an app", "start_url": "/"}',
        b'{\n "owner": "me",\n "targets": {\n  "default": {\n   "api": "embedded"\n  }\n }\n}\n',
        manifest("https://api.example.com/v1"),
    ],
)
def test_a_manifest_of_another_kind_is_a_document(data: bytes) -> None:
    assert content_reason("app.manifest.json", [data]) is None


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.md", b"# plain", None),
        ("a.md", "# Größe 日本 😀".encode(), None),
        ("a.md", codecs.BOM_UTF8 + b"# with a mark", None),
        ("a.md", "größe".encode("utf-16"), None),
        ("a.md", codecs.BOM_UTF16_BE + "größe".encode("utf-16-be"), None),
        ("a.md", codecs.BOM_UTF16_LE + b"a", "unknown-encoding"),
        ("a.md", "größe".encode("utf-16-le"), "not-text"),
        ("a.md", "größe".encode("latin-1"), "unknown-encoding"),
        ("a.md", "größe".encode("utf-32"), None),
        ("a.md", b"nul\0byte", "not-text"),
        ("a.md", b"cut \xc3", "unknown-encoding"),
        ("a.md", b"\xed\xa0\x80", "unknown-encoding"),
        ("a.md", POINTER, "lfs-pointer"),
        ("a.pdf", POINTER, "lfs-pointer"),
        ("a.pdf", POINTER.replace(b"git-lfs", b"hawser"), "lfs-pointer"),
        ("a.pdf", b"%PDF-1.7\0\xff\xfe", None),
        ("README", b"words", None),
        ("README", b"\xff", "unknown-encoding"),
        ("a.md", b"See version https://git-lfs.github.com/spec/v1", None),
    ],
)
def test_the_bytes_tell_what_cannot_be_a_document(path: str, data: bytes, reason: str | None) -> None:
    assert content_reason(path, [data] if data else []) == reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("ab日本".encode(), None),
        (b"ab\0cd", "not-text"),
        (b"abc\xc3", "unknown-encoding"),
        ("a日本b".encode("utf-16"), None),
        ("a日本b".encode("utf-16") + b"x", "not-text"),
    ],
)
def test_a_character_may_stand_across_two_pieces(data: bytes, reason: str | None) -> None:
    for cut in range(2, len(data)):
        assert content_reason("a.md", [data[:cut], data[cut:]]) == reason


@pytest.mark.parametrize("path", ["a.md", "README", "a.py", "a.ipynb", "A.TXT"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \t\r\n\x0c\n",
        codecs.BOM_UTF8,
        codecs.BOM_UTF8 + b"\n",
        codecs.BOM_UTF16_LE,
        " \n".encode("utf-16"),
        "\u200b\u2060\ufeff \u00a0\u3000\u00ad".encode(),
        b"\x1b\x07\x01",
    ],
    ids=repr,
)
def test_a_text_in_which_nothing_shows_is_empty(path: str, data: bytes) -> None:
    reason = content_reason(path, [data] if data else [])
    assert reason in (["empty", "not-notebook"] if path.endswith(".ipynb") else ["empty"])


def test_one_character_that_shows_is_enough_wherever_it_stands() -> None:
    assert content_reason("a.md", [b"\n" * 1_000, b"\n" * 1_000 + b".", b"\n"]) is None


def test_a_binary_kind_is_not_searched_for_text() -> None:
    assert content_reason("a.pdf", [b" \n"]) is None
