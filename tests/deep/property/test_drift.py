"""Laws of comparing a manifest with its store, and of mending what differs, over random stores."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import COMMIT, document, entry, state, store_entry
from vsync.documents.attributes import Identity, path_attribute
from vsync.documents.chunking import Chunking
from vsync.plan.plan import Plan, make_plan
from vsync.recovery.adopt import adopt, by_path
from vsync.recovery.repair import as_repaired
from vsync.state.manifest import TargetState
from vsync.store.entries import Inventory, StoreEntry, belongs
from vsync.verify.drift import compare

US = Identity("owner-1", "default", "acme/docs")
PATHS = ["a.md", "b.md", "c.md", "docs/" + "x" * 300 + ".md"]
COMMITTED = {"commit": COMMIT}
CHANGES = st.sampled_from(
    ["none", "detach", "delete", "fail", "wipe", "retag", "rename", "rehash", "rechunk", "duplicate", "left over"]
)


def right(file_id: str, path: str) -> StoreEntry:
    return store_entry(file_id, path_attribute(path), extra=COMMITTED)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[TargetState, list[StoreEntry], frozenset[str]]:
    """A sealed manifest, a store that somebody has changed since, and the entries whose File is gone."""
    paths = draw(st.lists(st.sampled_from(PATHS), unique=True))
    known = state({path: entry(path, file_id=f"f{number}") for number, path in enumerate(paths)})
    entries: list[StoreEntry] = []
    gone = set()
    for number, path in enumerate(paths):
        one = right(f"f{number}", path)
        change = draw(CHANGES)
        if change == "detach":
            continue
        if change == "delete":
            gone.add(one.file_id)
        if change == "fail":
            one = dataclasses.replace(one, status="failed")
        if change == "wipe":
            one = dataclasses.replace(one, attributes={})
        if change in {"retag", "rename", "rehash"}:
            key = {"retag": "team", "rename": "path", "rehash": "sha256"}[change]
            one = dataclasses.replace(one, attributes={**one.attributes, key: "x"})
        if change == "rechunk":
            one = dataclasses.replace(one, chunking=Chunking(200, 50))
        if change == "duplicate":
            entries.append(right(f"d{number}", path))
        if change == "left over":
            entries.append(right(f"l{number}", f"gone-{number}.md"))
        entries.append(one)
    strangers = draw(st.integers(0, 3))
    entries += [store_entry(f"s{number}", draw(st.sampled_from(PATHS)), owner=None) for number in range(strangers)]
    return known, draw(st.permutations(entries)), frozenset(gone)


def repaired(known: TargetState, entries: list[StoreEntry], gone: frozenset[str]) -> tuple[TargetState, Plan]:
    """What a repair knows after it has listed the store, and its plan for a head of the same documents."""
    read = as_repaired(entries, known, US, gone, vouched=True)
    documents = {path: document(path) for path in known.files}
    adopted = adopt(known, documents, by_path(read, US, known.files), {}, vouched=True)
    return adopted, make_plan(adopted, documents, {})


def carried_out(
    entries: list[StoreEntry], adopted: TargetState, plan: Plan
) -> tuple[TargetState, list[StoreEntry], set[str]]:
    """The store and the manifest after the plan, and the ids that it deleted."""
    files, store = dict(adopted.files), {item.file_id: item for item in entries}
    deleted = set(adopted.pending_delete)
    for operation in plan.operations:
        if operation.previous is not None and operation.kind in {"replace", "delete"}:
            deleted.add(operation.previous.file_id)
        if operation.kind == "delete":
            del files[operation.path]
        elif operation.kind == "retag":
            file_id = files[operation.path].file_id
            files[operation.path] = entry(operation.path, file_id=file_id)
            store[file_id] = right(file_id, operation.path)
        else:
            file_id = f"new-{operation.path}"
            files[operation.path] = entry(operation.path, file_id=file_id)
            store[file_id] = right(file_id, operation.path)
    left = [item for item in store.values() if item.file_id not in deleted]
    return dataclasses.replace(adopted, files=files, pending_delete=()), left, deleted


@given(st.lists(st.sampled_from(PATHS), unique=True), st.integers(0, 3))
def test_an_untouched_store_has_no_drift(paths: list[str], strangers: int) -> None:
    known = state({path: entry(path, file_id=path) for path in paths})
    entries = [right(path, path) for path in paths]
    entries += [store_entry(f"s{number}", "a.md", owner=None) for number in range(strangers)]
    found = compare(known, US, Inventory(entries), vouched=True)
    assert (found.drift, found.sound, len(found.foreign)) == ((), len(paths), strangers)


@given(worlds())
def test_after_a_repair_there_is_no_drift(world: tuple[TargetState, list[StoreEntry], frozenset[str]]) -> None:
    known, entries, gone = world
    adopted, plan = repaired(known, entries, gone)
    after, store, _ = carried_out(entries, adopted, plan)
    assert compare(after, US, Inventory(store), vouched=True).drift == ()
    assert set(after.files) == set(known.files)


@given(worlds())
def test_what_is_not_drift_costs_nothing(world: tuple[TargetState, list[StoreEntry], frozenset[str]]) -> None:
    known, entries, gone = world
    found = compare(known, US, Inventory(entries, gone=gone), vouched=True)
    adopted, plan = repaired(known, entries, gone)
    drifted = {item.path for item in found.drift}
    of_documents = {operation.path for operation in plan.operations if operation.path in known.files}
    assert of_documents <= drifted
    if not found.drift:
        assert adopted == known
        assert plan.is_empty


@given(worlds(), st.booleans())
def test_what_is_foreign_is_never_touched(
    world: tuple[TargetState, list[StoreEntry], frozenset[str]], vouched: bool
) -> None:
    known, entries, gone = world
    found = compare(known, US, Inventory(entries, gone=gone), vouched=True)
    adopted, plan = repaired(known, entries, gone)
    _, _, deleted = carried_out(entries, adopted, plan)
    assert deleted.isdisjoint(item.file_id for item in found.foreign)
    told = compare(known, US, Inventory(entries, gone=gone), vouched=vouched)
    strangers = {item.file_id for item in entries if item.file_id.startswith("s")}
    assert strangers <= {item.file_id for item in told.foreign}
    assert strangers.isdisjoint(item.file_id for item in told.drift)


@given(worlds())
def test_everything_is_either_sound_drifted_or_foreign(
    world: tuple[TargetState, list[StoreEntry], frozenset[str]],
) -> None:
    known, entries, gone = world
    found = compare(known, US, Inventory(entries, gone=gone), vouched=True)
    ours = {item.file_id for item in entries if belongs(item, US)} | {item.file_id for item in known.files.values()}
    told = {item.file_id for item in found.drift} | {item.file_id for item in found.foreign}
    named_and_sound = [item for item in known.files.values() if item.file_id not in told]
    assert len(named_and_sound) == found.sound
    assert {item.file_id for item in entries} - ours == {item.file_id for item in found.foreign}
