"""Batches that have not ended: how far they are, and those that are too many."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from vsync.batch.batch_report import BatchReport, Pending
from vsync.batch.metadata import Made, OwnBatch, made_of, own_batches, twins, without_cancelled_twins
from vsync.errors import ApiUnavailable
from vsync.store.api_errors import Refused
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.pages import PAGE


def now_of(api: Api) -> int:
    """The API's time, in seconds since the epoch; this machine's, where no answer names one."""
    return api.traffic.date or int(time.time())


def pending(own: Iterable[OwnBatch], now: int, name: Callable[[Made], str]) -> list[Pending]:
    """The batches that have not ended. `name` is the one under which people see a batch."""
    return [
        Pending(
            path=name(batch.made),
            batch_id=batch.info.id,
            status=batch.info.status,
            requests=batch.info.total or batch.made.requests,
            completed=batch.info.completed,
            failed=batch.info.failed,
            age_s=max(0, now - batch.info.created_at),
            left_s=None if batch.info.expires_at is None else max(0, batch.info.expires_at - now),
        )
        for batch in own
        if batch.live
    ]


async def cancel_unmarked(batches: Batches, listed: Iterable[BatchInfo], report: BatchReport) -> None:
    """Cancels the batches of this run that the listing shows without what was said of them, and raises ApiUnavailable.

    Every decision is made from the listing. The next run would make these batches again.
    """
    made = {submitted.batch_id for submitted in report.submitted}
    unmarked = [info for info in listed if info.id in made and made_of(info.metadata) is None]
    for info in unmarked:
        with contextlib.suppress(Refused):
            await batches.cancel(info.id)
    if unmarked:
        raise no_metadata(unmarked[0].id)


def no_metadata(batch_id: str) -> ApiUnavailable:
    """The error of a server that does not keep the metadata of batches: they are the only record of what was submitted."""
    return ApiUnavailable(
        f"This server does not keep the metadata of a batch, so no run would know {batch_id} again. It was cancelled.",
        "Ask who runs the server (OPENAI_BASE_URL): vsync needs the metadata of batches.",
    )


async def cancel_twins(batches: Batches, own: Sequence[OwnBatch], report: BatchReport) -> list[OwnBatch]:
    """Cancels the batches that are too many, and says so. Gives the others."""
    cancelled = set()
    for twin, stays in twins(own):
        what = (
            f"{twin.info.id} is a second batch of {twin.made.path} beside {stays.info.id}: a request had no answer, or another "
            "run made it at the same time."
        )
        try:
            await batches.cancel(twin.info.id)
        except Refused as error:
            report.warn(f"{what} It could not be cancelled ({error.status} {error.code}): {error.message}")
            continue
        report.warn(f"{what} It was cancelled.")
        cancelled.add(twin.info.id)
        report.submitted = [
            replace(made, batch_id=stays.info.id, found=True) if made.batch_id == twin.info.id else made
            for made in report.submitted
        ]
    return [batch for batch in own if batch.info.id not in cancelled]


_LOOKS_FOR_GONE = 5
"""So often a batch that had not ended must be missing, one look after the other, before it counts as gone."""


class Listing:
    """The batches of a source as the API shows them, the oldest first, without those that were made twice and cancelled."""

    def __init__(self, batches: Batches, source: str) -> None:
        self._batches = batches
        self._source = source
        self._seen: dict[str, OwnBatch] = {}
        self._missed: Counter[str] = Counter()
        self._pages = 1

    async def all(self) -> list[OwnBatch]:
        """Lists every batch of the project: one request for each hundred.

        A batch that had not ended and is not listed any more stays for some looks: a listing may be late.
        """
        listed = await self._batches.list()
        self._pages = 1 + len(listed) // PAGE
        found = {batch.info.id: batch for batch in own_batches(listed, self._source)}
        for batch_id, batch in self._seen.items():
            if batch_id not in found and batch.live:
                self._missed[batch_id] += 1
                if self._missed[batch_id] < _LOOKS_FOR_GONE:
                    found[batch_id] = batch
        self._seen = found
        return self._own()

    async def again(self, live: Sequence[OwnBatch]) -> list[OwnBatch]:
        """Asks again for batches that had not ended: each alone where that takes fewer requests than the listing."""
        if not live or len(live) > self._pages:
            return await self.all()
        for batch in live:
            try:
                info = await self._batches.get(batch.info.id)
            except Refused:  # a server that knows only the listing
                return await self.all()
            if info is None:  # it may have gone, or the server looks up nothing
                return await self.all()
            self._seen[info.id] = OwnBatch(batch.made, info)
            self._missed[info.id] = 0
        return self._own()

    def shows(self, batch: OwnBatch) -> bool:
        """Whether the API shows a batch, also one that another run has cancelled because it was made twice."""
        return batch.info.id in self._seen

    def _own(self) -> list[OwnBatch]:
        return without_cancelled_twins(sorted(self._seen.values(), key=lambda batch: batch.order))


def pauses(*, embedded: bool) -> Iterator[float]:
    """How many seconds to wait before each look at batches that run. They grow up to a bound."""
    wait, most = (0.2, 1.0) if embedded else (5.0, 120.0)
    while True:
        yield wait
        wait = min(most, wait * 1.5)
