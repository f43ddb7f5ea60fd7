"""Only confirmed facts reach the manifest, and every id that is to go stands under `pending_delete`."""

from __future__ import annotations

from dataclasses import replace

from tests.support.builders import COMMIT, HEAD, by_path, document, entry, state
from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.plan.plan import Plan, make_plan
from vsync.state.manifest import Entry, Failure, Skipped, TargetState
from vsync.sync.next_state import Results, deletable, next_state, rebuilt_state

RUN = {"head": HEAD}
RETAGGED = Target(source="acme/docs", attributes={"team": "docs"})


def plan_for(known: TargetState, *documents: Document) -> Plan:
    return make_plan(known, by_path(*documents), {})


def after(
    known: TargetState,
    plan: Plan,
    confirmed: dict[str, Entry],
    *,
    refused: dict[str, Failure] | None = None,
    discarded: tuple[str, ...] = (),
    complete: bool = True,
) -> TargetState:
    results = Results(confirmed, refused or {}, discarded, complete)
    return next_state(known, plan, results, head=HEAD, settings="s2", run=RUN)


def test_a_confirmed_upload_is_recorded() -> None:
    before = state(["a.md"])
    new = entry("b.md", "two", "file-new")
    found = after(before, plan_for(before, document("a.md"), document("b.md", "two")), {"b.md": new})
    assert found.files == {**before.files, "b.md": new}
    assert found.pending_delete == ()


def test_a_confirmed_replacement_leaves_the_old_id_to_delete() -> None:
    before = state({"a.md": entry("a.md", file_id="file-old")})
    new = entry("a.md", "two", "file-new")
    found = after(before, plan_for(before, document("a.md", "two")), {"a.md": new})
    assert found.files == {"a.md": new}
    assert found.pending_delete == ("file-old",)


def test_a_retag_leaves_nothing_to_delete() -> None:
    before = state(["a.md"])
    wanted = document("a.md", target=RETAGGED)
    found = after(before, plan_for(before, wanted), {"a.md": before.files["a.md"]._replace(tag=wanted.tag)})
    assert found.files["a.md"].tag == wanted.tag
    assert found.pending_delete == ()


def test_a_delete_leaves_its_id_to_delete() -> None:
    before = state(["a.md", "b.md"])
    found = after(before, plan_for(before, document("a.md")), {})
    assert found.files.keys() == {"a.md"}
    assert found.pending_delete == ("file-b.md",)


def test_a_replacement_that_failed_keeps_the_old_version() -> None:
    before = state(["a.md"])
    found = after(before, plan_for(before, document("a.md", "two")), {}, discarded=("file-vain",), complete=False)
    assert found.files == before.files
    assert found.pending_delete == ("file-vain",)


def test_a_renamed_file_whose_new_name_failed_keeps_its_old_one() -> None:
    before = state(["old.md"])
    plan = plan_for(before, document("new.md"))
    found = after(before, plan, {}, complete=False)
    assert found.files == before.files
    assert found.pending_delete == ()
    assert deletable(plan, {}) == []


def test_a_renamed_file_whose_new_name_is_in_the_store_loses_its_old_one() -> None:
    before = state(["old.md"])
    plan = plan_for(before, document("new.md"))
    found = after(before, plan, {"new.md": entry("new.md", file_id="file-new")})
    assert found.files.keys() == {"new.md"}
    assert found.pending_delete == ("file-old.md",)
    assert deletable(plan, {"new.md"}) == ["old.md"]


def test_a_delete_beside_a_failed_upload_is_still_done() -> None:
    before = state(["a.md"])
    plan = plan_for(before, document("b.md", "two"))
    assert deletable(plan, {}) == ["a.md"]


def test_ids_that_were_to_be_deleted_before_still_are() -> None:
    before = state(["a.md"], pending_delete=("file-8", "file-9"))
    found = after(before, plan_for(before, document("a.md")), {}, discarded=("file-1",))
    assert found.pending_delete == ("file-1", "file-8", "file-9")


def test_an_id_that_is_kept_is_never_to_be_deleted() -> None:
    before = state(["a.md"], pending_delete=("file-a.md",))
    found = after(before, plan_for(before, document("a.md")), {}, discarded=("file-a.md",))
    assert found.pending_delete == ()


def test_commit_and_settings_advance_when_nothing_is_left_to_retry() -> None:
    before = state(["a.md"])
    found = after(before, plan_for(before, document("a.md")), {})
    assert (found.commit, found.settings, found.serial) == (HEAD, "s2", before.serial + 1)
    assert found.run == RUN


def test_commit_stays_when_something_is_left_to_retry() -> None:
    before = state(["a.md"])
    found = after(before, plan_for(before, document("a.md")), {}, complete=False)
    assert (found.commit, found.serial) == (COMMIT, before.serial + 1)
    assert found.settings != "s2"
    assert found.run == RUN


def test_final_refusals_and_skipped_paths_are_recorded_beside_earlier_ones() -> None:
    wanted = document("bad.md", "bad")
    earlier = {"bad.md": Failure(wanted.blob, wanted.tag, "invalid_file")}
    before = replace(state(), failed=earlier)
    plan = make_plan(before, by_path(wanted, document("worse.md")), {"empty.md": Skipped("e", "empty")})
    new = {"worse.md": Failure("b", "t", "unsupported_file")}
    found = after(before, plan, {}, refused=new)
    assert found.failed == {**earlier, **new}
    assert found.skipped == {"empty.md": Skipped("e", "empty")}


def test_a_plan_without_particulars_leaves_none() -> None:
    before = replace(state(), failed={"a.md": Failure("b", "t", "c")}, skipped={"b.md": Skipped("b", "empty")})
    found = after(before, Plan(), {})
    assert (found.failed, found.skipped) == ({}, {})


def test_the_state_before_is_left_as_it_was() -> None:
    before = state(["a.md", "b.md"])
    files = dict(before.files)
    after(before, plan_for(before, document("a.md", "two")), {"a.md": entry("a.md", "two", "file-new")})
    assert before.files == files


def rebuilt(known: TargetState, plan: Plan) -> TargetState:
    return rebuilt_state(known, plan, head=HEAD, settings="s2", serial=7, run=RUN)


def test_a_manifest_made_anew_is_that_of_the_head_when_the_store_equals_it() -> None:
    before = state(["a.md"], commit=None, settings="")
    found = rebuilt(before, plan_for(before, document("a.md")))
    assert (found.commit, found.settings, found.serial, found.run) == (HEAD, "s2", 7, RUN)
    assert found.files == before.files


def test_a_manifest_made_anew_names_no_commit_while_anything_is_left_to_do() -> None:
    before = state(["a.md"])
    found = rebuilt(before, plan_for(before, document("a.md"), document("b.md")))
    assert (found.commit, found.settings, found.serial) == (None, "", 7)
    assert found.files == before.files
