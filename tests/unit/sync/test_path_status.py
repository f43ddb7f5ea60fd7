"""What has become of one path, from the manifest and the plan for this path alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import by_path, document, entry, state
from vsync.plan.not_here import with_held_pointers
from vsync.plan.plan import make_plan
from vsync.state.manifest import Entry, Failure, Skipped, TargetState
from vsync.sync.path_status import PathState, PathStatus, judge, path_line

HEAD = "d" * 40
IN_STORE = state(["a.md"])


def seen(
    recorded: TargetState | None,
    text: str | None = "one",
    *,
    skipped: str = "",
    why_not: str | None = None,
    tag: str | None = None,
) -> PathStatus:
    """The status of a.md with that text at the head; None: the head has no such file."""
    found = document("a.md", text or "")
    if tag is not None:
        found = replace(found, tag=tag)
    selected = by_path(found) if text is not None and not skipped and why_not is None else {}
    skips = {"a.md": Skipped(found.blob, skipped)} if skipped else {}
    plan = make_plan(recorded or state(), selected, skips, {"a.md"})
    return judge("a.md", recorded, plan, at_head=text is not None, why_not=why_not)


def refused(text: str, *, files: tuple[str, ...] = ()) -> TargetState:
    known = document("a.md", text)
    base = state(files)
    failed = {"a.md": Failure(known.blob, known.tag, "invalid_file")}
    return TargetState(base.vector_store_id, commit=base.commit, files=base.files, failed=failed)


@pytest.mark.parametrize(
    ("status", "word", "line"),
    [
        (seen(IN_STORE), "current", "a.md is in the store (file-a.md, 3 bytes), as it is in dddddddddddd"),
        (
            seen(IN_STORE, "two"),
            "outdated",
            "a.md is in the store (file-a.md, 3 bytes), but not as it is in dddddddddddd. The next sync replaces it",
        ),
        (seen(state()), "waiting", "a.md is not in the store: the next sync uploads it"),
        (
            seen(None),
            "waiting",
            "a.md is not in the store: the next sync uploads it",
        ),
        (
            seen(state(), skipped="empty"),
            "skipped",
            "a.md is not in the store: skipped, empty (the file is empty, or has",
        ),
        (
            seen(IN_STORE, "", skipped="empty"),
            "skipped",
            "a.md is still in the store (file-a.md, 3 bytes), and the next sync removes it: skipped, empty (the file",
        ),
        (
            seen(state(), why_not="excluded by the pattern 'x'"),
            "not-selected",
            "a.md is not in the store: not selected, excluded by the pattern 'x'",
        ),
        (
            seen(IN_STORE, why_not="excluded by the pattern 'x'"),
            "not-selected",
            "a.md is still in the store (file-a.md, 3 bytes), and the next sync removes it: not selected: excluded by",
        ),
        (
            seen(IN_STORE, None),
            "removed",
            "a.md is still in the store (file-a.md, 3 bytes), and the next sync removes it: dddddddddddd does not have",
        ),
        (
            seen(state(), None),
            "not-committed",
            "a.md is not in the store: dddddddddddd does not have it. Commit it first",
        ),
        (
            seen(state(), None, why_not="a file of git"),
            "not-selected",
            "a.md is not in the store: not selected, a file",
        ),
        (seen(refused("one")), "failed", "a.md is not in the store: invalid_file (The store could not parse the file."),
        (
            seen(refused("two", files=("a.md",)), "two"),
            "failed",
            "a.md is in the store (file-a.md, 3 bytes); its newer version failed: invalid_file (The store could not",
        ),
        (seen(refused("two"), "three"), "waiting", "a.md is not in the store: the next sync uploads it"),
    ],
)
def test_each_state_has_a_word_and_a_sentence(status: PathStatus, word: PathState, line: str) -> None:
    assert status.state == word
    assert path_line(status, HEAD).startswith(line)


def test_other_attributes_do_not_make_the_version_old() -> None:
    content, _, _ = document("a.md").tag.partition(".")
    found = seen(IN_STORE, tag=f"{content}.000000")
    assert (found.state, found.why) == ("current", "the next sync gives it other attributes")
    assert path_line(found, HEAD).endswith(": the next sync gives it other attributes")


def test_other_settings_of_the_upload_do() -> None:
    found = seen(IN_STORE, tag="000000.000000")
    assert (found.state, found.why) == ("outdated", "the same file was uploaded with other settings")


def test_an_old_name_stays_while_the_new_one_is_refused() -> None:
    known = document("b.md")
    recorded = TargetState(
        "vs_1", files={"a.md": entry("a.md")}, failed={"b.md": Failure(known.blob, known.tag, "invalid_file")}
    )
    plan = make_plan(recorded, {}, {}, {"a.md"})
    found = judge("a.md", recorded, plan, at_head=False, why_not=None)
    assert (found.state, plan.operations) == ("removed", ())
    assert path_line(found, HEAD).endswith("the file was renamed, and the store has refused it under its new name")


def test_an_old_name_stays_while_the_file_of_its_new_pointer_is_not_here() -> None:
    recorded = TargetState("vs_1", files={"a.md": entry("a.md")})
    skipped = {"b.md": Skipped(entry("a.md").blob, "lfs-pointer")}
    plan = with_held_pointers(make_plan(recorded, {}, skipped), {})
    found = judge("a.md", recorded, plan, at_head=False, why_not=None)
    assert found.state == "removed"
    assert "although" in path_line(found, HEAD)
    assert path_line(found, HEAD).endswith(
        "the file is the Git LFS pointer b.md now, and what it stands for is not in this checkout"
    )


def test_in_a_plain_folder_no_commit_is_named() -> None:
    assert path_line(seen(IN_STORE), None).endswith("as it is in the folder")
    assert path_line(seen(state(), None), None) == "a.md is not in the store: it is not a file"


def test_a_status_as_json() -> None:
    assert seen(refused("two", files=("a.md",)), "two").to_json() == {
        "path": "a.md",
        "state": "failed",
        "in_store": True,
        "file_id": "file-a.md",
        "blob": entry("a.md").blob,
        "failed": "invalid_file",
        "skipped": None,
        "reason": "The store could not parse the file. It may be damaged or encrypted, be a PDF without text, or have too many "
        "tokens. Mend it, or exclude it. vsync tries again when the file changes.",
    }
    assert seen(state(), skipped="empty").to_json()["skipped"] == "empty"
    assert seen(IN_STORE).to_json()["reason"] is None


HOSTILE = "x\n::error::y\x1b[2J"


def test_hostile_names_and_words_do_nothing() -> None:
    held = Entry("b", "s", 1, "file-1", "t")
    states: tuple[PathState, ...] = (
        "current", "outdated", "waiting", "failed", "skipped", "not-selected", "removed", "not-committed",
    )  # fmt: skip
    for word in states:
        for recorded in (None, held):
            assert path_line(PathStatus(HOSTILE, word, recorded, HOSTILE, HOSTILE), HEAD).isprintable()
