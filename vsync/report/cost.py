"""What storing documents costs a day. Pure arithmetic on OpenAI's published price.

Billed are parsed chunks and their embeddings (`usage_bytes`), the first gigabyte of all stores together is free:
https://developers.openai.com/api/docs/guides/retrieval (section Pricing). Nobody knows chunks before they are made, so
file sizes stand in for them: text takes more as chunks, which overlap, and PDF usually less.
"""

from __future__ import annotations

PRICES_URL = "https://developers.openai.com/api/docs/guides/retrieval"
FREE_BYTES = 2**30
DOLLARS_PER_GB_AND_DAY = 0.10


def per_day(stored: int, free: int = FREE_BYTES) -> float:
    """US dollars a day for that many bytes, of which `free` cost nothing."""
    return max(stored - free, 0) / 2**30 * DOLLARS_PER_GB_AND_DAY


def dollars(amount: float) -> str:
    """An amount for people: whole cents, and never `$0.00` for what costs something."""
    if 0 < amount < 0.01:
        return "less than $0.01"
    return f"${amount:,.2f}"
