"""A heading without its markup: what a reader sees."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.heading_text import Markup, plain_text


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("plain", "plain"),
        ("  a   b\tc ", "a b c"),
        ("**bold** and *thin* and ***both***", "bold and thin and both"),
        ("__bold__ _thin_ ~~gone~~", "bold thin gone"),
        ("**bold with *thin* in it**", "bold with thin in it"),
        ("snake_case_name and 2 * 3 * 4 and a__b__c", "snake_case_name and 2 * 3 * 4 and a__b__c"),
        ("`__init__` and ``a ` b``", "__init__ and a ` b"),
        ("**the `code` in bold**", "the code in bold"),
        ("`unclosed and ``other`", "unclosed and ``other"),
        ("unclosed `", "unclosed `"),
        ("[text](https://example.com/a_(b) \"title\") and [b][ref] and [c][]", "text and b and c"),
        ("[`code`](a.md)", "code"),
        ("[![Logo](logo.png)](https://example.com) Name", "Logo Name"),
        ("[Unreleased] and [ ] box", "[Unreleased] and [ ] box"),
        ("<https://example.com>", "https://example.com"),
        ("Text {#anchor}", "Text"),
        ("Text {: .class #id }", "Text"),
        ("Text {.class}", "Text"),
        ("Text {braces} stay", "Text {braces} stay"),
        ("Text <sup class='x'>new</sup> <Badge />", "Text new"),
        ("Text <!-- no --> {/* #id */}", "Text"),
        ("Text {{< badge x >}} {{% other %}}", "Text"),
        ("a < b and b > a", "a < b and b > a"),
        ("\\<T> \\*stars\\* \\_x\\_ &lt;T&gt; &amp;", "<T> *stars* _x_ <T> &"),
        ("`<T>` &copy; \\`not code\\`", "<T> © `not code`"),
        ("\0001\0 kept", "1 kept"),
        ("![](x.png)", None),
        ("<br>", None),
        ("", None),
    ],
)  # fmt: skip
def test_markdown(heading: str, text: str | None) -> None:
    assert plain_text(heading, "markdown") == text


@pytest.mark.parametrize(
    ("markup", "heading", "text"),
    [
        ("rst", "``code`` and `text <https://example.com>`_ and `word`", "code and text and word"),
        (
            "rst",
            ":mod:`os.path` and :py:class:`~a.b.C` and :ref:`text <label>` and :doc:`!x`",
            "os.path and C and text and x",
        ),
        ("rst", "**bold** *thin* a*b ``*args``", "bold thin a*b *args"),
        ("rst", "H\\ :sub:`2`\\ O and \\*", "H2O and *"),
        ("asciidoc", "*bold* _thin_ `code` `+raw+` [[id]]x", "bold thin code raw x"),
        (
            "asciidoc",
            "link:a.adoc[Text] https://example.com[Site] <<id,Ref>> xref:b.adoc#c[There]",
            "Text Site Ref There",
        ),
        ("asciidoc", "A &amp; B", "A & B"),
        ("org", "[[https://example.com][Text]] =code= ~verb~ a=b", "Text code verb a=b"),
        ("org", "[[file.org]]", "file.org"),
        ("html", "\n <b>A</b> &amp; <i class='x'>B</i>\n<!-- no -->", "A & B"),
        ("html", "1 &lt; 2 &#x41;", "1 < 2 A"),
    ],
)
def test_other_kinds(markup: Markup, heading: str, text: str) -> None:
    assert plain_text(heading, markup) == text


PIECES = st.lists(st.sampled_from(list("`*_~[]()!<>{}#:.&;\\|= ab0\0\n")), max_size=60).map("".join)


@given(PIECES, st.sampled_from(["markdown", "rst", "asciidoc", "org", "html"]))
def test_any_heading_is_one_line_or_nothing(heading: str, markup: Markup) -> None:
    text = plain_text(heading, markup)
    assert text is None or (text == " ".join(text.split()) != "" and "\0" not in text)


@pytest.mark.parametrize(
    "piece",
    "*|*a|**a |_a |~~a|`|` ``|[|[a](|![|![a](b) |<|<a|{{<|{/*|<!--|{:|\\|:a:`|[[|<<|link:|=a ".split("|"),
)
def test_a_hostile_heading_costs_little(piece: str) -> None:
    begin = time.process_time()
    for markup in ("markdown", "rst", "asciidoc", "org", "html"):
        plain_text((piece * 1000)[:1000], markup)
    assert time.process_time() - begin < 30  # what grows with the square takes minutes
