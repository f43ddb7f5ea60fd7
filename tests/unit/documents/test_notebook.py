"""A notebook as Markdown: what is kept of it, in which form, and what no notebook is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vsync.documents import notebook
from vsync.documents.notebook import MAX_BYTES, MAX_OUTPUT, NotNotebook, to_markdown

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def markdown_cell(source: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: Any, *outputs: Any) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": list(outputs), "source": source}


def stream(text: Any, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def value(kind: str = "execute_result", **data: Any) -> dict[str, Any]:
    return {
        "output_type": kind,
        "metadata": {},
        "data": {f"text/{form}" if form != "png" else "image/png": text for form, text in data.items()},
    }


def document(*cells: Any, language: str = "python") -> bytes:
    metadata = {"kernelspec": {"name": "k", "display_name": "K"}, "language_info": {"name": language}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}).encode()


def shown(*cells: Any, language: str = "python") -> str:
    return to_markdown(document(*cells, language=language))[0]


def test_text_code_and_outputs_stand_in_their_order() -> None:
    cells = (
        markdown_cell(["# Guide\n", "\n", "First *this*.\n"]),
        code("print(1)\n2", stream("1\n"), value(plain="2")),
        markdown_cell("Then that."),
        {"cell_type": "raw", "source": ".. note:: raw"},
    )
    assert shown(*cells) == (
        "# Guide\n\nFirst *this*.\n\n"
        "```python\nprint(1)\n2\n```\n\n"
        "```output\n1\n```\n\n"
        "```output\n2\n```\n\n"
        "Then that.\n\n"
        ".. note:: raw\n"
    )


def test_format_3_is_read_as_well() -> None:
    sheet = {
        "cells": [
            {"cell_type": "heading", "level": 2, "source": ["Title"]},
            {
                "cell_type": "code",
                "language": "ruby",
                "input": ["puts 1\n", "2"],
                "outputs": [
                    {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                    {"output_type": "pyout", "text": ["2"], "html": ["<b>2</b>"]},
                    {"output_type": "display_data", "png": PNG, "latex": ["$x$"]},
                    {"output_type": "pyerr", "ename": "E", "evalue": "bad", "traceback": []},
                ],
            },
        ]
    }
    data = json.dumps(
        {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [sheet, {"cells": [markdown_cell("end")]}]}
    )
    assert to_markdown(data.encode())[0] == (
        "## Title\n\n```ruby\nputs 1\n2\n```\n\n```output\n1\n```\n\n```output\n2\n```\n\n$x$\n\n"
        "```output\nE: bad\n```\n\nend\n"
    )


@pytest.mark.parametrize(
    ("language", "info"),
    [
        ("python", "python"),
        ("R", "r"),
        ("C++17", "c++17"),
        ("x\n# injected", ""),
        ("a b", ""),
        ("`", ""),
        ("p" * 41, ""),
        ("", ""),
    ],
)
def test_code_stands_in_a_fence_with_the_kernels_language(language: str, info: str) -> None:
    assert shown(code("x"), language=language) == f"```{info}\nx\n```\n"


def test_a_kernel_may_name_its_language_in_another_place_or_not_at_all() -> None:
    for metadata, info in (({"kernelspec": {"language": "julia"}}, "julia"), ({}, ""), ([], ""), (None, "")):
        data = json.dumps({"nbformat": 4, "metadata": metadata, "cells": [code("x")]}).encode()
        assert to_markdown(data)[0] == f"```{info}\nx\n```\n"


def test_a_fence_is_longer_than_each_fence_inside_it() -> None:
    text = shown(code("a = '''\n````\n'''", stream("```\n")))
    assert text == "`````python\na = '''\n````\n'''\n`````\n\n````output\n```\n````\n"


def test_images_html_and_widgets_are_left_out() -> None:
    widget = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}}
    kept = shown(
        code("plot()", value("display_data", png=PNG, plain="<Figure size 640x480 with 1 Axes>"), widget),
        code("df", value(html="<table><td>1</td></table>", plain="   a\n0  1")),
        code("HTML('<b>')", value(html="<b>", plain="<IPython.core.display.HTML object>")),
        code("o", value(plain="<acme.Thing at 0x7f3c5c0b1d90>")),
        markdown_cell(f"![plot](data:image/png;base64,{PNG}) seen"),
    )
    assert kept == (
        "```python\nplot()\n```\n\n```python\ndf\n```\n\n```output\n   a\n0  1\n```\n\n"
        "```python\nHTML('<b>')\n```\n\n```python\no\n```\n\n![plot]() seen\n"
    )


def test_the_most_readable_form_of_a_value_is_taken() -> None:
    assert shown(code("", value(markdown="**two**", plain="<IPython.core.display.Markdown object>"))) == "**two**\n"
    math = value("display_data", latex="$\\alpha$", plain="<IPython.core.display.Math object>")
    assert shown(code("", math)) == "$\\alpha$\n"
    assert shown(code("", value(latex="$2$", plain="2"))) == "```output\n2\n```\n"


def test_a_traceback_has_no_colours() -> None:
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "bad",
        "traceback": ["\x1b[0;31m-----\x1b[0m", "\x1b[1;32m      1\x1b[0m f()", "\x1b[31mValueError\x1b[39m: bad"],
    }
    assert shown(code("f()", error)) == "```python\nf()\n```\n\n```output\n-----\n      1 f()\nValueError: bad\n```\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://x.y\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title", ""),
        ("\x9b31mred", "red"),
        ("\x1b(Bplain\x1b=", "plain"),
        ("\x1b[", ""),
        ("bell\x07 back\x08 nul\0", "bell back nul"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("in \ud83d" + "\ude00 two", "in 😀 two"),
    ],
)
def test_nothing_that_steers_a_terminal_is_left(text: str, kept: str) -> None:
    expected = f"```output\n{kept}\n```\n" if kept else ""
    assert shown(code("", stream(text))) == expected
    assert shown(markdown_cell(text)) == (f"{kept}\n" if kept else "")


def test_a_progress_bar_shows_its_last_state() -> None:
    bar = [stream("\r 10%"), stream("\r 50%"), stream("\r100%\ndone\r\n")]
    assert shown(code("", *bar)) == "```output\n100%\ndone\n```\n"


def test_what_is_printed_in_pieces_is_one_block() -> None:
    assert shown(code("", stream("one "), stream(["two\n", "three"], "stderr"), value(plain="4"), stream("5"))) == (
        "```output\none two\nthree\n```\n\n```output\n4\n```\n\n```output\n5\n```\n"
    )


def test_a_long_output_keeps_its_beginning_and_its_end() -> None:
    text = shown(code("", stream("a" * MAX_OUTPUT + "b" * 10**6 + "c" * 4_000)))
    assert len(text) < MAX_OUTPUT
    assert text.startswith("```output\naaaa")
    assert text.endswith("cccc\n```\n")
    assert "characters are left out" in text
    assert shown(code("", stream("a" * MAX_OUTPUT))).count("a") == MAX_OUTPUT


def test_code_is_never_shortened() -> None:
    assert shown(code("x" * 10**6)).count("x") == 10**6


def test_ends_of_lines_become_one_kind() -> None:
    assert shown(code("a\r\nb\rc")) == "```python\na\nb\nc\n```\n"


@pytest.mark.parametrize(
    "cells",
    [
        (),
        (markdown_cell(""), code("  \n"), {"cell_type": "raw", "source": []}),
        (code("", value("display_data", png=PNG)),),
        (None, 7, "cell", [], {}, {"cell_type": "unknown", "source": "x"}, {"cell_type": ["code"]}),
    ],
)
def test_a_notebook_without_text_gives_empty_text(cells: tuple[Any, ...]) -> None:
    assert to_markdown(document(*cells)) == ("", [])


def test_values_of_other_types_are_left_out() -> None:
    cells = (
        markdown_cell({"a": 1}),
        markdown_cell(["kept ", 5, None, ["no"], "too"]),
        code(None, None, 3, [], {"output_type": {}}, {"output_type": "stream", "text": 3}, value(plain={"a": 1})),
        {"cell_type": "code", "source": "x", "outputs": "none"},
        code("", {"output_type": "error", "traceback": {"a": 1}, "ename": 5, "evalue": "bad"}),
        {"cell_type": "heading", "level": True, "source": "h"},
    )
    assert shown(*cells) == "kept too\n\n```python\nx\n```\n\n```output\nbad\n```\n\nh\n"


def test_each_cell_is_found_by_the_line_on_which_its_text_begins() -> None:
    text, cells = to_markdown(
        document(markdown_cell("a\nb"), markdown_cell(" "), code("x", stream("y")), markdown_cell("z"))
    )
    lines = text.split("\n")
    assert [(lines[line - 1], number) for line, number in cells] == [("a", 1), ("```python", 3), ("z", 4)]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"\xff\xfe\xfd",
        b"# Markdown",
        b"{}",
        b'{"cells": []}',
        b'{"nbformat": 4}',
        b'{"nbformat": "4", "cells": []}',
        b'{"nbformat": true, "cells": []}',
        b'{"nbformat": 4.0, "cells": []}',
        b'{"nbformat": 2, "worksheets": []}',
        b'{"nbformat": 5, "cells": [], "": []}',
        b'{"nbformat": 4, "cells": {}}',
        b'{"nbformat": 3, "cells": []}',
        b'{"nbformat": ' + b"4" * 5_000 + b', "cells": []}',
        b'{"nbformat": 4, "cells": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}",
        b'{"nbformat": 4, "cells": []} trailing',
    ],
    ids=lambda data: repr(data[:30]),
)
def test_anything_else_is_no_notebook(data: bytes) -> None:
    with pytest.raises(NotNotebook):
        to_markdown(data)


def test_the_json_may_be_in_another_encoding_and_hold_numbers_that_json_lacks() -> None:
    cells = document(markdown_cell("größe"), code("x"))
    for data in (
        cells.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + cells,
        cells.replace(b'"execution_count": 1', b'"execution_count": NaN'),
    ):
        assert to_markdown(data)[0] == "größe\n\n```python\nx\n```\n"


def test_a_notebook_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    data = document(markdown_cell("a"))
    monkeypatch.setattr(notebook, "MAX_BYTES", len(data))
    assert to_markdown(data)[0] == "a\n"
    with pytest.raises(NotNotebook):
        to_markdown(data + b" ")
    assert MAX_BYTES >= 32 * 1024 * 1024
