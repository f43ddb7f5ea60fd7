"""What a removed target leaves is told with commands that can be pasted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import entry
from vsync.documents.document import Document
from vsync.plan.plan import Operation, Plan
from vsync.state.manifest import Manifest, TargetState
from vsync.state.seal import Seal
from vsync.sync.config_targets import ConfigTargets
from vsync.sync.left_behind import deletes_documents, documents_after, held_twice, is_void, left_behind

OLD = TargetState("vs_old", files={"a.md": entry("a.md"), "b.md": entry("b.md")})
DOCS = TargetState("vs_docs", files={"c.md": entry("c.md")})


REPLACED = TargetState("vs_old", pending_delete=("file-1", "file-2"))


OPEN = Seal("open", "run-1", "2024-01-02T03:04:05+00:00", head="c" * 40)


def _config(*stores: str) -> ConfigTargets:
    return ConfigTargets(frozenset({"docs"}), are_all=True, stores=frozenset(stores))


def _told(
    *options: str, is_open: bool = False, config: ConfigTargets | None = None, **targets: TargetState
) -> list[str]:
    manifest = Manifest("o", "s", targets=targets)
    return list(left_behind(manifest, config or _config(), options, {"old": OPEN} if is_open else {}))


def test_nothing_is_told_of_targets_that_the_config_has() -> None:
    assert _told(docs=DOCS) == []
    assert list(left_behind(None, _config(), (), {"docs": OPEN})) == []


def test_the_documents_the_store_and_both_commands_are_told() -> None:
    (told,) = _told("--push", docs=DOCS, old=OLD)
    assert told == (
        "The store vs_old still holds 2 documents of the target 'old', which the config does not have any more. `vsync sync "
        "--push --config none --target old --vector-store-id vs_old --exclude '*' --force` deletes what is left. Then "
        "`vsync stores delete vs_old --push --force` deletes the store."
    )


def test_a_store_that_another_target_uses_is_not_to_be_deleted() -> None:
    (told,) = _told(docs=replace(DOCS, vector_store_id="vs_old"), old=OLD)
    assert "stores delete" not in told


@pytest.mark.parametrize("store", ["vs_old", "shared"])
def test_a_store_that_a_target_of_the_config_is_about_to_use_is_not_to_be_deleted(store: str) -> None:
    (told,) = _told(config=_config(store), old=replace(OLD, vector_store_name="shared"))
    assert "stores delete" not in told


@pytest.mark.parametrize(
    ("state", "void"),
    [(TargetState("vs_1"), True), (OLD, False), (REPLACED, False)],
)
def test_a_record_without_documents_and_files_to_delete_is_void(state: TargetState, void: bool) -> None:
    assert is_void(state) is void
    assert any("still holds" in told for told in _told(old=state, is_open=True)) is not void


def test_replaced_files_alone_are_told_only_where_the_seal_of_their_target_is_known_to_be_open() -> None:
    (told,) = _told(old=REPLACED, is_open=True)
    assert told.startswith("The store vs_old still holds 2 replaced Files of the target 'old'")
    assert _told(old=REPLACED) == []
    assert _told(old=replace(OLD, pending_delete=("file-1",))) != []


# --- Runs that did not end ----------------------------------------------------------------------------------------


def test_a_first_run_that_did_not_end_is_told_with_the_command_that_knows_its_store() -> None:
    (told,) = _told("--push", docs=DOCS, is_open=True)
    assert told == (
        "The last run of the target 'old', which the config does not have any more, did not end, so some of its documents may "
        f"be left in its store. `vsync sync --push --head {'c' * 40} --config .vsync.yml --target old --exclude '*' --force` "
        "deletes them, from the store that the config of that commit gives."
    )


def test_a_run_that_did_not_end_after_all_was_deleted_is_told_with_the_recorded_store() -> None:
    (told,) = _told(old=TargetState("vs_old"), is_open=True)
    assert (
        "`vsync sync --config none --target old --vector-store-id vs_old --exclude '*' --force` deletes them." in told
    )


def test_of_a_plain_folder_the_store_of_a_first_run_that_did_not_end_must_be_given() -> None:
    (told,) = left_behind(None, _config(), ("--folder", "pages"), {"old": replace(OPEN, head=None)})
    assert "`vsync sync --folder pages --config none --target old --vector-store-id ID --exclude '*' --force`" in told
    assert told.endswith("put the id of that store in the place of ID.")


def test_a_run_that_did_not_end_is_told_once_where_the_manifest_names_what_is_left() -> None:
    (told,) = _told(old=OLD, is_open=True)
    assert "still holds 2 documents" in told


def test_names_are_quoted_for_the_shell() -> None:
    assert "--repo 'my docs'" in deletes_documents("t", "vs_1", ["--repo", "my docs"])


# --- Documents that stand twice in a store -----------------------------------------------------------------------


def _twice(store_id: str | None, paths: set[str], **targets: TargetState) -> list[str]:
    return list(held_twice(Manifest("o", "s", targets=targets), {"docs"}, store_id, lambda: paths, ("--push",)))


def test_documents_that_an_unknown_target_has_in_the_same_store_are_told_with_the_command_that_deletes_them() -> None:
    (told,) = _twice("vs_old", {"a.md", "b.md", "c.md"}, docs=DOCS, old=OLD)
    assert told == (
        "The store vs_old holds 2 documents of the target 'old' that this target has there as well, so a search finds these "
        "documents twice: 'a.md', 'b.md'. If no run syncs the target 'old' any more, `vsync sync --push --config none "
        "--target old --vector-store-id vs_old --exclude '*' --force` deletes its documents."
    )


def test_of_many_documents_three_are_named() -> None:
    files = {f"{number}.md": entry(f"{number}.md") for number in range(5)}
    (told,) = _twice("vs_old", set(files), old=replace(OLD, files=files))
    assert "'0.md', '1.md', '2.md' and 2 more." in told


@pytest.mark.parametrize(
    ("store_id", "paths", "name"),
    [("vs_docs", {"a.md"}, "old"), (None, {"a.md"}, "old"), ("vs_old", {"c.md"}, "old"), ("vs_old", {"a.md"}, "docs")],
    ids=["another store", "no store yet", "other documents", "a target of the config"],
)
def test_targets_that_other_steps_sync_are_not_spoken_of(store_id: str | None, paths: set[str], name: str) -> None:
    assert _twice(store_id, paths, **{name: OLD}) == []
    assert list(held_twice(None, set(), store_id, lambda: paths, ())) == []


def test_the_documents_of_a_target_are_those_recorded_and_uploaded_without_those_deleted() -> None:
    new = Operation("upload", "c.md", Document("c.md", "c" * 40, "t"))
    plan = Plan((Operation("delete", "b.md", previous=entry("b.md")), new))
    assert documents_after(OLD, plan) == {"a.md", "c.md"}
    assert documents_after(None, Plan((new,))) == {"c.md"}
