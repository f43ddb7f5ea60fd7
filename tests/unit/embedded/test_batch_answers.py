from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from vsync.embedded.batch_answers import DIMENSIONS, ENDPOINTS, Answer, answer, answered_line, expired_line, inputs
from vsync.embedded.batch_lines import BatchRequest

PICTURES = ("/v1/images/generations", "/v1/images/edits", "/v1/videos")
TEXTS = ("/v1/responses", "/v1/chat/completions", "/v1/completions")


def answered(endpoint: str, body: dict[str, Any], custom_id: str = "id-7") -> Answer:
    return answer(endpoint, BatchRequest(custom_id, body, 400), 1_700_000_000)


def code(given: Answer) -> object:
    error: Any = given.body["error"]
    assert error["message"].startswith("[vsync embedded store] ")
    return error["code"]


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each not in PICTURES])
def test_an_answer_says_what_it_is_and_whose(endpoint: str) -> None:
    given = answered(endpoint, {"model": "m", "input": "fox"})
    assert given.ok
    assert "[vsync embedded store] canned answer to request id-7" in json.dumps(given.body)
    assert given.body["model"] == "m"
    assert given.input_tokens == 100
    assert (given.output_tokens > 0) == (endpoint in TEXTS)
    assert given == answered(endpoint, {"model": "m", "input": "fox"})


def test_a_long_custom_id_is_shortened_in_the_text() -> None:
    assert len(json.dumps(answered(TEXTS[0], {"model": "m"}, "x" * 100_000).body)) < 2_000


@pytest.mark.parametrize("endpoint", PICTURES)
def test_pictures_and_videos_are_never_made(endpoint: str) -> None:
    given = answered(endpoint, {"model": "m", "prompt": "fox"})
    assert (given.status, code(given)) == (400, "unsupported")


@pytest.mark.parametrize("model", [None, "", 7, ["m"]])
def test_a_request_without_a_model_fails(model: object) -> None:
    given = answered("/v1/chat/completions", {} if model is None else {"model": model})
    assert (given.status, given.ok) == (400, False)
    assert code(given) == ("missing_required_parameter" if model is None else "invalid_type")


def test_a_moderation_needs_no_model() -> None:
    assert answered("/v1/moderations", {"input": "fox"}).body["model"] == "omni-moderation-latest"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, "invalid_request"), (401, "invalid_api_key"), (404, "model_not_found"), (429, "rate_limit_exceeded"),
     (500, "server_error"), (599, "server_error")],
)  # fmt: skip
@pytest.mark.parametrize("endpoint", [*TEXTS, "/v1/moderations", "/v1/embeddings"])
def test_a_model_may_be_named_after_the_status_with_which_it_fails(endpoint: str, status: int, expected: str) -> None:
    given = answered(endpoint, {"model": f"vsync-fail-{status}"})
    assert (given.status, code(given)) == (status, expected)
    assert (given.input_tokens, given.output_tokens) == (0, 0)


@pytest.mark.parametrize("custom_id", ["vsync-fail-429", "vsync-fail-429-a", "vsync-fail-429/x"])
@pytest.mark.parametrize("endpoint", [*TEXTS, "/v1/moderations", "/v1/embeddings"])
def test_a_custom_id_may_begin_with_the_status_with_which_its_request_fails(endpoint: str, custom_id: str) -> None:
    given = answered(endpoint, {"model": "m", "input": "fox"}, custom_id)
    assert (given.status, code(given)) == (429, "rate_limit_exceeded")
    assert (given.input_tokens, given.output_tokens) == (0, 0)


def test_the_model_says_the_status_before_the_custom_id_does() -> None:
    assert answered(TEXTS[0], {"model": "vsync-fail-500"}, "vsync-fail-429").status == 500


@pytest.mark.parametrize(
    "custom_id", ["a-vsync-fail-429", "vsync-fail-4290", "vsync-fail-399", "vsync-fail-", "Vsync-fail-429"]
)
def test_a_custom_id_that_only_resembles_such_a_name_is_answered(custom_id: str) -> None:
    assert answered(TEXTS[0], {"model": "m"}, custom_id).ok


@pytest.mark.parametrize(
    ("given", "count"), [("fox", 1), (["fox", "dog"], 2), ([1, 2, 3], 1), ([[1], [2]], 2), ([], 1), (None, 1)]
)
def test_the_texts_to_embed_are_counted(given: object, count: int) -> None:
    assert inputs({"input": given}) == count
    assert len(_vectors({"model": "e", "input": given})) == count


def _vectors(body: dict[str, Any]) -> list[Any]:
    data: Any = answered("/v1/embeddings", body).body["data"]
    assert [each["index"] for each in data] == list(range(len(data)))
    return [each["embedding"] for each in data]


def test_an_embedding_is_a_small_vector_of_its_own() -> None:
    first, second = _vectors({"model": "e", "input": ["fox", "dog"]})
    assert len(first) == DIMENSIONS
    assert all(-1 <= number <= 1 for number in first)
    assert first != second


def test_an_embedding_may_be_asked_for_as_base64() -> None:
    (plain,) = _vectors({"model": "e", "input": "fox"})
    (encoded,) = _vectors({"model": "e", "input": "fox", "encoding_format": "base64"})
    assert struct.unpack(f"<{DIMENSIONS}f", base64.b64decode(encoded)) == pytest.approx(plain)


def test_a_line_of_a_result_has_the_apis_form() -> None:
    line = answered_line("batch_1", "a\n\ud800", Answer(200, {"x": 1}))
    value = json.loads(line)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert value["custom_id"] == "a\n\ud800"
    assert value["id"].startswith("batch_req_")
    assert (value["response"]["status_code"], value["response"]["body"], value["error"]) == (200, {"x": 1}, None)
    assert json.loads(answered_line("batch_2", "a\n\ud800", Answer(200, {"x": 1})))["id"] != value["id"]


def test_a_request_that_expired_has_a_code_and_no_response() -> None:
    value = json.loads(expired_line("batch_1", "a"))
    assert (value["response"], value["error"]["code"]) == (None, "batch_expired")
