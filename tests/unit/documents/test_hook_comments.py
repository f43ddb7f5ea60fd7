"""Comments are left out where readers of the page do not see them, and nowhere else."""

from __future__ import annotations

import pytest

from tests.unit.documents.hooked import hooked
from vsync.documents.describing import Hooks

STRIP = Hooks(comments="strip")


def stripped(text: str, path: str = "docs/a.md") -> str:
    return hooked(text, STRIP, path)


@pytest.mark.parametrize("path", ["a.md", "a.mdx", "a.html", "a.ipynb", "a.qmd"])
def test_a_comment_within_a_line_goes(path: str) -> None:
    assert stripped("One <!-- draft --> two.\n", path) == "One  two.\n"


def test_a_comment_may_have_several_lines_and_blank_ones() -> None:
    assert stripped("# A\n\n<!-- one\n\ntwo -->\n\nText\n") == "# A\n\nText\n"


def test_no_blank_line_is_doubled() -> None:
    assert stripped("a\n\n<!-- x -->\n\n<!-- y -->\n\nb\n") == "a\n\nb\n"
    assert stripped("<!-- licence -->\n\n# A\n") == "# A\n"
    assert stripped("a\n\n<!-- end -->\n") == "a\n"
    assert stripped("a\r\n\r\n<!-- x -->\r\n\r\nb\r\n") == "a\r\n\r\nb\r\n"


def test_paragraphs_that_a_comment_kept_apart_stay_apart() -> None:
    assert stripped("one\n<!-- x -->\ntwo\n") == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "code",
    [
        "```html\n<!-- shown -->\n```\n",
        "~~~~\n~~~\n<!-- shown -->\n~~~~\n",
        "- item\n\n  ```\n  <!-- shown -->\n  ```\n",
        "> ```\n> <!-- shown -->\n> ```\n",
        "Text:\n\n    <!-- shown -->\n",
        "Write `<!-- shown -->` so.\n",
        "Write ``a ` <!-- shown -->`` so.\n",
        "<pre>\n<!-- shown -->\n\n<!-- shown -->\n</pre>\n",
        "See <code><!-- shown --></code>.\n",
        "<script>\n<!-- shown -->\n</script>\n",
        "<textarea><!-- shown --></textarea>\n",
        "```\n<!-- never closed: the fence reaches to the end -->\n",
    ],
)
def test_what_is_code_stays(code: str) -> None:
    assert stripped(f"{code}\n<!-- gone -->\n") in (code, f"{code}\n<!-- gone -->\n")
    assert stripped(code) == code


def test_a_comment_in_a_list_is_no_indented_code() -> None:
    assert stripped("1. one\n\n    <!-- x -->\n\n2. two\n") == "1. one\n\n2. two\n"


def test_text_in_an_admonition_is_no_indented_code() -> None:
    assert stripped("!!! note\n\n    <!-- x -->\n\n    Text\n") == "!!! note\n\n    Text\n"


@pytest.mark.parametrize(
    "text",
    [
        "a <!-- never closed\n",
        "a <!-- over\n\nparagraphs --> b\n",
        "<!--[if IE]> a <![endif]-->\n",
        "a \\<!-- b -->\n",
        "a < !-- b -->\n",
    ],
)
def test_what_is_no_comment_stays(text: str) -> None:
    assert stripped(text) == text


def test_a_comment_ends_at_its_first_mark() -> None:
    assert stripped("<!-- use `-->` here\n") == "` here\n"
    assert stripped("<!-->a<!--->b\n") == "ab\n"


def test_a_comment_of_mdx_goes_as_well() -> None:
    assert stripped("# A {/* a */}\n\n{/* one\n\ntwo */}\n\n`{/* b */}` \\{/* c */}\n", "a.mdx") == (
        "# A\n\n`{/* b */}` \\{/* c */}\n"
    )
    assert stripped("# A {/* a */}\n", "a.md") == "# A {/* a */}\n"


def test_in_restructuredtext_comments_at_the_margin_go() -> None:
    text = ".. licence\n   of the file\n\nTitle\n=====\n\n..\n   hidden\n\nText\n"
    assert stripped(text, "a.rst") == "Title\n=====\n\nText\n"


@pytest.mark.parametrize(
    "text",
    [
        ".. note::\n   Text\n",
        ".. _label:\n\nText\n",
        ".. [1] Footnote\n",
        ".. |a| image:: b.png\n",
        "Example::\n\n   .. not a comment\n",
        ".. code-block:: rst\n\n   .. not a comment\n",
        "..\n\n   A quote.\n",
        ".. note: a mistake\n   Text\n",
    ],
)
def test_other_markup_of_restructuredtext_stays(text: str) -> None:
    assert stripped(text, "a.rst") == text


def test_in_asciidoc_lines_and_blocks_go() -> None:
    text = "// licence\n= Title\n\n////\nhidden\n\n////\n\nText\n\n----\n// code\n----\n"
    assert stripped(text, "a.adoc") == "= Title\n\nText\n\n----\n// code\n----\n"


def test_a_block_of_asciidoc_without_an_end_stays() -> None:
    assert stripped("a\n\n////\nb\n", "a.adoc") == "a\n\n////\nb\n"


@pytest.mark.parametrize("path", ["a.py", "a.txt", "a.org", "a.js", "a.xml", "README"])
def test_other_kinds_of_files_stay(path: str) -> None:
    text = "a <!-- b -->\n// c\n.. d\n"
    assert stripped(text, path) == text


def test_marks_that_only_the_removal_would_build_are_not_built() -> None:
    """Otherwise a hostile text could get through what it is, and become something else behind the hook."""
    text = "<!-<!-- x -->- y -->\n"
    assert stripped(text) == text
    fence = "<!-- x -->```\n```\n<!-- y -->\n```\n"
    assert stripped(fence) == fence
