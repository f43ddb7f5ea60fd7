"""What a store's own entries prove, when the manifest may not be believed or there is none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.builders import HEAD, MemorySource, TreeFile, document, entry, state, store_entry
from tests.support.builders import by_path as documents_by_path
from vsync.config.targets import Target
from vsync.documents.attributes import Identity, path_attribute
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.errors import StoreConflict
from vsync.plan.plan import make_plan
from vsync.recovery.adopt import (
    Measured,
    adopt,
    by_path,
    choose_owner,
    only_listed,
    paths_to_measure,
    recover,
    sample,
)
from vsync.state.manifest import EMPTY_STATE, Entry, TargetState
from vsync.store.entries import StoreEntry, belongs
from vsync.store.poll_times import SERVER

US = Identity("owner-1", "default", "acme/docs", ("acme/former",))


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (store_entry("file-1"), True),
        (store_entry("file-1", source=None), True),
        (store_entry("file-1", source="acme/former"), True),
        (store_entry("file-1", source="acme/other"), False),
        (store_entry("file-1", owner="owner-2"), False),
        (store_entry("file-1", owner=None), False),
        (store_entry("file-1", target="second"), False),
    ],
)
def test_an_entry_is_ours_by_its_owner_its_target_and_its_source(found: StoreEntry, ours: bool) -> None:
    assert belongs(found, US) is ours


# --- Whose they are -----------------------------------------------------------------------------------------


def owner(*entries: StoreEntry, certain: bool = True) -> str | None:
    return choose_owner(entries, "acme/docs", "default", certain=certain)


def test_a_store_without_documents_of_this_source_has_no_owner() -> None:
    assert owner() is None
    foreign = [store_entry("f1", source="x"), store_entry("f3", owner=None)]
    assert owner(*foreign) is None
    assert owner(*foreign, certain=False) is None


def test_the_owner_of_this_sources_documents_is_taken_up() -> None:
    assert owner(store_entry("f1"), store_entry("f2"), store_entry("f3", source="x", owner="owner-2")) == "owner-1"


def test_another_targets_documents_tell_the_owner_of_all_targets() -> None:
    second = [store_entry("f1", target="second"), store_entry("f2", target="second")]
    assert owner(*second) == "owner-1"
    assert owner(*second, certain=False) is None
    assert owner(*second, store_entry("f3", target="third", owner="owner-3")) is None
    assert owner(*second, store_entry("f3", owner="owner-3")) == "owner-3"


def test_documents_of_several_first_syncs_are_nobodys() -> None:
    for certain in (True, False):
        with pytest.raises(StoreConflict, match="2 different first syncs"):
            owner(store_entry("f1"), store_entry("f2", owner="owner-2"), certain=certain)


def test_a_folders_name_proves_nothing() -> None:
    with pytest.raises(StoreConflict, match="no manifest here") as caught:
        owner(store_entry("f1"), certain=False)
    assert "--source acme/docs" in caught.value.remedy


# --- By path ------------------------------------------------------------------------------------------------


def test_our_entries_are_sorted_by_the_path_of_their_document() -> None:
    long = "x" * 300 + ".md"
    entries = [
        store_entry("f1", "a.md"),
        store_entry("f2", "a.md"),
        store_entry("f3", path_attribute(long)),
        store_entry("f4", "gone.md"),
        store_entry("f5", "a.md", owner="owner-2"),
        store_entry("f6", "a.md", target="second"),
    ]
    found = by_path(entries, US, ["a.md", long])
    assert {path: [item.file_id for item in items] for path, items in found.items()} == {
        "a.md": ["f1", "f2"],
        long: ["f3"],
        "gone.md": ["f4"],
    }


# --- Adoption -----------------------------------------------------------------------------------------------


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def adopted(
    known: TargetState, documents: Sequence[Document], *entries: StoreEntry, head: str = "one", vouched: bool = False
) -> TargetState:
    ours = by_path(entries, US, {item.path for item in documents} | known.files.keys())
    measured = {
        path: Measured(sha256(head), len(head)) for path in paths_to_measure(known, documents_by_path(*documents), ours)
    }
    return adopt(known, documents_by_path(*documents), ours, measured, vouched=vouched)


def kept(found: TargetState) -> dict[str, str]:
    return {path: item.file_id for path, item in found.files.items()}


A = document("a.md")


def test_an_entry_that_holds_the_heads_bytes_is_taken_up_and_needs_nothing() -> None:
    found = adopted(EMPTY_STATE, [A], store_entry("f1"))
    assert found.files == {"a.md": entry("a.md", file_id="f1")}
    assert make_plan(found, {"a.md": A}, {}).is_empty


def test_the_manifests_entry_is_believed_when_the_store_lists_it() -> None:
    known = state({"a.md": entry("a.md", file_id="f1")})
    found = adopted(known, [A], store_entry("f1"), store_entry("f2", created_at=9))
    assert found.files == known.files
    assert found.pending_delete == ("f2",)


def test_the_heads_bytes_go_before_what_the_manifest_names() -> None:
    known = state({"a.md": entry("a.md", "old", "f1")})
    found = adopted(known, [A], store_entry("f1", text="old"), store_entry("f2"))
    assert kept(found) == {"a.md": "f2"}
    assert found.pending_delete == ("f1",)


def test_the_old_version_stays_until_a_new_one_is_there() -> None:
    known = state({"a.md": entry("a.md", "old", "f1")})
    found = adopted(known, [A], store_entry("f1", text="old"), store_entry("f2", text="older", created_at=9))
    assert found.files == known.files
    assert [op.kind for op in make_plan(found, {"a.md": A}, {}).operations] == ["replace"]


def test_of_unknown_versions_the_newest_that_is_searchable_stays_and_is_replaced() -> None:
    found = adopted(
        EMPTY_STATE,
        [A],
        store_entry("f1", text="old", created_at=1),
        store_entry("f2", text="older", created_at=2),
        store_entry("f3", text="oldest", created_at=3, status="in_progress"),
        store_entry("f4", text="one", created_at=4, status="failed"),
    )
    assert kept(found) == {"a.md": "f2"}
    assert found.pending_delete == ("f1", "f3", "f4")
    assert [op.kind for op in make_plan(found, {"a.md": A}, {}).operations] == ["replace"]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_an_entry_that_was_never_indexed_is_no_document(status: str) -> None:
    known = state({"a.md": entry("a.md", file_id="f1")})
    found = adopted(known, [A], store_entry("f1", status=status))
    assert found.files == {}
    assert found.pending_delete == ("f1",)


def test_a_document_that_the_store_does_not_list_is_uploaded_again() -> None:
    found = adopted(state({"a.md": entry("a.md", file_id="f1")}), [A])
    assert found.files == {}
    assert [op.kind for op in make_plan(found, {"a.md": A}, {}).operations] == ["upload"]


def test_a_document_that_is_gone_from_the_head_is_deleted_by_the_plan() -> None:
    found = adopted(EMPTY_STATE, [], store_entry("f1"))
    assert kept(found) == {"a.md": "f1"}
    assert [op.kind for op in make_plan(found, {}, {}).operations] == ["delete"]


def test_other_peoples_entries_are_left_alone() -> None:
    known = state({"a.md": entry("a.md", file_id="f1")}, pending_delete=("f2",))
    foreign = [store_entry("f1", owner="owner-2"), store_entry("f2", owner=None), store_entry("f3", target="second")]
    found = adopted(known, [A], *foreign)
    assert found.files == {}
    assert found.pending_delete == ()


def test_ids_to_delete_that_the_store_does_not_list_go_only_when_the_manifest_is_vouched_for() -> None:
    known = state({"a.md": entry("a.md", file_id="f1")}, pending_delete=("f2", "f9"))
    listed = [store_entry("f1"), store_entry("f2")]
    assert adopted(known, [A], *listed, vouched=True).pending_delete == ("f2", "f9")
    assert adopted(known, [A], *listed, vouched=False).pending_delete == ("f2",)


def test_an_id_that_stays_is_not_deleted_though_the_manifest_says_so() -> None:
    known = state({"a.md": entry("a.md", file_id="f1")}, pending_delete=("f1",))
    assert adopted(known, [A], store_entry("f1"), vouched=True).pending_delete == ()


def test_the_attributes_that_an_entry_shows_are_compared() -> None:
    tagged = Target(source="acme/docs", attributes={"team": "docs"})
    wanted = document("a.md", target=tagged)
    same = adopted(EMPTY_STATE, [wanted], store_entry("f1", extra={"team": "docs", "commit": HEAD}))
    other = adopted(EMPTY_STATE, [wanted], store_entry("f1"))
    renamed = adopted(EMPTY_STATE, [wanted], store_entry("f1", extra={"team": "docs"}, source="acme/former"))
    kinds = [[op.kind for op in make_plan(found, {"a.md": wanted}, {}).operations] for found in (same, other, renamed)]
    assert kinds == [[], ["retag"], ["retag"]]


def test_numbers_that_come_back_as_fractions_are_the_same_attributes() -> None:
    wanted = document("a.md", target=Target(source="acme/docs", attributes={"level": 3}))
    found = adopted(EMPTY_STATE, [wanted], store_entry("f1", extra={"level": 3.0}))
    assert make_plan(found, {"a.md": wanted}, {}).is_empty


@pytest.mark.parametrize(("chunking", "kinds"), [(Chunking(400, 200), ["replace"]), (None, [])])
def test_chunking_that_differs_is_replaced_and_chunking_that_is_not_told_is_believed(
    chunking: Chunking | None, kinds: list[str]
) -> None:
    found = adopted(EMPTY_STATE, [A], store_entry("f1", chunking=chunking))
    assert [op.kind for op in make_plan(found, {"a.md": A}, {}).operations] == kinds


def test_only_what_is_not_confirmed_is_hashed() -> None:
    known = state({"a.md": entry("a.md", file_id="f1"), "b.md": entry("b.md", "old", "f2")})
    ours = {"a.md": [store_entry("f1")], "b.md": [store_entry("f2", "b.md")], "gone.md": [store_entry("f3", "gone.md")]}
    documents = documents_by_path(A, document("b.md"), document("new.md"))
    assert paths_to_measure(known, documents, ours) == ["b.md"]
    assert paths_to_measure(EMPTY_STATE, documents, ours) == ["a.md", "b.md"]


# --- Asking store and source --------------------------------------------------------------------------------


class Progress:
    """A store in which entries end being indexed at a later look, or vanish (None), or never end."""

    poll_times = SERVER

    def __init__(self, looks: dict[str, list[StoreEntry | None]]) -> None:
        self._looks = looks

    async def entry(self, file_id: str, *, listed: bool = False) -> StoreEntry | None:
        looks = self._looks[file_id]
        return looks.pop(0) if len(looks) > 1 else looks[0]


def recovered(store: Progress, entries: Sequence[StoreEntry], settle_s: float = 60.0) -> TargetState:
    tree = {b"a.md": TreeFile(b"one"), b"b.md": TreeFile(b"two")}
    source = MemorySource({HEAD: tree}, HEAD)
    documents = documents_by_path(A, document("b.md", "two"))
    asked: Any = store

    async def pause(_: float) -> None:
        await asyncio.sleep(0)

    found = recover(asked, source, EMPTY_STATE, documents, US, entries, vouched=False, settle_s=settle_s, pause=pause)
    return asyncio.run(found).state


def test_entries_that_are_being_indexed_are_waited_for() -> None:
    indexing = store_entry("f1", status="in_progress")
    vanished = store_entry("f2", "b.md", "two", status="in_progress")
    foreign = store_entry("f3", owner="owner-2", status="in_progress")
    store = Progress({"f1": [indexing, indexing, store_entry("f1")], "f2": [vanished, None]})
    found = recovered(store, [indexing, vanished, foreign])
    assert found.files == {"a.md": entry("a.md", file_id="f1")}
    assert found.pending_delete == ()


def test_an_entry_that_is_never_indexed_counts_as_failed() -> None:
    indexing = store_entry("f1", status="in_progress")
    there = store_entry("f2", "b.md", "two")
    found = recovered(Progress({"f1": [indexing], "f2": [there]}), [indexing, there], settle_s=0.0)
    assert kept(found) == {"b.md": "f2"}
    assert found.pending_delete == ("f1",)


def test_an_entry_with_the_heads_bytes_that_is_gone_is_not_kept() -> None:
    ghost, there = store_entry("f1"), store_entry("f2", "b.md", "two")
    found = recovered(Progress({"f1": [None], "f2": [there]}), [ghost, there])
    assert kept(found) == {"b.md": "f2"}
    assert found.pending_delete == ()


def test_only_entries_that_hold_the_heads_bytes_and_that_nothing_vouches_for_are_asked_for() -> None:
    old = Entry("unknown", "", 0, "f3", "")
    adopted = state({"a.md": entry("a.md", file_id="f1"), "b.md": entry("b.md", file_id="f2"), "c.md": old})
    assert only_listed(adopted, {"f1"}) == ["f2"]


def test_of_many_entries_a_sample_is_asked_for() -> None:
    ids = [f"f{number}" for number in range(60)]
    assert sample(ids[:50], 50) == ids[:50]
    chosen = sample(ids, 50)
    assert len(set(chosen)) == 50
    assert set(chosen) <= set(ids)
