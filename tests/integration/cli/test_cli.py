"""The command line from the outside: what it prints, writes, exits with, and what is in the store after it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.command_line import World, client, one_sentence, seal_held
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import Repo, link, submodule
from vsync.cli import commands
from vsync.cli import main as cli
from vsync.source.folder import FolderSource
from vsync.state.manifest import blob_id

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

KEY = "sk-never-to-be-seen-in-any-output"
REPORT_KEYS = {
    "target", "vector_store_id", "base", "head", "comparison", "dry_run", "added", "updated", "renamed", "retagged", "removed",
    "unchanged", "skipped", "failed", "refused", "warnings", "estimate", "requests", "bytes_uploaded", "duration_s", "manifest",
}  # fmt: skip
"""The contract's."""


# --- Syncing ------------------------------------------------------------------------------------------------


def test_a_first_sync_makes_a_store_named_after_the_source_and_marks_every_entry(world: World, docs: str) -> None:
    report = world.sync("--attributes", "team=docs", "--attributes", "year=2024")
    assert report["added"] == ["README.md", "docs/a.md", "docs/b.txt"]
    assert (report["base"], report["head"], report["dry_run"]) == (None, docs, False)
    assert report["bytes_uploaded"] >= 35
    assert report["requests"]["POST /files"] == 3
    found = world.audit(report["vector_store_id"])
    owner = json.loads(world.manifest.read_bytes())["owner"]
    assert {path: entry.attributes for path, entry in found.items()} == {
        path: {
            "path": path,
            "sha256": hashlib.sha256(world.repo.show(docs, path)).hexdigest(),
            "owner": owner,
            "target": "default",
            "source": "owner/name",
            "commit": docs,
            "team": "docs",
            "year": 2024,
        }
        for path in report["added"]
    }
    with client(world.db) as api:
        assert api.vector_stores.retrieve(report["vector_store_id"]).name == "owner/name"


def test_a_sync_with_nothing_to_do_makes_no_request_and_leaves_every_byte(world: World, docs: str) -> None:
    world.sync()
    before = world.snapshot()
    report = world.sync()
    assert (report["unchanged"], report["requests"], report["bytes_uploaded"]) == (3, {}, 0)
    world.repo.commit({"main.c": b"no document"})
    report = world.sync()
    assert (report["unchanged"], report["requests"]) == (3, {})
    history = (".git/refs/", ".git/logs/")
    assert {name: data for name, data in world.snapshot().items() if not name.startswith(history)} == {
        name: data for name, data in before.items() if not name.startswith(history)
    }


def test_changes_renames_and_removals_reach_the_store(world: World, docs: str) -> None:
    store = world.sync()["vector_store_id"]
    second = world.repo.commit(
        {"README.md": b"# Read me again\n", "docs/a.md": None, "guide/a.md": b"about apples\n", "new.md": b"new\n"}
    )
    report = world.sync()
    assert (report["added"], report["updated"], report["removed"]) == (["new.md"], ["README.md"], [])
    assert report["renamed"] == [{"from": "docs/a.md", "to": "guide/a.md"}]
    assert (report["base"], report["head"], report["unchanged"]) == (docs, second, 1)
    assert report["comparison"]["mode"] == "diff"
    world.assert_in_store(second, "README.md", "docs/b.txt", "guide/a.md", "new.md", store_id=store)
    third = world.repo.commit({"new.md": None, "docs/b.txt": None})
    report = world.sync()
    assert report["removed"] == ["docs/b.txt", "new.md"]
    world.assert_in_store(third, "README.md", "guide/a.md", store_id=store)
    assert world.state()["pending_delete"] == []
    assert world.state()["commit"] == third


def test_a_document_that_did_not_change_keeps_its_file_and_its_commit(world: World, docs: str) -> None:
    store = world.sync()["vector_store_id"]
    before = world.state()["files"]
    world.repo.commit({"README.md": b"changed"})
    world.sync()
    after = world.state()["files"]
    assert {path for path in after if after[path]["file_id"] != before[path]["file_id"]} == {"README.md"}
    assert world.audit(store)["docs/a.md"].attributes["commit"] == docs


def test_a_file_and_its_twin_swap_their_bytes(world: World) -> None:
    world.repo.commit({"a.md": b"one", "b.md": b"two"})
    world.sync()
    head = world.repo.commit({"a.md": b"two", "b.md": b"one"})
    assert world.sync()["updated"] == ["a.md", "b.md"]
    world.assert_in_store(head, "a.md", "b.md")


def test_any_name_can_be_synced_changed_and_removed(world: World) -> None:
    names = [
        "two words.md",
        "new\nline.md",
        "quote\"'.md",
        "tab\t.md",
        "-dash.md",
        "🦊.md",
        unicodedata.normalize("NFC", "é.md"),
        unicodedata.normalize("NFD", "é.md"),
        "back\\slash.md",
        "\x1b[31m.md",
        "d" * 255 + "/" + "n" * 252 + ".md",
        "%2e%2e.md",
        "a;b=c.md",
    ]
    first = world.repo.commit({name: f"first {name}".encode() for name in names})
    assert world.sync()["added"] == sorted(names)
    world.assert_in_store(first, *names)
    second = world.repo.commit({name: f"second {name}".encode() for name in names})
    assert world.sync()["updated"] == sorted(names)
    world.assert_in_store(second, *names)
    last = world.repo.commit(dict.fromkeys(names[1:]))
    assert world.sync("--force")["removed"] == sorted(names[1:])
    world.assert_in_store(last, names[0])


def test_bytes_come_from_the_commit_whatever_the_working_tree_holds(world: World, docs: str) -> None:
    world.repo.checkout()
    (world.repo.root / "README.md").write_bytes(b"not committed")
    (world.repo.root / "docs" / "a.md").unlink()
    (world.repo.root / "untracked.md").write_bytes(b"not committed")
    world.sync()
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")


def test_an_older_head_is_obeyed(world: World, docs: str) -> None:
    world.repo.commit({"README.md": b"newer", "new.md": b"new"})
    world.sync()
    report = world.sync("--head", "HEAD~1")
    assert (report["head"], report["updated"], report["removed"]) == (docs, ["README.md"], ["new.md"])
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")


def test_files_that_cannot_be_documents_are_told_with_their_reason(world: World) -> None:
    world.repo.commit(
        {
            b"good.md": b"text",
            b"empty.md": b"",
            b"binary.md": b"\0\1",
            b"pointer.md": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            b"link.md": link("good.md"),
            b"module": submodule(),
            b"caf\xe9.md": b"text",
            b"ignored.png": b"\0",
        }
    )
    report = world.sync()
    assert report["added"] == ["good.md"]
    assert report["skipped"] == [
        {"path": "binary.md", "reason": "not-text"},
        {"path": "caf\\xe9.md", "reason": "undecodable-name"},
        {"path": "empty.md", "reason": "empty"},
        {"path": "link.md", "reason": "symlink"},
        {"path": "module", "reason": "submodule"},
        {"path": "pointer.md", "reason": "lfs-pointer"},
    ]
    assert world.sync()["skipped"] == report["skipped"]
    assert "  empty.md: empty" in world.vsync("sync").out


def test_a_file_with_a_secret_stays_out_of_the_store_until_it_is_allowed(world: World) -> None:
    token = "gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"
    head = world.repo.commit({"good.md": b"text", "keys.md": f"# Keys\n\n{token}\n".encode()})
    report = world.sync()
    assert (report["added"], report["skipped"]) == (["good.md"], [{"path": "keys.md", "reason": "secret"}])
    (warning,) = report["warnings"]
    assert warning.startswith("keys.md is not uploaded because it seems to hold a secret: GitHub token in line 3. ")
    assert "--allow-secrets" in warning
    world.assert_in_store(head, "good.md")
    told = world.vsync("sync")
    assert "keys.md: secret" in told.out
    assert token not in json.dumps(report) + told.out + told.err
    assert world.sync("--allow-secrets", "/keys.md")["added"] == ["keys.md"]
    world.assert_in_store(head, "good.md", "keys.md")


def test_a_document_that_gets_a_secret_is_told_to_be_removed(world: World) -> None:
    token = "gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"
    world.repo.commit({"good.md": b"text", "keys.md": b"# Keys\n"})
    world.sync()
    world.repo.commit({"keys.md": token.encode()})
    report = world.sync()
    assert report["removed"] == ["keys.md"]
    (warning,) = report["warnings"]
    assert "the version that is in the store is removed" in warning


def test_a_plan_that_a_limit_refuses_says_so_once(world: World) -> None:
    world.repo.commit({"a.md": b"a"})
    told = world.vsync("sync", "--max-upload", "0")
    assert told.code == 4
    assert (told.out + told.err).count("The plan uploads 1 document;") == 1
    assert "Refused: The plan uploads" in world.vsync("plan", "--max-upload", "0").out


def test_a_plan_without_a_manifest_says_that_the_store_may_hold_documents(world: World) -> None:
    world.repo.commit({"a.md": b"a"})
    world.sync()
    world.manifest.unlink()
    assert "the store may already hold documents" in world.vsync("plan").out
    assert "the manifest is gone: vsync verify --rebuild" in world.vsync("status").out
    told = world.vsync("sync").out
    assert "Warning: The manifest is gone, so the store was listed, and what it holds was taken into account." in told


def test_a_sync_of_nothing_does_not_say_that_a_store_equals_it(world: World) -> None:
    world.repo.commit({"a.bin": b"a"})
    told = world.vsync("sync")
    assert told.code == 0
    assert "\nNothing is selected, " in told.out


def test_include_and_exclude_choose_the_documents(world: World) -> None:
    names = ["a.md", "src/x.py", "src/y.py", "src/test/z.py", ".github/b.md"]
    head = world.repo.commit({name: name.encode() for name in names})
    report = world.sync("--include", "*.py", "--include", "*.md", "--exclude", "src/test/", "--exclude", "y.*")
    assert report["added"] == ["a.md", "src/x.py"]
    world.assert_in_store(head, "a.md", "src/x.py")
    report = world.sync("--include", "*.py", "--exclude", "src/test/")
    assert (report["added"], report["removed"]) == (["src/y.py"], ["a.md"])
    assert report["comparison"]["mode"] == "full"
    world.assert_in_store(head, "src/x.py", "src/y.py")


def test_rules_can_come_from_the_environment_and_options_win(world: World) -> None:
    world.repo.commit(dict.fromkeys(["a.md", "b.md", "c.md"], b"text"))
    assert world.plan(VSYNC_INCLUDE="a.md\nb.md")["added"] == ["a.md", "b.md"]
    assert world.plan("--include", "c.md", VSYNC_INCLUDE="a.md\nb.md")["added"] == ["c.md"]
    assert world.plan(VSYNC_INCLUDE="")["added"] == ["a.md", "b.md", "c.md"]


def test_new_attributes_are_set_without_an_upload(world: World, docs: str) -> None:
    world.sync()
    report = world.sync("--attributes", "team=docs")
    assert report["retagged"] == ["README.md", "docs/a.md", "docs/b.txt"]
    assert report["bytes_uploaded"] == 0
    found = world.audit(report["vector_store_id"])
    assert {entry.attributes["team"] for entry in found.values()} == {"docs"}
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")


def test_new_chunking_uploads_all_again_and_leaves_one_of_each(world: World, docs: str) -> None:
    world.sync()
    report = world.sync("--chunk-size", "200", "--chunk-overlap", "50")
    assert report["updated"] == ["README.md", "docs/a.md", "docs/b.txt"]
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")
    with client(world.db) as api:
        for entry in api.vector_stores.files.list(report["vector_store_id"]):
            assert entry.chunking_strategy is not None
            assert entry.chunking_strategy.to_dict()["static"] == {
                "max_chunk_size_tokens": 200,
                "chunk_overlap_tokens": 50,
            }


def test_a_store_that_is_given_is_used_and_what_others_put_there_is_left_alone(world: World, docs: str) -> None:
    with client(world.db) as api:
        store = api.vector_stores.create(name="shared").id
        file = api.files.create(file=("theirs.md", b"theirs"), purpose="assistants").id
        api.vector_stores.files.create(store, file_id=file, attributes={"path": "README.md"})
        loose = api.files.create(file=("loose.md", b"loose"), purpose="assistants").id
    report = world.sync("--vector-store-id", store)
    assert report["vector_store_id"] == store
    last = world.repo.commit({"README.md": None, "docs/a.md": b"changed"})
    world.sync()
    with client(world.db) as api:
        entries = {str((entry.attributes or {})["path"]): entry.id for entry in api.vector_stores.files.list(store)}
        assert set(entries) == {"README.md", "docs/a.md", "docs/b.txt"}
        assert entries["README.md"] == file
        assert api.files.content(entries["docs/a.md"]).read() == world.repo.show(last, "docs/a.md")
        assert {one.id for one in api.files.list()} == {*entries.values(), loose}


# --- JSON ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["sync"], ["plan"], ["sync", "--dry-run"]])
def test_json_is_all_that_stands_on_stdout_and_has_the_contracts_keys(
    world: World, docs: str, command: list[str]
) -> None:
    result = world.vsync(*command, "--json")
    assert result.code == 0
    assert set(result.json) >= REPORT_KEYS
    assert set(result.json["comparison"]) == {"mode", "reason"}
    assert result.json["dry_run"] is (command != ["sync"])
    assert result.json["manifest"] == ".vsync/manifest.json"
    assert "Plan for owner/name" in result.err


def test_a_refused_sync_still_gives_its_report_as_json(world: World, docs: str) -> None:
    result = world.vsync("sync", "--json", "--max-upload", "2")
    assert result.code == 4
    assert set(result.json) >= REPORT_KEYS
    assert "max-upload 3" in result.json["refused"]
    assert (result.json["added"], result.json["requests"]) == ([], {})


@pytest.mark.parametrize("command", ["sync", "plan", "verify"])
@pytest.mark.parametrize(
    ("options", "target"),
    [
        (["--head", "nowhere"], "default"),
        (["--target", "other", "--lock-timeout", "soon"], "other"),
        (["--nothing"], "default"),
    ],
    ids=["revision", "pattern", "usage"],
)
def test_an_error_before_there_is_a_report_is_told_as_json_in_its_place(
    world: World, docs: str, command: str, options: list[str], target: str
) -> None:
    result = world.vsync(command, "--json", *options)
    assert result.code == 2
    assert (result.json["target"], result.json["dry_run"]) == (target, command == "plan")
    members = ("added", "updated", "renamed", "retagged", "removed", "skipped", "failed", "requests")
    assert not any(result.json[member] for member in members)
    assert set(result.json["error"]) == {"reason", "message", "remedy"}
    assert result.json["error"]["reason"] in {"git", "config"}
    assert result.json["error"]["message"].splitlines()[0] in result.err


def test_an_error_is_told_without_json_to_who_did_not_ask_for_it(world: World) -> None:
    result = world.vsync("sync")
    assert (result.code, result.out) == (2, "")


def test_an_interrupted_run_without_a_report_tells_it_as_json(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.sync.run.run", interrupted)
    result = world.vsync("sync", "--json")
    assert result.code == 130
    assert result.json["error"]["reason"] == "interrupted"


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


# --- Plans --------------------------------------------------------------------------------------------------


def test_a_plan_needs_no_key_makes_no_request_and_writes_nothing(world: World, docs: str) -> None:
    before = world.snapshot()
    result = world.vsync("plan", "--json", VSYNC_LOCAL="", OPENAI_BASE_URL="http://127.0.0.1:9")
    assert result.code == 0
    assert result.json["added"] == ["README.md", "docs/a.md", "docs/b.txt"]
    assert result.json["requests"] == {}
    assert result.json["estimate"] == {
        "uploads": 3,
        "upload_bytes": 35,
        "deletes": 0,
        "tokens": 10,
        "chunks": 3,
        "bytes_before": 0,
        "bytes_after": 35,
        "cost_per_day_before": None,
        "cost_per_day_after": None,
    }
    assert world.snapshot() == before
    assert not (world.repo.root / ".vsync").exists()
    assert not world.db.exists()


def test_what_a_plan_says_is_what_the_sync_does(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit(
        {"README.md": b"2", "docs/a.md": None, "moved.md": b"about apples\n", "docs/b.txt": None, "new.md": b"n"}
    )
    planned = world.plan()
    before = world.snapshot()
    assert world.sync("--dry-run") | {"duration_s": 0} == planned | {"duration_s": 0}
    assert world.snapshot() == before
    done = world.sync()
    for key in "added updated renamed retagged removed unchanged skipped base head comparison".split():
        assert done[key] == planned[key], key
    assert done["updated"] == ["README.md"]
    assert done["renamed"] == [{"from": "docs/a.md", "to": "moved.md"}]
    assert done["removed"] == ["docs/b.txt"]


def test_a_plan_by_full_equals_the_plan_by_diff(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"README.md": b"2", "docs/a.md": None, "moved.md": b"about apples\n"})
    by_diff, by_full = world.plan(), world.plan("--full")
    assert (by_diff["comparison"]["mode"], by_full["comparison"]["mode"]) == ("diff", "full")
    ignored = {"comparison": 0, "duration_s": 0}
    assert by_diff | ignored == by_full | ignored


def test_a_plan_for_people_lists_each_operation_with_its_mark(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit(
        {"README.md": b"2", "docs/a.md": None, "moved.md": b"about apples\n", "docs/b.txt": None, "new.md": b"n"}
    )
    out = world.vsync("plan").out
    assert "Plan: +1 ~1 →1 −1 in owner/name, 3 documents afterwards" in out
    for line in ("~ README.md", "→ moved.md (was docs/a.md)", "− docs/b.txt", "+ new.md"):
        assert line in out


def test_a_given_base_is_reported_and_explained(world: World, docs: str) -> None:
    second = world.repo.commit({"README.md": b"2"})
    world.sync()
    report = world.plan("--base", docs)
    assert (report["base"], report["head"], report["comparison"]["mode"]) == (docs, second, "full")
    assert docs[:12] in report["comparison"]["reason"]


def test_without_a_base_in_a_shallow_clone_the_comparison_is_full_and_says_so(
    world: World, docs: str, tmp_path: Path
) -> None:
    world.sync()
    world.repo.commit({"README.md": b"2"})
    shallow = world.repo.clone(tmp_path / "shallow", "--depth=1")
    (shallow.root / ".vsync").mkdir()
    shutil.copy(world.manifest, shallow.root / ".vsync" / "manifest.json")
    report = world.plan("--repo", str(shallow.root), "--source", "owner/name")
    assert report["comparison"]["mode"] == "full"
    assert "this clone does not have" in report["comparison"]["reason"]
    assert report["updated"] == ["README.md"]


def test_a_partial_clone_is_synced_with_one_fetch_a_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = world.repo.commit({f"{number}.md": b"text %d" % number for number in range(8)})
    world.repo.git("config", "uploadpack.allowFilter", "true")
    world.repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")  # the user allows what vsync alone would not

    def sync_fresh_clone(*options: str) -> int:
        clone = world.repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
        if world.manifest.exists():
            (clone.root / ".vsync").mkdir()
            shutil.copy(world.manifest, clone.root / ".vsync" / "manifest.json")
        trace = tmp_path / "trace2.json"
        trace.unlink(missing_ok=True)
        with monkeypatch.context() as traced:
            traced.setenv("GIT_TRACE2_EVENT", str(trace))
            world.sync("--repo", str(clone.root), "--source", "owner/name", *options)
        world.manifest.parent.mkdir(exist_ok=True)
        shutil.copy(clone.root / ".vsync" / "manifest.json", world.manifest)
        shutil.rmtree(clone.root)
        events = [json.loads(line) for line in trace.read_text().splitlines()]
        return sum(event["event"] == "start" and "fetch" in event["argv"] for event in events)

    assert sync_fresh_clone() == 1
    assert sync_fresh_clone() == 0
    assert sync_fresh_clone("--chunk-size", "200") == 1
    world.assert_in_store(head, *(f"{number}.md" for number in range(8)))


# --- Limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--max-upload", "2"], "--max-upload 3"),
        (["--max-upload", "34B"], "--max-upload 1MB"),
        (["--max-upload", "5,10B"], "--max-upload"),
    ],
)
def test_too_many_uploads_are_refused_and_nothing_is_written(
    world: World, docs: str, options: list[str], told: str
) -> None:
    before = world.snapshot()
    result = world.vsync("sync", *options)
    assert result.code == 4
    assert told in result.err
    assert "Traceback" not in result.err
    assert world.snapshot() == before
    assert world.plan(*options)["refused"] is not None
    assert world.sync(*options, "--force")["added"] == ["README.md", "docs/a.md", "docs/b.txt"]


def test_deleting_everything_is_refused_until_it_is_forced(world: World, docs: str) -> None:
    world.sync()
    head = world.repo.commit({"README.md": None, "docs/a.md": None, "docs/b.txt": None})
    before = world.snapshot()
    result = world.vsync("sync")
    assert result.code == 4
    assert "deletes 3 of 3 documents" in result.err
    assert "--max-delete 3" in result.err
    assert world.snapshot() == before
    assert world.sync("--force")["removed"] == ["README.md", "docs/a.md", "docs/b.txt"]
    world.assert_in_store(head)


def test_deleting_more_than_half_of_ten_is_refused_and_a_limit_allows_it(world: World) -> None:
    world.repo.commit({f"{number}.md": b"text %d" % number for number in range(10)})
    world.sync()
    head = world.repo.commit({f"{number}.md": None for number in range(6)})
    assert world.vsync("sync").code == 4
    assert world.vsync("sync", "--max-delete", "5").code == 4
    assert world.vsync("sync", "--max-delete", "59%").code == 4
    assert len(world.sync("--max-delete", "60%")["removed"]) == 6
    world.assert_in_store(head, "6.md", "7.md", "8.md", "9.md")


def test_a_mass_rename_is_not_a_mass_delete(world: World) -> None:
    world.repo.commit({f"old/{number}.md": b"text %d" % number for number in range(12)})
    world.sync()
    head = world.repo.commit(
        {f"old/{number}.md": None for number in range(12)}
        | {f"new/{number}.md": b"text %d" % number for number in range(12)}
    )
    assert len(world.sync()["renamed"]) == 12
    world.assert_in_store(head, *(f"new/{number}.md" for number in range(12)))


def test_new_chunking_counts_for_the_upload_limit_in_bytes(world: World, docs: str) -> None:
    world.sync()
    result = world.vsync("sync", "--chunk-size", "200", "--max-upload", "34B")
    assert result.code == 4


def test_an_empty_selection_says_so_and_makes_no_store(world: World, docs: str) -> None:
    result = world.vsync("sync", "--include", "*.nothing")
    assert result.code == 0
    assert "No document is selected" in result.out
    assert not world.manifest.exists()
    assert world.snapshot()["store"] == b""


# --- Where the manifest stands ------------------------------------------------------------------------------


def test_the_manifest_can_stand_elsewhere_and_is_never_a_document(world: World, docs: str) -> None:
    report = world.sync("--manifest", "state/vsync.json", "--include", "*")
    assert report["manifest"] == "state/vsync.json"
    assert not world.manifest.exists()
    written = (world.repo.root / "state" / "vsync.json").read_bytes()
    head = world.repo.commit({"state/vsync.json": written, "state/other.json": b"{}"})
    report = world.sync("--manifest", "state/vsync.json", "--include", "*")
    assert report["added"] == ["state/other.json"]
    world.assert_in_store(
        head, "README.md", "docs/a.md", "docs/b.txt", "main.c", "state/other.json", store_id=report["vector_store_id"]
    )


def test_the_manifest_can_stand_outside_under_an_absolute_path(world: World, docs: str, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere" / "manifest.json"
    assert len(world.sync("--manifest", str(place))["added"]) == 3
    assert world.sync("--manifest", str(place))["unchanged"] == 3
    assert json.loads(place.read_bytes())["source"] == "owner/name"


@pytest.mark.parametrize("place", ["../manifest.json", "docs/../../manifest.json", "out/manifest.json"])
def test_a_relative_manifest_never_leads_out_of_the_repository(
    world: World, docs: str, tmp_path: Path, place: str
) -> None:
    (world.repo.root / "out").symlink_to(tmp_path)
    before = world.snapshot()
    assert_usage_error(world, "outside", "sync", "--manifest", place)
    assert world.snapshot() == before
    assert not (tmp_path / "manifest.json").exists()


def test_two_targets_in_one_store_leave_each_others_documents_alone(world: World, docs: str) -> None:
    with client(world.db) as api:
        store = api.vector_stores.create(name="shared").id
    world.sync("--target", "one", "--include", "docs/", "--vector-store-id", store)
    world.sync("--target", "two", "--include", "README.md", "--vector-store-id", store)
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt", store_id=store)
    head = world.repo.commit({"docs/a.md": None})
    world.sync("--target", "one", "--include", "docs/")
    world.sync("--target", "two", "--include", "README.md")
    world.assert_in_store(head, "README.md", "docs/b.txt", store_id=store)


def test_a_manifest_that_was_rewound_is_not_believed(world: World, docs: str) -> None:
    store = world.sync()["vector_store_id"]
    old = world.manifest.read_bytes()
    world.repo.commit({"README.md": b"second", "new.md": b"new"})
    world.sync()
    world.manifest.write_bytes(old)
    head = world.repo.commit({"docs/a.md": b"third"})
    report = world.sync()
    assert report["comparison"]["mode"] == "full"
    why = "The manifest is not the one that was published last (a revert, a merge, or an edit), so the store was listed"
    assert any(warning.startswith(why) for warning in report["warnings"])
    world.assert_in_store(head, "README.md", "docs/a.md", "docs/b.txt", "new.md", store_id=store)
    assert world.sync()["requests"] == {}


def test_the_manifest_written_is_canonical_json_that_the_seal_vouches_for(world: World, docs: str) -> None:
    world.sync()
    content = world.manifest.read_bytes()
    data = json.loads(content)
    assert content.endswith(b"}\n")
    assert (data["version"], data["source"]) == (1, "owner/name")
    state = data["targets"]["default"]
    assert (state["commit"], state["serial"], state["pending_delete"]) == (docs, 1, [])
    assert {path: entry["blob"] for path, entry in state["files"].items()} == {
        path: world.repo.blob(docs, path) for path in ("README.md", "docs/a.md", "docs/b.txt")
    }
    assert sum(line.lstrip().startswith(b'"docs/') for line in content.splitlines()) == 2
    (seal,) = (world.repo.root / ".git" / "vsync").glob("*.seal.json")
    assert json.loads(seal.read_bytes())["manifest"] == blob_id(content)
    assert json.loads(seal.read_bytes())["state"] == "closed"


# --- A folder as source -------------------------------------------------------------------------------------


def test_a_plain_folder_is_synced_and_compared_by_its_bytes(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "handbook"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_bytes(b"one")
    (folder / "sub" / "b.md").write_bytes(b"two")
    (folder / "link.md").symlink_to("a.md")
    (folder / "empty.md").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    report = world.sync("--folder", "handbook")
    assert (report["added"], report["head"], report["base"]) == (["a.md", "sub/b.md"], None, None)
    assert report["skipped"] == [{"path": "empty.md", "reason": "empty"}, {"path": "link.md", "reason": "symlink"}]
    store = report["vector_store_id"]
    written = (folder / ".vsync" / "manifest.json").read_bytes()
    again = world.sync("--folder", "handbook")
    assert (again["unchanged"], again["requests"]) == (2, {})
    assert (folder / ".vsync" / "manifest.json").read_bytes() == written
    (folder / "a.md").write_bytes(b"one changed")
    (folder / "sub" / "b.md").rename(folder / "c.md")
    report = world.sync("--folder", "handbook")
    assert (report["updated"], report["renamed"]) == (["a.md"], [{"from": "sub/b.md", "to": "c.md"}])
    found = world.audit(store)
    assert {path: entry.data for path, entry in found.items()} == {"a.md": b"one changed", "c.md": b"two"}
    assert "commit" not in found["a.md"].attributes
    assert world.vsync("status", "--folder", "handbook", "a.md").code == 0


def plain_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    for name in ("a.md", "disk/b.md", "disk/deep/c.md", "kept/d.md", "kept/e.md", "one/f.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize("left", ["gone", "empty"])
def test_a_folder_that_may_not_be_mounted_is_not_deleted_without_a_question(
    world: World, tmp_path: Path, left: str
) -> None:
    folder = plain_folder(tmp_path)
    store = world.sync("--folder", str(folder))["vector_store_id"]
    shutil.rmtree(folder / "disk")
    if left == "empty":
        (folder / "disk").mkdir()
    (folder / "a.md").write_bytes(b"changed")
    report = world.sync("--folder", str(folder), code=4)
    assert f"the folder 'disk' is {left}" in report["refused"]
    assert "--max-delete 2" in report["refused"]
    assert len(world.audit(store)) == 6
    assert world.vsync("plan", "--folder", str(folder), "--json").json["refused"] == report["refused"]
    world.sync("--folder", str(folder), "--max-delete", "2")
    assert set(world.audit(store)) == {"a.md", "kept/d.md", "kept/e.md", "one/f.md"}
    assert world.sync("--folder", str(folder))["requests"] == {}


@pytest.mark.parametrize("left", ["gone", "link", "gitkeep", "lost+found"])
def test_a_deeper_folder_that_may_not_be_mounted_is_not_deleted_either(world: World, tmp_path: Path, left: str) -> None:
    folder = plain_folder(tmp_path)
    store = world.sync("--folder", str(folder))["vector_store_id"]
    (folder / "kept").rename(folder / "disk" / "kept")
    assert len(world.sync("--folder", str(folder))["renamed"]) == 2
    shutil.rmtree(folder / "disk" / "kept")
    if left == "link":
        (folder / "disk" / "kept").symlink_to(tmp_path / "nowhere")
    elif left == "gitkeep":
        (folder / "disk" / "kept").mkdir()
        (folder / "disk" / "kept" / ".gitkeep").touch()
    elif left == "lost+found":
        (folder / "disk" / "kept" / "lost+found").mkdir(parents=True)
    told = "gone" if left in {"gone", "link"} else "empty but for dot files or lost+found"
    assert f"the folder 'disk/kept' is {told}" in world.sync("--folder", str(folder), code=4)["refused"]
    assert len(world.audit(store)) == 6


def test_what_a_person_changes_in_a_folder_every_day_is_synced(world: World, tmp_path: Path) -> None:
    folder = plain_folder(tmp_path)
    store = world.sync("--folder", str(folder))["vector_store_id"]
    shutil.rmtree(folder / "one")  # its only document
    (folder / "disk" / "b.md").unlink()
    (folder / "kept").rename(folder / "moved")
    world.sync("--folder", str(folder))
    assert set(world.audit(store)) == {"a.md", "disk/deep/c.md", "moved/d.md", "moved/e.md"}


@pytest.mark.parametrize("manifest", [".vsync/manifest.json", "none"])
def test_an_empty_folder_is_no_first_sync(world: World, tmp_path: Path, manifest: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    arguments = ("--folder", str(folder), "--manifest", manifest, "--vector-store-name", "docs")
    report = world.sync(*arguments, code=4)
    assert "The folder holds no document that is selected" in report["refused"]
    assert report["requests"] == {}
    assert world.sync(*arguments, "--force")["added"] == []


def test_what_is_no_file_in_a_folder_is_left_out(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = plain_folder(tmp_path)
    os.mkfifo(folder / "pipe.md")

    def to_pipe(file: Path) -> None:
        file.unlink()
        os.mkfifo(file)

    assert "pipe.md" not in world.sync("--folder", str(folder))["added"]
    (folder / "a.md").write_bytes(b"changed")
    (folder / "kept" / "d.md").write_bytes(b"changed")
    with monkeypatch.context() as meanwhile:
        spoil(meanwhile, folder / "a.md", "hashed", to_pipe)
        report = world.sync("--folder", str(folder), code=1)
    assert [item["path"] for item in report["failed"]] == ["a.md"]
    assert report["updated"] == ["kept/d.md"]


Seen = Literal["listed", "hashed", "measured"]


def spoil(monkeypatch: pytest.MonkeyPatch, file: Path, when: Seen, how: Callable[[Path], None]) -> None:
    """Something happens to a file of a plain folder after it was listed, hashed, or its size was asked for."""
    step = {"listed": "entries", "hashed": "identify", "measured": "sizes"}[when]
    real = getattr(FolderSource, step)

    def spoiled(self: FolderSource, *arguments: Any) -> Any:
        found = real(self, *arguments)
        found = iter(list(found)) if step == "entries" else found
        if (
            file.is_file()
            and not file.is_symlink()
            and not (step == "identify" and arguments[0].path != file.name.encode())
        ):
            how(file)
        return found

    monkeypatch.setattr(FolderSource, step, spoiled)


def to_link(file: Path) -> None:
    file.rename(file.parent / ".moved")
    file.symlink_to(".moved")


@pytest.mark.parametrize("how", [Path.unlink, to_link], ids=["vanishes", "becomes a link"])
@pytest.mark.parametrize("when", ["listed", "hashed", "measured"])
def test_a_file_of_a_folder_that_cannot_be_read_any_more_fails_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: Seen, how: Callable[[Path], None]
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in ("a.md", "b.md", "c.md"):
        (folder / name).write_bytes(name.encode())
    first = world.sync("--folder", str(folder))
    for name in ("a.md", "b.md", "new.md"):
        (folder / name).write_bytes(b"changed: " + name.encode())
    with monkeypatch.context() as meanwhile:
        spoil(meanwhile, folder / "b.md", when, how)
        report = world.sync("--folder", str(folder), code=1)
    assert [(item["path"], item["code"]) for item in report["failed"]] == [("b.md", "unreadable")]
    assert (report["updated"], report["added"], report["removed"]) == (["a.md"], ["new.md"], [])
    held = world.audit(first["vector_store_id"])
    assert {path: entry.data for path, entry in held.items()} == {
        "a.md": b"changed: a.md",
        "b.md": b"b.md",
        "c.md": b"c.md",
        "new.md": b"changed: new.md",
    }
    world.sync("--folder", str(folder))  # it is gone, or a link: the old version goes
    assert set(world.audit(first["vector_store_id"])) == {"a.md", "c.md", "new.md"}


def test_nothing_outside_of_a_folder_is_uploaded(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_bytes(b"secret")
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "a.md").write_bytes(b"one")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "up").symlink_to(tmp_path)
    report = world.sync("--folder", str(folder), "--include", "*")
    assert report["added"] == ["a.md"]
    assert {entry.data for entry in world.audit(report["vector_store_id"]).values()} == {b"one"}


# --- Status, search, stores ---------------------------------------------------------------------------------


def test_status_tells_what_is_live_and_how_far_behind_it_is(world: World, docs: str) -> None:
    assert "Nothing has been synced yet" in world.vsync("status").out
    store = world.sync()["vector_store_id"]
    assert f"up to date with {docs[:12]}" in world.vsync("status").out
    world.repo.commit({"README.md": b"2"})
    head = world.repo.commit({"README.md": b"3"})
    result = world.vsync("status", VSYNC_LOCAL="")
    assert (result.code, result.err) == (0, "")
    for part in (f"3 documents in {store}", f"live: {docs[:12]}", f"2 commits behind {head[:12]}"):
        assert part in result.out
    data = world.vsync("status", "--json", VSYNC_LOCAL="").json
    assert (data["commit"], data["head"], data["behind"], data["documents"]) == (docs, head, 2, 3)
    assert data["vector_store_id"] == store
    assert data["interrupted"] is False


def test_status_does_not_say_that_commits_behind_change_a_document_where_none_does(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"main.c": b"int main;"})
    world.sync()
    (line,) = [line for line in world.vsync("status").out.splitlines() if "1 commit behind" in line]
    assert line.endswith(" tells whether the commit changes a document")
    command = shlex.split(line.split("`")[1])
    assert world.vsync(*command[1:], "--exit-code").code == 0


def test_status_does_not_call_an_older_head_up_to_date(world: World, docs: str) -> None:
    world.repo.commit({"README.md": b"newer"})
    world.sync()
    result = world.vsync("status", "--head", "HEAD~1")
    assert result.code == 0
    assert "up to date" not in result.out


def test_search_finds_documents_and_filters_by_attribute(world: World, docs: str) -> None:
    world.sync("--target", "default", "--attributes", "team=docs")
    result = world.vsync("search", "apples")
    assert result.code == 0
    assert re.match(r"1\. docs/a\.md:1  \([0-9.]+\)\n   about apples", result.out)
    hits = world.vsync("search", "about", "--json", "-n", "1").json
    assert len(hits) == 1
    assert set(hits[0]) >= {"path", "filename", "file_id", "score", "attributes", "text"}
    assert {hit["path"] for hit in world.vsync("search", "about", "--json", "--filter", "path=docs/b.txt").json} == {
        "docs/b.txt"
    }
    both = ("--filter", "team=docs", "--filter", "path=docs/a.md")
    assert [hit["path"] for hit in world.vsync("search", "about", "--json", *both).json] == ["docs/a.md"]
    assert world.vsync("search", "about", "--filter", "team=other").out == "No results.\n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("date=2024-06-01", ["docs/a.md"]),
        ("date!=2024-06-01", ["docs/b.md"]),
        ("said=2024-06-01", ["docs/a.md", "docs/b.md"]),
        ('said!="2024-06-01"', []),
    ],
)
def test_a_date_is_found_as_front_matter_and_as_a_text(world: World, wanted: str, found: list[str]) -> None:
    for name, date in (("a", "2024-06-01"), ("b", "2024-07-01")):
        world.repo.commit({f"docs/{name}.md": f"---\ndate: {date}\n---\n# Apples\n".encode()})
    world.repo.commit({".vsync.yml": b"version: 1\nfront-matter: [date]\nattributes: {said: '2024-06-01'}\n"})
    world.sync()
    hits = world.vsync("search", "apples", "--json", "--filter", wanted).json
    assert sorted(hit["path"] for hit in hits) == found


def test_a_store_that_is_named_is_searched_although_the_manifest_is_of_another(world: World, docs: str) -> None:
    world.sync("--vector-store-name", "docs")
    assert world.vsync("stores", "create", "other").code == 0
    result = world.vsync("search", "apples", "--vector-store-name", "other")
    assert (result.code, result.out) == (0, "No results.\n")


def test_the_advice_of_a_search_finds_the_same_store(world: World, docs: str) -> None:
    world.sync("--vector-store-name", "one", "--manifest", "m.json")
    world.repo.commit({".vsync.yml": b"version: 1\nvector-store-name: two\n"})
    for command in (["search", "apples"], ["check"]):
        result = world.vsync(*command, "--manifest", "m.json")
        assert result.code == 2
        assert re.search(r"`vsync sync --manifest m\.json --config none ", result.err), result.err


def test_a_command_that_cannot_be_imported_is_an_error_as_any_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(commands._PLACES, "absent", "vsync.cli.not_there:command")
    result = world.vsync("absent")
    assert (result.code, "Internal error" in result.err) == (3, True)


def test_search_without_a_store_or_a_query_says_what_is_missing(world: World, docs: str) -> None:
    assert_usage_error(world, "not clear", "search", "apples")
    assert_usage_error(world, "no query", "search")
    world.sync()
    assert_usage_error(world, "has no value", "search", "apples", "--filter", "team")


def test_stores_are_created_listed_and_shown(world: World) -> None:
    assert world.vsync("stores", "list").out.startswith("There is no vector store.\n")
    created = world.vsync("stores", "create", "my \x1b[31mdocs", "--json").json
    assert created["name"] == "my \x1b[31mdocs"
    listed = world.vsync("stores", "list")
    assert created["id"] in listed.out
    assert "\x1b" not in listed.out
    assert [store["id"] for store in world.vsync("stores", "list", "--json").json] == [created["id"]]
    assert world.vsync("stores", "show", created["id"], "--json").json["id"] == created["id"]


def test_the_secret_of_a_store_is_not_shown(world: World) -> None:
    created = world.vsync("stores", "create", "docs", "--json").out
    shown = world.vsync("stores", "show", json.loads(created)["id"], "--json").out
    listed = world.vsync("stores", "list", "--json").out
    assert all("vsync_nonce" not in text for text in (created, shown, listed))


def test_a_store_that_is_gone_is_an_error_of_the_api(world: World, docs: str) -> None:
    result = world.vsync("stores", "show", "vs_nowhere")
    assert result.code == 3
    assert "stores list" in one_sentence(result)
    assert "--repair" not in result.err
    store = world.sync()["vector_store_id"]
    with client(world.db) as api:
        api.vector_stores.delete(store)
    world.repo.commit({"README.md": b"2"})
    written = world.manifest.read_bytes()
    result = world.vsync("sync")
    assert result.code == 3
    assert store in result.err
    assert "Traceback" not in result.err
    assert world.manifest.read_bytes() == written


# --- Wrong usage --------------------------------------------------------------------------------------------


def assert_usage_error(world: World, told: str, *arguments: str, **variables: str) -> None:
    """Exit code 2, a message that says so, and nothing changed."""
    before = world.snapshot()
    result = world.vsync(*arguments, **variables)
    assert result.code == 2, result
    assert told in result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    if not result.err.startswith(("Usage: ", "Error: ")):
        one_sentence(result)
    assert world.snapshot() == before


@pytest.mark.parametrize("command", ["sync", "plan", "status"])
def test_a_folder_that_is_no_repository_is_refused(world: World, tmp_path: Path, command: str) -> None:
    (tmp_path / "plain").mkdir()
    assert_usage_error(world, "not in a git repository", command, "--repo", str(tmp_path / "plain"))
    assert_usage_error(world, "There is no folder", command, "--repo", str(tmp_path / "missing"))
    assert_usage_error(world, "There is no folder", command, "--folder", str(tmp_path / "missing"))


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_an_unborn_branch_is_refused(world: World, command: str) -> None:
    assert_usage_error(world, "no commit yet", command)


@pytest.mark.parametrize("revision", ["nonsense", "HEAD~7", "0" * 40, "HEAD:README.md", "^HEAD", "HEAD..HEAD"])
def test_an_unknown_revision_is_refused_by_its_name(world: World, docs: str, revision: str) -> None:
    assert_usage_error(world, repr(revision), "sync", "--head", revision)
    assert_usage_error(world, repr(revision), "sync", "--base", revision)


def test_a_revision_that_looks_like_an_option_is_refused(world: World, docs: str) -> None:
    assert_usage_error(world, "not a revision", "sync", "--head=--all")
    assert_usage_error(world, "not a revision", "sync", VSYNC_BASE="-x")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: b"", "not JSON"),
        (lambda content: content[:200], "not JSON"),
        (lambda content: b"[]\n", "not an object"),
        (lambda content: b"\xff\xfe", "manifest"),
        (lambda content: content.replace(b'"version": 1', b'"version": 2'), "newer vsync"),
        (lambda content: content.replace(b'"version": 1', b'"version": true'), "version"),
        (lambda content: content.replace(b'"source": "owner/name"', b'"source": "other/name"'), "'other/name'"),
        (
            lambda content: b"<<<<<<< HEAD\n" + content + b"=======\n" + content + b">>>>>>> branch\n",
            "conflict markers",
        ),
        (lambda content: content.replace(b'"docs/a.md": {', b'"README.md": {'), "twice"),
        (lambda content: content.replace(b'"bytes": 10', b'"bytes": -1'), "README.md"),
        (lambda content: content.replace(b'"owner": "', b'"owner": 7, "x": "'), "owner"),
    ],
    ids=["empty", "cut", "list", "binary", "newer", "bool", "source", "conflict", "twice", "negative", "owner"],
)
def test_a_manifest_that_cannot_be_believed_is_refused_and_never_overwritten(
    world: World, docs: str, damage: Callable[[bytes], bytes], told: str
) -> None:
    world.sync()
    content = world.manifest.read_bytes()
    damaged = damage(content)
    assert damaged != content
    world.manifest.write_bytes(damaged)
    world.repo.commit({"README.md": b"2"})
    assert_usage_error(world, told, "sync")
    assert_usage_error(world, told, "plan")
    assert_usage_error(world, told, "status")
    assert world.manifest.read_bytes() == damaged


def test_a_manifest_of_another_store_is_refused(world: World, docs: str) -> None:
    store = world.sync()["vector_store_id"]
    assert_usage_error(world, store, "sync", "--vector-store-id", "vs_other")


def test_a_manifest_that_is_a_link_is_refused(world: World, docs: str, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"{}")
    world.manifest.parent.mkdir()
    world.manifest.symlink_to(tmp_path / "victim")
    assert_usage_error(world, "symbolic link", "sync")
    assert (tmp_path / "victim").read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--max-delete", "many"], "max-delete is 'many'"),
        (["--max-delete", "101%"], "max-delete is '101%'"),
        (["--max-upload", "1XB"], "max-upload is '1XB'"),
        (["--concurrency", "0"], "concurrency is '0'"),
        (["--index-timeout", "soon"], "index-timeout is 'soon'"),
        (["--lock-timeout", "-1"], "lock-timeout is '-1'"),
        (["--chunk-size", "99"], "chunk-size is 99"),
        (["--chunk-size", "200", "--chunk-overlap", "101"], "chunk-overlap is 101"),
        (["--attributes", "path=x"], "'path'"),
        (["--attributes", "novalue"], "'novalue'"),
        (["--target", "a/b"], "'a/b'"),
        (["--manifest", "docs"], "is a folder"),
        (["--include", "a\\"], "ends with a backslash"),
        (["--commit", "--manifest-branch", "main"], "main is checked out"),
        (["--manifest-branch", "a..b"], "manifest-branch is 'a..b'"),
        (["--config", "x.yml"], "config"),
        (["--nonsense"], "--nonsense"),
        (["extra"], "extra"),
        (["--head"], "--head"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_refused_by_its_name(world: World, docs: str, options: list[str], told: str) -> None:
    (world.repo.root / "docs").mkdir()
    assert_usage_error(world, told, "sync", *options)


def test_a_manifest_cannot_be_pushed_without_a_remote(world: World, docs: str) -> None:
    world.repo.git("remote", "remove", "origin")
    assert_usage_error(world, "no remote `origin`", "sync", "--push")


def test_a_wrong_variable_is_refused_by_the_options_name(world: World, docs: str) -> None:
    assert_usage_error(world, "concurrency is 'x'", "sync", VSYNC_CONCURRENCY="x")
    assert_usage_error(world, "force is 'perhaps'", "sync", VSYNC_FORCE="perhaps")


@pytest.mark.parametrize("command", [["sync"], ["search", "q"], ["stores", "list"], ["plan", "--manifest", "none"]])
def test_no_key_is_told_with_both_ways_out(world: World, docs: str, command: list[str]) -> None:
    assert_usage_error(world, "OPENAI_API_KEY", *command, VSYNC_LOCAL="", OPENAI_API_KEY="")
    assert "--local" in world.vsync(*command, VSYNC_LOCAL="").err


@pytest.mark.parametrize("what", ["folder", "garbage", "nowhere"])
def test_an_embedded_store_that_cannot_be_opened_is_told(world: World, docs: str, tmp_path: Path, what: str) -> None:
    place = tmp_path / "place"
    if what == "folder":
        place.mkdir()
    elif what == "garbage":
        place.write_bytes(b"this is no database" * 100)
    else:
        place = Path("/proc/nowhere/store.db")
    result = world.vsync("sync", "--local", str(place))
    assert result.code == 2
    told = {"folder": "is a folder", "garbage": "embedded store cannot be opened", "nowhere": "cannot be made"}
    assert told[what] in one_sentence(result)
    assert not world.manifest.exists()


@pytest.mark.parametrize(("place", "options"), [(".vsync", []), (".vsync", ["--local"]), (".git/vsync", [])], ids=str)
def test_a_file_where_a_folder_should_be_is_told_before_anything_is_uploaded(
    world: World, docs: str, place: str, options: list[str]
) -> None:
    (world.repo.root / place).write_bytes(b"in the way")
    result = world.vsync("sync", *options)
    assert result.code in {2, 3}
    assert "Traceback" not in result.err
    assert place in result.err
    assert (world.repo.root / place).read_bytes() == b"in the way"


def test_verbose_shows_the_traceback_without_the_key(world: World) -> None:
    quiet = world.vsync("sync", OPENAI_API_KEY=KEY)
    loud = world.vsync("sync", "-v", OPENAI_API_KEY=KEY)
    assert quiet.code == loud.code == 2
    assert one_sentence(quiet)
    assert loud.err.startswith(quiet.err)
    assert "Traceback (most recent call last)" in loud.err
    assert "RepositoryError" in loud.err
    assert KEY not in loud.err


def test_a_key_that_was_put_in_the_wrong_place_is_not_printed(world: World, docs: str) -> None:
    for options in (["--head", KEY], ["--vector-store-id", KEY], ["--manifest", f"../{KEY}"]):
        world.sync()
        result = world.vsync("sync", "-v", *options, OPENAI_API_KEY=KEY)
        assert result.code == 2
        assert KEY not in result.out + result.err


# --- Hostile names ------------------------------------------------------------------------------------------

HOSTILE = [
    "\x1b[31mred.md",
    "new\nline.md",
    "\r::error::x.md",
    "\u202egnp.md",
    "\x9b2J.md",
    "bell\x07.md",
    "\x1b]0;title\x07.md",
]


def assert_harmless(text: str) -> None:
    """Nothing in it that a terminal acts on, and no line that a hostile name began."""
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert not any(line.startswith(("line.md", "::")) for line in text.splitlines())


def test_hostile_names_do_not_reach_the_terminal(world: World) -> None:
    names = dict.fromkeys(HOSTILE, b"text") | {f"empty {name}": b"" for name in HOSTILE}
    world.repo.commit(names)
    for result in (
        world.vsync("plan"),
        world.vsync("sync", "-v"),
        world.vsync("sync"),
        world.vsync("status", HOSTILE[0]),
        world.vsync("search", "text"),
    ):
        assert result.code == 0
        assert_harmless(result.out)
        assert_harmless(result.err)
    world.repo.commit(dict.fromkeys(HOSTILE) | {f"moved {name}": b"text" for name in HOSTILE})
    result = world.vsync("sync")
    assert result.code == 0
    assert_harmless(result.out)
    assert "(was \\x1b[31mred.md)" in result.out


def test_hostile_names_are_told_as_they_are_in_json(world: World) -> None:
    world.repo.commit(dict.fromkeys(HOSTILE, b"text"))
    result = world.vsync("sync", "--json")
    assert result.json["added"] == sorted(HOSTILE)
    assert_harmless(result.err)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"commit": "', b'"commit": "\\u001b[31m\\n::x::'),
        (b'"vector_store_id": "', b'"vector_store_id": "\\u001b[31m\\n::error::'),
        (b'"when": "', b'"when": "\\u001b[31m\\n::error::'),
        (b'"file_id": "', b'"file_id": "\\u001b[31m\\n::error::'),
        (b'"failed": {}', b'"failed": {"x.md": {"blob": "1", "tag": "t", "code": "\\u001b[31m\\n::error::"}}'),
        (b'"reason": "', b'"reason": "\\u001b[31m\\n::error::'),
        (b'"source": "', b'"source": "\\u001b[31m\\n::error::'),
        (b'"target', b'"\\u001b[31m\\n::error::": 1, "target'),
    ],
    ids=["commit", "store", "when", "file-id", "failed", "skipped", "source", "key"],
)
def test_a_hostile_manifest_does_not_reach_the_terminal(world: World, old: bytes, new: bytes) -> None:
    world.repo.commit({"a.md": b"text", "empty.md": b""})
    world.sync()
    content = world.manifest.read_bytes()
    assert old in content
    world.manifest.write_bytes(content.replace(old, new, 1))
    for result in (
        world.vsync("plan", VSYNC_LOCAL=""),
        world.vsync("sync", VSYNC_LOCAL=""),
        world.vsync("status", "a.md", VSYNC_LOCAL=""),
        world.vsync("status", "x.md", VSYNC_LOCAL=""),
    ):
        assert_harmless(result.out)
        assert_harmless(result.err)


# --- The process --------------------------------------------------------------------------------------------

COMMANDS = [
    [],
    ["sync"],
    ["plan"],
    ["verify"],
    ["status"],
    ["check"],
    ["search"],
    ["stores"],
    ["stores", "list"],
    ["stores", "create"],
    ["stores", "show"],
    ["stores", "delete"],
    ["files"],
    ["files", "list"],
    ["files", "show"],
    ["files", "delete"],
    ["records"],
    ["batch"],
    ["batch", "submit"],
    ["batch", "status"],
    ["batch", "fetch"],
    ["batch", "cancel"],
    ["serve"],
    ["schema"],
    ["init"],
    ["completion"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(world: World, command: list[str]) -> None:
    for option in ("--help", "-h"):
        result = world.vsync(*command, option)
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith(f"Usage: {' '.join(['vsync', *command])}")


def test_every_command_there_is_has_its_help_tested() -> None:
    names = {name for name, command in cli.main.commands.items() if not command.hidden}
    assert names <= {command[0] for command in COMMANDS if command}


def test_the_version_is_told(world: World) -> None:
    from vsync import __version__

    assert __version__ in world.vsync("--version").out


def test_a_wrong_command_is_refused(world: World) -> None:
    result = world.vsync("snyc")
    assert result.code == 2
    assert "snyc" in result.err


def test_a_sync_waits_for_another_run_and_gives_up_in_time(world: World, docs: str) -> None:
    with seal_held(world):
        result = world.vsync("sync", "--lock-timeout", "0.3")
        assert world.vsync("plan").code == 0
    assert result.code == 3
    assert "Another run is at work" in result.err
    assert "--lock-timeout" in result.err
    assert "Traceback" not in result.err
    assert not world.manifest.exists()
    assert world.sync()["added"] == ["README.md", "docs/a.md", "docs/b.txt"]


def test_environment_variables_of_a_surrounding_git_do_not_move_the_repository(
    world: World, docs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook: git sets GIT_DIR and others for what it runs."""
    other = Repo.make(tmp_path / "other")
    other.commit({"other.md": b"other"})
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    report = world.sync()
    monkeypatch.undo()
    assert report["head"] == docs
    assert world.manifest.exists()
    assert not (other.root / ".vsync").exists()


def test_a_name_that_is_not_text_names_no_source(world: World, tmp_path: Path) -> None:
    """A folder's own name becomes the source's name, and that must be text wherever it goes."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    repo = Repo.make(folder)
    repo.commit({"a.md": b"text"})
    result = world.vsync("sync", "--repo", str(folder))
    assert result.code in {0, 2}
    assert "Traceback" not in result.err


@pytest.mark.parametrize("option", ["--source", "--vector-store-name", "--attributes", "--target", "--head"])
def test_an_option_that_is_not_text_is_refused(world: World, docs: str, option: str) -> None:
    assert_usage_error(world, option.removeprefix("--"), "sync", option, os.fsdecode(b"k=caf\xe9"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write as another user's guest")
def test_what_root_leaves_in_somebodys_repository_belongs_to_them(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")  # so git knows for whom root works
    for path in [world.repo.root, *world.repo.root.rglob("*")]:
        os.chown(path, 12345, 54321)
    assert world.vsync("sync", "--local").code == 0
    made = {path: (path.stat().st_uid, path.stat().st_gid) for path in world.repo.root.rglob("*")}
    assert world.repo.root / ".vsync" / "local.db" in made
    assert {str(path.relative_to(world.repo.root)) for path, owner in made.items() if owner != (12345, 54321)} == set()
