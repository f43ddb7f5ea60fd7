"""Which requests are to run again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vsync.batch.attempts import MAX_ATTEMPTS, OnDisk, held_back, tried
from vsync.batch.batch_report import Failed
from vsync.batch.decide_fetch import Folders, that_ran
from vsync.batch.decide_submit import refused, refused_for_good
from vsync.batch.explain import path_in_command
from vsync.batch.metadata import OwnBatch, by_content, next_attempt


@dataclass(frozen=True, slots=True)
class ToResubmit:
    """A request file of which some requests are to run again. `place`: its results; None: there are none, so all of them run."""

    path: str
    sha256: str
    place: str | None
    attempt: int
    retry_of: str


def decide_resubmit(
    own: Sequence[OwnBatch],
    current: Mapping[str, str],
    folders: Folders,
    *,
    failures: Callable[[str, str], OnDisk],
    is_merged: Callable[[str, str, str], bool],
    chosen: Callable[[str], bool],
    named: bool = False,
) -> tuple[list[ToResubmit], list[Failed]]:
    """The request files with failures of which no batch is under way, and those that are not submitted again.

    | argument | meaning |
    | --- | --- |
    | `failures` | what the results at a place, of a content, lack |
    | `is_merged` | whether the results at a place, of a content, hold those of a batch |
    | `named` | the user names the request files. Only then runs again what the user cancelled, and what the API refused for its content |

    A content of which a batch has ended whose results are not on disk is left out: they may hold what seems to have failed.
    So is one whose last batch the API refused for its content: it would most likely be refused again.
    """
    wanted, refusals = [], []
    done: set[str] = set()
    batches_of = by_content(own)
    for path, sha256 in sorted(current.items()):
        batches = batches_of.get(sha256, [])
        if sha256 in done or not chosen(path) or _has_live(batches):
            continue
        place = folders.place(path)
        found = failures(place, sha256)
        never_ran = bool(batches) and all(batch.info.status == "failed" for batch in batches)
        ran = that_ran(batches)
        if not (found.failed or never_ran):
            continue
        done.add(sha256)
        if refused_for_good(batches) and not named:
            refusals.append(refused(path, batches))
            continue
        unmerged = [batch for batch in ran if not is_merged(place, sha256, batch.info.id)]
        if unmerged:
            refusals.append(_unknown(path, unmerged[-1]))
            continue
        last = batches[-1].info.id if batches else found.batch_ids[-1] if found.batch_ids else ""
        held = held_back(ran, found, named=named)
        if held == "tried-too-often":
            refusals.append(_too_often(path, last))
        elif held == "cancelled":
            refusals.append(_cancelled(path, ran[-1]))
        else:
            attempt = max(next_attempt(batches), 1 + tried(ran, found))
            wanted.append(ToResubmit(path, sha256, place if found.failed else None, attempt, last))
    return wanted, refusals


def _unknown(path: str, batch: OwnBatch) -> Failed:
    return Failed(
        path,
        "results-awaited",
        "Its failed requests are not submitted again yet: results of another batch are not here, and may hold what they lack.",
        f"Run again. If those results are gone for good, `vsync batch submit --again {path_in_command(path)}` runs the whole "
        "file once more.",
        batch.info.id,
    )


def _cancelled(path: str, batch: OwnBatch) -> Failed:
    return Failed(
        path,
        "cancelled",
        "Its batch was cancelled, so what did not run is not submitted again by itself.",
        f"Name the file to run the rest: `vsync batch fetch --resubmit-failed {path_in_command(path)}`.",
        batch.info.id,
    )


def _too_often(path: str, batch_id: str) -> Failed:
    return Failed(
        path,
        "tried-too-often",
        f"Its requests have failed in {MAX_ATTEMPTS} batches, so they are not submitted again.",
        f"Correct the requests, or run the whole file once more: `vsync batch submit --again {path_in_command(path)}`.",
        batch_id,
    )


def _has_live(batches: Sequence[OwnBatch]) -> bool:
    return any(batch.live for batch in batches)
