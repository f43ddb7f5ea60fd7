from __future__ import annotations

import pytest

from tests.unit.embedded.helpers import line
from vsync.embedded import batch_validation
from vsync.embedded.batch_validation import validate

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


def errors(*texts: bytes, endpoint: str = CHAT) -> list[tuple[str | int | None, ...]]:
    return [(each["line"], each["code"], each["param"]) for each in validate(texts, endpoint).errors]


def of_model(custom_id: str, model: object) -> bytes:
    return line(custom_id, body={"model": model})


def test_a_valid_input_is_counted() -> None:
    found = validate([line("a"), line("b"), of_model("c", "vsync-fail-500"), line("d", body={})], CHAT)
    assert (found.total, found.failing, found.model, found.errors) == (4, 2, "m", [])


def test_each_line_with_an_error_is_named() -> None:
    assert errors(b"", line("a"), b"{", line("b", url="/v1/embeddings"), line("a")) == [
        (1, "invalid_json_line", None),
        (3, "invalid_json_line", None),
        (4, "url_mismatch", "url"),
        (5, "duplicate_custom_id", "custom_id"),
    ]


def test_custom_ids_are_compared_whole() -> None:
    assert errors(line("x" * 10_000 + "a"), line("x" * 10_000 + "b")) == []
    assert errors(line("\ud800"), line("\ud800")) == [(2, "duplicate_custom_id", "custom_id")]


def test_all_requests_name_one_model() -> None:
    texts = [of_model(f"{n}", model) for n, model in enumerate(["m", "other", "m", None, "", 7])]
    assert errors(*texts) == [(2, "model_mismatch", "body.model")]


def test_models_that_fail_on_purpose_may_stand_beside_any_other() -> None:
    models = ["vsync-fail-429", "m", "vsync-fail-500", "m"]
    found = validate([of_model(f"{n}", model) for n, model in enumerate(models)], CHAT)
    assert (found.model, found.failing, found.errors) == ("m", 2, [])


def test_a_model_with_half_of_a_character_is_named() -> None:
    assert errors(line("a"), of_model("b", "m\ud800")) == [(2, "invalid_value", "body.model")]


def test_a_custom_id_that_fails_on_purpose_counts_as_failing() -> None:
    found = validate([line("vsync-fail-429-a"), line("b")], CHAT)
    assert (found.total, found.failing, found.errors) == (2, 1, [])


@pytest.mark.parametrize("model", ["vsync-fail-399", "vsync-fail-600", "vsync-fail-", "vsync-fail-4290", "vsync-fail"])
def test_a_name_that_is_only_like_theirs_is_a_model(model: str) -> None:
    found = validate([of_model("a", model)], CHAT)
    assert (found.model, found.failing) == (model, 0)


def test_an_input_without_a_request_is_named() -> None:
    assert errors() == [(None, "empty_file", None)]


def test_too_many_requests_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_validation, "MAX_REQUESTS", 2)
    assert errors(line("a"), line("b")) == []
    assert errors(line("a"), line("b"), b"{") == [(None, "too_many_tasks", None)]


def test_too_many_texts_to_embed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_validation, "MAX_INPUTS", 3)

    def embed(custom_id: str, given: object) -> bytes:
        return line(custom_id, url=EMBEDDINGS, body={"model": "e", "input": given})

    texts = [embed("a", "fox"), embed("b", ["fox", "dog"]), embed("c", [1, 2, 3])]
    assert errors(*texts[:2], endpoint=EMBEDDINGS) == []
    assert errors(*texts, endpoint=EMBEDDINGS) == [(None, "too_many_inputs", None)]


def test_so_many_errors_are_reported_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_validation, "MAX_ERRORS", 2)
    assert len(errors(b"{", b"{", b"{")) == 2
