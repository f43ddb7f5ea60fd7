"""`vsync batch fetch`: brings the results of batches that have ended, and says which requests failed and why."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from vsync.batch.batch_report import BatchReport, Failed, FailedRequest, Fetched
from vsync.batch.clean import clean
from vsync.batch.decide_resubmit import ToResubmit, decide_resubmit
from vsync.batch.job import BatchJob
from vsync.batch.live import cancel_twins
from vsync.batch.merge import on_disk_at
from vsync.batch.resubmit import planned, resubmit
from vsync.batch.rounds import Rounds
from vsync.errors import Interrupted, VsyncError
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.session import ask


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What the user asked for.

    | field | meaning |
    | --- | --- |
    | `wait` | wait until every batch has ended |
    | `wait_timeout_s` | for how long at most |
    | `resubmit_failed` | make batches of just the requests that failed |
    | `clean` | delete the Files of batches whose results are on disk |
    """

    wait: bool = False
    wait_timeout_s: float = 25 * 3600.0
    resubmit_failed: bool = False
    clean: bool = False


class Branch(Protocol):
    """A branch with the results of earlier runs, to which those of this run go. Both methods raise a VsyncError.

    `only_here` are the batches whose results are on disk and could not be published.
    """

    branch: str
    only_here: frozenset[str]

    def bring(self, root: Path) -> int:
        """Writes the results of the branch that are not below the root, and gives their number."""

    def publish(self, root: Path, message: str) -> str | None:
        """Commits the results and pushes them. Gives the commit; None: the branch has them already."""


def run(job: BatchJob, options: FetchOptions, branch: Branch | None = None) -> BatchReport:
    """Fetches. An error that ends the run early stands in the report. Raises VsyncError where nothing was done.

    `branch`: the results come from and go to this branch.
    """
    assert job.connect is not None, "results need a key"
    began = time.monotonic()
    report = job.report("fetch")
    if not job.dry_run:
        job.results(report).check_writable()
        if branch is not None:
            branch.bring(job.root)
    ask(job.connect, partial(fetch, job, options, report), job.stop)
    if branch is not None and not job.dry_run and not isinstance(report.error, Interrupted):
        _publish(branch, job, report)
    if options.clean and not job.dry_run and report.error is None:
        # Only now: results that could not be published stay at the API.
        needed = branch.only_here if branch is not None else frozenset()
        ask(job.connect, partial(clean, job, report, needed=needed), job.stop)
    report.duration_s = time.monotonic() - began
    return report


def _publish(branch: Branch, job: BatchJob, report: BatchReport) -> None:
    try:
        commit = branch.publish(job.root, _message(report))
    except VsyncError as error:
        report.error = report.error or job.stop.cause(error)
        return
    if commit is not None:
        report.published = {"branch": branch.branch, "commit": commit}
    for each in report.fetched:
        if branch.only_here & set(each.batch_ids):
            report.fail(_unpublished(each, branch.branch))


def _unpublished(fetched: Fetched, branch: str) -> Failed:
    return Failed(
        fetched.path,
        "not-published",
        f"Its results are in {fetched.results} on this machine, and not on the branch {branch}: the warnings say why.",
        "Keep them in another way: in a workflow a step with actions/upload-artifact does. Each run that lacks them fetches "
        "them again, as long as the API has them.",
        fetched.batch_id,
    )


def _message(report: BatchReport) -> str:
    if len(report.fetched) == 1:
        return f"results of {report.fetched[0].path}"
    return f"results of {len(report.fetched)} batches" if report.fetched else "results of batches"


async def fetch(
    job: BatchJob, options: FetchOptions, report: BatchReport, api: Api, clock: Callable[[], float] = time.monotonic
) -> BatchReport:
    """Fetches, waits, and submits again what failed. An error that ends the run stands in the report."""
    rounds = Rounds(job, report, api)
    try:
        await rounds.begin()
        if job.dry_run:
            await asyncio.to_thread(_plan, job, options, report, rounds)
        else:
            await _carry_out(job, options, report, rounds, api, clock)
    except VsyncError as error:
        report.error = job.stop.cause(error)
    try:
        await asyncio.to_thread(tell_failures, job, report, rounds)
    except VsyncError as error:
        report.error = report.error or error
    report.requests, report.bytes_uploaded = dict(api.traffic.requests), api.traffic.bytes_uploaded
    return report


async def _carry_out(
    job: BatchJob, options: FetchOptions, report: BatchReport, rounds: Rounds, api: Api, clock: Callable[[], float]
) -> None:
    """Fetches, or waits and fetches; then submits once more what failed, and with `--wait` waits for that as well.

    What fails then is for another run: a limit that is reached does not pass within seconds.
    """
    deadline = clock() + options.wait_timeout_s
    await (rounds.until_ended(deadline, clock) if options.wait else rounds.once())
    if options.resubmit_failed:
        await _resubmit(job, report, rounds, api)
        if options.wait:
            await rounds.until_ended(deadline, clock)
    report.pending = rounds.pending()


def _plan(job: BatchJob, options: FetchOptions, report: BatchReport, rounds: Rounds) -> None:
    """Reports what a run would fetch, and what it would submit again as far as the results are there already."""
    rounds.plan()
    if not options.resubmit_failed:
        return
    wanted, refusals = _to_resubmit(job, rounds, rounds.is_settled)
    _tell(report, refusals)
    for each in wanted:
        found = planned(job, rounds.results, each)
        if isinstance(found, Failed):
            report.fail(found)
        else:
            report.submitted.append(found)


# --- What failed --------------------------------------------------------------------------------------------


async def _resubmit(job: BatchJob, report: BatchReport, rounds: Rounds, api: Api) -> None:
    """Submits again what failed."""
    before = len(report.submitted)
    async with job.alone("submit"):
        await rounds.look()  # another run may have done the same meanwhile
        wanted, refusals = await asyncio.to_thread(_to_resubmit, job, rounds, rounds.is_settled)
        _tell(report, refusals)
        if wanted:
            await resubmit(job, report, rounds.results, wanted, api)
            await rounds.look()
            rounds.own = await cancel_twins(Batches(api), rounds.own, report)
    again = {submitted.path for submitted in report.submitted[before:]}
    report.failed = [failed for failed in report.failed if failed.path not in again]


def _tell(report: BatchReport, refusals: Sequence[Failed]) -> None:
    """Reports what is not submitted again, unless the report says already what is the matter with that batch."""
    told = {(failed.path, failed.batch_id) for failed in report.failed}
    for refusal in refusals:
        if (refusal.path, refusal.batch_id) not in told:
            report.fail(refusal)


def _to_resubmit(
    job: BatchJob, rounds: Rounds, is_merged: Callable[[str, str, str], bool]
) -> tuple[list[ToResubmit], list[Failed]]:
    return decide_resubmit(
        rounds.located(),
        rounds.current,
        job.folders,
        failures=partial(on_disk_at, rounds.results),
        is_merged=is_merged,
        chosen=rounds.chosen,
        named=bool(job.paths),
    )


def tell_failures(job: BatchJob, report: BatchReport, rounds: Rounds) -> None:
    """Reports each request that failed and of which no batch is under way, also of earlier runs; and files without a batch.

    Only of the contents that request files have now: what failed of another content stands beside its results.
    """
    live = {batch.made.sha256 for batch in rounds.own if batch.live}
    current = sorted(rounds.current.items())
    report.unsubmitted = rounds.unsubmitted()
    for path, sha256 in current:
        summary = rounds.results.summary(job.folders.place(path)) if rounds.chosen(path) else None
        if summary is None or summary.sha256 != sha256 or not summary.failed or sha256 in live:
            continue
        report.failing.append(path)
        found = [
            FailedRequest(path, each.line, each.custom_id, each.code, each.message, each.batch_id, each.status)
            for each in summary.failures
        ]
        report.add_failed_requests(found, summary.failed)
    if report.failing:
        # Who would submit again what failed in another run learns at once that vsync would not.
        refusals = _to_resubmit(job, rounds, rounds.results.is_current)[1]
        if job.dry_run:  # What is to be fetched may hold what seems to have failed.
            refusals = [refusal for refusal in refusals if refusal in report.failed]
        held = {rounds.current.get(refusal.path) for refusal in refusals}
        report.held_back = [path for path in report.failing if rounds.current[path] in held]
        _tell(report, refusals)
