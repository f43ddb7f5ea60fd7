"""Ignore rules of one clone: `info/exclude` in git's folder. These rules are never committed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from vsync.git.discovery import common_dir, git_dir_above
from vsync.system.atomic_write import write_durably
from vsync.system.regular_file import read_file

_MOST_BYTES = 16_000_000


def exclude(paths: Sequence[Path], why: str) -> None:
    """Has git ignore these paths, in the repository that holds the first of them. Outside of a repository: does nothing.

    `why` is a comment above the rules. Raises OSError.
    """
    found = git_dir_above(paths[0])
    if found is None:
        return
    top, git_dir = found
    file = common_dir(git_dir) / "info" / "exclude"
    rules = [_rule(path.relative_to(top)) for path in paths]
    before = read_file(file, _MOST_BYTES) if file.exists() else b""
    lacking = [rule for rule in rules if rule not in before.splitlines() and b"\n" not in rule]
    if not lacking:
        return
    start = before if before.endswith(b"\n") or not before else before + b"\n"
    write_durably(file.resolve(), start + b"\n".join([b"# " + why.encode(), *lacking, b""]))


def _rule(path: Path) -> bytes:
    """The gitignore pattern of just this path: https://git-scm.com/docs/gitignore#_pattern_format."""
    return b"/" + re.sub(rb"[\\*?\[\] ]", rb"\\\g<0>", os.fsencode(path.as_posix()))
