"""The heading above a line, in the formats that documents have."""

from __future__ import annotations

import time

import pytest

from vsync.search.headings import heading_above

MARKDOWN = """---
title: no heading
---
intro
# First #
text
Second
======
text

- item
---
## Third ##
```sh
# no heading
```
text
~~~
```
# none
~~~
### `code` & *more*
end
"""
RST = """=====
Title
=====

text

Part
----
text

a b
-

::

   Not
   ---

Last
~~~~~~~
end
"""
ADOC = """= Title
text
== Part
----
== no heading
----
text
=== Last
end
"""
ORG = """* One
text
** TODO Two
end
*bold*
"""


@pytest.mark.parametrize("line", ["---", "***", "_ _ _", "====="])
def test_a_line_across_the_page_is_no_heading(line: str) -> None:
    for under in ("---", "==="):
        assert at(f"# Title\n\n{line}\n{under}\nend", "end", "a.md") == "Title"
    assert at(f"Title\n=====\n{line}\nend", "end", "a.md") == "Title"


def at(text: str, line: str, path: str) -> str | None:
    lines = text.split("\n")
    return heading_above(lines, lines.index(line) + 1, path)


@pytest.mark.parametrize(
    ("text", "path", "line", "heading"),
    [
        (MARKDOWN, "a.md", "title: no heading", None),
        (MARKDOWN, "a.md", "intro", None),
        (MARKDOWN, "a.md", "text", "First"),
        (MARKDOWN, "a.md", "# First #", "First"),
        (MARKDOWN, "a.md", "Second", "Second"),
        (MARKDOWN, "a.md", "======", "Second"),
        (MARKDOWN, "a.md", "- item", "Second"),
        (MARKDOWN, "a.MDX", "# no heading", "Third"),
        (MARKDOWN, "a.qmd", "# none", "Third"),
        (MARKDOWN, "a.ipynb", "end", "`code` & *more*"),
        (RST, "a.rst", "Title", "Title"),
        (RST, "a.rst", "text", "Title"),
        (RST, "a.rst", "a b", "Part"),
        (RST, "a.rst", "   Not", "Part"),
        (RST, "a.rest", "end", "Last"),
        (ADOC, "a.adoc", "text", "Title"),
        (ADOC, "a.adoc", "== no heading", "Part"),
        (ADOC, "a.asciidoc", "end", "Last"),
        (ORG, "a.org", "text", "One"),
        (ORG, "a.org", "end", "TODO Two"),
        (ORG, "a.org", "*bold*", "TODO Two"),
        (MARKDOWN, "a.txt", "end", None),
        (MARKDOWN, "readme", "end", None),
    ],
)
def test_the_nearest_heading_above_is_found(text: str, path: str, line: str, heading: str | None) -> None:
    assert at(text, line, path) == heading


@pytest.mark.parametrize("text", ["#", "#x", "    # code", "#######  seven", "text\n", "", "-\n-", "\n---"])
def test_what_is_no_heading_is_not_taken_for_one(text: str) -> None:
    for path in ("a.md", "a.rst", "a.adoc", "a.org"):
        assert heading_above(text.split("\n"), 1, path) is None


def test_front_matter_without_an_end_hides_nothing() -> None:
    assert heading_above(["---", "x", "# A", "text"], 4, "a.md") == "A"


def test_a_line_of_any_length_is_read_at_once() -> None:
    started = time.process_time()
    for line in (
        "# " + " " * 200_000 + "#",
        "= " + "= " * 100_000,
        "* " + "\t" * 200_000 + "x",
        "=" * 200_000,
        "`" * 200_000,
    ):
        for path in ("a.md", "a.rst", "a.adoc", "a.org"):
            heading_above([line, line] * 50, 100, path)
    assert time.process_time() - started < 5
