"""Git LFS pointers that were skipped, and whose files are here now.

The pointer is the same, so neither a diff nor a record of its bytes shows that it can be a document by now.
"""

from __future__ import annotations

from dataclasses import replace

from vsync.documents.document import Document
from vsync.source.base import Source
from vsync.state.manifest import TargetState


def without_arrived(source: Source, state: TargetState) -> tuple[TargetState, set[str]]:
    """The state without the records of such pointers, and their paths. A state without pointers asks the source nothing."""
    pointers = [
        Document(path, record.blob, "") for path, record in state.skipped.items() if record.reason == "lfs-pointer"
    ]
    arrived = set(source.arrived(pointers)) if pointers else set()
    if not arrived:
        return state, arrived
    kept = {path: record for path, record in state.skipped.items() if path not in arrived}
    return replace(state, skipped=kept), arrived
