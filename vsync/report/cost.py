"""What storing documents costs a day. Pure arithmetic on OpenAI's published price.

OpenAI bills parsed chunks and their embeddings (`usage_bytes`). The first gigabyte of all stores together is free:
https://developers.openai.com/api/docs/guides/retrieval (section Pricing). Nobody knows either in advance. A plan counts
the bytes of a text with the overlap of its chunks (`store_size`). Of a PDF it counts the file, which is usually more. What
the embeddings add is not published, and not counted.
"""

from __future__ import annotations

PRICES_URL = "https://developers.openai.com/api/docs/guides/retrieval"
FREE_BYTES = 2**30
DOLLARS_PER_GB_AND_DAY = 0.10


def per_day(stored: int, free: int = FREE_BYTES) -> float:
    """US dollars a day for `stored` bytes, of which `free` bytes cost nothing."""
    return max(stored - free, 0) / 2**30 * DOLLARS_PER_GB_AND_DAY


def dollars(amount: float) -> str:
    """An amount in whole cents. An amount above zero is never shown as `$0.00`."""
    if 0 < amount < 0.01:
        return "less than $0.01"
    return f"${amount:,.2f}"
