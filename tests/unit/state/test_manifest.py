"""Manifest and seal: read back as written, written as a stable text, and refused when they are not sound."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from vsync.errors import ManifestError
from vsync.state.manifest import Entry, Failure, Manifest, Skipped, TargetState, blob_id, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.state.seal import Seal, dump_seal, parse_seal, trust

NAME = ".vsync/manifest.json"
ENTRY = Entry("b" * 40, "5" * 64, 12, "file-1", "t1.t2")
STATE = TargetState(
    vector_store_id="vs_1",
    branch="main",
    commit="c" * 40,
    serial=3,
    settings="0123456789abcdef",
    run={"head": "c" * 40, "added": 1},
    files={"docs/a.md": ENTRY, "docs/é b.md": ENTRY._replace(file_id="file-2")},
    failed={"bad.md": Failure("b" * 40, "t1.t2", "invalid_file")},
    skipped={"empty.md": Skipped("b" * 40, "empty")},
    pending_delete=("file-8", "file-9"),
)
MANIFEST = Manifest("owner-1", "acme/docs", "1234", {"default": STATE})


def parse(content: bytes) -> Manifest:
    return parse_manifest(content, NAME)


def data(**changes: Any) -> dict[str, Any]:
    """The parsed JSON of a sound manifest; changes of its target by name, of its top level by `top_` and name."""
    found: dict[str, Any] = json.loads(dump_manifest(MANIFEST))
    for key, value in changes.items():
        if key.startswith("top_"):
            found[key.removeprefix("top_")] = value
        else:
            found["targets"]["default"][key] = value
    return found


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


# --- Writing ------------------------------------------------------------------------------------------------


def test_a_manifest_is_read_back_as_it_was_written() -> None:
    assert parse(dump_manifest(MANIFEST)) == MANIFEST


@pytest.mark.parametrize(
    "manifest",
    [
        Manifest("owner-1", "acme/docs"),
        Manifest("owner-1", "acme/docs", None, {"default": TargetState("vs_1")}),
        Manifest("owner-1", "acme/docs", None, {"a": STATE, "b": TargetState("vs_2")}),
    ],
)
def test_what_is_not_known_yet_is_read_back_as_unknown(manifest: Manifest) -> None:
    assert parse(dump_manifest(manifest)) == manifest


def test_the_text_is_the_one_of_the_contract() -> None:
    state = replace(STATE, run={"when": "2026-01-01"}, skipped={}, failed={}, files={"docs/é.md": ENTRY})
    assert dump_manifest(replace(MANIFEST, targets={"default": state})).decode() == (
        "{\n"
        ' "owner": "owner-1",\n'
        ' "repository_id": "1234",\n'
        ' "source": "acme/docs",\n'
        ' "targets": {\n'
        '  "default": {\n'
        '   "branch": "main",\n'
        f'   "commit": "{"c" * 40}",\n'
        '   "failed": {},\n'
        '   "files": {\n'
        f'    "docs/é.md": {{"blob": "{"b" * 40}", "bytes": 12, "file_id": "file-1", "sha256": "{"5" * 64}", '
        '"tag": "t1.t2"}\n'
        "   },\n"
        '   "pending_delete": ["file-8", "file-9"],\n'
        '   "run": {\n'
        '    "when": "2026-01-01"\n'
        "   },\n"
        '   "serial": 3,\n'
        '   "settings": "0123456789abcdef",\n'
        '   "vector_store_id": "vs_1"\n'
        "  }\n"
        " },\n"
        ' "version": 1\n'
        "}\n"
    )


def test_a_new_document_is_one_new_line() -> None:
    before = dump_manifest(MANIFEST).splitlines()
    more = replace(STATE, files={"docs/b.md": ENTRY, **STATE.files})
    after = dump_manifest(replace(MANIFEST, targets={"default": more})).splitlines()
    assert len(after) == len(before) + 1
    assert next(line for line in after if line not in before).startswith(b'    "docs/b.md": {')


def test_the_order_in_which_things_were_found_does_not_show() -> None:
    other = replace(
        STATE,
        files=dict(reversed(list(STATE.files.items()))),
        run=dict(reversed(list(STATE.run.items()))),
        pending_delete=STATE.pending_delete[::-1],
    )
    assert dump_manifest(replace(MANIFEST, targets={"default": other})) == dump_manifest(MANIFEST)


def test_reading_and_writing_again_changes_no_byte() -> None:
    content = dump_manifest(MANIFEST)
    assert dump_manifest(parse(content)) == content


@pytest.mark.parametrize(
    "path", ['quote".md', "back\\slash.md", "new\nline.md", "tab\t.md", "\x7f.md", "😀.md", "\u2028.md"]
)
def test_nasty_names_stay_on_one_line_and_come_back(path: str) -> None:
    manifest = replace(MANIFEST, targets={"default": replace(STATE, files={path: ENTRY})})
    content = dump_manifest(manifest)
    assert parse(content) == manifest
    assert content.count(b"\n") == dump_manifest(MANIFEST).count(b"\n") - 1


def test_a_target_replaces_the_one_of_its_name_and_leaves_the_others() -> None:
    both = MANIFEST.with_target("second", TargetState("vs_2"))
    assert both.targets == {"default": STATE, "second": TargetState("vs_2")}
    assert both.with_target("default", TargetState("vs_3")).targets["default"].vector_store_id == "vs_3"
    assert MANIFEST.targets == {"default": STATE}


def test_the_blob_id_is_gits() -> None:
    for content in (b"", b"hello\n", b"\0\xff" * 100):
        asked = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
        assert blob_id(content) == asked.stdout.decode().strip()


# --- Reading what is not sound ------------------------------------------------------------------------------


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
    ({"skipped": []}, "skipped"),
    ({"pending_delete": "file-1"}, "pending_delete"),
    ({"pending_delete": [1]}, "pending_delete"),
    ({"pending_delete": [""]}, "pending_delete"),
]


@pytest.mark.parametrize(("changes", "named"), WRONG)
def test_a_value_of_the_wrong_kind_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    assert named in refusal(as_bytes(data(**changes)))


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


# --- Seal ---------------------------------------------------------------------------------------------------

SEAL = Seal("closed", "run-1", "2026-01-01T00:00:00+00:00", "c" * 40, 3, "b" * 40, "owner-1")
UNREADABLE = Seal("open", "", "")


@pytest.mark.parametrize("seal", [SEAL, Seal("open", "run-1", "now"), replace(SEAL, manifest=None, owner=None)])
def test_a_seal_is_read_back_as_it_was_written(seal: Seal) -> None:
    assert parse_seal(dump_seal(seal)) == seal
    assert dump_seal(seal).endswith(b"}\n")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[]",
        b"null",
        b"{}",
        b"[" * 200_000,
        b"1" * 5_000,
    ],
)
def test_a_seal_that_cannot_be_read_counts_as_open(content: bytes) -> None:
    assert parse_seal(content) == UNREADABLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "ajar"),
        ("state", None),
        ("state", ["open"]),
        ("state", {}),
        ("run", 1),
        ("since", None),
        ("head", 1),
        ("serial", "3"),
        ("serial", True),
        ("serial", None),
        ("manifest", 1),
        ("owner", []),
    ],
)
def test_a_seal_with_a_value_of_the_wrong_kind_counts_as_open(key: str, value: object) -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), key: value})) == UNREADABLE


def test_a_newer_seals_other_keys_do_no_harm() -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), "note": "x"})) == SEAL


OPEN = replace(SEAL, state="open")


@pytest.mark.parametrize(
    ("manifest", "seal", "expected"),
    [
        (None, None, "first"),
        ("m1", None, "unsealed"),
        ("m1", replace(SEAL, manifest="m1"), "sealed"),
        (None, replace(SEAL, manifest=None), "sealed"),
        ("m0", replace(SEAL, manifest="m1"), "doubtful"),
        (None, replace(SEAL, manifest="m1"), "doubtful"),
        ("m1", replace(SEAL, manifest=None), "doubtful"),
        ("m1", replace(OPEN, manifest="m1"), "doubtful"),
        ("m1", replace(OPEN, manifest=None), "doubtful"),
        (None, replace(OPEN, manifest=None), "doubtful"),
        (None, UNREADABLE, "doubtful"),
    ],
)
def test_a_manifest_is_believed_as_far_as_its_seal_goes(manifest: str | None, seal: Seal | None, expected: str) -> None:
    assert trust(manifest, seal) == expected


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
