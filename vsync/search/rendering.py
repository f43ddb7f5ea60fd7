"""The results of a search for people: in a terminal, and as a job summary. Pure. Nothing in names or texts acts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vsync.report.markup import code, link, prose, table
from vsync.system.redaction import printable
from vsync.system.wording import count

if TYPE_CHECKING:
    from vsync.search.excerpt import Piece
    from vsync.search.found import Found

BY_WORDS = (
    "The embedded store ranks documents by the words of the query. OpenAI's API ranks them by meaning: there a search finds "
    "other words as well."
)

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_MAX_HEADING = 120
_MAX_QUERY = 200
_BUDGET = 900_000


def result_lines(results: Sequence[Found], *, bold: bool) -> list[str]:
    """The results for a terminal: place, heading, score, the excerpt, and the web page. `bold` marks the words."""
    if not results:
        return ["No results."]
    lines = []
    for number, found in enumerate(results, 1):
        about = [part for part in (found.part, (found.heading or "")[:_MAX_HEADING]) if part]
        heading = "".join(f"  {printable(part)}" for part in about)
        name = f" ({printable(found.other_name)})" if found.other_name else ""
        lines.append(f"{number}. {printable(found.place)}{name}{heading}  ({found.hit.score:.2f})")
        lines.append(f"   {''.join(_in_terminal(piece, bold=bold) for piece in found.excerpt.pieces)}")
        if found.url is not None:
            lines.append(f"   {found.url}")
    return lines


def _in_terminal(piece: Piece, *, bold: bool) -> str:
    text = printable(piece.text)
    return f"{_BOLD}{text}{_PLAIN}" if bold and piece.marked else text


def results_summary(query: str, results: Sequence[Found], *, by_words: bool) -> str:
    """The results as Markdown."""
    shown = "no results" if not results else count(len(results), "result")
    lines = [f"## 🔎 vsync search: {shown}", "", f"Asked: {prose(query, _MAX_QUERY)}", ""]
    if by_words:
        lines += [BY_WORDS, ""]
    head = "\n".join(lines)
    rows = [_row(number, found) for number, found in enumerate(results, 1)]
    listed, _ = table(["", "document", "score", "excerpt"], [True, False, True, False], rows, _BUDGET)
    return f"{head}\n{listed}"


def _row(number: int, found: Found) -> list[str]:
    about = [prose(part, _MAX_HEADING) for part in (found.other_name, found.part, found.heading or "") if part]
    excerpt = "".join(_in_markdown(piece) for piece in found.excerpt.pieces)
    document = "<br>".join([link(code(found.place), found.url), *about])
    return [str(number), document, f"{found.hit.score:.2f}", excerpt]


def _in_markdown(piece: Piece) -> str:
    before, after = (" " if blank else "" for blank in (piece.text[:1].isspace(), piece.text[-1:].isspace()))
    text = prose(piece.text)
    if not text:
        return before
    return f"{before}**{text}**{after}" if piece.marked else f"{before}{text}{after}"
