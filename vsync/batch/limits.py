"""What the Batch API takes at most, and the endpoints that it runs requests at. Pure.

Source: https://platform.openai.com/docs/api-reference/batch/create
"""

from __future__ import annotations

ENDPOINTS = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
)

NEEDS_MODEL = frozenset(ENDPOINTS[:4])
"""The endpoints whose requests must name a model. The others have a default."""

EMBEDDINGS = "/v1/embeddings"

WINDOW = "24h"
"""The only completion window there is."""

MAX_REQUESTS = 50_000
MAX_BYTES = 200 * 1024 * 1024
MAX_INPUTS = 50_000
"""Of all the embedding requests of a file together."""

MAX_LINE_BYTES = 50 * 1024 * 1024
"""vsync's own limit. It reads a line whole, and its memory is bounded."""
MAX_TEXT_BYTES = 64 * 1024
"""vsync's own limit for a custom_id, a url and the name of a model, as they stand in the line."""

FILE_LIFETIME_DAYS = 30
"""The API deletes the input File, the output File and the error File of a batch after that."""
