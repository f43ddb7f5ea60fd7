"""What a user who asked for links and submodules should know: which of them are not followed, and why."""

from __future__ import annotations

from collections.abc import Mapping

from vsync.source.base import Source
from vsync.state.manifest import Skipped
from vsync.system.wording import count

_MOST = 10
_KINDS = {"symlink": "The symbolic link", "submodule": "The submodule"}


def not_followed(source: Source, skipped: Mapping[str, Skipped]) -> tuple[str, ...]:
    """A sentence for each of the first of them. `skipped` are the selected paths that are no documents."""
    told = []
    for path, record in sorted(skipped.items()):
        why = source.why(path) if record.reason in _KINDS else None
        if why is not None:
            told.append(f"{_KINDS[record.reason]} {path!r} is not followed: {why}.")
    if len(told) <= _MOST:
        return tuple(told)
    more = count(len(told) - _MOST, "more link or submodule is", "more links and submodules are")
    return (*told[:_MOST], f"{more} not followed.")
