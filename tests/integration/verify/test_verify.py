"""`vsync verify` over a repository and a store: what it finds, what it mends, and what it never touches."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.reports import texts
from tests.support.wire import Forward, Sent, World, alter, call, die, once, refuse, unreachable
from vsync.errors import ConfigurationError, ManifestError, SealHeld, StoreConflict, StoreGone, VsyncError
from vsync.report.report import Report
from vsync.report.text import summary_lines
from vsync.report.verification import Drift, Verification
from vsync.state.manifest import dump_manifest
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run

FILES: Mapping[str, bytes] = {f"docs/{name}.md": f"# {name}\n".encode() * 3 for name in "abcdef"}


def make(world: World) -> None:
    world.commit(FILES)
    assert world.sync().exit_code == 0


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    copied = once("verify", tmp_path_factory, make).copy(tmp_path / "world")
    copied.wire.calm()
    return copied


def verify(world: World, *take_over: str, **given: Any) -> Report:
    wish = {name: given.pop(name) for name in ("repair", "rebuild", "yes") if name in given}
    with world.opened(**given) as opened:
        return run(*opened, VerifyOptions(take_over=take_over, **wish))


def found(report: Report) -> Verification:
    assert report.verification is not None
    return report.verification


def kinds(report: Report) -> list[tuple[str, str | None]]:
    return [(item.kind, item.path) for item in found(report).drift]


def snapshot(world: World) -> dict[str, bytes]:
    """Everything that a run could have changed on this machine."""
    places = [path for path in world.repo.root.rglob("*") if path.is_file() and "objects" not in path.parts]
    return {str(path): path.read_bytes() for path in places}


def writes(world: World) -> list[str]:
    return [str(sent) for sent in world.wire.sent if sent.method != "GET"]


def file_id(world: World, path: str) -> str:
    return world.state.files[path].file_id


def entries_path(world: World) -> str:
    return f"/vector_stores/{world.store_id}/files"


# --- Drift, made by hand -----------------------------------------------------------------------------------------


def detach(world: World, path: str = "docs/a.md") -> None:
    world.ask("DELETE", f"{entries_path(world)}/{file_id(world, path)}")


def delete_file(world: World, path: str = "docs/a.md") -> None:
    world.ask("DELETE", f"/files/{file_id(world, path)}")


def copy_entry(world: World, of: str = "docs/a.md", /, **attributes: Any) -> str:
    entry = world.entry(of)
    made = world.upload(of, entry.content)
    given = {"file_id": made, "attributes": {**entry.attributes, **attributes}}
    world.ask("POST", entries_path(world), given)
    return made


def set_attributes(world: World, attributes: Mapping[str, Any], path: str = "docs/a.md") -> None:
    world.ask("POST", f"{entries_path(world)}/{file_id(world, path)}", {"attributes": attributes})


def change_attributes(world: World, of: str = "docs/a.md", /, **changes: Any) -> None:
    attributes = {**world.entry(of).attributes, **changes}
    set_attributes(world, {key: value for key, value in attributes.items() if value is not None}, of)


def rechunk(world: World, path: str = "docs/a.md") -> None:
    attributes = world.entry(path).attributes
    detach(world, path)
    static = {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}
    world.ask(
        "POST",
        entries_path(world),
        {
            "file_id": file_id(world, path),
            "attributes": attributes,
            "chunking_strategy": {"type": "static", "static": static},
        },
    )


def show(world: World, chosen: str, **fields: Any) -> None:
    """Has the store show one entry otherwise than it is, however it is asked for."""

    def change(data: dict[str, Any]) -> None:
        for item in data.get("data", [data]):
            if item["id"] == chosen:
                item.update(fields)

    world.wire.when("GET /vector_stores/*/files", alter(change))
    world.wire.when(f"GET /vector_stores/*/files/{chosen}", alter(change))


def fail(world: World) -> None:
    error = {"code": "server_error", "message": "An internal error occurred."}
    show(world, file_id(world, "docs/a.md"), status="failed", last_error=error)


def hang(world: World) -> None:
    show(world, file_id(world, "docs/a.md"), status="in_progress")


def dangle(world: World) -> None:
    """The store lists an entry whose File is gone, as the live API has done."""
    gone = file_id(world, "docs/a.md")

    def without(data: dict[str, Any]) -> None:
        data["data"] = [item for item in data["data"] if item["id"] != gone]

    world.wire.when("GET /files", alter(without))
    world.wire.when(f"GET /files/{gone}", refuse(404, "No such File object", "not_found"))


def add_left_over(world: World) -> None:
    copy_entry(world, "docs/a.md", path="docs/gone.md")


def duplicate(world: World) -> None:
    copy_entry(world, "docs/a.md")


def wipe_attributes(world: World) -> None:
    set_attributes(world, {})


def change_a_user_attribute(world: World) -> None:
    change_attributes(world, team="others")


def change_the_hash(world: World) -> None:
    change_attributes(world, sha256="0" * 64)


def change_the_path(world: World) -> None:
    change_attributes(world, path="docs/elsewhere.md")


def lose_the_commit(world: World) -> None:
    change_attributes(world, commit=None)


MADE: list[tuple[Callable[[World], None], str, str | None, dict[str, int]]] = [
    (detach, "missing", "docs/a.md", {"POST /files": 1}),
    (delete_file, "missing", "docs/a.md", {"POST /files": 1}),
    (fail, "failed", "docs/a.md", {"POST /files": 1}),
    (hang, "stuck", "docs/a.md", {"POST /files": 1}),
    (dangle, "dangling", "docs/a.md", {"POST /files": 1}),
    (duplicate, "duplicate", "docs/a.md", {"POST /files": 0}),
    (add_left_over, "left-over", "docs/gone.md", {"POST /files": 0}),
    (rechunk, "chunking", "docs/a.md", {"POST /files": 1}),
    (wipe_attributes, "attributes", "docs/a.md", {"POST /files": 0, "POST /vector_stores/*/files/*": 1}),
    (change_a_user_attribute, "attributes", "docs/a.md", {"POST /files": 0, "POST /vector_stores/*/files/*": 1}),
    (change_the_hash, "attributes", "docs/a.md", {"POST /files": 0, "POST /vector_stores/*/files/*": 1}),
    (change_the_path, "attributes", "docs/a.md", {"POST /files": 0, "POST /vector_stores/*/files/*": 1}),
    (lose_the_commit, "attributes", "docs/a.md", {"POST /files": 0, "POST /vector_stores/*/files/*": 1}),
]


@pytest.mark.parametrize(("make_it", "kind", "path", "_"), MADE, ids=[made[0].__name__ for made in MADE])
def test_each_kind_of_drift_is_found_and_nothing_is_written(
    world: World, make_it: Callable[[World], None], kind: str, path: str, _: object
) -> None:
    make_it(world)
    before = snapshot(world)
    report = verify(world, index_timeout="0.2")
    assert kinds(report) == [(kind, path)]
    assert (report.exit_code, report.failure_reason) == (1, "drift")
    assert writes(world) == []
    assert snapshot(world) == before


@pytest.mark.parametrize(("make_it", "kind", "path", "cost"), MADE, ids=[made[0].__name__ for made in MADE])
def test_a_repair_mends_it_with_the_fewest_operations_and_touches_nothing_of_others(
    world: World, make_it: Callable[[World], None], kind: str, path: str, cost: Mapping[str, int]
) -> None:
    world.plant()
    world.plant(path="docs/a.md", sha256="0" * 64)
    make_it(world)
    report = verify(world, repair=True, index_timeout="0.2")
    assert [(item.kind, item.path) for item in found(report).mended] == [(kind, path)]
    assert (report.exit_code, kinds(report)) == (0, [])
    assert {what: len(world.wire.of(what)) for what in cost} == cost
    world.wire.calm()
    assert world.audit() == set()
    world.settled()
    assert {entry.attributes["commit"] for entry in world.ours()} == {world.head}
    again = verify(world)
    assert (again.exit_code, kinds(again)) == (0, [])
    assert sorted(item.file_id for item in found(again).foreign) == sorted(world.strangers)


def test_all_kinds_at_once_are_mended_in_one_run(world: World) -> None:
    detach(world, "docs/a.md")
    wipe_attributes_of_b = {"x": "y"}
    set_attributes(world, wipe_attributes_of_b, "docs/b.md")
    rechunk(world, "docs/c.md")
    copy_entry(world, "docs/d.md")
    add = copy_entry(world, "docs/e.md", path="docs/nowhere.md")
    assert add in world.uploaded()
    assert verify(world, repair=True).exit_code == 0
    assert world.audit() == set()
    world.settled()


# --- Nothing wrong -----------------------------------------------------------------------------------------------


def test_an_untouched_store_has_no_drift_and_is_only_listed(world: World) -> None:
    report = verify(world)
    assert (report.exit_code, report.failure_reason, kinds(report)) == (0, None, [])
    assert report.documents.unchanged == len(FILES)
    assert dict(report.requests) == {
        "GET /vector_stores/{id}": 1,
        "GET /vector_stores/{id}/files": 1,
        "GET /files": 1,
    }


def test_a_repair_with_nothing_to_mend_writes_nothing_and_leaves_the_manifest_as_it_was(world: World) -> None:
    before = snapshot(world)
    report = verify(world, repair=True)
    assert (report.exit_code, report.changed) == (0, False)
    assert writes(world) == []
    assert snapshot(world) == before


def test_a_repair_of_an_unsealed_manifest_that_is_right_writes_nothing_to_the_store(world: World) -> None:
    world.forget_seal()
    manifest = world.manifest_path.read_bytes()
    assert verify(world, repair=True).exit_code == 0
    assert writes(world) == []
    assert world.manifest_path.read_bytes() == manifest


def test_a_repair_also_brings_the_store_to_the_head(world: World) -> None:
    world.commit({"docs/new.md": b"# new\n", "docs/b.md": None})
    detach(world)
    report = verify(world, repair=True)
    assert (report.exit_code, report.documents.added, report.documents.removed) == (
        0,
        ("docs/a.md", "docs/new.md"),
        ("docs/b.md",),
    )
    world.audit()
    world.settled()


def test_an_entry_that_is_indexed_in_a_moment_is_no_drift(world: World) -> None:
    chosen = file_id(world, "docs/a.md")

    def busy(data: dict[str, Any]) -> None:
        next(item for item in data["data"] if item["id"] == chosen)["status"] = "in_progress"

    world.wire.when("GET /vector_stores/*/files", alter(busy), times=1)
    report = verify(world)
    assert (report.exit_code, kinds(report)) == (0, [])


def test_a_list_of_files_that_lags_behind_is_not_believed(world: World) -> None:
    world.wire.when("GET /files", alter(lambda data: data.update(data=data["data"][2:])))
    report = verify(world)
    assert (report.exit_code, kinds(report)) == (0, [])
    assert report.requests["GET /files/{id}"] == 2


def test_documents_that_were_refused_for_good_are_told_and_are_no_drift(world: World) -> None:
    def change(data: dict[str, Any]) -> None:
        state = data["targets"]["default"]
        refusal = {"blob": "b" * 40, "tag": "t.t", "code": "invalid_file"}
        state["failed"] = {"docs/a.md": refusal, "docs/bad.md": refusal}

    edit_manifest(world, change)
    report = verify(world)
    told = {item["path"]: item["message"] for item in report.documents.failed}
    assert told.keys() == {"docs/a.md", "docs/bad.md"}
    assert "an older version stays in the store" in told["docs/a.md"]
    assert "not in the store" in told["docs/bad.md"]
    assert report.exit_code == 0


def test_a_repair_that_mends_all_but_a_document_that_is_refused_says_both(world: World) -> None:
    detach(world)
    world.commit({"docs/bad.md": b"# bad\n"})

    def bad(sent: Sent) -> bool:
        return sent.is_("POST /files") and sent.upload.filename == "docs/bad.md"

    world.wire.when(bad, refuse(400, "Invalid extension."))
    report = verify(world, repair=True)
    assert (report.exit_code, report.failure_reason) == (1, "documents")
    assert [item.path for item in found(report).mended] == ["docs/a.md"]
    assert "Mended: 1 difference, none is left, but 1 document failed" in texts(summary_lines(report))


# --- What others put there ---------------------------------------------------------------------------------------


def test_what_others_put_there_is_listed_and_no_drift(world: World) -> None:
    theirs = world.plant(b"theirs")
    named = world.plant(b"named", path="docs/a.md")
    other = world.plant(b"x", path="x.md", owner="somebody", target="default", source="else/where")
    second = world.plant(
        b"x",
        path="docs/a.md",
        owner=world.manifest.owner if world.manifest else "",
        target="second",
        source="acme/docs",
    )
    report = verify(world)
    assert (report.exit_code, kinds(report)) == (0, [])
    told = {item.file_id: (item.path, item.filename, item.detail) for item in found(report).foreign}
    assert told == {
        theirs: (None, "theirs.md", "not put there by vsync"),
        named: ("docs/a.md", "theirs.md", "not put there by vsync"),
        other: ("x.md", "theirs.md", "of else/where, target default"),
        second: ("docs/a.md", "theirs.md", "of the target second of this source"),
    }


def test_a_manifest_edited_to_name_somebody_elses_file_does_not_lose_it_to_a_repair(world: World) -> None:
    theirs = world.plant(b"theirs")

    def change(data: dict[str, Any]) -> None:
        data["targets"]["default"]["files"]["docs/a.md"]["file_id"] = theirs

    edit_manifest(world, change)
    assert ("attributes", "docs/a.md") in kinds(verify(world))
    report = verify(world, repair=True)
    assert report.exit_code == 0
    assert world.audit() == set()
    assert theirs in [entry.file_id for entry in world.entries()]


def edit_manifest(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(world.manifest_path.read_bytes())
    change(data)
    world.manifest_path.write_text(json.dumps(data))


# --- Limits, faults, other runs ----------------------------------------------------------------------------------


def test_limits_hold_for_a_repair(world: World) -> None:
    detach(world, "docs/a.md")
    detach(world, "docs/b.md")
    report = verify(world, repair=True, max_upload="1")
    assert (report.exit_code, report.failure_reason) == (4, "limit")
    assert {path for kind, path in kinds(report) if kind == "missing"} == {"docs/a.md", "docs/b.md"}
    assert writes(world) == []
    assert verify(world, repair=True, max_upload="1", force=True).exit_code == 0


def test_what_a_repair_cannot_mend_is_what_it_ends_with(world: World) -> None:
    detach(world)
    world.wire.when("POST /files", refuse(400, "no"))
    report = verify(world, repair=True)
    assert (report.exit_code, [item["path"] for item in report.documents.failed]) == (1, ["docs/a.md"])


def test_an_api_out_of_reach_is_no_drift(world: World) -> None:
    world.wire.when("GET /vector_stores/*", unreachable())
    with pytest.raises(VsyncError) as raised:
        verify(world)
    assert raised.value.exit_code == 3


def test_without_a_key_nothing_can_be_compared(world: World) -> None:
    import dataclasses

    with world.opened() as opened, pytest.raises(VsyncError) as raised:
        run(opened.target, dataclasses.replace(opened.ports, connect=None), opened.context, VerifyOptions())
    assert (raised.value.exit_code, raised.value.reason) == (2, "credentials")


def test_a_run_under_way_is_waited_for_and_not_taken_for_drift(world: World) -> None:
    with world.opened() as other:
        other.ports.publication.take(_open_seal(other), 0.0, lambda text: None)
        with pytest.raises(SealHeld, match="Another run"):
            verify(world, lock_timeout="0.2")
        other.ports.publication.release()  # as it does when its process ends
        assert writes(world) == []
    report = verify(world, lock_timeout="0.2")
    assert report.exit_code == 0
    assert any("did not end" in text for text in report.warnings)


def test_a_wrong_pattern_is_told_before_another_run_is_waited_for(world: World) -> None:
    with world.opened() as other:
        other.ports.publication.take(_open_seal(other), 0.0, lambda text: None)
        with pytest.raises(ConfigurationError, match="take-over pattern"):
            verify(world, "[", lock_timeout="0.2")


def _open_seal(opened: Any) -> Any:
    from vsync.state.seal import Seal

    return Seal("open", "another", "2026-01-01T00:00:00+00:00", opened.ports.source.head)


def test_a_run_that_ends_while_it_is_compared_has_it_compared_again(world: World) -> None:
    world.commit({"docs/new.md": b"# new\n"})
    done: list[Report] = []

    def sync_once() -> None:
        if not done:
            done.append(Report("default", None))  # type: ignore[arg-type]  # a mark
            copied = world.wire
            world.wire = type(copied)(world.folder / "store.db")
            try:
                import threading

                thread = threading.Thread(target=world.sync)
                thread.start()
                thread.join()
            finally:
                world.wire.close()
                world.wire = copied

    world.wire.when("GET /files", call(sync_once))
    report = verify(world)
    assert len(world.wire.of("GET /files")) >= 2
    assert (report.exit_code, report.documents.unchanged) == (0, len(FILES) + 1)


def test_a_repair_by_a_late_run_changes_nothing(world: World) -> None:
    from vsync.config.origin import Origin

    world.commit({"docs/new.md": b"# new\n"})
    world.sync(origin=Origin("acme/docs", "42", "2000", "url"))
    detach(world)
    world.wire.calm()
    report = verify(world, repair=True, origin=Origin("acme/docs", "42", "1000", "url"))
    assert report.superseded
    assert writes(world) == []


def test_files_that_a_dead_run_left_are_found_and_deleted(world: World) -> None:
    world.commit({"docs/new.md": b"# new\n"})
    died = world.sync_and_die(lambda there: there.wire.when("POST /vector_stores/*/files", die(answered=False)))
    assert died
    report = verify(world)
    assert kinds(report) == [("left-over", "docs/new.md")]
    assert any("did not end" in text for text in report.warnings)
    assert verify(world, repair=True).exit_code == 0
    assert world.audit() == set()
    world.settled()


# --- No manifest, another one, none at all ------------------------------------------------------------------------


def test_without_a_manifest_the_way_on_is_told(world: World) -> None:
    world.forget_manifest()
    with pytest.raises(ManifestError, match="verify --rebuild") as raised:
        verify(world)
    assert "vsync sync" in str(raised.value)
    with pytest.raises(ConfigurationError):
        verify(world, manifest="none")


def test_yes_alone_is_no_order(world: World) -> None:
    with pytest.raises(ConfigurationError, match="--yes"):
        verify(world, yes=True)


# --- The store is gone -------------------------------------------------------------------------------------------


def expire(world: World) -> None:
    """The store expires: it is still listed, and its entries are gone."""
    gone = world.store_id
    for entry in list(world.pages(f"/vector_stores/{gone}/files")):
        world.ask("DELETE", f"/vector_stores/{gone}/files/{entry['id']}")

    def change(data: dict[str, Any]) -> None:
        for item in data.get("data", [data]):
            if item["id"] == gone:
                item["status"] = "expired"

    world.wire.when("GET /vector_stores", alter(change))
    world.wire.when(f"GET /vector_stores/{gone}", alter(change))


def delete_store(world: World) -> None:
    world.ask("DELETE", f"/vector_stores/{world.store_id}")


def uploaded_long_ago(world: World) -> None:
    """The Files are older than the run that follows: of one second they could be that run's."""
    with contextlib.closing(sqlite3.connect(world.folder / "store.db")) as store, store:
        store.execute("UPDATE files SET created_at = created_at - 3600")


@pytest.mark.parametrize("lose_it", [expire, delete_store])
def test_a_store_that_is_gone_is_drift_and_a_repair_uploads_all_into_a_new_one(
    world: World, lose_it: Callable[[World], None]
) -> None:
    old_store, old_files = world.store_id, set(world.uploaded())
    lose_it(world)
    report = verify(world)
    assert (report.exit_code, kinds(report)) == (1, [("expired", None)])
    assert writes(world) == []
    report = verify(world, repair=True)
    assert (report.exit_code, kinds(report)) == (0, [])
    new_store = report.vector_store_id
    assert new_store not in {None, old_store}
    assert any(old_store in text and str(new_store) in text for text in report.warnings)
    assert len(report.documents.added) == len(FILES)
    world.wire.calm()
    named = {item["file_id"] for item in report.to_json()["leftovers"]}
    assert (world.audit(store_id=new_store), named) == (
        (old_files, old_files) if lose_it is delete_store else (set(), set())
    )
    assert world.state.vector_store_id == new_store
    assert world.state.pending_delete == ()
    (info,) = [store for store in world.stores() if store["id"] == new_store]
    assert info["name"] == "acme/docs"
    assert verify(world).exit_code == 0


def test_what_a_run_still_had_to_delete_when_its_store_went_is_named_by_the_repair(world: World) -> None:
    old_files = set(world.uploaded())
    uploaded_long_ago(world)
    changed = next(iter(FILES))
    world.commit({changed: b"# changed"})

    async def first_delete_the_store(_: Sent, forward: Forward) -> httpx2.Response:
        delete_store(world)
        return await forward()

    world.wire.when("DELETE /vector_stores/*/files/*", first_delete_the_store, times=1)
    report = world.sync()
    assert isinstance(report.error, StoreGone)
    assert not world.wire.of("DELETE /files/*")
    assert old_files <= set(world.uploaded())
    world.wire.calm()
    report = verify(world, repair=True)
    assert report.exit_code == 0
    left = world.audit(store_id=report.vector_store_id)
    assert old_files <= left
    assert {item["file_id"] for item in report.to_json()["leftovers"] if item["verdict"] == "listed"} == left


def test_a_new_store_takes_the_old_ones_name(world: World) -> None:
    world.ask("POST", f"/vector_stores/{world.store_id}", {"name": "the docs"})
    expire(world)
    report = verify(world, repair=True)
    (info,) = [store for store in world.stores() if store["id"] == report.vector_store_id]
    assert info["name"] == "the docs"


def test_a_store_whose_id_is_given_is_not_replaced(world: World) -> None:
    given = world.store_id
    delete_store(world)
    assert verify(world, vector_store_id=given).exit_code == 1
    with pytest.raises(StoreGone, match="leave the id out") as raised:
        verify(world, repair=True, vector_store_id=given)
    assert raised.value.exit_code == 3
    assert world.stores() == []


def test_limits_hold_for_a_new_store(world: World) -> None:
    delete_store(world)
    report = verify(world, repair=True, max_upload="3")
    assert (report.exit_code, world.stores()) == (4, [])


def test_files_of_a_lost_store_stay_when_nothing_vouches_for_the_manifest(world: World) -> None:
    delete_store(world)
    old = set(world.uploaded())
    world.forget_seal()
    report = verify(world, repair=True)
    assert report.exit_code == 0
    assert old <= set(world.uploaded())
    assert all(any(file_id in text for text in report.warnings) for file_id in old)


def test_a_repair_that_died_after_it_made_the_new_store_is_gone_on_with(world: World) -> None:
    delete_store(world)
    for answered in (False, True):
        world.wire.calm()

        def prepare(there: World, answered: bool = answered) -> None:
            there.wire.when("POST /vector_stores/*/file_batches", die(answered=answered), times=1)

        assert repair_and_die(world, prepare)
    report = verify(world, repair=True)
    assert report.exit_code == 0
    assert len(world.stores()) == 1
    world.audit()


def repair_and_die(world: World, prepare: Callable[[World], None]) -> bool:
    """A repair in a process of its own, which a fault ends."""
    sync = world.sync
    try:
        world.sync = lambda **given: verify(world, repair=True, **given)  # type: ignore[method-assign]  # what dies in the process apart is a repair
        return world.sync_and_die(prepare)
    finally:
        world.sync = sync  # type: ignore[method-assign]  # given back


# --- Rebuilding --------------------------------------------------------------------------------------------------


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda content: None,
    "conflict": lambda content: b"<<<<<<< ours\n" + content + b"=======\n" + content + b">>>>>>> theirs\n",
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "twice": lambda content: content.replace(b'"docs/b.md"', b'"docs/a.md"', 1),
    "a string": lambda content: b'"manifest"\n',
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_manifest_is_made_anew_from_the_store(world: World, damage: str) -> None:
    before = world.state
    world.plant()
    content = DAMAGE[damage](world.manifest_path.read_bytes())
    if content is None:
        world.forget_manifest()
    else:
        world.manifest_path.write_bytes(content)
    report = verify(world, rebuild=True)
    assert (report.exit_code, kinds(report), found(report).rebuilt) == (0, [], True)
    assert (writes(world), report.changed) == ([], False)
    assert dict(world.state.files) == dict(before.files)
    world.settled()
    world.wire.calm()
    assert world.sync().changed is False
    assert world.wire.sent == []


def test_rebuilding_without_a_seal_finds_the_owner_in_the_store(world: World) -> None:
    owner = world.manifest.owner if world.manifest else ""
    world.forget_manifest()
    world.forget_seal()
    assert verify(world, rebuild=True).exit_code == 0
    assert world.manifest is not None
    assert world.manifest.owner == owner


def test_what_the_store_lacks_is_told_and_left_to_the_next_sync(world: World) -> None:
    detach(world)
    world.commit({"docs/new.md": b"# new\n", "docs/b.md": b"# other\n", "docs/c.md": None})
    world.forget_manifest()
    report = verify(world, rebuild=True)
    assert (report.exit_code, report.dry_run) == (0, True)
    assert (report.documents.added, report.documents.updated, report.documents.removed) == (
        ("docs/a.md", "docs/new.md"),
        ("docs/b.md",),
        ("docs/c.md",),
    )
    assert writes(world) == []
    assert world.sync().exit_code == 0
    world.audit()
    world.settled()


def test_duplicates_are_left_to_a_repair(world: World) -> None:
    duplicate(world)
    world.forget_manifest()
    report = verify(world, rebuild=True)
    assert (report.exit_code, kinds(report)) == (1, [("duplicate", "docs/a.md")])
    assert writes(world) == []
    copied = world.copy(world.folder.parent / "other")
    assert verify(world, repair=True).exit_code == 0
    world.audit()
    world.settled()
    assert copied.sync().exit_code == 0
    copied.audit()
    copied.settled()


def died_deleting(world: World) -> None:
    """A sync that has published, and died before it deleted what it replaced."""
    world.commit({"docs/a.md": b"# other\n"})
    assert world.sync_and_die(lambda there: there.wire.when("DELETE /vector_stores/*/files/*", die(answered=False)))
    assert world.state.pending_delete


@pytest.mark.parametrize("kept", [True, False])
def test_rebuilding_over_a_run_that_died_leaves_its_superseded_entries_to_the_next_sync(
    world: World, kept: bool
) -> None:
    died_deleting(world)
    if not kept:
        world.forget_seal()
    report = verify(world, rebuild=True)
    assert (writes(world), kinds(report)) == ([], [("duplicate", "docs/a.md")])
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()
    assert verify(world).exit_code == 0


@pytest.mark.parametrize("damaged", [True, False])
@pytest.mark.parametrize("journaled", [True, False])
def test_rebuilding_leaves_to_the_next_sync_what_a_dead_run_uploaded(
    world: World, journaled: bool, damaged: bool
) -> None:
    before = world.uploaded()
    world.commit({"docs/new.md": b"# new\n"})
    assert world.sync_and_die(lambda there: there.wire.when("POST /files", die(answered=True)))
    (left,) = world.uploaded().keys() - before.keys()
    assert world.seal_path is not None
    if not journaled:
        for journal in world.seal_path.parent.glob("*.journal-*"):
            journal.unlink()
    if damaged:
        world.forget_manifest()
    assert verify(world, rebuild=True).exit_code == 0
    assert left in world.uploaded()
    assert world.sync().exit_code == 0
    assert left not in world.uploaded()
    assert world.audit() == set()
    world.settled()


def test_rebuild_and_repair_together_do_both(world: World) -> None:
    detach(world)
    duplicate_of = copy_entry(world, "docs/b.md")
    world.forget_manifest()
    report = verify(world, rebuild=True, repair=True)
    assert (report.exit_code, kinds(report)) == (0, [])
    world.audit()
    world.settled()
    assert len({duplicate_of, file_id(world, "docs/b.md")} & set(world.uploaded())) == 1


def test_a_readable_manifest_that_is_right_stays_byte_for_byte(world: World) -> None:
    content = world.manifest_path.read_bytes()
    assert verify(world, rebuild=True).exit_code == 0
    assert world.manifest_path.read_bytes() == content


def test_a_repair_with_other_settings_than_those_of_the_last_sync_is_warned_of(world: World) -> None:
    assert not any("settings" in warning for warning in verify(world).warnings)
    delete_file(world)
    report = verify(world, exclude=("docs/b.md",))
    assert any("not those of the last sync" in warning for warning in report.warnings)


def test_another_targets_part_stays_when_it_can_be_read(world: World) -> None:
    world.sync(target="second", vector_store_name="second", include=("docs/a.md",))
    second = world.manifest.targets["second"] if world.manifest else None

    def break_default(data: dict[str, Any]) -> None:
        data["targets"]["default"]["files"]["docs/a.md"] = "broken"

    edit_manifest(world, break_default)
    report = verify(world, rebuild=True)
    assert (report.exit_code, report.warnings) == (0, ())
    assert world.manifest is not None
    assert world.manifest.targets["second"] == second


def test_a_part_of_another_target_that_cannot_be_read_is_told(world: World) -> None:
    world.sync(target="second", vector_store_name="second", include=("docs/a.md",))

    def break_second(data: dict[str, Any]) -> None:
        data["targets"]["second"]["serial"] = "broken"

    edit_manifest(world, break_second)
    report = verify(world, rebuild=True)
    assert any("second" in text for text in report.warnings)
    assert world.manifest is not None
    assert set(world.manifest.targets) == {"default"}
    assert verify(world, rebuild=True, target="second", include=("docs/a.md",)).exit_code == 0
    assert world.manifest is not None
    assert set(world.manifest.targets) == {"default", "second"}


def test_a_newer_manifest_and_one_of_another_source_are_never_overwritten(world: World) -> None:
    content = world.manifest_path.read_bytes()
    for old, new, remedy in (
        (b'"version": 1', b'"version": 2', "Update vsync"),
        (b'"acme/docs"', b'"other/docs"', ""),
    ):
        changed = content.replace(old, new)
        world.manifest_path.write_bytes(changed)
        for rebuild in (False, True):
            with pytest.raises(ManifestError) as raised:
                verify(world, rebuild=rebuild)
            assert remedy in raised.value.remedy
            assert "delete" not in raised.value.remedy or not remedy
            assert "--rebuild" not in raised.value.remedy or not remedy
        assert world.manifest_path.read_bytes() == changed


def test_two_owners_in_one_store_are_a_conflict(world: World) -> None:
    world.plant(b"x", path="x.md", owner="another", target="default", source="acme/docs", sha256="0")
    world.forget_manifest()
    world.forget_seal()
    with pytest.raises(StoreConflict, match="different first syncs"):
        verify(world, rebuild=True, vector_store_id=world.store_id)
    assert world.manifest is None


def test_a_store_without_documents_of_ours_gives_no_manifest(world: World, tmp_path: Path) -> None:
    empty = World(tmp_path / "empty")
    empty.commit(FILES)
    with pytest.raises(StoreConflict, match="nothing to make a manifest from"):
        verify(empty, rebuild=True)
    theirs = empty.make_store("theirs")
    with pytest.raises(StoreConflict, match="nothing to make a manifest from") as raised:
        verify(empty, rebuild=True, vector_store_id=theirs)
    assert "--vector-store-id" not in raised.value.remedy
    assert "--take-over" in raised.value.remedy
    assert empty.manifest is None
    assert (empty.seal.state if empty.seal else "closed") == "closed"


# --- Taking over -------------------------------------------------------------------------------------------------


def full_store(world: World) -> dict[str, str]:
    """A store that others have filled, by the names of the entries."""
    ours, other = world.state.vector_store_id, world.make_store("other")
    shared = world.plant(b"shared", ours, path="old/shared.md")
    world.ask("POST", f"/vector_stores/{other}/files", {"file_id": shared})
    return {
        "a": world.plant(b"theirs", ours, path="old/a.md"),
        "shared": shared,
        "kept": world.plant(b"kept", ours, path="kept/a.md"),
        "vsync": world.plant(b"v", ours, path="old/v.md", owner="o", target="t", source="s/s"),
    }


def test_taking_over_shows_first_and_removes_nothing(world: World) -> None:
    ids = full_store(world)
    report = verify(world, "old/**")
    assert report.exit_code == 0
    assert {item.entry.file_id: item.fate for item in found(report).taken} == {
        ids["a"]: "listed",
        ids["shared"]: "listed",
    }
    assert found(report).kept_back == 1
    assert writes(world) == []


def test_with_yes_just_what_was_shown_goes_after_ours_is_in(world: World) -> None:
    ids = full_store(world)
    world.commit({"docs/new.md": b"# new\n"})
    report = verify(world, "old/**", yes=True)
    assert report.exit_code == 0
    assert report.documents.added == ("docs/new.md",)
    told = {item.entry.file_id: item.fate for item in found(report).taken}
    assert told == {ids["a"]: "deleted", ids["shared"]: "detached"}
    sent = [str(request) for request in world.wire.sent]
    assert sent.index("POST /files") < sent.index(
        f"DELETE /vector_stores/{world.state.vector_store_id}/files/{ids['a']}"
    )
    for gone in ("a", "shared"):
        del world.strangers[ids[gone]]
    assert ids["shared"] in world.uploaded()
    assert ids["a"] not in world.uploaded()
    world.audit(store_id=world.state.vector_store_id)


def test_a_full_store_without_a_manifest_is_taken_over(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.commit(FILES)
    store = world.make_store("somebody's")
    old = [world.plant(content, store, path=path) for path, content in FILES.items()]
    nameless = world.plant(b"x", store)
    shown = verify(world, "docs/**", vector_store_id=store)
    assert (shown.exit_code, found(shown).compared) == (0, False)
    assert sorted(item.entry.file_id for item in found(shown).taken) == sorted(old)
    report = verify(world, "docs/**", "/theirs.md", yes=True, vector_store_id=store)
    assert report.exit_code == 0
    assert {item.fate for item in found(report).taken} == {"deleted"}
    assert not {*old, nameless} & set(world.uploaded())
    world.strangers.clear()
    assert world.audit() == set()
    world.settled()


def test_nothing_is_taken_over_when_ours_did_not_get_in(world: World) -> None:
    ids = full_store(world)
    world.commit({"docs/new.md": b"# new\n"})
    world.wire.when("POST /files", refuse(400, "no"))
    report = verify(world, "old/**", yes=True)
    assert report.exit_code == 1
    assert {item.fate for item in found(report).taken} == {"listed"}
    assert {ids["a"], ids["shared"]} <= {entry.file_id for entry in world.entries(world.state.vector_store_id)}
    assert any("Nothing was taken over" in text for text in report.warnings)


def test_with_yes_and_nothing_that_matches_nothing_is_done_and_drift_is_told(world: World) -> None:
    detach(world)
    world.commit({"docs/new.md": b"# new\n"})
    report = verify(world, "nothing.md", yes=True)
    assert (report.exit_code, report.failure_reason) == (1, "drift")
    assert kinds(report) == [("missing", "docs/a.md")]
    assert writes(world) == []


def test_a_foreign_copy_goes_only_when_ours_is_in_the_store_again(world: World) -> None:
    detach(world)
    theirs = world.plant(world.files["docs/a.md"], path="docs/a.md")
    report = verify(world, "docs/", yes=True)
    assert (report.exit_code, kinds(report)) == (0, [])
    assert [(item.kind, item.path) for item in found(report).mended] == [("missing", "docs/a.md")]
    assert [(item.entry.file_id, item.fate) for item in found(report).taken] == [(theirs, "deleted")]
    sent = [str(request) for request in world.wire.sent]
    assert sent.index("POST /files") < sent.index(f"DELETE /vector_stores/{world.store_id}/files/{theirs}")
    world.strangers.clear()
    assert world.audit() == set()
    world.settled()


def test_a_foreign_copy_stays_while_drift_is_left(world: World) -> None:
    theirs = world.plant(world.files["docs/a.md"], path="docs/a.md")
    hide = file_id(world, "docs/a.md")

    def failing(data: dict[str, Any]) -> None:
        for item in data["data"]:
            if item["attributes"].get("path") == "docs/a.md" and item["id"] != theirs:
                item["status"] = "failed"

    world.wire.when("GET /vector_stores/*/files", alter(failing))
    report = verify(world, "docs/", yes=True)
    assert hide not in {item.entry.file_id for item in found(report).taken}
    assert (report.exit_code, [path for _, path in kinds(report)]) == (1, ["docs/a.md"])
    assert [item.fate for item in found(report).taken] == ["listed"]
    assert theirs in world.uploaded()


@pytest.mark.parametrize(
    ("path", "filename"),
    [("docs/bad.md", "x.md"), (None, "bad.md"), ("/docs/bad.md", "x.md"), ("elsewhere", "docs/bad.md")],
)
def test_what_was_refused_for_good_keeps_its_foreign_copy_and_the_others_go(
    world: World, path: str | None, filename: str
) -> None:
    other = world.plant(b"theirs", path="docs/old.md")
    copy = world.upload(filename, b"# bad\n")
    world.ask("POST", entries_path(world), {"file_id": copy, "attributes": {"path": path} if path else {}})
    world.strangers[copy] = world.store_id
    world.commit({"docs/bad.md": b"# bad\n"})
    world.wire.when("POST /files", refuse(400, "Invalid extension."))
    for _ in range(2):  # refused now, and by an earlier run
        report = verify(world, "docs/", "bad.md", "elsewhere", yes=True)
        assert (report.exit_code, report.failure_reason) == (1, "documents")
        told = {item.entry.file_id: item for item in found(report).taken}
        assert told[copy].fate == "left"
        assert "docs/bad.md was refused for good" in told[copy].detail
        assert other not in told or told[other].fate == "deleted"
        assert copy in {entry.file_id for entry in world.entries()}
    assert other not in world.uploaded()


def test_an_entry_that_a_vsync_made_its_own_meanwhile_is_left(world: World) -> None:
    ids = full_store(world)
    attributes = {"path": "old/a.md", "owner": "o", "target": "t", "source": "s/s"}

    async def adopted(sent: Sent, forward: Forward) -> httpx2.Response:
        path = f"/vector_stores/{world.state.vector_store_id}/files/{ids['a']}"
        world.ask("POST", path, {"attributes": attributes})
        return await forward()

    world.wire.when("GET /vector_stores", adopted)
    report = verify(world, "old/**", yes=True)
    assert {item.entry.file_id: item.fate for item in found(report).taken}[ids["a"]] == "left"
    assert ids["a"] in {entry.file_id for entry in world.entries(world.state.vector_store_id)}


def test_with_too_many_other_stores_files_are_kept(world: World) -> None:
    ids = full_store(world)
    for number in range(51):
        world.make_store(f"store {number}")
    report = verify(world, "old/**", yes=True)
    assert report.exit_code == 0
    assert {item.fate for item in found(report).taken} == {"detached"}
    assert {ids["a"], ids["shared"]} <= set(world.uploaded())


def test_an_api_that_breaks_in_the_middle_says_what_is_left(world: World) -> None:
    full_store(world)
    world.wire.when("DELETE /vector_stores/*/files/*", refuse(401, "revoked", "invalid_api_key"), skip=1)
    report = verify(world, "old/**", yes=True)
    assert (report.exit_code, report.failure_reason) == (3, "credentials")
    assert [item.fate for item in found(report).taken] == ["deleted", "left"]


def test_a_manifest_of_a_plain_folder_is_verified_too(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.md").write_text("# a\n")
    given: dict[str, Any] = {"folder": str(folder), "repo": None}
    assert world.sync(**given).exit_code == 0
    assert kinds(verify(world, **given)) == []
    (entry,) = world.entries()
    world.ask("POST", f"{entries_path(world)}/{entry.file_id}", {"attributes": {}})
    report = verify(world, **given)
    assert [item.kind for item in found(report).drift] == ["attributes"]
    assert isinstance(found(report).drift[0], Drift)
    assert verify(world, repair=True, **given).exit_code == 0
    (entry,) = world.entries()
    assert "commit" not in entry.attributes
    assert entry.attributes["path"] == "a.md"


def test_the_manifest_of_another_store_is_not_compared(world: World) -> None:
    with pytest.raises(ManifestError):
        verify(world, vector_store_id="vs_other")
    assert dump_manifest(world.manifest) if world.manifest else False


def test_a_sync_after_a_repair_that_died_leaves_no_entry_that_lost_its_attributes(world: World) -> None:
    set_attributes(world, {}, "docs/a.md")
    detach(world, "docs/b.md")
    assert repair_and_die(world, lambda there: there.wire.when("POST /files", die(answered=False)))
    world.wire.when("POST /vector_stores/*/files/*", refuse(500, "not now"))
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()
