"""Content hooks, on any text: each is stable, none raises, and code keeps its bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vsync.documents.describing import Hooks
from vsync.documents.hooks import About, apply

ONE_HOOK = (
    Hooks(front_matter="strip"),
    Hooks(comments="strip"),
    Hooks(heading="title"),
    Hooks(heading="source"),
    Hooks(links="absolute"),
    Hooks(mdx="strip"),
)
ALL = Hooks("strip", "strip", "title", "absolute", "strip")
PATHS = ("docs/a.md", "docs/a.mdx", "docs/a.html", "docs/a.rst", "docs/a.adoc", "docs/a.org", "docs/a.txt", "docs/a.py")
PIECES = (
    *"\n\n\n \t`~-=#>*_[](){}<>!:.|\\/\"'$a",
    *(
        "\n\n",
        "    ",
        "```",
        "~~~",
        "---\n",
        "<!--",
        "-->",
        "{/*",
        "*/}",
        "word ",
        "\r\n",
        "- ",
        "1. ",
        "> ",
        "\n# Title\n",
    ),
    *(
        "[a](b.md)",
        "![a](b.png)",
        "[a]: b.md\n",
        "<b>",
        "</b>",
        "<A b={1}>",
        "</A>",
        "<>",
        "</>",
        "import a from 'b'\n",
    ),
    *("export const a = {\n", "}\n", "<pre>", "</pre>", ".. image:: a.png\n", ".. a\n", "::\n\n", "`a <b>`_", "////\n"),
    *(
        "----\n",
        "// a\n",
        "xref:b.adoc[]",
        "link:b[]",
        "<img src='a'>",
        "{'a'}",
        "+++\n",
        "a: b\n",
        "é",
        "\x00",
        "\ud800",
    ),
)
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=100)
paths = st.sampled_from(PATHS)
titles = st.none() | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def about(path: str, title: str | None = "Title", *, site: bool = False) -> About:
    def url(path: str) -> str | None:
        return f"https://docs.example.com/{path}" if site else None

    return About(path, title, url, "https://example.com/o/r")


@given(texts, paths, titles, st.booleans())
def test_without_hooks_a_text_stays_the_same(text: str, path: str, title: str | None, site: bool) -> None:
    assert apply(text, Hooks(), about(path, title, site=site)) == text


@given(texts, paths, titles, st.booleans())
def test_a_hook_finds_nothing_in_its_own_result(text: str, path: str, title: str | None, site: bool) -> None:
    told = about(path, title, site=site)
    for hooks in ONE_HOOK:
        once = apply(text, hooks, told)
        assert apply(once, hooks, told) == once, hooks


@given(texts, paths, titles, st.booleans())
def test_no_text_makes_the_hooks_fail(text: str, path: str, title: str | None, site: bool) -> None:
    told = about(path, title, site=site)
    assert apply(text, ALL, told) == apply(text, ALL, told)


@given(texts)
def test_code_in_fences_keeps_its_bytes(text: str) -> None:
    before = fences(text)
    for hooks in ONE_HOOK[1:5]:
        assert fences(apply(text, hooks, about("docs/a.md"))) == before, hooks


words = st.text("abcdefgh", min_size=2, max_size=8)


@given(st.lists(st.tuples(words, st.sampled_from(PIECES)), max_size=12))
@example([("word", "<"), ("import", " ")])
def test_code_files_and_data_stay_the_same(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + piece for word, piece in parts)
    for path in ("a.py", "a.yaml", "a.json", "a.ts", "a.vue", "Makefile"):
        assert apply(text, ALL, about(path)) == text


def fences(text: str) -> list[str]:
    """The code in fences, as another reader of Markdown finds it."""
    return [token.content for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_text_stays_empty(path: str) -> None:
    assert apply("", ALL, about(path)) == ""
