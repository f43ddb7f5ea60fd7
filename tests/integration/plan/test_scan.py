"""From real histories to plans: the diff is an optimisation, the tree against the manifest is the truth."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Content, Repo, executable, link, submodule
from tests.support.lfs import pointer_to, store
from vsync.config.limits import Limits
from vsync.config.targets import Target
from vsync.documents import inspection
from vsync.documents.attributes import path_attribute
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.documents.secret_scan import Finding
from vsync.documents.selection import Rules
from vsync.errors import GitUnavailable
from vsync.git.repository import Repository
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import Scan, scan
from vsync.source.base import Source
from vsync.source.folder import FolderSource
from vsync.source.git import GitSource
from vsync.state.manifest import EMPTY_STATE, Entry, Failure, TargetState
from vsync.sync.next_state import Results, next_state

TARGET = Target(source="owner/name")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


@contextmanager
def source_at(repo: Repo, commit: str) -> Iterator[Source]:
    with closing(GitSource(Repository(repo.root), commit)) as source:
        yield source


def look(repo: Repo, commit: str, state: TargetState | None, target: Target = TARGET, **how: Any) -> Scan:
    with source_at(repo, commit) as source:
        return scan(source, state, target, **how)


def applied(
    found: Scan,
    state: TargetState | None,
    head: str | None,
    target: Target = TARGET,
    *,
    refused: Sequence[str] = (),
    left: Sequence[str] = (),
) -> TargetState:
    """The state after a run that confirmed all of a plan, but what was refused for good and what was left to retry."""
    wanted = {op.path: op.document for op in found.plan.operations if op.document is not None}
    confirmed = {path: _entry(document, state) for path, document in wanted.items() if path not in {*refused, *left}}
    failures = {
        path: Failure(wanted[path].blob, wanted[path].tag, "unsupported_file") for path in refused if path in wanted
    }
    results = Results(confirmed, failures, (), complete=not any(path in wanted for path in left))
    new = next_state(
        state or replace(EMPTY_STATE, vector_store_id="vs_1"),
        found.plan,
        results,
        head=head,
        settings=target.fingerprint,
        run={"head": head},
    )
    return replace(new, pending_delete=())


def _entry(document: Document, state: TargetState | None) -> Entry:
    serial = state.serial if state else 0
    sha256 = document.sha256 or "0" * 64
    return Entry(document.blob, sha256, document.bytes or 0, f"file-{serial}-{document.path}", document.tag)


def synced(repo: Repo, commit: str, target: Target = TARGET) -> TargetState:
    return applied(look(repo, commit, None, target), None, commit, target)


def operations(plan: Plan) -> list[tuple[str, str]]:
    return [(op.kind, op.path) for op in plan.operations]


def reasons(plan: Plan) -> dict[str, str]:
    return {path: record.reason for path, record in (plan.skipped or {}).items()}


# --- Which comparison, and why ------------------------------------------------------------------------------


@pytest.fixture
def history(repo: Repo) -> tuple[str, str, str]:
    return (
        repo.commit({"a.md": b"1", "b.md": b"1"}),
        repo.commit({"a.md": b"2"}),
        repo.commit({"c.md": b"1"}),
    )


def test_without_a_manifest_everything_is_looked_at(repo: Repo, history: tuple[str, str, str]) -> None:
    found = look(repo, history[0], None)
    assert (found.comparison.mode, found.base) == ("full", None)
    assert "nothing is recorded" in found.comparison.reason
    assert operations(found.plan) == [("upload", "a.md"), ("upload", "b.md")]


def test_after_a_sync_only_what_git_says_has_changed_is_looked_at(repo: Repo, history: tuple[str, str, str]) -> None:
    found = look(repo, history[2], synced(repo, history[0]))
    assert (found.comparison.mode, found.base) == ("diff", history[0])
    assert history[0][:12] in found.comparison.reason
    assert operations(found.plan) == [("replace", "a.md"), ("upload", "c.md")]
    assert found.plan.unchanged == 1


def test_at_the_synced_commit_there_is_nothing_to_do(repo: Repo, history: tuple[str, str, str]) -> None:
    found = look(repo, history[1], synced(repo, history[1]))
    assert found.comparison.mode == "diff"
    assert found.plan.is_empty
    assert found.plan.unchanged == 2


def test_a_full_comparison_can_be_asked_for(repo: Repo, history: tuple[str, str, str]) -> None:
    found = look(repo, history[2], synced(repo, history[0]), full=True)
    assert (found.comparison.mode, found.comparison.reason) == ("full", "asked for")


@pytest.mark.parametrize(
    "target",
    [
        replace(TARGET, rules=Rules(include=("*.md",))),
        replace(TARGET, rules=Rules(exclude=("b.md",))),
        replace(TARGET, attributes={"team": "docs"}),
        replace(TARGET, chunking=Chunking(400, 100)),
        replace(TARGET, source="owner/renamed"),
    ],
)
def test_changed_settings_mean_a_full_comparison(repo: Repo, history: tuple[str, str, str], target: Target) -> None:
    found = look(repo, history[0], synced(repo, history[0]), target)
    assert found.comparison.mode == "full"
    assert "settings changed" in found.comparison.reason


def test_documents_left_to_retry_mean_a_full_comparison(repo: Repo, history: tuple[str, str, str]) -> None:
    state = synced(repo, history[0])
    partial = applied(look(repo, history[2], state), state, history[2], left=["a.md"])
    assert partial.commit == history[0]
    found = look(repo, history[2], partial)
    assert found.comparison.mode == "full"
    assert "left documents to retry" in found.comparison.reason
    assert operations(found.plan) == [("replace", "a.md")]


def test_a_first_run_that_did_not_complete_means_a_full_comparison(repo: Repo, history: tuple[str, str, str]) -> None:
    partial = applied(look(repo, history[0], None), None, history[0], left=["a.md"])
    found = look(repo, history[0], partial)
    assert (found.comparison.mode, found.comparison.reason) == ("full", "no run has completed yet")
    assert operations(found.plan) == [("upload", "a.md")]


def test_a_given_base_that_is_not_the_manifests_commit_means_a_full_comparison(
    repo: Repo, history: tuple[str, str, str]
) -> None:
    found = look(repo, history[2], synced(repo, history[0]), base=history[1])
    assert (found.comparison.mode, found.base) == ("full", history[1])
    assert "given base" in found.comparison.reason
    assert operations(found.plan) == [("replace", "a.md"), ("upload", "c.md")]


def test_a_base_that_a_shallow_clone_lacks_means_a_full_comparison_that_says_so(
    repo: Repo, history: tuple[str, str, str], tmp_path: Path
) -> None:
    state = synced(repo, history[0])
    shallow = repo.clone(tmp_path / "shallow", "--depth=1")
    found = look(shallow, history[2], state)
    assert found.comparison.mode == "full"
    assert history[0][:12] in found.comparison.reason
    assert "shallow" in found.comparison.reason
    assert found.plan == look(repo, history[2], state).plan


def test_a_rewritten_history_is_compared_in_full_and_gives_the_same_operations(repo: Repo, tmp_path: Path) -> None:
    lost = Repo.make(tmp_path / "lost")
    state = synced(lost, lost.commit({"a.md": b"1", "b.md": b"1"}))
    rewritten = repo.commit({"a.md": b"1", "b.md": b"2"})
    found = look(repo, rewritten, state)
    assert found.comparison.mode == "full"
    assert "does not have the last synced commit" in found.comparison.reason
    assert operations(found.plan) == [("replace", "b.md")]


def test_an_older_head_is_compared_backwards(repo: Repo, history: tuple[str, str, str]) -> None:
    found = look(repo, history[0], synced(repo, history[2]))
    assert found.comparison.mode == "diff"
    assert operations(found.plan) == [("replace", "a.md"), ("delete", "c.md")]


def test_a_diverged_branch_is_compared_with_what_was_synced(repo: Repo) -> None:
    first = repo.commit({"a.md": b"1", "b.md": b"1"})
    repo.git("branch", "other", first)
    ours = repo.commit({"a.md": b"ours", "c.md": b"ours"})
    theirs = repo.commit({"b.md": b"theirs"}, branch="other")
    found = look(repo, theirs, synced(repo, ours))
    assert found.comparison.mode == "diff"
    assert operations(found.plan) == [("replace", "a.md"), ("replace", "b.md"), ("delete", "c.md")]


def test_a_folder_has_no_history_and_is_always_compared_in_full(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"1")
    (tmp_path / "b.md").write_bytes(b"1")
    with closing(FolderSource(tmp_path)) as source:
        first = scan(source, None, TARGET)
        state = applied(first, None, None)
        assert first.comparison.mode == "full"
        assert scan(source, state, TARGET).plan.is_empty
        (tmp_path / "a.md").write_bytes(b"2")
        (tmp_path / "b.md").rename(tmp_path / "c.md")
        found = scan(source, state, TARGET)
    assert found.comparison.mode == "full"
    assert "SHA-256" in found.comparison.reason
    assert found.plan.renamed == (("b.md", "c.md"),)
    assert [op.path for op in found.plan.of("replace")] == ["a.md"]


# --- By diff as by full -------------------------------------------------------------------------------------

Step = Mapping[str, Content]

STEPS: dict[str, list[Step]] = {
    "adds": [{"a.md": b"1"}, {"b.md": b"2", "docs/c.md": b"3"}, {"main.c": b"int x;"}, {"d.md": b"4"}],
    "edits": [{"a.md": b"1", "b.md": b"1"}, {"a.md": b"2"}, {"a.md": b"3", "b.md": b"3"}, {"a.md": b"1"}],
    "removals": [{"a.md": b"1", "b.md": b"1", "c.md": b"1"}, {"a.md": None}, {"b.md": None, "c.md": None}],
    "renames": [
        {"a.md": b"1", "b.md": b"same", "c.md": b"same"},
        {"a.md": None, "docs/a.md": b"1"},
        {"b.md": None, "c.md": None, "x.md": b"same", "y.md": b"same", "z.md": b"same"},
        {"docs/a.md": None, "a.md": b"1 edited"},
        {"x.md": b"y", "y.md": b"x"},
    ],
    "in and out of the documentation types": [
        {"a.md": b"1", "b.c": b"2"},
        {"a.md": None, "a.c": b"1", "b.c": None, "b.md": b"2"},
        {"a.c": None, "a.md": b"1"},
    ],
    "modes": [{"a.md": b"1"}, {"a.md": executable(b"1")}, {"a.md": executable(b"2")}, {"a.md": b"2"}],
    "files and links": [
        {"a.md": b"b.md", "b.md": b"1", "c.md": link("b.md")},
        {"a.md": link("b.md")},
        {"a.md": b"b.md", "c.md": b"b.md"},
        {"a.md": link("elsewhere.md")},
        {"a.md": b"something else"},
    ],
    "files and submodules": [
        {"a.md": b"1", "b.md": b"1"},
        {"a.md": submodule()},
        {"a.md": submodule("9" * 40)},
        {"a.md": b"1"},
    ],
    "files and folders": [
        {"docs.md": b"1", "a/b.md": b"2"},
        {"docs.md/x.md": b"1", "docs.md/y.md": b"3"},
        {"docs.md": b"1", "a": b"no document"},
        {"a/b.md": b"2"},
    ],
    "what cannot be a document": [
        {"a.md": b"1", "b.md": b"", "c.md": b"\xff\xfe\xfd", "d.md": POINTER, "e.pdf": POINTER, "f.md": b"nul\0"},
        {"a.md": b"", "b.md": b"now text", "c.md": b"text"},
        {"a.md": b"back", "d.md": b"real", "e.pdf": b"%PDF-1.7 binary \xff"},
        {"b.md": None, "c.md": None, "f.md": None},
    ],
    "names": [
        {"é.md": b"1", "e\u0301.md": b"2", "new\nline.md": b"3", "-x.md": b"4", "🦊/ .md": b"5"},
        {"é.md": b"11", "new\nline.md": None, "-x.md": b"44"},
        {"e\u0301.md": None, "\x1b[0m.md": b"1"},
    ],
}


def check_every_distance(repo: Repo, commits: Sequence[str], target: Target = TARGET) -> None:
    """From each synced commit to each other one: the diff gives what the full comparison gives, and what a new sync would."""
    states = {commit: synced(repo, commit, target) for commit in commits}
    for base, state in states.items():
        for head in commits:
            if head == base:
                continue
            by_diff = look(repo, head, state, target)
            by_full = look(repo, head, state, target, full=True)
            assert (by_diff.comparison.mode, by_full.comparison.mode) == ("diff", "full")
            assert by_diff.plan == by_full.plan
            after = applied(by_diff, state, head, target)
            assert documents(after) == documents(states[head])
            assert after.skipped == states[head].skipped


def documents(state: TargetState) -> dict[str, tuple[str, str]]:
    return {path: (entry.blob, entry.tag) for path, entry in state.files.items()}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_a_diff_gives_what_a_full_comparison_gives(repo: Repo, steps: Sequence[Step]) -> None:
    check_every_distance(repo, [repo.commit(step) for step in steps])


def test_a_diff_gives_what_a_full_comparison_gives_under_rules(repo: Repo) -> None:
    target = replace(
        TARGET, rules=Rules(("docs/", "*.py", "!docs/private/"), ("*.draft.md",), reserved=("docs/own.md",))
    )
    names = ("docs/a.md", "docs/private/b.md", "src/c.py", "d.md", "docs/e.draft.md", "docs/own.md", "docs/f.zip")
    first = repo.commit(dict.fromkeys(names, b"1"))
    second = repo.commit(dict.fromkeys(names, b"2"))
    third = repo.commit({"docs/a.md": None, "docs/e.draft.md": None, "docs/e.md": b"2", "src/c.py": None, "c.py": b"2"})
    check_every_distance(repo, [first, second, third], target)
    assert set(synced(repo, third, target).files) == {"docs/e.md", "c.py"}


def test_undecodable_names_are_skipped_by_diff_as_by_full(repo: Repo) -> None:
    commits = [
        repo.commit({b"caf\xe9.md": b"1", b"ok.md": b"1"}),
        repo.commit({b"caf\xe9.md": b"2"}),
        repo.commit({b"caf\xe9.md": None, "café.md".encode(): b"2"}),
    ]
    check_every_distance(repo, commits)
    assert reasons(look(repo, commits[1], None).plan) == {"caf\\xe9.md": "undecodable-name"}


def test_a_name_that_looks_like_the_escape_of_an_undecodable_one_is_its_own_document(repo: Repo) -> None:
    commits = [
        repo.commit({b"caf\xe9.md": b"1", b"caf\\xe9.md": b"real"}),
        repo.commit({b"caf\xe9.md": None}),
        repo.commit({b"caf\xe9.md": b"2", b"caf\\xe9.md": b"really"}),
    ]
    states = [synced(repo, commit) for commit in commits]
    assert [set(state.files) for state in states] == [{"caf\\xe9.md"}] * 3
    assert look(repo, commits[1], states[0]).plan.is_empty
    assert operations(look(repo, commits[2], states[1]).plan) == [("replace", "caf\\xe9.md")]


def test_a_link_that_becomes_a_file_of_the_same_bytes_becomes_a_document(repo: Repo) -> None:
    """As a checkout without symlinks commits it: the blob stays the same, only the mode changes."""
    linked = repo.commit({"a.md": link("b.md"), "b.md": b"text"})
    plain = repo.commit({"a.md": b"b.md"})
    state = synced(repo, linked)
    assert reasons(look(repo, linked, None).plan) == {"a.md": "symlink"}
    assert operations(look(repo, plain, state).plan) == [("upload", "a.md")]
    assert operations(look(repo, plain, state, full=True).plan) == [("upload", "a.md")]


NAMES = ["a.md", "b.md", "docs/a.md", "docs/b.txt", "docs", "x.c", "é.md", "deep/er/c.md"]
CONTENTS: list[Callable[[random.Random], Content]] = [
    lambda dice: b"text %d" % dice.randrange(4),
    lambda dice: b"text %d" % dice.randrange(4),
    lambda dice: executable(b"text %d" % dice.randrange(4)),
    lambda dice: link(f"text {dice.randrange(4)}"),
    lambda dice: submodule(f"{dice.randrange(1, 4)}" * 40),
    lambda dice: b"",
    lambda dice: b"\xff\xfe\xfd\xfc",
    lambda dice: POINTER,
    lambda dice: None,
    lambda dice: None,
]


@pytest.mark.parametrize("seed", range(5))
def test_runs_with_any_outcome_over_any_history_keep_diff_and_full_equal(repo: Repo, seed: int) -> None:
    dice = random.Random(seed)
    there: set[str] = set()
    state: TargetState | None = None
    diffs = 0
    for _ in range(8):
        step: dict[str, Content] = {}
        for name in dice.sample(NAMES, dice.randrange(1, 5)):
            content = dice.choice(CONTENTS)(dice)
            clashes = any(one.startswith(f"{name}/") or name.startswith(f"{one}/") for one in there | step.keys())
            if clashes or (content is None and name not in there):
                continue
            step[name] = content
            there = there - {name} if content is None else there | {name}
        head = repo.commit(step)
        found = look(repo, head, state)
        if found.comparison.mode == "diff":
            diffs += 1
            assert found.plan == look(repo, head, state, full=True).plan
        paths = [op.path for op in found.plan.operations]
        refused = [path for path in paths if dice.random() < 0.1]
        left = [path for path in paths if dice.random() < 0.1]
        state = applied(found, state, head, refused=refused, left=left)
    assert diffs, "no run was by diff: nothing was tested"
    head = repo.commit({"last.md": b"1"})
    found = look(repo, head, state)
    final, fresh = applied(found, state, head), synced(repo, head)
    unrefused = {path: value for path, value in documents(fresh).items() if path not in final.failed}
    assert {path: value for path, value in documents(final).items() if path not in final.failed} == unrefused
    assert final.skipped == fresh.skipped


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pointers_whose_files_come_and_go_keep_diff_and_full_equal_and_lose_no_text(repo: Repo, seed: int) -> None:
    dice = random.Random(seed)
    texts = [b"text %d" % number for number in range(4)]
    named = {hashlib.sha256(text).hexdigest() for text in texts}
    there: dict[str, Content] = {}
    state: TargetState | None = None
    diffs = held = missing = 0
    head = ""
    for _ in range(25):
        shutil.rmtree(repo.git_folder / "lfs", ignore_errors=True)
        for text in texts:
            if dice.random() < 0.4:
                store(repo.git_folder, text)
        name, other, text = *dice.sample(["a.md", "b.md", "c.md", "d.md"], 2), dice.choice(texts)
        step: dict[str, Content] = {name: dice.choice([text, pointer_to(text), pointer_to(text)])}
        if name in there and other not in there:
            plain = next(one for one in texts if there[name] in (one, pointer_to(one)))
            step = {name: None, other: pointer_to(plain)}
        elif step == {name: there.get(name)}:
            step = {name: None}
        there = {path: content for path, content in {**there, **step}.items() if content is not None}
        head = repo.commit(step)
        found = look(repo, head, state)
        if found.comparison.mode == "diff":
            diffs += 1
            assert found.plan == look(repo, head, state, full=True).plan
        after = applied(found, state, head, left=found.plan.missing)
        lost = {entry.sha256 for entry in (state.files if state else {}).values()} & named
        lost -= {entry.sha256 for entry in after.files.values()}
        replaced = {op.previous.sha256 for op in found.plan.of("replace") if op.previous is not None}
        new = {path for path, content in step.items() if content is not None and path in reasons(found.plan)}
        awaited = {hashlib.sha256(text).hexdigest() for text in texts for path in new if step[path] == pointer_to(text)}
        assert not (lost - replaced) & awaited
        again = look(repo, head, after).plan
        assert {op.path for op in again.operations} == set(found.plan.missing)
        assert again.held == found.plan.held
        held, missing, state = held + len(again.held), missing + len(again.missing), after
    assert min(diffs, held, missing) > 0, "nothing was tested"
    for text in texts:
        store(repo.git_folder, text)
    final = applied(look(repo, head, state), state, head)
    assert documents(final) == documents(synced(repo, head))
    assert look(repo, head, final).plan.is_empty


# --- What is looked at --------------------------------------------------------------------------------------


def test_every_reason_to_skip_a_selected_path_is_told(repo: Repo) -> None:
    commit = repo.commit(
        {
            b"empty.md": b"",
            b"binary.md": b"\x89PNG\r\n\x1a\n\0\0",
            b"latin1.txt": "é".encode("latin-1"),
            b"pointer.md": POINTER,
            b"pointer.pdf": POINTER,
            b"link.md": link("empty.md"),
            b"module": submodule(),
            b"caf\xe9.md": b"text",
            b"picture.png": b"\x89PNG",
            b"good.md": b"text",
            b"good.pdf": b"%PDF \xff\0",
            b"utf16.txt": "text".encode("utf-16"),
        }
    )
    target = replace(TARGET, rules=Rules(include=("*",)))
    found = look(repo, commit, None, target)
    assert reasons(found.plan) == {
        "empty.md": "empty",
        "binary.md": "not-text",
        "latin1.txt": "unknown-encoding",
        "pointer.md": "lfs-pointer",
        "pointer.pdf": "lfs-pointer",
        "link.md": "symlink",
        "module": "submodule",
        "caf\\xe9.md": "undecodable-name",
        "picture.png": "unsupported-type",
    }
    assert [op.path for op in found.plan.of("upload")] == ["good.md", "good.pdf", "utf16.txt"]


def test_a_document_that_became_unusable_is_deleted_and_told(repo: Repo) -> None:
    first, second = repo.commit({"a.md": b"1", "b.md": b"1"}), repo.commit({"a.md": b"", "b.md": link("a.md")})
    found = look(repo, second, synced(repo, first))
    assert operations(found.plan) == [("delete", "a.md"), ("delete", "b.md")]
    assert reasons(found.plan) == {"a.md": "empty", "b.md": "symlink"}


def test_a_blob_that_unpacks_to_too_much_is_not_unpacked(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MAX_BYTES", 1_000_000)
    commit = repo.commit({"bomb.md": b"\0" * 30_000_000, "bomb.pdf": b"\0" * 1_000_001, "good.md": b"text"})
    tracemalloc.start()
    found = look(repo, commit, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reasons(found.plan) == {"bomb.md": "too-large", "bomb.pdf": "too-large"}
    assert [op.path for op in found.plan.of("upload")] == ["good.md"]
    assert peak < 500_000


def test_a_large_text_is_searched_in_little_memory(repo: Repo) -> None:
    token = b"gh" + b"p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"
    commit = repo.commit({"large.md": b"Lorem ipsum dolor sit amet.\n" * 1_000_000 + token})
    tracemalloc.start()
    found = look(repo, commit, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.plan.leaks == {"large.md": (Finding("GitHub token", 1_000_001),)}
    assert peak < 8_000_000


def test_folders_far_below_each_other_and_names_of_any_length_are_compared(repo: Repo) -> None:
    deep, long = "/".join(["d"] * 1500) + "/a.md", "/".join(["n" * 200] * 30) + "/b.md"
    commit = repo.commit({deep: b"1", long: b"2"})
    found = look(repo, commit, None)
    assert [op.path for op in found.plan.of("upload")] == [deep, long]
    assert {len(path_attribute(path)) for path in (deep, long)} == {256}


def test_nothing_that_a_file_says_of_itself_is_read(repo: Repo) -> None:
    """Without a config that asks for it, front matter is text like any other: nothing that it holds can keep a parser busy."""
    bomb = b"---\na: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 121))
    commit = repo.commit({"yaml.md": bomb + b"---\n", "deep.md": b"---\na: " + b"[" * 200_000 + b"\n---\n"})
    assert [op.path for op in look(repo, commit, None).plan.of("upload")] == ["deep.md", "yaml.md"]


def test_a_large_blob_is_not_read_further_than_needed_and_its_neighbours_are_judged_right(repo: Repo) -> None:
    commit = repo.commit(
        {"a.md": b"\0" + b"x" * 3_000_000, "b.md": b"text", "c.md": b"\xff" * 600_000, "d.md": b"text"}
    )
    found = look(repo, commit, None)
    assert reasons(found.plan) == {"a.md": "not-text", "c.md": "unknown-encoding"}
    assert [op.path for op in found.plan.of("upload")] == ["b.md", "d.md"]


def test_sizes_count_for_limits_when_documents_are_added_or_replaced(repo: Repo) -> None:
    first, second = repo.commit({"a.md": b"x" * 100}), repo.commit({"a.md": b"x" * 1000, "b.md": b"x" * 500})
    found = look(repo, second, synced(repo, first))
    assert found.plan.upload_bytes == 1500
    assert refusal(found.plan, Limits(max_upload_bytes=1499)) is not None
    assert refusal(found.plan, Limits(max_upload_bytes=1500)) is None


def test_sizes_count_for_limits_when_all_is_uploaded_again_for_changed_chunking(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"x" * 1000, "b.md": b"x" * 500})
    target = replace(TARGET, chunking=Chunking(400, 100))
    found = look(repo, commit, synced(repo, commit), target)
    assert operations(found.plan) == [("replace", "a.md"), ("replace", "b.md")]
    assert found.plan.upload_bytes == 1500
    assert refusal(found.plan, Limits(max_upload_bytes=1499)) is not None


def test_changed_attributes_upload_nothing(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"1", "b.md": b"2"})
    target = replace(TARGET, attributes={"team": "docs"})
    found = look(repo, commit, synced(repo, commit), target)
    assert operations(found.plan) == [("retag", "a.md"), ("retag", "b.md")]
    assert found.plan.upload_bytes == 0


# --- Partial clones -----------------------------------------------------------------------------------------


@pytest.fixture
def partial(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[Repo, Callable[[], int]]]:
    """Makes a clone without blobs, and a count of the fetches into it."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")  # the user allows what vsync alone would not

    def make() -> tuple[Repo, Callable[[], int]]:
        clone = repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
        trace = tmp_path / "trace2.json"
        monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))

        def fetches() -> int:
            events = [json.loads(line) for line in trace.read_text().splitlines()]
            return sum(event["event"] == "start" and "fetch" in event["argv"] for event in events)

        return clone, fetches

    return make


def test_in_a_partial_clone_a_first_plan_fetches_once(
    repo: Repo, partial: Callable[[], tuple[Repo, Callable[[], int]]]
) -> None:
    head = repo.commit({f"{number}.md": b"text %d" % number for number in range(20)} | {"not-selected.bin": b"x"})
    clone, fetches = partial()
    found = look(clone, head, None)
    assert len(found.plan.of("upload")) == 20
    assert fetches() == 1


def test_in_a_partial_clone_a_plan_by_diff_fetches_only_what_changed(
    repo: Repo, partial: Callable[[], tuple[Repo, Callable[[], int]]]
) -> None:
    first = repo.commit({f"{number}.md": b"text %d" % number for number in range(20)})
    head = repo.commit({"3.md": b"changed", "5.md": b"changed too"})
    state = synced(repo, first)
    clone, fetches = partial()
    assert operations(look(clone, head, state).plan) == [("replace", "3.md"), ("replace", "5.md")]
    assert fetches() == 1
    objects = clone.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    assert objects.count("blob") == 2


def test_in_a_partial_clone_a_plan_with_nothing_to_do_fetches_nothing(
    repo: Repo, partial: Callable[[], tuple[Repo, Callable[[], int]]]
) -> None:
    head = repo.commit({"a.md": b"1", "b.md": b"2"})
    state = synced(repo, head)
    clone, fetches = partial()
    assert look(clone, head, state).plan.is_empty
    assert look(clone, head, state, full=True).plan.is_empty
    assert fetches() == 0


def test_in_a_partial_clone_what_is_uploaded_again_for_changed_chunking_is_fetched_once(
    repo: Repo, partial: Callable[[], tuple[Repo, Callable[[], int]]]
) -> None:
    head = repo.commit({f"{number}.md": b"text %d" % number for number in range(10)})
    state = synced(repo, head)
    clone, fetches = partial()
    target = replace(TARGET, chunking=Chunking(400, 100))
    with source_at(clone, head) as source:
        found = scan(source, state, target)
        for operation in found.plan.of("replace"):
            assert operation.document is not None
            content, _ = source.read(operation.document)
            content.close()
    assert len(found.plan.of("replace")) == 10
    assert fetches() == 1


def test_in_a_partial_clone_whose_remote_is_gone_the_plan_fails_as_git_unavailable(
    repo: Repo, partial: Callable[[], tuple[Repo, Callable[[], int]]], tmp_path: Path
) -> None:
    head = repo.commit({"a.md": b"1"})
    clone, _ = partial()
    repo.root.rename(tmp_path / "gone")
    with pytest.raises(GitUnavailable, match="partial clone"):
        look(clone, head, None)
