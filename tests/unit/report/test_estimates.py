"""What a report says of tokens, chunks and the cost of storage."""

from __future__ import annotations

import pytest

from vsync.report.body import Estimate
from vsync.report.estimates import estimate_json, is_priced, storage_text, tokens_text
from vsync.report.store_size import EMPTY, StoreSize, StoreSizes

WORK = Estimate(4, 2_000, 1, 500, 3)
GB = 2**30


def test_the_json_has_the_work_the_stored_bytes_and_their_cost_without_the_free_gigabyte() -> None:
    sizes = StoreSizes(StoreSize(1, 10, GB), StoreSize(2, 20, 2 * GB))
    assert estimate_json(WORK, sizes, None) == {
        "uploads": 4,
        "upload_bytes": 2_000,
        "deletes": 1,
        "tokens": 500,
        "chunks": 3,
        "bytes_before": GB,
        "bytes_after": 2 * GB,
        "cost_per_day_before": 0.1,
        "cost_per_day_after": 0.2,
    }


def test_what_is_not_known_is_null_and_without_a_plan_there_is_no_estimate() -> None:
    sizes = StoreSizes(EMPTY, StoreSize(1, 1, 1))
    elsewhere = estimate_json(WORK, sizes, "http://127.0.0.1:9/v1")
    assert (elsewhere["bytes_after"], elsewhere["cost_per_day_before"], elsewhere["cost_per_day_after"]) == (
        1,
        None,
        None,
    )
    without = estimate_json(WORK, None, None)
    assert {without[key] for key in without if key.startswith(("bytes_", "cost_"))} == {None}
    assert estimate_json(None, sizes, None) == {}


@pytest.mark.parametrize(
    ("api", "priced"), [(None, True), ("https://api.openai.com/v1", True), ("http://localhost:8000/v1", False)]
)
def test_only_the_price_of_openai_is_known(api: str | None, priced: bool) -> None:
    assert is_priced(api) is priced
    assert (storage_text(StoreSizes(EMPTY, StoreSize(1, 1, 1)), api) is not None) is priced


@pytest.mark.parametrize(
    ("estimate", "told"),
    [
        (Estimate(0, 0, 3), None),
        (Estimate(2, 9_000, 0, other=2), None),
        (Estimate(1, 4, 0, 1, 1), "about 1 token in 1 chunk (4 bytes of UTF-8 count as one token)"),
        (
            Estimate(3, 9_000, 0, 2_000, 12, other=1),
            "about 2,000 tokens in 12 chunks (4 bytes of UTF-8 count as one token; text only, not PDF and Office files)",
        ),
    ],
)
def test_tokens_are_told_with_how_they_are_counted(estimate: Estimate, told: str | None) -> None:
    assert tokens_text(estimate) == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (0, 0, None),
        (0, 2_000, "about 0 B → 2.0 KB with the overlap of chunks, less than $0.01 a day"),
        (2_000, 2_000, "about 2.0 KB with the overlap of chunks, less than $0.01 a day"),
        (2_000, 0, "about 2.0 KB → 0 B with the overlap of chunks, less than $0.01 a day"),
        (
            GB,
            21 * GB,
            "about 1.1 GB → 22.5 GB with the overlap of chunks, about $0.00 → $2.00 a day, "
            "or $2.10 where other stores use up the free 1 GB",
        ),
    ],
)
def test_storage_is_told_before_and_after_with_both_bounds_of_its_cost(
    before: int, after: int, told: str | None
) -> None:
    assert storage_text(StoreSizes(StoreSize(1, 1, before), StoreSize(1, 1, after)), None) == told
