"""Whoever may push can write manifest and seal as he likes. No File of somebody else goes for that, and none is changed."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.shared import BRANCH, SEAL, Shared
from tests.support.wire import Fault, Sent, answer, die, refuse, unreachable
from vsync.config.origin import Origin
from vsync.errors import PublicationFailed, StoreConflict
from vsync.recovery.proof import NO_PROOF
from vsync.report.report import Report
from vsync.state import remote as remote_module
from vsync.state.journal import Journal
from vsync.state.journal_record import Attempt, Record, dump_journal
from vsync.state.manifest import Entry, Manifest, TargetState, blob_id, content_id, dump_manifest
from vsync.state.seal import Seal, UnfinishedRun, dump_seal, instant
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

DOCUMENTS = {"a.md": b"# A\n", "b.md": b"# B\n", "docs/c.md": b"# C\n"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("vsync.state.remote._GRACE_S", 0.0)


@pytest.fixture(params=["made by vsync", "given"])
def synced(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    """Three documents in a store that vsync made, or in a store that somebody else made."""
    world = Shared(tmp_path)
    if request.param == "given":
        world.settings["vector_store_id"] = world.make_store("given")
    world.commit(DOCUMENTS)
    assert world.sync().exit_code == 0
    world.wire.calm()
    yield world
    world.wire.close()


class Strangers:
    """Files of others: attached in our store, attached in a store of theirs, and in no store."""

    def __init__(self, world: Shared) -> None:
        self.ours = world.store_id
        self.here = world.plant(b"one", store_id=self.ours, path="x.md", owner="theirs", target="default", source="o/r")
        self.bare = world.plant(b"two", store_id=self.ours)
        self.store = world.make_store("theirs")
        self.there = world.plant(b"three", store_id=self.store, path="y.md", owner="theirs", target="default")
        self.unattached = world.upload("z.md", b"four")
        self.before = self.seen(world)

    @property
    def ids(self) -> list[str]:
        return [self.here, self.bare, self.there, self.unattached]

    def seen(self, world: Shared) -> object:
        """Everything that the API shows of them."""
        entries = [
            [(entry["id"], entry["attributes"]) for entry in world.pages(f"/vector_stores/{store}/files")]
            for store in (self.ours, self.store)
        ]
        theirs = [[item for item in page if item[0] in self.ids] for page in entries]
        return theirs, sorted(world.uploaded().keys() & set(self.ids))

    def untouched(self, world: Shared) -> None:
        assert self.seen(world) == self.before


def put(world: Shared, manifest: Manifest, **seal: Any) -> None:
    """What a forger pushes: a manifest, and the seal that vouches for it."""
    content = dump_manifest(manifest)
    world.bare.commit({".vsync/manifest.json": content}, branch=BRANCH.removeprefix("refs/heads/"))
    before = world.seal
    assert before is not None
    sealed: Seal = dataclasses.replace(
        before, manifest=blob_id(content), content=content_id(manifest, "default"), **seal
    )
    world.bare.commit({"seal.json": dump_seal(sealed)}, branch="forged")
    world.bare.git("update-ref", SEAL, "refs/heads/forged")
    world.bare.git("update-ref", "-d", "refs/heads/forged")
    world.bare.forget("forged")


def forged(world: Shared, seal: Mapping[str, Any] | None = None, **changed: Any) -> None:
    """Changes the target's part of the manifest."""
    manifest = world.manifest
    assert manifest is not None
    put(world, manifest.with_target("default", dataclasses.replace(world.state, **changed)), **(seal or {}))


def with_ids(state: TargetState, ids: list[str], name: Callable[[int], str]) -> dict[str, Entry]:
    some = next(iter(state.files.values()))
    return {**state.files, **{name(n): some._replace(file_id=file_id) for n, file_id in enumerate(ids)}}


def push_and_sync(world: Shared, **given: Any) -> Report:
    world.commit({"a.md": b"# A2\n"})
    report = world.sync(**given)
    assert report.exit_code == 0, report
    return report


def text(report: Report) -> str:
    return str(report.to_json())


OPEN = {"state": "open", "released": True}


@pytest.mark.parametrize("seal", [{}, OPEN], ids=["closed", "open"])
def test_ids_under_pending_delete_delete_nothing_of_others(synced: Shared, seal: dict[str, Any]) -> None:
    others = Strangers(synced)
    forged(synced, seal, pending_delete=tuple(others.ids))
    push_and_sync(synced, is_dead=True)
    others.untouched(synced)


@pytest.mark.parametrize("seal", [{}, OPEN], ids=["closed", "open"])
def test_documents_that_the_head_lacks_delete_nothing_of_others(synced: Shared, seal: dict[str, Any]) -> None:
    others = Strangers(synced)
    forged(synced, seal, files=with_ids(synced.state, others.ids, "gone-{}.md".format), settings="")
    report = push_and_sync(synced, is_dead=True, force=True)
    others.untouched(synced)
    assert {file_id for file_id in others.ids if file_id not in text(report)} == set(), text(report)


@pytest.mark.parametrize("seal", [{}, OPEN], ids=["closed", "open"])
def test_documents_that_change_replace_nothing_of_others(synced: Shared, seal: dict[str, Any]) -> None:
    others = Strangers(synced)
    files = dict(zip(DOCUMENTS, (others.here, others.there, others.unattached), strict=True))
    forged(
        synced, seal, files={path: entry._replace(file_id=files[path]) for path, entry in synced.state.files.items()}
    )
    synced.commit(dict.fromkeys(DOCUMENTS, b"# new\n"))
    report = synced.sync(is_dead=True)
    assert report.exit_code == 0
    others.untouched(synced)


@pytest.mark.parametrize("seal", [{}, OPEN], ids=["closed", "open"])
def test_other_tags_retag_nothing_of_others(synced: Shared, seal: dict[str, Any]) -> None:
    others = Strangers(synced)
    first = synced.state.files["b.md"]
    content, _, _ = first.tag.partition(".")
    forged(
        synced,
        seal,
        files={**synced.state.files, "b.md": first._replace(file_id=others.here, tag=f"{content}.other")},
        settings="",
    )
    push_and_sync(synced, is_dead=True)
    others.untouched(synced)


def test_what_one_run_published_from_a_forgery_proves_nothing_to_the_next(synced: Shared) -> None:
    others = Strangers(synced)
    forged(synced, files=with_ids(synced.state, others.ids, "docs/{}.md".format))
    synced.commit({f"docs/{n}.md": synced.files["a.md"] for n in range(len(others.ids))})
    push_and_sync(synced)
    synced.commit({f"docs/{n}.md": None for n in range(len(others.ids))})
    assert synced.sync(force=True).exit_code == 0
    others.untouched(synced)


@pytest.mark.parametrize("how", ["repair", "sync"])
def test_another_store_with_its_owner_stays_as_it_is(synced: Shared, how: str) -> None:
    """The forger knows the manifest of another repository that uses the same project."""
    victim = Shared(synced.folder / "victim", source="acme/victim")
    victim.wire.close()
    victim.wire = synced.wire
    victim.commit({"v.md": b"# V\n", "w.md": b"# W\n"})
    assert victim.sync(vector_store_name="victim").exit_code == 0
    assert victim.manifest is not None
    known, mine = victim.manifest, synced.manifest
    assert mine is not None
    store = known.targets["default"].vector_store_id
    before = sorted(victim.pages(f"/vector_stores/{store}/files"), key=str)
    put(synced, dataclasses.replace(known, source=mine.source, repository_id=mine.repository_id))
    synced.settings.pop("vector_store_id", None)
    if how == "sync":
        synced.commit({"a.md": b"# A2\n"})
        with pytest.raises(Exception, match="another source"):
            synced.sync(force=True)
    else:
        with pytest.raises(Exception, match="another source"), synced.opened(force=True) as opened:
            verify(*opened, VerifyOptions(repair=True))
    assert sorted(victim.pages(f"/vector_stores/{store}/files"), key=str) == before


@pytest.mark.parametrize("seal", [{}, OPEN], ids=["closed", "open"])
def test_a_repair_touches_nothing_of_others(synced: Shared, seal: dict[str, Any]) -> None:
    others = Strangers(synced)
    files = with_ids(synced.state, others.ids, "docs/{}.md".format)
    files["b.md"] = files["b.md"]._replace(file_id=others.here)
    forged(synced, seal, files=files, pending_delete=tuple(others.ids))
    with synced.opened(is_dead=True, force=True) as opened:
        verify(*opened, VerifyOptions(repair=True))
    others.untouched(synced)


def test_a_store_that_is_gone_takes_nothing_of_others_with_it(synced: Shared) -> None:
    others = Strangers(synced)
    ids = [others.there, others.unattached]
    forged(
        synced,
        vector_store_id="vs_gone",
        vector_store_name="gone",
        files=with_ids(synced.state, ids, "docs/{}.md".format),
    )
    synced.settings.pop("vector_store_id", None)
    with synced.opened(force=True) as opened:
        verify(*opened, VerifyOptions(repair=True))
    others.untouched(synced)


# --- Repositories that were renamed ---------------------------------------------------------------------------------


def renamed(name: str, number: str = "7") -> Origin:
    return Origin(name, number, None)


@pytest.fixture(params=["made by vsync", "given"])
def hosted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    """The same documents, synced by a workflow that knows the repository's id."""
    world = Shared(tmp_path, source=None)
    if request.param == "given":
        world.settings["vector_store_id"] = world.make_store("given")
    world.commit(DOCUMENTS)
    assert world.sync(origin=renamed("acme/docs")).exit_code == 0
    world.wire.calm()
    yield world
    world.wire.close()


def test_a_renamed_repository_goes_on_with_its_documents(hosted: Shared) -> None:
    hosted.commit({"docs/c.md": None})
    report = hosted.sync(origin=renamed("acme/renamed"))
    assert (report.exit_code, hosted.wire.of("POST /files")) == (0, [])
    assert {entry.attributes["source"] for entry in hosted.ours()} == {"acme/renamed"}
    assert hosted.audit() == set()
    hosted.settled()


def test_another_target_of_a_renamed_repository_goes_on_as_well(hosted: Shared) -> None:
    more: dict[str, Any] = {"target": "other"}
    more |= {} if "vector_store_id" in hosted.settings else {"vector_store_name": "other"}
    assert hosted.sync(origin=renamed("acme/docs"), **more).exit_code == 0
    hosted.commit({"a.md": b"# A2\n"})
    assert hosted.sync(origin=renamed("acme/renamed")).exit_code == 0
    hosted.wire.calm()
    report = hosted.sync(origin=renamed("acme/renamed"), **more)
    assert (report.exit_code, len(hosted.wire.of("POST /files")), report.to_json()["leftovers"]) == (0, 1, [])


@pytest.mark.parametrize("hosted", ["made by vsync"], indirect=True)
def test_a_rename_that_the_store_did_not_sign_must_be_said(hosted: Shared) -> None:
    forged(hosted, signature="")
    hosted.commit({"a.md": b"# A2\n"})
    with pytest.raises(StoreConflict, match="--source acme/docs"):
        hosted.sync(origin=renamed("acme/renamed"))
    assert hosted.sync(origin=renamed("acme/renamed"), source="acme/docs").exit_code == 0
    hosted.commit({"b.md": b"# B2\n"})
    assert hosted.sync(origin=renamed("acme/renamed")).exit_code == 0
    assert hosted.audit() == set()
    hosted.settled()


@pytest.mark.parametrize("hosted", ["made by vsync"], indirect=True)
def test_another_repository_cannot_be_named_as_the_earlier_name(hosted: Shared) -> None:
    victim = Shared(hosted.folder / "victim", source=None)
    victim.wire.close()
    victim.wire = hosted.wire
    victim.commit({"v.md": b"# V\n"})
    assert victim.sync(origin=renamed("acme/victim", "8")).exit_code == 0
    known = victim.manifest
    assert known is not None
    store = known.targets["default"].vector_store_id
    before = list(victim.pages(f"/vector_stores/{store}/files"))
    put(hosted, dataclasses.replace(known, source="acme/docs", repository_id="7", formerly=("acme/victim",)))
    hosted.commit({"a.md": b"# A2\n"})
    with pytest.raises(StoreConflict, match="acme/victim"):
        hosted.sync(origin=renamed("acme/docs"), force=True)
    assert list(victim.pages(f"/vector_stores/{store}/files")) == before


# --- Journals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature", [None, "0" * 64])
def test_a_journal_that_came_with_the_clone_deletes_nothing(synced: Shared, signature: str | None) -> None:
    others = Strangers(synced)
    synced.commit({"a.md": b"# A2\n"})
    clone = synced.clone()
    with synced.opened(clone=clone) as opened:
        path = opened.ports.journal.folder
        key = opened.ports.journal.key
    assert path is not None
    path.mkdir(exist_ok=True)
    record = json.loads(dump_journal(Record(("run",), tuple(others.ids), (Attempt("z.md", 4, 0),))))
    given = {**record, "signature": signature} if signature else record
    (path / f"{key}.journal-00000000.json").write_text(json.dumps(given))
    report = synced.sync(clone=clone)
    assert report.exit_code == 0
    others.untouched(synced)
    assert {others.unattached, others.there} <= {item["file_id"] for item in report.to_json()["leftovers"]}
    assert list(path.glob("*.journal-*")) == []  # named once
    synced.wire.calm()
    assert (synced.sync(clone=clone).warnings, synced.wire.sent) == ((), [])


# --- What a normal run costs ---------------------------------------------------------------------------------------


def kinds(world: Shared) -> Counter[str]:
    return Counter(kind for kind in (_kind(sent) for sent in world.wire.sent) if kind)


def _kind(sent: Sent) -> str:
    return next((what for what in (ONE_ENTRY, LISTING) if sent.is_(what)), "")


LISTING = "GET /vector_stores/*/files"
ONE_ENTRY = "GET /vector_stores/*/files/*"


@pytest.mark.parametrize(("synced", "asked"), [("made by vsync", 0), ("given", 1)], indirect=["synced"])
def test_a_removed_document_costs_at_most_one_question(synced: Shared, asked: int) -> None:
    synced.commit({"docs/c.md": None})
    assert synced.sync().exit_code == 0
    assert kinds(synced) == Counter({ONE_ENTRY: asked} if asked else {})
    assert synced.audit() == set()
    synced.settled()


@pytest.mark.parametrize("synced", ["made by vsync"], indirect=True)
def test_an_older_manifest_without_a_signature_is_signed_after_one_listing(synced: Shared) -> None:
    forged(synced, signature="")
    push_and_sync(synced)
    assert kinds(synced)[LISTING] > 0
    assert synced.audit() == set()
    synced.wire.calm()
    synced.commit({"b.md": b"# B2\n"})
    assert synced.sync().exit_code == 0
    assert kinds(synced)[LISTING] == 0
    synced.settled()


@pytest.mark.parametrize("synced", ["given"], indirect=True)
def test_a_server_that_has_no_question_for_one_entry_is_listed(synced: Shared) -> None:
    synced.wire.when(ONE_ENTRY, refuse(405, "Method Not Allowed"))
    synced.commit({"docs/c.md": None})
    assert synced.sync().exit_code == 0
    assert synced.audit() == set()
    synced.settled()


@pytest.mark.parametrize("fault", [answer(403, "<html>no</html>"), unreachable(), refuse(401, "no such key")])
@pytest.mark.parametrize("synced", ["given"], indirect=True)
def test_when_the_question_is_not_answered_nothing_goes_until_a_run_is_answered(synced: Shared, fault: Fault) -> None:
    synced.commit({"docs/c.md": None, "a.md": b"# A2\n"})
    synced.wire.when(ONE_ENTRY, fault)
    report = synced.sync()
    assert report.exit_code == 3
    assert [sent for sent in synced.wire.sent if sent.method == "DELETE"] == []
    assert len(synced.state.pending_delete) == 2
    synced.wire.calm()
    report = synced.sync(is_dead=True)
    assert (report.exit_code, report.to_json()["leftovers"]) == (0, [])
    assert synced.audit() == set()
    synced.settled()


# --- Runs that die while they delete -------------------------------------------------------------------------------


@pytest.mark.parametrize(("synced", "named"), [("made by vsync", False), ("given", True)], indirect=["synced"])
def test_a_file_that_a_dead_run_detached_is_deleted_if_the_store_signed_it_else_named(
    synced: Shared, named: bool
) -> None:
    synced.commit({"a.md": b"# A2\n"})
    old = synced.entry("a.md").file_id
    assert synced.sync_and_die(lambda world: world.wire.when("DELETE /files/*", die(answered=False)))
    assert old not in {entry.file_id for entry in synced.ours()}
    assert old in synced.uploaded()
    synced.wire.calm()
    report = synced.sync(is_dead=True)  # on another machine, which has no journal
    assert report.exit_code == 0
    assert (old in synced.uploaded(), old in text(report)) == (named, named)
    assert synced.audit() == ({old} if named else set())
    synced.settled()
    synced.wire.calm()
    again = synced.sync()
    assert (again.warnings, synced.wire.sent) == ((), [])


@pytest.mark.parametrize("repair", [False, True], ids=["rebuild", "rebuild and repair"])
@pytest.mark.parametrize(("synced", "named"), [("made by vsync", False), ("given", True)], indirect=["synced"])
def test_a_rebuild_names_what_only_the_old_manifest_names(synced: Shared, named: bool, repair: bool) -> None:
    """A run is killed between detach and delete. The new manifest does not name that File any more."""
    synced.commit({"a.md": b"# Z\n", "b.md": None})  # of the same size: the comparison finds it by its name as well
    old = {synced.entry("a.md").file_id, synced.entry("b.md").file_id}
    assert synced.sync_and_die(lambda world: world.wire.when("DELETE /files/*", die(answered=False)))
    synced.wire.calm()
    with synced.opened(is_dead=True) as opened:  # on another machine, which has no journal
        report = verify(*opened, VerifyOptions(rebuild=True, repair=repair))
    left = (synced.uploaded().keys() & old) - {entry.file_id for entry in synced.ours()}
    assert bool(left) == (named or not repair)
    known = left if named else set()
    assert {item["file_id"] for item in report.to_json()["leftovers"]} == known
    assert all(item["why"] == NO_PROOF for item in report.to_json()["leftovers"])
    told = Counter(file_id for file_id in old for warning in report.warnings if file_id in warning)
    assert told == dict.fromkeys(known, 1)
    if not named:  # the store has signed the old manifest, so the next sync deletes them
        assert synced.sync().exit_code == 0
        assert synced.audit() == set()


def test_on_the_same_machine_the_journal_proves_it(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    clone = synced.clone()
    assert synced.sync_and_die(lambda world: world.wire.when("DELETE /files/*", die(answered=False)), clone=clone)
    synced.wire.calm()
    assert synced.sync(is_dead=True, clone=clone).exit_code == 0
    assert synced.audit() == set()
    synced.settled()


def test_without_a_manifest_the_journal_proves_it_as_well(synced: Shared) -> None:
    given: dict[str, Any] = {
        "manifest": "none",
        "push": False,
        "clone": synced.clone(),
        "vector_store_id": synced.store_id,
    }
    synced.commit({"a.md": b"# A2\n"})
    given["clone"].git("pull", "-q", "origin", "main")
    given["clone"].git("remote", "remove", "origin")  # it has a record of the store, so that a second one is refused
    assert synced.sync_and_die(lambda world: world.wire.when("DELETE /files/*", die(answered=False)), **given)
    synced.wire.calm()
    assert synced.sync(**given).exit_code == 0
    assert synced.audit() == set()


def test_a_full_disk_before_the_deletes_ends_the_run_and_the_next_one_deletes(
    synced: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(self: Journal, file_ids: object) -> None:
        raise PublicationFailed("The journal cannot be written: No space left on device.", "Mend that.")

    synced.commit({"a.md": b"# A2\n"})
    signed = bool(synced.state.signature)
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "deleting", full)
        assert synced.sync().exit_code == (0 if signed else 3)
    assert synced.sync(is_dead=True).exit_code == 0
    assert synced.audit() == set()
    synced.settled()


# --- Windows of dead runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began_ago", "seen_ago", "deleted"),
    [(3_600, -600, True), (7 * 3_600, -600, False), (40 * 86_400, 39 * 86_400, False), (3_600, None, False)],
)
@pytest.mark.parametrize("synced", ["made by vsync"], indirect=True)
def test_the_time_of_a_dead_run_cannot_be_stretched(
    synced: Shared, began_ago: int, seen_ago: int | None, deleted: bool
) -> None:
    """A seal may name a run that never was. The File has the name and the size of a document of its commit."""
    head = synced.commit({"new.md": b"# new\n"})
    now = time.time()
    synced.wire.clock = lambda: now - began_ago + 60
    theirs = synced.upload("new.md", b"# new\n")
    synced.wire.clock = time.time
    seen = None if seen_ago is None else instant(now - seen_ago)
    began = instant(now - began_ago)
    assert began is not None
    ran = UnfinishedRun("run", began, head, seen)
    seal = {**OPEN, "head": None, "since": instant(now + 60), "unfinished": (ran,)}
    forged(synced, seal)
    report = synced.sync(is_dead=True)
    assert report.exit_code == 0
    assert (theirs in synced.uploaded()) is not deleted
    assert theirs in text(report)
