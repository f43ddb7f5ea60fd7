"""Which files are converted, and what the rest of vsync learns of a conversion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest

from tests.support.notebooks import code, notebook
from vsync.config.targets import Target
from vsync.documents import convert
from vsync.documents.convert import Conversion, Converted, NotConvertible, conversion_of
from vsync.documents.document import media_type, same_content_rules, upload_filename
from vsync.documents.filetypes import BY_EXTENSION, file_type
from vsync.documents.inspection import Looks, inspect_content
from vsync.documents.secret_scan import Finding, Scanner

TOKEN = "gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"


def test_only_notebooks_are_converted() -> None:
    assert [extension for extension in BY_EXTENSION if conversion_of(f"a{extension}")] == [".ipynb"]
    assert conversion_of("A.IPYNB") is not None
    assert conversion_of("a.ipynb.md") is None
    assert conversion_of("ipynb") is None


def test_a_notebook_is_sent_as_markdown() -> None:
    assert (upload_filename("guide.ipynb"), media_type("guide.ipynb")) == ("guide.ipynb.md", "text/markdown")
    kind = file_type("guide.ipynb")
    assert kind is not None
    assert kind.text


def test_another_version_uploads_the_notebooks_again_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(source="s")
    notebook_before, text_before = target.tag("a.ipynb"), target.tag("a.md")
    newer = Conversion(2, 10, lambda data: Converted(data))
    monkeypatch.setattr(convert, "_CONVERSIONS", {"notebook": newer})
    assert not same_content_rules(target.tag("a.ipynb"), notebook_before)
    assert target.tag("a.md") == text_before


def test_the_markdown_of_a_notebook_is_the_same_as_long_as_its_version() -> None:
    # When this fails, raise the version in `convert`: else the store keeps what the old conversion gave.
    cells = [
        {"cell_type": "markdown", "source": ["# Größe\n", "text"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"output_type": "stream", "text": "1\n"}]},
    ]
    data = json.dumps({"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": cells}).encode()
    conversion = conversion_of("a.ipynb")
    assert conversion is not None
    assert hashlib.sha256(conversion.of([data]).data).hexdigest()[:12] == "82e14e1c2660"
    assert convert.MARKS == ("notebook 1",)


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    left = iter([b"123", b"456", b"789"])
    with pytest.raises(NotConvertible):
        Conversion(1, 4, _refusing).of(left)
    assert list(left) == [b"789"]


def _refusing(data: bytes) -> Converted:
    assert len(data) == 6
    raise NotConvertible("not-notebook")


def test_a_line_belongs_to_the_last_part_that_begins_before_it() -> None:
    converted = Converted(b"", ((1, "cell 1"), (4, "cell 3")))
    assert [converted.part_at(line) for line in (1, 3, 4, 90)] == ["cell 1", "cell 1", "cell 3", "cell 3"]
    assert Converted(b"").part_at(1) == ""


# --- What inspection sees ----------------------------------------------------------------------------------------


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 7] for at in range(0, len(data), 7))


def test_a_notebook_counts_with_the_bytes_that_are_uploaded() -> None:
    found = inspect_content("a.ipynb", in_pieces(notebook("größe")), Looks(Scanner()))
    assert (found.reason, found.bytes) == (None, len("größe\n".encode()))
    assert inspect_content("a.md", [b"text"], Looks(Scanner())).bytes is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "not-notebook"),
        (b"words", "not-notebook"),
        (notebook(), "empty"),
        (notebook("\u200b"), "empty"),
        (notebook("a\0b"), None),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n", "lfs-pointer"),
    ],
)
def test_what_is_no_notebook_or_has_no_text_is_skipped(data: bytes, reason: str | None) -> None:
    assert inspect_content("a.ipynb", in_pieces(data), Looks(Scanner())).reason == reason


def test_a_secret_is_named_by_its_cell() -> None:
    found = inspect_content("a.ipynb", in_pieces(notebook("one\ntwo", f"key\n\n{TOKEN}")), Looks(Scanner()))
    assert (found.reason, found.findings) == ("secret", (Finding("GitHub token", 6, "cell 2"),))
    assert str(found.findings[0]) == "GitHub token in cell 2"
    assert inspect_content("a.ipynb", in_pieces(notebook(TOKEN)), Looks()).reason is None


@pytest.mark.parametrize(
    "output", [{"output_type": "stream", "text": TOKEN}, {"output_type": "error", "traceback": [TOKEN]}]
)
def test_a_secret_in_an_output_is_one(output: object) -> None:
    cell = {**code("login()"), "outputs": [output]}
    assert inspect_content("a.ipynb", [notebook(cell)], Looks(Scanner())).reason == "secret"


def test_a_secret_that_colours_cut_into_pieces_is_found() -> None:
    cell = code("", f"{TOKEN[:20]}\x1b[0m{TOKEN[20:]}")
    assert inspect_content("a.ipynb", [notebook(cell)], Looks(Scanner())).reason == "secret"


def test_what_is_not_uploaded_may_hold_a_secret() -> None:
    data = notebook("text", metadata={"token": TOKEN})
    assert inspect_content("a.ipynb", [data], Looks(Scanner())).reason is None
