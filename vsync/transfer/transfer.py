"""A plan is carried out: documents are uploaded, attached, and waited for until the store has indexed them.

| step | where |
| --- | --- |
| read and upload documents, side by side | `upload` |
| attach what is uploaded, while uploads go on | `attach` |
| wait until it is indexed | `index` |
| remember what becomes of each File | `tracker` |
| tell a document that a gateway refuses from a gateway that refuses all | `gateway` |
| end the run early | `halt` |

Documents that the server fails to index are uploaded again in a second and a third round. Nothing is removed here: see
`remove`, which comes after the caller has published what `transfer` confirmed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from vsync.plan.plan import Operation, Plan
from vsync.report.observer import Observer
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Clock
from vsync.system.stop import Stop
from vsync.transfer.attach import Attaching, InBatches, OneByOne, UploadQueue
from vsync.transfer.gateway import Gateway
from vsync.transfer.halt import Halt
from vsync.transfer.index import Indexing
from vsync.transfer.outcome import Outcome
from vsync.transfer.tracker import Tracker
from vsync.transfer.upload import Delivery, Read, Uploading

__all__ = ["Delivery", "transfer"]

_ROUND_WAITS_S = (2.0, 8.0)


async def transfer(
    plan: Plan,
    store: VectorStore,
    read: Read,
    delivery: Delivery,
    observer: Observer,
    stop: Stop,
    *,
    still_ours: Callable[[], None] = lambda: None,
    no_more: Callable[[], bool] = lambda: False,
    clock: Clock = time.monotonic,
) -> Outcome:
    """Carries out the uploads, replacements and retags of a plan. Never raises: see `Outcome.cause` and `.defect`.

    `still_ours` raises when another run has taken over. This run may have been stopped for long without knowing. When
    `no_more` says yes, no further document is begun, and what is under way is brought to its end.
    """
    operations = plan.of("upload", "replace", "retag")
    halt = Halt(stop)
    tracker = Tracker(observer, {operation.path for operation in operations if operation.previous is not None})
    indexing = Indexing(store, tracker, halt, observer, delivery.index_timeout_s, clock)
    gateway = Gateway(store.check_answers, few=len(operations) <= delivery.refused_before)
    one_by_one = OneByOne(store, tracker, gateway, halt, delivery.identity, still_ours)
    in_batches = InBatches(store, gateway, halt, delivery.identity, one_by_one, still_ours)
    attaching = Attaching(store, in_batches, one_by_one, indexing, halt, observer)
    uploading = Uploading(store, read, delivery, tracker, gateway, halt, observer, still_ours, no_more)

    async def carry_out(todo: Sequence[Operation]) -> None:
        """Uploads, attaches and waits, once for each of these operations."""
        waiting, queue = iter(todo), UploadQueue(halt)
        observer.stage("uploading", len(todo))
        async with asyncio.TaskGroup() as attached:
            attached.create_task(attaching.run(queue, attached))
            async with asyncio.TaskGroup() as uploads:
                for _ in range(min(delivery.concurrency, len(todo))):
                    uploads.create_task(halt.guarded(uploading.run(waiting, queue.add)))
            queue.close()

    async with halt.listening_to_stop():
        waits, todo = iter(_ROUND_WAITS_S), operations
        while todo:
            await carry_out(todo)
            todo = [] if halt.requested or no_more() else tracker.to_try_again()
            if todo:
                await halt.sleep(next(waits))
    if (refused := gateway.verdict()) is not None:
        halt.end(refused)
    return tracker.outcome([operation.path for operation in operations], halt.cause, halt.defect)
