from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import pytest

from vsync.embedded import extraction
from vsync.embedded.extraction import UnindexableError, text_of


def archive(**parts: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return data.getvalue()


def failure(name: str, content: bytes) -> tuple[str, str]:
    with pytest.raises(UnindexableError) as error:
        text_of(name, [content])
    return error.value.code, error.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_the_supported_encodings(encoding: str) -> None:
    content = "grüße 日本 🦊".encode(encoding)
    if encoding.endswith("e"):
        content = "\ufeff".encode(encoding) + content
    assert text_of("a.md", [content[:3], content[3:]]) == "grüße 日本 🦊"


@pytest.mark.parametrize("content", [b"\xe9", b"\xff\xfea", "ü".encode("utf-32"), b"\x89PNG\r\n\x1a\n"])
def test_what_is_not_text_is_unsupported(content: bytes) -> None:
    assert failure("a.md", content) == ("unsupported_file", "The file type is not supported.")


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        (b"x" * 20_000_000, True),
        (b"x" * 20_000_001, False),
        (("x" * 19_999_999).encode("utf-16"), True),
        (("é" * 10_000_001).encode("utf-16"), False),
        (b"x" * 41_000_000, False),
    ],
    ids=["at-limit", "past-limit", "utf-16-fits", "utf-16-past-limit", "far-past-limit"],
)
def test_five_million_tokens_are_the_limit(content: bytes, fits: bool) -> None:
    if fits:
        assert text_of("a.md", [content])
    else:
        assert failure("a.md", content) == (
            "invalid_file",
            "The file could not be parsed because it is too large.",
        )


@pytest.mark.parametrize("name", ["a.pdf", "a.DOC"])
def test_of_some_types_there_is_only_the_name(name: str) -> None:
    assert text_of(name, [b"\x00\xff"]) == ""


def test_slides_are_read_in_their_order() -> None:
    slides = {f"ppt/slides/slide{n}.xml": f"<a:p><a:r><a:t>slide {n}</a:t></a:r></a:p>" for n in (10, 2, 1)}
    text = text_of("a.pptx", [archive(**slides, **{"ppt/notes.xml": "<a:t>notes</a:t>"})])
    assert text.split("\n\n") == ["slide 1", "slide 2", "slide 10\n"]


def test_entities_that_a_document_declares_are_not_expanded() -> None:
    xml = '<!DOCTYPE d [<!ENTITY x "boom">]><w:p><w:t>&x; &lt;b&gt;</w:t><w:tbl>no</w:tbl></w:p>'
    assert text_of("a.docx", [archive(**{"word/document.xml": xml})]) == "&x; <b>\n"


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "MAX_XML_BYTES", 100_000)
    bomb = archive(**{"word/document.xml": "<w:t>" + "x" * 200_000})
    assert failure("a.docx", bomb)[1] == "The file could not be parsed because it is too large."


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_what_cannot_be_unpacked_bit_by_bit_is_not_unpacked(method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as written:
        written.writestr("word/document.xml", b"<w:t>x</w:t>" + b" " * 50_000_000)
    tracemalloc.start()
    assert failure("a.docx", data.getvalue()) == ("invalid_file", "The file could not be parsed.")
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "xml",
    [
        "<a:t " * 2_000_000,
        "<w:t>" * 2_000_000,
        "<w:t>" + "x" * 10_000_000,
        "&" * 10_000_000,
        "<w:t>&#" + "9" * 10_000_000,
    ],
    ids=range(5),
)
def test_broken_markup_is_read_in_time_that_grows_with_its_size(xml: str) -> None:
    """With the square of it, each would take days."""
    assert text_of("a.docx", [archive(**{"word/document.xml": xml + "<w:t>end</w:t>"})]).endswith("end")


def broken() -> dict[str, bytes]:
    good = archive(**{"word/document.xml": "<w:t>x</w:t>"})
    end = good.rfind(b"PK\x05\x06")
    huge_directory = bytearray(good)
    struct.pack_into("<L", huge_directory, end + 12, 2**31)
    encrypted = bytearray(good)
    directory = good.find(b"PK\x01\x02")
    encrypted[6] |= 1
    encrypted[directory + 8] |= 1
    unknown_method = bytearray(good)
    struct.pack_into("<H", unknown_method, 8, 99)
    struct.pack_into("<H", unknown_method, directory + 10, 99)
    damaged = bytearray(good)
    damaged[50] ^= 0xFF
    return {
        "empty": b"",
        "not a zip": b"hello",
        "truncated": good[:-10],
        "no document": archive(**{"other.xml": "x"}),
        "zip64": good[:end] + b"PK\x06\x07" + bytes(16) + good[end:],
        "huge directory": bytes(huge_directory),
        "encrypted": bytes(encrypted),
        "unknown method": bytes(unknown_method),
        "damaged": bytes(damaged),
        "not utf-8": archive(**{"word/document.xml": "x"}).replace(b"x", b"\xff") + b"",
    }


@pytest.mark.parametrize("name", broken())
def test_a_broken_archive_is_invalid(name: str) -> None:
    assert failure("a.docx", broken()[name]) == ("invalid_file", "The file could not be parsed.")
