"""What a plan tells beside its operations: patterns that match nothing, and documentation that is not selected. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vsync.documents.defaults import looks_like_documentation
from vsync.documents.describing import Rule
from vsync.documents.filetypes import extension_of
from vsync.documents.gitignore import matcher, pattern_of, single
from vsync.documents.nearest import KnownPaths
from vsync.documents.selection import NotSelected, Rules, leads_through
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.system.wording import count

_WARNINGS = 20
_KINDS, _FOLDERS = 3, 3


@dataclass(frozen=True, slots=True)
class Advice:
    """Sentences for the user. `warnings` are about patterns, `hints` about what else looks like documentation."""

    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


NO_ADVICE = Advice()


class _TakingOut:
    """An include pattern with `!`: what it takes out of what the patterns before it select."""

    def __init__(self, line: str, before: Sequence[str]) -> None:
        self._line = line
        self._before = before
        self._names = single(line)
        self._selects = matcher("include", before)
        self._leaves = matcher("include", [*before, line])
        self._in_vain = ""
        """A path that it names and does not take out."""

    def matches(self, path: str) -> bool:
        """Whether it takes the path out."""
        if not self._names(path):
            return False
        if self._selects(path) and not self._leaves(path):
            return True
        if not path.endswith("/") and (not self._in_vain or self._selects(path)):
            self._in_vain = path
        return False

    def in_vain(self) -> str | None:
        """The warning for a pattern that names files and takes none of them out; None: it names no file."""
        if not self._in_vain:
            return None
        what = f"The include pattern '{self._line}' takes nothing out"
        if not self._selects(self._in_vain):
            return f"{what}: no include pattern before it selects what it names."
        folder = self._line.removeprefix("!").rstrip("/")
        for spelling in (f"!{folder}/**", f"!**/{folder}/**"):
            if not matcher("include", [*self._before, spelling])(self._in_vain):
                return f"{what}. Write '{spelling}', or use exclude."
        return f"{what}. Use exclude."


class Unmatched:
    """The user's patterns that match none of the paths seen so far, or take none of them out.

    `described_by` are the rules of the config that describe documents.
    """

    def __init__(self, rules: Rules, described_by: Sequence[Rule] = ()) -> None:
        self._rules = rules
        self._taking_out: dict[str, _TakingOut] = {}
        self.left: list[tuple[str, str, Callable[[str], bool]]] = []
        for number, (setting, line) in enumerate(rules.patterns):
            matches = single(line)
            if setting == "include" and line.startswith("!"):
                self._taking_out[line] = taking_out = _TakingOut(line, rules.include[:number])
                matches = taking_out.matches
            self.left.append((setting, line, matches))
        described = (pattern_of(line) for rule in described_by for line in rule.match)
        self.left += [("match", line, single(line)) for line in dict.fromkeys(described) if not line.startswith("!")]

    def see(self, path: str, mode: str = "") -> None:
        if not self.left:
            return
        inside = self._rules.inside(path)
        if inside is None:
            return
        linked = mode in {SYMLINK, SUBMODULE}
        self.left = [
            item
            for item in self.left
            if not item[2](inside) and not (linked and (item[2](f"{inside}/") or leads_through(item[1], inside)))
        ]

    def warnings(self, paths: Iterable[str], where: str) -> tuple[str, ...]:
        """A warning for each pattern that matches nothing, or takes nothing out. `paths` are all paths, `where` says of what they are."""
        if not self.left:
            return ()
        known = KnownPaths(path for path in map(self._rules.inside, paths) if path)
        below = f" below '{self._rules.root}'" if self._rules.root else ""
        texts = []
        for setting, line, _ in self.left[:_WARNINGS]:
            in_vain = self._taking_out[line].in_vain() if setting == "include" and line in self._taking_out else None
            if in_vain is not None:
                texts.append(in_vain)
                continue
            near = known.nearest_to(line)
            nearest = f"; the nearest path is '{near}'" if near else ""
            texts.append(f"The {setting} pattern '{line}' matches no file of {where}{below}{nearest}.")
        if len(self.left) > _WARNINGS:
            more = count(len(self.left) - _WARNINGS, "more pattern matches", "more patterns match")
            texts.append(f"{more} no file of {where}{below}.")
        return tuple(texts)


class NotSelectedDocumentation:
    """Counts the files that look like documentation and are not selected."""

    def __init__(self, rules: Rules) -> None:
        self._root = rules.root
        self._in_folders: Counter[str] = Counter()
        self._folders: Counter[str] = Counter()
        self._marked: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def see(self, path: str, why: NotSelected) -> None:
        if why.kind == "folder":
            self._in_folders[_label(path)] += 1
            self._folders[why.folder] += 1
        elif why.kind == "marked":
            self._marked[_label(path)] += 1
        elif why.kind == "other-kind" and looks_like_documentation(path):
            self._others[_label(path)] += 1

    def hints(self) -> tuple[str, ...]:
        groups = []
        if self._in_folders:
            groups.append(f"{_listed(self._in_folders)} in {_folders(self._folders)}")
        if self._marked:
            groups.append(f"{_listed(self._marked)} marked in .gitattributes")
        if self._others:
            groups.append(_listed(self._others))
        if not groups:
            return ()
        return (f"Not selected, but looks like documentation: {'; '.join(groups)}. {self._remedy()}",)

    def _remedy(self) -> str:
        if not self._folders or self._marked or self._others:
            return "Include patterns can select them (--include, input include)."
        folder = max(sorted(self._folders), key=lambda name: (not name.startswith("."), self._folders[name]))
        inside = folder.removeprefix(f"{self._root}/") if self._root else folder
        options = f"--types documentation --include '*' --include '/{inside}/'"
        which = "them" if len(self._folders) == 1 else f"those in {folder}/"
        return f"To select {which} too: {options} (inputs types and include)."


def _label(path: str) -> str:
    return extension_of(path) or path.rpartition("/")[2]


def _listed(labels: Counter[str]) -> str:
    shown = [f"{number:,} {label}" for label, number in labels.most_common(_KINDS)]
    rest = labels.total() - sum(number for _, number in labels.most_common(_KINDS))
    return _joined([*shown, *([f"{rest:,} others"] if rest else [])])


def _folders(folders: Counter[str]) -> str:
    shown = [f"{folder}/" for folder, _ in folders.most_common(_FOLDERS)]
    rest = len(folders) - len(shown)
    return _joined([*shown, *([count(rest, "more folder")] if rest else [])])


def _joined(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
