"""Stores, Files and entries as tables for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vsync.manage.ages import age_text
from vsync.manage.files import owner_of_file
from vsync.manage.filters import Use, as_text
from vsync.manage.owner import owner_of_store
from vsync.manage.table import Column, fitted
from vsync.report.cost import dollars, per_day
from vsync.report.text import Line
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile
from vsync.system.redaction import printable
from vsync.system.wording import count, size

NOTHING_TO_SHOW = "-"
_USUAL = "completed"
_MARK = "!"
_SHORT_ID = 12
"""The id of something that has a name may be cut to so many cells: `vs_67f0a…304`. The name stands beside it."""


class Look(NamedTuple):
    """What a table is made for: the time by the server's clock, the width of the terminal (None: no terminal), and whether
    the prices of OpenAI hold."""

    now: int
    width: int | None = None
    priced: bool = True


# --- Stores -------------------------------------------------------------------------------------------------


def store_lines(stores: Sequence[StoreInfo], look: Look, *, whole: bool = True) -> list[Line]:
    """Stores as a table, and below it what they are in all. `whole`: these are all stores of the project."""
    return [*store_table(stores, store_rows(stores, look), look.width), Line(store_total(stores, look, whole))]


def store_table(stores: Sequence[StoreInfo], rows: Sequence[Sequence[str]], width: int | None) -> list[Line]:
    """The lines of a table of stores. `rows` are the titles and the cells of each store.

    Where the column STATUS does not fit, a mark stands before the name of a store that is not completed.
    """
    titles, *body = rows
    columns = _store_columns(stores)
    odd = Counter(info.status for info in stores if info.status != _USUAL)
    if not odd or "STATUS" not in fitted([columns[title] for title in titles], body, width).left_out:
        return table_lines(titles, body, width, columns)
    at, name = titles.index("STATUS"), titles.index("NAME")
    marked = [
        [*row[:name], row[name] if info.status == _USUAL else f"{_MARK} {row[name]}", *row[name + 1 :]]
        for info, row in zip(stores, body, strict=True)
    ]
    kept = [[*row[:at], *row[at + 1 :]] for row in [titles, *marked]]
    told = ", ".join(f"{number:,} {printable(status)}" for status, number in sorted(odd.items()))
    return [*table_lines(kept[0], kept[1:], width, columns), Line(f"({_MARK} is not completed: {told})", "faint")]


def store_rows(stores: Sequence[StoreInfo], look: Look) -> list[list[str]]:
    """The titles of the columns, and a row for each store."""
    failing = any(info.failed for info in stores)
    waiting = any(info.in_progress for info in stores)
    titles = ["ID", "NAME", "STATUS", "FILES", *(["FAILED"] if failing else []), *(["INDEXING"] if waiting else [])]
    titles += ["SIZE", *(["COST/DAY"] if look.priced else []), "AGE", "USED", "OWNER"]
    rows = [titles]
    for info in stores:
        cells = {
            "ID": info.id,
            "NAME": info.name or NOTHING_TO_SHOW,
            "STATUS": info.status,
            "FILES": f"{info.files:,}",
            "FAILED": f"{info.failed:,}",
            "INDEXING": f"{info.in_progress:,}",
            "SIZE": size(info.usage_bytes),
            "COST/DAY": _price(info.usage_bytes),
            "AGE": age(info.created_at, look.now),
            "USED": age(info.last_active_at, look.now),
            "OWNER": str(owner_of_store(info) or NOTHING_TO_SHOW),
        }
        rows.append([cells[title] for title in titles])
    return rows


def _store_columns(stores: Sequence[StoreInfo]) -> Mapping[str, Column]:
    columns = (
        id_column(all(info.name for info in stores)),
        Column("NAME", least=14),
        Column("STATUS", drop=9),
        Column("FILES", right=True, drop=6),
        Column("FAILED", right=True),
        Column("INDEXING", right=True, drop=7),
        Column("SIZE", right=True),
        Column("COST/DAY", right=True, drop=3),
        Column("AGE", right=True, drop=1),
        Column("USED", right=True, drop=8),
        Column("OWNER", least=14, drop=2),
    )
    return {column.title: column for column in columns}


def store_total(stores: Sequence[StoreInfo], look: Look, whole: bool) -> str:
    stored = sum(info.usage_bytes for info in stores)
    entries = count(sum(info.files for info in stores), "entry", "entries")
    text = f"{count(len(stores), 'vector store')}, {entries}, {size(stored)}"
    return f"{text}, {_cost_of_all(stored, whole)}" if look.priced else text


def _cost_of_all(stored: int, whole: bool) -> str:
    if not whole:
        return f"{_price(stored)} a day without the free 1 GB"
    cost = per_day(stored)
    return f"{dollars(cost)} a day (the first 1 GB is free)" if cost else "no cost (the first 1 GB is free)"


def _price(stored: int) -> str:
    """What so many bytes cost a day, in a form that fits a column. All stores share the free gigabyte, so it is not taken off."""
    cost = per_day(stored, free=0)
    return "<$0.01" if 0 < cost < 0.01 else dollars(cost)


# --- Files --------------------------------------------------------------------------------------------------


def file_lines(
    files: Sequence[UploadedFile], look: Look, uses: Mapping[str, Sequence[Use]] | None = None
) -> list[Line]:
    """Files as a table, and below it what they are in all. `uses` None: the stores were not asked."""
    rows = file_rows(files, look, uses)
    total = f"{count(len(files), 'File')}, {size(sum(file.bytes for file in files))}"
    columns = {**_FILE_COLUMNS, "ID": id_column(all(file.filename for file in files))}
    return [*table_lines(rows[0], rows[1:], look.width, columns), Line(total)]


def file_rows(
    files: Sequence[UploadedFile], look: Look, uses: Mapping[str, Sequence[Use]] | None = None
) -> list[list[str]]:
    """The titles of the columns, and a row for each File."""
    rows = [["ID", "NAME", "PURPOSE", "SIZE", "AGE", *([] if uses is None else ["STORES", "OWNER"])]]
    for file in files:
        row = [file.id, file.filename, file.purpose, size(file.bytes), age(file.created_at, look.now)]
        if uses is not None:
            of_file = uses.get(file.id, ())
            row += [stores_text(of_file), owner_text(of_file)]
        rows.append(row)
    return rows


_FILE_COLUMNS = {
    column.title: column
    for column in (
        Column("NAME", least=18),
        Column("PURPOSE", drop=3),
        Column("SIZE", right=True),
        Column("AGE", right=True, drop=2),
        Column("STORES", least=10),
        Column("OWNER", least=10, drop=1),
    )
}


def stores_text(uses: Sequence[Use]) -> str:
    return ", ".join(dict.fromkeys(use.store_name or use.store_id for use in uses)) or "none"


def owner_text(uses: Sequence[Use]) -> str:
    """Whose a File is, in a few words."""
    if len({use.owner for use in uses}) > 1:
        return "several"
    return str(owner_of_file(uses) or NOTHING_TO_SHOW)


# --- Entries ------------------------------------------------------------------------------------------------

_OWN = frozenset({"owner", "target", "source", "path", "sha256", "commit"})
"""Attributes that vsync writes. A table shows the others."""
_FIRST = {"failed": 0, "cancelled": 1, "in_progress": 2}


def failed_first(entries: Sequence[StoreEntry]) -> list[StoreEntry]:
    """What failed stands first, then what is not indexed yet; entries of one state by their paths."""
    return sorted(entries, key=lambda entry: (_FIRST.get(entry.status, 3), str(entry.attributes.get("path", ""))))


def entry_lines(entries: Sequence[StoreEntry], look: Look, names: Mapping[str, str] | None = None) -> list[Line]:
    """Entries of one store as a table. `names` are the names of Files whose entries show no path."""
    titles = ["STATUS", "PATH", "SIZE", "AGE"]
    failing = any(entry.error_code or entry.error_message for entry in entries)
    titles += ["ERROR"] if failing else []
    more = any(_others(entry) for entry in entries)
    titles += ["ID", *(["ATTRIBUTES"] if more else [])]
    rows = []
    for entry in entries:
        path = entry.attributes.get("path")
        cells = {
            "STATUS": entry.status,
            "PATH": str(path) if path else (names or {}).get(entry.file_id, NOTHING_TO_SHOW),
            "SIZE": size(entry.usage_bytes),
            "AGE": age(entry.created_at, look.now),
            "ERROR": ": ".join(filter(None, [entry.error_code, entry.error_message])),
            "ID": entry.file_id,
            "ATTRIBUTES": ", ".join(f"{name}={as_text(value)}" for name, value in _others(entry).items()),
        }
        rows.append([cells[title] for title in titles])
    return table_lines(titles, rows, look.width, _ENTRY_COLUMNS)


def _others(entry: StoreEntry) -> dict[str, object]:
    return {name: value for name, value in entry.attributes.items() if name not in _OWN}


_ENTRY_COLUMNS = {
    column.title: column
    for column in (
        Column("PATH", least=16),
        Column("SIZE", right=True, drop=2),
        Column("AGE", right=True, drop=3),
        Column("ERROR", least=12),
        Column("ATTRIBUTES", least=12, drop=4),
    )
}


# --- Parts --------------------------------------------------------------------------------------------------


def id_column(named: bool) -> Column:
    """The column of the ids. `named`: everything in the table has a name, so the ids may be cut where columns would go."""
    return Column("ID", spare=_SHORT_ID if named else None)


def table_lines(
    titles: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, columns: Mapping[str, Column]
) -> list[Line]:
    """The lines of a table, with a line about the columns that do not fit."""
    table = fitted([columns.get(title, Column(title)) for title in titles], rows, width)
    head, *body = table.lines
    left = [Line(f"(not shown here: {', '.join(table.left_out)})", "faint")] if table.left_out else []
    return [Line(head, "faint"), *map(Line, body), *left]


def age(then: int | None, now: int) -> str:
    return NOTHING_TO_SHOW if then is None else printable(age_text(now - then))
