"""Laws of the conversion of notebooks, over JSON of any shape: it refuses in one way only, and what it gives is text."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.inspection import Looks, inspect_content
from vsync.documents.notebook import NotNotebook, to_markdown
from vsync.documents.secret_scan import Scanner

TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("`#\n\r\x1b\x9b[]0;1mK\\\x07\x00 ab\ud83d\ude00\u200b<>"), max_size=30),
    st.sampled_from(
        ["```\n", "\x1b[31mred\x1b[0m", "data:image/png;base64,QUJD", "<IPython.core.display.HTML object>"]
    ),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def mostly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or now and then anything instead."""
    return st.one_of(value, value, value, value, ANYTHING)


SOURCES = mostly(st.one_of(TEXTS, st.lists(mostly(TEXTS), max_size=4)))
DATA = st.dictionaries(
    st.sampled_from(["text/plain", "text/markdown", "text/html", "text/latex", "image/png"]), SOURCES, max_size=3
)
OUTPUTS = st.fixed_dictionaries(
    {
        "output_type": mostly(
            st.sampled_from(["stream", "execute_result", "display_data", "error", "pyout", "pyerr", "other"])
        )
    },
    optional={
        "text": SOURCES,
        "data": mostly(DATA),
        "traceback": mostly(st.lists(mostly(TEXTS), max_size=3)),
        "ename": SOURCES,
        "evalue": SOURCES,
        "latex": SOURCES,
    },
)
CELLS = st.fixed_dictionaries(
    {"cell_type": mostly(st.sampled_from(["markdown", "code", "raw", "heading"]))},
    optional={
        "source": SOURCES,
        "input": SOURCES,
        "language": mostly(TEXTS),
        "level": mostly(st.integers(-1, 9)),
        "outputs": mostly(st.lists(mostly(OUTPUTS), max_size=4)),
    },
)
MANY_CELLS = mostly(st.lists(mostly(CELLS), max_size=5))
NOTEBOOKS = st.fixed_dictionaries(
    {"nbformat": mostly(st.sampled_from([3, 4]))},
    optional={
        "cells": MANY_CELLS,
        "worksheets": mostly(st.lists(mostly(st.fixed_dictionaries({"cells": MANY_CELLS})), max_size=2)),
        "metadata": mostly(
            st.fixed_dictionaries(
                {}, optional={"language_info": mostly(st.fixed_dictionaries({"name": mostly(TEXTS)}))}
            )
        ),
    },
)

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@given(mostly(NOTEBOOKS))
def test_any_json_is_refused_or_becomes_text_and_always_the_same_text(notebook: Any) -> None:
    data = json.dumps(notebook).encode()
    try:
        text, cells = to_markdown(data)
    except NotNotebook:
        assert inspect_content("a.ipynb", [data], Looks()).reason == "not-notebook"
        return
    assert to_markdown(json.dumps(json.loads(data), indent=1).encode()) == (text, cells)
    assert text.encode().decode() == text
    assert CONTROL.search(text) is None
    assert "\x1b" not in text
    # Each cell adds the two fences of its blocks, and a fence is at most as long as its text.
    assert len(text) <= 4 * len(data) + 100
    lines = text.split("\n")
    assert cells == sorted(cells)
    assert all(1 <= line <= len(lines) and lines[line - 1 :] for line, _ in cells)
    assert inspect_content("a.ipynb", [data], Looks()).reason in {None, "empty"}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_judged(data: bytes) -> None:
    with contextlib.suppress(NotNotebook):
        to_markdown(data)
    found = inspect_content("a.ipynb", [data], Looks(Scanner()))
    assert found.reason in {"empty", "not-notebook", "lfs-pointer"}


@given(st.lists(st.text(st.sampled_from("`~ab\n "), max_size=30), max_size=4))
def test_each_code_cell_can_be_read_back_from_its_fence(sources: list[str]) -> None:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    text, _ = to_markdown(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert read_back(text) == [source.strip("\n") for source in sources if source.strip()]


def read_back(markdown: str) -> list[str]:
    """What the fences of a Markdown text hold, as CommonMark reads it: a fence ends at one that is at least as long."""
    found: list[str] = []
    fence, inside = "", list[str]()
    for line in markdown.split("\n"):
        if fence and re.fullmatch(f"{fence}`* *", line):
            found.append("\n".join(inside))
            fence, inside = "", []
        elif fence:
            inside.append(line)
        elif (match := re.match("`{3,}", line)) is not None:
            fence = match[0]
        else:
            assert not line
    assert not fence
    return found
