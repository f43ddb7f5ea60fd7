"""What the report says of Files that nothing proves to be ours. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.report.body import Orphan

_MOST_WARNINGS = 20


def unproven_warnings(files: Sequence[Orphan]) -> list[str]:
    """The warnings about Files that are not deleted, for the first of them. The JSON report names all."""
    warnings = [
        f"The File {file.file_id} ({file.filename}, {file.bytes} bytes) is not deleted, because nothing proves that vsync "
        f"uploaded it: {file.why}. If nobody needs it, delete it by hand."
        for file in files[:_MOST_WARNINGS]
    ]
    if len(files) > _MOST_WARNINGS:
        warnings.append(f"… and {len(files) - _MOST_WARNINGS} more such Files. The JSON report names them.")
    return warnings
