"""Which Files a run may delete, and what it asks for those of which it knows nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from tests.support.builders import entry, state, store_entry
from vsync.documents.attributes import Identity
from vsync.recovery.proof import NO_ENTRY, OTHERS, Asked, Proofs, ask, without
from vsync.recovery.unproven import unproven_warnings
from vsync.report.body import Orphan
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry, UploadedFile
from vsync.store.files import Files
from vsync.store.vector_store import VectorStore

US = Identity("owner-1", "default", "acme/docs")


class Store:
    """A store and its project that count what they are asked. `silent`: the store has no question for one entry."""

    def __init__(self, entries: list[StoreEntry], files: set[str], *, silent: bool = False) -> None:
        self._entries = {item.file_id: item for item in entries}
        self._files = files | set(self._entries)
        self._silent = silent
        self.asked: list[str] = []

    async def entry(self, file_id: str, *, listed: bool = False) -> StoreEntry | None:
        self.asked.append(f"entry {file_id}")
        if self._silent:
            raise Refused(405, "", "Method Not Allowed")
        return self._entries.get(file_id)

    async def entries(self) -> list[StoreEntry]:
        self.asked.append("entries")
        return list(self._entries.values())

    async def find(self, file_id: str) -> UploadedFile | None:
        self.asked.append(f"file {file_id}")
        return self._file(file_id) if file_id in self._files else None

    async def since(self, time: int) -> list[UploadedFile]:
        self.asked.append("files")
        return [self._file(file_id) for file_id in self._files]

    def _file(self, file_id: str) -> UploadedFile:
        return UploadedFile(file_id, "name.md", 3, "assistants", 0)


def asking(store: Any, *file_ids: str, stored: int = 100_000) -> Asked:
    return asyncio.run(ask(file_ids, cast(VectorStore, store), cast(Files, store), US, stored=stored))


def test_an_id_alone_proves_nothing() -> None:
    proofs = Proofs(made=frozenset("m"), shown=frozenset("s"), recorded=frozenset("r"), inferred=frozenset("i"))
    assert proofs.proven("smxri") == list("smri")
    assert proofs.unproven("smxri") == ["x"]
    assert Proofs().proven("x") == []


def test_a_state_is_covered_when_each_of_its_files_is_proven() -> None:
    of = replace(state({"a.md": entry("a.md", file_id="f1")}), pending_delete=("f0",))
    assert Proofs(made=frozenset({"f1"}), recorded=frozenset({"f0"})).cover(of)
    assert not Proofs(made=frozenset({"f1"})).cover(of)
    assert not Proofs(made=frozenset({"f0"})).cover(of)
    assert Proofs().cover(state({}))


def test_what_is_not_proven_is_not_to_be_deleted() -> None:
    assert without(replace(state({}), pending_delete=("a", "b", "c")), ["b"]).pending_delete == ("a", "c")


def test_an_entry_that_shows_us_takes_one_request() -> None:
    store = Store([store_entry("f1"), store_entry("f2")], set())
    assert asking(store, "f1") == Asked(frozenset({"f1"}), named=[])
    assert store.asked == ["entry f1"]


def test_an_entry_of_others_is_named_and_so_is_a_file_without_an_entry() -> None:
    store = Store([store_entry("f1", owner="owner-2")], {"f2"})
    assert asking(store, "f1", "f2", "gone") == Asked(
        frozenset(),
        frozenset({"f2", "gone"}),
        [Orphan("f1", "name.md", 3, "listed", OTHERS), Orphan("f2", "name.md", 3, "listed", NO_ENTRY)],
    )


def test_nothing_is_asked_for_nothing() -> None:
    store = Store([], set())
    assert asking(store) == Asked()
    assert store.asked == []


def test_a_small_store_is_listed_where_that_takes_fewer_requests() -> None:
    store = Store([store_entry("f1"), store_entry("f2")], set())
    assert asking(store, "f1", "f2", stored=2).shown == {"f1", "f2"}
    assert store.asked == ["entries"]


def test_an_entry_that_the_listing_lacks_is_asked_for_by_its_id() -> None:
    store = Store([store_entry("f1"), store_entry("f2")], set())
    hidden = store._entries.pop("f2")

    async def late(file_id: str, *, listed: bool = False) -> StoreEntry | None:
        return hidden

    store.entry = late  # type: ignore[method-assign]  # an entry that the listing does not show yet
    assert asking(store, "f1", "f2", stored=2).shown == {"f1", "f2"}


def test_a_server_without_a_question_for_one_entry_is_asked_for_all() -> None:
    store = Store([store_entry("f1"), store_entry("f2", owner=None)], {"f3"}, silent=True)
    asked = asking(store, "f1", "f2", "f3")
    assert asked.shown == {"f1"}
    assert [item.file_id for item in asked.named] == ["f2", "f3"]


def test_many_files_that_nothing_proves_are_looked_for_in_one_listing() -> None:
    ids = [f"f{number}" for number in range(60)]
    store = Store([], set(ids))
    assert len(asking(store, *ids).named) == 60
    assert [what for what in store.asked if not what.startswith("entry")] == ["files"]


def test_a_file_whose_name_is_refused_is_named_all_the_same() -> None:
    store = Store([], {"f1"})

    async def refused(file_id: str) -> UploadedFile | None:
        raise Refused(400, "", "no")

    store.find = refused  # type: ignore[method-assign]  # a server that refuses the question
    assert [item.file_id for item in asking(store, "f1").named] == ["f1"]


def test_no_more_than_twenty_files_have_a_warning_of_their_own() -> None:
    files = [Orphan(f"f{number}", "name.md", 3, "listed", OTHERS) for number in range(25)]
    warnings = unproven_warnings(files)
    assert len(warnings) == 21
    assert "f0 (name.md, 3 bytes) is not deleted" in warnings[0]
    assert "5 more" in warnings[-1]
