"""Whole runs whose manifest and seal stand on a git remote: from machine to machine, side by side, killed, and late."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.gitrepo import Repo
from tests.support.shared import BRANCH, SEAL, Shared
from tests.support.wire import Forward, QuickStop, Sent, call, die
from vsync.config.origin import Origin
from vsync.errors import ManifestError, PublicationFailed, PushRefused, SealHeld
from vsync.git.remote import Remote
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state import remote as remote_module
from vsync.state.remote import RemotePublication
from vsync.state.seal import Seal
from vsync.sync import run as sync

A, B, C = b"# A\n", b"# B\n", b"# C\n"

LISTING = "GET /vector_stores/*/files"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 0.05)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Shared]:
    made = Shared(tmp_path)
    yield made
    made.wire.close()


@pytest.fixture(autouse=True)
def no_grace_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is known to be dead has been so for long."""
    monkeypatch.setattr("vsync.state.remote._GRACE_S", 0.0)


@pytest.fixture
def synced(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Three documents that are in the store since run 20, and no request on record."""
    if not _made:
        _made.append(_three_documents(Shared(tmp_path_factory.mktemp("made") / "world")))
    made = _made[0].copy(tmp_path / "world")
    assert isinstance(made, Shared)
    yield made
    made.wire.close()


_made: list[Shared] = []


def _three_documents(world: Shared) -> Shared:
    world.commit({"a.md": A, "b.md": b"# old B\n", "docs/c.md": C})
    assert world.sync(origin=run(10)).exit_code == 0
    world.commit({"b.md": B})
    assert world.sync(origin=run(20)).exit_code == 0
    return world


def run(number: int) -> Origin:
    return Origin("acme/docs", "1", str(number))


def converges(world: Shared, **given: Any) -> Report:
    """The faults are over: the next run brings everything into order, and the one after has nothing to do."""
    world.wire.calm()
    report = world.sync(is_dead=True, **given)
    assert (report.error, report.documents.failed, report.exit_code) == (None, (), 0)
    world.audit()
    world.settled()
    world.wire.calm()
    before = world.refs()
    again = world.sync()
    assert (again.exit_code, again.changed, world.wire.sent) == (0, False, [])
    assert world.refs() == before
    return report


# --- From machine to machine ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "mode"), [((), "diff"), (("--depth=1",), "full")])
def test_another_machine_goes_on_without_listing_the_store(synced: Shared, options: tuple[str, ...], mode: str) -> None:
    synced.commit({"a.md": b"# A2\n", "new.md": b"# new\n", "docs/c.md": None})
    report = synced.sync(clone=synced.clone(*options))
    assert (report.documents.added, report.documents.updated, report.documents.removed) == (
        ("new.md",),
        ("a.md",),
        ("docs/c.md",),
    )
    assert report.comparison.mode == mode
    assert synced.wire.of(LISTING) == []
    assert synced.audit() == set()
    synced.settled()
    assert report.manifest_commit == synced.refs()[BRANCH]


def test_a_run_with_nothing_to_do_makes_no_request_and_no_commit(synced: Shared) -> None:
    before = synced.refs()
    report = synced.sync(clone=synced.clone("--depth=1"))
    assert (report.exit_code, report.changed, report.manifest_commit) == (0, False, None)
    assert synced.wire.sent == []
    assert synced.refs() == before


def test_a_plan_changes_nothing_anywhere(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    before = synced.refs()
    report = synced.plan()
    assert report.documents.updated == ("a.md",)
    assert synced.wire.sent == []
    assert synced.refs() == before


def test_what_a_sealed_manifest_lists_as_pending_is_gone_and_not_deleted_again(synced: Shared) -> None:
    assert len(synced.state.pending_delete) == 1
    synced.commit({"a.md": b"# A2\n"})
    old = synced.entry("a.md").file_id
    assert synced.sync().exit_code == 0
    deleted = {sent.path.rpartition("/")[2] for sent in synced.wire.sent if sent.method == "DELETE"}
    assert deleted == {old}
    assert synced.state.pending_delete == (old,)
    synced.settled()


def test_the_seal_is_open_from_before_the_first_request_until_after_the_last(world: Shared) -> None:
    world.commit({"a.md": A})
    seen: list[Seal | None] = []
    world.wire.watchers.append(lambda _: seen.append(world.seal))
    assert world.sync().exit_code == 0
    assert {seal.state for seal in seen if seal is not None} == {"open"}
    assert None not in seen
    assert world.seal is not None
    assert world.seal.owner == world.manifest.owner if world.manifest else None


def test_the_owner_is_sealed_before_the_first_upload(world: Shared) -> None:
    world.commit({"a.md": A})
    owners: set[str | None] = set()
    world.wire.watchers.append(
        lambda sent: owners.add(world.seal.owner if world.seal else None) if sent.is_("POST /files") else None
    )
    world.sync()
    assert world.manifest is not None
    assert owners == {world.manifest.owner}


def test_two_targets_share_manifest_and_owner(synced: Shared) -> None:
    assert synced.sync(target="other", vector_store_name="other").exit_code == 0
    manifest = synced.manifest
    assert manifest is not None
    assert manifest.targets.keys() == {"default", "other"}
    synced.wire.calm()
    assert synced.sync().changed is False
    assert synced.wire.sent == []


# --- What is refused ----------------------------------------------------------------------------------------------


def test_a_push_that_is_not_permitted_ends_the_run_before_any_request(world: Shared) -> None:
    world.commit({"a.md": A})
    hook = world.bare.root / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho 'no pushes here' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PushRefused, match="no pushes here") as caught:
        world.sync()
    assert (caught.value.exit_code, caught.value.reason) == (3, "permission")
    assert world.wire.sent == []
    assert world.refs() == {}


def test_a_plan_over_the_limits_leaves_no_trace(synced: Shared) -> None:
    synced.commit({"a.md": None, "b.md": None, "docs/c.md": None, "x.md": b"x"})
    before = synced.refs()
    report = synced.sync(max_delete="1")
    assert report.exit_code == 4
    assert synced.refs() == before
    assert synced.wire.sent == []


def test_a_plan_over_the_limits_that_only_the_listing_shows_gives_the_seal_back(synced: Shared) -> None:
    synced.bare.git("update-ref", "-d", SEAL)
    synced.commit({"a.md": None, "b.md": None, "docs/c.md": None, "x.md": b"x"})
    before = synced.refs()
    assert synced.sync(max_delete="1").exit_code == 4
    assert synced.wire.of(LISTING)
    assert synced.refs() == before


# --- Late runs ------------------------------------------------------------------------------------------------------


def late(world: Shared, number: int, head: str) -> Report:
    """A run of that number on a clone that stands at an older commit."""
    clone = world.clone()
    clone.git("reset", "-q", "--hard", head)
    return world.sync(clone=clone, origin=run(number))


def test_a_run_that_comes_after_a_newer_one_changes_nothing(synced: Shared) -> None:
    old = synced.head
    synced.commit({"a.md": b"# A2\n"})
    synced.sync(origin=run(30))
    synced.wire.calm()
    before = synced.refs()
    report = late(synced, 29, old)
    assert (report.superseded, report.exit_code, report.changed) == (True, 0, False)
    assert (synced.wire.sent, synced.refs()) == ([], before)


def test_a_run_that_comes_after_a_newer_one_with_nothing_to_do_changes_nothing(synced: Shared) -> None:
    """b.md went forth (in run 29, which is late) and back (in run 30, which finds what is there already)."""
    forth = synced.commit({"b.md": b"# other\n"})
    synced.commit({"b.md": B})
    assert synced.sync(origin=run(30)).changed is False
    report = late(synced, 29, forth)
    assert (report.superseded, synced.wire.sent) == (True, [])
    assert synced.audit() == set()


def test_a_run_that_is_late_after_a_branch_was_pushed_back_to_the_sealed_commit_changes_nothing(
    synced: Shared,
) -> None:
    sealed = synced.head
    forth = synced.commit({"b.md": b"# other\n"})
    synced.repo.git("branch", "forth", forth)
    synced.repo.git("update-ref", "refs/heads/main", sealed)
    synced.push()
    synced.files["b.md"] = B
    assert synced.sync(origin=run(30)).changed is False
    clone = synced.clone()
    clone.git("fetch", "-q", str(synced.repo.root), "forth")
    clone.git("reset", "-q", "--hard", forth)
    report = synced.sync(clone=clone, origin=run(29))
    assert report.superseded
    assert synced.audit() == set()


def test_a_note_of_an_old_run_with_a_head_of_its_own_does_not_hide_the_newer_one(synced: Shared) -> None:
    synced.commit({"x.py": b""})
    synced.sync(origin=run(40))
    synced.sync(origin=run(5), head="HEAD")
    assert late(synced, 39, "HEAD~1").superseded


def test_runs_on_the_command_line_do_not_make_runs_of_workflows_late(
    synced: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "9" * size * 2)
    synced.commit({"a.md": b"# A2\n"})
    synced.sync()
    synced.commit({"a.md": b"# A3\n"})
    assert synced.sync(origin=run(50)).documents.updated == ("a.md",)


def test_a_run_that_waited_for_a_newer_one_is_late(synced: Shared) -> None:
    """It has planned already, and finds out when it has the seal."""
    old = synced.commit({"a.md": b"# A2\n"})
    with synced.opened(origin=run(59), clone=_at(synced, old)) as opened:
        before = opened.ports.publication.read()
        synced.commit({"a.md": b"# A3\n"})
        assert synced.sync(origin=run(60)).exit_code == 0
        synced.wire.calm()
        refs = synced.refs()
        report = sync.run(*opened, published=before)
    assert (report.superseded, report.changed, report.exit_code) == (True, False, 0)
    assert (synced.wire.sent, synced.refs()) == ([], refs)
    assert synced.audit() == set()


def test_a_run_that_waited_and_found_nothing_to_do_makes_older_ones_late(synced: Shared) -> None:
    between = synced.commit({"a.md": b"# between\n"})
    synced.commit({"a.md": b"# A2\n"})
    with synced.opened(origin=run(62)) as opened:
        before = opened.ports.publication.read()
        assert synced.sync(origin=run(60)).documents.updated == ("a.md",)
        synced.wire.calm()
        assert sync.run(*opened, published=before).exit_code == 0
    assert late(synced, 61, between).superseded
    assert synced.wire.sent == []
    assert synced.audit() == set()
    synced.settled()


def test_a_newest_run_with_nothing_to_do_that_is_overtaken_looks_again(
    synced: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushed forth and back: the run of the way forth takes the seal between the look and the note of that back."""
    back = synced.head
    forth = synced.commit({"a.md": b"# forth\n"})
    synced.commit({"a.md": A})
    note, overtaken = RemotePublication.note, list[Report]()

    def note_late(publication: RemotePublication, number: str, head: str | None) -> bool:
        if not overtaken:
            overtaken.append(synced.sync(origin=run(1500), clone=_at(synced, forth)))
        return note(publication, number, head)

    monkeypatch.setattr(RemotePublication, "note", note_late)
    report = synced.sync(origin=run(1600))
    assert overtaken[0].documents.updated == ("a.md",)
    assert report.documents.updated == ("a.md",)
    assert back != forth
    assert synced.audit() == set()


def test_a_run_that_died_does_not_hide_the_newest_that_ended(synced: Shared) -> None:
    forth = synced.commit({"a.md": b"# forth\n"})
    synced.commit({"a.md": A})
    assert synced.sync(origin=run(40)).changed is False
    with synced.opened(origin=run(50)) as dead:
        dead.ports.publication.read()
        dead.ports.publication.take(Seal("open", "50", "now"), 0, lambda _: None)
    with synced.opened(origin=run(30), clone=_at(synced, forth), is_dead=True) as opened:
        assert sync.run(*opened).superseded
    assert synced.audit() == set()


def test_an_old_run_with_a_head_of_its_own_does_not_hide_the_newest_that_ended(synced: Shared) -> None:
    forth = synced.commit({"a.md": b"# forth\n"})
    synced.commit({"a.md": b"# newest\n"})
    synced.sync(origin=run(40))
    assert synced.sync(origin=run(5), head="HEAD~2").documents.updated == ("a.md",)
    assert late(synced, 39, forth).superseded


def _at(world: Shared, commit: str) -> Repo:
    clone = world.clone()
    clone.git("reset", "-q", "--hard", commit)
    return clone


# --- Side by side -----------------------------------------------------------------------------------------------------


def test_a_second_run_waits_until_the_first_has_ended(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    notes: list[str] = []

    class Notes(Observer):
        def note(self, text: str) -> None:
            notes.append(text)

    class Ending(QuickStop):
        def pause_thread(self, seconds: float) -> None:
            holder.close()

    with synced.opened() as opened:
        holder = opened.ports.publication
        holder.read()
        holder.take(Seal("open", "holder", "just now"), 0, lambda _: None)
        assert synced.sync(stop=Ending(), observer=Notes()).documents.updated == ("a.md",)
    assert [note for note in notes if "Another run is at work" in note]
    assert synced.audit() == set()
    synced.settled()


def test_a_run_that_may_not_wait_longer_does_nothing(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    with synced.opened() as opened:
        opened.ports.publication.take(Seal("open", "holder", "just now"), 0, lambda _: None)
        with pytest.raises(SealHeld):
            synced.sync(lock_timeout="0")
        assert synced.wire.sent == []


def test_going_back_to_an_older_commit_is_said_before_it_is_done(synced: Shared) -> None:
    older = synced.head
    synced.commit({"a.md": b"# A2\n"})
    assert not any("goes back" in warning for warning in synced.sync().warnings)
    report = synced.sync(head=older)
    assert report.documents.updated == ("a.md",)
    (warning,) = report.warnings
    assert "older than what is in the store" in warning


def test_a_whole_clone_without_the_synced_commit_is_warned_of(synced: Shared) -> None:
    behind = synced.clone()
    synced.commit({"a.md": b"# A2\n"})
    assert synced.sync().exit_code == 0
    assert any("behind the remote" in warning for warning in synced.plan(clone=behind).warnings)
    (behind.root / ".git/shallow").touch()
    assert not any("behind the remote" in warning for warning in synced.plan(clone=behind).warnings)


def test_a_run_that_lost_its_seal_leaves_doubt_and_the_next_one_lists(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})

    def taken_over() -> None:
        with synced.opened(is_dead=True) as other:
            other.ports.publication.take(Seal("open", "other", "now"), 0, lambda _: None)
            other.ports.publication.close()

    synced.wire.when("POST /files", call(taken_over))
    with pytest.raises(SealHeld):
        synced.sync()
    assert "refs/vsync-doubt/default" in synced.refs()
    synced.wire.calm()
    converges(synced)


def test_a_run_that_lost_its_seal_and_an_answer_says_what_may_be_left(
    synced: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine goes, and the run that took over does not know of the upload."""
    synced.commit({"a.md": b"# A2\n"})
    now, notes = remote_module._now, Notes()

    async def lost_meanwhile(_: Sent, forward: Forward) -> httpx2.Response:
        with synced.opened(is_dead=True) as other:
            other.ports.publication.take(Seal("open", "other", "now"), 0, lambda _: None)
            other.ports.publication.close()
        monkeypatch.setattr(remote_module, "_now", lambda: now() + 200.0)
        await forward()
        raise httpx2.ReadError("Connection reset by peer")

    synced.wire.when("POST /files", lost_meanwhile, times=1)
    with pytest.raises(SealHeld):
        synced.sync(observer=notes)
    assert [text for text in notes.texts if text.startswith("These uploads of this run were never answered: a.md. ")]


class Notes(Observer):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


# --- What people do to the manifest -------------------------------------------------------------------------------------


def rewind(world: Shared) -> None:
    world.bare.git("update-ref", BRANCH, f"{BRANCH}~1")


def revert(world: Shared) -> None:
    old = world.bare.show(f"{BRANCH}~1", ".vsync/manifest.json")
    world.bare._tips.pop("vsync-manifest", None)
    world.bare.commit({".vsync/manifest.json": old}, branch="vsync-manifest")


def delete(world: Shared) -> None:
    world.bare._tips.pop("vsync-manifest", None)
    world.bare.commit({".vsync/manifest.json": None, "x": b"1"}, branch="vsync-manifest")


def edit(world: Shared) -> None:
    content = world.manifest_bytes
    assert content is not None
    world.bare._tips.pop("vsync-manifest", None)
    edited = content.replace(b'"a.md"', b'"gone.md"')
    assert edited != content
    world.bare.commit({".vsync/manifest.json": edited}, branch="vsync-manifest")


def delete_branch(world: Shared) -> None:
    world.bare.git("update-ref", "-d", BRANCH)


def add_beside(world: Shared) -> None:
    world.bare._tips.pop("vsync-manifest", None)
    world.bare.commit({"README.md": b"what this branch is"}, branch="vsync-manifest")


ACTS = [rewind, revert, delete, edit, delete_branch, add_beside]


@pytest.mark.parametrize("act", ACTS)
def test_what_a_person_does_to_the_manifest_between_runs_is_mended(
    synced: Shared, act: Callable[[Shared], object]
) -> None:
    act(synced)
    synced.commit({"docs/c.md": b"# C2\n"})
    converges(synced)
    assert synced.audit() == set()


@pytest.mark.parametrize(
    ("act", "when"), [*((act, "POST /files") for act in ACTS), (rewind, "DELETE /files/*"), (edit, "DELETE /files/*")]
)
def test_what_a_person_does_to_the_manifest_during_a_run_is_mended(
    synced: Shared, act: Callable[[Shared], object], when: str
) -> None:
    synced.commit({"docs/c.md": b"# C2\n", "new.md": b"# new\n"})
    synced.wire.when(when, call(lambda: act(synced)), times=1)
    report = synced.sync()
    assert (report.error, report.exit_code) == (None, 0)
    assert synced.audit() == set()
    if when == "POST /files":
        synced.settled()
    converges(synced)
    assert synced.audit() == set()


def test_a_manifest_that_a_person_broke_during_the_run_is_not_written_over(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})

    def break_it() -> None:
        synced.bare.commit({".vsync/manifest.json": b"{"}, branch="vsync-manifest")

    synced.wire.when("POST /files", call(break_it))
    with pytest.raises(ManifestError, match="not JSON"):
        synced.sync()
    assert synced.bare.show(BRANCH, ".vsync/manifest.json") == b"{"
    assert synced.searchable("a.md")
    rewind(synced)
    synced.bare._tips.pop("vsync-manifest", None)
    converges(synced)


def test_somebody_who_writes_the_manifest_all_the_time_is_given_up(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    turn = [0]
    real = Remote.push

    def disturbed(remote: Remote, updates: Any) -> bool:
        if any(update.ref == BRANCH for update in updates):
            turn[0] += 1
            content = synced.manifest_bytes
            assert content is not None
            synced.bare._tips.pop("vsync-manifest", None)
            edited = content.replace(b'"serial": ', b'"serial": 1')
            synced.bare.commit({".vsync/manifest.json": edited}, branch="vsync-manifest")
        return real(remote, updates)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Remote, "push", disturbed)
        with pytest.raises(PublicationFailed, match="changed by somebody else"):
            synced.sync()
    assert turn[0] == 5
    converges(synced)


# --- Killed -----------------------------------------------------------------------------------------------------------


def test_a_crashed_runs_seal_is_waited_for_where_nobody_knows_that_it_is_dead(synced: Shared) -> None:
    synced.commit({"a.md": b"# A2\n"})
    assert synced.sync_and_die(lambda world: world.wire.when("POST /files", die(answered=True)))
    with pytest.raises(SealHeld, match="at work"):
        synced.sync(lock_timeout="0")
    converges(synced)


def test_of_two_manifests_of_one_target_the_later_run_of_one_does_not_make_the_other_late(world: Shared) -> None:
    world.commit({"a.md": b"# A"})
    production: dict[str, Any] = {"manifest_branch": "production", "vector_store_name": "production"}
    first = world.sync(origin=Origin("acme/docs", "1", "5001"), manifest_branch="staging", vector_store_name="staging")
    second = world.sync(origin=Origin("acme/docs", "1", "5000"), **production)
    assert (first.documents.added, second.documents.added, second.superseded) == (("a.md",), ("a.md",), False)
    assert world.sync(origin=Origin("acme/docs", "1", "5002"), **production).changed is False


def test_a_push_that_is_refused_at_the_end_leaves_a_report_of_what_was_done(
    world: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.commit({"a.md": b"# A"})
    hook = world.bare.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    world.wire.when("GET /vector_stores/*/files/*", call(lambda: refuse_pushes(hook)))
    report = world.sync()
    assert (report.exit_code, report.documents.added) == (3, ("a.md",))
    assert report.error is not None
    hook.unlink()
    world.wire.calm()
    monkeypatch.setattr("vsync.state.remote.STALE_AFTER_S", 0.0)  # nothing could let go of the seal
    assert world.sync().exit_code == 0
    assert world.audit() == set()


def refuse_pushes(hook: Path) -> None:
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
