"""Whether the results of a search are what a check expects."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.attributes import AttributeValue, path_attribute
from vsync.documents.describing import Check
from vsync.search.checks import Whose, judge
from vsync.store.entries import Hit

OURS = Whose("default", {"acme/docs", "acme/handbook"})


def hit(path: str, score: float = 0.5, /, **attributes: AttributeValue) -> Hit:
    return Hit(f"file-{path}", path, score, {"path": path, **attributes}, "text")


def place(check: Check, *hits: Hit) -> int | None:
    return judge(check, hits, OURS).place


def paths(*names: str, within: int = 3) -> Check:
    return Check("?", paths=names, within=within)


@pytest.mark.parametrize(
    ("found", "passed"),
    [(["a.md"], True), (["x.md", "y.md", "a.md"], True), (["x.md", "y.md", "z.md", "a.md"], False), ([], False)],
)
def test_the_expected_path_must_be_among_the_first_results(found: list[str], passed: bool) -> None:
    assert judge(paths("a.md"), list(map(hit, found)), OURS).passed is passed


def test_any_of_several_paths_is_enough() -> None:
    result = judge(paths("a.md", "b.md"), [hit("x.md"), hit("b.md", 0.4)], OURS)
    assert (result.passed, result.place, result.found and result.found.name) == (True, 2, "b.md")


def test_several_chunks_of_a_document_count_once() -> None:
    hits = [hit("x.md")] * 9 + [hit("a.md")]
    result = judge(paths("a.md", within=2), hits, OURS)
    assert (result.place, [each.name for each in result.first]) == (2, ["x.md", "a.md"])


def test_a_document_that_comes_too_late_is_told_with_its_place() -> None:
    result = judge(paths("a.md", within=1), [hit("x.md", 0.9), hit("a.md", 0.3)], OURS)
    assert (result.passed, result.place, result.found and result.found.score) == (False, 2, 0.3)
    assert [(each.name, each.score) for each in result.first] == [("x.md", 0.9)]


def test_a_long_path_is_compared_as_the_store_has_it() -> None:
    name = f"{'a' * 300}.md"
    assert place(paths(name), hit(path_attribute(name))) == 1


@pytest.mark.parametrize(
    ("attributes", "passed"),
    [
        ({"source": "acme/docs", "target": "default"}, True),
        ({"source": "acme/handbook"}, True),
        ({"source": "acme/other"}, False),
        ({"target": "staging"}, False),
        ({"source": 1.0}, False),
    ],
)
def test_the_same_path_of_somebody_else_is_not_meant(attributes: dict[str, AttributeValue], passed: bool) -> None:
    result = judge(paths("a.md"), [hit("a.md", 0.5, **attributes)], OURS)
    assert result.passed is passed
    assert (result.first[0].of == "") is passed


def test_all_expected_attributes_must_be_those_of_one_document() -> None:
    check = Check("?", attributes={"team": "docs", "level": 1})
    halves = hit("a.md", team="docs"), hit("b.md", level=1)
    assert place(check, *halves) is None
    assert place(check, *halves, hit("c.md", team="docs", level=1.0, more="x")) == 3


@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [(1, 1.0, True), (True, True, True), (True, 1, False), (0, False, False), ("1", 1, False), ("a", "A", False)],
)
def test_attributes_are_compared_as_a_filter_compares_them(
    wanted: AttributeValue, there: AttributeValue, same: bool
) -> None:
    assert judge(Check("?", attributes={"a": wanted}), [hit("a.md", a=there)], OURS).passed is same


def test_nothing_that_is_expected_is_never_found() -> None:
    assert place(Check("?"), hit("a.md")) is None


def test_a_result_without_a_path_has_its_file_name() -> None:
    bare = Hit("file-1", "a.md", 0.5, {"path": True}, "")
    nameless = Hit("file-2", "", 0.5, {}, "")
    result = judge(paths("a.md"), [bare, nameless], OURS)
    assert [(each.name, each.path) for each in result.first] == [("a.md", None), ("file-2", None)]
    assert not result.passed


def test_a_result_as_json() -> None:
    check = Check("How?", paths=("a.md",), within=1, filter={"team": "docs"})
    assert judge(check, [hit("b.md", 0.25)], OURS).to_json() == {
        "question": "How?",
        "expect": ["a.md"],
        "within": 1,
        "filter": {"team": "docs"},
        "passed": False,
        "place": None,
        "score": None,
        "results": [{"path": "b.md", "name": "b.md", "file_id": "file-b.md", "score": 0.25}],
    }
    assert judge(Check("How?", attributes={"a": 1}), [], OURS).to_json()["expect"] == {"a": 1}


def test_every_text_of_a_result_can_be_changed() -> None:
    check = Check("secret?", paths=("secret.md",), within=1, filter={"secret": "secret", "n": 1})
    other = hit("secret.md", source="secret", target="secret")
    changed = judge(check, [other, hit("secret.md")], OURS).mapped(lambda text: text.replace("secret", "*"))
    assert "secret" not in repr(changed)
    assert changed.check.filter == {"*": "*", "n": 1}


NAMES = st.sampled_from(["a.md", "b.md", "c.md", "d.md"])


@given(st.lists(NAMES, max_size=12), st.lists(NAMES, min_size=1, max_size=2, unique=True), st.integers(1, 5))
def test_a_check_passes_exactly_when_one_of_the_first_documents_is_expected(
    found: Sequence[str], wanted: Sequence[str], within: int
) -> None:
    first = list(dict.fromkeys(found))[:within]
    result = judge(paths(*wanted, within=within), list(map(hit, found)), OURS)
    assert result.passed == bool(set(first) & set(wanted))
    assert [each.name for each in result.first] == first
