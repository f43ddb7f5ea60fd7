"""What a failure means, and what to do about it."""

from __future__ import annotations

import pytest

from vsync.batch.explain import REFUSALS, REQUESTS, STATES, Explanation, may_pass, of_refusal, of_request, of_state

EVERY = [
    *REQUESTS.items(),
    *REFUSALS.items(),
    *STATES.items(),
    *((code, of_request(code)) for code in ("http_503", "odd")),
]


@pytest.mark.parametrize(
    ("code", "found"), [*EVERY, ("", of_refusal("")), ("odd", of_refusal("odd")), ("odd", of_state("odd"))]
)
def test_each_explanation_is_made_of_sentences(code: str, found: Explanation) -> None:
    assert found.meaning[0].isupper()
    assert found.meaning.endswith(".")
    assert not found.remedy or (found.remedy[0].isupper() and found.remedy.endswith((".", ").")))


def test_each_failure_has_a_remedy() -> None:
    assert all(found.remedy for found in (*REQUESTS.values(), *REFUSALS.values()))


@pytest.mark.parametrize(
    "code",
    "http_400 http_401 http_403 http_404 http_408 http_409 http_413 http_422 http_429 batch_expired batch_cancelled "
    "no_result content_filter context_length_exceeded model_not_found".split(),
)
def test_what_often_goes_wrong_with_a_request_is_known(code: str) -> None:
    assert of_request(code) == REQUESTS[code]


def test_each_failure_of_the_server_is_one_that_may_pass() -> None:
    assert of_request("http_500") == of_request("http_599") == REQUESTS["server_error"]
    assert "--resubmit-failed" in of_request("http_503").remedy


def test_a_status_explains_a_code_that_nobody_knows() -> None:
    assert of_request("unsupported_parameter", 400) == REQUESTS["http_400"]
    assert of_request("odd", 503) == REQUESTS["server_error"]
    assert of_request("context_length_exceeded", 400) == REQUESTS["context_length_exceeded"]
    assert of_request("odd", 418) == of_request("odd", None) == of_request("odd")
    assert "Else" not in of_request("odd").remedy


def test_a_code_that_nobody_knows_gets_an_honest_sentence() -> None:
    assert "message" in of_request("odd_code").meaning
    assert "message" in of_refusal("odd_code").meaning
    assert "without a reason" in of_refusal("").meaning
    assert of_state("odd").remedy == ""


def test_only_a_refusal_whose_reason_is_not_in_the_file_may_pass() -> None:
    assert may_pass("token_limit_exceeded")
    assert may_pass("billing_hard_limit_reached")
    assert not any(
        map(may_pass, ["duplicate_custom_id", "invalid_json_line", "mismatched_model", "empty_file", "", "odd"])
    )
    assert all(
        may_pass(code)
        for code in REFUSALS
        if "again" in REFUSALS[code].remedy and "--again" not in REFUSALS[code].remedy
    )


@pytest.mark.parametrize("code", [*REFUSALS, "", "odd"])
def test_where_other_requests_have_run_no_remedy_pays_for_them_again(code: str) -> None:
    whole, partly = of_refusal(code, "batches/a.jsonl").remedy, of_refusal(code, "batches/a.jsonl", partly=True).remedy
    assert "--again" not in partly
    assert ("--resubmit-failed batches/a.jsonl`" in partly) is ("--again batches/a.jsonl`" in whole)
    assert not may_pass(code) or "`vsync batch submit`" not in partly
