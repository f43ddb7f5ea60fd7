"""Patterns that cannot be meant as they are written, and the spelling that works. Pure.

Most of them are valid gitignore patterns that match nothing. They would choose nothing in silence, and an exclude
pattern of that kind would let private files go up. Each check below names one mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product, takewhile
from typing import NamedTuple

from vsync.errors import ConfigurationError

_MOST_SPELLINGS = 12
_MOST_CORRECTED = 100
_LONGEST = 4_096
"""No path is longer."""
_SHOWN = 200
_REGULAR = "it looks like a regular expression"
_RELATIVE = "Write the path from the top folder, such as '/docs/**'."
_WILDCARDS = "The wildcards are *, ?, [abc] and **."
_ONE_A_LINE = "The setting takes one pattern a line."
_TOP_FOLDER = "it names the top folder itself, and only files can be matched"
_OF_A_MACHINE = "it is a path of a machine, and patterns count from the top folder"


class Mistake(NamedTuple):
    """Why a pattern is refused, the spellings that work instead, and a hint for who meant it so."""

    why: str
    instead: tuple[str, ...] = ()
    note: str = ""


def mistake(line: str) -> Mistake | None:
    """The mistake in a pattern; None when it can be meant as it is written. What it suggests has no mistake."""
    _, body = _signed(line)
    wrong = _first_mistake(body)
    return wrong and wrong._replace(instead=tuple(dict.fromkeys(islice(_corrected(wrong), _MOST_CORRECTED))))


def _first_mistake(body: str) -> Mistake | None:
    return next(filter(None, (check(body) for check in _CHECKS)), None)


def _corrected(wrong: Mistake, depth: int = 8) -> Iterator[str]:
    """The spellings that work. What one correction leaves may have another mistake, which is corrected as well."""
    for spelling in dict.fromkeys(wrong.instead):
        sign, body = _signed(spelling)
        left = _first_mistake(body)
        if left is None and body:
            yield spelling
        elif left is not None and depth:
            yield from (f"{sign}{corrected}" for corrected in _corrected(left, depth - 1))


def not_usable(setting: str, line: str, wrong: Mistake) -> ConfigurationError:
    """The error for a pattern with a mistake."""
    sign, _ = _signed(line)
    spellings = [f"'{sign}{spelling}'" for spelling in wrong.instead]
    shown = ", ".join(spellings[:_MOST_SPELLINGS]) + (" …" if len(spellings) > _MOST_SPELLINGS else "")
    how = "" if len(spellings) < 2 else "each on a line of its own: "
    named = line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …"
    return ConfigurationError(
        f"The {setting} pattern '{named}' is not usable: {wrong.why}.",
        " ".join(filter(None, [f"Write {how}{shown}." if shown else "", wrong.note])),
    )


def _signed(line: str) -> tuple[str, str]:
    return ("!", line[1:]) if line.startswith("!") else ("", line)


# --- The mistakes -------------------------------------------------------------------------------------------


def _too_long(body: str) -> Mistake | None:
    if len(body) > _LONGEST:
        return Mistake(f"it has {len(body):,} characters, and no path is that long", (), _ONE_A_LINE)
    return None


def _address(body: str) -> Mistake | None:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", body):
        return Mistake("it is an address, and patterns are paths", (), _RELATIVE)
    return None


def _blank(body: str) -> Mistake | None:
    if body.strip() and body != body.lstrip():
        return Mistake("there is a blank before the path", (body.lstrip(),))
    return None


def _list_item(body: str) -> Mistake | None:
    if re.match(r"- +\S", body):
        return Mistake("it is written as an item of a YAML list", (body[1:].lstrip(),), _ONE_A_LINE)
    if re.match(r"""\[ *["']""", body):
        inside = tuple(re.findall(r"""["']([^"']+)["']""", body))
        return Mistake("it is written as a list", inside, _ONE_A_LINE)
    return None


def _quoted(body: str) -> Mistake | None:
    found = re.fullmatch(r"""(["'`])(.+?)\1,?""", body)
    if found:
        return Mistake(
            "the quotes count as part of the name",
            (found[2],),
            f"A name with quotes is written with a backslash: \\{found[1]}.",
        )
    return None


_BETWEEN_PATTERNS = (
    r"[,;]\s+(?=\S)|(?<=/)[,;]|(?<=\*\*)[,;]|[,;](?=[*/!])|[,;]$"
    r"|(?<=/)\s+(?=\S)|(?<=\*\*)\s+(?=\S)|(?<!\s)\s+(?=\*\.|\*\*/|!\S)"
)
"""A comma may be part of a name, as a semicolon and a blank may. Beside a blank, a slash or a wildcard it separates patterns."""
_BEHIND_ENDING = r"\*\.[\w.]+(\s+)(?=\S*[*/])"
"""The blank in `*.rst docs/`. A word with a slash or a wildcard follows."""


def _several(body: str) -> Mistake | None:
    plain = _plain(body)
    found = {cut.span() for cut in re.finditer(_BETWEEN_PATTERNS, plain)}
    cuts = sorted(found | {cut.span(1) for cut in re.finditer(_BEHIND_ENDING, plain)})
    if not cuts:
        return None
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(body)]
    patterns = tuple(part for start, end in zip(starts, ends, strict=True) if (part := body[start:end].strip()))
    note = "A name with such a comma, semicolon or blank is written with a backslash before it."
    return Mistake("several patterns stand on one line", patterns, note)


def _braces(body: str) -> Mistake | None:
    pieces = _brace_pieces(body)
    if all(len(piece) == 1 for piece in pieces):
        return None
    # A brace around another one is left for the next look.
    spellings = tuple(map("".join, islice(product(*pieces), _MOST_SPELLINGS + 1)))
    return Mistake(
        "gitignore patterns have no braces", spellings, "A name with braces is written with a backslash: \\{."
    )


_RANGE = r"[0-9]{1,6}\.\.[0-9]{1,6}|[a-zA-Z]\.\.[a-zA-Z]"


def _brace_pieces(body: str) -> list[list[str]]:
    """The text between braces, and the alternatives in each pair of braces."""
    plain, pieces, done = _without_escapes(body), [], 0
    for found in re.finditer(r"\{([^{}]*)\}", plain):
        inside = body[found.start(1) : found.end(1)]
        if "," not in found[1] and not re.fullmatch(_RANGE, found[1]):
            continue  # a name such as {id}
        pieces += [[body[done : found.start()]], _alternatives(inside)]
        done = found.end()
    return [*pieces, [body[done:]]]


def _alternatives(inside: str) -> list[str]:
    if not re.fullmatch(_RANGE, inside):
        return [part.strip() for part in inside.split(",")]
    first, _, last = inside.partition("..")
    if first.isdecimal():
        return [str(number) for number in islice(range(int(first), int(last) + 1), _MOST_SPELLINGS + 1)]
    return [chr(code) for code in range(ord(first), ord(last) + 1)][: _MOST_SPELLINGS + 1]


def _windows(body: str) -> Mistake | None:
    if re.match(r"[A-Za-z]:[\\/]", body):
        return Mistake(_OF_A_MACHINE, (), _RELATIVE)
    if not re.search(r"\\[\w./]", body):
        return None
    if re.search(r"\\\.|\.[*+]", body):
        return Mistake(_REGULAR, (), _WILDCARDS)
    return Mistake(
        "folders are separated by a slash",
        (re.sub(r"\\+", "/", body),),
        "A backslash only takes the meaning from a wildcard.",
    )


def _ends_with_backslash(body: str) -> Mistake | None:
    """A pattern whose last backslash takes the meaning from nothing."""
    name = body.rstrip("\\")
    if (len(body) - len(name)) % 2 == 0:
        return None
    folder = name.rstrip("/")
    return Mistake(
        "it ends with a backslash, and folders are separated by a slash", (f"{folder}/",) if folder else (), _RELATIVE
    )


def _regular_expression(body: str) -> Mistake | None:
    plain = _plain(body)
    if plain.startswith("^") or plain.endswith("$") or "|" in plain:
        return Mistake(
            _REGULAR, (), f"{_WILDCARDS} A name with such a character is written with a backslash before it."
        )
    return None


def _no_path(body: str) -> Mistake | None:
    """A pattern with a part that no path of a repository has: an empty one, `.` or `..`."""
    if not body:
        return None
    if body.startswith("~/"):
        return Mistake(_OF_A_MACHINE, (), _RELATIVE)
    parts = body.removeprefix("/").removesuffix("/").split("/")
    if not {"", ".", ".."} & set(parts):
        return None
    if ".." in parts:
        return Mistake("no path has the part '..'", (), _RELATIVE)
    rest = "/".join(part for part in parts if part not in {"", "."})
    if not rest:
        return Mistake(_TOP_FOLDER, ("*",))
    end = "/" if body.endswith("/") else ""
    return Mistake(f"no path has the part {'.' if '.' in parts else '//'!r}", (f"/{rest}{end}",))


def _open_set(body: str) -> Mistake | None:
    if "[" in _plain(body):
        return Mistake("a [ has no ]", (_escaped_set(body),), "A [ begins a set of characters, such as [abc].")
    return None


def _escaped_set(body: str) -> str:
    plain = _plain(body)
    return "".join("\\[" if mark == "[" else char for mark, char in zip(plain, body, strict=True))


_CHECKS = (
    _too_long, _address, _blank, _list_item, _quoted, _braces, _several, _windows, _ends_with_backslash, _regular_expression, _open_set,
    _no_path,
)  # fmt: skip
"""In the order of what explains most: of several faults the first is told."""


# --- Paths of a machine -------------------------------------------------------------------------------------

_MACHINE = frozenset(
    "home Users root github __w mnt media tmp private var opt srv Volumes workspace workspaces".split()
)
_WORKSPACES = ("/github/workspace", "/__w/")
_RUNNER = r"/home/runner/work/([^/]+)/\1|/__w/([^/]+)/\2|/github/workspace"
"""Where runners of GitHub keep the workspace."""

_DEEP = 3


def of_machine(line: str, top: str) -> str | None:
    """The first folder of a pattern that looks like an absolute path of this machine; None: it does not look so.

    `top` is the folder of the source on this machine. Whether the source has such a folder must be asked.
    """
    body = line.removeprefix("!")
    if not body.startswith("/"):
        return None
    fixed = list(takewhile(lambda part: not re.search(r"[*?\[]", part), filter(None, body.split("/"))))
    if not fixed:
        return None
    inside = top != "/" and (body == top or body.startswith(f"{top}/"))
    deep = fixed[0] in _MACHINE and len(fixed) >= _DEEP
    return fixed[0] if inside or deep or body.startswith(_WORKSPACES) else None


def machine_path(line: str, top: str) -> Mistake:
    """What is wrong with a pattern that is an absolute path of this machine."""
    _, body = _signed(line)
    inside = re.match(rf"(?:{re.escape(top)}|{_RUNNER})(?=/|$)", body)
    why = "it looks like a path of this machine, and patterns count from the top folder of what is synced"
    if inside is None:
        return Mistake(why, (), _RELATIVE)
    rest = body[inside.end() :]
    return Mistake(why, (rest if rest.strip("/") else "*",))


# --- Text with wildcards and escapes ------------------------------------------------------------------------


def _without_escapes(text: str) -> str:
    """The text with every escaped character replaced, so that positions stay the same."""
    return re.sub(r"\\.", "xx", text, flags=re.DOTALL)


def _plain(body: str) -> str:
    """The text with escapes and sets replaced, so that positions stay the same."""
    return _without_escapes(_without_sets(body))


def _without_sets(body: str) -> str:
    """The text with sets of characters replaced, so that positions stay the same."""
    return re.sub(
        # Behind a [ without a ] no other has one.
        r"(\\.)|\[[!^]?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\]|(\[.*)",
        lambda found: found[0] if found[1] or found[2] else "x" * len(found[0]),
        body,
        flags=re.DOTALL,
    )
