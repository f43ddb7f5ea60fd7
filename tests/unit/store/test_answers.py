"""Answers become values, and what is not an answer of the API is refused."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from vsync.store.answers import check_id, deleted, id_of, items_of, plain, progress_of, store_entry_of, store_info_of


def test_what_is_plain_already_stays() -> None:
    class Model:
        def model_dump(self, mode: str, **_: object) -> dict[str, str]:
            return {"mode": mode}

    assert plain(Model()) == {"mode": "json"}
    assert plain({"a": 1}) == {"a": 1}
    assert plain(None) is None


@pytest.mark.parametrize("text", ["vs_1", "file-abc", "a.b", "x" * 512])
def test_an_id_is_taken_from_an_answer(text: str) -> None:
    assert id_of(SimpleNamespace(id=text)) == text


@pytest.mark.parametrize("value", [None, 7, "", ".", "..", "a/b", "a b", "a?b", "ä", "x" * 513])
def test_what_would_lead_to_another_address_is_not_an_id(value: object) -> None:
    with pytest.raises(ValueError, match="no id"):
        id_of(SimpleNamespace(id=value))


def test_an_answer_about_another_object_is_refused() -> None:
    check_id("vs_1", "vs_1")
    with pytest.raises(ValueError, match="not about vs_1"):
        check_id("vs_1", "vs_2")


def test_a_listing_without_items_is_refused() -> None:
    assert items_of(SimpleNamespace(data=[1])) == [1]
    with pytest.raises(TypeError):
        items_of(SimpleNamespace(data=None))


def response(status: int, answer: object) -> SimpleNamespace:
    def parse() -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(status_code=status, parse=parse)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (204, ""),
        (204, json.JSONDecodeError("no body", "", 0)),
        (200, SimpleNamespace(deleted=True)),
        (200, SimpleNamespace(deleted=True, id="vs_1")),
    ],
)
def test_a_deletion_that_says_so_is_believed(status: int, answer: object) -> None:
    assert deleted(response(status, answer), "vs_1")


@pytest.mark.parametrize("answer", ["", "<html>", None, SimpleNamespace(deleted=False), SimpleNamespace(deleted="yes")])
def test_a_deletion_that_does_not_say_so_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="does not say"):
        deleted(response(200, answer), "vs_1")


def test_a_deletion_of_something_else_is_not_the_one_that_was_asked_for() -> None:
    with pytest.raises(ValueError, match="not about vs_1"):
        deleted(response(200, SimpleNamespace(deleted=True, id="vs_2")), "vs_1")


def test_a_batch_under_another_id_is_not_readable() -> None:
    counts = {"in_progress": 1, "completed": 2, "failed": 0, "cancelled": 0, "total": 3}
    answer = SimpleNamespace(id="b_1", status="in_progress", file_counts=counts)
    progress = progress_of(answer, "b_1")
    assert (progress.readable, progress.status, progress.completed, progress.total) == (True, "in_progress", 2, 3)
    assert not progress_of(answer, "b_2").readable


class Model:
    """A model of the SDK that holds `data`."""

    def __init__(self, **data: object) -> None:
        self.id = data["id"]
        self._data = data

    def model_dump(self, **_: object) -> dict[str, object]:
        return self._data


def test_numbers_and_texts_of_other_types_are_read_as_nothing() -> None:
    item = Model(
        id="vs_1", name=7, status=None, file_counts=[], usage_bytes="many", created_at=float("inf"), metadata=3
    )
    info = store_info_of(item)
    assert (info.name, info.status, info.files, info.usage_bytes, info.created_at) == (None, "", 0, 0, 0)
    assert info.metadata == {}


def test_an_entrys_error_holds_no_secret_and_no_odd_characters() -> None:
    error = {"code": "bad::code\n", "message": "the key s3cr3t is wrong"}
    entry = store_entry_of(Model(id="file-1", status="failed", last_error=error), ["s3cr3t"])
    assert (entry.error_code, entry.error_message) == ("badcode", "the key *** is wrong")


def test_attributes_that_vsync_never_sets_are_left_out() -> None:
    given = {"path": "a.md", "level": 3, "list": [1], "none": None}
    assert store_entry_of(Model(id="file-1", attributes=given), []).attributes == {"path": "a.md", "level": 3}


@pytest.mark.parametrize(
    ("counts", "usage", "expected"),
    [
        ({"total": 3, "in_progress": 0}, 70, (3, 70)),
        ({"total": 0}, 0, (0, 0)),
        ({"total": 3, "in_progress": 1}, 70, (3, None)),
        ({"total": "3"}, 70.5, (None, None)),
        ({"total": True}, True, (None, None)),
        ({"total": -1}, -1, (None, None)),
        ({"total": 2**70}, 2**70, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_what_a_store_counts_is_known_only_where_it_says_so(
    counts: object, usage: object, expected: tuple[int | None, int | None]
) -> None:
    info = store_info_of(Model(id="vs_1", file_counts=counts, usage_bytes=usage))
    assert (info.counted, info.used) == expected


def test_numbers_that_json_does_not_have_are_no_attributes() -> None:
    item = SimpleNamespace(
        id="file-1",
        model_dump=lambda **_: {"attributes": {"a": float("nan"), "b": float("inf"), "c": 1.5, "d": 10**400}},
    )
    assert store_entry_of(item, ()).attributes == {"c": 1.5, "d": 10**400}
