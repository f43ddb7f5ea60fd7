"""The summary of a results file can be read again, and nothing else passes for one."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.batch.summary_file import (
    MOST_BYTES,
    Failure,
    MergedBatch,
    NewerSummary,
    Summary,
    dump_summary,
    parse_summary,
)

BATCH = MergedBatch("batch-1", "expired", "/v1/responses", "gpt", 100, None, 3, 10, 20, 30)
FAILURES = (Failure(2, "b", "http_400", "It is bad.", "batch-1"), Failure(None, "c", "no_result", "None.", None))
SUMMARY = Summary(
    path="batches/ü.jsonl",
    sha256="a" * 64,
    requests=4,
    completed=1,
    failed=3,
    extra=0,
    results_sha256="b" * 64,
    results_bytes=1_000,
    in_input_order=True,
    batches=(BATCH,),
    failures=FAILURES,
    more_failures=1,
)


def test_a_summary_is_json_whose_changes_are_easy_to_read() -> None:
    text = dump_summary(SUMMARY).decode()
    assert text.endswith("\n}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert ' "path": "batches/ü.jsonl",\n' in text
    assert ' "version": 1\n' in text
    assert json.loads(text)["batches"][0] == dataclasses.asdict(BATCH)


def test_a_summary_can_be_read_again() -> None:
    assert parse_summary(dump_summary(SUMMARY)) == SUMMARY
    assert SUMMARY.names("batch-1")
    assert not SUMMARY.names("batch-2")
    assert SUMMARY.batch_ids() == {"b": "batch-1", "c": None}


def test_texts_of_the_api_can_be_changed() -> None:
    found = SUMMARY.mapped(str.upper)
    assert [(each.custom_id, each.code, each.message) for each in found.failures] == [
        ("B", "HTTP_400", "IT IS BAD."),
        ("C", "NO_RESULT", "NONE."),
    ]
    assert (found.batches[0].model, found.batches[0].endpoint) == ("GPT", SUMMARY.batches[0].endpoint.upper())
    assert (found.path, found.batches[0].id) == (SUMMARY.path, SUMMARY.batches[0].id)


def with_changes(**changes: Any) -> bytes:
    return json.dumps({**json.loads(dump_summary(SUMMARY)), **changes}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": "1"},
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
        {"sha256": "a" * 64 + "\n"},
        {"results_sha256": None},
        {"requests": -1},
        {"requests": 4.5},
        {"requests": True},
        {"requests": 2**60},
        {"completed": 2},
        {"more_failures": 0},
        {"in_input_order": 1},
        {"batches": {}},
        {"batches": [{}]},
        {"batches": [{**dataclasses.asdict(BATCH), "id": 1}]},
        {"batches": [{**dataclasses.asdict(BATCH), "total_tokens": "x"}]},
        {"failures": [{**dataclasses.asdict(FAILURES[0]), "line": 0}] * 2},
        {"path": "x" * 5_000},
    ],
)
def test_what_is_no_summary_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_summary(with_changes(**changes))


@pytest.mark.parametrize(
    "name", [each.name for each in dataclasses.fields(Summary) if each.name not in {"version", "unreadable"}]
)
def test_a_summary_says_everything(name: str) -> None:
    found = json.loads(dump_summary(SUMMARY))
    del found[name]
    with pytest.raises(ValueError, match=name):
        parse_summary(json.dumps(found).encode())


def test_a_summary_of_a_newer_vsync_is_told_from_a_damaged_one() -> None:
    for content in (with_changes(version=2), b'{"version": 17, "other": []}'):
        with pytest.raises(NewerSummary, match="knows version 1"):
            parse_summary(content)
    with pytest.raises(ValueError, match="version") as caught:
        parse_summary(with_changes(version=0))
    assert not isinstance(caught.value, NewerSummary)


def test_a_summary_may_count_no_unreadable_lines() -> None:
    found = json.loads(dump_summary(SUMMARY))
    del found["unreadable"]
    assert parse_summary(json.dumps(found).encode()) == SUMMARY


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"null", b"[]", b"{}", b'{"x": ' + b"[" * 200_000, b" " * (MOST_BYTES + 1)]
)
def test_damaged_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_summary(content)


def test_the_largest_summary_can_be_read_again() -> None:
    failure = Failure(1, "\U0001f600" * 512, "c" * 64, "\U0001f600" * 500, "b" * 64)
    largest = dataclasses.replace(SUMMARY, requests=1_001, failed=1_000, failures=(failure,) * 1_000, more_failures=0)
    assert parse_summary(dump_summary(largest)) == largest


def test_texts_that_would_not_be_read_again_are_changed() -> None:
    odd = dataclasses.replace(SUMMARY, batches=(dataclasses.replace(BATCH, model="m\ud800" + "x" * 9_000),))
    found = parse_summary(dump_summary(odd)).batches[0].model
    assert found.startswith("m?xxx")
    assert len(found) == 4_096


@given(st.binary(max_size=200))
def test_law_no_content_is_fatal(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_summary(content)
