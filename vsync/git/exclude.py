"""Ignore rules of one clone: `info/exclude` in git's folder. These rules are never committed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from vsync.errors import RepositoryError
from vsync.git.discovery import checked_top, common_dir, git_dir_above
from vsync.system.atomic_write import write_durably
from vsync.system.regular_file import read_file

_MOST_BYTES = 16_000_000


def exclude(paths: Sequence[Path], why: str) -> None:
    """Has git ignore these paths, in the repository that holds the first of them. Outside of a repository: does nothing.

    Whoever owns the repository, or brought its `.git`, could lead the file elsewhere. So it is only written where git
    accepts the owner, and never through a link. `why` is a comment above the rules. Raises OSError.
    """
    try:
        top = checked_top(paths[0].parent)
    except RepositoryError:
        return
    found = git_dir_above(top / ".git")
    if found is None or found[0] != top:
        return
    common = common_dir(found[1])
    file = common / "info" / "exclude"
    if file.resolve() != common.resolve() / "info" / "exclude":
        return
    rules = [_rule(path.relative_to(top)) for path in paths]
    before = read_file(file, _MOST_BYTES) if file.exists() else b""
    lacking = [rule for rule in rules if rule not in before.splitlines() and b"\n" not in rule]
    if not lacking:
        return
    start = before if before.endswith(b"\n") or not before else before + b"\n"
    write_durably(file, start + b"\n".join([b"# " + why.encode(), *lacking, b""]))


def _rule(path: Path) -> bytes:
    """The gitignore pattern of just this path: https://git-scm.com/docs/gitignore#_pattern_format."""
    return b"/" + re.sub(rb"[\\*?\[\] ]", rb"\\\g<0>", os.fsencode(path.as_posix()))
