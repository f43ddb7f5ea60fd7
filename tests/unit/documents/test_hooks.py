"""The content hooks together: none unless asked for, in their order, and none of them slow."""

from __future__ import annotations

import time

import pytest

from tests.unit.documents.hooked import about, hooked
from vsync.documents.describing import Hooks
from vsync.documents.hooks import apply

ALL = Hooks("strip", "strip", "title", "absolute", "strip")
TEXT = "---\ntitle: Guide\n---\n\n<!-- licence -->\n\nimport A from 'a'\n\nSee <A>[this](b.txt)</A>.\n"


def test_without_hooks_the_text_stays() -> None:
    for path in ("a.md", "a.mdx", "a.rst"):
        assert hooked(TEXT, Hooks(), path, "Guide") == TEXT
        assert hooked(TEXT, Hooks("keep", "keep", "none", "keep", "keep"), path, "Guide") == TEXT


def test_all_hooks_together() -> None:
    assert hooked(TEXT, ALL, "a.mdx", "Guide") == (
        "# Guide\n\nSee [this](https://github.com/acme/docs/blob/HEAD/b.txt).\n"
    )


def test_front_matter_goes() -> None:
    strip = Hooks(front_matter="strip")
    assert hooked("---\na: b\n---\n\nText\n", strip) == "Text\n"
    assert hooked("+++\na = 1\n+++\nText\n", strip) == "Text\n"
    assert hooked("Text\n---\na: b\n---\n", strip) == "Text\n---\na: b\n---\n"
    assert hooked("---\na: b\n---\nText\n", strip, "a.txt") == "---\na: b\n---\nText\n"
    assert hooked("---\na: b\n---\nText\n", strip, "a.yaml") == "---\na: b\n---\nText\n"


def test_what_comes_behind_front_matter_does_not_become_front_matter() -> None:
    once = hooked("---\na: b\n---\n---\nc: d\n---\n", Hooks(front_matter="strip"))
    assert once == "\n---\nc: d\n---\n"
    assert hooked(once, Hooks(front_matter="strip")) == once


HOSTILE = (
    *(
        "`",
        "``a`",
        "<!--",
        "<!-- a -->",
        "<!-",
        "<!--\n\n",
        "```\n",
        "[",
        "[a](",
        '[a](b "',
        "](",
        "[a]: b\n",
        "![",
        "> ",
    ),
    *("- ", "<a", '<a b="', "<a href='", "<", "{", "{`", "{'", "'\\", "{/*", "/*", "<A b={", "<A>", "</A>", "$a", "$$"),
    *(
        "\\",
        " ",
        "\t",
        "import {a,",
        "export const a = {\n",
        "<pre>",
        "<code>",
        ".. a\n",
        "..\n",
        "`a <",
        "::\n",
        "////\n",
    ),
    *(
        "link:",
        "<<a.adoc#",
        "---\n",
        "a: b\n",
        "1. a\n",
        "- - \n",
        "# a\n",
        "\n",
        "\r",
        "!!! a\n",
        "[^a]: ",
        "<A {...a} ",
    ),
    *("*", "|a| image:: "),
)


@pytest.mark.parametrize("path", ["a.md", "a.mdx", "a.html", "a.rst", "a.adoc"])
@pytest.mark.parametrize("unit", HOSTILE)
def test_the_time_grows_with_the_text_and_not_with_its_square(unit: str, path: str) -> None:
    """A tenth of a megabyte takes less than half a second; what is quadratic takes many seconds."""
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    apply(text, ALL, about(path, "Title", site="https://acme.dev"))
    assert time.process_time() - started < 30  # what grows with the square takes minutes
