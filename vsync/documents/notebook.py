"""A Jupyter notebook as Markdown: text cells, code in fences, and the text of outputs. Pure: bytes in, text out.

Images, widgets, HTML and metadata are left out. The notebook is hostile: every value may be of any type, so what is not
as the format says is left out too. Formats 3 and 4: https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from vsync.documents.patterns import lazily

MAX_BYTES = 32 * 1024 * 1024
"""A larger notebook is refused. As Python values its JSON takes up to 25 times its size in memory."""

MAX_OUTPUT = 20_000
"""Characters of one output. Of a longer output the beginning and the end are kept."""

_HEAD, _TAIL = 15_000, 4_000


class NotNotebook(Exception):
    """The bytes are no notebook of format 3 or 4, or too many."""


def to_markdown(data: bytes) -> tuple[str, list[tuple[int, int]]]:
    """The Markdown, and of each cell in it the first line and the cell's number, both counted from 1.

    The text is empty when no cell holds any text. Raises NotNotebook.
    """
    if not data.strip():
        return "", []
    notebook = _parsed(data)
    blocks: list[str] = []
    cells: list[tuple[int, int]] = []
    line = 1
    for number, cell in enumerate(_cells(notebook), 1):
        text = "\n\n".join(_blocks_of(cell, notebook))
        if text:
            cells.append((line, number))
            blocks.append(text)
            line += text.count("\n") + 2
    return "\n\n".join(blocks) + "\n" if blocks else "", cells


class _Notebook(NamedTuple):
    format: int
    content: Mapping[str, Any]
    language: str


def _parsed(data: bytes) -> _Notebook:
    if len(data) > MAX_BYTES:
        raise NotNotebook
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise NotNotebook from None
    if not isinstance(content, dict) or type(content.get("nbformat")) is not int:
        raise NotNotebook
    version = content["nbformat"]
    if version not in (3, 4) or not isinstance(content.get("cells" if version == 4 else "worksheets"), list):
        raise NotNotebook
    metadata = _object(content.get("metadata"))
    named = (_object(metadata.get("language_info")).get("name"), _object(metadata.get("kernelspec")).get("language"))
    return _Notebook(version, content, next(filter(None, map(_language, named)), ""))


def _cells(notebook: _Notebook) -> Iterator[Mapping[str, Any]]:
    """The cells. A cell that is no object counts as an empty cell, so that the numbers are those of the notebook."""
    if notebook.format == 4:
        yield from map(_object, notebook.content["cells"])
    else:
        for sheet in map(_object, notebook.content["worksheets"]):
            cells = sheet.get("cells")
            yield from map(_object, cells if isinstance(cells, list) else [])


def _blocks_of(cell: Mapping[str, Any], notebook: _Notebook) -> Iterator[str]:
    """The text of a cell and of its outputs. No block is blank."""
    kind = cell.get("cell_type")
    if kind == "code":
        source = _clean(_text(cell.get("source" if notebook.format == 4 else "input"))).strip("\n")
        if source.strip():
            yield _fenced(source, _language(cell.get("language")) or notebook.language)
        yield from _outputs(cell.get("outputs"))
    elif kind in ("markdown", "raw", "heading"):
        text = _markdown(_text(cell.get("source")))
        level = cell.get("level") if kind == "heading" else 0
        if text:
            yield f"{'#' * level} {text}" if type(level) is int and 1 <= level <= 6 else text


# --- Outputs -----------------------------------------------------------------------------------------------------


class _Output(NamedTuple):
    """`kind` is `stream` for printed text, `text` for a value or an error, and `markdown`."""

    kind: str
    text: str


def _outputs(outputs: object) -> Iterator[str]:
    """The text of a code cell's outputs. What was printed in pieces is one block."""
    if not isinstance(outputs, list):
        return
    found = filter(None, map(_output, map(_object, outputs)))
    for kind, group in itertools.groupby(found, key=lambda output: output.kind):
        texts = [output.text for output in group]
        for text in ["".join(texts)] if kind == "stream" else texts:
            if kind == "markdown":
                shown = _shortened(_markdown(text))
            else:
                shown = _shortened(_clean(_last_written(text) if kind == "stream" else text).strip("\n"))
            if shown.strip():
                yield shown if kind == "markdown" else _fenced(shown, "output")


def _output(output: Mapping[str, Any]) -> _Output | None:
    """The text of one output. None: it has none, such as an image."""
    kind = output.get("output_type")
    if kind == "stream":
        return _Output("stream", _text(output.get("text")))
    if kind in ("error", "pyerr"):
        traceback = output.get("traceback")
        lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
        named = ": ".join(filter(None, (_text(output.get("ename")), _text(output.get("evalue")))))
        return _Output("text", "\n".join(lines) or named)
    if kind in ("execute_result", "display_data", "pyout"):
        data = output.get("data")
        if isinstance(data, dict):
            return _value(*(_text(data.get(f"text/{form}")) for form in ("markdown", "plain", "latex")))
        return _value("", _text(output.get("text")), _text(output.get("latex")))  # format 3
    return None


def _value(markdown: str, plain: str, latex: str) -> _Output | None:
    """The readable form of a value. A plain text that only names an object is not readable."""
    if markdown.strip():
        return _Output("markdown", markdown)
    if plain.strip() and not _NAMES_OBJECT().fullmatch(plain.strip()):
        return _Output("text", plain)
    return _Output("markdown", latex) if latex.strip() else None


def _shortened(text: str) -> str:
    if len(text) <= MAX_OUTPUT:
        return text
    return f"{text[:_HEAD]}\n… {len(text) - _HEAD - _TAIL:,} characters are left out …\n{text[-_TAIL:]}"


# --- Text --------------------------------------------------------------------------------------------------------


_ANSI = lazily(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, and moves of the cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # titles and links
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL = lazily(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = lazily("[\ud800-\udfff]")
_EMBEDDED = lazily(r"data:[\w.+-]{1,80}/[\w.+-]{1,80};base64,[A-Za-z0-9+/=]+")
_NAMES_OBJECT = lazily(
    r"<(?:Figure size [^<>\n]{1,100}|[\w.]{1,200} object(?: at 0x[0-9a-f]{1,16})?|[\w.]{1,200} at 0x[0-9a-f]{1,16})>"
)
_BACKTICKS = lazily("`+")
_LANGUAGE = lazily(r"[A-Za-z0-9][A-Za-z0-9+#._-]{0,39}")


def _clean(text: str) -> str:
    """The text with `\\n` at the ends of lines, and without control characters and what steers a terminal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE().sub("\N{REPLACEMENT CHARACTER}", _CONTROL().sub("", _ANSI().sub("", text)))


def _markdown(text: str) -> str:
    """Markdown without the bytes of images. Blank text becomes empty."""
    shown = _EMBEDDED().sub("", _clean(text)).strip("\n")
    return shown if shown.strip() else ""


def _last_written(text: str) -> str:
    """What a terminal shows of printed text: a progress bar writes over its own line."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _fenced(text: str, info: str) -> str:
    """The text in a fence that is longer than each run of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, _BACKTICKS().findall(text)), default=0))
    return f"{fence}{info}\n{text}\n{fence}"


def _language(value: object) -> str:
    return value.lower() if isinstance(value, str) and _LANGUAGE().fullmatch(value) else ""


def _text(value: object) -> str:
    """A text, which notebooks write as a string or as a list of strings."""
    if isinstance(value, str):
        return value
    return "".join(line for line in value if isinstance(line, str)) if isinstance(value, list) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
