"""From a state and what the source holds to a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import by_path, document, entry, state
from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.plan.plan import Operation, Plan, make_plan, to_inspect
from vsync.state.manifest import EMPTY_STATE, Failure, Skipped, TargetState

RETAGGED = Target(source="acme/docs", attributes={"team": "docs"})
RECHUNKED = Target(source="acme/docs", chunking=Chunking(400, 200))
EMPTY = Skipped("e" * 40, "empty")


# --- What must be read --------------------------------------------------------------------------------------


def test_only_bytes_that_nothing_is_known_of_are_looked_at() -> None:
    known = replace(
        state(["kept.md", "retagged.md"]),
        files={"kept.md": entry("kept.md"), "changed.md": entry("changed.md"), "retagged.md": entry("retagged.md")},
        skipped={"empty.md": Skipped(document("x").blob, "empty"), "was-empty.md": EMPTY},
        failed={
            "refused.md": Failure(document("x").blob, document("refused.md").tag, "invalid_file"),
            "mended.md": Failure(EMPTY.blob, document("mended.md").tag, "invalid_file"),
        },
    )
    paths = ["kept.md", "empty.md", "was-empty.md", "refused.md", "mended.md", "new.md"]
    documents = [*map(document, paths), document("changed.md", "two"), document("retagged.md", target=RETAGGED)]
    looked_at = {found.path for found in to_inspect(known, documents)}
    assert looked_at == {"changed.md", "was-empty.md", "mended.md", "new.md"}


def test_bytes_that_go_up_again_for_other_rules_are_looked_at_for_their_size() -> None:
    assert to_inspect(state(["a.md"]), [document("a.md", target=RECHUNKED)]) != []


def test_bytes_that_were_skipped_are_known_only_when_the_reason_lay_in_them() -> None:
    wanted = document("a.md")
    for reason, looked_at in (("empty", []), ("not-text", []), ("lfs-pointer", []), ("symlink", [wanted])):
        known = replace(state(), skipped={"a.md": Skipped(wanted.blob, reason)})
        assert to_inspect(known, [wanted]) == looked_at


# --- Operations ---------------------------------------------------------------------------------------------


def plan_for(known: TargetState, *documents: Document, scope: set[str] | None = None) -> Plan:
    return make_plan(known, by_path(*documents), {}, scope)


@pytest.mark.parametrize(
    ("known", "wanted", "kind"),
    [
        ([], document("a.md"), "upload"),
        (["a.md"], document("a.md", "two"), "replace"),
        (["a.md"], document("a.md", target=RECHUNKED), "replace"),
        (["a.md"], document("a.md", target=RETAGGED), "retag"),
        (["a.md"], document("a.md", "two", target=RETAGGED), "replace"),
    ],
)
def test_each_difference_has_its_operation(known: list[str], wanted: Document, kind: str) -> None:
    before = state(known)
    (operation,) = plan_for(before, wanted).operations
    assert operation == Operation(kind, "a.md", wanted, before.files.get("a.md"))  # type: ignore[arg-type]  # from a table


def test_what_is_no_longer_there_is_deleted() -> None:
    before = state(["a.md", "b.md"])
    plan = plan_for(before, document("a.md"))
    assert plan.operations == (Operation("delete", "b.md", previous=before.files["b.md"]),)
    assert (plan.unchanged, plan.existing) == (1, 2)


def test_equal_documents_need_nothing() -> None:
    plan = plan_for(state(["a.md", "b.md"]), document("a.md"), document("b.md"))
    assert plan.is_empty
    assert plan.unchanged == 2


def test_an_empty_state_is_filled() -> None:
    plan = plan_for(EMPTY_STATE, document("b.md"), document("a.md"))
    assert [(op.kind, op.path) for op in plan.operations] == [("upload", "a.md"), ("upload", "b.md")]


def test_operations_stand_in_the_order_of_their_paths() -> None:
    plan = plan_for(state(["m.md", "z.md"]), document("z.md", "two"), document("n.md"), document("a.md", "three"))
    assert [op.path for op in plan.operations] == ["a.md", "m.md", "n.md", "z.md"]


def test_a_diff_does_not_touch_what_it_did_not_look_at() -> None:
    before = state(["a.md", "b.md", "c.md"])
    plan = plan_for(before, document("a.md", "two"), scope={"a.md", "b.md"})
    assert [(op.kind, op.path) for op in plan.operations] == [("replace", "a.md"), ("delete", "b.md")]
    assert plan.unchanged == 1


def test_a_diff_of_paths_that_are_no_documents_is_empty() -> None:
    assert plan_for(state(["a.md"]), scope={"src/main.py"}).is_empty


def test_a_path_that_cannot_be_a_document_any_more_is_deleted_and_skipped() -> None:
    plan = make_plan(state(["a.md"]), {}, {"a.md": EMPTY})
    assert [op.kind for op in plan.operations] == ["delete"]
    assert plan.skipped == {"a.md": EMPTY}


def test_skipped_paths_outside_of_a_diff_stay_skipped() -> None:
    before = replace(state(), skipped={"a.md": EMPTY, "b.md": EMPTY})
    assert make_plan(before, {}, {"c.md": EMPTY}, {"b.md", "c.md"}).skipped == {"a.md": EMPTY, "c.md": EMPTY}
    assert make_plan(before, {}, {"c.md": EMPTY}).skipped == {"c.md": EMPTY}


# --- Renames ------------------------------------------------------------------------------------------------


def test_the_same_bytes_under_a_new_name_are_a_rename_and_no_delete() -> None:
    plan = plan_for(state(["old.md"]), document("new.md"))
    assert plan.renamed == (("old.md", "new.md"),)
    assert [op.kind for op in plan.operations] == ["upload", "delete"]
    assert plan.deletes == []


def test_a_rename_with_a_change_is_a_delete_and_an_upload() -> None:
    plan = plan_for(state(["old.md"]), document("new.md", "two"))
    assert plan.renamed == ()
    assert [op.path for op in plan.deletes] == ["old.md"]


def test_a_path_that_is_replaced_by_another_ones_bytes_is_no_rename() -> None:
    before = state({"a.md": entry("a.md"), "b.md": entry("b.md", "two")})
    plan = plan_for(before, document("b.md"))
    assert [(op.kind, op.path) for op in plan.operations] == [("delete", "a.md"), ("replace", "b.md")]
    assert plan.renamed == ()


def test_the_old_name_stays_while_the_new_one_is_refused_for_good() -> None:
    wanted = document("new.md")
    before = replace(state(["old.md"]), failed={"new.md": Failure(wanted.blob, wanted.tag, "unsupported_file")})
    assert plan_for(before, wanted).operations == ()
    mended = plan_for(before, document("new.md", "mended"))
    assert [(op.kind, op.path) for op in mended.operations] == [("upload", "new.md"), ("delete", "old.md")]


def test_a_refused_document_holds_one_old_name_and_not_every_copy() -> None:
    wanted = document("new.md")
    before = replace(
        state(["old-1.md", "old-2.md"]), failed={"new.md": Failure(wanted.blob, wanted.tag, "unsupported_file")}
    )
    assert [(op.kind, op.path) for op in plan_for(before, wanted).operations] == [("delete", "old-2.md")]


# --- What is left of earlier runs ---------------------------------------------------------------------------


def refused(path: str, wanted: Document) -> dict[str, Failure]:
    return {path: Failure(wanted.blob, wanted.tag, "invalid_file")}


def test_a_refused_document_is_not_tried_again_and_still_reported() -> None:
    wanted = document("a.md", "bad")
    before = replace(state(["a.md", "b.md"]), failed=refused("a.md", wanted))
    plan = plan_for(before, wanted, document("b.md"))
    assert plan.is_empty
    assert plan.failed == before.failed
    assert plan.unchanged == 1


@pytest.mark.parametrize("wanted", [document("a.md", "mended"), document("a.md", "bad", target=RETAGGED)])
def test_a_refused_document_that_changed_is_tried_again(wanted: Document) -> None:
    before = replace(state(), failed=refused("a.md", document("a.md", "bad")))
    plan = plan_for(before, wanted)
    assert [op.kind for op in plan.operations] == ["upload"]
    assert plan.failed == {}


def test_a_refused_document_that_is_gone_is_forgotten() -> None:
    before = replace(state(), failed=refused("a.md", document("a.md")))
    assert plan_for(before).failed == {}
    assert plan_for(before, scope={"a.md"}).failed == {}
    assert plan_for(before, scope={"b.md"}).failed == before.failed


def test_a_diff_counts_what_is_unchanged_as_the_whole_comparison_does() -> None:
    wanted = document("a.md", "bad")
    before = replace(state(["a.md", "b.md"]), failed=refused("a.md", wanted))
    assert plan_for(before, scope=set()).unchanged == plan_for(before, wanted, document("b.md")).unchanged


def test_superseded_ids_that_are_still_there_are_something_to_do() -> None:
    plan = plan_for(state(["a.md"], pending_delete=("file-9", "file-8", "file-9")), document("a.md"))
    assert plan.operations == ()
    assert plan.pending_delete == ("file-8", "file-9")
    assert not plan.is_empty


def test_the_size_of_a_plan_is_that_of_its_uploads() -> None:
    before = state(["a.md", "b.md", "c.md"])
    plan = plan_for(
        before,
        document("a.md", "two", size=100),
        document("b.md", target=RETAGGED, size=1_000),
        document("new.md", size=10),
        document("unknown.md"),
    )
    assert plan.upload_bytes == 110
    assert [op.path for op in plan.of("upload", "retag")] == ["b.md", "new.md", "unknown.md"]


# --- Documents whose file stops being a document ------------------------------------------------------------------


def test_a_document_whose_file_is_skipped_now_is_dropped_and_a_removed_file_is_not() -> None:
    skipped = {"a.md": EMPTY, "new.md": EMPTY, "b.md": Skipped("l" * 40, "symlink")}
    plan = make_plan(
        state({"a.md": entry("a.md", "1"), "b.md": entry("b.md", "2"), "c.md": entry("c.md", "3")}), {}, skipped
    )
    assert plan.dropped == {"a.md": "empty", "b.md": "symlink"}
    assert [op.path for op in plan.deletes] == ["a.md", "b.md", "c.md"]


def test_a_document_that_goes_on_under_another_name_is_not_dropped() -> None:
    # A link stands where the document was: `git mv` and `ln -s`.
    plan = make_plan(state(["a.md"]), by_path(document("b.md")), {"a.md": Skipped("l" * 40, "symlink")})
    assert (plan.renamed, plan.dropped) == ((("a.md", "b.md"),), {})


def test_a_document_that_is_held_under_its_old_name_is_not_dropped() -> None:
    known = replace(state(["a.md"]), failed={"b.md": Failure(document("b.md").blob, document("b.md").tag, "x")})
    plan = make_plan(known, by_path(document("b.md")), {"a.md": EMPTY})
    assert (plan.held, plan.operations, plan.dropped) == ({"a.md": "b.md"}, (), {})


def test_a_name_that_is_shown_like_the_documents_path_is_another_file() -> None:
    plan = make_plan(state(["caf\\xe9.md"]), {}, {"caf\\xe9.md": Skipped("e" * 40, "undecodable-name")})
    assert (len(plan.deletes), plan.dropped) == (1, {})


# --- Documents that are uploaded again ----------------------------------------------------------------------


def is_a(path: str) -> bool:
    return path == "a.md"


def test_what_is_uploaded_again_is_replaced_although_it_is_the_same() -> None:
    known = state(["a.md", "b.md"])
    plan = make_plan(known, by_path(document("a.md"), document("b.md")), {}, again=is_a)
    assert plan.operations == (Operation("replace", "a.md", document("a.md"), known.files["a.md"]),)
    assert (plan.unchanged, plan.existing) == (1, 2)


def test_what_is_uploaded_again_is_looked_at() -> None:
    documents = [document("a.md"), document("b.md")]
    assert to_inspect(state(["a.md", "b.md"]), documents, is_a) == [document("a.md")]


def test_a_document_that_was_refused_for_good_is_tried_again() -> None:
    wanted = document("a.md")
    known = replace(state(), failed={"a.md": Failure(wanted.blob, wanted.tag, "invalid_file")})
    plan = make_plan(known, by_path(wanted), {}, again=is_a)
    assert plan.operations == (Operation("upload", "a.md", wanted),)
    assert not plan.failed
    assert to_inspect(known, [wanted], is_a) == [wanted]


def test_bytes_that_cannot_be_a_document_are_not_tried_again() -> None:
    known = replace(state(), skipped={"a.md": Skipped(document("a.md").blob, "empty")})
    assert to_inspect(known, [document("a.md")], is_a) == []


def test_another_attribute_of_what_is_uploaded_again_needs_no_operation_of_its_own() -> None:
    plan = make_plan(state(["a.md"]), by_path(document("a.md", target=RETAGGED)), {}, again=is_a)
    assert [operation.kind for operation in plan.operations] == ["replace"]


def test_what_is_removed_or_renamed_stays_so_although_it_matches() -> None:
    plan = make_plan(state(["a.md"]), by_path(document("moved.md")), {}, again=lambda path: True)
    assert plan.renamed == (("a.md", "moved.md"),)
    assert [operation.kind for operation in plan.operations] == ["delete", "upload"]
