"""What became of request files and batches, as Markdown for a job summary. Pure. Nothing in paths, ids and messages renders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vsync.batch.batch_advice import next_steps, what_to_do
from vsync.batch.batch_report import BatchReport, Mistake, by_path
from vsync.batch.batch_table import files_without_results, status_rows, status_steps, status_total
from vsync.batch.batch_text import batch_headline, facts, lasting, notes_of
from vsync.report.markup import alert, code, folded, prose, sentences, table
from vsync.system.wording import count, size

if TYPE_CHECKING:
    from vsync.batch.status_report import StatusReport

_BUDGET = 60_000
"""Of bytes for one table. GitHub shows no summary of more than a megabyte, and there are at most twelve tables."""
_MOST_WARNINGS = 20
_MOST_MISTAKES = 50
"""Of one request file."""
_MOST_FILES = 500
_MOST_CODES = 20


Words = Callable[[str], str]


def batch_summary(report: BatchReport, why: str | None = None, words: Words = str) -> str:
    """`why` says why nothing was submitted. `words` says commands as readers of the summary give them."""
    said = batch_headline(report)
    lines = [f"## {said.mark} vsync batch {report.command}: {said.sentence}", ""]
    if why is not None:
        lines += [f"Nothing was submitted: {prose(why)}.", ""]
    elif report.dry_run:
        lines += ["Nothing was changed: this is a dry run.", ""]
    if report.error is not None:
        lines += alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    lines += _warnings(report.warnings)
    lines += [*_invalid(report), *_failed(report), *_failed_requests(report, words)]
    lines += [*_submitted(report), *_fetched(report), *_pending(report), *_cancelled(report), *_unsubmitted(report)]
    lines += [*_published(report), *_others(report)]
    lines += [f"{sentences(words(step))}\n" for step in (next_steps(report) if why is None else ())]
    return "\n".join([*lines, folded("Folders and numbers", "\n".join(f"- {prose(fact)}" for fact in facts(report)))])


def status_summary(report: StatusReport, folder: str, words: Words = str) -> str:
    """The batches of a source. `folder` is the source folder. `words`: see `batch_summary`."""
    lines = [f"## vsync batch status: {prose(status_total(report))}", ""]
    titles, *rows = status_rows(report)
    cells = [
        [code(cell) if title in _NAMES else prose(cell) for title, cell in zip(titles, row, strict=True)]
        for row in rows
    ]
    lines += _table([title.capitalize() for title in titles], [title in _NUMBERS for title in titles], cells)
    for title, paths in files_without_results(report):
        lines += [f"### {title} ({len(paths):,})", "", f"In {code(folder)}:", ""]
        lines += _table(["File"], [False], [[code(path)] for path in paths])
    lines += [f"{sentences(words(step))}\n" for step in status_steps(report)]
    return "\n".join(lines)


_NAMES = frozenset({"PATH", "SOURCE", "BATCH"})
_NUMBERS = frozenset({"DONE", "FAILED", "AGE", "LEFT", "TOKENS", "TRY"})


# --- What needs an eye --------------------------------------------------------------------------------------


def _warnings(warnings: Sequence[str]) -> list[str]:
    if not warnings:
        return []
    left = len(warnings) - _MOST_WARNINGS
    more = [f"… and {count(left, 'more warning')}, which the log has."] if left > 0 else []
    return alert("WARNING", *(prose(warning) for warning in warnings[:_MOST_WARNINGS]), *more)


def _invalid(report: BatchReport) -> Iterator[str]:
    if not report.invalid:
        return
    yield from (f"### Invalid request files ({len(report.invalid):,})", "")
    yield from ("They were not uploaded. Correct them and push again.", "")
    rows = []
    for file in by_path(report.invalid)[:_MOST_FILES]:
        rows += _mistakes(file.path, file.mistakes, file.more)
    yield from _table(["File", "Line", "What is wrong"], [False, True, False], rows)


def _mistakes(path: str, mistakes: Sequence[Mistake], more: int = 0) -> list[list[str]]:
    """The first mistakes of a file as rows, and how many there are beside them."""
    shown = mistakes[:_MOST_MISTAKES]
    left = len(mistakes) - len(shown) + more
    rows = [[code(path), _line(mistake.line), prose(mistake.message)] for mistake in shown]
    return [*rows, *([[code(path), "", f"… and {count(left, 'more mistake')}"]] if left else [])]


def _line(line: int | None) -> str:
    return "" if line is None else f"{line:,}"


def _failed(report: BatchReport) -> Iterator[str]:
    if not report.failed:
        return
    yield from (f"### Failed ({len(report.failed):,})", "")
    rows = [
        [
            code(each.path),
            code(each.batch_id) if each.batch_id else "",
            code(each.code),
            prose(each.message),
            sentences(each.remedy),
        ]
        for each in by_path(report.failed)
    ]
    yield from _table(["File", "Batch", "Code", "What happened", "What to do"], [False] * 5, rows)
    mistakes = [row for each in by_path(report.failed) for row in _mistakes(each.path, each.mistakes)]
    if mistakes:
        yield from ("What the API says of their lines:", "")
        yield from _table(["File", "Line", "Error"], [False, True, False], mistakes)


def _failed_requests(report: BatchReport, words: Words) -> Iterator[str]:
    total = report.failed_requests_total
    if total:
        yield from (f"### Failed requests ({total:,})", "")
        yield from (f"- {sentences(words(text))}" for text in what_to_do(report)[:_MOST_CODES])
        yield ""
        rows = [
            [code(each.path), _line(each.line), code(each.custom_id), code(each.code), prose(each.message)]
            for each in report.failed_requests
        ]
        shown, left = table(
            ["File", "Line", "Request", "Code", "Why"], [False, True, False, False, False], rows, _BUDGET
        )
        left += total - len(rows)
        yield shown
        if left:
            yield from (f"… and {left:,} more. The summary file beside each results file names them.", "")
    told = {each.path for each in report.failed_requests}
    earlier = [path for path in report.failing if path not in told]
    if earlier:
        yield from (f"### Request files whose results hold failures of an earlier run ({len(earlier):,})", "")
        yield from _table(["File"], [False], [[code(path)] for path in earlier])


# --- What went well -----------------------------------------------------------------------------------------


def _submitted(report: BatchReport) -> Iterator[str]:
    if not report.submitted:
        return
    yield from ("### Would be submitted" if report.dry_run else "### Submitted", "")
    rows = [
        [
            code(made.path),
            *([] if report.dry_run else [code(made.batch_id) if made.batch_id else ""]),
            f"{made.requests:,}{' (what failed before)' if made.resubmission else ''}",
            prose(size(made.bytes)),
            code(made.endpoint),
            code(made.model) if made.model else "",
        ]
        for made in by_path(report.submitted)
    ]
    named = ["File"] if report.dry_run else ["File", "Batch"]
    right = [False] * len(named) + [True, True, False, False]
    yield from _table([*named, "Requests", "Size", "Endpoint", "Model"], right, rows)


def _fetched(report: BatchReport) -> Iterator[str]:
    if not report.fetched:
        return
    yield from ("### Results that would be written" if report.dry_run else "### Results", "")
    rows = [
        [
            code(each.path),
            " ".join(filter(None, (code(each.results), prose(notes_of(each))))),
            f"{each.requests:,}",
            f"{each.completed:,}",
            f"{each.failed:,}",
            f"{each.tokens:,}" if each.tokens is not None else "",
        ]
        for each in report.results
    ]
    yield from _table(
        ["Requests", "Results", "All", "Completed", "Failed", "Tokens"], [False, False, True, True, True, True], rows
    )


def _pending(report: BatchReport) -> Iterator[str]:
    if not report.pending:
        return
    yield from ("### Pending", "")
    rows = [
        [
            code(each.path),
            code(each.status),
            f"{each.completed + each.failed:,} of {each.requests:,}",
            f"{each.failed:,}",
            lasting(each.age_s),
            lasting(each.left_s) if each.left_s is not None else "",
            code(each.batch_id),
        ]
        for each in by_path(report.pending)
    ]
    yield from _table(
        ["File", "State", "Done", "Failed", "Age", "Left", "Batch"], [False, False, True, True, True, True, False], rows
    )


def _cancelled(report: BatchReport) -> Iterator[str]:
    rows = [[code(each.path), code(each.batch_id), code(each.status)] for each in by_path(report.cancelled)]
    if rows:
        yield from ("### Cancelled", "", *_table(["File", "Batch", "State"], [False] * 3, rows))


def _unsubmitted(report: BatchReport) -> Iterator[str]:
    rows = [[code(path)] for path in report.unsubmitted]
    if rows:
        yield from (f"### Request files without a batch ({len(rows):,})", "", *_table(["File"], [False], rows))


def _published(report: BatchReport) -> Iterator[str]:
    if report.published is not None:
        branch, commit = report.published.get("branch", ""), report.published.get("commit", "")[:12]
        fetch, restore = f"git fetch origin {branch}", f"git restore --source=FETCH_HEAD {report.results_folder}"
        yield (
            f"The results are on the branch {code(branch)} (commit {code(commit)}). In a clone, {code(fetch)} and "
            f"{code(restore)} bring them.\n"
        )


def _others(report: BatchReport) -> Iterator[str]:
    """What nobody has to look at, folded."""
    if report.checked:
        rows = [[code(path)] for path in report.checked]
        yield folded(f"Checked ({len(rows):,})", "\n".join(_table(["File"], [False], rows)))
    if report.unchanged:
        rows = [[code(each.path), sentences(each.reason)] for each in by_path(report.unchanged)]
        title = "Not cancelled" if report.command == "cancel" else "Unchanged"
        yield folded(f"{title} ({len(rows):,})", "\n".join(_table(["File", "Why"], [False, False], rows)))
    if report.skipped:
        rows = [[code(each.path), sentences(each.reason)] for each in report.skipped]
        yield folded(f"Skipped ({len(rows):,})", "\n".join(_table(["File", "Why"], [False, False], rows)))
    if report.left:
        rows = [[code(path)] for path in report.left]
        yield folded(f"Left for the next run ({len(rows):,})", "\n".join(_table(["File"], [False], rows)))


def _table(head: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    shown, left = table(head, right, rows, _BUDGET)
    yield shown
    if left:
        yield from (f"… and {left:,} more, which the JSON report has.", "")
