"""What a workflow sees of `batch status`, beside its table: the outputs. Pure."""

from __future__ import annotations

from vsync.batch.metadata import OwnBatch, by_content, without_cancelled_twins
from vsync.batch.status_report import StatusReport


def status_outputs(report: StatusReport) -> dict[str, str]:
    """The action's outputs, without the path of the report. `failed` and `pending` count what those of `batch fetch` count."""
    own = _own(report)
    return {
        "submitted": "0",
        "completed": "0",
        "failed": str(len(_failed_files(report, own))),
        "pending": str(sum(batch.live for batch in own)),
        "changed": "false",
        "dry-run": "false",
        "manifest-commit": "",
        "failure-reason": "",
    }


def _own(report: StatusReport) -> list[OwnBatch]:
    """The batches of this source, the oldest first."""
    own = [OwnBatch(row.made, row.info) for row in report.batches if row.ours and row.made is not None]
    return without_cancelled_twins(sorted(own, key=lambda batch: batch.order))


def _failed_files(report: StatusReport, own: list[OwnBatch]) -> set[str]:
    """The request files whose batch the API refused, or whose results hold failures.

    A job has a new clone, and the results may be on a branch. Of results that are not here the API's numbers tell.
    """
    failed = {*report.failing, *report.refused}
    paths = {row.made.sha256: row.paths for row in report.batches if row.ours and row.made is not None}
    here = {row.made.sha256 for row in report.batches if row.fetched and row.made is not None}
    for sha256, batches in by_content(own).items():
        last = batches[-1].info
        fell_short = last.status == "failed" or last.completed < last.total
        if fell_short and sha256 not in here and not any(batch.live for batch in batches):
            failed.update(paths[sha256])
    return failed
