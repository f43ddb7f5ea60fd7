"""Listings that show an older state of the store than it has: no document is uploaded twice for good.

The waits for a newer listing take no real time here: `QuickStop` shortens them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.wire import Fault, Forward, Sent, World, alter, call, once, response
from vsync.errors import ApiUnavailable
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state.seal import dump_seal
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

A, B, C = b"# A\n", b"# B\n", b"# C\n"
LISTING, COUNT = "GET /vector_stores/*/files", "GET /vector_stores/*"
EVER = 10_000


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def _three_documents(world: World) -> None:
    world.commit({"a.md": A, "b.md": B, "docs/c.md": C})
    assert world.sync().exit_code == 0


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three documents in a store that names its owner, and nothing on this machine."""
    made = once("three documents, unrecorded", tmp_path_factory, _three_documents).copy(tmp_path / "synced")
    made.forget_manifest()
    made.forget_seal()
    made.wire.calm()
    yield made
    made.wire.close()


@pytest.fixture
def recorded(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same, with manifest and seal."""
    made = once("three documents, unrecorded", tmp_path_factory, _three_documents).copy(tmp_path / "recorded")
    made.wire.calm()
    yield made
    made.wire.close()


def empty(page: dict[str, Any]) -> None:
    page.update(data=[], first_id=None, last_id=None, has_more=False)


def frozen(world: World) -> Fault:
    """Listings of the store stay as they are at this moment."""
    (store,) = world.stores()
    then = list(world.pages(f"/vector_stores/{store['id']}/files"))

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        answered = await forward()
        page: dict[str, Any] = answered.json()
        page.update(data=then, first_id=then[0]["id"], last_id=then[-1]["id"], has_more=False)
        return response(200, page)

    return fault


def counts(number: int) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for store in data.get("data", [data]):
            store["file_counts"]["total"] = number

    return change


def uploads(world: World) -> int:
    return len(world.wire.of("POST /files"))


def run_of_verify(world: World, **options: Any) -> Report:
    with world.opened() as opened:
        return verify(*opened, VerifyOptions(**options))


class Told(Observer):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


# --- Before the plan ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["a lost manifest", "no manifest"])
@pytest.mark.parametrize("stale", [1, 3, 7])
def test_a_listing_that_lags_is_waited_for_although_the_owner_is_known(
    world: World, given: dict[str, Any], stale: int
) -> None:
    world.wire.when(LISTING, alter(empty), times=stale)
    report = world.sync(**given)
    assert (report.exit_code, uploads(world)) == (0, 0)
    assert report.documents.unchanged == 3
    assert world.audit() == set()


def test_a_single_page_that_lags_is_waited_for(world: World) -> None:
    world.wire.when(LISTING, alter(lambda page: page.update(data=page["data"][:2])), times=2)
    assert world.sync().exit_code == 0
    assert uploads(world) == 0


def test_the_log_says_once_for_what_the_run_waits(world: World) -> None:
    told = Told()
    world.wire.when(LISTING, alter(empty), times=3)
    with world.opened(observer=told) as opened:
        from vsync.sync.run import run

        run(*opened)
    (note,) = [note for note in told.notes if "Waiting" in note]
    assert "the store counts 3 Files more than are listed" in note


def test_a_count_in_the_listing_of_all_stores_is_not_believed(world: World) -> None:
    """It may be stale as well: the store itself is asked."""
    world.wire.when("GET /vector_stores", alter(counts(0)))
    world.wire.when(LISTING, alter(empty), times=2)
    assert world.sync().exit_code == 0
    assert uploads(world) == 0


@pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["a lost manifest", "no manifest"])
def test_a_listing_that_stays_short_ends_the_run_before_it_uploads_twice(world: World, given: dict[str, Any]) -> None:
    world.wire.when(LISTING, alter(empty))
    with pytest.raises(ApiUnavailable, match="the store counts 3 Files more than are listed") as ended:
        world.sync(**given)
    assert ended.value.exit_code == 3
    assert "--force" in ended.value.remedy
    assert not [sent for sent in world.wire.sent if sent.method != "GET"]
    world.wire.calm()
    assert world.sync(**given).exit_code == 0
    assert world.audit() == set()


def test_a_rebuild_does_not_record_a_listing_that_stays_short(world: World) -> None:
    world.wire.when(LISTING, alter(lambda page: page.update(data=page["data"][:2])))
    with pytest.raises(ApiUnavailable, match="counts 1 File more"):
        run_of_verify(world, rebuild=True)
    assert world.manifest is None


def test_a_count_that_is_never_reached_holds_up_no_run_that_uploads_nothing(world: World) -> None:
    """A store may count Files that it will never list."""
    world.wire.when(COUNT, alter(counts(5)))
    report = world.sync()
    assert (report.exit_code, uploads(world)) == (0, 0)
    assert any("the store counts 2 Files more than are listed" in warning for warning in report.warnings)


def test_a_person_may_go_on_with_what_is_listed(world: World) -> None:
    world.commit({"new.md": b"# new\n"})
    world.wire.when(COUNT, alter(counts(5)))
    with pytest.raises(ApiUnavailable):
        world.sync()
    report = world.sync(force=True)
    assert (report.exit_code, uploads(world)) == (0, 1)
    assert world.audit() == set()


def test_entries_that_others_remove_meanwhile_are_not_waited_for(world: World) -> None:
    """The store is counted again after a short listing: an entry that has gone is not counted any more."""
    stranger = world.plant(path="theirs.md")
    del world.strangers[stranger]
    gone = call(lambda: world.ask("DELETE", f"/vector_stores/{world.stores()[0]['id']}/files/{stranger}"))
    world.wire.when(LISTING, gone, times=1)
    told = Told()
    with world.opened(observer=told) as opened:
        from vsync.sync.run import run

        assert run(*opened).exit_code == 0
    assert not [note for note in told.notes if "Waiting" in note]


def test_entries_that_others_add_meanwhile_are_not_waited_for(world: World) -> None:
    """Another target's run puts its documents into the same store."""
    world.wire.when(LISTING, call(lambda: world.plant(path="theirs.md")))
    told = Told()
    with world.opened(observer=told) as opened:
        from vsync.sync.run import run

        assert run(*opened).exit_code == 0
    assert not [note for note in told.notes if "Waiting" in note]
    assert len(world.strangers) == 1


def test_a_listing_of_replaced_entries_is_stale_although_their_number_is_right(recorded: World) -> None:
    """Three old entries are shown, three new ones are hidden: the count says nothing, a look by id does."""
    old = frozen(recorded)
    recorded.commit({"a.md": b"# A2\n", "b.md": b"# B2\n", "docs/c.md": b"# C2\n"})
    assert recorded.sync().exit_code == 0
    recorded.forget_manifest()
    recorded.forget_seal()
    recorded.wire.calm()
    recorded.wire.when(LISTING, old, times=3)
    report = recorded.sync()
    assert (report.exit_code, uploads(recorded)) == (0, 0)
    assert recorded.audit() == set()


def show_before_revert(world: World, *, times: int) -> None:
    """Two documents are replaced and their commit is reverted. So many listings show the store before that.

    They show two deleted entries, which hold the head's bytes, and hide their two replacements: the count is right.
    """
    before = frozen(world)
    world.commit({"a.md": b"# Z\n", "b.md": b"# Y\n"})  # of the same size: they look like uploads of the documents
    assert world.sync().exit_code == 0
    world.commit({"a.md": A, "b.md": B})
    world.forget_manifest()
    world.forget_seal()
    world.wire.calm()
    world.wire.when(LISTING, before, times=times)


WITHOUT_RECORD = pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["a lost manifest", "no manifest"])


@WITHOUT_RECORD
def test_a_listing_of_deleted_entries_that_hold_the_heads_bytes_is_stale(
    recorded: World, given: dict[str, Any]
) -> None:
    show_before_revert(recorded, times=3)
    report = recorded.sync(**given)
    assert (report.exit_code, report.documents.unchanged, uploads(recorded)) == (0, 1, 2)
    assert report.to_json()["leftovers"] == []
    assert recorded.audit() == set()


@WITHOUT_RECORD
def test_such_a_listing_that_stays_ends_the_run_with_nothing_changed(recorded: World, given: dict[str, Any]) -> None:
    show_before_revert(recorded, times=EVER)
    with pytest.raises(ApiUnavailable, match="counts 2 Files more than are listed"):
        recorded.sync(**given)
    assert not [sent for sent in recorded.wire.sent if sent.method != "GET"]
    recorded.wire.calm()
    assert recorded.sync(**given).exit_code == 0
    assert recorded.audit() == set()


def test_a_rebuild_does_not_record_deleted_entries(recorded: World) -> None:
    show_before_revert(recorded, times=EVER)
    with pytest.raises(ApiUnavailable, match="counts 2 Files more than are listed"):
        run_of_verify(recorded, rebuild=True)
    assert recorded.manifest is None


@WITHOUT_RECORD
def test_an_entry_that_only_its_files_name_tells_of_ends_the_run(
    recorded: World, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more entries than are asked for, and chance chooses none of the deleted ones."""
    monkeypatch.setattr("vsync.recovery.adopt._MOST_KEPT_ASKED", 0)
    show_before_revert(recorded, times=EVER)
    hidden = {entry.file_id for entry in recorded.ours()}
    report = recorded.sync(**given)
    assert (report.exit_code, report.failure_reason) == (3, "api")
    assert "the store has 2 entries of this repository that the listing did not show" in str(report.error)
    assert hidden <= {entry.file_id for entry in recorded.ours()}
    assert not any(file_id in str(report.to_json()) for file_id in hidden)
    recorded.wire.calm()
    assert recorded.sync(**given).exit_code == 0
    assert recorded.audit() == set()


def test_verify_names_no_file_that_its_own_store_has_an_entry_of(recorded: World) -> None:
    hidden = recorded.upload("a.md", A)
    before = frozen(recorded)
    recorded.ask("POST", f"/vector_stores/{recorded.stores()[0]['id']}/files", {"file_id": hidden})
    recorded.wire.when(LISTING, before)
    assert hidden not in str(run_of_verify(recorded).to_json())


def test_an_entry_that_the_manifest_names_is_asked_for_before_it_is_uploaded_again(recorded: World) -> None:
    """The seal is open, so the store is listed, and the listing is empty whenever it is asked for."""
    path, seal = recorded.seal_path, recorded.seal
    assert path is not None
    assert seal is not None
    path.write_bytes(dump_seal(seal).replace(b"closed", b"open"))
    recorded.wire.when(LISTING, alter(empty))
    report = recorded.sync()
    assert (report.exit_code, uploads(recorded)) == (0, 0)
    assert recorded.audit() == set()


def test_verify_asks_for_an_entry_before_it_calls_it_missing(recorded: World) -> None:
    recorded.wire.when(LISTING, alter(empty))
    report = run_of_verify(recorded, repair=True)
    assert report.exit_code == 0
    assert report.verification is not None
    assert report.verification.drift == ()
    assert uploads(recorded) == 0


# --- Before the end -----------------------------------------------------------------------------------------------


def test_a_listing_without_the_runs_own_entries_is_waited_for_and_then_tells_what_is_there_twice(world: World) -> None:
    """Count and listing lag together, so the run uploads; its own entries show when the listing is new."""
    world.wire.when("GET /vector_stores", alter(counts(0)))
    world.wire.when(COUNT, alter(counts(0)))
    world.wire.when(LISTING, alter(empty), times=4)
    report = world.sync()
    assert report.exit_code == 0
    assert uploads(world) == 3
    assert world.audit() == set()
    world.settled()


@pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["a lost manifest", "no manifest"])
def test_a_listing_that_never_shows_the_runs_own_entries_ends_the_run_and_the_next_one_mends(
    world: World, given: dict[str, Any]
) -> None:
    world.wire.when("GET /vector_stores", alter(counts(0)))
    world.wire.when(COUNT, alter(counts(0)))
    world.wire.when(LISTING, alter(empty))
    report = world.sync(**given)
    assert (report.exit_code, report.failure_reason) == (3, "api")
    assert "does not show 3 Files that this run has attached" in str(report.error)
    assert not [sent for sent in world.wire.sent if sent.method == "DELETE"]
    world.wire.calm()
    assert world.sync(**given).exit_code == 0
    assert world.audit() == set()


# --- The listing of all stores ------------------------------------------------------------------------------------

STORES = "GET /vector_stores"


def without(store_id: str) -> Callable[[dict[str, Any]], None]:
    def change(page: dict[str, Any]) -> None:
        page["data"] = [store for store in page["data"] if store["id"] != store_id]

    return change


@pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["a lost manifest", "no manifest"])
def test_a_store_that_the_listing_hid_at_first_gets_no_second_one_beside_it(
    world: World, given: dict[str, Any]
) -> None:
    (store,) = world.stores()
    world.wire.when(STORES, alter(without(store["id"])), times=1)
    with pytest.raises(
        ApiUnavailable, match=rf"'acme/docs' \({store['id']}\) was made for this source and target before"
    ):
        world.sync(**given)
    assert (uploads(world), world.stores()) == (0, [store])
    world.wire.calm()
    report = world.sync(**given)
    assert (report.exit_code, uploads(world)) == (0, 0)
    assert report.vector_store_id == store["id"]
    assert world.audit() == set()


def test_a_new_store_is_waited_for_until_the_listing_shows_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.commit({"a.md": A})
    world.wire.when(STORES, alter(empty), times=4)
    report = world.sync()
    assert report.exit_code == 0
    assert len(world.stores()) == 1
    assert world.audit() == set()
    world.wire.close()


def test_a_new_store_that_no_listing_ever_shows_is_deleted_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.commit({"a.md": A})
    world.wire.when(STORES, alter(empty), times=EVER)
    with pytest.raises(ApiUnavailable, match=r"does not show vs_\w+, which this run has made"):
        world.sync()
    world.wire.calm()
    assert (uploads(world), world.stores()) == (0, [])
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.wire.close()
