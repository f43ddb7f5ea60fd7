"""Parts of a report as Markdown. The job summary and the pull request's comment are made of them. Pure.

Nothing in file names or messages renders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vsync.report.body import Synced
from vsync.report.cost import PRICES_URL, dollars, per_day
from vsync.report.documents import Documents, failed_by_code
from vsync.report.markup import alert, code, commit_url, file_url, link, prose, range_url, row, table
from vsync.report.remedies import REASONS, no_longer, remedy
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.system.wording import count, size

_WARNINGS_BUDGET = 8_000
_HARD = "\N{NO-BREAK SPACE}"


def from_where_to_where(report: Report) -> list[str]:
    """The source and the store."""
    head = f" at {commit(report, report.head)}" if report.head else ""
    store = code(report.vector_store_id) if report.vector_store_id else "its vector store"
    return [f"{code(report.source or 'this folder')}{head} → {store}, target {code(report.target)}", ""]


def context(report: Report) -> Iterator[str]:
    """From where to where, what was compared, and how much it is."""
    yield from from_where_to_where(report)
    what = "Compared the whole tree" if report.comparison.mode == "full" else "Compared"
    yield f"{what}: {prose(report.comparison.reason, 300)}{_range(report)}."
    plan = report.plan
    if isinstance(report.sync, Synced) and report.sync.bytes_uploaded:
        requests = count(sum(report.requests.values()), "request")
        yield f"Uploaded {size(report.sync.bytes_uploaded)} in {requests}, {report.duration_s:.1f} s."
    elif report.dry_run and plan.estimate and plan.estimate.uploads:
        yield f"Would upload {count(plan.estimate.uploads, 'document')}, {size(plan.estimate.upload_bytes)}."
    if report.manifest_commit:
        yield f"The manifest is committed as {commit(report, report.manifest_commit)}."
    yield ""
    for note in (*([plan.backlog] if plan.backlog else []), *plan.hints):
        yield from (f"ℹ️ {prose(note, 500)}", "")


def commit(report: Report, commit: str) -> str:
    """A commit's short name, with a link to it."""
    return link(code(commit[:12]), commit_url(report.repository_url, commit))


def _range(report: Report) -> str:
    url = range_url(report.repository_url, report.base, report.head)
    if report.base is None or report.head is None or report.base == report.head or url is None:
        return ""
    return f" ({link(f'{code(report.base[:12])}…{code(report.head[:12])}', url)})"


def counts(documents: Documents) -> Iterator[str]:
    """The table of numbers."""
    yield row(documents.counts)
    yield "|" + " ---: |" * len(documents.counts)
    yield row(f"{number:,}" for number in documents.counts.values())
    yield ""


def store_sizes(sizes: StoreSizes | None) -> Iterator[str]:
    """What the store holds before and after, and about what that costs."""
    if sizes is None:
        return
    before, after = sizes
    held = (
        f"{_from_to(f'{before.documents:,}', f'{after.documents:,}')}, "
        f"{_from_to(size(before.bytes), size(after.bytes))} of files"
    )
    yield f"**Documents:** {held}. **Storage:** {_cost(before, after)}. File sizes stand in for what is [billed]({PRICES_URL})."
    yield ""


def _cost(before: StoreSize, after: StoreSize) -> str:
    """About how much a day. All stores share the free gigabyte, so the cost without it is named where it matters."""
    most = per_day(after.bytes, free=0)
    if most < 0.01 and per_day(before.bytes, free=0) < 0.01:
        return prose("less than $0.01 a day")
    least = _from_to(dollars(per_day(before.bytes)), dollars(per_day(after.bytes)))
    return prose(f"about {least} a day, or {dollars(most)} where other stores use up the free 1 GB")


def _from_to(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def alerts(report: Report) -> Iterator[str]:
    """Why the run ended early, what refused it, and as many warnings as fit."""
    if report.error is not None:
        yield from alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.refused and report.error is None:
        yield from alert("CAUTION", prose(report.refused))
    room = _WARNINGS_BUDGET
    for number, warning in enumerate(report.warnings):
        lines = alert("WARNING", prose(warning, 700))
        room -= sum(len(line.encode()) + 1 for line in lines)
        if room < 0:
            yield from alert(
                "WARNING", f"… and {len(report.warnings) - number:,} more warnings, which stand in the log."
            )
            return
        yield from lines


def what_to_do(report: Report) -> Iterator[str]:
    """A remedy for each code of failed documents, the most frequent first."""
    codes = failed_by_code(report.documents)
    if codes:
        yield from ("**What to do about failed documents**", "")
        yield from (f"- {code(failed)} ({number:,}): {prose(remedy(failed))}" for failed, number in codes)
        yield ""


# --- Documents --------------------------------------------------------------------------------------------------

Cells = tuple[str, str, str, str]
"""What happens to a document, its name, its size, and details. Each is markup."""


def documents_table(rows: Sequence[Cells], budget: int) -> tuple[str, int]:
    """The table of documents, and how many documents did not fit. It has a column of sizes where any size is known."""
    if any(cells[2] for cells in rows):
        return table(("", "Document", "Size", ""), (False, False, True, False), rows, budget)
    return table(("", "Document", ""), (False,) * 3, [(what, name, more) for what, name, _, more in rows], budget)


def changes(report: Report, documents: Documents, *, planned: bool) -> Iterator[Cells]:
    """The documents that failed, and those that change or have changed."""

    def cells(what: str, path: str, detail: str = "", *, at: str | None = report.head) -> Cells:
        return _cells(report, documents, what, path, detail, at=at)

    for item in documents.failed:
        yield cells("❌ failed", item["path"], f"{code(item['code'])} {prose(item['message'], 300)}")
    for path in documents.added:
        yield cells("➕ add" if planned else "➕ added", path)
    for path in documents.updated:
        yield cells("✏️ update" if planned else "✏️ updated", path)
    for old, new in documents.renamed:
        yield cells("🚚 rename" if planned else "🚚 renamed", new, f"from {code(old)}")
    for path in documents.retagged:
        yield cells("🏷️ retag" if planned else "🏷️ retagged", path, "attributes only")
    for path in documents.removed:
        # The head does not have a removed file. The base has it.
        reason = documents.dropped.get(path)
        why = f"no longer a document: {prose(no_longer(reason)[0])}" if reason else ""
        yield cells("➖ remove" if planned else "➖ removed", path, why, at=report.base)


def skipped(report: Report, documents: Documents) -> Iterator[Cells]:
    """The files that were skipped, with the reason."""
    for path, reason in documents.skipped:
        # A name that is not UTF-8 is shown in another form, and a link to that form would lead nowhere.
        at = None if reason == "undecodable-name" else report.head
        yield _cells(report, documents, "⏭️ skipped", path, prose(REASONS.get(reason, reason)), at=at)


def _cells(report: Report, documents: Documents, what: str, path: str, detail: str, *, at: str | None) -> Cells:
    """`at` is the commit where the file can be read."""
    bytes_ = documents.sizes.get(path)
    name = link(code(path), file_url(report.repository_url, at, path))
    shown_size = "" if bytes_ is None else unbroken(size(bytes_))
    return unbroken(what), name, shown_size, detail


def unbroken(text: str) -> str:
    """Text that stays on one line: a browser breaks narrow cells at spaces."""
    return text.replace(" ", _HARD)
