"""A report as Markdown: its parts, and the job summary made of them. Pure. Nothing in file names or messages renders.

The pull request's comment (`comment`) is made of the same parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vsync.errors import EXIT_USAGE
from vsync.report.cost import PRICES_URL, dollars, per_day
from vsync.report.markup import alert, code, commit_url, file_url, link, prose, range_url, row, table
from vsync.report.remedies import DRIFT, REASONS, remedy
from vsync.report.report import Report, Stock
from vsync.report.text import (
    counts,
    failed_by_code,
    foreign_title,
    kept_back,
    nothing_selected,
    size,
    verification_title,
)
from vsync.report.verification import Drift, Verification, by_kind

MAX_BYTES = 1024 * 1024
"""GitHub's limit for the summary of one step; a longer one is not shown at all."""

_BUDGET = 900_000
_WARNINGS_BUDGET = 8_000
_HARD = "\N{NO-BREAK SPACE}"


def summary(report: Report, budget: int = _BUDGET) -> str:
    """The summary: what happened in one line, counts, what to do, and every document, failures first.

    `budget` is how many bytes of UTF-8 it may take; documents that do not fit are counted.
    """
    if report.verification is not None:
        return verification(report, report.verification, budget)
    listed = report.planned or report
    said = [*context(report), *why(report), *alerts(report), *_counts(listed), *stock(report), *what_to_do(report)]
    head = "\n".join([f"## {_title(report)}", "", *said])
    shown, rest = documents(report, [*changes(listed), *skipped(listed)], budget - len(head.encode()) - 200)
    more = (
        f"\n… and {rest:,} more document{'' if rest == 1 else 's'}, listed in the JSON report (output `report`).\n"
        if rest
        else ""
    )
    return f"{head}\n{shown}{more}"


def failure(exit_code: int, message: str, remedy: str) -> str:
    """The summary of a run that ended before there was a report."""
    title = "nothing was done" if exit_code == EXIT_USAGE else "the run could not go on"
    return f"## ❌ vsync: {title}\n\n{prose(message)}\n\n**What to do:** {prose(remedy or 'See the log.')}\n"


def closed(report: Report) -> str:
    """The summary of a pull request that was closed without being merged."""
    why = f"The {prose(report.comparison.reason, 300)}: the vector store stays as it is."
    return f"## 🚪 vsync: nothing to plan\n\n{why}\n"


def _title(report: Report) -> str:
    done = len(report.added) + len(report.updated) + len(report.renamed) + len(report.retagged) + len(report.removed)
    documents = f"{done:,} document{'' if done == 1 else 's'}"
    if report.superseded:
        return "⏭️ vsync: a newer run has already synced"
    if report.error is not None:
        return (
            "🛑 vsync: refused by a limit, nothing was done"
            if report.refused
            else f"❌ vsync: the sync did not finish{_left(report)}"
        )
    if report.dry_run:
        return "🛑 vsync plan: refused by a limit" if report.refused else f"📋 vsync plan: {documents} would change"
    if report.failed:
        return f"❌ vsync: {len(report.failed):,} failed, {documents} synced"
    if nothing_selected(report):
        return "📋 vsync: nothing is selected"
    return f"✅ vsync: {documents} synced" if done else "✅ vsync: nothing to do"


def _left(report: Report) -> str:
    return f", {report.left:,} document{'' if report.left == 1 else 's'} left to do" if report.left else ""


# --- Verify -----------------------------------------------------------------------------------------------------


def verification(report: Report, found: Verification, budget: int) -> str:
    """The summary of verify: what differs and what to do about it, what was mended, and what is not ours."""
    head = "\n".join(
        [
            f"## {_verified_mark(report, found)} vsync verify: {verification_title(report, found)}",
            "",
            *_verified(report, found),
        ]
    )
    left = budget - len(head.encode()) - 1_000
    parts = [head]
    for title, columns, rows in _verified_tables(report, found):
        shown, rest = table(columns, (False,) * len(columns), rows, left - len(title.encode()))
        if not rows:
            continue
        more = f"… and {rest:,} more, which stand in the JSON report (output `report`).\n" if rest else ""
        parts.append(f"**{title}**\n\n{shown}{more}")
        left -= len(parts[-1].encode()) + 1
    return "\n".join(parts)


def _verified_mark(report: Report, found: Verification) -> str:
    if report.refused:
        return "🛑"
    if report.exit_code != 0:
        return "❌"
    return "📋" if not found.compared else "✅"


def _verified(report: Report, found: Verification) -> Iterator[str]:
    at = f" at {_commit(report, report.head)}" if report.head else ""
    store = code(report.vector_store_id) if report.vector_store_id else "its vector store"
    yield f"{code(report.source or 'this folder')}{at} → {store}, target {code(report.target)}"
    yield ""
    if found.compared and not found.synced:
        sound, asked = report.unchanged, sum(report.requests.values())
        held = "1 document is" if sound == 1 else f"{sound:,} documents are"
        yield f"{held} in the store as the manifest says. {asked:,} request{'' if asked == 1 else 's'}."
        yield ""
    if report.manifest_commit:
        yield from (f"The manifest is committed as {_commit(report, report.manifest_commit)}.", "")
    if report.mode:
        yield from (f"Started by: {prose(report.mode, 300)}.", "")
    yield from alerts(report)
    if found.synced:
        yield from _counts(report)
        yield from stock(report)
    yield from what_to_do(report)
    if found.drift:
        yield from ("**What to do**", "")
        yield from (f"- {code(kind)} ({number:,}): {prose(DRIFT[kind])}" for kind, number in by_kind(found.drift))
        yield ""
    if any(item.fate == "listed" for item in found.taken):
        yield "Nothing was taken over. With `--yes` vsync first syncs all documents, then takes out just the entries listed below."
        yield ""
    if found.kept_back:
        yield kept_back(found.kept_back)
        yield ""


_Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
_FATES = {"listed": "📋 would go", "deleted": "➖ deleted", "detached": "➖ taken out", "left": "⏭️ left"}


def _verified_tables(report: Report, found: Verification) -> Iterator[_Table]:
    kinds = ("", "Document", "File", "")
    yield "Drift", kinds, [_drift_row(report, item) for item in found.drift]
    yield "Mended", kinds, [_drift_row(report, item) for item in found.mended]
    if found.synced or report.dry_run:
        done = [(what, name, more) for what, name, _, more in changes(report)]
        yield ("What sync would do" if report.dry_run else "What was done"), ("", "Document", ""), list(done)
    elif report.failed:
        refused = [(code(item["code"]), code(item["path"]), prose(item["message"], 300)) for item in report.failed]
        yield "Refused for good by earlier runs", ("", "Document", ""), list(refused)
    yield (
        "Taken over" if any(item.fate != "listed" for item in found.taken) else "To take over",
        kinds,
        [
            (
                _FATES[item.fate].replace(" ", _HARD),
                code(item.entry.name),
                code(item.entry.file_id),
                prose(item.detail, 300),
            )
            for item in found.taken
        ],
    )
    taken = {item.entry.file_id for item in found.taken}
    foreign = [item for item in found.foreign if item.file_id not in taken]
    yield (
        prose(foreign_title(foreign)),
        ("Entry", "File", ""),
        [(code(item.name or "?"), code(item.file_id), prose(item.detail, 300)) for item in foreign],
    )


def _drift_row(report: Report, item: Drift) -> tuple[str, ...]:
    name = link(code(item.path), file_url(report.repository_url, report.head, item.path)) if item.path else ""
    return code(item.kind), name, code(item.file_id) if item.file_id else "", prose(item.detail, 300)


# --- Parts ------------------------------------------------------------------------------------------------------


def context(report: Report) -> Iterator[str]:
    """What was compared with what, for which store, and why. Each line is a paragraph's."""
    head = f" at {_commit(report, report.head)}" if report.head else ""
    store = code(report.vector_store_id) if report.vector_store_id else "its vector store"
    yield f"{code(report.source or 'this folder')}{head} → {store}, target {code(report.target)}"
    yield ""
    what = "Compared the whole tree" if report.comparison.mode == "full" else "Compared"
    yield f"{what}: {prose(report.comparison.reason, 300)}{_range(report)}."
    if report.bytes_uploaded:
        yield f"Uploaded {size(report.bytes_uploaded)} in {sum(report.requests.values()):,} requests, {report.duration_s:.1f} s."
    elif report.dry_run and report.estimate.get("uploads"):
        uploads = report.estimate["uploads"]
        yield f"Would upload {uploads:,} document{'' if uploads == 1 else 's'}, {size(report.estimate['upload_bytes'])}."
    if report.manifest_commit:
        yield f"The manifest is committed as {_commit(report, report.manifest_commit)}."
    yield ""
    if report.owed:
        yield from (f"ℹ️ {prose(report.owed, 500)}", "")


def _commit(report: Report, commit: str) -> str:
    return link(code(commit[:12]), commit_url(report.repository_url, commit))


def _range(report: Report) -> str:
    url = range_url(report.repository_url, report.base, report.head)
    if report.base is None or report.head is None or report.base == report.head or url is None:
        return ""
    return f" ({link(f'{code(report.base[:12])}…{code(report.head[:12])}', url)})"


def why(report: Report) -> Iterator[str]:
    """Why the run planned or synced."""
    if report.mode:
        told = "Planned only" if report.dry_run else "Synced"
        if report.superseded or report.error is not None:
            told = "Was to be synced"
        yield f"{told} ({prose(report.mode, 300)})."
        yield ""


def _counts(report: Report) -> Iterator[str]:
    numbers = counts(report)
    if report.error is not None and not any(number for _, number in numbers):
        return
    yield row(word for word, _ in numbers)
    yield "|" + " ---: |" * len(numbers)
    yield row(f"{number:,}" for _, number in numbers)
    yield ""


def stock(report: Report) -> Iterator[str]:
    """What the store holds before and after, and about what that costs."""
    if report.after is None:
        return
    before, after = report.before or report.after, report.after
    held = (
        f"{_from_to(f'{before.documents:,}', f'{after.documents:,}')}, "
        f"{_from_to(size(before.bytes), size(after.bytes))} of files"
    )
    yield f"**Documents:** {held}. **Storage:** {_cost(before, after)}. File sizes stand in for what is [billed]({PRICES_URL})."
    yield ""


def _cost(before: Stock, after: Stock) -> str:
    """About how much a day; the free gigabyte is not this store's alone, so the other bound is told where it matters."""
    most = per_day(after.bytes, free=0)
    if most < 0.01 and per_day(before.bytes, free=0) < 0.01:
        return prose("less than $0.01 a day")
    least = _from_to(dollars(per_day(before.bytes)), dollars(per_day(after.bytes)))
    return prose(f"about {least} a day, or {dollars(most)} where other stores use up the free 1 GB")


def _from_to(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def alerts(report: Report) -> Iterator[str]:
    """Why the run ended early, what refused it, and its warnings as far as they fit."""
    if report.error is not None:
        yield from alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.refused and report.error is None:
        yield from alert("CAUTION", prose(report.refused))
    left = _WARNINGS_BUDGET
    for number, warning in enumerate(report.warnings):
        lines = alert("WARNING", prose(warning, 700))
        left -= sum(len(line.encode()) + 1 for line in lines)
        if left < 0:
            yield from alert(
                "WARNING", f"… and {len(report.warnings) - number:,} more warnings, which stand in the log."
            )
            return
        yield from lines


def what_to_do(report: Report) -> Iterator[str]:
    """A remedy for each code of failed documents, the most frequent first."""
    found = failed_by_code(report)
    if found:
        yield from ("**What to do about failed documents**", "")
        yield from (f"- {code(failed)} ({number:,}): {prose(remedy(failed))}" for failed, number in found)
        yield ""


# --- Documents --------------------------------------------------------------------------------------------------

Cells = tuple[str, str, str, str]
"""What becomes of a document, its name, its size, and details. All of it markup."""


def documents(report: Report, rows: Sequence[Cells], budget: int) -> tuple[str, int]:
    """The table of documents with a column of sizes where any is known, and how many documents did not fit."""
    if any(cells[2] for cells in rows):
        return table(("", "Document", "Size", ""), (False, False, True, False), rows, budget)
    return table(("", "Document", ""), (False,) * 3, [(what, name, more) for what, name, _, more in rows], budget)


def changes(report: Report) -> Iterator[Cells]:
    """What failed, and what changes or has changed."""
    planned = report.dry_run
    for item in report.failed:
        yield _cells(
            report, "❌ failed", item["path"], f"{code(item['code'])} {prose(item['message'], 300)}", at=report.head
        )
    yield from _listed(report, "➕ add" if planned else "➕ added", report.added)
    yield from _listed(report, "✏️ update" if planned else "✏️ updated", report.updated)
    for old, new in report.renamed:
        yield _cells(report, "🚚 rename" if planned else "🚚 renamed", new, f"from {code(old)}", at=report.head)
    yield from _listed(report, "🏷️ retag" if planned else "🏷️ retagged", report.retagged, "attributes only")
    for path in report.removed:
        # What is gone at the head can be read at the base.
        yield _cells(report, "➖ remove" if planned else "➖ removed", path, "", at=report.base)


def skipped(report: Report) -> Iterator[Cells]:
    for path, reason in report.skipped:
        # A name that is not UTF-8 is shown in another form, under which nothing is found.
        at = None if reason == "undecodable-name" else report.head
        yield _cells(report, "⏭️ skipped", path, prose(REASONS.get(reason, reason)), at=at)


def _listed(report: Report, what: str, paths: Iterable[str], detail: str = "") -> Iterator[Cells]:
    return (_cells(report, what, path, detail, at=report.head) for path in paths)


def _cells(report: Report, what: str, path: str, detail: str, *, at: str | None) -> Cells:
    bytes_ = report.sizes.get(path)
    name = link(code(path), file_url(report.repository_url, at, path))
    # Narrow cells would break where their words are short.
    return what.replace(" ", _HARD), name, "" if bytes_ is None else size(bytes_).replace(" ", _HARD), detail
