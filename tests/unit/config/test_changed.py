"""Which keys of a config differ between two commits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from vsync.config.changed import changed_keys, config_change
from vsync.config.config_change import ChangedKey
from vsync.config.limits import Limits
from vsync.config.target_config import Config, TargetConfig
from vsync.documents.chunking import GivenChunking
from vsync.documents.describing import Check, Describing, Hooks, Rule

EMPTY = Config(".vsync.yml")


def single(**said: Any) -> Config:
    return Config(".vsync.yml", (TargetConfig(**said),))


def several(*targets: TargetConfig) -> Config:
    return Config(".vsync.yml", targets, named=True)


SAID: dict[str, dict[str, Any]] = {
    "vector-store-name": {"vector_store_name": "docs"},
    "vector-store-id": {"vector_store_id": "vs_1"},
    "description": {"description": "d"},
    "metadata": {"metadata": {"a": "b"}},
    "expires-after-days": {"expires_after_days": 3},
    "branch": {"branch": "next"},
    "root": {"root": "docs"},
    "types": {"types": "any"},
    "include": {"include": ()},
    "exclude": {"exclude": ("a",)},
    "allow-secrets": {"allow_secrets": ("a",)},
    "chunking": {"says": Describing(chunking=GivenChunking(200, 100))},
    "attributes": {"says": Describing(attributes={"team": "docs"})},
    "front-matter": {"says": Describing(front_matter={"title": "title"})},
    "git": {"says": Describing(git=("changed",))},
    "url": {"says": Describing(url="https://docs.example/{path}")},
    "directory": {"says": Describing(directory=0)},
    "content": {"says": Describing(content=Hooks(comments="strip"))},
    "convert": {"convert": {".log": ".txt"}},
    "submodules": {"submodules": True},
    "symlinks": {"symlinks": True},
    "limits": {"limits": Limits(max_deletes=3)},
    "rules": {"rules": (Rule(("a",), Describing()),)},
    "checks": {"checks": (Check("q"),)},
}


@pytest.mark.parametrize(("key", "said"), SAID.items(), ids=SAID)
def test_each_key_that_is_given_and_taken_back_is_named(key: str, said: dict[str, Any]) -> None:
    assert changed_keys(EMPTY, single(**said)) == (ChangedKey(key, "new"),)
    assert changed_keys(single(**said), EMPTY) == (ChangedKey(key, "removed"),)
    assert changed_keys(single(**said), single(**said)) == ()


def test_no_field_of_a_target_is_forgotten() -> None:
    said = {field for given in SAID.values() for field in given}
    assert said == {field.name for field in fields(TargetConfig)} - {"name", "line"}
    described = {field.name for given in SAID.values() if "says" in given for field in fields(Describing)}
    assert described == {field.name for field in fields(Describing)}
    for field in fields(Describing):
        assert any(
            getattr(given["says"], field.name) != getattr(Describing(), field.name)
            for given in SAID.values()
            if "says" in given
        )


def test_another_value_is_a_change() -> None:
    assert changed_keys(single(exclude=("a",)), single(exclude=("a", "b"))) == (ChangedKey("exclude", "changed"),)


def test_keys_of_a_target_stand_with_its_name() -> None:
    docs, api = TargetConfig("docs"), TargetConfig("api", branch="main")
    changed = changed_keys(several(docs, api), several(docs, replace(api, branch=None, root="api")))
    assert changed == (ChangedKey("targets.api.branch", "removed"), ChangedKey("targets.api.root", "new"))


def test_new_and_removed_targets_are_named_without_their_keys() -> None:
    before, after = (
        several(TargetConfig("a"), TargetConfig("b")),
        several(TargetConfig("c", root="c"), TargetConfig("b")),
    )
    assert changed_keys(before, after) == (ChangedKey("targets.c", "new"), ChangedKey("targets.a", "removed"))


def test_order_and_lines_have_no_effect() -> None:
    one, two = TargetConfig("a", line=1), TargetConfig("b", line=9)
    assert changed_keys(several(one, two), several(replace(two, line=1), replace(one, line=9))) == ()


def test_a_config_that_begins_to_name_its_targets_says_both() -> None:
    changed = changed_keys(single(exclude=("a",)), several(TargetConfig("docs")))
    assert changed == (ChangedKey("exclude", "removed"), ChangedKey("targets.docs", "new"))
    assert changed_keys(several(TargetConfig("docs")), single(exclude=("a",))) == (
        ChangedKey("exclude", "new"),
        ChangedKey("targets.docs", "removed"),
    )


# --- In a sentence ------------------------------------------------------------------------------------------------


def told(before: Config | None, after: Config | None) -> str:
    change = config_change(before, after)
    return "" if change is None else change.sentence


def test_a_change_is_a_sentence() -> None:
    before, after = (
        several(TargetConfig("web"), TargetConfig("docs")),
        several(TargetConfig("docs", exclude=("a",)), TargetConfig("api")),
    )
    assert told(before, after) == (
        "The config `.vsync.yml` changed: `targets.docs.exclude` new, `targets.api` new, `targets.web` removed."
    )


def test_a_new_and_a_removed_config_are_sentences() -> None:
    assert told(None, single(exclude=("a",))) == "The config `.vsync.yml` is new. It sets `exclude`."
    assert told(several(TargetConfig("docs")), None) == "The config `.vsync.yml` is removed. It set `targets.docs`."
    assert told(None, EMPTY) == "The config `.vsync.yml` is new."


def test_nothing_is_said_of_a_config_that_says_the_same() -> None:
    assert told(single(root="a"), single(root="a", line=7)) == ""
    assert told(None, None) == ""


def test_many_keys_are_counted() -> None:
    before, after = (
        several(*(TargetConfig(f"t{n}") for n in range(3))),
        several(*(TargetConfig(f"t{n}", root="a") for n in range(30))),
    )
    sentence = told(before, after)
    assert sentence.count("`targets.") == 12
    assert sentence.endswith(", 18 more.")


def test_a_change_is_json() -> None:
    change = config_change(EMPTY, single(root="a"))
    assert change is not None
    assert change.to_json() == {"path": ".vsync.yml", "change": "changed", "keys": [{"key": "root", "how": "new"}]}
