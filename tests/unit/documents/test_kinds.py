"""A target may say that more endings are text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.filetypes import BY_EXTENSION, FileType, file_type
from vsync.documents.kinds import Kinds, convert_mistake

PLAIN, MARKDOWN = FileType("text/plain", ".txt", True), FileType("text/markdown", ".md", True)


@pytest.mark.parametrize(
    ("convert", "path", "kind"),
    [
        ({".foo": ".txt"}, "docs/a.foo", PLAIN),
        ({".foo": ".txt"}, "docs/A.FOO", PLAIN),
        ({".FOO": ".txt"}, "a.foo", PLAIN),
        ({".foo": ".txt"}, "a.foo.bar", None),
        ({".foo": ".txt"}, "a.bar", None),
        ({".foo": ".txt"}, ".foo", None),
        ({".foo": ".txt"}, "foo", None),
        ({".foo": ".txt"}, "a.foo/b", None),
        ({".tmpl": ".md"}, "a.tmpl", MARKDOWN),
        ({".md": ".md"}, "a.md", FileType("text/markdown", "", True)),
        ({".md": ".txt"}, "a.md", PLAIN),
        ({".md.j2": ".md", ".j2": ".txt"}, "a.md.j2", MARKDOWN),
        ({".md.j2": ".md", ".j2": ".txt"}, "a.b.j2", PLAIN),
        ({"INSTALL": ".md"}, "docs/install", MARKDOWN),
        ({"INSTALL": ".md"}, "docs/install.d", file_type("install.d")),
        ({".pdf": ".txt"}, "a.pdf", file_type("a.pdf")),
        ({".ipynb": ".txt"}, "a.ipynb", file_type("a.ipynb")),
        ({".foo": ".exe"}, "a.foo", None),
        ({}, "a.rst", file_type("a.rst")),
    ],
)
def test_what_a_target_says_counts_before_the_table(convert: dict[str, str], path: str, kind: FileType | None) -> None:
    assert Kinds(convert).of(path) == kind


@pytest.mark.parametrize(
    ("ending", "sent_as", "mistake"),
    [
        (".log", ".txt", None),
        (".md.j2", ".md", None),
        ("INSTALL", ".txt", None),
        ("", ".txt", "no ending"),
        ("..x", ".txt", "no ending"),
        (".x.", ".txt", "no ending"),
        ("a/b", ".txt", "no ending"),
        (".pdf", ".txt", "no text"),
        (".DOCX", ".txt", "no text"),
        (".ipynb", ".md", "no text"),
        (".log", ".pdf", "It takes"),
        (".log", ".rst", "It takes"),
        (".log", "txt", "It takes"),
    ],
)
def test_a_mistake_in_convert_is_a_sentence(ending: str, sent_as: str, mistake: str | None) -> None:
    said = convert_mistake(ending, sent_as)
    assert (said is None) if mistake is None else (said is not None and mistake in said)


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=5) | st.sampled_from(sorted(BY_EXTENSION))), st.text())
def test_every_kind_is_one_that_the_store_takes(convert: dict[str, str], path: str) -> None:
    kind = Kinds(convert).of(path)
    assert kind is None or kind.suffix == "" or not BY_EXTENSION[kind.suffix].suffix
