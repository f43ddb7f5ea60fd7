"""A report as Markdown, for the job summary. Pure. File names and messages are hostile: nothing in them renders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .reporting import Report
from .text import counts, printable, size

MAX_BYTES = 1024 * 1024
"""GitHub's limit for the summary of one step; a longer one is not shown at all."""

_BUDGET = 900_000
_PLAIN = re.compile(r"[^A-Za-z0-9 /\-\u0080-\U0010ffff]")


def summary(report: Report, budget: int = _BUDGET) -> str:
    """The summary: what happened in one line, counts, what to do, and every document, failures first.

    `budget` is how many bytes of UTF-8 it may take; documents that do not fit are counted.
    """
    head = "\n".join([f"## {_title(report)}", "", *_context(report), *_counts(report), *_alerts(report)])
    rows = list(_rows(report))
    if not rows:
        return head + "\n"
    head += "\n| | Document | |\n| --- | --- | --- |\n"
    left = budget - len(head.encode())
    taken: list[str] = []
    for row in rows:
        left -= len(row.encode()) + 1
        if left < 200:
            break
        taken.append(row)
    rest = len(rows) - len(taken)
    more = f"\n… and {rest:,} more documents, which stand in the JSON report (output `report`).\n" if rest else ""
    return head + "\n".join(taken) + "\n" + more


def failure(title: str, message: str, remedy: str) -> str:
    """The summary of a run that ended before there was a report."""
    return f"## ❌ vsync: {_text(title)}\n\n{_text(message)}\n\n**What to do:** {_text(remedy or 'See the log.')}\n"


def code(text: str) -> str:
    """A name in code type. Inside `code` GitHub makes no mentions, references or links."""
    return f"<code>{_entities(printable(text))}</code>"


def _text(text: str) -> str:
    """Running text of unknown origin: shown as it is, with mentions and references cut."""
    return _entities(printable(text)).replace("&#64;", "&#64;&#8203;").replace("&#35;", "&#35;&#8203;")


def _entities(text: str) -> str:
    return _PLAIN.sub(lambda match: f"&#{ord(match[0])};", text)


def _title(report: Report) -> str:
    done = len(report.added) + len(report.updated) + len(report.renamed) + len(report.retagged) + len(report.removed)
    documents = f"{done} document{'' if done == 1 else 's'}"
    if report.superseded:
        return "⏭️ vsync: a newer run has already synced"
    if report.error is not None:
        return "❌ vsync: the sync did not finish"
    if report.dry_run:
        return "🛑 vsync plan: refused by a limit" if report.refused else f"📋 vsync plan: {documents} would change"
    if report.failed:
        return f"❌ vsync: {len(report.failed)} failed, {documents} synced"
    return f"✅ vsync: {documents} synced" if done else "✅ vsync: nothing to do"


def _context(report: Report) -> Iterator[str]:
    source = code(report.source or "this folder")
    head = f" at {code(report.head[:12])}" if report.head else ""
    store = code(report.vector_store_id) if report.vector_store_id else "a new vector store"
    yield f"{source}{head} → {store}, target {code(report.target)}"
    yield ""
    yield f"Compared: {_text(report.comparison.reason)}."
    if report.bytes_uploaded:
        yield f"Uploaded {size(report.bytes_uploaded)} in {sum(report.requests.values()):,} requests, {report.duration_s:.1f} s."
    elif report.dry_run and report.estimate.get("uploads"):
        yield f"Would upload {report.estimate['uploads']:,} documents, {size(report.estimate['upload_bytes'])}."
    yield ""


def _counts(report: Report) -> Iterator[str]:
    numbers = counts(report)
    yield "| " + " | ".join(word for word, _ in numbers) + " |"
    yield "|" + " ---: |" * len(numbers)
    yield "| " + " | ".join(f"{number:,}" for _, number in numbers) + " |"
    yield ""


def _alerts(report: Report) -> Iterator[str]:
    if report.error is not None:
        yield from ("> [!CAUTION]", f"> {_text(report.error.message)}", ">", f"> {_text(report.error.remedy)}", "")
    if report.refused:
        yield from ("> [!CAUTION]", f"> {_text(report.refused)}", "")
    for warning in report.warnings:
        yield from ("> [!WARNING]", f"> {_text(warning)}", "")


def _rows(report: Report) -> Iterator[str]:
    planned = report.dry_run
    for item in report.failed:
        yield _row("❌ failed", code(item["path"]), f"{code(item['code'])} {_text(item['message'])}")
    yield from _listed("➕ add" if planned else "➕ added", report.added)
    yield from _listed("✏️ update" if planned else "✏️ updated", report.updated)
    for old, new in report.renamed:
        yield _row("🚚 rename" if planned else "🚚 renamed", code(new), f"from {code(old)}")
    yield from _listed("🏷️ retag" if planned else "🏷️ retagged", report.retagged)
    yield from _listed("➖ remove" if planned else "➖ removed", report.removed)
    for path, reason in report.skipped:
        yield _row("⏭️ skipped", code(path), _text(reason))


def _listed(what: str, paths: Iterable[str]) -> Iterator[str]:
    return (_row(what, code(path), "") for path in paths)


def _row(what: str, document: str, detail: str) -> str:
    return f"| {what} | {document} | {detail} |"
