"""Documents that a plan would delete only because their content is not in this checkout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import COMMIT, HEAD, MemorySource, TreeFile, by_path, document, state
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.plan.not_here import not_deletable, of_missing_submodules, with_held_pointers
from vsync.plan.plan import Plan, make_plan
from vsync.source.submodules import NOT_HERE
from vsync.state.manifest import Skipped, TargetState

# --- Git LFS ------------------------------------------------------------------------------------------------


def pointer(blob: str) -> Skipped:
    return Skipped(blob, "lfs-pointer")


BEFORE = state(["old.md"])
BLOB, SHA256 = BEFORE.files["old.md"].blob, BEFORE.files["old.md"].sha256


@pytest.mark.parametrize(
    ("new", "names", "held"),
    [
        (pointer(BLOB), {}, {"old.md": "new.md"}),
        (pointer("p"), {"new.md": SHA256}, {"old.md": "new.md"}),
        (pointer("p"), {"new.md": "f" * 64}, {}),
        (pointer("p"), {}, {}),
        (Skipped(BLOB, "secret"), {}, {}),
    ],
)
def test_a_document_stays_when_its_file_is_a_pointer_under_another_name(
    new: Skipped, names: dict[str, str], held: dict[str, str]
) -> None:
    plan = with_held_pointers(make_plan(BEFORE, {}, {"new.md": new}), names)
    assert plan.held == held
    assert [op.path for op in plan.operations] == [path for path in ("old.md",) if path not in held]
    assert plan.unchanged == len(held)


def test_a_pointer_that_was_skipped_before_holds_a_document_in_a_diff_as_well() -> None:
    known = replace(BEFORE, skipped={"new.md": pointer(BLOB)})
    in_part = with_held_pointers(make_plan(known, {}, {}, {"old.md"}), {})
    in_full = with_held_pointers(make_plan(known, {}, {"new.md": pointer(BLOB)}), {})
    assert in_part == in_full
    assert in_part.held == {"old.md": "new.md"}


def test_one_pointer_holds_one_document_and_not_every_copy() -> None:
    known = state(["1.md", "2.md", "3.md"])
    skipped = {"new.md": pointer(BLOB), "newer.md": pointer("p")}
    plan = with_held_pointers(make_plan(known, {}, skipped), {"newer.md": SHA256, "new.md": SHA256})
    assert plan.held == {"1.md": "new.md", "2.md": "newer.md"}
    assert [op.path for op in plan.operations] == ["3.md"]


def test_a_file_that_goes_on_elsewhere_is_not_held() -> None:
    plan = make_plan(BEFORE, by_path(document("here.md")), {"new.md": pointer(BLOB)})
    assert with_held_pointers(plan, {}) == plan
    assert plan.renamed == (("old.md", "here.md"),)


# --- Submodules ---------------------------------------------------------------------------------------------


class Source(MemorySource):
    """A source that lacks these submodules."""

    missing: tuple[str, ...] = ()

    def why(self, path: str) -> str | None:
        return NOT_HERE if path in self.missing else None


def tree(*submodules: str, links: tuple[str, ...] = ()) -> dict[bytes, TreeFile]:
    modes = {**dict.fromkeys(submodules, SUBMODULE), **dict.fromkeys(links, SYMLINK)}
    return {path.encode(): TreeFile(b"", mode) for path, mode in modes.items()}


def missed(source: Source, *missing: str, known: TargetState, kept: tuple[str, ...] = ()) -> dict[str, str]:
    source.missing = missing
    plan = make_plan(known, by_path(*map(document, kept)), {path: Skipped("s", "submodule") for path in missing})
    return of_missing_submodules(source, known, plan)


def texts(*paths: str) -> TargetState:
    """A state whose documents have different bytes, so that there are no renames."""
    known = state(paths)
    return replace(known, files={path: entry._replace(blob=path) for path, entry in known.files.items()})


def test_documents_below_a_missing_submodule_are_its_own() -> None:
    source = Source({COMMIT: tree("lib"), HEAD: tree("lib")}, HEAD)
    assert missed(source, "lib", known=texts("lib/a.md", "lib2/a.md")) == {"lib/a.md": "lib"}


@pytest.mark.parametrize(
    ("before", "now", "missing", "found"),
    [
        (tree("lib"), tree("new"), "new", {"lib/a.md": "new"}),
        (tree(links=("lib",)), tree("new"), "new", {"lib/a.md": "new"}),
        (tree("lib"), tree("lib", "new"), "new", {}),  # a submodule came, and nothing left
        (tree("lib", "new"), tree("new"), "new", {}),  # a submodule left, and nothing came
        (tree(), tree("new"), "new", {}),
        (tree("lib"), tree("lib"), "lib/new", {"lib/a.md": "lib/new"}),
    ],
)
def test_documents_of_what_left_may_be_of_a_missing_submodule_that_is_new(
    before: dict[bytes, TreeFile], now: dict[bytes, TreeFile], missing: str, found: dict[str, str]
) -> None:
    assert missed(Source({COMMIT: before, HEAD: now}, HEAD), missing, known=texts("lib/a.md", "a.md")) == found


def test_a_submodule_that_was_missing_before_has_no_former_path() -> None:
    known = replace(texts("lib/a.md"), skipped={"new": Skipped("s", "submodule")})
    assert missed(Source({COMMIT: tree("lib"), HEAD: tree("new")}, HEAD), "new", known=known) == {}


def test_the_commit_of_a_run_that_left_something_to_retry_counts_as_well() -> None:
    partial = replace(texts("lib/a.md"), run={"head": "p" * 40})
    source = Source({COMMIT: tree(), "p" * 40: tree("lib"), HEAD: tree("new")}, HEAD)
    assert missed(source, "new", known=partial) == {"lib/a.md": "new"}


@pytest.mark.parametrize("commit", [None, COMMIT])
def test_without_the_last_synced_commit_any_document_may_be_of_a_missing_submodule(commit: str | None) -> None:
    source = Source({COMMIT: tree(), HEAD: tree("new")}, HEAD, unknown={COMMIT})
    known = replace(texts("a.md", "kept.md"), commit=commit)
    assert missed(source, "new", known=known, kept=("kept.md",)) == {"a.md": "new"}


def test_without_a_missing_submodule_the_commits_are_not_asked() -> None:
    source = Source({}, HEAD)
    assert of_missing_submodules(source, texts("a.md"), Plan()) == {}
    assert missed(source, known=texts("a.md")) == {}


def test_the_error_names_document_and_submodule_and_what_to_do() -> None:
    below, moved = not_deletable("lib/a.md", "lib"), not_deletable("lib/a.md", "new")
    assert "documents of the submodule 'lib', such as 'lib/a.md'" in below.message
    assert "'new' is new since the last sync" in moved.message
    assert "'lib/a.md', that may be of this submodule" in moved.message
    assert moved.remedy is not None
    assert moved.remedy.endswith("exclude 'new'.")
