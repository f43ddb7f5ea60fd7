"""What verify found and did, as the job summary. Pure. Nothing in file names or messages renders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vsync.report.body import Synced
from vsync.report.document_tables import OPEN_ROWS, Cells, changes, failures, unbroken, what_to_do
from vsync.report.markdown import cautions, counts, detail, provenance, store_line, warnings
from vsync.report.markup import code, fenced, file_url, folded, link, prose, table
from vsync.report.next_step import next_command
from vsync.report.remedies import DRIFT
from vsync.report.report import Report
from vsync.report.verification import FATES, Drift, Fate, Verification, by_kind, kept_back, others_title
from vsync.system.wording import count


def details(report: Report, verification: Verification, title: str, budget: int) -> str:
    """The title, what differs and how to mend it, what was mended, and what is not ours."""
    head = "\n".join([title, "", *detail(report), *cautions(report)])
    foot = "\n".join([*_rest(report, verification), provenance(report)])
    room = budget - len((head + foot).encode()) - 4_000
    parts = [head]
    for heading, columns, rows in _tables(report, verification):
        if not rows:
            continue
        parts.append(_section(heading, columns, rows, room))
        room -= len(parts[-1].encode()) + 1
        if heading == _DRIFT:
            parts += [*_what_to_do(verification), *_how_to_repair(report)]
        if heading in {_FAILED, _REFUSED}:
            parts += what_to_do(verification.documents)
    return "\n".join([*parts, foot])


_DRIFT, _FAILED, _REFUSED = "Drift", "Failed", "Refused for good by earlier runs"


def _section(heading: str, columns: tuple[str, ...], rows: list[tuple[str, ...]], room: int) -> str:
    """A table under its heading, folded where it is long. The drift itself is the reason to look, so it is never folded."""
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    shown, rest = table(columns, (False,) * len(columns), rows, room - len(heading.encode()) - 200)
    more = f"… and {rest:,} more, which stand in the JSON report (output `report`).\n" if rest else ""
    if heading != _DRIFT and len(rows) - rest > OPEN_ROWS:
        return f"{folded(f'{heading} ({len(rows):,})', shown)}{more}"
    return f"**{heading}**\n\n{shown}{more}"


def _what_to_do(verification: Verification) -> Iterator[str]:
    yield from ("**What to do**", "")
    yield from (f"- {code(kind)} ({number:,}): {prose(DRIFT[kind])}" for kind, number in by_kind(verification.drift))
    yield ""


def _how_to_repair(report: Report) -> Iterator[str]:
    command = next_command(report)
    if command is not None:
        yield from fenced(command)
        yield f"Or run this step in a workflow that may write, with the inputs {code('command: verify')} and {code('args: --repair')}."
        yield ""


def _rest(report: Report, verification: Verification) -> Iterator[str]:
    """Warnings, the numbers, and the store."""
    yield from warnings(report)
    synced = verification.sync if isinstance(verification.sync, Synced) else None
    if synced:
        yield from counts(synced.documents, planned=False)
    if verification.compared and synced is None:
        yield f"{count(verification.sound, 'document is', 'documents are')} in the store as the manifest says."
        yield ""
    if any(item.fate == "listed" for item in verification.taken):
        yield "Nothing was taken over. With `--yes` vsync first syncs all documents, then takes out just the entries listed above."
        yield ""
    if verification.kept_back:
        yield kept_back(verification.kept_back)
        yield ""
    yield from store_line(report, synced.store if synced else None)


_Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""The heading, the heads of the columns, and the rows."""

_MARKS: dict[Fate, str] = {"listed": "📋", "deleted": "➖", "detached": "➖", "left": "⏭️"}


def _tables(report: Report, verification: Verification) -> Iterator[_Table]:
    kinds = ("", "Document", "File", "")
    yield _DRIFT, kinds, [_drift_row(report, item) for item in verification.drift]
    yield "Mended", kinds, [_drift_row(report, item) for item in verification.mended]
    documents, of_documents = verification.documents, ("", "Document", "")
    of_this_run = isinstance(verification.sync, Synced)
    failed = _narrow(failures(report, documents, planned=not of_this_run))
    if of_this_run:
        yield _FAILED, of_documents, failed
    if verification.sync:
        heading = "What sync would do" if report.dry_run else "What was done"
        yield heading, of_documents, _narrow(changes(report, documents, planned=report.dry_run))
    if not of_this_run:
        yield _REFUSED, of_documents, failed
    yield (
        "Taken over" if any(item.fate != "listed" for item in verification.taken) else "To take over",
        kinds,
        [
            (
                unbroken(f"{_MARKS[item.fate]} {FATES[item.fate]}"),
                code(item.entry.name),
                code(item.entry.file_id),
                prose(item.detail, 300),
            )
            for item in verification.taken
        ],
    )
    yield (
        prose(others_title(verification.others)),
        ("Entry", "File", ""),
        [(code(item.name or "?"), code(item.file_id), prose(item.detail, 300)) for item in verification.others],
    )


def _narrow(rows: Iterable[Cells]) -> list[tuple[str, ...]]:
    """Rows of documents without their sizes."""
    return [(cells.what, cells.name, cells.more) for cells in rows]


def _drift_row(report: Report, item: Drift) -> tuple[str, ...]:
    name = link(code(item.path), file_url(report.repository_url, report.head, item.path)) if item.path else ""
    return code(item.kind), name, code(item.file_id) if item.file_id else "", prose(item.detail, 300)
