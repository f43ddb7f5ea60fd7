"""Which results are to be fetched, and where they go. Pure.

Results belong to a content. Those of the present content of a request file stand under its name. Results of a content that has
changed or gone since are kept under a name with the old hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from vsync.batch.batch_report import Failed
from vsync.batch.decide_submit import refused
from vsync.batch.explain import path_in_command
from vsync.batch.metadata import OwnBatch, by_content
from vsync.batch.present_names import PresentNames
from vsync.batch.result_places import kept_path, result_path, safe_path

_DAY_S = 24 * 3600
KEPT_FOR_DAYS = 30
"""The API deletes output Files 30 days after they were made (https://developers.openai.com/api/docs/guides/batch)."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The source folder and the results folder, relative to the repository."""

    source: str
    results: str

    def place(self, path: str) -> str:
        """Where the results of a request file belong."""
        return result_path(path, self.source, self.results)

    def old_places(self, path: str, sha256: str) -> list[str]:
        """Where results of a content may be that no request file has any more. `path` is from the API, so it is checked."""
        safe = safe_path(path, self.results)
        if safe is None or not (self.source in {"", "."} or safe.startswith(f"{self.source}/")):
            return []
        return [self.place(safe), kept_path(self.place(safe), sha256)]


@dataclass(frozen=True, slots=True)
class ToFetch:
    """Batches whose results go into one results file, the oldest first. `current`: the request file holds what ran."""

    path: str
    sha256: str
    place: str
    current: bool
    batches: tuple[OwnBatch, ...]


@dataclass(slots=True)
class Fetching:
    """What to fetch, and the request files whose batch the API refused."""

    fetch: list[ToFetch] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def decide_fetch(
    own: Sequence[OwnBatch],
    present: PresentNames,
    folders: Folders,
    *,
    is_merged: Callable[[str, str, str], bool],
    place_of_old: Callable[[str, str], str],
    is_complete: Callable[[str, str], bool],
    chosen: Callable[[str], bool],
    now: int,
) -> Fetching:
    """What to fetch.

    | argument | meaning |
    | --- | --- |
    | `own` | the batches of this source, the oldest first |
    | `present` | the request files that are there |
    | `is_merged` | whether the results at a place, of a content, hold those of a batch |
    | `place_of_old` | where the results of a content are or go that no request file has any more, by its former place |
    | `is_complete` | whether they hold a good result for each request |
    | `chosen` | whether a request file is meant |
    | `now` | the time, in seconds since the epoch |
    """
    found = Fetching()
    for sha256, batches in by_content(own).items():
        paths = present.of(sha256)
        for path, place in _places(batches, paths, folders, place_of_old):
            # A renamed file may be called as it was called when it was submitted.
            names = {path, *(name for batch in batches for name in present.former(batch.made))}
            if not any(map(chosen, names)):
                continue
            missing = _missing(batches, partial(is_merged, place, sha256), is_complete=is_complete(place, sha256))
            is_current = path in paths
            # Of an old content nobody is told each time that its results are gone. Some servers keep them for longer.
            there = [batch for batch in missing if is_current or not _long_ago(batch, now)]
            if there:
                found.fetch.append(ToFetch(path, sha256, place, is_current, tuple(there)))
            if is_current and batches[-1].info.status == "failed" and not is_complete(place, sha256):
                found.failed.append(refused(path, batches))
    return found


def _missing(batches: Sequence[OwnBatch], is_merged: Callable[[str], bool], *, is_complete: bool) -> list[OwnBatch]:
    """The batches whose results are not there. Complete results lack nothing of older batches; later ones are asked for."""
    ran = that_ran(batches)
    merged = [batch for batch in ran if is_merged(batch.info.id)]
    newest = max((batch.made.attempt for batch in merged), default=0) if is_complete else 0
    return [batch for batch in ran if batch not in merged and batch.made.attempt > newest]


def that_ran(batches: Sequence[OwnBatch]) -> list[OwnBatch]:
    """The batches that have ended and were not refused."""
    return [batch for batch in batches if batch.info.ended and batch.info.status != "failed"]


def _places(
    batches: Sequence[OwnBatch], paths: Sequence[str], folders: Folders, place_of_old: Callable[[str, str], str]
) -> list[tuple[str, str]]:
    """Where the results of a content belong: beside each request file that holds it, else where the old ones are kept."""
    if paths:
        return [(path, folders.place(path)) for path in paths]
    made = batches[-1].made
    if not (places := folders.old_places(made.path, made.sha256)):
        return []
    return [(made.path, place_of_old(places[0], made.sha256))]


def ended_at(batch: OwnBatch) -> int:
    """When a batch ended, in seconds since the epoch; 0: the API does not say."""
    info = batch.info
    return info.completed_at or info.expired_at or info.cancelled_at or info.failed_at or info.created_at


def _long_ago(batch: OwnBatch, now: int) -> bool:
    """Whether the API has most likely deleted the results."""
    return 0 < ended_at(batch) < now - KEPT_FOR_DAYS * _DAY_S


def gone(path: str, batch: OwnBatch, *, settled: bool) -> Failed:
    """What to report of results that the API does not have; where it is not `settled`, they may come yet."""
    late = "" if settled else "Run again: they may be late. "
    return Failed(
        path,
        "results-gone",
        f"The results of the batch are gone: the API keeps them for {KEPT_FOR_DAYS} days, or somebody deleted them.",
        f"{late}If another run has fetched them, they are where it put them, such as the branch vsync-batch-results: "
        "`vsync batch fetch --push` brings them from there. Otherwise "
        f"`vsync batch submit --again {path_in_command(path)}` runs the requests once more, "
        "and that is paid again.",
        batch.info.id,
    )
