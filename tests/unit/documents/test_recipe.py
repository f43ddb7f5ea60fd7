"""Recipes: what a target and its rules say of a document together, and the attributes that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.attributes import MAX_ATTRIBUTES, MAX_VALUE_CHARACTERS, AttributeValue, Identity, entry_attributes
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import Describing, Hooks, Rule
from vsync.documents.recipe import OWN, Facts, Recipe, Recipes, describe, fixed_at_upload

PAGE = "https://github.com/acme/docs"
COMMIT = "c" * 40
IDENTITY = Identity("o", "t", "s")


def recipes(says: Describing, *rules: Rule, root: str = "") -> Recipes:
    def inside(path: str) -> str | None:
        return path.removeprefix(root) if path.startswith(root) else None

    return Recipes(says, rules, inside, PAGE)


def described(recipe: Recipe, front_matter: Mapping[str, AttributeValue] | None = None) -> Mapping[str, AttributeValue]:
    return describe(recipe, "a.md", Facts(None, front_matter or {})).attributes


def levels(path: str, directory: int = 8, **more: str) -> Mapping[str, AttributeValue]:
    return describe(Recipe(attributes=more, directory=directory), path).attributes


# --- Rules --------------------------------------------------------------------------------------------------------


def test_a_later_rule_wins_key_by_key() -> None:
    found = recipes(
        Describing({"team": "docs", "kind": "page"}, front_matter={"title": "title"}, content=Hooks("strip", "strip")),
        Rule(("api/",), Describing({"team": "api"}, front_matter={"tags": "tags"}, content=Hooks("keep"))),
        Rule(("*.md",), Describing({"team": "all"}, chunking=GivenChunking(400, 100), url="https://x.dev/{path}")),
    ).of("api/a.md")
    assert found.attributes == {"team": "all", "kind": "page"}
    assert found.front_matter == {"title": "title", "tags": "tags"}
    assert found.hooks == Hooks("keep", "strip")
    assert (found.chunking, found.url) == (Chunking(400, 100), "https://x.dev/{path}")


def test_front_matter_wins_over_attributes_beside_it() -> None:
    recipe = recipes(Describing({"audience": "public"}, front_matter={"for": "audience"})).of("a.md")
    assert described(recipe, {"for": "staff"}) == {"audience": "staff"}
    assert described(recipe) == {"audience": "public"}


def test_later_attributes_win_over_what_front_matter_gave_under_their_names() -> None:
    says = Describing(front_matter={"for": "audience", "title": "headline", "tags": "tags"})
    found = recipes(says, Rule(("api/",), Describing({"audience": "staff", "headline": "{3}"})))
    facts = {"for": "public", "title": "Said", "tags": "x"}
    assert described(found.of("a.md"), facts) == {"audience": "public", "headline": "Said", "tags": "x"}
    assert described(found.of("api/a.md"), facts) == {"audience": "staff", "tags": "x"}


def test_a_text_is_not_read_for_front_matter_that_later_attributes_replace() -> None:
    found = recipes(Describing(front_matter={"for": "audience"}), Rule(("*",), Describing({"audience": "staff"})))
    assert not found.of("a.md").needs_text


def test_later_front_matter_wins_over_earlier_attributes_where_the_document_has_the_key() -> None:
    found = recipes(
        Describing({"audience": "all"}),
        Rule(("*.md",), Describing({"audience": "public"})),
        Rule(("api/",), Describing(front_matter={"for": "audience"})),
    ).of("api/a.md")
    assert described(found, {"for": "staff"}) == {"audience": "staff"}
    assert described(found) == {"audience": "public"}


def test_of_two_keys_for_one_attribute_the_key_that_is_said_last_wins() -> None:
    found = recipes(
        Describing(front_matter={"date": "day", "updated": "day"}),
        Rule(("*",), Describing(front_matter={"date": "day"})),
    ).of("a.md")
    assert described(found, {"date": 1, "updated": 2}) == {"day": 1}
    assert described(found, {"updated": 2}) == {"day": 2}


def test_later_attributes_win_over_history_and_the_url_and_pages_keep_their_addresses() -> None:
    says = Describing(git=("changed", "author"), url="https://x.dev/{path}")
    found = recipes(says, Rule(("*",), Describing({"author": "us", "url": "none"}))).of("a.md")
    assert (described(found), found.fixed) == ({"author": "us", "url": "none"}, ("changed",))
    assert found.address("a.md") == "https://x.dev/a.md"
    again = recipes(says, Rule(("*",), Describing({"author": "us", "url": "none"})), Rule(("*",), says)).of("a.md")
    assert (described(again), again.fixed) == ({"url": "https://x.dev/a.md"}, ("changed", "author"))


def test_later_attributes_win_over_a_url_that_names_the_commit() -> None:
    found = recipes(Describing(url="{permalink}"), Rule(("*",), Describing({"url": "https://x.dev/{3}"}))).of("a.md")
    assert (described(found), found.fixed, found.address("a.md")) == ({}, (), None)
    assert fixed_at_upload(found, "a.md", COMMIT, {}) == {}


def test_later_front_matter_wins_over_the_url_where_the_document_has_the_key() -> None:
    says = Describing({"url": "never"}, {"site": "url"}, url="https://x.dev/{path}")
    found = recipes(says, Rule(("*",), Describing(front_matter={"permalink": "url"}))).of("a.md")
    assert described(found, {"permalink": "/a", "site": "b"}) == {"url": "/a"}
    assert described(found, {"site": "b"}) == {"url": "https://x.dev/a.md"}


def test_later_front_matter_takes_the_place_of_what_is_fixed_at_the_upload() -> None:
    says = Describing(git=("changed", "author"), url="{permalink}")
    keys = {"writer": "author", "permalink": "url"}
    found = recipes(says, Rule(("*",), Describing(front_matter=keys))).of("a.md")
    assert (found.git, found.fixed) == (("changed",), ("changed",))
    assert described(found, {"writer": "Ada", "permalink": "/a"}) == {"author": "Ada", "url": "/a"}
    assert described(found) == {}
    assert fixed_at_upload(found, "a.md", COMMIT, {"changed": 5, "author": "Bo"}) == {"changed": 5}


def test_history_and_the_url_win_over_front_matter_and_attributes_beside_them_and_before() -> None:
    earlier = Describing({"author": "us", "url": "none"}, {"writer": "author", "permalink": "url"})
    later = Describing(git=("author",), url="{permalink}")
    beside = replace(earlier, git=later.git, url=later.url)
    for found in (recipes(earlier, Rule(("*",), later)).of("a.md"), recipes(beside).of("a.md")):
        assert described(found, {"writer": "Ada", "permalink": "/a"}) == {}
        assert found.fixed == ("author", "url")


def test_rules_count_from_the_root_and_say_nothing_of_other_files() -> None:
    found = recipes(Describing({"a": 1}), Rule(("/docs/",), Describing({"a": 2})), root="services/api/")
    assert found.of("services/api/docs/a.md").attributes == {"a": 2}
    assert found.of("docs/a.md").attributes == {"a": 1}


def test_documents_that_the_same_rules_match_share_a_recipe() -> None:
    found = recipes(Describing({"a": 1}), Rule(("docs/",), Describing({"b": 2})))
    assert found.of("docs/a.md") is found.of("docs/b.md")
    assert found.of("docs/a.md") is not found.of("c.md")


@pytest.mark.parametrize(
    ("recipe", "needs"),
    [
        (Recipe({"a": "{directory}"}), False),
        (Recipe({"a": "{title}"}), True),
        (Recipe(front_matter={"title": "title"}), True),
        (Recipe(url="https://x.dev/{title}"), True),
        (Recipe(hooks=Hooks(comments="strip")), True),
        (Recipe(hooks=Hooks(comments="keep", heading="none", links="keep")), False),
    ],
)
def test_a_text_is_read_only_where_the_recipe_needs_it(recipe: Recipe, needs: bool) -> None:
    assert recipe.needs_text is needs


def test_the_page_of_the_repository_counts_only_where_it_is_used() -> None:
    assert recipes(Describing(url="{permalink}")).of("a.md").repository == PAGE
    assert recipes(Describing(content=Hooks(links="absolute"))).of("a.md").repository == PAGE
    assert recipes(Describing(url="https://x.dev/{path}")).of("a.md").repository is None


# --- Attributes ---------------------------------------------------------------------------------------------------


def test_everything_below_a_folder_has_an_attribute_in_common() -> None:
    assert levels("docs/api/v1/a.md") == {
        "directory": "docs/api/v1",
        "directory_1": "docs",
        "directory_2": "docs/api",
        "directory_3": "docs/api/v1",
    }
    assert levels("docs/api/v1/a.md", 1) == {"directory": "docs/api/v1", "directory_1": "docs"}
    assert levels("a.md") == {}


def test_levels_take_the_room_that_is_left_whatever_the_document_says() -> None:
    front_matter = {f"k{number}": f"k{number}" for number in range(7)}
    recipe = Recipe(front_matter=front_matter, directory=8)
    found = describe(recipe, "a/b/c/d/e.md")
    assert sorted(found.attributes) == ["directory", "directory_1", "directory_2"]
    assert found.faults == ()


def test_levels_that_were_asked_for_and_do_not_fit_are_told() -> None:
    constants: dict[str, AttributeValue] = {f"k{number}": number for number in range(8)}
    found = describe(Recipe(constants, directory=4), "a/b/c.md")
    assert [name for name in found.attributes if name.startswith("directory")] == ["directory", "directory_1"]
    assert found.faults == ("only 1 level of its directory fit beside the other attributes",)
    assert describe(Recipe(constants, directory=8), "a/b/c.md").faults == ()
    assert describe(Recipe(constants, directory=4), "a.md").faults == ()


def test_a_title_stands_in_where_front_matter_has_none() -> None:
    recipe = Recipe(front_matter={"title": "headline", "tags": "tags"})
    assert describe(recipe, "a.md", Facts("Heading", {"tags": "a, b"})).attributes == {
        "headline": "Heading",
        "tags": "a, b",
    }
    assert describe(recipe, "a.md", Facts("Heading", {"title": "Said"})).attributes == {"headline": "Said"}
    assert describe(recipe, "a.md").attributes == {}


def test_a_template_without_a_value_gives_no_attribute() -> None:
    recipe = Recipe({"section": "{3}", "empty": "{directory}", "named": "{title}", "whole": 3})
    assert describe(recipe, "a.md").attributes == {"whole": 3}


def test_a_text_that_is_too_long_is_cut_and_a_url_is_left_out() -> None:
    recipe = Recipe(front_matter={"title": "title"}, url="https://x.dev/{path}")
    found = describe(recipe, f"{'d' * 300}.md", Facts("t" * 300))
    assert found.attributes == {"title": "t" * 255 + "…"}
    assert len(found.faults) == 2


def test_what_does_not_fit_is_left_out_in_order_and_told() -> None:
    front_matter = {f"k{number}": f"k{number}" for number in range(12)}
    recipe = Recipe({"team": "docs"}, front_matter, git=("changed", "author"), url="https://x.dev/{path}")
    found = describe(recipe, "a.md", Facts(None, dict.fromkeys(front_matter, 1)))
    assert list(found.attributes) == ["team", *(f"k{number}" for number in range(7))]
    assert found.faults == ("only 8 attributes fit beside vsync's own, so it has not k7, k8, k9, k10, k11, url",)


def test_facts_of_git_and_permalinks_are_fixed_at_the_upload() -> None:
    recipe = Recipe(git=("changed", "author"), url="{permalink}", repository=PAGE)
    assert describe(recipe, "a b.md").attributes == {}
    assert fixed_at_upload(recipe, "a b.md", COMMIT, {"changed": 5, "author": "Ada"}) == {
        "changed": 5,
        "author": "Ada",
        "url": f"{PAGE}/blob/{COMMIT}/a%20b.md",
    }
    assert fixed_at_upload(recipe, "a.md", None, {}) == {}
    assert recipe.fixed == ("changed", "author", "url")


def test_a_permalink_without_a_page_is_none() -> None:
    assert fixed_at_upload(Recipe(url="{permalink}"), "a.md", COMMIT, {}) == {}


KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
VALUES: st.SearchStrategy[AttributeValue] = st.text(max_size=400) | st.booleans() | st.integers(-9, 9)


@given(
    st.builds(
        Recipe,
        st.dictionaries(KEYS, st.sampled_from(["{path}", "{title}", "x", True, 5]), max_size=12),
        st.dictionaries(KEYS, KEYS, max_size=14),
        st.sampled_from([(), ("changed",), ("changed", "author")]),
        st.sampled_from([None, "{permalink}", "https://x.dev/{path}"]),
        st.integers(0, 8),
        repository=st.just(PAGE),
    ),
    st.sampled_from(["a.md", "a/b/c/d/e/f/g/h/i/j.md", "x" * 300 + "/a.md"]),
    st.data(),
)
def test_the_limits_of_the_api_are_kept_whatever_is_said(recipe: Recipe, path: str, data: st.DataObject) -> None:
    values = {key: data.draw(VALUES) for key in recipe.front_matter}
    attributes = dict(describe(recipe, path, Facts(data.draw(st.none() | st.text(max_size=400)), values)).attributes)
    assert len(attributes) <= OWN
    attributes |= fixed_at_upload(recipe, path, COMMIT, {"changed": 1, "author": "Ada"})
    whole = entry_attributes(path, "5" * 64, IDENTITY, COMMIT, attributes)
    assert len(whole) <= MAX_ATTRIBUTES
    assert all(len(value) <= MAX_VALUE_CHARACTERS for value in whole.values() if isinstance(value, str))
