"""The title of a document: front matter, else the first heading of its kind."""

from __future__ import annotations

import time
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.title import title_of


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("Given", "Given"),
        (" two\nlines ", "two lines"),
        ("`code` stays", "`code` stays"),
        (1984, "1984"),
        (date(2024, 1, 2), "2024-01-02"),
        ("", "Heading"),
        (None, "Heading"),
        (True, "Heading"),
        (datetime(2024, 1, 2), "Heading"),
        (["a"], "Heading"),
        ({"a": 1}, "Heading"),
    ],
)
def test_the_title_of_the_front_matter_comes_before_the_heading(given: object, title: str) -> None:
    assert title_of("# Heading\n", "a.md", {"title": given}) == title


@pytest.mark.parametrize(
    "path", ["a.txt", "b/c.MD", "a.b.mdx", "x.ipynb", "x.qmd", "x.Rmd", "x.markdown", "x.mkd", "x.mdown"]
)
def test_the_extension_tells_the_kind(path: str) -> None:
    assert title_of("Word\n====\n", path, {}) == "Word"


@pytest.mark.parametrize("path", ["README", "a.pdf", "a.py", "a.json", ".md", ""])
def test_other_kinds_have_only_the_title_of_the_front_matter(path: str) -> None:
    assert title_of("# Heading\n", path, {}) is None
    assert title_of("# Heading\n", path, {"title": "Given"}) == "Given"


def test_headings_without_text_are_passed_over_but_not_without_end() -> None:
    assert title_of("#\n# ![](logo.png)\n# <br>\n## Text\n", "a.md", {}) == "Text"
    assert title_of("#\n" * 100 + "# Text\n", "a.md", {}) is None


def test_an_empty_block_of_front_matter_is_no_title() -> None:
    assert title_of("---\n---\n\n# Real title\n", "a.md", {}) == "Real title"
    assert title_of("---\n---\n\nText\n", "a.md", {}) is None


def test_a_title_is_one_line_of_plain_text() -> None:
    assert title_of("<title>\n A\n  &lt;b&gt; &amp; c\x00 </title>", "a.html", {}) == "A <b> & c"


MIXED = st.lists(
    st.sampled_from(
        [
            *"# ## === --- ``` ~~~ <!-- --> {/* */} <h1> </h1> <title> </title> <pre> </pre> <body> ` `` * ** _ [ ] ( ) ![ ]( "
            "< > & &amp; \\ : :ref: .. ---- .... |=== //// = == #+TITLE: * TODO [[ ]] [[a][ << >> {# } {{< >}} a b \0 \t "
            "\r\n \ud800 \u2028".split(" "),
            "\n",
            "\n",
            " ",
            "    ",
        ]
    ),
    max_size=40,
).map("".join)
PATHS = st.sampled_from(["a.md", "a.rst", "a.adoc", "a.org", "a.html", "a.txt", "a.ipynb"])


@given(st.one_of(MIXED, st.text(max_size=60)), PATHS)
def test_any_text_has_one_title_or_none(text: str, path: str) -> None:
    title = title_of(text, path, {})
    assert title == title_of(text, path, {})
    if title is not None:
        assert title == " ".join(title.split()) != ""
        assert "\0" not in title
        title.encode()


N = 1_000_000
"""Characters of a hostile document."""

HOSTILE = {
    "md": [
        "#", "# *a", "*a", "`", "# `", " ", "```\n", "```x`\n", "<!--", "<h1>", "<h1 ", "<h1></h1>\n", "<h1\n", "a\n--\n", "a\n\nb\n--\n",
        "--\n", "- ", "-", "#\n", "# ```\n", "<pre>\n", "<pre></pre>\n", "<div ", "\n<div", "{/*", "# {{<\n", "# [\n",
        "a", "\n", "~~~\n", "# <!--\n", "# \\\n", "# ![a](\n", "# <b>\n", "# {#x}\n", "# \t \n", "# __a\n",
    ],
    "rst": ["=\n", "a\n=\n", "-", "b\na\n-----\n", ".. \n====\n", "\\\n=====\n", "====\n====\n"],
    "adoc": ["----\n", "=\n", "= \n", "a\n-----\n\n", "= [[\n", "= <<a\n", "= `\n", "link:["],
    "org": ["* \n", "*", ":a", "* a :\n", "* [["],
    "html": ["<title>", "<title ", "<h1>", "<!--", "<script>", "<title></title>", "<", "<h1></h1>",
        "<body ", "<script></script>", "<h1><b\n</h1>"],
}  # fmt: skip
LONG = [
    ("md", "# " + "*a" * (N // 2)),
    ("md", "# " + "`" * N),
    ("md", "# " + "".join(f"{'`' * n} " for n in range(1, 1400))),
    ("md", "# " + "[" * N),
    ("md", "# " + "![a](" * (N // 5)),
    ("md", "# " + " " * N + "x"),
    ("md", "# x" + " #" * (N // 2) + "x"),
    ("md", "-" * (N // 2) + " " * (N // 2) + "x"),
    ("md", "\n".join("`" * (3 + n % 900) for n in range(2200))),
    ("md", "a" * N + "\n==="),
    ("rst", "a" * N + "\n====="),
    ("rst", " " * N + "\n===="),
    ("rst", "\n".join("=" * (n % 1000) for n in range(2000))),
    ("rst", ":a:`" * 250 + "\n" + "=" * 1000),
    ("adoc", "\n".join("-" * (4 + n % 900) for n in range(2200))),
    ("adoc", "= " + "link:[" * (N // 6)),
    ("org", "* " + ":a" * (N // 2)),
    ("org", "* " + " " * N),
]


NOT_ITS_SQUARE_S = 30
"""Seconds of CPU. A megabyte takes about one; what grows with the square takes minutes. How fast it is, a benchmark tells."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_time_of_a_hostile_document_does_not_grow_with_the_square_of_its_length(kind: str) -> None:
    for piece in HOSTILE[kind]:
        assert cost(piece * (N // len(piece)), kind) < NOT_ITS_SQUARE_S, piece


@pytest.mark.parametrize(("kind", "text"), LONG, ids=[f"{kind}-{text[:6]!r}" for kind, text in LONG])
def test_the_time_of_a_hostile_line_does_not_grow_with_the_square_of_its_length(kind: str, text: str) -> None:
    assert cost(text, kind) < NOT_ITS_SQUARE_S


def cost(text: str, kind: str) -> float:
    begin = time.process_time()
    title_of(text, f"a.{kind}", {})
    return time.process_time() - begin
