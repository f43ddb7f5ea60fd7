"""Laws of planning where a config describes the documents: attributes, front matter, hooks, chunking, urls, rules.

What the store shall hold is computed anew from the bytes and the recipe, without any record. A plan must ask for just what
differs from that: new bytes are uploaded, other attributes are retagged, and nothing else is touched.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Literal, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.builders import MemorySource, Tree, TreeFile
from vsync.config.origin import Origin
from vsync.config.targets import Target
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import NOTHING_SAID, Describing, Hooks, Rule
from vsync.documents.document import upload_filename
from vsync.documents.inspection import Looks, inspect_content
from vsync.documents.prepare import prepare
from vsync.documents.recipe import Recipe, describe
from vsync.documents.secret_scan import Scanner
from vsync.documents.selection import Rules
from vsync.plan.plan import Operation, Plan
from vsync.plan.scan import scan
from vsync.source.content import read_content
from vsync.state.manifest import EMPTY_STATE, Entry, Manifest, TargetState, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.sync.audit import audit
from vsync.sync.next_state import Results, next_state
from vsync.sync.result import final_failures
from vsync.transfer.outcome import FailedDocument, Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "AKIA" + "Q3EGRIZBLZKV7XTN"  # no key of anybody: the search for secrets must find its form


def target(says: Describing = NOTHING_SAID, *rules: Rule, **given: object) -> Target:
    made = Target(source="acme/docs", says=says, described_by=rules)
    chunking = Chunking() if says.chunking is None else says.chunking.after(Chunking())
    return dataclasses.replace(made, attributes=says.attributes, chunking=chunking, **given)  # type: ignore[arg-type]  # mypy: the words are those of Target


STRIPPED = Hooks(front_matter="strip", comments="strip", heading="title", links="absolute")
TARGETS = (
    target(),
    target(Describing(attributes={"team": "docs", "section": "{directory}", "part": "{2}"})),
    target(Describing(front_matter={"title": "title", "team": "team"})),
    target(Describing(front_matter={"title": "doc_title"}, attributes={"named": "{title}"}, directory=8)),
    target(Describing(content=STRIPPED, url="https://docs.acme.dev/{path-without-extension}")),
    target(Describing(content=Hooks(comments="strip"))),
    target(Describing(url="{permalink}", git=("changed", "author")), repository="https://github.com/acme/docs"),
    target(
        Describing(attributes={"team": "docs"}, content=Hooks(comments="strip")),
        Rule(
            ("docs/",),
            Describing(attributes={"team": "api"}, chunking=GivenChunking(400, 200), content=Hooks(comments="keep")),
        ),
        Rule(("a.md",), Describing(front_matter={"team": "team"}, content=Hooks(front_matter="strip"))),
    ),
    target(
        Describing(content=STRIPPED),
        Rule(("*",), Describing(chunking=GivenChunking(400, 200))),
        rules=Rules(exclude=("docs/",)),
    ),
    target(Describing(content=Hooks(heading="source")), repository="https://github.com/acme/docs"),
    target(Describing(content=Hooks(comments="strip", heading="source"))),
    target(
        Describing(front_matter={"title": "title", "team": "team"}, git=("author",), url="{permalink}"),
        Rule(("docs/",), Describing(attributes={"team": "api", "author": "us"})),
        Rule(("*.md",), Describing(front_matter={"title": "url", "team": "author"})),
    ),
)
PATHS = [b"a.md", b"b.md", b"docs/c.md", b"docs/api/d.rst", b"docs/e.txt"]
TEXTS = [
    b"# One\n\nSee [two](docs/c.md).\n",
    b"---\ntitle: First\nteam: docs\n---\n\n# One\n\nSee [two](docs/c.md).\n",
    b"---\ntitle: First\nteam: api\n---\n\n# One\n\nSee [two](docs/c.md).\n",
    b"# One\n\n<!-- to do -->\nSee [two](docs/c.md).\n",
    b"# One\n\n<!-- done -->\nSee [two](docs/c.md).\n",
    b"<!-- only a comment -->\n",
    b"# One\n\n<!-- " + KEY.encode() + b" -->\nText.\n",
    b"---\ntitle: [broken\n---\n\n# One\n",
    b"---\ntitle: First\n---\n",
    "\ufeff---\ntitle: Erste\n---\n\n# Größe\n".encode("utf-16"),
    b"# One\r\n\r\nSee [two](docs/c.md).\r\n",
    b"",
    b"\xff\xfe\xff",
]

Fate = Literal["confirmed", "failed", "refused", "not attempted"]


class Held(NamedTuple):
    """What the store holds under a path. Of what is fixed when it is uploaded, only that it is there."""

    path: str
    filename: str
    sha256: str
    attributes: tuple[tuple[str, object], ...]
    chunking: Chunking


@dataclass(frozen=True)
class Step:
    """One run: at which commit, with which config, and what becomes of its documents."""

    commit: int
    target: int = 0
    fates: Mapping[str, Fate] = field(default_factory=dict)
    shallow: bool = False


FILES = st.builds(TreeFile, st.sampled_from(TEXTS), st.just("100644"))
HISTORIES = st.lists(st.dictionaries(st.sampled_from(PATHS), FILES, max_size=4), min_size=1, max_size=4)
FATES: st.SearchStrategy[dict[str, Fate]] = st.dictionaries(
    st.sampled_from([path.decode() for path in PATHS]),
    st.sampled_from(["failed", "refused", "not attempted"]),
    max_size=2,
)
STEPS = st.lists(
    st.builds(Step, st.integers(0, 3), st.integers(0, len(TARGETS) - 1), FATES, st.sampled_from([False, False, True])),
    min_size=1,
    max_size=5,
)
MANY = settings(max_examples=max(300, settings().max_examples))


def desired(tree: Tree, target: Target) -> dict[str, Held]:
    """What the store shall hold, from the bytes alone."""
    wanted = {}
    for raw, file in tree.items():
        path, recipe = raw.decode(), target.recipes.of(raw.decode())
        if not file.data or (target.rules.exclude and path.startswith("docs/")):
            continue
        if inspect_content(path, [file.data], Looks(Scanner()), recipe).reason is None:
            wanted[path] = held(path, file.data, recipe)
    return wanted


def held(path: str, data: bytes, recipe: Recipe) -> Held:
    prepared = prepare(path, data, recipe)
    attributes = {**describe(recipe, path, prepared.facts).attributes, **dict.fromkeys(recipe.fixed)}
    sha256 = hashlib.sha256(prepared.data).hexdigest()
    return Held(path, upload_filename(path), sha256, tuple(sorted(attributes.items())), recipe.chunking)


class World:
    """A repository's history, its manifest, and a store that is a dictionary."""

    def __init__(self, history: list[dict[bytes, TreeFile]]) -> None:
        self._commits = {f"{number:040}": tree for number, tree in enumerate(history)}
        self._numbers = count(1)
        self.state: TargetState | None = None
        self.store: dict[str, Held] = {}
        self.made: set[str] = set()

    def tree(self, step: Step) -> Tree:
        return list(self._commits.values())[step.commit % len(self._commits)]

    def source(self, step: Step) -> MemorySource:
        heads = list(self._commits)
        source = MemorySource(self._commits, heads[step.commit % len(heads)])
        if step.shallow:
            source.unknown = set(heads) - {source.head or ""}
        return source

    def plan(self, step: Step) -> Plan:
        """The plan of a run. The whole comparison gives the same, and both ask for just what differs."""
        source, target = self.source(step), TARGETS[step.target]
        plan = scan(source, self.state, target).plan
        whole = scan(self.source(step), self.state, target, full=True).plan
        assert kinds(plan) == kinds(whole)
        assert (plan.skipped, plan.failed, plan.held, plan.unchanged) == (
            whole.skipped,
            whole.failed,
            whole.held,
            whole.unchanged,
        )
        self._asks_for_what_differs(plan, desired(self.tree(step), target))
        return plan

    def _asks_for_what_differs(self, plan: Plan, wanted: Mapping[str, Held]) -> None:
        files = self.state.files if self.state else {}
        expected = {}
        for path, document in wanted.items():
            now = self.store[files[path].file_id] if path in files else None
            if path in (plan.failed or {}):
                continue
            if now is None:
                expected[path] = "upload"
            elif (now.sha256, now.filename, now.chunking) != (document.sha256, document.filename, document.chunking):
                expected[path] = "replace"
            elif now.attributes != document.attributes:
                expected[path] = "retag"
        expected |= dict.fromkeys(files.keys() - wanted.keys() - {*plan.held}, "delete")
        assert kinds(plan) == expected

    def run(self, step: Step) -> bool:
        """One run; whether it was complete."""
        plan, source, target = self.plan(step), self.source(step), TARGETS[step.target]
        if plan.is_empty and self.state is not None:
            return True
        before = self.state or dataclasses.replace(EMPTY_STATE, vector_store_id="vs_1")
        outcome = self._transfer(plan, step, source, target)
        results = Results(outcome.confirmed, final_failures(plan, outcome), outcome.discarded, outcome.complete)
        run = audit(plan, outcome, plan_id=None, base=before.commit, head=source.head, origin=Origin(), now=NOW)
        after = next_state(before, plan, results, head=source.head, settings=target.fingerprint, run=run)
        assert set(after.pending_delete) <= self.made
        assert self.store.keys() == {*after.pending_delete, *(entry.file_id for entry in after.files.values())}
        for file_id in after.pending_delete:
            del self.store[file_id]
        self.state = written_and_read(dataclasses.replace(after, pending_delete=()))
        for path, entry in self.state.files.items():
            assert (self.store[entry.file_id].path, self.store[entry.file_id].sha256) == (path, entry.sha256)
        return outcome.complete

    def _transfer(self, plan: Plan, step: Step, source: MemorySource, target: Target) -> Outcome:
        outcome = Outcome()
        for operation in plan.of("upload", "replace", "retag"):
            fate = step.fates.get(operation.path, "confirmed")
            if fate == "confirmed":
                outcome.confirmed[operation.path] = self._carried_out(operation, source, target)
            elif fate == "not attempted":
                outcome.unfinished = True
            else:
                outcome.failed[operation.path] = FailedDocument("code", "message", final=fate == "refused")
        return outcome

    def _carried_out(self, operation: Operation, source: MemorySource, target: Target) -> Entry:
        document, previous = operation.document, operation.previous
        assert document is not None
        attributes = document.attributes
        if attributes is None:
            attributes = (
                target.attributes if document.recipe is None else describe(document.recipe, document.path).attributes
            )
        fixed = document.recipe.fixed if document.recipe is not None else ()
        described = tuple(sorted({**attributes, **dict.fromkeys(fixed)}.items()))
        if operation.kind == "retag":
            assert previous is not None
            self.store[previous.file_id] = self.store[previous.file_id]._replace(attributes=described)
            return previous._replace(blob=document.blob, tag=document.tag)
        content, blob = read_content(source, document)
        assert blob == document.blob
        assert (content.sha256, content.bytes) == (document.sha256, document.bytes)
        file_id = f"file-{next(self._numbers)}"
        chunking = document.recipe.chunking if document.recipe else target.chunking
        name = document.filename or upload_filename(document.path)
        self.store[file_id] = Held(document.path, name, content.sha256, described, chunking)
        self.made.add(file_id)
        return Entry(blob, content.sha256, content.bytes, file_id, document.tag)


def kinds(plan: Plan) -> dict[str, str]:
    return {operation.path: operation.kind for operation in plan.operations}


def written_and_read(state: TargetState) -> TargetState:
    manifest = Manifest("owner-1", "acme/docs", None, {"default": state})
    return parse_manifest(dump_manifest(manifest), "m.json").targets["default"]


def files(**texts: int) -> dict[bytes, TreeFile]:
    return {f"{name}.md".encode(): TreeFile(TEXTS[text]) for name, text in texts.items()}


@MANY
@given(HISTORIES, STEPS, st.integers(0, 3), st.integers(0, len(TARGETS) - 1))
@example([files(a=6, b=0)], [Step(0, 0, {"b.md": "failed"})], 0, 5)
@example([files(a=5, b=0)], [Step(0, 5, {"b.md": "failed"})], 0, 0)
def test_whatever_happened_before_a_run_without_failures_brings_the_store_to_what_the_config_describes(
    history: list[dict[bytes, TreeFile]], steps: list[Step], commit: int, number: int
) -> None:
    world = World(history)
    for step in steps:
        world.run(step)
    last = Step(commit, number)
    world.run(last)
    if not (world.state and world.state.failed):
        assert sorted(world.store.values()) == sorted(desired(world.tree(last), TARGETS[number]).values())
    assert world.plan(last).is_empty


@MANY
@given(
    st.dictionaries(st.sampled_from(PATHS), FILES, min_size=1),
    st.integers(0, len(TARGETS) - 1),
    st.integers(0, len(TARGETS) - 1),
)
def test_another_config_uploads_what_is_sent_otherwise_and_nothing_else(
    tree: dict[bytes, TreeFile], before: int, after: int
) -> None:
    world = World([tree])
    world.run(Step(0, before))
    one, other = desired(tree, TARGETS[before]), desired(tree, TARGETS[after])
    plan = world.plan(Step(0, after))
    sent_otherwise = {path for path in one.keys() & other.keys() if sent(one[path]) != sent(other[path])}
    assert {operation.path for operation in plan.of("replace")} == sent_otherwise
    assert {operation.path for operation in plan.of("upload")} == other.keys() - one.keys()


def sent(document: Held) -> object:
    return document.filename, document.sha256, document.chunking


@given(
    st.dictionaries(st.sampled_from(PATHS), FILES, min_size=1),
    st.text(min_size=1, max_size=300),
    st.integers(0, len(TARGETS) - 1),
)
def test_attributes_alone_never_upload(tree: dict[bytes, TreeFile], value: str, number: int) -> None:
    base = TARGETS[number]
    changed = dataclasses.replace(
        base, attributes={**base.attributes, "note": value.replace("{", "{{").replace("}", "}}")}
    )
    world = World([tree])
    world.run(Step(0, number))
    plan = scan(world.source(Step(0)), world.state, changed).plan
    assert plan.of("upload", "replace", "delete") == []
    assert len(plan.of("retag")) == len(world.store)


def test_a_refused_text_is_tried_again_when_other_hooks_change_it_and_not_before() -> None:
    world = World([files(a=3)])
    assert world.run(Step(0, 5, {"a.md": "refused"}))
    assert world.plan(Step(0, 5)).is_empty
    assert kinds(world.plan(Step(0, 10))) == {"a.md": "upload"}
