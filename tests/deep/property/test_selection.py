"""Laws of selection: a diff selects what a look at the whole tree selects, also where marks and templates come and go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.builders import COMMIT, HEAD, TARGET, MemorySource, Tree, TreeFile
from vsync.config.targets import Target
from vsync.documents.selection import Rules, Selector
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan
from vsync.plan.scan import difference, list_documents, scan
from vsync.plan.selected import selector_for
from vsync.state.manifest import EMPTY_STATE, Entry, TargetState

PATHS = [
    "a.md",
    "page.html",
    "docs/b.md",
    "docs/fixtures/c.md",
    "docs/LICENSE.md",
    "vendor/d.html",
    "README",
    "src/x.py",
    "docs/page.html",
]
CONTENTS = [
    TreeFile(b"one"),
    TreeFile(b"two"),
    TreeFile(b"{{ title }}"),
    TreeFile(b""),
    TreeFile(b"a.md", SYMLINK),
    TreeFile(b"1", SUBMODULE),
]
MARKS = [
    b"*.md linguist-vendored\n",
    b"docs/** linguist-generated\n",
    b"*.html -linguist-vendored\n",
    b"* -linguist-vendored -linguist-generated\n",
    b"fixtures/* linguist-vendored\nb.md linguist-vendored\n",
    b"",
]
PATTERNS = ["docs/", "*.md", "fixtures/", "/docs/page.html", "!b.md", "*", "vendor/", "nothing/", "LICENSE*"]


def _tree(files: dict[str, TreeFile]) -> Tree:
    return {path.encode(): file for path, file in files.items()}


FILES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), max_size=9)
ATTRIBUTES = st.dictionaries(
    st.sampled_from([".gitattributes", "docs/.gitattributes"]), st.sampled_from(MARKS).map(TreeFile), max_size=2
)
TREES = st.builds(lambda files, marks: _tree({**files, **marks}), FILES, ATTRIBUTES)
RULES = st.builds(
    Rules,
    include=st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple),
    exclude=st.lists(st.sampled_from(PATTERNS), max_size=1).map(tuple),
    types=st.sampled_from([None, None, "documentation", "any"]),
    root=st.sampled_from(["", "", "docs"]),
)


def after(plan: Plan, known: TargetState, target: Target) -> TargetState:
    """What a sync of that plan records."""
    files = dict(known.files)
    for op in plan.operations:
        if op.document is None:
            files.pop(op.path)
        else:
            files[op.path] = Entry(op.document.blob, "", op.document.bytes or 0, "file", op.document.tag)
    return replace(
        EMPTY_STATE,
        commit=COMMIT,
        settings=target.fingerprint,
        run={"head": COMMIT},
        files=files,
        skipped=plan.skipped or {},
    )


def operations(plan: Plan) -> list[tuple[str, str, str | None]]:
    return [(op.kind, op.path, op.document.blob if op.document else None) for op in plan.operations]


@given(TREES, TREES, RULES)
@example(
    _tree({"a.md": TreeFile(b"one")}), _tree({"a.md": TreeFile(b"one"), ".gitattributes": TreeFile(MARKS[0])}), Rules()
)
def test_a_diff_gives_the_operations_of_a_full_comparison(old: Tree, new: Tree, rules: Rules) -> None:
    target = replace(TARGET, rules=rules)
    commits = {COMMIT: old, HEAD: new}
    state = after(scan(MemorySource(commits, COMMIT), None, target).plan, EMPTY_STATE, target)
    by_diff = scan(MemorySource(commits, HEAD), state, target).plan
    by_full = scan(MemorySource(commits, HEAD), state, target, full=True).plan
    assert operations(by_diff) == operations(by_full)
    assert (by_diff.skipped, by_diff.unchanged) == (by_full.skipped, by_full.unchanged)
    assert by_diff.advice.warnings == by_full.advice.warnings
    base, head = MemorySource(commits, COMMIT), MemorySource(commits, HEAD)
    alone = difference(base, head, target, None, Comparison("diff", "")).plan
    assert operations(alone) == operations(by_full)
    assert alone.advice.warnings == by_full.advice.warnings
    first = scan(MemorySource(commits, HEAD), None, target).plan
    assert after(by_diff, state, target).files.keys() == after(first, EMPTY_STATE, target).files.keys()


@given(TREES, RULES, RULES)
def test_other_settings_leave_in_the_store_what_a_first_sync_would_put_there(
    tree: Tree, rules: Rules, other: Rules
) -> None:
    before, target = replace(TARGET, rules=other), replace(TARGET, rules=rules)
    commits = {COMMIT: tree}
    state = after(scan(MemorySource(commits, COMMIT), None, before).plan, EMPTY_STATE, before)
    changed = scan(MemorySource(commits, COMMIT), state, target).plan
    first = scan(MemorySource(commits, COMMIT), None, target).plan
    assert after(changed, state, target).files.keys() == after(first, EMPTY_STATE, target).files.keys()
    assert changed.skipped == first.skipped


@given(TREES, RULES)
def test_a_path_is_listed_exactly_when_there_is_no_reason_against_it(tree: Tree, rules: Rules) -> None:
    target = replace(TARGET, rules=rules)
    source = MemorySource({HEAD: tree}, HEAD)
    listed = set(list_documents(source, target))
    for entry in source.entries():
        path = entry.path.decode()
        why = selector_for(source, target, path).why_not(path, entry.mode)
        skipped = Selector(rules).decide(entry.path, entry.mode).skipped
        assert (path in listed) == (why is None and skipped is None), (path, why)
