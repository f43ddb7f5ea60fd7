"""Pieces of GitHub's Markdown in which hostile text stays text. Pure.

Every character but letters, digits and a few harmless signs becomes a numeric entity, which Markdown does not act on.
GitHub still makes links of three things: mentions (`@name`), references (`#1`, `GH-1`) and addresses. All three are cut.
https://github.github.com/gfm/ and
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from vsync.system.redaction import printable

MAX_NAME = 120
"""Characters of a name that are shown. Of a longer name the beginning and the end are shown."""

_PLAIN = re.compile(r"[^A-Za-z0-9 /\-\u0080-\U0010ffff]")
_ACTIVE = re.compile(r"[@#]|GH(?=-[0-9])|:(?=//)|www(?=\.)", re.IGNORECASE)
_REPOSITORY = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+){2,4}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_OPENAI = re.compile(r"https://([a-z]{2}\.)?api\.openai\.com/v1")
_STORE_ID = re.compile(r"vs_[A-Za-z0-9_-]{1,100}")
_MAX_URL = 2_000


def code(text: str) -> str:
    """A name in code type. Inside `code` GitHub makes links of mail addresses only."""
    if len(text) > 2 * MAX_NAME:
        text = text[:MAX_NAME] + text[-MAX_NAME:]
    shown = printable(text)
    if len(shown) > MAX_NAME:
        shown = f"{shown[: MAX_NAME // 2]}…{shown[-MAX_NAME // 2 :]}"
    # `<wbr>` ends the mail address, and a reader who copies the name does not copy it.
    return f"<code>{_entities(shown).replace('&#64;', '&#64;<wbr>')}</code>"


def prose(text: str, most: int = 700) -> str:
    """Running text of unknown origin, without mentions and links. At most `most` characters are shown."""
    shown = printable(text.strip()[: most + 1])
    if len(shown) > most:
        shown = shown[: most - 1] + "…"
    # A hyphen at the beginning of a line would make a list.
    return (
        _entities(_ACTIVE.sub("\\g<0>\N{ZERO WIDTH SPACE}", shown))
        .replace("\N{ZERO WIDTH SPACE}", "&#8203;")
        .replace("-", "&#45;", int(shown.startswith("-")))
    )


def _entities(text: str) -> str:
    return _PLAIN.sub(lambda match: f"&#{ord(match[0])};", text)


def sentences(text: str) -> str:
    """Sentences of our own, with names of unknown origin in them. What stands in `backticks` becomes code."""
    parts = text.split("`")
    return "".join(code(part) if number % 2 else _spaced(part) for number, part in enumerate(parts))


def _spaced(text: str) -> str:
    """`prose` that keeps a space at each end. A line break there would end the row of a table."""
    bare = text.strip()
    if not bare:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{prose(bare)}{' ' * text[-1].isspace()}"


# --- Links ------------------------------------------------------------------------------------------------------


def link(markup: str, url: str | None) -> str:
    """The markup as a link, or as it is where the address is in doubt. The markup must hold no link itself."""
    if (
        url is None
        or len(url) > _MAX_URL
        or not re.fullmatch(r"https?://[A-Za-z0-9/%._~:-]+(\?plain=1)?(#L[0-9]+)?", url)
    ):
        return markup
    return f'<a href="{url}">{markup}</a>'


def file_url(repository_url: str | None, commit: str | None, path: str) -> str | None:
    """The page of a file at a commit. None: the commit, the address or the path is in doubt."""
    if not _is_safe(repository_url, commit):
        return None
    try:
        return f"{repository_url}/blob/{commit}/{quote(path, safe='/')}"
    except UnicodeEncodeError:
        return None


def line_url(repository_url: str | None, commit: str | None, path: str, line: int | None) -> str | None:
    """The page of a file at a commit, at that line. GitHub shows lines of a file that it renders only with `plain=1`."""
    page = file_url(repository_url, commit, path)
    return f"{page}?plain=1#L{line}" if page is not None and line is not None else page


def commit_url(repository_url: str | None, commit: str | None) -> str | None:
    return f"{repository_url}/commit/{commit}" if _is_safe(repository_url, commit) else None


def range_url(repository_url: str | None, base: str | None, head: str | None) -> str | None:
    """The page of the difference of two commits. It does not start from their common ancestor."""
    safe = _is_safe(repository_url, base) and _is_safe(repository_url, head)
    return f"{repository_url}/compare/{base}..{head}" if safe else None


def branch_range_url(repository_url: str | None, base: str | None, head: str | None) -> str | None:
    """The page of what a branch changes since it left its base."""
    safe = _is_safe(repository_url, base) and _is_safe(repository_url, head)
    return f"{repository_url}/compare/{base}...{head}" if safe else None


def store_url(api: str | None, store_id: str | None) -> str | None:
    """The page of a store on OpenAI's dashboard. None: the store is not OpenAI's, or its id is in doubt."""
    if not api or not store_id or not _OPENAI.fullmatch(api) or not _STORE_ID.fullmatch(store_id):
        return None
    return f"https://platform.openai.com/storage/vector_stores/{store_id}"


def _is_safe(repository_url: str | None, commit: str | None) -> bool:
    return bool(repository_url and commit and _REPOSITORY.fullmatch(repository_url) and _COMMIT.fullmatch(commit))


# --- Blocks -----------------------------------------------------------------------------------------------------


def alert(kind: str, *paragraphs: str) -> list[str]:
    """An alert (NOTE, WARNING, CAUTION). Its paragraphs are markup already."""
    lines = [f"> [!{kind}]"]
    for number, paragraph in enumerate(filter(None, paragraphs)):
        lines += [">", f"> {paragraph}"] if number else [f"> {paragraph}"]
    return [*lines, ""]


def row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(head: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]], budget: int) -> tuple[str, int]:
    """A table, and how many rows did not fit into `budget` bytes of UTF-8. Without rows the table is empty text.

    `right` says for each column whether it is aligned to the right, as numbers are.
    """
    top = f"{row(head)}\n|{'|'.join(' ---: ' if number else ' :--- ' for number in right)}|\n"
    room = budget - len(top.encode())
    shown: list[str] = []
    for cells in rows:
        line = row(cells) + "\n"
        room -= len(line.encode())
        if room < 0:
            break
        shown.append(line)
    return (top + "".join(shown) if shown else ""), len(rows) - len(shown)


def folded(title: str, body: str) -> str:
    """A block that a reader opens. Title and body are markup already."""
    return f"<details><summary>{title}</summary>\n\n{body.strip()}\n\n</details>\n"


def fenced(text: str, language: str = "sh") -> list[str]:
    """A block of code to copy. The fence is longer than every row of backticks in the text."""
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *map(printable, text.splitlines()), fence, ""]
