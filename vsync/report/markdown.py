"""Parts of a report as Markdown. The job summary and the pull request's comment are made of them. Pure.

Nothing in file names or messages renders. The tables of documents are in `document_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vsync.report.body import Synced
from vsync.report.cost import PRICES_URL, dollars, per_day
from vsync.report.documents import Documents
from vsync.report.headline import headline
from vsync.report.markup import (
    alert,
    branch_range_url,
    code,
    commit_url,
    folded,
    link,
    prose,
    range_url,
    sentences,
    store_url,
)
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.system.wording import count, size

_WARNINGS_BUDGET = 8_000


# --- Lead -------------------------------------------------------------------------------------------------------


def first_line(report: Report) -> str:
    """The headline's sentence. Only the names in it are escaped, so a mail or a terminal shows it as it reads."""
    said = headline(report)
    return said.words.format(*(prose(name, 200) for name in said.names))


def detail(report: Report) -> Iterator[str]:
    """What the headline says besides."""
    if text := headline(report).detail:
        yield from (sentences(text), "")


_PLANNED = {
    "added": "to add",
    "updated": "to update",
    "renamed": "to rename",
    "retagged": "to retag",
    "removed": "to remove",
    "failed": "refused by earlier runs",
}


def counts(documents: Documents, *, planned: bool) -> Iterator[str]:
    """The numbers that are not zero, in one line."""
    words = _PLANNED if planned else {}
    numbers = [f"{number:,} {words.get(word, word)}" for word, number in documents.counts.items() if number]
    if numbers:
        yield from (" · ".join(numbers), "")


def notes(report: Report) -> Iterator[str]:
    """What the store lacks besides the pull request, and what looks like documentation and is not selected."""
    plan = report.plan
    for note in (*([plan.backlog] if plan.backlog else []), *plan.hints):
        yield from (f"ℹ️ {prose(note, 700)}", "")


def cautions(report: Report) -> Iterator[str]:
    """Why the run ended early, and what refused it."""
    if report.error is not None:
        yield from alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.refused and report.error is None:
        yield from alert("CAUTION", prose(report.refused))


def warnings(report: Report) -> Iterator[str]:
    """As many warnings as fit."""
    if report.warnings:
        yield from alert("WARNING", *_paragraphs(report.warnings))


def _paragraphs(warnings: Sequence[str]) -> Iterator[str]:
    """As many warnings as fit, each as a paragraph."""
    room = _WARNINGS_BUDGET
    for number, warning in enumerate(warnings):
        paragraph = prose(warning, 700)
        room -= len(paragraph.encode()) + len(">\n> \n")
        if room < 0:
            yield f"… and {count(len(warnings) - number, 'more warning')}, which the log has."
            return
        yield paragraph


# --- The store --------------------------------------------------------------------------------------------------


def store(report: Report) -> str:
    """The store's name and its id, which leads to its page."""
    if report.vector_store_id is None:
        return code(report.vector_store_name) if report.vector_store_name else "its vector store"
    id_ = link(code(report.vector_store_id), store_url(report.api, report.vector_store_id))
    return f"{code(report.vector_store_name)} ({id_})" if report.vector_store_name else id_


def store_line(report: Report, sizes: StoreSizes | None) -> Iterator[str]:
    """The store, what it holds before and after, and about what that costs."""
    if sizes is None:
        if report.vector_store_id is not None or report.vector_store_name:
            yield from (f"**Store:** {store(report)}", "")
        return
    before, after = sizes
    held = (
        f"{_from_to(f'{before.documents:,}', f'{after.documents:,}')} {_documents(after)}, "
        f"{_from_to(size(before.bytes), size(after.bytes))} of files"
    )
    yield f"**Store:** {store(report)}, {held}.{_billing(report, before, after)}"
    yield ""


def _documents(after: StoreSize) -> str:
    return "document" if after.documents == 1 else "documents"


def _billing(report: Report, before: StoreSize, after: StoreSize) -> str:
    """What the storage costs. Only OpenAI's prices are known."""
    if report.api is not None and store_url(report.api, "vs_1") is None:
        return ""
    if not before.bytes and not after.bytes:
        return ""
    return f" **Storage:** {_cost(before, after)}. File sizes stand in for what is [billed]({PRICES_URL})."


def _cost(before: StoreSize, after: StoreSize) -> str:
    """About how much a day. All stores share the free gigabyte, so the cost without it is named where it matters."""
    most = per_day(after.bytes, free=0)
    if most < 0.01 and per_day(before.bytes, free=0) < 0.01:
        return prose("less than $0.01 a day")
    least = _from_to(dollars(per_day(before.bytes)), dollars(per_day(after.bytes)))
    return prose(f"about {least} a day, or {dollars(most)} where other stores use up the free 1 GB")


def _from_to(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


# --- Where the report comes from ----------------------------------------------------------------------------------


def provenance(report: Report) -> str:
    """Commits, comparison, requests and manifest, folded."""
    return folded("Commits, comparison and requests", "\n".join(f"- {line}" for line in _provenance(report)))


def _provenance(report: Report) -> Iterator[str]:
    head = f" at {commit(report, report.head)}" if report.head else ""
    yield f"Source: {code(report.source or 'this folder')}{head}, target {code(report.target)}"
    if report.verification is None:
        what = "Compared all files" if report.comparison.mode == "full" else "Compared"
        yield f"{what}: {prose(report.comparison.reason, 300)}{_range(report)}"
    last = report.last_sync
    if last is not None and (last.commit or last.when):
        facts = [commit(report, last.commit) if last.commit else None, prose(last.when) if last.when else None]
        yield f"Last sync before this run: {', '.join(filter(None, facts))}"
    if isinstance(report.sync, Synced) and report.sync.bytes_uploaded:
        yield f"Uploaded {size(report.sync.bytes_uploaded)}"
    elif report.dry_run and report.plan.estimate and report.plan.estimate.uploads:
        estimate = report.plan.estimate
        yield f"Would upload {count(estimate.uploads, 'document')}, {size(estimate.upload_bytes)}"
    yield f"{count(sum(report.requests.values()), 'request')} to the API, {report.duration_s:.1f} s"
    if report.manifest_commit:
        yield f"The manifest is committed as {commit(report, report.manifest_commit)}"
    if report.started_by:
        yield f"Started because {prose(report.started_by, 300)}"


def commit(report: Report, commit: str) -> str:
    """A commit's short name, with a link to it."""
    return link(code(commit[:12]), commit_url(report.repository_url, commit))


def _range(report: Report) -> str:
    base, head = report.base, report.files_at or report.head
    url = (branch_range_url if report.files_at else range_url)(report.repository_url, base, head)
    if base is None or head is None or base == head or url is None:
        return ""
    return f" ({link(f'{code(base[:12])}…{code(head[:12])}', url)})"
