"""The batches of `vsync batch status` as a table. Pure. Paths, ids and messages are hostile: nothing in them acts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vsync.batch.batch_text import lasting
from vsync.manage.listings import NOTHING_TO_SHOW, table_lines
from vsync.manage.table import Column, fitted
from vsync.report.text import Line, Tone
from vsync.system.redaction import printable
from vsync.system.wording import count, shortened

if TYPE_CHECKING:
    from vsync.batch.status_report import BatchRow, StatusReport

_MOST_FILES = 20
_MOST_ERRORS = 3
_LONGEST_MESSAGE = 300


def status_lines(report: StatusReport, folder: str, width: int | None) -> list[Line]:
    """A row for each batch, the errors of those that the API refused, and the request files without a batch.

    `folder` is the source folder. `width`: of the terminal, in cells; None: it is no terminal, and nothing is cut.
    """
    lines = []
    if report.batches:
        lines += _table(*status_rows(report), width=width)
    lines += _refused(report.batches)
    lines.append(Line(f"{status_total(report)}."))
    for title, paths in files_without_results(report):
        lines += _files(title, paths, sys.maxsize if width is None else _MOST_FILES)
    if not report.batches and not files_without_results(report):
        lines.append(Line(f"No request file in {folder} waits for a batch.", "faint"))
    lines += [Line(step, "faint") for step in status_steps(report)]
    return [Line(printable(line.text), line.tone) for line in lines]


def _table(titles: Sequence[str], *rows: Sequence[str], width: int | None) -> list[Line]:
    """A row for each batch. Where the columns do not fit, each id stands on a line of its own: a cut id is of no use."""
    columns = [_COLUMNS[title] for title in titles]
    if not fitted(columns, rows, width).left_out:
        return table_lines(titles, rows, width, _COLUMNS)
    kept = [number for number, title in enumerate(titles) if title != "BATCH"]
    ids = [row[titles.index("BATCH")] for row in rows]
    lines = table_lines([titles[n] for n in kept], [[row[n] for n in kept] for row in rows], width, _COLUMNS)
    head, body, rest = lines[0], lines[1 : 1 + len(rows)], lines[1 + len(rows) :]
    pairs = zip(body, ids, strict=True)
    return [head, *(line for row, name in pairs for line in (row, Line(f"  {name}", "faint"))), *rest]


def _files(title: str, paths: Sequence[str], most: int) -> list[Line]:
    left = [Line(f"  … and {len(paths) - most:,} more (all with --json)", "faint")] if len(paths) > most else []
    return [Line(f"{title} ({len(paths):,}):"), *(Line(f"  {path}") for path in paths[:most]), *left]


def files_without_results(report: StatusReport) -> list[tuple[str, list[str]]]:
    """The request files that need a person, with what is the matter with them."""
    titles = [
        ("Request files without a batch", report.unsubmitted),
        ("Request files that the API refused", report.refused),
        ("Request files whose results hold failures", report.failing),
    ]
    return [(title, paths) for title, paths in titles if paths]


def status_steps(report: StatusReport) -> list[str]:
    """What a person does next, in sentences with commands."""
    steps = []
    if report.unsubmitted:
        steps.append("Next: `vsync batch submit` makes the batches of the files without one.")
    if report.refused:
        steps.append("Next: correct the files that the API refused, and submit them: `vsync batch submit` says why.")
    if any(_is_ready(row) for row in report.batches):
        steps.append("Next: `vsync batch fetch` brings the results that are ready.")
    if report.failing:
        steps.append("Next: `vsync batch fetch` says which requests failed, why, and what to do.")
    return steps


_COLUMNS = {
    column.title: column
    for column in (
        Column("PATH", least=20),
        Column("SOURCE", least=10, drop=2),
        Column("STATE"),
        Column("DONE", right=True),
        Column("FAILED", right=True),
        Column("AGE", right=True, drop=5),
        Column("LEFT", right=True, drop=1),
        Column("TOKENS", right=True, drop=6),
        Column("RESULTS", drop=3),
        Column("TRY", right=True, drop=4),
        Column("BATCH", drop=7),
    )
}


def status_rows(report: StatusReport) -> list[list[str]]:
    """The titles of the columns, and a row for each batch. Numbers of requests and tokens; ages and the time that is left."""
    others = any(not row.ours for row in report.batches)
    again = any(row.made is not None and row.made.attempt > 1 for row in report.batches)
    titles = [title for title in _COLUMNS if (others or title != "SOURCE") and (again or title != "TRY")]
    rows = [titles]
    for row in report.batches:
        batch = row.info
        cells = {
            "PATH": _path(row) or NOTHING_TO_SHOW,
            "SOURCE": row.made.source if row.made is not None else NOTHING_TO_SHOW,
            "STATE": batch.status,
            "DONE": f"{batch.completed + batch.failed:,}/{batch.total or (row.made.requests if row.made else 0):,}",
            "FAILED": f"{batch.failed:,}",
            "AGE": lasting(row.age_s),
            "LEFT": lasting(row.left_s) if row.left_s is not None else NOTHING_TO_SHOW,
            "TOKENS": f"{batch.total_tokens:,}" if batch.total_tokens is not None else NOTHING_TO_SHOW,
            "RESULTS": _results(row),
            "TRY": _attempt(row),
            "BATCH": batch.id,
        }
        rows.append([cells[title] for title in titles])
    return rows


def _path(row: BatchRow) -> str:
    """The request file that has this content now, and how many others; else the one that was submitted."""
    if not row.paths:
        return row.made.path if row.made is not None else ""
    more = f" (+{len(row.paths) - 1})" if len(row.paths) > 1 else ""
    return f"{row.paths[0]}{more}"


def _attempt(row: BatchRow) -> str:
    """Which batch of its content it is, and whether it has only what failed before."""
    if row.made is None:
        return NOTHING_TO_SHOW
    return f"{row.made.attempt} (failed only)" if row.made.part_sha256 else str(row.made.attempt)


def _results(row: BatchRow) -> str:
    if not row.ours:
        return NOTHING_TO_SHOW
    missing = "none" if row.info.ended and not _has_results(row) else NOTHING_TO_SHOW
    what = "fetched" if row.fetched else "ready" if _is_ready(row) else missing
    return what if row.current else f"{what}, of an earlier content"


def _is_ready(row: BatchRow) -> bool:
    return row.ours and row.info.ended and not row.fetched and _has_results(row)


def _has_results(row: BatchRow) -> bool:
    """Whether a batch has ended with results: one that was cancelled before it ran has none."""
    info = row.info
    files = info.output_file_id is not None or info.error_file_id is not None
    return info.status != "failed" and (info.status == "completed" or info.completed + info.failed > 0 or files)


def status_total(report: StatusReport) -> str:
    """What the batches are in all, without a full stop."""
    if not report.batches:
        return f"{report.source} has no batch"
    states = Counter(row.info.status for row in report.batches)
    told = ", ".join(f"{number:,} {printable(state).replace('_', ' ')}" for state, number in sorted(states.items()))
    tokens = sum(row.info.total_tokens or 0 for row in report.batches)
    return f"{count(len(report.batches), 'batch', 'batches')}: {told}" + (f"; {tokens:,} tokens" if tokens else "")


def _refused(rows: Sequence[BatchRow]) -> list[Line]:
    """The first errors of each batch that the API refused."""
    tone: Tone = "bad"
    lines = []
    for row in rows:
        errors = [error for error in row.info.errors if error.code or error.message] if row.ours else []
        path = _path(row)
        for error in errors[:_MOST_ERRORS]:
            place = path if error.line is None else f"{path}:{error.line}"
            said = ": ".join(filter(None, (error.code, shortened(error.message, _LONGEST_MESSAGE))))
            lines.append(Line(f"{place}: {said}", tone))
        if len(errors) > _MOST_ERRORS:
            lines.append(Line(f"{path}: … and {len(errors) - _MOST_ERRORS:,} more errors", tone))
    return lines
