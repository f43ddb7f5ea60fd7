"""The targets on both sides of a pull request, each side by its own config."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import COMMIT, HEAD, MemorySource, TreeFile
from vsync.config.config_change import ChangedKey
from vsync.config.settings import Settings, resolve
from vsync.errors import ConfigurationError
from vsync.github.pull_configs import Sides, read_sides

NAMED = b"version: 1\ntargets:\n  docs: {include: [docs/**]}\n  api: {include: [api/**]}\n"
ONLY_DOCS = b"version: 1\ntargets:\n  docs: {include: [docs/**]}\n"
UNNAMED = b"version: 1\ninclude: [docs/**]\n"
BROKEN = b"version: 1\nexclud: [a]\n"


def sides(before: bytes | None, after: bytes | None, path: str = ".vsync.yml", **given: Any) -> Sides:
    trees = {
        commit: {} if config is None else {path.encode(): TreeFile(config)}
        for commit, config in ((COMMIT, before), (HEAD, after))
    }
    return read_sides(MemorySource(trees, COMMIT), MemorySource(trees, HEAD), resolve(given, {}))


def names(settings: Any) -> list[str]:
    return [found.target.name for found in settings]


def removed(found: Sides) -> list[str]:
    return names(found.removed)


def test_without_a_config_both_sides_have_the_one_target() -> None:
    found = sides(None, None)
    assert (names(found.head), list(found.base), removed(found)) == (["default"], ["default"], [])
    assert (found.named, found.change, found.unread) == (False, None, None)


def test_each_side_is_described_by_its_own_config() -> None:
    found = sides(UNNAMED, UNNAMED.replace(b"docs", b"guides"))
    assert found.head[0].target.rules.include == ("guides/**",)
    assert found.base["default"].target.rules.include == ("docs/**",)
    assert found.change is not None
    assert found.change.keys == (ChangedKey("include", "changed"),)


def test_new_and_removed_targets_are_told_apart() -> None:
    assert (names(sides(ONLY_DOCS, NAMED).head), list(sides(ONLY_DOCS, NAMED).base)) == (["docs", "api"], ["docs"])
    assert removed(sides(NAMED, ONLY_DOCS)) == ["api"]
    assert removed(sides(UNNAMED, NAMED)) == ["default"]
    assert removed(sides(NAMED, None)) == ["docs", "api"]
    assert removed(sides(None, NAMED)) == ["default"]


@pytest.mark.parametrize(
    ("before", "after"), [(NAMED, NAMED), (UNNAMED, ONLY_DOCS), (ONLY_DOCS, UNNAMED), (NAMED, None)]
)
def test_a_name_on_either_side_counts(before: bytes | None, after: bytes | None) -> None:
    assert sides(before, after).named


def test_a_named_target_that_only_one_side_has_is_new() -> None:
    found = sides(ONLY_DOCS, NAMED, target="api")
    assert (names(found.head), list(found.base), removed(found)) == (["api"], [], [])
    found = sides(ONLY_DOCS, NAMED, target="api,docs")
    assert (names(found.head), list(found.base)) == (["docs", "api"], ["docs"])
    assert list(sides(None, NAMED, target="api").base) == ["api"]
    assert list(sides(None, NAMED, target="api,docs").base) == []


def test_what_is_given_counts_on_both_sides() -> None:
    found = sides(NAMED, NAMED, target="docs", exclude="x", **{"vector-store-id": "vs_1"})
    assert found.head[0].target.rules.exclude == found.base["docs"].target.rules.exclude == ("x",)
    assert found.head[0].target.vector_store_id == found.base["docs"].target.vector_store_id == "vs_1"
    assert found.change is None


def test_a_broken_config_of_the_head_is_an_error_and_one_of_the_base_is_not() -> None:
    with pytest.raises(ConfigurationError, match="exclud"):
        sides(UNNAMED, BROKEN)
    found = sides(BROKEN, UNNAMED)
    assert (dict(found.base), found.change) == ({}, None)
    assert found.unread is not None
    assert ".vsync.yml:2:1: exclud" in found.unread


def test_a_config_that_an_input_names_may_be_new() -> None:
    found = sides(None, NAMED, "conf/vsync.yml", config="./conf/vsync.yml")
    assert (names(found.head), list(found.base), found.unread) == (["docs", "api"], ["default"], None)
    assert found.change is not None
    assert found.change.how == "new"
    with pytest.raises(ConfigurationError, match=r"There is no config conf/vsync\.yml"):
        sides(NAMED, None, "conf/vsync.yml", config="conf/vsync.yml")


def test_a_config_that_is_ignored_changes_nothing() -> None:
    found = sides(UNNAMED, NAMED, config="none")
    assert (names(found.head), list(found.base), found.change) == (["default"], ["default"], None)


def test_a_store_that_is_given_for_a_base_of_several_targets_is_told_of_the_base_alone() -> None:
    found = sides(NAMED, ONLY_DOCS, **{"vector-store-id": "vs_1"})
    assert names(found.head) == ["docs"]
    assert found.unread is not None
    assert "names one store, but 2 targets run" in found.unread


def test_settings_are_whole_settings() -> None:
    assert all(isinstance(found, Settings) for found in sides(NAMED, NAMED).head)
