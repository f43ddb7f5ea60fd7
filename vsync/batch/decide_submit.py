"""Which request files need a batch. Pure.

A batch belongs to a content, not to a path: a request file that was renamed, copied or brought back is not paid for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vsync.batch.attempts import OnDisk, held_back, tried
from vsync.batch.batch_report import Failed, Mistake, Unchanged
from vsync.batch.explain import may_pass, of_refusal, path_in_command
from vsync.batch.metadata import OwnBatch, made_of, next_attempt
from vsync.store.batch_info import BatchInfo


@dataclass(frozen=True, slots=True)
class Valid:
    """A request file that was checked, and is sound."""

    path: str
    sha256: str
    bytes: int
    requests: int
    endpoint: str
    model: str | None


@dataclass(frozen=True, slots=True)
class ToSubmit:
    """A request file of which a batch is to be made. `attempt` counts the batches of its content, from 1."""

    file: Valid
    attempt: int = 1


@dataclass(slots=True)
class Decided:
    """What becomes of each request file. `left` are those beyond the limit."""

    submit: list[ToSubmit] = field(default_factory=list)
    unchanged: list[Unchanged] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def decide(
    files: Sequence[Valid],
    own: Sequence[OwnBatch],
    *,
    again: Callable[[str], bool],
    has_results: Callable[[Valid], bool],
    on_disk: Callable[[Valid], OnDisk],
    limit: int | None = None,
) -> Decided:
    """What to do with each file.

    | argument | meaning |
    | --- | --- |
    | `own` | the batches of this source, the oldest first |
    | `again` | whether the user wants another batch of a path, whatever there is |
    | `has_results` | whether the results folder holds a good result for each request of this content |
    | `on_disk` | what the results of this content in the results folder lack, and of which batches they are |
    | `limit` | how many batches may be made; None: all |
    """
    decided = Decided()
    first: dict[str, str] = {}
    for file in sorted(files, key=lambda file: file.path):
        batches = [batch for batch in own if batch.made.sha256 == file.sha256]
        if file.sha256 in first:
            decided.unchanged.append(_same_content(file, first[file.sha256]))
            continue
        stays = _stays(file, batches, on_disk(file), wanted=again(file.path), has_results=has_results(file))
        if isinstance(stays, Failed):
            decided.failed.append(stays)
        elif stays is not None:
            decided.unchanged.append(stays)
        elif limit is not None and len(decided.submit) >= limit:
            decided.left.append(file.path)
        else:
            first[file.sha256] = file.path
            decided.submit.append(ToSubmit(file, next_attempt(batches)))
    return decided


def _stays(
    file: Valid, batches: Sequence[OwnBatch], on_disk: OnDisk, *, wanted: bool, has_results: bool
) -> Unchanged | Failed | None:
    """Why a file gets no batch; None: it gets one."""
    live = [batch for batch in batches if batch.live]
    if live:
        return _unchanged(file, live[-1], "Its batch is under way.")
    if wanted:
        return None
    if has_results:
        return Unchanged(file.path, file.sha256, "Its results are in the results folder.")
    ran = [batch for batch in batches if batch.info.status != "failed"]
    if refused_for_good(batches) and (on_disk.failed or not ran):
        return refused(file.path, batches)
    if not ran and not on_disk.failed:
        return None
    reason = _why_not_again(file, ran, on_disk)
    return _unchanged(file, ran[-1], reason) if ran else Unchanged(file.path, file.sha256, reason)


def _why_not_again(file: Valid, ran: Sequence[OwnBatch], on_disk: OnDisk) -> str:
    """Why a content that has run gets no batch, and what its user can do: a command that does it."""
    path = path_in_command(file.path)
    status = ran[-1].info.status if ran else "completed"
    is_fetched = not ran or ran[-1].info.id in on_disk.batch_ids
    what, them = _ENDED_EARLY.get(status, ""), "what did not run"
    if on_disk.failed and is_fetched:
        has, them = ("has", "it once more") if on_disk.failed == 1 else ("have", "them once more")
        lacks = f"{on_disk.failed:,} of its {file.requests:,} requests {has} no good result"
        what = f"{lacks}, and its batch was cancelled" if status == "cancelled" else lacks
    elif not what:
        return "Its batch has completed: `vsync batch fetch` brings the results."
    held = held_back(ran, on_disk)
    if held == "tried-too-often":
        return (
            f"{what}, after {tried(ran, on_disk)} batches. Correct the requests, or run the whole file once more: "
            f"`vsync batch submit --again {path}`."
        )
    if held == "cancelled":
        return f"{what}: `vsync batch fetch --resubmit-failed {path}` runs {them}, `vsync batch submit --again {path}` runs all."
    return f"{what}: `vsync batch fetch --resubmit-failed` runs {them}."


_ENDED_EARLY = {"expired": "Its batch expired before all requests ran", "cancelled": "Its batch was cancelled"}


def _unchanged(file: Valid, batch: OwnBatch, reason: str) -> Unchanged:
    return Unchanged(file.path, file.sha256, reason, batch.info.id, batch.info.status)


def _same_content(file: Valid, other: str) -> Unchanged:
    return Unchanged(file.path, file.sha256, f"It has the same content as {other}: one batch serves both.")


def known_elsewhere(submit: Sequence[ToSubmit], listed: Iterable[BatchInfo], source: str) -> list[str]:
    """A word for each content that has a batch under another name: the repository may have had that name before."""
    others: dict[str, OwnBatch] = {}
    for info in listed:
        made = made_of(info.metadata)
        if made is not None and made.source != source and info.status not in {"failed", "cancelled"}:
            others.setdefault(made.sha256, OwnBatch(made, info))
    return [
        f"{each.file.path} has a batch ({other.info.id}) under the name {other.made.source!r}, and gets another one as "
        f"{source!r}. If both are this repository, give --source-name {other.made.source} to go on with those batches."
        for each in submit
        if (other := others.get(each.file.sha256)) is not None
    ]


def may_be_taken(batch: OwnBatch) -> bool:
    """Whether a batch that the API refused may be taken another time, with the same content."""
    return bool(batch.info.errors) and all(may_pass(error.code) for error in batch.info.errors)


def refused_for_good(batches: Sequence[OwnBatch]) -> bool:
    """Whether the API refused the last batch of a content, and would refuse the next as well."""
    return bool(batches) and batches[-1].info.status == "failed" and not may_be_taken(batches[-1])


def refused(path: str, batches: Sequence[OwnBatch]) -> Failed:
    """What to report of a content whose last batch the API refused at validation: its errors, by line.

    Where another batch of the content has run, or the batch held just what failed, the remedy submits no good request again.
    """
    batch = batches[-1]
    partly = bool(batch.made.part_sha256) or any(each.info.status != "failed" for each in batches)
    errors = [error for error in batch.info.errors if error.code or error.message]
    code = errors[0].code if errors else ""
    meaning, remedy = of_refusal(code, path, partly=partly)
    mistakes = tuple(Mistake(error.line, error.code or "error", error.message or error.code) for error in errors)
    said = f" The API says: {errors[0].message}" if errors and errors[0].message else ""
    return Failed(
        path, code or "failed", f"The API refused the batch: {meaning}{said}", remedy, batch.info.id, mistakes
    )
