"""Parts of a report as Markdown. The job summary and the pull request's comment are made of them. Pure.

Nothing in file names or messages renders. The tables of documents are in `document_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vsync.config.config_change import ConfigChange
from vsync.report.body import Synced
from vsync.report.cost import PRICES_URL
from vsync.report.documents import Documents, conversions
from vsync.report.estimates import from_to, storage_text, tokens_text
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
    yield from numbers(documents.counts, planned=planned)


def numbers(counted: Mapping[str, int], *, planned: bool) -> Iterator[str]:
    """Those of the counts of documents that are not zero, in one line."""
    words = _PLANNED if planned else {}
    shown = [f"{number:,} {words.get(word, word)}" for word, number in counted.items() if number]
    if shown:
        yield from (" · ".join(shown), "")


def config_note(change: ConfigChange | None) -> Iterator[str]:
    """What a pull request changes in the config."""
    if change is not None:
        yield from (f"⚙️ {sentences(change.sentence)}", "")


def notes(report: Report) -> Iterator[str]:
    """What changes in the config, what the store lacks besides, and what looks like documentation and is not selected."""
    plan = report.plan
    yield from config_note(report.config_change)
    for note in (*([plan.backlog] if plan.backlog else []), *plan.hints):
        yield from (f"ℹ️ {prose(note, 700)}", "")


def converted(documents: Documents) -> Iterator[str]:
    """The documents that are uploaded as UTF-8."""
    found = conversions(documents)
    if found is not None:
        named = ", ".join(f"{code(path)} ({prose(encoding, 60)})" for path, encoding in found.first)
        more = f" and {found.left:,} more, which the JSON report lists" if found.left else ""
        yield from (f"🔤 {count(found.number, 'document is', 'documents are')} converted to UTF-8: {named}{more}.", "")


def cautions(report: Report) -> Iterator[str]:
    """Why the run ended early, and what refused it."""
    if report.error is not None:
        yield from alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.refused and report.error is None:
        yield from alert("CAUTION", prose(report.refused))


def warnings(report: Report) -> Iterator[str]:
    """As many warnings as fit."""
    yield from warned(report.warnings)


def warned(warnings: Sequence[str]) -> Iterator[str]:
    """As many of these warnings as fit."""
    if warnings:
        yield from alert("WARNING", *_paragraphs(warnings))


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
        f"{from_to(f'{before.documents:,}', f'{after.documents:,}')} {_documents(after)}, "
        f"{from_to(size(before.bytes), size(after.bytes))} of files"
    )
    yield f"**Store:** {store(report)}, {held}.{_billing(report, sizes)}"
    yield ""


def _documents(after: StoreSize) -> str:
    return "document" if after.documents == 1 else "documents"


def _billing(report: Report, sizes: StoreSizes) -> str:
    """What the storage costs. Only OpenAI's prices are known."""
    said = storage_text(sizes, report.api)
    return f" **Storage:** {prose(said)}. What embeddings add is [billed]({PRICES_URL}) too." if said else ""


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
    estimate = report.plan.estimate
    tokens = f", {told}" if estimate and (told := tokens_text(estimate)) else ""
    if isinstance(report.sync, Synced) and report.sync.bytes_uploaded:
        whole = estimate is not None and estimate.upload_bytes == report.sync.bytes_uploaded
        yield f"Uploaded {size(report.sync.bytes_uploaded)}{tokens if whole else ''}"
    elif report.dry_run and estimate and estimate.uploads:
        yield f"Would upload {count(estimate.uploads, 'document')}, {size(estimate.upload_bytes)}{tokens}"
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
