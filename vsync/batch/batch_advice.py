"""What to do next, from the report of a run: by failed request, and as commands. Pure."""

from __future__ import annotations

from collections import Counter

from vsync.batch.batch_report import BatchReport, FailedRequest
from vsync.batch.explain import RESUBMIT, Explanation, of_request
from vsync.system.wording import sentence


def what_to_do(report: BatchReport) -> list[str]:
    """What each code of a failed request means and what to do about it, the most frequent first."""
    found = Counter((request.code, _explained(request, report)) for request in report.failed_requests)
    return [
        f"{code} ({number:,}): {sentence(about.meaning)} {about.remedy}".rstrip()
        for (code, about), number in found.most_common()
    ]


def _explained(request: FailedRequest, report: BatchReport) -> Explanation:
    about = of_request(request.code, request.status)
    if request.path in report.held_back and RESUBMIT in about.remedy:
        return Explanation(
            about.meaning, "They are not submitted again by themselves: the report says of their file what to do."
        )
    return about


def next_steps(report: BatchReport, *, arguments: str = "", paths: str = "") -> list[str]:
    """What a person does next, in sentences with commands.

    `arguments` are those of this command line but for `--dry-run`, and `paths` the request files among them, as a shell
    reads them. Folders and the like are not among them.
    """
    if report.error is not None:
        return []
    if report.dry_run:
        command = " ".join(filter(None, (f"vsync batch {report.command}", arguments)))
        what = "submits them" if report.command == "submit" else "does this"
        return [f"Next: `{command}` {what}."] if report.submitted or report.checked or report.fetched else []
    if report.command == "submit" and (report.submitted or report.pending):
        return ["Next: `vsync batch fetch --wait` brings the results."]
    return _after_fetch(report, f" {paths}" if paths else "") if report.command == "fetch" else []


def _after_fetch(report: BatchReport, paths: str) -> list[str]:
    steps = []
    failing = {*report.failing} - {*report.held_back}
    if failing and not report.submitted:
        told = [request for request in report.failed_requests if request.path in failing]
        may_pass = any(RESUBMIT in of_request(request.code, request.status).remedy for request in told)
        steps.append(
            f"Next: `vsync batch fetch --resubmit-failed{paths}` runs just what failed once more."
            if may_pass or failing - {request.path for request in told}
            else "Next: correct the requests that failed. Then `vsync batch submit` runs the changed files."
        )
    if report.pending:
        steps.append(f"Next: `vsync batch fetch --wait{paths}` brings the other results.")
    if report.unsubmitted:
        steps.append("Next: `vsync batch submit` makes the batches of the files without one.")
    return steps
