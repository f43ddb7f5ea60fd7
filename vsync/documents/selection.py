"""Which paths are documents, by the user's rules and by path and mode alone. Pure.

Two questions are asked, in this order and never mixed. The first is here, the second partly here and in `inspection`.

| question | who decides |
| --- | --- |
| Is the path *selected*? | the rules of the user, and `defaults` where they are for documentation |
| Can the file at that path be a document? | its mode, its kind and its bytes |

A path that is selected and cannot be a document is *skipped*, with one of the reasons below. The report lists it,
because a reader would otherwise miss it in the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from vsync.documents.defaults import is_docs_folder, is_documentation, is_left_out, no_prose
from vsync.documents.filetypes import extension_of
from vsync.documents.gitattributes import GitAttributes
from vsync.documents.gitignore import Match, Patterns, parts_of, pattern_of, single
from vsync.documents.kinds import Kinds
from vsync.documents.secret_formats import is_secret_name
from vsync.git.changes import SUBMODULE, SYMLINK, decodable, show_path

SkipReason = Literal[
    "empty",
    "too-large",
    "unsupported-type",
    "not-text",
    "unknown-encoding",
    "not-notebook",
    "template",
    "minified",
    "undecodable-name",
    "symlink",
    "submodule",
    "lfs-pointer",
    "secret",
]

Types = Literal["documentation", "any"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The user's rules. `include`, `exclude` and `allow_secrets` are gitignore patterns, and count from `root`.

    | field | meaning |
    | --- | --- |
    | `allow_secrets` | files that are uploaded although they seem to hold secrets |
    | `reserved` | vsync's own files inside the repository; a folder of such files ends in a slash |
    | `types` | which kinds of files; None: documentation without include patterns, and any with them |
    | `convert` | endings that are text, each with the ending under which such a file is sent |
    | `root` | the folder outside of which nothing is selected; empty: the top folder |
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow_secrets: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    types: Types | None = None
    root: str = ""
    convert: Mapping[str, str] = field(default_factory=dict)

    @property
    def documentation_only(self) -> bool:
        return self.types == "documentation" or (self.types is None and not self.include)

    def inside(self, path: str) -> str | None:
        """The path as it counts from the root; None outside of the root."""
        if not self.root:
            return path
        return path[len(self.root) + 1 :] if path.startswith(f"{self.root}/") else None

    @property
    def patterns(self) -> list[tuple[str, str]]:
        """Every pattern with the setting that it stands in."""
        settings = (("include", self.include), ("exclude", self.exclude), ("allow-secrets", self.allow_secrets))
        return [(setting, pattern_of(line)) for setting, lines in settings for line in lines]


class NotSelected(NamedTuple):
    """Why a path is not selected. `folder`: the folder whose name leaves the path out."""

    kind: Literal["reserved", "outside", "excluded", "not-included", "other-kind", "folder", "no-prose", "marked"]
    text: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about one path.

    `path` is set when the path is selected, `skipped` when it cannot be a document, `why` when it is not selected.
    """

    path: str | None = None
    skipped: SkipReason | None = None
    why: NotSelected | None = field(default=None, compare=False)


NOT_SELECTED = Verdict()

_FAR_AWAY = Verdict(why=NotSelected("not-included", "no include pattern matches"))

_STATE = re.compile(
    r".*-[0-9a-f]{8}\.(?:seal|journal-[0-9a-f]{8})\.json"
    r"|(?:.*/)?[^/]+\.seal/[^/]+-[0-9a-f]{8}\.(?:lock|holder|doubt|owner)",
    re.DOTALL,
)
"""The paths of seals and journals, and of what stands with them beside an embedded store."""


class Selector:
    """The compiled rules. `attributes` are the `.gitattributes` of the tree, where they are known already."""

    def __init__(self, rules: Rules, attributes: GitAttributes | None = None) -> None:
        self._rules = rules
        self._reserved = frozenset(rules.reserved)
        self._reserved_folders = tuple(path for path in rules.reserved if path.endswith("/"))
        self._include = Patterns("include", rules.include) if rules.include else None
        self._exclude = Patterns("exclude", rules.exclude) if rules.exclude else None
        self._allowed = Patterns("allow-secrets", rules.allow_secrets) if rules.allow_secrets else None
        self._kinds = Kinds(rules.convert)
        self._attributes = attributes
        self.documentation_only = rules.documentation_only
        self._prefixes = _prefixes(rules)

    def decide(self, path: bytes, mode: str) -> Verdict:
        if self._prefixes is not None and not path.startswith(self._prefixes) and mode not in {SYMLINK, SUBMODULE}:
            return _FAR_AWAY
        text = path.decode("utf-8", "surrogateescape")
        why = self._refusal(text, mode)
        if why is not None:
            return Verdict(why=why)
        if not decodable(path):
            return Verdict(show_path(path), "undecodable-name")
        if mode == SYMLINK:
            return Verdict(text, "symlink")
        if mode == SUBMODULE:
            return Verdict(text, "submodule")
        if is_secret_name(text) and not self.allows_secrets(text):
            return Verdict(text, "secret")
        if self._kinds.of(text) is None:
            return Verdict(text, "unsupported-type")
        return Verdict(text)

    def why_not(self, path: str, mode: str) -> str | None:
        """Why the path is not selected, in a few words; None when it is selected."""
        why = self._refusal(path, mode)
        return why.text if why is not None else None

    def marked(self, path: str, attributes: GitAttributes) -> NotSelected | None:
        """Why a path that the rules select is not selected all the same: a mark in `.gitattributes`."""
        mark = attributes.mark(path) if self.documentation_only else None
        if mark is None or self._names(path, path.rpartition("/")[2]):
            return None
        return NotSelected("marked", f"marked {mark} in .gitattributes")

    def allows_secrets(self, path: str) -> bool:
        """Whether the user allows the file to be uploaded although it seems to hold secrets."""
        inside = self._rules.inside(path)
        return self._allowed is not None and inside is not None and self._allowed.matches(inside)

    def allows_templates(self, path: str) -> bool:
        """Whether an HTML file is uploaded although it is a template for pages."""
        return not self.documentation_only or self._names(path, path.rpartition("/")[2])

    def _refusal(self, path: str, mode: str) -> NotSelected | None:
        if is_own(path) or path in self._reserved or path.startswith(self._reserved_folders):
            return NotSelected("reserved", "a file of git, GitHub or vsync")
        inside = self._rules.inside(path)
        if inside is None:
            return NotSelected("outside", f"outside of the root {self._rules.root}")
        why = self._excluded(inside, mode) or self._not_included(inside, mode)
        if why is None and self.documentation_only:
            why = self._not_documentation(path, inside, mode)
            if why is None and self._attributes is not None:
                why = self.marked(path, self._attributes)
        return why

    def _excluded(self, inside: str, mode: str) -> NotSelected | None:
        found = _match(self._exclude, inside, mode) if self._exclude is not None else None
        return (
            NotSelected("excluded", f"excluded by the pattern '{found.pattern}'") if found and found.matches else None
        )

    def _not_included(self, inside: str, mode: str) -> NotSelected | None:
        if self._include is None:
            return None
        found = _match(self._include, inside, mode)
        if found.matches:
            return None
        if found.pattern:
            return NotSelected("excluded", f"excluded by the include pattern '{found.pattern}'")
        if mode in {SYMLINK, SUBMODULE} and any(leads_through(line, inside) for line in self._include.lines):
            return None
        return NotSelected("not-included", "no include pattern matches")

    def _not_documentation(self, path: str, inside: str, mode: str) -> NotSelected | None:
        folder, _, name = inside.rpartition("/")
        parts = folder.split("/") if folder else []
        if mode == SUBMODULE or (mode == SYMLINK and not extension_of(name)):
            parts.append(name)  # it stands for a folder
        for depth, part in enumerate(parts, 1):
            if is_left_out(part) and not self._names(path, part):
                left_out = "/".join([*filter(None, [self._rules.root]), *parts[:depth]])
                return self._of_its_kind(name, mode) or NotSelected("folder", f"in the folder {part}", left_out)
        return self._of_its_kind(name, mode) or self._no_prose(path, inside)

    def _of_its_kind(self, name: str, mode: str) -> NotSelected | None:
        """Why a file of that name is not documentation by its kind."""
        if mode == SUBMODULE or is_documentation(self._kinds.filename(name) or name):
            return None
        # An include pattern that leads to a link names it. Without patterns only its name can tell.
        if mode == SYMLINK and not extension_of(name) and (self._include is not None or is_docs_folder(name)):
            return None
        return NotSelected("other-kind", f"not documentation ({extension_of(name) or 'no extension'})")

    def _no_prose(self, path: str, inside: str) -> NotSelected | None:
        what = no_prose(inside)
        if what is None or self._names(path, path.rpartition("/")[2]):
            return None
        return NotSelected("no-prose", what)

    def _names(self, path: str, part: str) -> bool:
        """Whether an include pattern that matches the path names this folder or file of it."""
        inside = self._rules.inside(path)
        return inside is not None and any(named(inside, part) for named in self._naming)

    @cached_property
    def _naming(self) -> list[Callable[[str, str], bool]]:
        lines = self._include.lines if self._include is not None else ()
        return [_naming(line) for line in lines if not line.startswith("!")]


def _prefixes(rules: Rules) -> tuple[bytes, ...] | None:
    """What the path of every selected file begins with. None: the include patterns do not tell.

    Ten targets that select a folder each would else try every pattern of each target on every file of the others.
    """
    found = []
    for line in map(pattern_of, rules.include):
        if line.startswith("!"):
            continue
        parts = parts_of(line)
        if not parts.anchored or not parts.fixed:
            return None
        # Blanks at the end of a pattern may not count.
        text = "/".join([*filter(None, [rules.root]), *parts.fixed]).rstrip()
        found.append(text.encode("utf-8", "surrogateescape"))
    return tuple(found) or None


def _match(patterns: Patterns, path: str, mode: str) -> Match:
    """What the patterns say of a path. A submodule or a link may stand for a folder, so patterns of folders match it."""
    found = patterns.match(path)
    return patterns.match(f"{path}/") if mode in {SUBMODULE, SYMLINK} and not found.pattern else found


def leads_through(line: str, path: str) -> bool:
    """Whether a pattern names files inside the folder that this path would be (`docs/*.md`, of `docs`)."""
    folders, pattern = path.split("/"), parts_of(line)
    return pattern.anchored and not line.startswith("!") and list(pattern.fixed[: len(folders)]) == folders


def _naming(line: str) -> Callable[[str, str], bool]:
    """A function: whether the pattern matches a path, and names a part of the path.

    A part of a pattern names what it matches unless it begins with a wildcard: `requirements*.txt`, but not `*.txt`.
    """
    matches = single(line)
    parts = [single(f"/{part}") for part in parts_of(line).parts if part[0] not in "*?["]
    return lambda path, name: any(part(name) for part in parts) and matches(path)


def is_own(path: str) -> bool:
    """Whether the path is a file of git, GitHub or vsync. Such files are never documents, even when included."""
    return any(part.startswith(".git") or part in {".vsync", ".vsync.yml"} for part in path.split("/")) or (
        path.endswith((".json", ".lock", ".holder", ".doubt", ".owner")) and _STATE.fullmatch(path) is not None
    )
