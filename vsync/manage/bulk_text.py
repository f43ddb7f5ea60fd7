"""A bulk delete in plain text: what would go, and what became of it. Pure. Names are hostile: nothing in them acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vsync.errors import Interrupted
from vsync.manage.bulk_report import BulkReport, Deleted, Failure, Spared
from vsync.manage.listings import Look, file_lines, store_rows, table_lines
from vsync.manage.table import Column
from vsync.report.cost import dollars, per_day
from vsync.report.text import Line, Tone
from vsync.system.redaction import printable
from vsync.system.wording import count, size

if TYPE_CHECKING:
    from vsync.manage.delete_files import FilePlan
    from vsync.manage.delete_stores import StorePlan

_SHOWN = 20
_FAILURES_SHOWN = 50
_MOST_COMMAND = 500


class Going(NamedTuple):
    """How many vector stores and Files go."""

    stores: int = 0
    files: int = 0

    @property
    def number(self) -> int:
        return self.stores + self.files

    def __str__(self) -> str:
        parts = [count(self.stores, "vector store")] if self.stores else []
        parts += [count(self.files, "File")] if self.files else []
        return " and ".join(parts) or "nothing"


# --- Before -------------------------------------------------------------------------------------------------


def going_of_stores(plan: StorePlan) -> Going:
    return Going(len(plan.stores), len(plan.files or ()))


def going_of_files(plan: FilePlan) -> Going:
    return Going(0, len(plan.files))


def store_plan_lines(plan: StorePlan, look: Look) -> list[Line]:
    """The stores that would go, the first of them by name, and all else that matters for the decision."""
    stores = sorted(plan.stores.values(), key=lambda info: ((info.name or "").casefold(), info.id))
    lines: list[Line] = []
    if stores:
        saved = f", saves {_saved(plan.bytes)} a day" if look.priced and plan.bytes else ""
        lines.append(Line(f"To delete: {going_of_stores(plan)}, {size(plan.bytes)} in the stores{saved}"))
        titles, *rows = store_rows(stores[:_SHOWN], look)
        keep = [place for place, title in enumerate(titles) if title in _STORES_BEFORE]
        table = table_lines([titles[p] for p in keep], [[row[p] for p in keep] for row in rows], look.width, _COLUMNS)
        lines += [*table, *_more(len(stores))]
        listed = sum(info.files for info in stores)
        if plan.files is None and listed:
            lines.append(
                Line(f"Files that these stores list: up to {listed:,}. They stay: --with-files deletes them.", "faint")
            )
    return [*lines, *_besides(plan.breaks, plan.spared, plan.spared_files, plan.failed, plan.warnings)]


def file_plan_lines(plan: FilePlan, look: Look, used_by: str) -> list[Line]:
    """The Files that would go, the first of them by name, and all else that matters. `used_by` says which are in use."""
    files = sorted(plan.files.values(), key=lambda file: (file.filename.casefold(), file.id))
    lines: list[Line] = []
    if files:
        stored = sum(file.bytes * len(plan.usage.of(file.id)) for file in files)
        saved = f", saves about {_saved(stored)} a day" if look.priced and stored else ""
        lines.append(Line(f"To delete: {going_of_files(plan)}, {size(plan.bytes)}{saved}"))
        uses = {file.id: plan.usage.of(file.id) for file in files[:_SHOWN]}
        lines += file_lines(files[:_SHOWN], look, uses)[:-1]
        lines += _more(len(files))
        if used_by:
            lines.append(Line(f"{used_by}. They are taken out of these stores first.", "warn"))
    return [*lines, *_besides(plan.breaks, plan.spared, (), plan.failed, plan.warnings)]


_STORES_BEFORE = {"ID", "NAME", "FILES", "SIZE", "AGE", "USED", "OWNER"}
_COLUMNS = {
    column.title: column
    for column in (
        Column("NAME", least=16),
        Column("FILES", right=True, drop=1),
        Column("SIZE", right=True),
        Column("AGE", right=True),
        Column("USED", right=True, drop=3),
        Column("OWNER", least=14, drop=2),
    )
}


def _more(number: int) -> list[Line]:
    return [Line(f"… and {number - _SHOWN:,} more (all with --dry-run --json)", "faint")] if number > _SHOWN else []


def _saved(stored: int) -> str:
    """The free gigabyte is shared by all stores, so it is not taken off."""
    return dollars(per_day(stored, free=0))


def _besides(
    breaks: Sequence[str],
    spared: Sequence[Spared],
    spared_files: Sequence[Spared],
    failed: Sequence[Failure],
    warnings: Sequence[str],
) -> Iterator[Line]:
    yield from _listed("This breaks", [f"{what}: the next sync begins anew" for what in breaks], "bad")
    yield from _listed("Spared", _reasons(spared), "faint")
    yield from _listed("Files that are spared", _reasons(spared_files), "faint")
    yield from _listed("Cannot be deleted", [f"{failure.id}: {failure.error}" for failure in failed], "bad")
    yield from (_line(f"Warning: {warning}", "warn") for warning in warnings)


# --- After --------------------------------------------------------------------------------------------------


class Headline(NamedTuple):
    """A mark and a sentence, for text and for Markdown."""

    mark: str
    sentence: str


def bulk_headline(report: BulkReport) -> Headline:
    """What became of the job, in one sentence without a full stop."""
    done = _going(report)
    if report.dry_run:
        amount = f", {size(report.bytes)}" if report.bytes else ""
        what = f"would delete {done}{amount}" if done.number else "nothing would be deleted"
        return Headline("⚠️" if report.failed_count else "🔍", f"{what}{_failed(report)}")
    if report.error is not None and not done.number:
        return Headline("🛑", "nothing was deleted")
    if not done.number and not report.failed_count:
        return Headline("✅", "nothing to delete")
    amount = f", {size(report.bytes)}" if report.bytes else ""
    ended = "interrupted: " if isinstance(report.error, Interrupted) else ""
    mark = "🛑" if report.error is not None else "❌" if report.failed_count else "✅"
    return Headline(mark, f"{ended}deleted {done}{amount}{_failed(report)}")


def _going(report: BulkReport) -> Going:
    own = len(report.deleted.success)
    if report.kind == "stores":
        return Going(own, len(report.files.success) if report.files else 0)
    return Going(0, own)


def _failed(report: BulkReport) -> str:
    failed = [failure for failure in _failures(report) if failure.was_tried]
    left = report.failed_count - len(failed)
    return "".join([f", {len(failed):,} failed" if failed else "", f", {left:,} not tried" if left else ""])


def _failures(report: BulkReport) -> list[Failure]:
    return [*report.deleted.failed, *(report.files.failed if report.files else ())]


def bulk_lines(report: BulkReport, again: str = "") -> list[Line]:
    """What became of the job: failures with what to do, then what was spared, then the result.

    `again` is the command that goes on, where something is left to do.
    """
    said = bulk_headline(report)
    tone: Tone = "good" if said.mark == "✅" else "bad" if said.mark in {"❌", "🛑"} else "plain"
    lines = list(_failed_lines(report.deleted, "Failed"))
    lines += _failed_lines(report.files, "Files that failed") if report.files else ()
    lines += _remedy_lines(report)
    if not report.dry_run:  # what was shown before the delete is not shown again
        nothing = not _going(report).number and not report.failed_count and report.error is None
        lines += _listed("Spared", _reasons(report.deleted.spared), "faint") if nothing else ()
    number = len(report.deleted.spared) + (len(report.files.spared) if report.files else 0)
    spared = f", {number:,} spared" if number else ""
    lines.append(_line(f"{said.sentence[0].upper()}{said.sentence[1:]}{spared}.", tone))
    if said.sentence == "nothing to delete":
        lines.append(Line("  Nothing was asked for, or nothing matches.", "faint"))
    if not report.dry_run and report.requests:
        requests = count(sum(report.requests.values()), "request")
        lines.append(Line(f"  {requests}, {report.duration_s:.1f} s", "faint"))
    if again and is_unfinished(report):
        lines.append(_line(f"To go on: {again if len(again) <= _MOST_COMMAND else 'run the same command again'}"))
    return lines


def is_unfinished(report: BulkReport) -> bool:
    """Whether running again may do what is left: not where all that failed does not exist, or is no id."""
    return report.error is not None or any(failure.status_code not in {400, 404} for failure in _failures(report))


def _failed_lines(deleted: Deleted, title: str) -> list[Line]:
    failed = [f"{failure.id}: {failure.error}" for failure in deleted.failed if failure.was_tried]
    return list(_listed(title, failed, "bad", _FAILURES_SHOWN))


def _remedy_lines(report: BulkReport) -> list[Line]:
    return (
        [Line("What to do:"), *(_line(f"  {text}") for text in remedies)] if (remedies := remedies_of(report)) else []
    )


def remedies_of(report: BulkReport) -> list[str]:
    """What to do about the failures, once for each kind."""
    statuses = dict.fromkeys(failure.status_code for failure in _failures(report) if failure.was_tried)
    return list(dict.fromkeys(_remedy(status, report.kind) for status in statuses))


def _remedy(status: int | None, kind: str) -> str:
    if status == 404:
        listing = "vsync files list" if kind == "files" else "vsync stores list"
        return f"It does not exist (404), or belongs to another project: see `{listing}`. With --missing-ok it is no failure."
    if status == 400:
        return "It cannot be deleted as it was given (400): the reason stands beside it."
    if status == 401:
        return "The API refused the key (401): check OPENAI_API_KEY."
    if status == 403:
        return "The key may not do this (403): give it write access to Files and Vector Stores."
    if status == 429:
        return "The API was busy (429): run again. A lower --concurrency or --deletes-per-minute helps."
    if status is None or status >= 500:
        return "The API failed: run again."
    return f"The API refused it ({status}): the reason stands beside it. Run again."


# --- Parts --------------------------------------------------------------------------------------------------


def _reasons(spared: Iterable[Spared]) -> list[str]:
    return [f"{item.id}: {item.reason}" for item in spared]


def _listed(title: str, items: Sequence[str], tone: Tone, most: int = _SHOWN) -> Iterator[Line]:
    if not items:
        return
    yield Line(f"{title} ({len(items):,}):")
    shown = items if len(items) <= most + 1 else items[:most]
    yield from (_line(f"  {item}", tone) for item in shown)
    if len(shown) < len(items):
        yield Line(f"  … and {len(items) - len(shown):,} more (all with --json)", "faint")


def _line(text: str, tone: Tone = "plain") -> Line:
    return Line(printable(text), tone)
