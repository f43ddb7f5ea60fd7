"""What a report says of tokens, chunks and the cost of storage: in words, and as JSON. Pure."""

from __future__ import annotations

from typing import Any

from vsync.documents.token_estimate import METHOD
from vsync.report.body import Estimate
from vsync.report.cost import dollars, per_day
from vsync.report.markup import store_url
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.system.wording import count, size


def estimate_json(estimate: Estimate | None, store: StoreSizes | None, api: str | None) -> dict[str, Any]:
    """The estimate of the contract. Empty without a plan.

    `bytes_before` and `bytes_after` are about what the store keeps, chunks with their overlap. The cost is in US dollars a
    day, without the gigabyte that is free. It is None where the size or the price is not known.
    """
    if estimate is None:
        return {}
    return {
        "uploads": estimate.uploads,
        "upload_bytes": estimate.upload_bytes,
        "deletes": estimate.deletes,
        "tokens": estimate.tokens,
        "chunks": estimate.chunks,
        "bytes_before": store.before.stored if store else None,
        "bytes_after": store.after.stored if store else None,
        "cost_per_day_before": _cost(store.before, api) if store else None,
        "cost_per_day_after": _cost(store.after, api) if store else None,
    }


def _cost(held: StoreSize, api: str | None) -> float | None:
    return round(per_day(held.stored, free=0), 6) if is_priced(api) else None


def is_priced(api: str | None) -> bool:
    """Whether the price is known: it is OpenAI's. Without an address it is OpenAI's API that is meant."""
    return api is None or store_url(api, "vs_1") is not None


def tokens_text(estimate: Estimate) -> str | None:
    """About how many tokens and chunks are uploaded, and how they are counted. None: no text is uploaded."""
    if not estimate.chunks:
        return None
    only = "; text only, not PDF and Office files" if estimate.other else ""
    amounts = f"{count(estimate.tokens, 'token')} in {count(estimate.chunks, 'chunk')}"
    return f"about {amounts} ({METHOD}{only})"


def storage_text(sizes: StoreSizes, api: str | None) -> str | None:
    """About how much the store keeps, before and after, and what that costs. None: nothing, or the price is not known."""
    before, after = sizes
    if not is_priced(api) or not (before.stored or after.stored):
        return None
    return (
        f"about {from_to(size(before.stored), size(after.stored))} with the overlap of chunks, {_price(before, after)}"
    )


def _price(before: StoreSize, after: StoreSize) -> str:
    """About how much a day. All stores share the free gigabyte, so the cost without it is named where it matters."""
    most = per_day(after.stored, free=0)
    if most < 0.01 and per_day(before.stored, free=0) < 0.01:
        return "less than $0.01 a day"
    least = from_to(dollars(per_day(before.stored)), dollars(per_day(after.stored)))
    return f"about {least} a day, or {dollars(most)} where other stores use up the free 1 GB"


def from_to(before: str, after: str) -> str:
    """Both, or only one where they are the same."""
    return after if before == after else f"{before} → {after}"
