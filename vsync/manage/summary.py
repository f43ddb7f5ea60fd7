"""Listings and bulk deletes as Markdown for a job summary. Pure. Names and messages are hostile: nothing in them renders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vsync.manage.bulk_report import BulkReport, Deleted, Fact, Failure, Spared
from vsync.manage.bulk_text import bulk_headline, remedies_of
from vsync.manage.filters import Use
from vsync.manage.listings import Look, age, file_rows, store_rows, store_total
from vsync.report.markup import alert, code, fenced, folded, prose, sentences, table
from vsync.report.text import Line
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.system.wording import count, shortened, size

_BUDGET = 250_000
"""Of bytes for one table. GitHub shows no summary of more than a megabyte."""
_NAMED = 100
_MOST_LINES = 500
_NUMBERS = frozenset({"FILES", "FAILED", "INDEXING", "SIZE", "COST/DAY", "AGE", "USED"})
_NAMES = frozenset({"ID", "NAME", "STORES", "OWNER"})


# --- Listings -----------------------------------------------------------------------------------------------


def stores_summary(stores: Sequence[StoreInfo], look: Look, *, whole: bool) -> str:
    title = f"## vsync stores: {store_total(stores, look, whole)}\n\n"
    return title + _listing(store_rows(stores, look))


def files_summary(files: Sequence[UploadedFile], look: Look, uses: Mapping[str, Sequence[Use]] | None) -> str:
    total = f"{count(len(files), 'File')}, {size(sum(file.bytes for file in files))}"
    return f"## vsync files: {total}\n\n" + _listing(file_rows(files, look, uses))


def details_summary(what: str, lines: Sequence[Line]) -> str:
    """What a command shows of one thing. `what` is the command."""
    shown = [line.text for line in lines[:_MOST_LINES]]
    left_out = len(lines) - len(shown)
    more = f"… and {left_out:,} more lines, which the JSON has.\n" if left_out else ""
    return f"## vsync {what}\n\n" + "\n".join(fenced("\n".join(shown), "text")) + more


def _listing(rows: Sequence[Sequence[str]]) -> str:
    titles, *body = rows
    cells = [
        [code(cell) if title in _NAMES else prose(cell) for title, cell in zip(titles, row, strict=True)]
        for row in body
    ]
    return _table([title.capitalize() for title in titles], [title in _NUMBERS for title in titles], cells)


# --- Deletes ------------------------------------------------------------------------------------------------


def bulk_summary(report: BulkReport, why: str | None, now: int) -> str:
    """What became of a bulk delete. `why` says why it only showed what it would delete. `now` is the time for the ages."""
    said = bulk_headline(report)
    command = "stores delete" if report.kind == "stores" else "files delete"
    lines = [f"## {said.mark} vsync {command}: {said.sentence}", ""]
    if why is not None:
        lines += [f"Nothing was deleted: {prose(why)}.", ""]
    elif report.dry_run:
        lines += ["Nothing was deleted: this is a dry run.", ""]
    if report.error is not None:
        lines += alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.warnings:
        lines += alert("WARNING", *(prose(warning) for warning in report.warnings[:20]))
    if report.breaks:
        lines += alert(
            "WARNING",
            "This repository's manifest names what is deleted:",
            *(prose(what) for what in report.breaks[:20]),
        )
    if report.notes:
        lines += [*(prose(note) for note in report.notes), ""]
    lines += [_counts(report), *_failures(report), *_spared(report), *_deleted(report, now)]
    return "\n".join(lines)


def _counts(report: BulkReport) -> str:
    gone = "Would go" if report.dry_run else "Deleted"
    own = "Vector stores" if report.kind == "stores" else "Files"
    parts = [(own, report.deleted), *([("Their Files", report.files)] if report.files is not None else [])]
    rows = [
        [name, *(f"{len(found):,}" for found in (deleted.success, deleted.failed, deleted.spared))]
        for name, deleted in parts
    ]
    return _table(["", gone, "Failed", "Spared"], [False, True, True, True], rows)


def _both(report: BulkReport) -> list[Deleted]:
    return [report.deleted, *([report.files] if report.files is not None else [])]


def _failures(report: BulkReport) -> Iterator[str]:
    failed: list[Failure] = [failure for deleted in _both(report) for failure in deleted.failed]
    if not failed:
        return
    yield f"### Failed ({len(failed):,})"
    yield ""
    rows = [
        [
            code(shortened(failure.id)),
            _name(failure.id, report),
            str(failure.status_code or ""),
            prose(failure.error),
            code(failure.request_id) if failure.request_id else "",
        ]
        for failure in failed
    ]
    yield _table(["Id", "Name", "Status", "Reason", "Request"], [False, False, True, False, False], rows)
    yield from (f"- {sentences(remedy)}" for remedy in remedies_of(report))
    yield ""


def _spared(report: BulkReport) -> Iterator[str]:
    spared: list[Spared] = [item for deleted in _both(report) for item in deleted.spared]
    if spared:
        rows = [[_name(item.id, report), prose(item.reason), code(shortened(item.id))] for item in spared]
        yield folded(f"Spared ({len(spared):,})", _table(["Name", "Why", "Id"], [False, False, False], rows))


def _deleted(report: BulkReport, now: int) -> Iterator[str]:
    """What went, or would go: of the first things the names, sizes and ages, because nobody can judge an id."""
    for what, deleted in zip(("vector store", "File"), _both(report), strict=False):
        if deleted.success:
            number = count(len(deleted.success), "File" if report.kind == "files" else what)
            title = f"{'Would go' if report.dry_run else 'Deleted'}: {number}"
            first, others = deleted.success[:_NAMED], deleted.success[_NAMED:]
            rows = [[_name(item, report), *_size_and_age(report.known.get(item), now), code(item)] for item in first]
            parts = [_table(["Name", "Size", "Age", "Id"], [False, True, True, False], rows)]
            if others:
                parts.append(_table(["Others"], [False], [[code(item)] for item in others]))
            yield folded(title, "\n".join(parts))


def _name(item: str, report: BulkReport) -> str:
    name = report.known[item].name if item in report.known else ""
    return code(shortened(name)) if name else ""


def _size_and_age(fact: Fact | None, now: int) -> list[str]:
    if fact is None:
        return ["", ""]
    return [prose(size(fact.bytes)), prose(age(fact.made_at, now)) if fact.made_at > 0 else ""]


def _table(head: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    shown, left_out = table(head, right, rows, _BUDGET)
    return f"{shown}\n… and {left_out:,} more, which the JSON has.\n" if left_out else shown
