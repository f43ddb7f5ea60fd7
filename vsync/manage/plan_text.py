"""What a bulk delete would delete, for people who decide about it. Names are hostile: nothing in them acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vsync.manage.bulk_report import Spared
from vsync.manage.bulk_text import SHOWN, Going, by_reason, failures_of, line_of, listed
from vsync.manage.delete_files import FilePlan
from vsync.manage.delete_stores import StorePlan
from vsync.manage.listings import Look, file_lines, id_column, store_rows, table_lines
from vsync.manage.table import Column
from vsync.report.cost import dollars, per_day
from vsync.report.text import Line
from vsync.system.wording import size


def going_of_stores(plan: StorePlan) -> Going:
    shared = sum(1 for file_id in plan.files or () if plan.usage.of(file_id))
    return Going(len(plan.stores), len(plan.files or ()), shared)


def going_of_files(plan: FilePlan) -> Going:
    return Going(0, len(plan.files))


def store_plan_lines(plan: StorePlan, look: Look) -> list[Line]:
    """The stores that would go, the first of them by name, and all else that matters for the decision."""
    stores = sorted(plan.stores.values(), key=lambda info: ((info.name or "").casefold(), info.id))
    lines: list[Line] = []
    if stores:
        saved = f", saves {_saved(plan.bytes)} a day" if look.priced and plan.bytes else ""
        lines.append(Line(f"To delete: {going_of_stores(plan)}, {size(plan.bytes)} in the stores{saved}"))
        titles, *rows = store_rows(stores[:SHOWN], look)
        keep = [place for place, title in enumerate(titles) if title in _STORES_BEFORE]
        columns = {**_COLUMNS, "ID": id_column(all(info.name for info in stores[:SHOWN]))}
        table = table_lines([titles[p] for p in keep], [[row[p] for p in keep] for row in rows], look.width, columns)
        lines += [*table, *_more(len(stores))]
        entries = sum(info.files for info in stores)
        if plan.files is None and entries:
            lines.append(
                Line(f"Files that these stores list: up to {entries:,}. They stay: --with-files deletes them.", "faint")
            )
    return [*lines, *_besides(plan, plan.spared_files)]


def file_plan_lines(plan: FilePlan, look: Look, used_by: str) -> list[Line]:
    """The Files that would go, the first of them by name, and all else that matters. `used_by` says which are in use."""
    files = sorted(plan.files.values(), key=lambda file: (file.filename.casefold(), file.id))
    lines: list[Line] = []
    if files:
        stored = sum(file.bytes * len(plan.usage.of(file.id)) for file in files)
        saved = f", saves about {_saved(stored)} a day" if look.priced and stored else ""
        lines.append(Line(f"To delete: {going_of_files(plan)}, {size(plan.bytes)}{saved}"))
        uses = {file.id: plan.usage.of(file.id) for file in files[:SHOWN]}
        lines += file_lines(files[:SHOWN], look, uses)[:-1]
        lines += _more(len(files))
        if used_by:
            lines.append(Line(f"{used_by}. A File that is in use is taken out of its stores first.", "warn"))
    return [*lines, *_besides(plan, ())]


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
    return [Line(f"… and {number - SHOWN:,} more (all with --dry-run --json)", "faint")] if number > SHOWN else []


def _saved(stored: int) -> str:
    """The free gigabyte is shared by all stores, so it is not taken off."""
    return dollars(per_day(stored, free=0))


def _besides(plan: StorePlan | FilePlan, spared_files: Sequence[Spared]) -> Iterator[Line]:
    yield from listed("This breaks", plan.breaks, "bad")
    yield from (
        [Line("  Until `vsync verify --repair` makes it again, syncs that change something end with exit code 3.")]
        if plan.breaks
        else []
    )
    yield from by_reason("Spared", plan.spared, "faint", plan.known)
    yield from by_reason("Files that are spared", spared_files, "faint", plan.known)
    yield from by_reason("Cannot be deleted", failures_of(plan.failed), "bad", plan.known)
    yield from (line_of(f"Warning: {warning}", "warn") for warning in plan.warnings)
    yield from (line_of(note, "faint") for note in plan.notes)
