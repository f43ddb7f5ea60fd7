"""Merges the results of batches into the results file of a request file. It touches the results folder alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from vsync.batch.attempts import OnDisk
from vsync.batch.join import Joined, write_joined
from vsync.batch.result_index import Best, good_digests, index_results
from vsync.batch.result_places import kept_paths
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.summary_file import MergedBatch, Summary
from vsync.store.batch_info import BatchInfo

Order = Callable[[], Iterator[tuple[int, str]]]
"""The requests, as line and custom_id."""


@dataclass(frozen=True, slots=True)
class BatchResults:
    """A batch that has ended, with its output File and its error File; None: it has none.

    `requests`: how many it was made of. `lost`: one of its Files is not there. `settled`: it ended so long ago that its Files hold
    what they will ever hold.
    """

    info: BatchInfo
    requests: int
    output: IO[bytes] | None
    errors: IO[bytes] | None
    settled: bool = True
    lost: bool = False


@dataclass(frozen=True, slots=True)
class NewResults:
    """Results to merge into those that are there. `order` is None where nobody knows the requests any more.

    Without batches, the results that are there are written anew in this order. `lost` are the ids of batches whose results may
    be missing, whatever the summary says: a run may have died after it wrote the summary.
    """

    path: str
    sha256: str
    order: Order | None
    batches: Sequence[BatchResults]
    lost: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Short:
    """A batch whose Files hold fewer results than the API counts. `brought` and `counted` are numbers of results."""

    info: BatchInfo
    brought: int
    counted: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What was written. Batches that are `short` are asked for again, unless they are settled."""

    summary: Summary
    short: tuple[Short, ...] = ()


def merge(folder: ResultsFolder, place: str, new: NewResults, hidden: Callable[[str], str]) -> Merged:
    """Writes the results that are there for this content together with the new ones, of which there may be none.

    `hidden` takes secrets out of the texts of the summary. Raises a VsyncError when the disk refuses.
    """
    with contextlib.ExitStack() as stack:
        base = folder.open_base(place, new.sha256)
        before = folder.summary(place) if base is not None else None
        known = before.batches if before is not None else ()
        best = Best()
        if base is not None:
            stack.enter_context(base)
            index_results(base, best, batch_ids=before.batch_ids() if before is not None else None)
        short = tuple(found for results in new.batches if (found := _indexed(results, best)) is not None)
        every: list[MergedBatch | BatchInfo] = [*known, *(results.info for results in new.batches)]
        status, batch_id = (every[-1].status, every[-1].id) if every else ("", None)
        again = {found.info.id for found in short}
        final = [results.info for results in new.batches if results.settled or results.info.id not in again]
        fresh = {*new.lost, *(info.id for info in final)}
        merged = (
            *(batch for batch in known if batch.id not in fresh),
            *(_merged(info, short=info.id in again) for info in final),
        )

        def fill(out: IO[bytes]) -> Summary:
            order = None if new.order is None else new.order()
            joined = write_joined(order, best, out, status=status, batch_id=batch_id, hidden=hidden)
            for oddity in joined.oddities():
                folder.warn(f"{place}: {oddity}")
            return _summary(new, joined, merged).mapped(hidden)

        return Merged(folder.write(place, new.sha256, fill), short)


def _indexed(results: BatchResults, best: Best) -> Short | None:
    """Takes note of the results of a batch. Not None: they are fewer than the API counts."""
    info, files = results.info, (results.output, results.errors)
    known = len(best.unreadable)
    brought = sum(index_results(file, best, batch_id=info.id) for file in files if file is not None)
    # A completed batch has a line for each request. Of others only the good results are known to have one.
    counted = results.requests if info.status == "completed" else min(results.requests, info.completed)
    if brought >= counted and not results.lost:
        return None
    if not results.settled:
        # They may be the halves of lines: whole ones come when the batch is asked for again.
        best.forget_unreadable(known)
    return Short(info, brought, counted)


def on_disk_at(folder: ResultsFolder, place: str, sha256: str) -> OnDisk:
    """What the results for this content lack; nothing, where there are no such results."""
    summary = folder.summary(place)
    if summary is None or summary.sha256 != sha256:
        return OnDisk()
    return OnDisk(summary.failed, tuple(batch.id for batch in summary.batches))


def with_good_result(folder: ResultsFolder, place: str, sha256: str) -> set[bytes]:
    """The digests of the custom_ids with a good result, in the results for this content."""
    base = folder.open_base(place, sha256)
    if base is None:
        return set()
    with base:
        return good_digests(base)


def arrange(
    folder: ResultsFolder, place: str, sha256: str, *, path: str = "", beside: Collection[str] = ()
) -> list[str]:
    """Makes the results at the place those of this content, or none, and says what was moved.

    `path` is the request file, and `beside` are the places of others with the same content: they keep their results.
    """
    told = []
    summary = folder.summary(place)
    if summary is not None and summary.sha256 != sha256:
        kept = folder.keep_old(place)
        if kept is not None:
            told.append(f"{summary.path} has changed since its results were fetched. They are in {kept} now.")
    came = folder.promote(place, sha256, request=path, beside=beside)
    if came is None:
        return told
    if came in kept_paths(place, sha256, folder.path):
        told.append(f"The results in {place} are back: its request file has the content again that they are of.")
    else:
        verb = "copied" if came in beside else "moved"
        told.append(f"The results of the content of {path or place} were {verb} from {came} to {place}.")
    return told


def _merged(info: BatchInfo, *, short: bool) -> MergedBatch:
    return MergedBatch(
        id=info.id,
        status=info.status,
        endpoint=info.endpoint,
        model=info.model,
        created_at=info.created_at,
        completed_at=info.completed_at or info.expired_at or info.cancelled_at,
        requests=info.total,
        input_tokens=info.input_tokens,
        output_tokens=info.output_tokens,
        total_tokens=info.total_tokens,
        short=short,
    )


def _summary(new: NewResults, joined: Joined, batches: tuple[MergedBatch, ...]) -> Summary:
    return Summary(
        path=new.path,
        sha256=new.sha256,
        requests=joined.requests,
        completed=joined.completed,
        failed=joined.failed,
        extra=joined.extra,
        results_sha256=joined.sha256,
        results_bytes=joined.bytes,
        in_input_order=joined.in_input_order,
        batches=batches,
        failures=joined.failures,
        more_failures=joined.more_failures,
        unreadable=joined.unreadable,
    )
