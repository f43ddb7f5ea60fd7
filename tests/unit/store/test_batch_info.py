"""A batch in the server's words becomes a value, whatever the words are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Batch

from vsync.batch.metadata import Made
from vsync.store.answers import is_id
from vsync.store.batch_info import BatchError, BatchInfo, batch_info_of, listed_batch_of

KEY = "sk-proj-Abc123_not-to-be-shown"

WHOLE: dict[str, Any] = {
    "id": "batch_1",
    "object": "batch",
    "endpoint": "/v1/responses",
    "model": "gpt-6-mini",
    "errors": {
        "object": "list",
        "data": [{"code": "invalid_json_line", "message": f"Not JSON {KEY}", "param": "body", "line": 7}],
    },
    "input_file_id": "file-1",
    "completion_window": "24h",
    "status": "finalizing",
    "output_file_id": "file-2",
    "error_file_id": "file-3",
    "created_at": 100,
    "in_progress_at": 101,
    "expires_at": 102,
    "finalizing_at": 103,
    "completed_at": 104,
    "failed_at": 105,
    "expired_at": 106,
    "cancelling_at": 107,
    "cancelled_at": 108,
    "request_counts": {"total": 10, "completed": 8, "failed": 2},
    "usage": {"input_tokens": 5, "output_tokens": 6, "total_tokens": 11},
    "metadata": {"path": "a/b.jsonl"},
}


def of(**given: object) -> BatchInfo:
    return batch_info_of(Batch.construct(**{**WHOLE, **given}), [KEY])


def test_every_word_of_the_server_has_its_place() -> None:
    assert of() == BatchInfo(
        id="batch_1",
        status="finalizing",
        endpoint="/v1/responses",
        model="gpt-6-mini",
        window="24h",
        input_file_id="file-1",
        output_file_id="file-2",
        error_file_id="file-3",
        created_at=100,
        in_progress_at=101,
        expires_at=102,
        finalizing_at=103,
        completed_at=104,
        failed_at=105,
        expired_at=106,
        cancelling_at=107,
        cancelled_at=108,
        total=10,
        completed=8,
        failed=2,
        errors=(BatchError("invalid_json_line", "Not JSON ***", 7, "body"),),
        metadata={"path": "a/b.jsonl"},
        input_tokens=5,
        output_tokens=6,
        total_tokens=11,
    )


def test_what_the_server_does_not_say_is_not_known() -> None:
    info = batch_info_of(Batch.construct(id="batch_1", status="validating"), [])
    assert (info.output_file_id, info.error_file_id, info.input_file_id) == (None, None, "")
    assert (info.completed_at, info.created_at, info.total, info.total_tokens) == (None, 0, 0, None)
    assert (info.errors, info.metadata, info.model) == ((), {}, "")


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("validating", False),
        ("in_progress", False),
        ("finalizing", False),
        ("cancelling", False),
        ("completed", True),
        ("failed", True),
        ("expired", True),
        ("cancelled", True),
        ("paused", False),
    ],
)
def test_only_four_states_are_the_end(status: str, ended: bool) -> None:
    assert of(status=status).ended is ended


@pytest.mark.parametrize("status", [None, "", 7])
def test_an_answer_without_a_status_is_no_batch(status: object) -> None:
    with pytest.raises(ValueError, match="no batch"):
        of(status=status)


def test_a_store_is_no_batch() -> None:
    with pytest.raises(ValueError, match="no id"):
        of(id="../vector_stores/vs_1")


def test_an_id_that_leads_elsewhere_is_none() -> None:
    info = of(input_file_id="../x", output_file_id="a/b", error_file_id="")
    assert (info.input_file_id, info.output_file_id, info.error_file_id) == ("", None, None)


def test_a_time_of_zero_is_not_reached() -> None:
    assert of(completed_at=0).completed_at is None


def test_an_error_may_name_no_line() -> None:
    info = of(errors={"data": [{"code": "token_limit_exceeded", "message": "Enqueued", "line": None, "param": None}]})
    assert info.errors == (BatchError("token_limit_exceeded", "Enqueued", None, ""),)


def test_an_error_of_an_odd_form_is_an_error_all_the_same() -> None:
    assert of(errors={"data": ["no", {"line": -1}]}).errors == (BatchError("", "", None, ""),) * 2
    assert of(errors=[]).errors == ()


def test_a_thousand_errors_are_enough() -> None:
    assert len(of(errors={"data": [{"line": line} for line in range(5_000)]}).errors) == 1_000


OTHERS = [None, {}, {"made_by": "them"}, {"made_by": ["vsync"]}, "vsync"]


@pytest.mark.parametrize("odd", [{"id": None}, {"id": "batch/1"}, {"status": None}, {"status": 7}])
@pytest.mark.parametrize("metadata", OTHERS)
def test_a_listed_item_that_is_no_batch_and_not_ours_is_left_out(odd: dict[str, Any], metadata: object) -> None:
    item = Batch.construct(**{**WHOLE, **odd, "metadata": metadata})
    assert listed_batch_of(item, []) is None


@pytest.mark.parametrize("item", [None, "batch_1", [], {"id": "batch_1"}, 7])
def test_a_listed_item_of_another_form_is_left_out(item: object) -> None:
    assert listed_batch_of(item, []) is None


@pytest.mark.parametrize("odd", [{"id": None}, {"id": "batch/1"}, {"status": None}])
def test_a_listed_batch_of_ours_that_cannot_be_read_is_an_error(odd: dict[str, Any]) -> None:
    ours = Made("acme/docs", "batches/a.jsonl", "0" * 64, 3).to_metadata()
    with pytest.raises(ValueError, match=r"no id|no status"):
        listed_batch_of(Batch.construct(**{**WHOLE, **odd, "metadata": ours}), [])


@pytest.mark.parametrize("metadata", OTHERS)
def test_any_listed_batch_is_one_whoever_made_it(metadata: object) -> None:
    found = listed_batch_of(Batch.construct(**{**WHOLE, "metadata": metadata}), [])
    assert found is not None
    assert found.id == "batch_1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE]), JSON))
def test_any_answer_is_a_batch_that_can_be_written_down_or_is_refused(given: dict[str, Any]) -> None:
    try:
        info = of(**given)
    except ValueError:
        return
    assert all(found is None or is_id(found) for found in (info.output_file_id, info.error_file_id))
    for each in fields(info):
        value = getattr(info, each.name)
        str(value).encode()
        assert not isinstance(value, bool)
        assert not isinstance(value, int) or 0 <= value < 2**63
    for error in info.errors:
        f"{error.code}{error.message}{error.param}".encode()
        assert error.line is None or error.line > 0
