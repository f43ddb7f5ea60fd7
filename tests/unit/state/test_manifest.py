"""The manifest: read back as it was written, and written as a stable text."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from tests.unit.state.helpers import ENTRY, MANIFEST, STATE, parse
from vsync.state.manifest import Failure, Manifest, TargetState, blob_id, content_id, dump_manifest


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


def test_openais_own_api_an_unknown_name_and_no_expiry_are_left_out() -> None:
    text = dump_manifest(MANIFEST).decode()
    assert not any(f'"{key}"' in text for key in ("api", "vector_store_name", "expires_after_days"))


def test_another_api_the_stores_name_and_its_expiry_stand_in_the_target() -> None:
    state = replace(STATE, api="http://gateway.test/v1", vector_store_name="docs", expires_after_days=30)
    content = dump_manifest(replace(MANIFEST, targets={"default": state}))
    target = json.loads(content)["targets"]["default"]
    assert (target["api"], target["vector_store_name"], target["expires_after_days"]) == (state.api, "docs", 30)
    assert parse(content).targets["default"] == state


def test_what_failed_to_be_indexed_is_written_only_where_there_is_any() -> None:
    target = json.loads(dump_manifest(MANIFEST))["targets"]["default"]
    assert "unindexed" not in target
    assert "tries" not in target["failed"]["bad.md"]
    once, twice = Failure("b" * 40, "t", "server_error", 3), Failure("b" * 40, "t", "server_error", 6)
    changed = replace(STATE, failed={"worse.md": twice}, unindexed={"bad.md": once})
    content = dump_manifest(MANIFEST.with_target("default", changed))
    target = json.loads(content)["targets"]["default"]
    assert target["unindexed"] == {"bad.md": {"blob": "b" * 40, "tag": "t", "code": "server_error", "tries": 3}}
    assert target["failed"]["worse.md"]["tries"] == 6
    assert parse(content).targets["default"] == changed


def test_an_api_is_part_of_what_identifies_a_target() -> None:
    other = replace(MANIFEST, targets={"default": replace(STATE, api="embedded")})
    assert content_id(other, "default") != content_id(MANIFEST, "default")


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
