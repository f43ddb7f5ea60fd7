"""Laws of planning and bookkeeping, over random histories of commits, settings, failures and interrupted runs.

A history is carried out against a store that is a dictionary. Whatever happens: a diff finds what the whole comparison
finds, nothing goes that is still needed or is not ours, and a run without failures brings the store to the head.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.builders import MemorySource, Tree, TreeFile
from vsync.config.origin import Origin
from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.documents.selection import Rules
from vsync.git.changes import SYMLINK
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Operation, Plan
from vsync.plan.scan import difference, scan
from vsync.report.store_size import size_after, size_of
from vsync.state.manifest import EMPTY_STATE, Entry, Manifest, TargetState, blob_id, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.sync.audit import audit
from vsync.sync.next_state import Results, next_state
from vsync.sync.result import final_failures
from vsync.transfer.outcome import FailedDocument, Outcome

TARGETS = (
    Target(source="acme/docs"),
    Target(source="acme/docs", attributes={"team": "docs"}),
    Target(source="acme/docs", chunking=Chunking(400, 200)),
    Target(source="acme/docs", rules=Rules(exclude=("docs/",))),
)
NOT_TEXT = b"\xff\xff"
PATHS = [b"a.md", b"b.md", b"docs/c.md", b"docs/d.rst", b"e.py", b".github/f.md"]
BLANK = " \ufeff\n".encode()
TEXTS = [b"one", b"two", b"three", b"", BLANK, NOT_TEXT]
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Fate = Literal["confirmed", "tried again", "failed", "refused", "cut off", "not attempted"]


@dataclass(frozen=True)
class Step:
    """One run: at which commit, with which settings, and what becomes of its documents and deletes."""

    commit: int
    target: int = 0
    fates: Mapping[str, Fate] = field(default_factory=dict)
    deletes_fail: bool = False
    shallow: bool = False


MODES = ["100644", "100644", "100644", "100755", SYMLINK]
TREES = st.dictionaries(
    st.sampled_from(PATHS), st.builds(TreeFile, st.sampled_from(TEXTS), st.sampled_from(MODES)), max_size=len(PATHS)
)
# Histories have few paths and texts, so that the same ones come back: as renames, reverts and copies.
HISTORIES = st.lists(
    st.dictionaries(
        st.sampled_from(PATHS[:3]),
        st.builds(TreeFile, st.sampled_from([b"one", b"two", b""]), st.sampled_from([*MODES[:4] * 2, SYMLINK])),
        max_size=3,
    ),
    min_size=1,
    max_size=4,
)
FATES: st.SearchStrategy[dict[str, Fate]] = st.dictionaries(
    st.sampled_from([path.decode() for path in PATHS[:3]]),
    st.sampled_from(["tried again", "failed", "refused", "cut off", "not attempted"]),
    max_size=2,
)
STEPS = st.lists(
    st.builds(
        Step,
        st.integers(0, 3),
        st.sampled_from([0, 0, 1, 2, 3]),
        FATES,
        st.sampled_from([False, False, False, True]),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=6,
)
MANY = settings(max_examples=max(200, settings().max_examples))


def desired(tree: Tree, target: Target) -> dict[str, tuple[str, str]]:
    """What the store should hold, said in other words than the code under test does."""
    wanted = {}
    for raw, file in tree.items():
        path = raw.decode()
        if is_selected(path, target) and file.mode != SYMLINK and file.data not in {b"", BLANK, NOT_TEXT}:
            wanted[path] = (blob_id(file.data), target.tag(path))
    return wanted


def is_selected(path: str, target: Target) -> bool:
    if target.rules.exclude and path.startswith("docs/"):
        return False
    return path.endswith((".md", ".rst")) and not path.startswith(".github/")


class World:
    """A repository's history, its manifest, and a store."""

    def __init__(self, history: list[dict[bytes, TreeFile]]) -> None:
        self._commits = {f"{number:040}": tree for number, tree in enumerate(history)}
        self._numbers = count(1)
        self.state: TargetState | None = None
        self.store: dict[str, tuple[str, str, str]] = {}
        self.made: set[str] = set()

    def plan(self, step: Step) -> tuple[Plan, MemorySource]:
        """The plan of a run, after checking that the whole comparison gives the same."""
        heads = list(self._commits)
        source = MemorySource(self._commits, heads[step.commit % len(heads)])
        if step.shallow:
            source.unknown = set(heads) - {source.head or ""}
        target = TARGETS[step.target]
        plan = scan(source, self.state, target).plan
        whole = scan(source, self.state, target, full=True).plan
        assert plan == whole
        assert plan.dropped == whole.dropped
        assert plan.dropped.keys() == self._dropped(plan, self.tree(step), target)
        return plan, source

    def _dropped(self, plan: Plan, tree: Tree, target: Target) -> set[str]:
        """The documents of the store whose file is still there and is no document now, said in other words."""
        files = self.state.files.keys() if self.state else set()
        still_there = {path for path in map(bytes.decode, tree) if is_selected(path, target)}
        moved = {old for old, _ in plan.renamed}
        return (files & still_there) - desired(tree, target).keys() - moved - {*plan.held}

    def run(self, step: Step) -> bool:
        """One run; whether it was complete."""
        plan, source = self.plan(step)
        if plan.is_empty and self.state is not None:
            return True
        before = self.state or dataclasses.replace(EMPTY_STATE, vector_store_id="vs_1")
        outcome = self._transfer(plan, step)
        results = Results(outcome.confirmed, final_failures(plan, outcome), outcome.discarded, outcome.complete)
        run = audit(plan, outcome, plan_id=None, base=before.commit, head=source.head, origin=Origin(), now=NOW)
        after = next_state(before, plan, results, head=source.head, settings=TARGETS[step.target].fingerprint, run=run)
        self._check(before, plan, outcome, after)
        if not step.deletes_fail:
            for file_id in after.pending_delete:
                del self.store[file_id]
            after = dataclasses.replace(after, pending_delete=())
        self.state = written_and_read(after)
        return outcome.complete

    def _transfer(self, plan: Plan, step: Step) -> Outcome:
        outcome = Outcome()
        for operation in plan.of("upload", "replace", "retag"):
            fate = step.fates.get(operation.path, "confirmed")
            if fate in {"tried again", "cut off"} and operation.kind != "retag":
                outcome.discarded.append(self._upload(operation))
            if fate in {"confirmed", "tried again"}:
                outcome.confirmed[operation.path] = self._put(operation)
            elif fate in {"cut off", "not attempted"}:
                outcome.unfinished = True
            else:
                if operation.kind != "retag":
                    outcome.discarded.append(self._upload(operation))
                outcome.failed[operation.path] = FailedDocument("code", "message", final=fate == "refused")
        return outcome

    def _put(self, operation: Operation) -> Entry:
        assert operation.document is not None
        document, previous = operation.document, operation.previous
        if operation.kind == "retag":
            assert previous is not None
            self.store[previous.file_id] = (document.path, document.blob, document.tag)
            return previous._replace(tag=document.tag)
        return Entry(document.blob, "5" * 64, document.bytes or 0, self._upload(operation), document.tag)

    def _upload(self, operation: Operation) -> str:
        assert operation.document is not None
        document = operation.document
        file_id = f"file-{next(self._numbers)}"
        self.store[file_id] = (document.path, document.blob, document.tag)
        self.made.add(file_id)
        return file_id

    def _check(self, before: TargetState, plan: Plan, outcome: Outcome, after: TargetState) -> None:
        ids = [entry.file_id for entry in after.files.values()]
        pending = set(after.pending_delete)
        assert len(ids) == len(set(ids))
        assert pending.isdisjoint(ids)
        assert pending <= self.made
        assert self.store.keys() == {*ids, *pending}
        for path, entry in after.files.items():
            assert self.store[entry.file_id] == (path, entry.blob, entry.tag)
        for operation in plan.of("replace", "retag"):
            if operation.path not in outcome.confirmed:
                assert after.files[operation.path] == before.files[operation.path]
        for old, new in plan.renamed:
            if new in outcome.confirmed:
                assert old not in after.files
            elif new not in outcome.failed or not outcome.failed[new].final:
                assert after.files[old] == before.files[old]
        untouched = before.files.keys() - {operation.path for operation in plan.operations}
        assert all(after.files[path] == before.files[path] for path in untouched)

    def holds(self, wanted: Mapping[str, tuple[str, str]]) -> None:
        """That the store holds just these documents, each once."""
        assert sorted((path, blob, mark) for path, (blob, mark) in wanted.items()) == sorted(self.store.values())

    def tree(self, step: Step) -> Tree:
        return list(self._commits.values())[step.commit % len(self._commits)]


def written_and_read(state: TargetState) -> TargetState:
    manifest = Manifest("owner-1", "acme/docs", None, {"default": state})
    content = dump_manifest(manifest)
    again = parse_manifest(content, "m.json")
    assert again == manifest
    assert dump_manifest(again) == content
    return again.targets["default"]


ONE, TWO, NONE = {b"a.md": TreeFile(b"one")}, {b"b.md": TreeFile(b"one")}, TreeFile(b"")


@MANY
@given(HISTORIES, STEPS, st.integers(0, 2), st.integers(0, 3))
@example([ONE], [Step(0), Step(0, 3, {"a.md": "failed"})], 0, 0)
@example([{b"docs/c.md": TreeFile(b"one"), **ONE}], [Step(0), Step(0, 3), Step(0, 1, {"a.md": "failed"})], 0, 3)
@example([ONE, {b"a.md": NONE, **TWO}], [Step(0), Step(1, 0, {"b.md": "failed"})], 1, 0)
def test_whatever_happened_before_a_run_without_failures_brings_the_store_to_the_head(
    history: list[dict[bytes, TreeFile]], steps: list[Step], commit: int, target: int
) -> None:
    world = World(history)
    for step in steps:
        world.run(step)
    last = Step(commit, target)
    world.run(last)
    refused = world.state.failed if world.state else {}
    if not refused:
        world.holds(desired(world.tree(last), TARGETS[target]))
    again, _ = world.plan(last)
    assert again.is_empty


@MANY
@given(HISTORIES, STEPS)
@example([ONE, TWO], [Step(0), Step(1, 0, {"b.md": "refused"}), Step(1)])
@example(
    [ONE, TWO, {**TWO, b"docs/c.md": TreeFile(b"two")}, {b"b.md": TreeFile(b"two"), b"docs/c.md": TreeFile(b"two")}],
    [Step(0), Step(1, 0, {"b.md": "refused"}), Step(2), Step(3)],
)
@example([ONE, {**ONE, **TWO}, TWO], [Step(0), Step(1, 0, {"b.md": "refused"}), Step(2), Step(0), Step(2)])
@example([ONE, {b"a.md": TreeFile(b"two")}], [Step(0), Step(1, 0, {"a.md": "refused"}), Step(1)])
def test_a_diff_gives_the_operations_of_the_whole_comparison_and_loses_nothing(
    history: list[dict[bytes, TreeFile]], steps: list[Step]
) -> None:
    world = World(history)
    for step in steps:
        world.run(step)


@given(HISTORIES, STEPS)
def test_a_document_stays_searchable_until_its_new_version_is(
    history: list[dict[bytes, TreeFile]], steps: list[Step]
) -> None:
    world = World(history)
    for step in steps:
        before = world.state.files.keys() if world.state else set()
        world.run(step)
        wanted = desired(world.tree(step), TARGETS[step.target])
        assert world.state is None or before & wanted.keys() <= world.state.files.keys()


@given(TREES, TREES)
@example({b"a.md": TreeFile(b"one", SYMLINK)}, ONE)
def test_one_complete_run_is_enough(old: dict[bytes, TreeFile], new: dict[bytes, TreeFile]) -> None:
    world = World([old, new])
    for step in (Step(0), Step(1)):
        assert world.run(step)
        world.holds(desired(world.tree(step), TARGETS[0]))
        plan, _ = world.plan(step)
        assert (plan.is_empty, plan.dropped) == (True, {})


@given(TREES, TREES, TREES)
@example({}, ONE, TWO)
@example(ONE, ONE, {b"a.md": NONE})
@example(TWO, ONE, {})
def test_the_numbers_of_a_pull_request_agree_with_each_other_and_with_the_sync_after_its_merge(
    stored: dict[bytes, TreeFile], base: dict[bytes, TreeFile], merge: dict[bytes, TreeFile]
) -> None:
    world, target = World([stored, base, merge]), TARGETS[0]
    assert world.run(Step(0))
    trees = {str(number) * 40: tree for number, tree in enumerate((stored, base, merge))}
    at_base, at_merge = MemorySource(trees, "1" * 40), MemorySource(trees, "2" * 40)
    because = Comparison("diff", "the base against the merge")
    found = difference(at_base, at_merge, target, world.state, because)
    documents = desired(merge, target)
    plan, before = found.plan, size_of(found.synced.files, Chunking())
    assert before.documents == len(desired(base, target))
    assert size_after(before, plan, Chunking()).documents == len(documents)
    assert plan.unchanged + len(plan.of("upload", "replace", "retag")) == len(documents)
    # Once the base is synced, the sync of the merge does just that.
    assert world.run(Step(1))
    after, _ = world.plan(Step(2))
    assert [(op.kind, op.path) for op in after.operations] == [(op.kind, op.path) for op in plan.operations]
    assert (after.unchanged, after.renamed, after.dropped) == (plan.unchanged, plan.renamed, plan.dropped)
    assert list(after.skipped or ()) == list(plan.skipped or ())
