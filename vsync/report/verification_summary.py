"""What verify found and did, as the job summary. Pure. Nothing in file names or messages renders."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.report.body import Synced
from vsync.report.markdown import (
    alerts,
    changes,
    commit,
    counts,
    from_where_to_where,
    store_sizes,
    unbroken,
    what_to_do,
)
from vsync.report.markup import code, file_url, link, prose, table
from vsync.report.remedies import DRIFT
from vsync.report.report import Report
from vsync.report.verification import FATES, Drift, Fate, Verification, by_kind, kept_back, others_title
from vsync.system.wording import count


def details(report: Report, verification: Verification, title: str, budget: int) -> str:
    """The title, what to do, and the tables: what differs, what was mended, and what is not ours."""
    head = "\n".join([title, "", *_head(report, verification)])
    room = budget - len(head.encode()) - 1_000
    parts = [head]
    for heading, columns, rows in _tables(report, verification):
        if not rows:
            continue
        shown, rest = table(columns, (False,) * len(columns), rows, room - len(heading.encode()))
        more = f"… and {rest:,} more, which stand in the JSON report (output `report`).\n" if rest else ""
        parts.append(f"**{heading}**\n\n{shown}{more}")
        room -= len(parts[-1].encode()) + 1
    return "\n".join(parts)


def _head(report: Report, verification: Verification) -> Iterator[str]:
    synced = verification.sync if isinstance(verification.sync, Synced) else None
    yield from from_where_to_where(report)
    if verification.compared and synced is None:
        asked = count(sum(report.requests.values()), "request")
        yield f"{count(verification.sound, 'document is', 'documents are')} in the store as the manifest says. {asked}."
        yield ""
    if report.manifest_commit:
        yield from (f"The manifest is committed as {commit(report, report.manifest_commit)}.", "")
    if report.started_by:
        yield from (f"Started by: {prose(report.started_by, 300)}.", "")
    yield from alerts(report)
    if synced:
        if report.error is None or any(synced.documents.counts.values()):
            yield from counts(synced.documents)
        yield from store_sizes(synced.store)
    yield from what_to_do(report)
    if verification.drift:
        yield from ("**What to do**", "")
        yield from (
            f"- {code(kind)} ({number:,}): {prose(DRIFT[kind])}" for kind, number in by_kind(verification.drift)
        )
        yield ""
    if any(item.fate == "listed" for item in verification.taken):
        yield "Nothing was taken over. With `--yes` vsync first syncs all documents, then takes out just the entries listed below."
        yield ""
    if verification.kept_back:
        yield kept_back(verification.kept_back)
        yield ""


_Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""The heading, the heads of the columns, and the rows."""

_MARKS: dict[Fate, str] = {"listed": "📋", "deleted": "➖", "detached": "➖", "left": "⏭️"}


def _tables(report: Report, verification: Verification) -> Iterator[_Table]:
    kinds = ("", "Document", "File", "")
    yield "Drift", kinds, [_drift_row(report, item) for item in verification.drift]
    yield "Mended", kinds, [_drift_row(report, item) for item in verification.mended]
    if verification.sync:
        rows = changes(report, verification.documents, planned=report.dry_run)
        heading = "What sync would do" if report.dry_run else "What was done"
        yield heading, ("", "Document", ""), [(what, name, more) for what, name, _, more in rows]
    refused = () if verification.sync else verification.refused_before
    yield (
        "Refused for good by earlier runs",
        ("", "Document", ""),
        [(code(item["code"]), code(item["path"]), prose(item["message"], 300)) for item in refused],
    )
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


def _drift_row(report: Report, item: Drift) -> tuple[str, ...]:
    name = link(code(item.path), file_url(report.repository_url, report.head, item.path)) if item.path else ""
    return code(item.kind), name, code(item.file_id) if item.file_id else "", prose(item.detail, 300)
