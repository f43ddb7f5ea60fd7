"""What ids and names stand for."""

from __future__ import annotations

import pytest

from vsync.errors import StoreConflict
from vsync.manage.bulk_report import Failure, Spared
from vsync.manage.chosen import Rules
from vsync.manage.given import Given, by_name, only, sort_out


def missing(word: str) -> Failure:
    return Failure(word, "no such", 404) if word[0] != "?" else Failure(word, "no id", 400)


def sorted_out(
    given: list[str], found: dict[str, str | Failure], *, missing_ok: bool = False, earlier: tuple[str, ...] = ()
) -> Given[str]:
    return sort_out(given, found, lambda thing: thing, missing, rules=Rules(missing_ok=missing_ok), earlier=earlier)


def test_what_exists_is_kept_with_every_word_for_it() -> None:
    result = sorted_out(["docs", "vs_1", "vs_2"], {"docs": "vs_1", "vs_1": "vs_1", "vs_2": "vs_2"})
    assert result.things == {"vs_1": "vs_1", "vs_2": "vs_2"}
    assert result.words == {"vs_1": ["docs", "vs_1"], "vs_2": ["vs_2"]}
    assert result.warnings == ["vs_1 was given by its id and by its name."]


def test_what_does_not_exist_fails_and_what_is_no_id_as_well() -> None:
    result = sorted_out(["vs_9", "?"], {})
    assert result.failed == [Failure("vs_9", "no such", 404), Failure("?", "no id", 400)]


def test_what_does_not_exist_may_be_no_failure() -> None:
    result = sorted_out(["vs_9", "?", "vs_8"], {"vs_8": Failure("vs_8", "a page", 404)}, missing_ok=True)
    assert result.spared == [Spared("vs_9", "it does not exist")]
    assert result.failed == [Failure("?", "no id", 400), Failure("vs_8", "a page", 404)]


def test_what_an_earlier_run_has_deleted_is_success_unless_it_exists() -> None:
    result = sorted_out(["vs_1", "docs"], {"docs": "vs_2"}, earlier=("vs_1", "docs"))
    assert (result.earlier, list(result.things), result.failed) == (["vs_1"], ["vs_2"], [])


def test_what_has_no_name_is_not_meant_by_an_empty_text() -> None:
    named = by_name(["a", "", "a", "b"], lambda name: name or None)
    assert named == {"a": ["a", "a"], "b": ["b"]}
    assert by_name([""], str) == {}


def test_a_name_that_several_have_is_a_conflict_with_their_ids() -> None:
    assert only("docs", ["vs_1"], str, "vector stores") == "vs_1"
    with pytest.raises(StoreConflict, match=r"There are 6 vector stores named 'docs': 1, 2, 3, 4, 5, …\."):
        only("docs", list("123456"), str, "vector stores")
