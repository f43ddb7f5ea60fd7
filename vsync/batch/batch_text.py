"""What became of request files and batches, in plain text. Pure. Paths, ids and messages are hostile: nothing in them acts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from vsync.batch.batch_advice import what_to_do
from vsync.batch.batch_report import (
    BatchReport,
    Failed,
    FailedRequest,
    Fetched,
    Invalid,
    Mistake,
    Pending,
    Submitted,
    by_path,
)
from vsync.errors import Interrupted
from vsync.report.text import Line, Tone
from vsync.system.redaction import printable
from vsync.system.wording import count, shortened, size

_SHOWN = 20
_REQUESTS_SHOWN = 50
_LONGEST_MESSAGE = 500
_LONGEST_ID = 120


class Headline(NamedTuple):
    """A mark and a sentence without a full stop. Nothing in it comes from a file or from the API."""

    mark: str
    sentence: str


def batch_headline(report: BatchReport) -> Headline:
    parts = _parts(report)
    if report.error is not None:
        ended = "Interrupted" if isinstance(report.error, Interrupted) else "Ended early"
        return Headline("🛑", f"{ended}: {', '.join(parts) or _NOT_DONE[report.command]}")
    said = ", ".join(parts) or _NOTHING[report.command]
    if report.command == "cancel" and report.unchanged and not report.cancelled:
        said = f"nothing was cancelled, {said}"
    if report.deadline_passed:
        said = f"The time to wait is over: {said}"
    mark = "❌" if report.exit_code else "🔍" if report.dry_run else "✅"
    return Headline(mark, f"{said[0].upper()}{said[1:]}")


_NOTHING = {
    "submit": "there is no request file",
    "fetch": "there are no new results",
    "cancel": "nothing was cancelled: no batch is under way",
}
_NOT_DONE = {"submit": "no batch was made", "fetch": "no results were written", "cancel": "no batch was cancelled"}
"""Of a run that ended early. It may have uploaded or downloaded something."""


def _parts(report: BatchReport) -> list[str]:
    would = "would be " if report.dry_run else ""
    again = sum(made.resubmission for made in report.submitted)
    made = len(report.submitted) - again
    unchanged = (
        ("batch", "batches", " had ended before") if report.command == "cancel" else ("file", "files", " unchanged")
    )
    checked = len(report.checked) + len(report.invalid) if report.checked else 0
    numbers = [
        (checked, "request file", "request files", " checked"),
        (len(report.results), "results file", "results files", f" {would}written"),
        (made, "batch", "batches", f" {would}made"),
        (again, "batch", "batches", f" of failed requests {would}made"),
        (len(report.cancelled), "batch", "batches", " cancelled"),
        (len(report.unchanged), *unchanged),
        (len(report.left), "file", "files", " left for the next run"),
        (len(report.unsubmitted), "request file", "request files", " without a batch"),
        (len(_others_pending(report)), "batch", "batches", " pending"),
        (len(report.invalid), "file", "files", " invalid"),
        (len(report.failed), "file or batch", "files or batches", " failed"),
        (report.failed_requests_total, "request", "requests", " failed"),
    ]
    parts = [count(number, one, many) + what for number, one, many, what in numbers if number]
    if report.failing and not report.failed_requests_total:
        parts.append(f"failed requests in {count(len(report.failing), 'results file')}")
    return parts


def _others_pending(report: BatchReport) -> list[Pending]:
    """The batches under way that this run did not make: those that it made stand in the report as such."""
    made = {each.batch_id for each in report.submitted}
    return [each for each in report.pending if each.batch_id not in made]


def report_lines(report: BatchReport, steps: Sequence[str], *, verbose: bool = False) -> list[Line]:
    """What became of the request files: first what went well, then what needs a person's eye, then the result and numbers.

    `steps` are what comes next: see `next_steps`.
    """
    said = batch_headline(report)
    most = sys.maxsize if verbose else _SHOWN
    tone: Tone = "bad" if said.mark in {"❌", "🛑"} else "good"
    lines = [
        *_listed("Checked", report.checked, most, "added"),
        *_listed(
            "Would be submitted" if report.dry_run else "Submitted",
            map(_submitted, by_path(report.submitted)),
            most,
            "added",
        ),
        *_listed(
            "Not cancelled" if report.command == "cancel" else "Unchanged",
            (f"{each.path}: {each.reason}" for each in report.unchanged),
            most,
            "faint",
        ),
        *_listed("Left for the next run", report.left, most, "faint"),
        *_listed("Without a batch", report.unsubmitted, most, "warn"),
        *_listed("Skipped", (f"{each.path}: {each.reason}" for each in report.skipped), most, "faint"),
        *_listed("Would be written" if report.dry_run else "Results", map(_fetched, report.results), most, "added"),
        *_listed("Cancelled", (f"{each.path}: {each.batch_id} {each.status}" for each in report.cancelled), most),
        *pending_lines(_others_pending(report), most),
        *_failed_requests(report),
        *_headed("Failed", _failed(by_path(report.failed))),
        *_headed("Invalid", _invalid(by_path(report.invalid))),
        *(Line(f"Warning: {warning}", "warn") for warning in report.warnings),
        Line(f"{said.sentence}.", tone),
        *(Line(f"  {text}", "faint") for text in facts(report)),
        *map(Line, steps),
    ]
    return [Line(printable(line.text), line.tone) for line in lines]


def pending_lines(pending: Sequence[Pending], most: int = _SHOWN) -> list[Line]:
    """The batches that have not ended, one a line."""
    return [Line(printable(line.text), line.tone) for line in _listed("Pending", map(_pending, pending), most)]


# --- What went well -----------------------------------------------------------------------------------------


def _submitted(made: Submitted) -> str:
    what = [count(made.requests, "request"), size(made.bytes), made.endpoint, *([made.model] if made.model else [])]
    batch = f" → {made.batch_id}" if made.batch_id else ""
    notes = " (what failed before)" if made.resubmission else ""
    return f"{made.path}{batch}: {', '.join(what)}{notes}"


def _fetched(found: Fetched) -> str:
    failed = f", {found.failed:,} failed" if found.failed else ""
    tokens = f", {found.tokens:,} tokens" if found.tokens is not None else ""
    return f"{found.results}: {found.completed:,} of {count(found.requests, 'request')} completed{failed}{tokens}{notes_of(found)}"


def notes_of(found: Fetched) -> str:
    """What is unusual about a results file, in brackets; empty: nothing is."""
    notes = [] if found.status == "completed" else [f"the batch is {found.status}"]
    notes += [] if found.current else ["of an earlier content of the request file"]
    notes += [] if found.in_input_order else ["not in the order of the requests"]
    return f" ({'; '.join(notes)})" if notes else ""


def _pending(batch: Pending) -> str:
    done = batch.completed + batch.failed
    failed = f", {batch.failed:,} failed" if batch.failed else ""
    left = f", {lasting(batch.left_s)} left" if batch.left_s is not None else ""
    return (
        f"{batch.path}: {batch.batch_id} {batch.status}, {done:,} of {count(batch.requests, 'request')} done{failed}, "
        f"{lasting(batch.age_s)} old{left}"
    )


def lasting(seconds: int) -> str:
    """A length of time as people read it: `45 s`, `12 min`, `3 h 20 min`, `12 d`."""
    seconds = max(seconds, 0)
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        minutes = seconds % 3_600 // 60
        return f"{seconds // 3_600} h" + (f" {minutes} min" if minutes else "")
    return f"{seconds // 86_400} d"


# --- What needs an eye --------------------------------------------------------------------------------------


def _invalid(invalid: Iterable[Invalid]) -> Iterator[Line]:
    """Each mistake on a line of its own, as compilers write them: editors and people find the place."""
    for file in invalid:
        yield from _mistakes(file.path, file.mistakes)
        if file.more:
            yield Line(f"{file.path}: … and {count(file.more, 'more mistake')}", "bad")


def _mistakes(path: str, mistakes: Iterable[Mistake]) -> Iterator[Line]:
    for mistake in mistakes:
        place = path if mistake.line is None else f"{path}:{mistake.line}"
        yield Line(f"{place}: {shortened(mistake.message, _LONGEST_MESSAGE)}", "bad")


def _failed(failed: Iterable[Failed]) -> Iterator[Line]:
    for each in failed:
        batch = f" ({each.batch_id})" if each.batch_id else ""
        yield Line(f"{each.path}{batch}: {each.code}: {shortened(each.message, _LONGEST_MESSAGE)}", "bad")
        if each.remedy:
            yield Line(f"  {each.remedy}")
        yield from _mistakes(each.path, each.mistakes)


def _failed_requests(report: BatchReport) -> Iterator[Line]:
    total = report.failed_requests_total
    if total:
        yield Line(f"Failed requests ({total:,}):")
        for request in report.failed_requests[:_REQUESTS_SHOWN]:
            yield Line(f"  {_request(request)}", "bad")
        left = total - min(len(report.failed_requests), _REQUESTS_SHOWN)
        if left:
            yield Line(f"  … and {left:,} more: the summary file beside each results file names them", "faint")
        yield Line("What to do about failed requests:")
        yield from (Line(f"  {text}") for text in what_to_do(report))
    told = {request.path for request in report.failed_requests}
    earlier = [path for path in report.failing if path not in told]
    if earlier:
        yield from _listed("Request files whose results hold failures", earlier, _SHOWN, "bad")


def _request(request: FailedRequest) -> str:
    place = request.path if request.line is None else f"{request.path}:{request.line}"
    return (
        f"{place}: {shortened(request.custom_id, _LONGEST_ID)}: {request.code}: "
        f"{shortened(request.message, _LONGEST_MESSAGE)}"
    )


# --- Numbers ------------------------------------------------------------------------------------------------


def facts(report: BatchReport) -> Iterator[str]:
    """The numbers of the run."""
    if report.source:
        yield f"{report.source}: {report.source_folder} → {report.results_folder}"
    moved = [f"uploaded {size(report.bytes_uploaded)}"] if report.bytes_uploaded else []
    moved += [f"downloaded {size(report.bytes_downloaded)}"] if report.bytes_downloaded else []
    asked = sum(report.requests.values())
    yield ", ".join([*moved, f"{count(asked, 'request')} to the API", f"{report.duration_s:.1f} s"])
    if report.cleaned:
        yield f"deleted {count(report.cleaned, 'File')} of the API"
    if report.published is not None:
        commit = report.published.get("commit", "")[:12]
        yield f"results pushed to {report.published.get('branch', '')} ({commit})"


# --- Parts --------------------------------------------------------------------------------------------------


def _headed(title: str, lines: Iterable[Line]) -> list[Line]:
    found = list(lines)
    return [Line(f"{title}:"), *found] if found else []


def _listed(title: str, items: Iterable[str], most: int, tone: Tone = "plain") -> list[Line]:
    lines = [Line(f"  {item}", tone) for item in items]
    if not lines:
        return []
    left = len(lines) - most
    if left > 1:
        lines = [*lines[:most], Line(f"  … and {left:,} more (-v lists all)", "faint")]
    return [Line(f"{title}:"), *lines]
