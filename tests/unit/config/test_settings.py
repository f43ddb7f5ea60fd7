"""Strings from anywhere become settings by one precedence, and a wrong one is told under its own name."""

from __future__ import annotations

from operator import attrgetter

import pytest

from vsync.auth.credentials import Credentials, WorkloadIdentity, credentials
from vsync.config.limits import Limits
from vsync.config.origin import Origin, origin
from vsync.config.overrides import NOTHING_GIVEN
from vsync.config.settings import DEFAULT_MANIFEST, NAMES, Given, Settings, boolean, from_environment, resolve
from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.errors import ConfigurationError


def variable(name: str) -> str:
    return "VSYNC_" + name.upper().replace("-", "_")


VALUES: list[tuple[str, str, str, object]] = [
    ("repo", "repo", "../docs", "../docs"),
    ("folder", "folder", "site", "site"),
    ("target", "target.name", "second", "second"),
    ("source", "target.source", "acme/docs", "acme/docs"),
    ("vector-store-id", "target.vector_store_id", "vs_1", "vs_1"),
    ("vector-store-name", "target.vector_store_name", "Docs", "Docs"),
    ("root", "target.rules.root", "./services/api/", "services/api"),
    ("default-root", "target.rules.root", "./services/api/", "services/api"),
    ("config", "config", "docs/.vsync.yml", "docs/.vsync.yml"),
    ("types", "target.rules.types", "Any", "any"),
    ("include", "target.rules.include", "docs/\n*.md", ("docs/", "*.md")),
    ("exclude", "target.rules.exclude", "draft*", ("draft*",)),
    ("allow-secrets", "target.rules.allow_secrets", "/docs/keys.md\n*.pem.md", ("/docs/keys.md", "*.pem.md")),
    ("manifest", "manifest", "none", "none"),
    ("head", "head", "v1.0", "v1.0"),
    ("base", "base", "main~1", "main~1"),
    ("branch", "target.branch", "release", "release"),
    ("full", "full", "true", True),
    ("expect", "expect", "0123456789abcdef", "0123456789abcdef"),
    ("reindex", "reindex", "docs/\n*.md", ("docs/", "*.md")),
    ("local", "local", "my.db", "my.db"),
    ("attributes", "target.attributes", "team=docs\nlevel=3", {"team": "docs", "level": 3}),
    ("chunk-size", "target.chunking", "400", Chunking(400, 200)),
    ("chunk-overlap", "target.chunking", "100", Chunking(800, 100)),
    ("max-delete", "target.limits", "20", Limits(max_deletes=20)),
    ("max-upload", "target.limits", "5000", Limits(max_uploads=5000)),
    ("force", "target.limits", "yes", Limits(force=True)),
    ("concurrency", "concurrency", "4", 4),
    ("index-timeout", "index_timeout", "1.5", 1.5),
    ("lock-timeout", "lock_timeout", "0", 0.0),
    ("uploads-per-minute", "uploads_per_minute", "60", 60),
    ("writes-per-minute", "writes_per_minute", "30", 30),
]


@pytest.mark.parametrize(("name", "field", "text", "value"), VALUES)
def test_a_setting_is_taken_from_the_option_and_from_the_environment(
    name: str, field: str, text: str, value: object
) -> None:
    assert attrgetter(field)(resolve({name: text}, {})) == value
    assert attrgetter(field)(resolve({}, {variable(name): text})) == value


@pytest.mark.parametrize(("name", "field", "text", "value"), VALUES)
def test_an_option_goes_before_the_environment(name: str, field: str, text: str, value: object) -> None:
    assert attrgetter(field)(resolve({name: text}, {variable(name): "7"})) == value


@pytest.mark.parametrize("empty", [None, "", ()])
@pytest.mark.parametrize(("name", "field", "text", "value"), VALUES)
def test_an_empty_option_leaves_it_to_the_environment(
    name: str, field: str, text: str, value: object, empty: str | tuple[str, ...] | None
) -> None:
    assert attrgetter(field)(resolve({name: empty}, {variable(name): text})) == value


@pytest.mark.parametrize("blank", [" ", "\n", ("",), (" ", "")])
def test_a_blank_option_leaves_it_to_the_environment(blank: str | tuple[str, ...]) -> None:
    for name, field, text, value in VALUES:
        assert attrgetter(field)(resolve({name: blank}, {variable(name): text})) == value


@pytest.mark.parametrize("empty", ["", " ", "\n"])
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_counts_as_unset(name: str, empty: str) -> None:
    assert resolve({name: empty}, {variable(name): empty}) == Settings()


def test_the_defaults_are_those_of_the_contract() -> None:
    found = resolve({}, {})
    assert found == Settings()
    assert (found.repo, found.target.name, DEFAULT_MANIFEST) == (".", "default", ".vsync/manifest.json")


def test_a_manifest_and_rates_that_are_not_given_depend_on_the_store() -> None:
    found = resolve({}, {})
    assert (found.manifest, found.uploads_per_minute, found.writes_per_minute) == (None, None, None)


def test_every_setting_that_is_available_is_in_the_table_of_this_test() -> None:
    assert {name for name, *_ in VALUES} == set(NAMES) - {"commit", "push", "manifest-branch"}


def test_only_known_variables_are_read() -> None:
    environ = {"VSYNC_INCLUDE": "docs/", "VSYNC_INCLUDES": "x", "INCLUDE": "y", "VSYNC_EXCLUDE": ""}
    assert from_environment(environ) == {"include": "docs/"}


def test_patterns_may_be_given_one_an_option_or_one_a_line() -> None:
    expected = ("docs/", "!docs/internal/", " leading space.md")
    assert resolve({"include": ["docs/", "!docs/internal/\n leading space.md"]}, {}).target.rules.include == expected
    assert resolve({"include": "docs/\r\n!docs/internal/\n\n leading space.md\n"}, {}).target.rules.include == expected


def test_comments_among_patterns_are_left_out_and_escaped_ones_kept() -> None:
    assert resolve({"include": "# all docs\n*.md\n\\#1.md\n  \n"}, {}).target.rules.include == ("*.md", "\\#1.md")


@pytest.mark.parametrize("given", [True, False])
def test_a_flag_for_a_list_is_no_list(given: bool) -> None:
    assert resolve({"include": given}, {}).target.rules.include == ()


@pytest.mark.parametrize(("given", "full"), [(True, True), (False, False), (None, True), ("", True), ("false", False)])
def test_a_flag_that_is_given_goes_before_the_environment(given: bool | str | None, full: bool) -> None:
    assert resolve({"full": given}, {"VSYNC_FULL": "true"}).full is full


@pytest.mark.parametrize(
    ("text", "local"),
    [(None, None), ("", None), ("false", None), ("False", None), ("true", ""), ("TRUE", ""), ("x/y.db", "x/y.db")],
)
def test_the_embedded_store_is_asked_for_with_or_without_a_file(text: str | None, local: str | None) -> None:
    assert resolve({"local": text}, {}).local == local


def test_values_are_taken_without_the_space_around_them() -> None:
    assert resolve({"vector-store-id": " vs_1\n", "attributes": " team = docs team "}, {}).target == Target(
        vector_store_id="vs_1", attributes={"team": "docs team"}
    )


def test_an_attribute_may_hold_an_equals_sign() -> None:
    assert resolve({"attributes": "query=a=b"}, {}).target.attributes == {"query": "a=b"}


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("0", Limits(max_deletes=0)),
        ("30%", Limits(max_delete_percent=30.0)),
        ("2.5 %", Limits(max_delete_percent=2.5)),
        ("100%", Limits(max_delete_percent=100.0)),
    ],
)
def test_deletes_are_limited_by_number_or_share(text: str, limits: Limits) -> None:
    assert resolve({"max-delete": text}, {}).target.limits == limits


@pytest.mark.parametrize(
    ("text", "count", "size"),
    [
        ("5000", 5000, None),
        ("0", 0, None),
        ("2GB", None, 2_000_000_000),
        ("2 gb", None, 2_000_000_000),
        ("1.5MB", None, 1_500_000),
        ("1KiB", None, 1024),
        ("2MiB", None, 2 * 2**20),
        ("1GiB", None, 2**30),
        ("10B", None, 10),
        ("10kb", None, 10_000),
        ("5000,2GB", 5000, 2_000_000_000),
        ("2GB, 5000", 5000, 2_000_000_000),
    ],
)
def test_uploads_are_limited_by_number_size_or_both(text: str, count: int | None, size: int | None) -> None:
    assert resolve({"max-upload": text}, {}).target.limits == Limits(max_uploads=count, max_upload_bytes=size)


WRONG: list[tuple[str, str, str]] = [
    ("root", "/srv/clone/docs", "services/api"),
    ("root", "~/docs", "services/api"),
    ("root", "C:\\docs", "services/api"),
    ("root", "..", "leads out"),
    ("root", "docs/../../x", "leads out"),
    ("root", "a\0b", "NUL"),
    ("types", "docs", "documentation or any"),
    ("target", "../x", "letters, digits"),
    ("target", "-x", "letters, digits"),
    ("target", "x" * 65, "letters, digits"),
    ("target", "a b", "letters, digits"),
    ("source", "x" * 257, "256"),
    ("repo", "a\0b", "NUL"),
    ("manifest", "a\0b", "NUL"),
    ("head", "--output=x", "revision"),
    ("base", "-x", "revision"),
    ("full", "maybe", "true or false"),
    ("force", "2", "true or false"),
    ("chunk-size", "many", "whole number"),
    ("chunk-size", "99", "100 to 4096"),
    ("chunk-overlap", "-1", "whole number"),
    ("chunk-overlap", "401", "0 to half"),
    ("max-delete", "half", "30%"),
    ("max-delete", "101%", "30%"),
    ("max-delete", "-1", "30%"),
    ("max-delete", "1.5", "30%"),
    ("max-delete", "%", "30%"),
    ("max-upload", "lots", "2GB"),
    ("max-upload", "1.5", "2GB"),
    ("max-upload", "2TB", "2GB"),
    ("max-upload", "1GB,2GB", "2GB"),
    ("max-upload", "1,2", "2GB"),
    ("max-upload", "1,2GB,3", "2GB"),
    ("max-upload", ",", "2GB"),
    ("concurrency", "0", "from 1 on"),
    ("concurrency", "1.5", "from 1 on"),
    ("concurrency", "٣", "from 1 on"),
    ("index-timeout", "soon", "seconds"),
    ("index-timeout", "inf", "seconds"),
    ("lock-timeout", "-1", "seconds"),
    ("lock-timeout", "nan", "seconds"),
    ("uploads-per-minute", "0", "from 1 on"),
    ("writes-per-minute", "9999999999", "from 1 on"),
]


@pytest.mark.parametrize(("name", "text", "must"), WRONG)
def test_a_wrong_value_is_told_under_its_name_with_what_it_must_be(name: str, text: str, must: str) -> None:
    for given, environ in (({name: text}, {}), ({}, {variable(name): text})):
        with pytest.raises(ConfigurationError) as caught:
            resolve(given, environ)
        told = str(caught.value)
        assert name in told
        assert must in told


@pytest.mark.parametrize(
    ("text", "must"),
    [("team", "name=value"), ("owner=me", "set by vsync"), ("=x", "1 to 64"), ("a=" + "x" * 257, "256")],
)
def test_a_wrong_attribute_is_told(text: str, must: str) -> None:
    with pytest.raises(ConfigurationError, match="attribute") as caught:
        resolve({"attributes": text}, {})
    assert must in str(caught.value)


@pytest.mark.parametrize("name", ["source", "vector-store-name", "branch", "attributes", "target"])
def test_bytes_that_are_no_text_are_refused_where_they_must_be_text(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        resolve({name: "k=\udcff"}, {})


@pytest.mark.parametrize("name", ["folder", "repo", "manifest", "local"])
def test_a_file_may_have_a_name_of_any_bytes(name: str) -> None:
    assert getattr(resolve({name: "caf\udce9"}, {}), name) == "caf\udce9"


@pytest.mark.parametrize(
    ("text", "root"),
    [
        (".", ""),
        ("./", ""),
        ("docs/..", ""),
        ("docs/", "docs"),
        ("./docs", "docs"),
        ("a//b/./c/", "a/b/c"),
        ("a/../b", "b"),
        ("..docs", "..docs"),
        ("my docs", "my docs"),
        ("caf\udce9", "caf\udce9"),
    ],
)
def test_the_root_is_a_path_from_the_top_folder(text: str, root: str) -> None:
    assert resolve({"root": text}, {}).target.rules.root == root


@pytest.mark.parametrize("name", ["head", "base"])
def test_a_plain_folder_has_no_commits_to_choose_from(name: str) -> None:
    with pytest.raises(ConfigurationError, match="folder") as caught:
        resolve({"folder": "site", name: "main"}, {})
    assert f"--{name}" in caught.value.remedy


@pytest.mark.parametrize("name", ["commit", "push"])
def test_where_the_manifest_is_kept_is_a_truth(name: str) -> None:
    assert getattr(resolve({name: True}, {}), name) is True
    assert getattr(resolve({name: "true"}, {}), name) is True
    assert resolve({name: False}, {}) == resolve({name: "false"}, {}) == Settings()


@pytest.mark.parametrize(
    "given",
    [{"target": ("docs", "api")}, {"target": "docs\napi"}, {"target": "docs, api"}, {"target": ("docs,api", "docs")}],
)
def test_several_targets_are_given_one_an_option_one_a_line_or_with_commas(given: Given) -> None:
    found = resolve(given, {})
    assert (found.targets, found.target.name) == (("docs", "api"), "docs")
    assert resolve({}, {"VSYNC_TARGET": "docs, api"}).targets == ("docs", "api")


def test_a_target_that_is_not_given_is_none_of_the_names() -> None:
    assert (resolve({}, {}).targets, resolve({}, {}).target.name) == ((), "default")


def test_a_wrong_name_among_several_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'a b'"):
        resolve({"target": "docs, a b"}, {})


def test_what_is_not_given_overrides_nothing() -> None:
    assert resolve({}, {}).overrides == NOTHING_GIVEN


def test_what_an_option_or_a_variable_gives_overrides() -> None:
    found = resolve({"include": "docs/", "root": ".", "max-delete": "5"}, {"VSYNC_CHUNK_SIZE": "400"}).overrides
    assert (found.include, found.root, found.chunk_size, found.exclude) == (("docs/",), "", 400, None)
    assert found.limits == Limits(max_deletes=5)


def test_a_root_that_is_given_goes_before_its_default() -> None:
    assert resolve({"root": ".", "default-root": "services"}, {}).target.rules.root == ""


@pytest.mark.parametrize("name", ["branch", "manifest-branch"])
@pytest.mark.parametrize(
    "value",
    [
        "a..b",
        "a b",
        "-x",
        ".x",
        "a/.b",
        "x.lock",
        "a//b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "x/",
        "x.",
        "@{u}",
    ],
)
def test_a_branch_must_be_one_that_git_can_have(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is .* no name of a branch"):
        resolve({name: value}, {})


@pytest.mark.parametrize("value", ["main", "refs/heads/main"])
def test_a_branch_may_be_given_as_its_ref(value: str) -> None:
    assert resolve({"branch": value, "manifest-branch": value}, {}).manifest_branch == "main"


@pytest.mark.parametrize(
    ("text", "value"),
    [(text, True) for text in ("true", "TRUE", "1", "yes", "on")]
    + [(text, False) for text in ("false", "False", "0", "no", "off")],
)
def test_a_truth_has_several_words(text: str, value: bool) -> None:
    assert boolean(text) is value


def test_what_is_no_truth_is_told_what_it_must_be() -> None:
    with pytest.raises(ValueError, match=r"^true or false$"):
        boolean("maybe")


def test_credentials_are_read_from_openais_variables_and_empty_ones_dropped() -> None:
    environ = {
        "OPENAI_API_KEY": " sk-1\n",
        "OPENAI_BASE_URL": "http://localhost/v1",
        "OPENAI_ORG_ID": "org-1",
        "OPENAI_PROJECT_ID": "proj-1",
    }
    assert credentials(environ) == Credentials("sk-1", "http://localhost/v1", "org-1", "proj-1")
    assert credentials(dict.fromkeys(environ, "")) == credentials({}) == Credentials()


def test_the_key_does_not_print() -> None:
    assert "sk-secret" not in repr(credentials({"OPENAI_API_KEY": "sk-secret"}))


IDENTITY = {"OPENAI_IDENTITY_PROVIDER_ID": "idp_1", "OPENAI_SERVICE_ACCOUNT_ID": " svcacct_1 "}


def test_two_ids_are_a_workload_identity_with_openais_audience_unless_another_is_given() -> None:
    found = credentials({**IDENTITY, "OPENAI_WIF_AUDIENCE": ""})
    assert found.identity == WorkloadIdentity("idp_1", "svcacct_1", "https://api.openai.com/v1")
    found = credentials({**IDENTITY, "OPENAI_WIF_AUDIENCE": "https://aud.example"})
    assert found.identity == WorkloadIdentity("idp_1", "svcacct_1", "https://aud.example")


def test_a_workload_identity_goes_before_a_key_of_the_environment() -> None:
    found = credentials({**IDENTITY, "OPENAI_API_KEY": "sk-1", "OPENAI_PROJECT_ID": "proj-1"})
    assert (found.api_key, found.project) == (None, "proj-1")
    assert found.identity is not None


@pytest.mark.parametrize(
    ("lacking", "name"),
    [("OPENAI_IDENTITY_PROVIDER_ID", "identity-provider-id"), ("OPENAI_SERVICE_ACCOUNT_ID", "service-account-id")],
)
def test_half_a_workload_identity_is_refused_naming_the_other_half(lacking: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no {name} \\({lacking}\\)"):
        credentials({**IDENTITY, lacking: " ", "OPENAI_API_KEY": "sk-1"})


def test_an_audience_alone_asks_for_nothing() -> None:
    assert credentials({"OPENAI_WIF_AUDIENCE": "x"}) == Credentials()


def test_githubs_runner_says_where_a_run_takes_place() -> None:
    environ = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/docs",
        "GITHUB_REPOSITORY_ID": "1234",
        "GITHUB_RUN_ID": "77",
    }
    page = "https://github.com/acme/docs"
    assert origin(environ) == Origin("acme/docs", "1234", "77", f"{page}/actions/runs/77", page=page)
    assert origin({}) == origin(dict.fromkeys(environ, "")) == Origin()


@pytest.mark.parametrize("missing", ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"])
def test_without_one_of_its_parts_there_is_no_page_of_the_run(missing: str) -> None:
    environ = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/docs", "GITHUB_RUN_ID": "77"}
    assert origin({**environ, missing: ""}).run_url is None


def test_a_mapping_without_any_setting_is_enough() -> None:
    nothing: Given = {}
    assert resolve(nothing, {}) == Settings()


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"])
@pytest.mark.parametrize(
    ("value", "why"), [("sk-schlüssel", "not ASCII"), ("sk-one sk-two", "a blank"), ("sk-\u2028x", "sent")]
)
def test_a_credential_that_no_header_can_carry_is_refused_and_not_shown(name: str, value: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} .*{why}") as caught:
        credentials({name: value})
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"])
@pytest.mark.parametrize("value", ["sk-one\nsk-two", "a\rb", "a\x00b", "a\x7fb"])
def test_a_credential_of_two_lines_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        credentials({name: value})
    assert "sk-" not in str(caught.value)
