"""Refuses rules that do not fit the source: a root that it does not have, and paths of this machine as patterns."""

from __future__ import annotations

from vsync.documents.nearest import folders_of, nearest_path
from vsync.documents.pattern_mistakes import machine_path, not_usable, of_machine
from vsync.documents.selection import Rules
from vsync.errors import ConfigurationError
from vsync.git.changes import FOLDER, SUBMODULE, SYMLINK
from vsync.source.base import Source


def check_patterns(source: Source, rules: Rules, top: str) -> None:
    """Raises ConfigurationError for a pattern that is a path of this machine. `top` is the source's folder there.

    A folder of the source may have the same name. Then the pattern is meant as it is written.
    """
    for setting, line in rules.patterns:
        first = of_machine(line, top)
        if first is None:
            continue
        path = f"{rules.root}/{first}" if rules.root else first
        if not source.find([path.encode("utf-8", "surrogateescape")]):
            raise not_usable(setting, line, machine_path(line, top))


def check_root(source: Source, rules: Rules) -> None:
    """Raises ConfigurationError where the source has no such folder.

    Also where a commit has deleted it: then no document would be left, and a wrong name is the likelier reason.
    """
    if not rules.root:
        return
    found = source.find([rules.root.encode("utf-8", "surrogateescape")])
    mode = found[0].mode if found else None
    if mode == FOLDER:
        return
    where = f"the commit {source.head[:12]}" if source.head else "the folder"
    kinds = {None: "does not exist", SYMLINK: "is a symbolic link", SUBMODULE: "is a submodule"}
    folders = folders_of(entry.path.decode("utf-8", "surrogateescape") for entry in source.entries())
    near = nearest_path(rules.root, folders)
    what = f"The root '{rules.root}' {kinds.get(mode, 'is a file')} in {where}."
    remedy = "Give a folder of what is synced, as its path from the top folder"
    raise ConfigurationError(what, f"{remedy}; the nearest is '{near}'." if near else f"{remedy}.")
