"""What is given goes before the config, the config before the default, for every target that runs."""

from __future__ import annotations

import pytest

from vsync.config.limits import Limits
from vsync.config.settings import Given, Settings, resolve
from vsync.config.target_config import Config, TargetConfig
from vsync.config.targets import Target
from vsync.config.with_config import settings_of_targets
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import Check, Describing, Rule
from vsync.documents.recipe import Facts, describe
from vsync.errors import ConfigurationError

DOCS = TargetConfig(name="docs", vector_store_name="acme-docs", include=("docs/**",))
API = TargetConfig(name="api", vector_store_id="vs_api", include=("api/**",), root="services")
TWO = Config(".vsync.yml", (DOCS, API), named=True)


def _one(given: Given, entry: TargetConfig) -> Target:
    (found,) = settings_of_targets(resolve(given, {}), Config(".vsync.yml", (entry,)))
    return found.target


def _names(given: Given, config: Config | None = TWO) -> list[str]:
    return [found.target.name for found in settings_of_targets(resolve(given, {}), config)]


def test_without_a_config_the_settings_are_as_given() -> None:
    settings = resolve({"target": "docs", "include": "a/"}, {})
    assert settings_of_targets(settings, None) == (settings,)


def test_all_targets_of_the_config_run_in_its_order() -> None:
    assert _names({}) == ["docs", "api"]


def test_named_targets_run_in_the_order_of_the_config() -> None:
    assert _names({"target": "api,docs"}) == ["docs", "api"]
    assert _names({"target": "api"}) == ["api"]


def test_a_config_without_names_has_the_target_default() -> None:
    assert _names({}, Config(".vsync.yml")) == ["default"]
    assert _names({"target": "default"}, Config(".vsync.yml")) == ["default"]


def test_an_unknown_target_is_told_with_the_nearest_and_the_list() -> None:
    with pytest.raises(ConfigurationError, match=r"'dosc' in \.vsync\.yml\. There are docs, api") as caught:
        _names({"target": "dosc"})
    assert caught.value.remedy == "Did you mean docs?"


def test_an_unknown_target_of_a_config_without_names_is_told_why() -> None:
    with pytest.raises(ConfigurationError, match="names no targets"):
        _names({"target": "docs"}, Config(".vsync.yml"))


def test_several_targets_need_a_config() -> None:
    with pytest.raises(ConfigurationError, match=r"2 targets are named \(docs, api\)"):
        _names({"target": "docs,api"}, None)


@pytest.mark.parametrize(
    ("name", "value"), [("vector-store-id", "vs_1"), ("vector-store-name", "Docs"), ("expect", "0123456789abcdef")]
)
def test_what_names_one_store_or_plan_is_refused_for_several_targets(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--{name} .*docs, api") as caught:
        _names({name: value})
    assert "--target" in caught.value.remedy
    assert _names({name: value, "target": "docs"}) == ["docs"]


def test_the_config_gives_what_is_not_given() -> None:
    entry = TargetConfig(
        name="default",
        vector_store_name="acme",
        description="Docs of acme.",
        metadata={"team": "docs"},
        expires_after_days=30,
        branch="main",
        root="services/api",
        types="any",
        include=("a/",),
        exclude=("b/",),
        allow_secrets=("c/",),
        says=Describing(attributes={"team": "docs"}, url="https://x/{path}", chunking=GivenChunking(400, 100)),
        convert={".log": ".txt"},
        limits=Limits(max_deletes=3),
        submodules=True,
        symlinks=True,
        rules=(Rule(("x/",), Describing()),),
        checks=(Check("How?"),),
    )
    found = _one({}, entry)
    assert (found.vector_store_name, found.branch, found.chunking) == ("acme", "main", Chunking(400, 100))
    assert (found.description, found.metadata, found.expires_after_days) == ("Docs of acme.", {"team": "docs"}, 30)
    rules = found.rules
    assert (rules.include, rules.exclude, rules.allow_secrets) == (("a/",), ("b/",), ("c/",))
    assert (rules.types, rules.root) == ("any", "services/api")
    assert (found.attributes, found.says) == ({"team": "docs"}, Describing(url="https://x/{path}"))
    assert (found.rules.convert, found.limits) == ({".log": ".txt"}, Limits(max_deletes=3))
    assert (found.submodules, found.symlinks) == (True, True)
    assert (found.described_by, found.checks) == (entry.rules, entry.checks)


def test_an_option_replaces_each_list_of_patterns_by_itself() -> None:
    rules = _one({"include": "z/"}, TargetConfig(include=("a/",), exclude=("b/",))).rules
    assert (rules.include, rules.exclude) == (("z/",), ("b/",))


def test_attributes_are_merged_by_their_names() -> None:
    entry = TargetConfig(says=Describing(attributes={"team": "docs", "level": 1}))
    assert _one({"attributes": "team=api"}, entry).attributes == {"team": "api", "level": 1}


def test_attributes_of_an_option_replace_the_variable_and_join_those_of_the_config() -> None:
    entry = TargetConfig(says=Describing(attributes={"team": "docs", "level": 1}))
    settings = resolve({"attributes": "team=api"}, {"VSYNC_ATTRIBUTES": "area=eu\nlevel=3"})
    (found,) = settings_of_targets(settings, Config(".vsync.yml", (entry,)))
    assert found.target.attributes == {"team": "api", "level": 1}


def test_given_attributes_and_chunks_go_before_the_rules_of_the_config() -> None:
    rule = Rule(("api/**",), Describing(attributes={"team": "api"}, chunking=GivenChunking(200, 100)))
    found = _one({"attributes": "team=x", "chunk-size": "400"}, TargetConfig(rules=(rule,)))
    assert found.described_by == (
        rule,
        Rule(("*",), Describing(attributes={"team": "x"}, chunking=GivenChunking(400))),
    )
    recipe = found.recipe("api/a.md")
    assert recipe is not None
    assert (recipe.attributes, recipe.chunking) == ({"team": "x"}, Chunking(400, 100))


@pytest.mark.parametrize(
    "says",
    [
        Describing(front_matter={"for": "team"}),
        Describing(front_matter={"for": "team"}, attributes={"team": "docs"}),
        Describing(git=("author",), url="https://x.dev/{path}"),
        Describing(url="{permalink}"),
    ],
)
def test_given_attributes_go_before_front_matter_history_and_the_url_of_the_config(says: Describing) -> None:
    recipe = _one({"attributes": "team=x\nauthor=us\nurl=none"}, TargetConfig(says=says)).recipe("a.md")
    assert recipe is not None
    assert describe(recipe, "a.md", Facts(None, {"for": "y"})).attributes == {
        "team": "x",
        "author": "us",
        "url": "none",
    }
    assert recipe.fixed == ()


def test_given_attributes_make_no_rule_where_nothing_wins_over_them() -> None:
    found = _one({"attributes": "team=x", "chunk-size": "400"}, TargetConfig(says=Describing({"team": "docs"})))
    assert (found.described_by, found.describes_alike) == ((), True)


@pytest.mark.parametrize("config", [None, Config(".vsync.yml")])
def test_a_given_attribute_with_a_wrong_template_is_refused(config: Config | None) -> None:
    with pytest.raises(ConfigurationError, match=r"'section' is '\{directry\}', and .*\{directory\}"):
        settings_of_targets(resolve({"attributes": "section={directry}"}, {}), config)
    assert settings_of_targets(resolve({"attributes": "section={directory}\nbrace={{"}, {}), config)


def test_too_many_attributes_together_are_refused() -> None:
    entry = TargetConfig(says=Describing(attributes={f"a{number}": number for number in range(9)}))
    assert len(_one({"attributes": "x=1"}, entry).attributes) == 10
    with pytest.raises(ConfigurationError, match="give 11 attributes; 10 fit"):
        _one({"attributes": "x=1\ny=2"}, entry)


@pytest.mark.parametrize(
    ("given", "chunking"),
    [
        ({}, Chunking(1000, 300)),
        ({"chunk-size": "2000"}, Chunking(2000, 300)),
        ({"chunk-size": "400"}, Chunking(400, 200)),
        ({"chunk-overlap": "100"}, Chunking(1000, 100)),
        ({"chunk-size": "500", "chunk-overlap": "50"}, Chunking(500, 50)),
    ],
)
def test_a_given_size_keeps_the_overlap_of_the_config_where_it_fits(given: Given, chunking: Chunking) -> None:
    assert _one(given, TargetConfig(says=Describing(chunking=GivenChunking(1000, 300)))).chunking == chunking


def test_each_limit_is_overridden_by_itself() -> None:
    entry = TargetConfig(limits=Limits(max_delete_percent=30, max_uploads=5, max_upload_bytes=7))
    assert _one({"max-delete": "2"}, entry).limits == Limits(max_deletes=2, max_uploads=5, max_upload_bytes=7)
    assert _one({"max-upload": "9"}, entry).limits == Limits(max_delete_percent=30, max_uploads=9)
    assert _one({"force": True}, entry).limits.force


def test_a_given_id_or_name_takes_the_place_of_both() -> None:
    entry = TargetConfig(vector_store_id="vs_old")
    named = _one({"vector-store-name": "Docs"}, entry)
    assert (named.vector_store_id, named.vector_store_name) == (None, "Docs")


@pytest.mark.parametrize(
    ("given", "configured", "root"),
    [
        ({}, None, ""),
        ({"default-root": "services/api"}, None, "services/api"),
        ({"default-root": "services/api"}, "services/web", "services/web"),
        ({"root": "guide", "default-root": "services/api"}, "services/web", "guide"),
        ({"root": "."}, "services/web", ""),
    ],
)
def test_the_working_directory_is_the_root_only_where_nobody_gives_one(
    given: Given, configured: str | None, root: str
) -> None:
    assert _one(given, TargetConfig(root=configured)).rules.root == root


def test_an_option_counts_for_every_target() -> None:
    found = settings_of_targets(resolve({"exclude": "drafts/", "source": "acme/x"}, {}), TWO)
    assert [each.target.rules.exclude for each in found] == [("drafts/",), ("drafts/",)]
    assert {each.target.source for each in found} == {"acme/x"}


def test_what_is_of_the_run_stays() -> None:
    found = settings_of_targets(Settings(concurrency=3, repo="there"), TWO)
    assert {(each.concurrency, each.repo) for each in found} == {(3, "there")}
