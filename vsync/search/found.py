"""A result as it is shown: what the store gave, and what this machine knows of its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from vsync.documents.document import upload_filename
from vsync.documents.filetypes import extension_of
from vsync.network.address import web_address
from vsync.report.markup import line_url
from vsync.search.excerpt import Excerpt, excerpt
from vsync.search.headings import heading_above
from vsync.search.passage import line_in
from vsync.search.words import Words

if TYPE_CHECKING:
    from vsync.documents.prepare import Prepared
    from vsync.store.entries import Hit


class Text(NamedTuple):
    """The text of a document as it was uploaded. `commit` is the commit that it was read from; None: a plain folder.

    `converted` is set where the text was made from the parts of a file. `lines_before`: how many lines of the file come
    before the text; None: its lines are not those of the file.
    """

    text: str
    commit: str | None
    converted: Prepared | None = None
    lines_before: int | None = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A result.

    | field | meaning |
    | --- | --- |
    | `heading` | the heading above the first marked word |
    | `line` | the line of this word in the file; None: it is not known, or the file has no such line |
    | `part` | the part of the file instead, for example a cell of a notebook |
    | `url` | the web page of the file at the synced commit |
    """

    hit: Hit
    excerpt: Excerpt
    heading: str | None = None
    line: int | None = None
    part: str = ""
    url: str | None = None

    @property
    def name(self) -> str:
        return str(self.hit.attributes.get("path") or self.hit.filename)

    @property
    def other_name(self) -> str:
        """The file name of a record's document, where its path does not show it. Empty: the path shows it.

        The path of such a document is the record's key, which says little to a person.
        """
        return _other_name(self.hit)

    @property
    def place(self) -> str:
        """The name with the line, as compilers and editors write it."""
        return f"{self.name}:{self.line}" if self.line is not None else self.name

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.hit.attributes.get("path"),
            "filename": self.hit.filename,
            "file_id": self.hit.file_id,
            "score": self.hit.score,
            "attributes": dict(self.hit.attributes),
            "text": self.hit.text,
            "excerpt": self.excerpt.plain,
            "heading": self.heading,
            "line": self.line,
            "part": self.part or None,
            "url": self.url,
        }


def found_in(
    hits: Iterable[Hit], query: str, text_of: Callable[[Hit], Text | None], source: str, repository_url: str | None
) -> list[Found]:
    """The results with their places. `repository_url` is the web page of the source of that name."""
    words = Words(query)
    return [_found(hit, words, text_of(hit), repository_url if _is_of(hit, source) else None) for hit in hits]


def _is_of(hit: Hit, source: str) -> bool:
    return hit.attributes.get("source") == source


def _found(hit: Hit, words: Words, document: Text | None, repository_url: str | None) -> Found:
    chosen = excerpt(hit.text, words)
    path, commit = hit.attributes.get("path"), hit.attributes.get("commit")
    name = _other_name(hit) or (path if isinstance(path, str) and extension_of(path) else hit.filename)
    line = line_in(document.text, hit.text, chosen.at) if document is not None else None
    if document is not None and line is not None:
        heading = heading_above(document.text.split("\n"), line, name)
    else:
        heading = heading_above(hit.text.split("\n"), hit.text.count("\n", 0, chosen.at) + 1, name)
    part = ""
    if document is not None and document.converted is not None:
        part = document.converted.part_at(line) if line is not None else ""
        line = None
    elif document is not None and line is not None:
        line = line + document.lines_before if document.lines_before is not None else None
    at = document.commit if document is not None else commit
    url = line_url(repository_url, at, path, line) if isinstance(path, str) and isinstance(at, str) else None
    if url is None and isinstance(site := hit.attributes.get("url"), str):
        url = web_address(site)
    return Found(hit, chosen, heading, line, part, url)


def _other_name(hit: Hit) -> str:
    """The name under which the document was uploaded, where neither a commit nor a path says it."""
    path = hit.attributes.get("path")
    if not isinstance(path, str) or "commit" in hit.attributes or hit.filename in {path, upload_filename(path)}:
        return ""
    last = path.rpartition("/")[2]
    return "" if last in {hit.filename, hit.filename.rpartition(".")[0]} else hit.filename
