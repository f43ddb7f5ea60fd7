"""The documents of a report as tables: those that failed, those that change, and the files that were skipped. Pure.

Nothing in file names or messages renders. A long table is folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vsync.report.documents import Documents, failed_by_code
from vsync.report.markup import code, file_url, folded, link, prose, table
from vsync.report.remedies import REASONS, no_longer, remedy
from vsync.report.report import Report
from vsync.system.wording import count, size

OPEN_ROWS = 20
"""A longer table is folded."""

_REASONS_NAMED = 6
_HARD = "\N{NO-BREAK SPACE}"


class Cells(NamedTuple):
    """One row: what happens to a document, its name, its changed lines, its size, and more. Each cell is markup."""

    what: str
    name: str
    lines: str
    size: str
    more: str


class Section(NamedTuple):
    """Markup, and how many rows did not fit into it."""

    markup: str
    left_out: int


class Sections(NamedTuple):
    """The documents of a report, in the order in which people read them."""

    failed: Section
    changed: Section
    skipped: Section

    @property
    def left_out(self) -> int:
        """How many rows did not fit."""
        return sum(section.left_out for section in self)


def sections(report: Report, documents: Documents, *, planned: bool, budget: int) -> Sections:
    """The failures, the changes and the skipped files, as far as they fit into `budget` bytes of UTF-8.

    Room goes first to what the report is about: a plan's changes, a sync's failures.
    """
    if planned:
        changed = rows_section(list(changes(report, documents, planned=True)), budget)
        failed = failed_section(report, documents, planned=True, budget=budget - _bytes(changed))
    else:
        failed = failed_section(report, documents, planned=False, budget=budget)
        changed = rows_section(list(changes(report, documents, planned=False)), budget - _bytes(failed))
    return Sections(failed, changed, skipped(report, documents, budget - _bytes(failed) - _bytes(changed)))


def _bytes(section: Section) -> int:
    return len(section.markup.encode())


def failed_section(report: Report, documents: Documents, *, planned: bool, budget: int) -> Section:
    """The failed documents, and what to do about them.

    Earlier runs have reported the failures that a plan lists, and the plan is not about them: they are folded.
    """
    rows = list(failures(report, documents, planned=planned))
    remedies = "\n".join(what_to_do(documents))
    shown, left_out = _table(rows, budget - len(remedies.encode()) - _FOLDING)
    if not shown:
        return Section("", left_out)
    if planned:
        return Section(
            folded(f"{count(len(rows), 'document')} refused by earlier runs", shown + "\n" + remedies), left_out
        )
    return Section(f"{_folded_if_long('failed document', len(rows) - left_out, shown)}\n{remedies}", left_out)


def what_to_do(documents: Documents) -> Iterator[str]:
    """A remedy for each code of failed documents, the most frequent first."""
    codes = failed_by_code(documents)
    if codes:
        yield from ("**What to do about failed documents**", "")
        yield from (f"- {code(failed)} ({number:,}): {prose(remedy(failed))}" for failed, number in codes)
        yield ""


def rows_section(rows: Sequence[Cells], budget: int) -> Section:
    """A table of documents that change, folded where it is long."""
    markup, left_out = _table(rows, budget - _FOLDING)
    return Section(_folded_if_long("change", len(rows) - left_out, markup), left_out)


def _folded_if_long(what: str, rows: int, markup: str) -> str:
    return folded(count(rows, what), markup) if rows > OPEN_ROWS else markup


_FOLDING = 100
"""Bytes that folding a section may take."""


def _table(rows: Sequence[Cells], budget: int) -> tuple[str, int]:
    """A table of documents, and how many did not fit. It has only the columns of which something is known."""
    columns = [(0, "", False), (1, "Document", False)]
    columns += [(2, "Lines", True)] if any(cells.lines for cells in rows) else []
    columns += [(3, "Size", True)] if any(cells.size for cells in rows) else []
    columns += [(4, "", False)] if any(cells.more for cells in rows) else []
    cut = [[cells[column] for column, _, _ in columns] for cells in rows]
    heads, right = [head for _, head, _ in columns], [number for _, _, number in columns]
    return table(heads, right, cut, budget)


def failures(report: Report, documents: Documents, *, planned: bool) -> Iterator[Cells]:
    """The documents that failed. Those of a plan were refused by earlier runs."""
    for item in documents.failed:
        detail = f"{code(item['code'])} {prose(item['message'], 300)}"
        yield _cells(
            report, documents, "❌ refused" if planned else "❌ failed", item["path"], detail, at=_readable_at(report)
        )


def changes(report: Report, documents: Documents, *, planned: bool) -> Iterator[Cells]:
    """The documents that change or have changed."""

    def cells(what: str, path: str, detail: str = "", *, at: str | None = _readable_at(report)) -> Cells:
        return _cells(report, documents, what, path, detail, at=at)

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


def skipped(report: Report, documents: Documents, budget: int) -> Section:
    """The files that were skipped, folded, by reason. The most frequent reason is first."""
    groups: dict[str, list[str]] = {}
    for path, reason in documents.skipped:
        groups.setdefault(reason, []).append(path)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    named = [f"{len(paths):,} {prose(reason, 60)}" for reason, paths in ordered[:_REASONS_NAMED]]
    title = f"{count(len(documents.skipped), 'skipped file')}: {', '.join(named)}"
    room = budget - len(title.encode()) - _FOLDING
    lines: list[str] = []
    left_out = 0
    for reason, paths in ordered:
        heading = f"**{len(paths):,} {prose(reason, 60)}**: {prose(REASONS.get(reason, reason))}"
        for number, line in enumerate(_names(report, reason, paths)):
            text = line if number else f"\n{heading}\n\n{line}"
            room -= len(text.encode()) + 1
            if room < 0 or left_out:
                left_out += 1
            else:
                lines.append(text)
    return Section(folded(title, "\n".join(lines)) if lines else "", left_out)


def _names(report: Report, reason: str, paths: Sequence[str]) -> Iterator[str]:
    # A name that is not UTF-8 is shown in another form, and a link to that form would lead nowhere.
    at = None if reason == "undecodable-name" else _readable_at(report)
    yield from (f"- {link(code(path), file_url(report.repository_url, at, path))}" for path in paths)


def _readable_at(report: Report) -> str | None:
    """The commit at which the head's files can be read."""
    return report.files_at or report.head


def _cells(report: Report, documents: Documents, what: str, path: str, more: str, *, at: str | None) -> Cells:
    """`at` is the commit where the file can be read."""
    bytes_, changed = documents.sizes.get(path), documents.lines.get(path)
    name = link(code(path), file_url(report.repository_url, at, path))
    lines = " ".join(f"{sign}{number:,}" for sign, number in zip("+−", changed or (), strict=False) if number)
    return Cells(unbroken(what), name, unbroken(lines), "" if bytes_ is None else unbroken(size(bytes_)), more)


def unbroken(text: str) -> str:
    """Text that stays on one line: a browser breaks narrow cells at spaces."""
    return text.replace(" ", _HARD)
