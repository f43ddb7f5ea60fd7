"""Pages of lists, with cursors. The order is stable: by time of creation, then by sequence number."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vsync.embedded.arguments import Paging
from vsync.embedded.messages import invalid


@dataclass(frozen=True)
class Listing:
    """What is listed. Only text of this package goes into the SQL. What callers send goes into parameters."""

    columns: str
    tables: str
    key: str
    """The table whose columns created_at and seq give the order."""
    id_column: str
    where: str
    parameters: tuple[object, ...] = ()


def page(
    connection: sqlite3.Connection,
    listing: Listing,
    paging: Paging,
    as_json: Callable[[sqlite3.Row], dict[str, object]],
) -> dict[str, object]:
    conditions, parameters = [listing.where], [*listing.parameters]
    order = f"({listing.key}.created_at, {listing.key}.seq)"
    backwards = paging.before is not None and paging.after is None
    for name, cursor, beyond in (("after", paging.after, True), ("before", paging.before, False)):
        if cursor is not None:
            conditions.append(f"{order} {'<' if beyond == paging.descending else '>'} (?, ?)")
            parameters += _position(connection, listing, name, cursor)
    # A page before a cursor holds the items nearest to the cursor, so it is read from the cursor backwards.
    direction = "DESC" if paging.descending != backwards else "ASC"
    sql = (
        f"SELECT {listing.columns} FROM {listing.tables} WHERE {' AND '.join(conditions)}"  # noqa: S608 - see Listing
        f" ORDER BY {listing.key}.created_at {direction}, {listing.key}.seq {direction} LIMIT ?"
    )
    rows = connection.execute(sql, (*parameters, paging.limit + 1)).fetchall()
    shown = rows[: paging.limit]
    return of_items(
        [as_json(row) for row in (reversed(shown) if backwards else shown)], has_more=len(rows) > paging.limit
    )


def of_items(items: list[dict[str, object]], *, has_more: bool) -> dict[str, object]:
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": has_more}


def _position(connection: sqlite3.Connection, listing: Listing, name: str, cursor: str) -> Iterable[object]:
    row = connection.execute(
        f"SELECT {listing.key}.created_at, {listing.key}.seq FROM {listing.tables}"  # noqa: S608 - see Listing
        f" WHERE {listing.where} AND {listing.id_column} = ?",
        (*listing.parameters, cursor),
    ).fetchone()
    if row is None:
        raise invalid(f"Invalid '{name}': nothing in this list has the id '{cursor}'.", name, "invalid_value")
    return tuple(row)
