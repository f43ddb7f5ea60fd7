"""Whether a plan may be carried out."""

from __future__ import annotations

import re

import pytest

from tests.support.builders import by_path, document, state
from vsync.config.limits import Limits
from vsync.config.settings import resolve
from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.plan.limits import DEFAULT_MAX_UPLOAD_BYTES, DEFAULT_MAX_UPLOADS, refusal
from vsync.plan.plan import Plan, make_plan
from vsync.state.manifest import Skipped, TargetState

RETAGGED = Target(source="acme/docs", attributes={"team": "docs"})


def plan_for(known: TargetState, *documents: Document, scope: set[str] | None = None) -> Plan:
    return make_plan(known, by_path(*documents), {}, scope)


def deleting(deletes: int, existing: int) -> Plan:
    paths = [f"{number:05}.md" for number in range(existing)]
    return plan_for(state(paths), *map(document, paths[deletes:]))


def uploading(count: int, each: int = 1) -> Plan:
    return plan_for(state(["kept.md"]), document("kept.md"), *(document(f"{n}.md", size=each) for n in range(count)))


@pytest.mark.parametrize(
    ("deletes", "existing", "limits", "words"),
    [
        (0, 5, Limits(), None),
        (0, 0, Limits(), None),
        (4, 5, Limits(), None),
        (5, 5, Limits(), ["deletes 5 of 5 documents", "all of them"]),
        (1, 1, Limits(), ["deletes 1 of 1 document,", "all of them"]),
        (8, 9, Limits(), None),
        (5, 10, Limits(), None),
        (6, 10, Limits(), ["deletes 6 of 10 documents", "more than half"]),
        (10, 10, Limits(), ["deletes 10 of 10 documents", "all of them"]),
        (3, 10, Limits(max_deletes=3), None),
        (4, 10, Limits(max_deletes=3), ["deletes 4 of 10 documents", "allows 3"]),
        (1, 10, Limits(max_deletes=0), ["deletes 1 of 10 documents", "allows 0"]),
        (10, 10, Limits(max_deletes=10), None),
        (3, 10, Limits(max_delete_percent=30.0), None),
        (4, 10, Limits(max_delete_percent=30.0), ["deletes 4 of 10 documents", "allows 30%"]),
        (1, 10, Limits(max_delete_percent=2.5), ["deletes 1 of 10 documents", "allows 2.5%"]),
        (10, 10, Limits(max_delete_percent=100.0), None),
        (10, 10, Limits(force=True), None),
    ],
)
def test_too_many_deletes_are_refused(deletes: int, existing: int, limits: Limits, words: list[str] | None) -> None:
    found = refusal(deleting(deletes, existing), limits)
    if words is None:
        assert found is None
    else:
        assert found is not None
        for word in [*words, "--max-delete", "input max-delete", "--force"]:
            assert word in found


def test_renames_are_no_deletes() -> None:
    old, new = [f"old/{n}.md" for n in range(20)], [f"new/{n}.md" for n in range(20)]
    assert refusal(plan_for(state(old), *map(document, new)), Limits(max_deletes=0)) is None


def test_an_empty_selection_is_refused_at_any_size() -> None:
    for existing in (1, 2, 9, 10, 100):
        found = refusal(plan_for(state([f"{n}.md" for n in range(existing)])), Limits())
        assert found is not None
        assert "check the include and exclude patterns" in found


@pytest.mark.parametrize(
    ("count", "each", "limits", "words"),
    [
        (DEFAULT_MAX_UPLOADS, 1, Limits(), None),
        (DEFAULT_MAX_UPLOADS + 1, 1, Limits(), ["uploads 2,001 documents", "limit is 2,000"]),
        (1, DEFAULT_MAX_UPLOAD_BYTES, Limits(), None),
        (2, 300_000_000, Limits(), ["uploads 600.0 MB", "limit is 500.0 MB"]),
        (3, 1, Limits(max_uploads=3), None),
        (4, 1, Limits(max_uploads=3), ["uploads 4 documents", "limit is 3"]),
        (1, 1, Limits(max_uploads=0), ["uploads 1 document;", "limit is 0"]),
        (2, 1_000_000, Limits(max_upload_bytes=2_000_000), None),
        (3, 1_000_000, Limits(max_upload_bytes=2_000_000), ["uploads 3.0 MB", "limit is 2.0 MB"]),
        (2, 400, Limits(max_upload_bytes=500), ["uploads 800 bytes", "limit is 500 bytes"]),
        (DEFAULT_MAX_UPLOADS + 1, 300_000_000, Limits(force=True), None),
    ],
)
def test_too_many_uploads_are_refused(count: int, each: int, limits: Limits, words: list[str] | None) -> None:
    found = refusal(uploading(count, each), limits)
    if words is None:
        assert found is None
    else:
        assert found is not None
        for word in [*words, "--max-upload", "input max-upload", "--force"]:
            assert word in found


def test_replacements_count_as_uploads_and_retags_do_not() -> None:
    before = state(["a.md", "b.md"])
    plan = plan_for(before, document("a.md", "two", size=5), document("b.md", target=RETAGGED))
    assert refusal(plan, Limits(max_uploads=1)) is None
    assert refusal(plan, Limits(max_uploads=0)) is not None


def test_all_that_is_too_much_is_told_at_once() -> None:
    paths = [f"{n}.md" for n in range(4)]
    plan = plan_for(state(paths), *(document(f"new-{n}.md", "two", size=1) for n in range(3)))
    found = refusal(plan, Limits(max_uploads=2))
    assert found is not None
    assert "deletes 4 of 4" in found
    assert "uploads 3" in found


OVER = [
    deleting(5, 5),
    deleting(6, 10),
    uploading(DEFAULT_MAX_UPLOADS + 1),
    uploading(2, 300_000_000),
    uploading(1, DEFAULT_MAX_UPLOAD_BYTES + 1),
    uploading(DEFAULT_MAX_UPLOADS + 1, 1_000_000),
]


@pytest.mark.parametrize("plan", OVER)
def test_who_does_what_the_message_says_gets_through(plan: Plan) -> None:
    given: dict[str, str] = {}
    found = refusal(plan, Limits())
    for _ in range(3):
        if found is None:
            break
        given.update(re.findall(r"--(max-delete|max-upload) ([0-9A-Za-z,]+)", found))
        found = refusal(plan, resolve(given, {}).target.limits)
    assert found is None, f"still refused with {given}"


NO_LONGER = "the file can no longer be a document: see the skipped files"


def dropping(dropped: int, removed: int, existing: int) -> Plan:
    paths = [f"{number:05}.md" for number in range(existing)]
    kept = by_path(*map(document, paths[dropped + removed :]))
    return make_plan(state(paths), kept, {path: Skipped("p" * 40, "lfs-pointer") for path in paths[:dropped]})


@pytest.mark.parametrize(
    ("dropped", "removed", "existing", "why"),
    [
        (10, 0, 10, "deletes 10 of 10 documents (10 of them because {NO_LONGER}), which is all of them."),
        (1, 9, 10, "deletes 10 of 10 documents (1 of them because {NO_LONGER}), which is all of them."),
        (6, 0, 10, "deletes 6 of 10 documents (6 of them because {NO_LONGER}), which is more than half."),
        (5, 0, 10, None),
    ],
)
def test_documents_whose_file_stops_being_one_count_as_deletes(
    dropped: int, removed: int, existing: int, why: str | None
) -> None:
    found = refusal(dropping(dropped, removed, existing), Limits())
    assert found is None if why is None else why.format(NO_LONGER=NO_LONGER) in (found or "")
    assert "patterns" not in (found or "")
