"""What counts as a difference between a manifest and its store, entry by entry."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.builders import COMMIT, entry, state, store_entry
from vsync.config.targets import Target
from vsync.documents.attributes import Attributes, Identity, path_attribute
from vsync.documents.chunking import Chunking
from vsync.recovery.repair import as_repaired
from vsync.report.remedies import DRIFT
from vsync.report.verification import KINDS, Drift, Foreign, by_kind
from vsync.state.manifest import TargetState
from vsync.store.entries import Inventory, StoreEntry
from vsync.verify.drift import Found, compare
from vsync.verify.takeover import chosen

US = Identity("owner-1", "default", "acme/docs")
TARGET = Target(source="acme/docs", attributes={"team": "docs", "level": 3})
COMMITTED: Attributes = {"commit": COMMIT}


def shown(file_id: str, path: str = "a.md", **more: object) -> StoreEntry:
    return store_entry(file_id, path_attribute(path), extra=COMMITTED, **more)  # type: ignore[arg-type]  # by name


def found(
    known: TargetState, *entries: StoreEntry, vouched: bool = True, gone: tuple[str, ...] = (), **more: object
) -> Found:
    names = {item.file_id: "x.md" for item in entries if item.file_id not in gone}
    inventory = Inventory(entries, names, frozenset(gone))
    return compare(known, US, inventory, vouched=vouched, **more)  # type: ignore[arg-type]  # by name


def kinds(result: Found) -> list[tuple[str, str | None, str | None]]:
    return [(item.kind, item.path, item.file_id) for item in result.drift]


def known(**files: str) -> TargetState:
    return state({path.replace("_", "."): entry(path.replace("_", "."), file_id=id_) for path, id_ in files.items()})


def test_a_store_that_holds_what_the_manifest_says_has_no_drift() -> None:
    result = found(known(a_md="f1", b_md="f2"), shown("f1"), shown("f2", "b.md"))
    assert result == Found((), (), 2)


def test_of_an_entry_that_answers_no_search_only_that_is_told() -> None:
    broken = shown("f1", status="failed", owner=None, chunking=Chunking(200, 50))
    assert kinds(found(known(a_md="f1"), broken)) == [("failed", "a.md", "f1")]
    assert kinds(found(known(a_md="f1"), broken, gone=("f1",))) == [("dangling", "a.md", "f1")]
    assert kinds(found(known(a_md="f1"), shown("f1", status="in_progress"))) == [("stuck", "a.md", "f1")]
    assert kinds(found(known(a_md="f1"), shown("f1", status="cancelled"))) == [("failed", "a.md", "f1")]


def test_what_the_server_said_of_a_failure_is_told() -> None:
    failed = dataclasses.replace(shown("f1", status="failed"), error_code="server_error", error_message="An error.")
    assert found(known(a_md="f1"), failed).drift[0].detail == "the store says failed (server_error: An error.)"


def test_chunking_and_attributes_are_two_differences() -> None:
    changed = shown("f1", chunking=Chunking(200, 50), source="renamed/docs")
    assert kinds(found(known(a_md="f1"), changed)) == [("chunking", "a.md", "f1"), ("attributes", "a.md", "f1")]


def test_what_other_settings_or_another_version_recorded_is_no_drift_of_the_chunking() -> None:
    written = state(
        {"a.md": entry("a.md", file_id="f1", target=Target(source="acme/docs", chunking=Chunking(400, 200)))}
    )
    for chunking in (Chunking(), Chunking(400, 200)):
        assert kinds(found(written, shown("f1", chunking=chunking), target=Target(source="acme/docs"))) == []
    changed = shown("f1", chunking=Chunking(200, 50))
    assert kinds(found(known(a_md="f1"), changed, target=Target(source="acme/docs"))) == [("chunking", "a.md", "f1")]


def test_a_server_that_does_not_say_how_it_chunked_is_believed() -> None:
    assert kinds(found(known(a_md="f1"), shown("f1", chunking=None))) == []


@pytest.mark.parametrize(
    ("extra", "names"),
    [
        ({"team": "docs", "level": 3.0}, None),
        ({"team": "docs", "level": "3"}, "level"),
        ({"team": "docs"}, "level"),
        ({"team": "docs", "level": 3, "more": True}, "more"),
        ({"team": "x", "level": 3, "owner": "somebody"}, "owner, team"),
        ({"team": "docs", "level": 3, "commit": ""}, "commit"),
    ],
)
def test_the_attributes_that_differ_are_named(extra: dict[str, str | float], names: str | None) -> None:
    recorded = state({"a.md": entry("a.md", file_id="f1", target=TARGET)})
    seen = store_entry("f1", extra={**COMMITTED, **extra})
    if "owner" in extra:
        seen = dataclasses.replace(seen, attributes={**seen.attributes, "owner": "somebody"})
    result = found(recorded, seen, target=TARGET)
    assert [item.detail for item in result.drift] == ([f"not as they should be: {names}"] if names else [])


def test_attributes_of_other_settings_are_known_by_their_fingerprint() -> None:
    recorded = state({"a.md": entry("a.md", file_id="f1", target=TARGET)})
    right = store_entry("f1", extra={**COMMITTED, "team": "docs", "level": 3})
    wrong = store_entry("f1", extra={**COMMITTED, "team": "others", "level": 3})
    other = Target(source="acme/docs", attributes={"team": "new"})
    assert kinds(found(recorded, right, target=other)) == []
    assert kinds(found(recorded, wrong, target=other)) == [("attributes", "a.md", "f1")]


def test_a_document_of_a_long_path_is_known_by_its_attribute() -> None:
    path = "docs/" + "x" * 300 + ".md"
    recorded = state({path: entry(path, file_id="f1")})
    assert kinds(found(recorded, shown("f1", path))) == []
    assert kinds(found(recorded, shown("f1", path), shown("f2", path))) == [("duplicate", path, "f2")]


def test_our_entries_that_the_manifest_does_not_name_are_duplicates_or_left_over() -> None:
    recorded = dataclasses.replace(known(a_md="f1"), pending_delete=("f4", "f5", "f6"))
    entries = [shown("f1"), shown("f2"), shown("f3", "gone.md"), shown("f4", "old.md", owner=None)]
    inventory = Inventory(entries, {"f1": "", "f2": "", "f3": "", "f4": "", "f5": "old.md"})
    result = compare(recorded, US, inventory, vouched=True)
    assert kinds(result) == [
        ("duplicate", "a.md", "f2"),
        ("left-over", "gone.md", "f3"),
        ("left-over", "old.md", "f4"),
        ("left-over", "old.md", "f5"),
    ]
    unvouched = compare(recorded, US, inventory, vouched=False)
    assert ("left-over", "old.md", "f4") not in kinds(unvouched)
    assert [item.file_id for item in unvouched.foreign] == ["f4"]


def test_files_that_are_surely_ours_and_in_no_store_are_left_over() -> None:
    result = found(known(a_md="f1"), shown("f1"), left=(("f1", "a.md"), ("f9", "b.md")))
    assert kinds(result) == [("left-over", "b.md", "f9")]


def test_what_nothing_proves_to_be_ours_is_foreign() -> None:
    stranger = shown("f1", owner=None)
    result = found(known(a_md="f1"), stranger, vouched=False)
    assert kinds(result) == [("attributes", "a.md", "f1")]
    assert [item.file_id for item in result.foreign] == ["f1"]
    other_target = shown("f2", target="second")
    assert [item.detail for item in found(known(), other_target).foreign] == ["of the target second of this source"]
    other_owner = shown("f3", owner="owner-2")
    assert [item.detail for item in found(known(), other_owner).foreign] == [
        "of acme/docs, target default, from another first sync"
    ]


def test_the_gravest_stand_first_and_every_kind_has_a_remedy() -> None:
    assert set(DRIFT) == set(KINDS)
    result = found(known(a_md="f1", b_md="f2"), shown("f2", "b.md", status="failed"), shown("f3", "b.md"))
    assert [item.kind for item in result.drift] == ["missing", "failed", "duplicate"]
    assert by_kind(result.drift) == [("missing", 1), ("failed", 1), ("duplicate", 1)]
    assert by_kind(()) == []


def test_a_repair_reads_an_entry_of_ours_as_the_manifest_says_and_has_it_written_again() -> None:
    recorded = known(a_md="f1")
    wiped = StoreEntry("f1", "completed", {"x": "y"}, Chunking())
    (read,) = as_repaired([wiped], recorded, US, (), vouched=True)
    assert {key: read.attributes.get(key) for key in ("path", "owner", "target")} == {
        "path": "a.md",
        "owner": "owner-1",
        "target": "default",
    }
    assert "source" not in read.attributes
    assert as_repaired([wiped], recorded, US, (), vouched=False) == [wiped]
    assert as_repaired([wiped], recorded, US, ("f1",), vouched=False)[0].status == "failed"
    right = shown("f1")
    assert as_repaired([right], recorded, US, (), vouched=True) == [right]


def foreign(file_id: str, path: str | None, filename: str = "", *, of_vsync: bool = False) -> Foreign:
    return Foreign(file_id, path, filename, "", of_vsync)


def test_entries_are_taken_over_by_their_path_or_file_name_but_never_those_of_another_vsync() -> None:
    entries = [
        foreign("f1", "old/a.md"),
        foreign("f2", None, "old/b.md"),
        foreign("f3", "new/a.md", "old/c.md"),
        foreign("f4", "old/d.md", of_vsync=True),
        foreign("f5", "old/e.md"),
        foreign("f6", None, ""),
    ]
    taken, kept = chosen(entries, ["old/**"], {"f5"})
    assert ([item.file_id for item in taken], kept) == (["f1", "f2"], 2)
    assert chosen(entries, [], set()) == ((), 0)
    assert [item.file_id for item in chosen(entries, ["*.md", "!old/**"], {"f5"})[0]] == ["f3"]


def test_a_difference_is_told_with_all_it_is() -> None:
    assert Drift("missing", "a.md", "f1", "why").to_json() == {
        "kind": "missing",
        "path": "a.md",
        "file_id": "f1",
        "detail": "why",
    }
