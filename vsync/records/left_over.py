"""The start of a stream: Files that earlier batches or runs left to be deleted are deleted."""

from __future__ import annotations

from vsync.records.apply import Applier
from vsync.records.removed import Removed
from vsync.recovery.proof import Proofs

_PART = 500


async def delete_left_over(applier: Applier, proofs: Proofs) -> Removed:
    """Deletes what is still to be deleted. What cannot be deleted now stays for the next run.

    A key whose document is among these Files was being deleted when a run died: it has no document any more. Where the
    File cannot be deleted now, it stays the key's document: the delete was not acknowledged, and comes again.
    """
    total, index = Removed(), applier.index
    while total.cause is None:
        part = [file_id for file_id in index.pending(_PART + len(total.left)) if file_id not in total.left]
        if not part:
            break
        removed = await applier.remove(part, proofs)
        index.forget_documents([*removed.gone, *removed.others, *removed.detached])
        total += removed
        if not removed.gone and not removed.others and not removed.left:
            break
    index.keep_documents(total.left.keys() - total.detached)
    return total
