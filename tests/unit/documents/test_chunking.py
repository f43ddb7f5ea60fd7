"""Chunking: what the user gives, what the API takes, what a server reports."""

from __future__ import annotations

import pytest

from vsync.documents.chunking import Chunking, GivenChunking
from vsync.errors import ConfigurationError


@pytest.mark.parametrize(
    ("size", "overlap", "expected"),
    [
        (None, None, Chunking(800, 400)),
        (800, 400, Chunking()),
        (400, None, Chunking(400, 200)),
        (101, None, Chunking(101, 50)),
        (None, 100, Chunking(800, 100)),
        (100, 0, Chunking(100, 0)),
        (4096, 2048, Chunking(4096, 2048)),
    ],
)
def test_chunking_follows_what_is_given(size: int | None, overlap: int | None, expected: Chunking) -> None:
    assert Chunking.parse(size, overlap) == expected


@pytest.mark.parametrize(
    ("size", "overlap", "named"),
    [
        (99, None, "chunk-size"),
        (4097, None, "chunk-size"),
        (0, None, "chunk-size"),
        (-1, -1, "chunk-size"),
        (100, 51, "chunk-overlap"),
        (None, 401, "chunk-overlap"),
        (800, -1, "chunk-overlap"),
    ],
)
def test_chunking_outside_of_the_apis_limits_is_refused(size: int | None, overlap: int | None, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        Chunking.parse(size, overlap)
    assert str(overlap if named == "chunk-overlap" else size) in caught.value.message


def test_the_servers_own_chunking_is_not_spelled_out() -> None:
    assert Chunking().to_api() == {"type": "auto"}
    assert Chunking.parse(800, 400).to_api() == {"type": "auto"}


@pytest.mark.parametrize("chunking", [Chunking(), Chunking(400, 0), Chunking(4096, 2048)])
def test_chunking_comes_back_from_the_api_as_it_was_sent(chunking: Chunking) -> None:
    assert Chunking.from_api(chunking.to_api()) == chunking


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (None, None),
        ({}, None),
        ({"type": "other"}, None),
        ({"type": "auto"}, Chunking()),
        ({"type": "static", "static": None}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": 800}}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": "800", "chunk_overlap_tokens": 400}}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}, Chunking()),
    ],
)
def test_chunking_that_the_server_does_not_tell_is_unknown(
    strategy: dict[str, object] | None, expected: Chunking | None
) -> None:
    assert Chunking.from_api(strategy) == expected


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        (Chunking(2000, 100), GivenChunking(overlap=0), Chunking(2000, 0)),
        (Chunking(400, 150), GivenChunking(size=2000), Chunking(2000, 150)),
        (Chunking(400, 150), GivenChunking(size=200), Chunking(200, 100)),
        (Chunking(400, 200), GivenChunking(overlap=300), Chunking(400, 200)),
        (Chunking(), GivenChunking(size=2000), Chunking(2000, 1000)),
        (Chunking(), GivenChunking(overlap=10), Chunking(800, 10)),
        (Chunking(400, 200), GivenChunking(100, 20), Chunking(100, 20)),
        (Chunking(400, 200), GivenChunking(), Chunking(400, 200)),
    ],
)
def test_a_half_that_is_not_given_stays_as_it_was(before: Chunking, given: GivenChunking, after: Chunking) -> None:
    assert given.after(before) == after
    assert before.said.after(Chunking()) == before
