"""Which lines of a document are its headings."""

from __future__ import annotations

import pytest

from vsync.documents import headings


def lines(*texts: str) -> str:
    return "\n".join(texts) + "\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (lines("# One", "text", "## Two ##", "### Three #x", "   # Four"), ["One", "Two", "Three #x", "Four"]),
        (lines("#One", "####### Seven", "    # code", "\t# code", "\\# no", "> # quoted", "- # listed"), []),
        (lines("# C#", "# C #"), ["C#", "C"]),
        (lines("#", "# ", "##\t", "# #"), ["", "", "", ""]),
        ("# Windows\r\n\r\nLine\r\n====\r\n", ["Windows", "Line"]),
        (lines("Title", "=====", "", "Sub", "---", "  ", "x", "--"), ["Title", "Sub", "x"]),
        (lines("# A", "B", "---", "<!-- x -->", "C", "==="), ["A", "B", "C"]),
        (lines("", "---", "", "text", "", "-----"), []),
        (lines("several lines", "of a paragraph", "---"), []),
        (lines("- item", "---", "", "* item", "===", "", "1. item", "---", "", "> quote", "---"), []),
        (lines("| a |", "---", "", "    code", "---", "", "[a]: b", "---", "", "x", "-"), []),
        (lines("```", "# code", "```", "# text"), ["text"]),
        (lines("~~~ python", "# code", "```", "~~", "~~~~", "# text"), ["text"]),
        (lines("````", "```", "# code", "````", "# text"), ["text"]),
        (lines("  ```sh", "# code", "      ```", "# text"), ["text"]),
        (lines("```not a fence```", "# text"), ["text"]),
        (lines("```", "# code without an end"), []),
        (lines("<!-- one", "# no", "--> # no", "# yes"), ["yes"]),
        (lines("{/* one", "# no", "*/}", "# yes"), ["yes"]),
        (lines("<pre>", "# no", "</pre>", "<SCRIPT src=x>", "# no", "</script>", "# yes"), ["yes"]),
        (lines("<!-- without an end", "# no"), []),
        (lines("import A from 'a'", "export const b = 1", "", "# text"), ["text"]),
        (lines('<h1 align="center">', "  A <b>b</b>", "</h1>", "# c"), ["\n  A <b>b</b>\n", "c"]),
        (lines('<p align="center"><H2>A</H2></p>', "<h3>no</h3>", "text <h1>no</h1>"), ["A"]),
        (lines("<h1>without an end", "# no"), []),
        ("# at the end", ["at the end"]),
        ("", []),
    ],
)
def test_markdown(text: str, found: list[str]) -> None:
    assert list(headings.markdown(text)) == found


@pytest.mark.parametrize("line", ["---", "***", "___", "_ _ _", " * * *", "-----  ", "===", "+++", "'''", "-", "1."])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_across_the_page_and_a_list_item_without_text_are_no_headings(line: str, end: str) -> None:
    for under in ("---", "==="):
        assert list(headings.markdown(end.join([line, under, "", "# Title", ""]))) == ["Title"]
    assert list(headings.markdown(end.join(["**bold**", "---", ""]))) == ["**bold**"]


@pytest.mark.parametrize("line", ["'''", "---", "--", "****", "____", "+"])
def test_a_block_of_asciidoc_below_a_line_of_marks_is_no_heading(line: str) -> None:
    assert list(headings.asciidoc(lines(line, "====", "example", "====", "", "== Title"))) == ["Title"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (lines("Title", "=====", "", "text", "", "Sub", "----------"), ["Title", "Sub"]),
        (lines("=======", " Title", "=======", "", "text"), ["Title"]),
        (lines(".. _label:", "Title", "====="), ["Title"]),
        (lines("Title", "~~~~"), ["Title"]),
        (lines("Title", "~~~"), []),
        (lines("text", "", "-----", "", "text"), []),
        (lines("a paragraph", "of lines", "--------"), []),
        (lines(".. a comment", "============"), []),
        (lines("  indented", "=========="), []),
        (lines("=====  =====", "a      b", "=====  ====="), []),
        (lines("+---+", "| a |", "+---+"), []),
        ("Title\r\n=====\r\n", ["Title"]),
        ("=====", []),
    ],
)
def test_restructured_text(text: str, found: list[str]) -> None:
    assert list(headings.restructured(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (lines("= Title", ":toc:", "", "== Sub ==", "# Also"), ["Title", "Sub", "Also"]),
        (lines("git-add(1)", "=========="), ["git-add(1)"]),
        (lines("a long sentence", "===="), []),
        (lines("[NOTE]", "====", "text", "====", "", ".Name", "====="), []),
        (lines("----", "= code", "----", "= text"), ["text"]),
        (lines("....", "= code", "----", "....", "|===", "= code", "|===", "////", "= no", "////", "= text"), ["text"]),
        (lines("```ruby", "= code", "```", "= text"), ["text"]),
        (lines("----", "= code without an end"), []),
        (lines("=Title", "//= no"), []),
    ],
)
def test_asciidoc(text: str, found: list[str]) -> None:
    assert list(headings.asciidoc(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (lines("* One", "#+title: Title", "** TODO [#A] Two :tag:other:"), ["Title", "One", "Two"]),
        (lines("*bold*", " * item", "* Not: a tag"), ["Not: a tag"]),
        (lines("#+TITLE:", "* DONE"), ["DONE"]),
        ("", []),
    ],
)
def test_org(text: str, found: list[str]) -> None:
    assert [heading.strip() for heading in headings.org(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<head><TITLE lang=x>A</TITLE></head><body><h1>B</h1><h1 id='c'>C</h1>", ["A", "B", "C"]),
        ("<h1>A</h1>", ["A"]),
        ("<!-- <title>no</title> --><script>'<title>no'</script><title>A</title>", ["A"]),
        ("<body><svg><title>no</title></svg><h1>A</h1>", ["A"]),
        ("<svg><title>no</title></svg><title>A</title>", ["A"]),
        ("<titles>no</titles><h10>no</h10>", []),
        ("<title>no end", []),
        ("<title", []),
        ("<!-- no end <title>no</title>", []),
        ("<style>no end<title>no</title>", []),
    ],
)
def test_html(text: str, found: list[str]) -> None:
    assert list(headings.html(text)) == found


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (headings.markdown, "# " + "a" * 2000),
        (headings.restructured, "a" * 2000 + "\n======"),
        (headings.asciidoc, "= " + "a" * 2000),
        (headings.org, "* " + "a" * 2000),
        (headings.html, "<h1>" + "a" * 2000 + "</h1>"),
    ],
)
def test_of_a_long_heading_only_the_beginning_is_read(read: object, text: str) -> None:
    assert callable(read)
    assert [set(heading) for heading in read(text)] == [{"a"}]
    assert next(len(heading) for heading in read(text)) in range(990, headings.MAX_CHARACTERS + 1)
