"""Manifests that are not sound: what is refused, in which words, and what is accepted all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.state.helpers import ENTRY, MANIFEST, NAME, as_bytes, data, parse
from vsync.auth.api_address import EMBEDDED_API, OPENAI_API
from vsync.errors import ManifestError
from vsync.state.manifest import dump_manifest
from vsync.state.manifest_parser import parse_manifest, salvage_manifest


def refusal(content: bytes) -> str:
    with pytest.raises(ManifestError) as caught:
        parse(content)
    assert NAME in caught.value.message
    assert "Nothing was changed" in caught.value.remedy
    return caught.value.message


@pytest.mark.parametrize(
    "content",
    [b"", b"   ", b"{", b"not json", b'{"version": 1,}', dump_manifest(MANIFEST)[:-20], b"\xef\xbb\xbf{}", b"NaN{"],
)
def test_what_is_not_json_is_refused_with_its_place(content: bytes) -> None:
    assert "is not JSON (line" in refusal(content)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", '{"owner": "é"}'.encode("latin-1"), dump_manifest(MANIFEST).decode().encode("utf-16")]
)
def test_what_is_not_utf8_is_refused(content: bytes) -> None:
    assert "utf-8" in refusal(content)


def test_an_unfinished_merge_is_named() -> None:
    lines = dump_manifest(MANIFEST).splitlines(keepends=True)
    for ending in (b"\n", b"\r\n"):
        marks = [b"<<<<<<< HEAD" + ending, lines[8], b"=======" + ending, lines[9], b">>>>>>> theirs" + ending]
        assert "conflict markers" in refusal(b"".join([*lines[:8], *marks, *lines[10:]]))


def test_a_document_named_twice_is_refused() -> None:
    content = dump_manifest(MANIFEST)
    line = next(line for line in content.splitlines(keepends=True) if b'"docs/a.md"' in line)
    assert "'docs/a.md' twice" in refusal(content.replace(line, line + line))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b'"version": 1', b'"version": 1, "version": 1', "version"),
        (b'"bytes": 12', b'"bytes": 12, "bytes": 13', "bytes"),
        (b'"bytes": 12, "file_id"', b'"bytes": 12, "bytes"', "bytes"),
    ],
)
def test_any_key_named_twice_is_refused(old: bytes, new: bytes, key: str) -> None:
    assert f"'{key}' twice" in refusal(dump_manifest(MANIFEST).replace(old, new, 1))


def test_a_newer_version_is_refused_and_says_what_to_do() -> None:
    message = refusal(as_bytes(data(top_version=2)))
    assert "newer vsync (format 2; this one reads 1): update vsync" in message


@pytest.mark.parametrize("version", [None, 0, -1, "1", 1.0, True, []])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    assert 'it has no "version"' in refusal(as_bytes(data(top_version=version)))


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_that_is_no_object_is_refused(content: bytes) -> None:
    assert "the top level is not an object" in refusal(content)


def test_deep_nesting_is_refused() -> None:
    refusal(b"[" * 200_000)


def test_a_number_that_is_too_long_is_refused() -> None:
    refusal(b'{"version": ' + b"1" * 5_000 + b"}")


def test_a_key_of_the_top_level_that_is_missing_is_refused() -> None:
    for key in ("owner", "source", "targets", "version"):
        sound = data()
        del sound[key]
        assert f'"{key}"' in refusal(as_bytes(sound))


ONE = dict(sorted(ENTRY._asdict().items()))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"top_owner": 1}, "owner"),
    ({"top_owner": ""}, "owner"),
    ({"top_source": None}, "source"),
    ({"top_repository_id": 1234}, "repository_id"),
    ({"top_targets": []}, "targets"),
    ({"top_targets": {"default": None}}, "target 'default'"),
    ({"top_targets": {"default": ONE}}, "target 'default'"),
    ({"vector_store_id": None}, "vector_store_id"),
    ({"vector_store_id": ""}, "vector_store_id"),
    ({"branch": 1}, "branch"),
    ({"api": 1}, "api"),
    ({"api": ""}, "api"),
    ({"vector_store_name": ["docs"]}, "vector_store_name"),
    ({"vector_store_name": ""}, "vector_store_name"),
    ({"expires_after_days": 0}, "expires_after_days"),
    ({"expires_after_days": "30"}, "expires_after_days"),
    ({"expires_after_days": True}, "expires_after_days"),
    ({"expires_after_days": 1.5}, "expires_after_days"),
    ({"expires_after_days": 2**70}, "expires_after_days"),
    ({"commit": ["c"]}, "commit"),
    ({"serial": -1}, "serial"),
    ({"serial": "3"}, "serial"),
    ({"serial": True}, "serial"),
    ({"serial": 1.5}, "serial"),
    ({"settings": 1}, "settings"),
    ({"run": []}, "run"),
    ({"files": []}, "files"),
    ({"files": {"a.md": None}}, "'a.md'"),
    ({"files": {"a.md": {}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "more": 1}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "bytes": -1}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "bytes": True}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "bytes": "12"}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "file_id": ""}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "file_id": None}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "blob": 1}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "sha256": 1}}}, "'a.md'"),
    ({"files": {"a.md": {**ONE, "tag": 1}}}, "'a.md'"),
    ({"failed": {"a.md": {"blob": "b", "tag": "t"}}}, "code"),
    ({"failed": {"a.md": 1}}, "'a.md'"),
    ({"skipped": {"a.md": {"blob": "b"}}}, "reason"),
    ({"unindexed": []}, "unindexed"),
    ({"unindexed": {"a.md": {"blob": "b", "tag": "t"}}}, "code"),
    ({"unindexed": {"a.md": {"blob": "b", "tag": "t", "code": "c", "tries": "3"}}}, "tries"),
    ({"failed": {"a.md": {"blob": "b", "tag": "t", "code": "c", "tries": -1}}}, "tries"),
    ({"failed": {"a.md": {"blob": "b", "tag": "t", "code": "c", "tries": True}}}, "tries"),
    ({"skipped": []}, "skipped"),
    ({"pending_delete": "file-1"}, "pending_delete"),
    ({"pending_delete": [1]}, "pending_delete"),
    ({"pending_delete": [""]}, "pending_delete"),
]


@pytest.mark.parametrize(("changes", "named"), WRONG)
def test_a_value_of_the_wrong_kind_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    assert named in refusal(as_bytes(data(**changes)))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTPS://API.OpenAI.com:443/v1/", OPENAI_API),
        ("https://me:secret@gateway.test/v1/?key=secret", "https://gateway.test/v1"),
        ("embedded", EMBEDDED_API),
        ("http://[", "http://["),
    ],
)
def test_an_api_is_read_in_one_form_without_what_is_secret(written: str, read: str) -> None:
    manifest = parse(as_bytes(data(api=written)))
    assert manifest.targets["default"].api == read
    assert b"secret" not in dump_manifest(manifest)


def test_what_is_salvaged_keeps_the_api_and_the_name() -> None:
    lost = data(api="embedded", vector_store_name="docs", expires_after_days=30)
    lost["targets"]["other"] = None
    manifest, names = salvage_manifest(as_bytes(lost), "m.json")
    assert names == ("other",)
    assert manifest is not None
    kept = manifest.targets["default"]
    assert (kept.api, kept.vector_store_name, kept.expires_after_days) == ("embedded", "docs", 30)


def test_an_entry_is_sound_whatever_the_order_of_its_keys() -> None:
    value = data()
    value["targets"]["default"]["files"] = {
        "a.md": {key: ONE[key] for key in ("tag", "sha256", "file_id", "bytes", "blob")}
    }
    assert parse(as_bytes(value)).targets["default"].files == {"a.md": ENTRY}


LONE = "\ud800"


UNWRITABLE: list[dict[str, Any]] = [
    {"files": {f"{LONE}.md": ONE}},
    {"files": {"a.md": {**ONE, "tag": LONE}}},
    {"files": {"a.md": {**ONE, "file_id": LONE}}},
    {"failed": {f"{LONE}.md": {"blob": "b", "tag": "t", "code": "c"}}},
    {"failed": {"a.md": {"blob": "b", "tag": "t", "code": LONE}}},
    {"skipped": {f"{LONE}.md": {"blob": "b", "reason": "empty"}}},
    {"pending_delete": [LONE]},
    {"branch": LONE},
    {"api": LONE},
    {"vector_store_name": LONE},
    {"vector_store_id": LONE},
    {"run": {"when": LONE}},
    {"top_owner": LONE},
    {"top_source": LONE},
]


@pytest.mark.parametrize("changes", UNWRITABLE)
def test_text_that_could_not_be_written_back_is_refused(changes: dict[str, Any]) -> None:
    # Otherwise the run fails when it publishes, after it has changed the store.
    refusal(as_bytes(data(**changes)))


def test_an_emoji_written_as_two_escapes_is_one_character() -> None:
    content = as_bytes(data(files={"😀.md": ONE}))
    assert b"\\ud83d\\ude00" in content
    assert parse(content).targets["default"].files.keys() == {"😀.md"}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (".vsync/manifest.json", "`git log -- .vsync/manifest.json`"),
        (
            ".vsync/manifest.json on the branch vsync-manifest",
            "`git fetch origin vsync-manifest && git log FETCH_HEAD -- .vsync/manifest.json`",
        ),
    ],
)
def test_a_damaged_manifest_comes_with_the_command_that_lists_its_versions(name: str, command: str) -> None:
    with pytest.raises(ManifestError) as raised:
        parse_manifest(b"{", name)
    assert command in raised.value.remedy
