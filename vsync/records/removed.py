"""What a step of deleting did, and what it says of Files that stay. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vsync.errors import VsyncError
from vsync.recovery.unproven import unproven_warnings
from vsync.report.body import Orphan

_MOST_NAMED = 3


@dataclass(slots=True)
class Removed:
    """What a step of deleting did.

    | field | meaning |
    | --- | --- |
    | `gone` | Files that are not there any more |
    | `others` | Files whose entries show another owner, and why they stay: they are forgotten |
    | `left` | Files that could not be deleted now, and why |
    | `detached` | those of `left` whose entries are gone: nothing finds their documents any more |
    | `cause` | what ended the step early |
    | `orphans` | the Files that stay, as the report names them |
    """

    gone: set[str] = field(default_factory=set)
    others: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    detached: set[str] = field(default_factory=set)
    cause: VsyncError | None = None
    orphans: Sequence[Orphan] = ()

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.gone | other.gone,
            self.others | other.others,
            self.left | other.left,
            self.detached | other.detached,
            self.cause or other.cause,
            [*self.orphans, *other.orphans],
        )


def stayed(no_more_needed: Sequence[str], removed: Removed) -> list[str]:
    """Warnings about those of the Files that are still there: old versions, and Files of deleted documents."""
    warnings = unproven_warnings(removed.orphans)
    named = {orphan.file_id for orphan in removed.orphans}
    left = [file_id for file_id in no_more_needed if file_id in removed.left and file_id not in named]
    for file_id in left[:_MOST_NAMED]:
        warnings.append(
            f"The File {file_id} is not needed any more and could not be deleted: {removed.left[file_id].rstrip('.')}. The next "
            "run tries again."
        )
    if len(left) > _MOST_NAMED:
        warnings.append(f"… and {len(left) - _MOST_NAMED} more such Files.")
    return warnings
