"""Searches by words: FTS5 finds chunks and orders them by BM25. (The hosted API compares meanings instead.)

The score of the best chunk is the share of the query's words that it holds. The scores of other chunks are in
proportion to their BM25 values. So a score lies between 0 and 1, and 1 means that every word was found.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterator

from vsync.embedded import arguments, filters, vector_stores
from vsync.embedded.context import Context
from vsync.embedded.messages import Request, Response, invalid

MAX_QUERIES = 100
MAX_WORDS = 64

_MATCHES = (
    "SELECT chunks.id AS chunk, bm25(chunk_texts, 0.5, 1.0) AS bm25, entry.attributes, files.id AS file_id,"
    " files.filename FROM chunk_texts JOIN chunks ON chunks.id = chunk_texts.rowid"
    " JOIN vector_store_files AS entry ON entry.seq = chunks.entry JOIN files ON files.seq = entry.file"
    " WHERE chunk_texts MATCH ? AND entry.vector_store = ? AND entry.status = 'completed'"
    " ORDER BY bm25, chunks.id"
)


def search(context: Context, request: Request, store_id: str) -> Response:
    body = arguments.json_body(request, ("query", "filters", "max_num_results", "ranking_options", "rewrite_query"))
    queries = _queries(body)
    wanted = filters.predicate(body.raw("filters")) if body.has("filters") else lambda attributes: True
    limit = body.integer("max_num_results", 1, 50, default=10)
    threshold = _threshold(body)
    body.flag("rewrite_query")
    with context.database.write() as connection:
        store = vector_stores.use(connection, context, store_id)
    words = _words(queries)
    results: list[dict[str, object]] = []
    with context.database.read() as connection:
        for row, attributes, score in _scored(connection, store, words):
            if score < threshold or len(results) == limit:
                break
            if wanted(attributes):
                results.append(_result(connection, row, attributes, score))
    page = {"object": "vector_store.search_results.page", "search_query": queries}
    return Response.of_json({**page, "data": results, "has_more": False, "next_page": None})


def _queries(body: arguments.Arguments) -> list[str]:
    value = body.required("query")
    queries = [value] if isinstance(value, str) else body.strings("query", MAX_QUERIES, at_least=1)
    if not any(query.strip() for query in queries):
        raise invalid("Invalid 'query': it is empty.", "query", "invalid_value")
    return queries


def _words(queries: list[str]) -> list[str]:
    """The words of the queries: runs of letters, digits and marks, as in the index."""
    text = "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in " ".join(queries))
    return list(dict.fromkeys(text.lower().split()))[:MAX_WORDS]


def _threshold(body: arguments.Arguments) -> float:
    if not body.has("ranking_options"):
        return 0.0
    options = body.nested("ranking_options", ("ranker", "score_threshold"))
    if options.raw("ranker") not in (None, "none", "auto", "default-2024-11-15"):
        raise invalid(
            "Invalid 'ranking_options.ranker': expected one of 'none', 'auto', 'default-2024-11-15'.",
            "ranking_options.ranker",
            "invalid_value",
        )
    return options.number("score_threshold", 0, 1, 0.0)


def _scored(
    connection: sqlite3.Connection, store: int, words: list[str]
) -> Iterator[tuple[sqlite3.Row, dict[str, object], float]]:
    if not words:
        return
    # A quoted word is always a word, even when FTS5 has an operator of that name.
    expression = " OR ".join(f'"{word}"' for word in words)
    best = share = 0.0
    for row in connection.execute(_MATCHES, (expression, store)):
        if not best:
            best, share = row["bm25"], _share(connection, row["chunk"], words)
        yield row, json.loads(row["attributes"]), share * (row["bm25"] / best if best else 1.0)


def _share(connection: sqlite3.Connection, chunk: int, words: list[str]) -> float:
    held = "SELECT 1 FROM chunk_texts WHERE chunk_texts MATCH ? AND rowid = ?"
    found = (connection.execute(held, (f'"{word}"', chunk)).fetchone() is not None for word in words)
    return sum(found) / len(words)


def _result(
    connection: sqlite3.Connection, row: sqlite3.Row, attributes: dict[str, object], score: float
) -> dict[str, object]:
    (text,) = connection.execute("SELECT text FROM chunk_texts WHERE rowid = ?", (row["chunk"],)).fetchone()
    return {
        "file_id": row["file_id"],
        "filename": row["filename"],
        "score": round(score, 6),
        "attributes": attributes,
        "content": [{"type": "text", "text": text}],
    }
