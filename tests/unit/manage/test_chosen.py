"""What a bulk job is asked to delete, and what it refuses to be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import ConfigurationError, LimitExceeded
from vsync.manage.chosen import Rules, Words, check_choice, check_not_everything, refuse_protected, without_duplicates


@pytest.mark.parametrize(
    ("ids", "has_filter", "every"),
    [(["vs_1"], False, False), ([], False, False), (None, True, False), (None, True, True), (None, False, True)],
)
def test_either_ids_or_a_filter_or_everything_is_meant(ids: list[str] | None, has_filter: bool, every: bool) -> None:
    check_choice(ids, has_filter=has_filter, rules=Rules(every), what="Files")


def test_somebody_must_say_what_is_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"Nothing says which Files") as refused:
        check_choice(None, has_filter=False, rules=Rules(words=Words("--all")), what="Files")
    assert "(--all)" in refused.value.remedy


@pytest.mark.parametrize(("has_filter", "every"), [(True, False), (False, True)])
def test_ids_and_a_filter_contradict_each_other(has_filter: bool, every: bool) -> None:
    with pytest.raises(ConfigurationError, match="Both ids and a filter"):
        check_choice([], has_filter=has_filter, rules=Rules(every), what="Files")


def test_a_filter_that_matches_everything_is_a_mistake_until_somebody_says_it_is_meant() -> None:
    with pytest.raises(LimitExceeded, match=r"1,000 entries of 1,000") as refused:
        check_not_everything(1000, 1000, rules=Rules(words=Words("all=true")), what="entry", many="entries")
    assert refused.value.exit_code == 4
    assert refused.value.remedy == "Correct the filter, or say that everything is meant (all=true)."
    assert not check_not_everything(1000, 1000, rules=Rules(every=True), what="entry")
    assert not check_not_everything(999, 1000, rules=Rules(), what="entry")
    assert not check_not_everything(0, 0, rules=Rules(), what="entry")


def test_a_dry_run_of_a_filter_that_matches_everything_is_shown_with_a_warning() -> None:
    (warning,) = check_not_everything(3, 3, rules=Rules(only_shows=True, words=Words("--all")), what="File")
    assert warning == (
        "The filter matches everything: 3 Files of 3. The delete is refused unless you say that everything is meant (--all)."
    )


def test_an_error_names_no_option_of_a_front_that_has_given_none() -> None:
    with pytest.raises(ConfigurationError) as unsaid:
        check_choice(None, has_filter=False, rules=Rules(), what="Files")
    with pytest.raises(LimitExceeded) as everything:
        check_not_everything(1, 1, rules=Rules(), what="File")
    assert "-" not in f"{unsaid.value} {everything.value}"


def test_what_the_manifest_names_is_refused_with_five_names_at_most() -> None:
    refuse_protected([], "it")
    with pytest.raises(LimitExceeded, match=r"names a, b, c, d, e and 2 more\.") as refused:
        refuse_protected(list("abcdefg"), "them", Words(force="--force"))
    assert "Leave them out" in refused.value.remedy
    assert "--force" in refused.value.remedy
    assert "`vsync verify --repair` makes it again; until then, syncs that change something" in refused.value.remedy


def test_what_is_given_twice_is_told_once() -> None:
    assert without_duplicates(["b", "a", "b", "b"]) == (["b", "a"], ["1 id was given more than once."])
    assert without_duplicates(["b", "b", "a", "a"])[1] == ["2 ids were given more than once."]


@given(st.lists(st.sampled_from("abc")))
def test_each_stays_once_and_in_its_order(words: list[str]) -> None:
    once, warnings = without_duplicates(words)
    assert sorted(once) == sorted(set(words))
    assert sorted(once, key=words.index) == once
    assert bool(warnings) == (len(once) < len(words))
