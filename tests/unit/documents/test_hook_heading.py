"""A document begins with its title, or with its source, once."""

from __future__ import annotations

import pytest

from tests.unit.documents.hooked import hooked
from vsync.documents.describing import Hooks

TITLE = Hooks(heading="title")
SOURCE = Hooks(heading="source")


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("a.md", "# The guide\n\nText\n"),
        ("a.mdx", "# The guide\n\nText\n"),
        ("a.rst", "The guide\n=========\n\nText\n"),
        ("a.adoc", "= The guide\n\nText\n"),
        ("a.org", "#+TITLE: The guide\n\nText\n"),
        ("a.txt", "The guide\n\nText\n"),
        ("README", "The guide\n\nText\n"),
        ("a.html", "Text\n"),
        ("a.py", "Text\n"),
    ],
)
def test_the_title_comes_first_in_the_markup_of_the_file(path: str, begins: str) -> None:
    assert hooked("Text\n", TITLE, path, "The guide") == begins


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.md", "# The guide\n"),
        ("a.md", "## The *Guide* {#guide}\n"),
        ("a.md", "The guide\n=====\n"),
        ("a.md", "\n<!-- licence\n\nof it -->\n\n[![build](b.svg)](c)\n\n# [The guide](a.md)\n"),
        ("a.md", "<script>\nlet a\n</script>\n\n# The guide\n"),
        ("a.mdx", "import A from 'a'\n\n# The guide {/*guide*/}\n"),
        ("a.rst", ".. _guide:\n\n=========\nThe guide\n=========\n"),
        ("a.rst", ":orphan:\n\nThe :term:`guide`\n=================\n"),
        ("a.adoc", "// licence\n:toc:\n\n= The guide\n"),
        ("a.org", "#+TITLE: The guide\n"),
        ("a.txt", "THE GUIDE\n"),
    ],
)
def test_a_text_that_begins_with_the_title_stays(path: str, text: str) -> None:
    assert hooked(text, TITLE, path, "The guide") == text


@pytest.mark.parametrize("title", [None, "", " \n"])
def test_without_a_title_the_text_stays(title: str | None) -> None:
    assert hooked("Text\n", TITLE, "a.md", title) == "Text\n"


def test_a_blank_text_stays() -> None:
    assert hooked("\n", TITLE, "a.md", "Title") == "\n"


def test_front_matter_that_is_kept_stays_first() -> None:
    assert hooked("---\na: b\n---\n\nText\n", TITLE, "a.md", "T") == "---\na: b\n---\n# T\n\nText\n"


def test_ends_of_lines_are_those_of_the_text() -> None:
    assert hooked("Text\r\n", TITLE, "a.md", "T") == "# T\r\n\r\nText\r\n"


def test_a_hostile_title_is_one_line_of_plain_text() -> None:
    title = "A\n# <b>[x](y)`*_z_ \x1b\u202e#"
    assert hooked("Text\n", TITLE, "a.md", title) == "# A # \\<b>\\[x\\](y)\\`\\*\\_z\\_ \\#\n\nText\n"
    assert hooked("Text\n", TITLE, "a.mdx", "{a}") == "# \\{a\\}\n\nText\n"
    assert hooked("Text\n", TITLE, "a.rst", ".. raw:: html").startswith("\\.. raw:: html\n====")
    assert hooked("Text\n", TITLE, "a.adoc", "{a}") == "= \\{a}\n\nText\n"


def test_names_with_underscores_stay_searchable() -> None:
    assert hooked("Text\n", TITLE, "a.md", "max_delete") == "# max_delete\n\nText\n"


def test_a_long_title_is_cut() -> None:
    assert hooked("Text\n", TITLE, "a.md", "a" * 1000) == f"# {'a' * 300}\n\nText\n"


@pytest.mark.parametrize(
    "title", ["The guide", "<script setup>", "C#", "*", "a_b {c}", "\\", "ﬁ", "[a](b)", "日本語", "<x>", "# a #", "::"]
)
@pytest.mark.parametrize("path", ["a.md", "a.mdx", "a.rst", "a.adoc", "a.org", "a.txt"])
def test_the_title_comes_once(title: str, path: str) -> None:
    once = hooked("Text\n", TITLE, path, title)
    assert hooked(once, TITLE, path, title) == once


def test_the_source_is_the_address_on_the_site_or_the_path() -> None:
    assert hooked("Text\n", SOURCE, "docs/a.md", site="https://acme.dev") == "Source: https://acme.dev/a\n\nText\n"
    assert hooked("Text\n", SOURCE, "docs/a.rst") == "Source: docs/a.rst\n\nText\n"
    assert hooked("Text\n", SOURCE, "a.html") == "Text\n"


def test_the_source_is_named_once() -> None:
    once = hooked("Text\n", SOURCE, "docs/a*b.md")
    assert once == "Source: docs/a\\*b.md\n\nText\n"
    assert hooked(once, SOURCE, "docs/a*b.md") == once


def test_a_hostile_path_is_one_line() -> None:
    assert hooked("Text\n", SOURCE, "a\n# b`c.md") == "Source: a # b\\`c.md\n\nText\n"
