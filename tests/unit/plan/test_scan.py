"""From a source and a known state to a plan: what is compared, what is read, and what that means."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from tests.support.builders import COMMIT, HEAD, TARGET, MemorySource, Tree, TreeFile, entry, state
from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.documents.secret_scan import Finding
from vsync.documents.selection import Rules
from vsync.git.changes import SUBMODULE, SYMLINK, TreeEntry
from vsync.plan.comparison import Comparison
from vsync.plan.scan import Scan, difference, list_documents, scan
from vsync.state.manifest import Skipped, TargetState, blob_id


def tree(**files: bytes) -> dict[bytes, TreeFile]:
    return {f"{name}.md".encode(): TreeFile(data) for name, data in files.items()}


def known(*paths: str, text: str = "one") -> TargetState:
    return state({path: entry(path, text) for path in paths}, settings=TARGET.fingerprint)


def look(
    old: Tree, new: Tree, before: TargetState | None, target: Target = TARGET, **how: Any
) -> tuple[Scan, MemorySource]:
    source = MemorySource({COMMIT: old, HEAD: new}, HEAD)
    return scan(source, before, target, **how), source


def operations(found: Scan) -> list[tuple[str, str]]:
    return [(op.kind, op.path) for op in found.plan.operations]


def test_a_first_sync_uploads_every_document_with_its_size() -> None:
    found, _ = look({}, tree(a=b"one", b=b"longer"), None)
    assert operations(found) == [("upload", "a.md"), ("upload", "b.md")]
    assert found.plan.upload_bytes == 9
    assert found.comparison.mode == "full"
    assert found.base is None


def test_a_diff_looks_only_at_what_changed() -> None:
    old = tree(a=b"one", b=b"one", c=b"one")
    found, source = look(old, tree(a=b"one", b=b"two", d=b"new"), known("a.md", "b.md", "c.md"))
    assert found.comparison.mode == "diff"
    assert found.base == COMMIT
    assert operations(found) == [("replace", "b.md"), ("delete", "c.md"), ("upload", "d.md")]
    assert sorted(source.read_paths) == ["b.md", "d.md"]


def test_what_is_in_the_store_is_not_read_again() -> None:
    same = tree(a=b"one", b=b"one")
    found, source = look(same, same, known("a.md", "b.md"), full=True)
    assert found.plan.is_empty
    assert source.read_paths == []


def test_the_base_that_was_given_is_the_one_that_is_reported() -> None:
    found, _ = look(tree(), tree(), known(), base=HEAD)
    assert found.base == HEAD
    assert found.comparison.mode == "full"


def test_a_base_that_is_not_in_this_clone_means_everything_is_compared() -> None:
    source = MemorySource({COMMIT: tree(), HEAD: tree(a=b"one")}, HEAD, unknown={COMMIT})
    found = scan(source, known("a.md"), TARGET)
    assert (found.comparison.mode, found.plan.is_empty) == ("full", True)


def test_a_comparison_that_is_decided_is_not_decided_again() -> None:
    decided = Comparison("full", "the store was listed")
    source = MemorySource({COMMIT: tree(), HEAD: tree()}, HEAD)
    assert scan(source, known(), TARGET, because=decided).comparison == decided


class FolderLike(MemorySource):
    """A source without commits."""

    @property
    def _tree(self) -> Tree:
        return self.commits[""]


def test_a_folder_is_always_compared_as_a_whole() -> None:
    source = FolderLike({"": tree(a=b"one")}, None)
    found = scan(source, replace(known("a.md"), commit=None), TARGET)
    assert found.plan.is_empty
    assert "folder" in found.comparison.reason
    assert scan(source, None, TARGET).comparison.reason == "nothing is recorded for this target: first sync"


def test_what_cannot_be_a_document_is_skipped_with_its_reason() -> None:
    new = {
        **tree(empty=b"", latin="größe".encode("latin-1"), fine=b"text"),
        b"link.md": TreeFile(b"fine.md", SYMLINK),
        b"library": TreeFile(b"", SUBMODULE),
        b"caf\xe9.md": TreeFile(b"x"),
        b"pointer.pdf": TreeFile(b"version https://git-lfs.github.com/spec/v1\n"),
        b"large.pdf": TreeFile(b"%PDF" + b"\0" * 2_000),
        b"main.py": TreeFile(b"x"),
    }
    found, source = look({}, new, None)
    assert operations(found) == [("upload", "fine.md"), ("upload", "large.pdf")]
    assert found.plan.skipped is not None
    assert {path: skipped.reason for path, skipped in found.plan.skipped.items()} == {
        "caf\\xe9.md": "undecodable-name",
        "empty.md": "empty",
        "latin.md": "unknown-encoding",
        "link.md": "symlink",
        "pointer.pdf": "lfs-pointer",
        "library": "submodule",
    }
    assert "large.pdf" not in source.read_paths


def test_a_large_text_in_another_encoding_is_planned_as_it_is_sent() -> None:
    text = "Die Dateien werden nicht gelöscht, und für die Änderung ist das nötig.\n" * 20_000
    found, _ = look({}, tree(wide=text.encode("utf-16"), latin=text.encode("latin-1")), None)
    assert found.plan.converted == {"latin.md": "windows-1252", "wide.md": "utf-16"}
    documents = [operation.document for operation in found.plan.operations]
    assert [document and document.bytes for document in documents] == [len(text.encode())] * 2


class Pipe(MemorySource):
    """A source whose pieces come through one pipe: what is left of one document would be taken for the next."""

    left = 0

    def chunks(self, document: Document) -> Generator[bytes]:
        self.left += 1
        yield from super().chunks(document)
        self.left -= 1


def test_every_document_is_read_to_its_end_even_when_its_first_bytes_tell() -> None:
    new = tree(
        bad=b"\xff" * 10_000, pointer=b"version https://git-lfs.github.com/spec/v1\n" + b"x" * 10_000, good=b"one"
    )
    source = Pipe({HEAD: new}, HEAD)
    assert operations(scan(source, None, TARGET)) == [("upload", "good.md")]
    assert source.left == 0


def test_a_document_that_becomes_a_symlink_is_deleted() -> None:
    new = {b"a.md": TreeFile(b"b.md", SYMLINK), b"b.md": TreeFile(b"one")}
    found, _ = look(tree(a=b"one", b=b"one"), new, known("a.md", "b.md"))
    assert operations(found) == [("delete", "a.md")]


def test_a_file_that_was_skipped_before_is_not_read_again() -> None:
    new = tree(bad=b"\xff", good=b"one")
    before = replace(known("good.md"), skipped={"bad.md": Skipped(blob_id(b"\xff"), "not-text")})
    found, source = look(new, new, before, full=True)
    assert found.plan.is_empty
    assert found.plan.skipped == before.skipped
    assert source.read_paths == []


def test_a_file_that_was_skipped_and_is_still_in_the_store_is_deleted_and_never_uploaded() -> None:
    # Left so by a run in which a rename took its bytes elsewhere and failed.
    new = tree(a=b"")
    before = replace(known("a.md"), skipped={"a.md": Skipped(blob_id(b""), "empty")})
    found, _ = look(tree(a=b"one"), new, before, full=True)
    assert operations(found) == [("delete", "a.md")]


TOKEN = ("gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU").encode()


def test_a_file_with_a_secret_is_skipped_and_the_others_go_on() -> None:
    new = {**tree(bad=b"# Setup\n\n" + TOKEN + b"\n", good=b"one"), b"scan.pdf": TreeFile(b"%PDF " + TOKEN * 50)}
    found, _ = look({}, new, None)
    assert operations(found) == [("upload", "good.md"), ("upload", "scan.pdf")]  # what is no text is not searched
    assert found.plan.skipped == {"bad.md": Skipped(blob_id(new[b"bad.md"].data), "secret")}
    assert found.plan.leaks == {"bad.md": (Finding("GitHub token", 3),)}


def test_a_secret_in_utf_16_is_one() -> None:
    text = "größe 日本\n" + TOKEN.decode()
    for data in (text.encode("utf-16"), codecs.BOM_UTF16_BE + text.encode("utf-16-be")):
        found, _ = look({}, tree(bad=data), None)
        assert found.plan.leaks == {"bad.md": (Finding("GitHub token", 2),)}


def test_a_document_that_gets_a_secret_is_deleted_from_the_store() -> None:
    found, _ = look(tree(a=b"one", b=b"one"), tree(a=TOKEN, b=b"one"), known("a.md", "b.md"))
    assert operations(found) == [("delete", "a.md")]
    assert found.plan.leaks == {"a.md": (Finding("GitHub token", 1),)}


def test_a_secret_that_is_known_is_told_without_looking_again_and_allowed_when_asked() -> None:
    new = tree(a=TOKEN, b=b"one")
    before = replace(known("b.md"), skipped={"a.md": Skipped(blob_id(TOKEN), "secret")})
    found, source = look(new, new, before, full=True)
    assert (found.plan.is_empty, found.plan.skipped, source.read_paths) == (True, before.skipped, [])
    assert found.plan.leaks == {}
    allowing = replace(TARGET, rules=Rules(allow_secrets=("/a.md",)))
    found, _ = look(new, new, before, allowing)
    assert found.comparison.reason == "the settings changed since the last sync"
    assert operations(found) == [("upload", "a.md")]
    assert (found.plan.skipped, found.plan.leaks) == ({}, {})


def test_only_the_paths_that_are_allowed_may_hold_secrets() -> None:
    new = {b"docs/keys.md": TreeFile(TOKEN), b"keys.md": TreeFile(TOKEN), b"docs/empty.md": TreeFile(b"")}
    found, _ = look({}, new, None, replace(TARGET, rules=Rules(allow_secrets=("/docs/",))))
    assert operations(found) == [("upload", "docs/keys.md")]
    assert found.plan.skipped is not None
    assert {path: record.reason for path, record in found.plan.skipped.items()} == {
        "docs/empty.md": "empty",
        "keys.md": "secret",
    }


def test_a_file_that_is_named_for_secrets_is_skipped_unread() -> None:
    new = {b"docker/.docker/config.json": TreeFile(b"{}"), b"id_rsa": TreeFile(b"x"), b"config.json": TreeFile(b"{}")}
    found, source = look({}, new, None, replace(TARGET, rules=Rules(include=("*",))))
    assert operations(found) == [("upload", "config.json")]
    assert found.plan.leaks == {"docker/.docker/config.json": (), "id_rsa": ()}
    assert source.read_paths == ["config.json"]
    allowed = Rules(include=("*",), allow_secrets=("config.json", "id_rsa"))
    found, _ = look({}, new, None, replace(TARGET, rules=allowed))
    assert operations(found) == [("upload", "config.json"), ("upload", "docker/.docker/config.json")]
    assert found.plan.skipped is not None
    assert found.plan.skipped["id_rsa"].reason == "unsupported-type"


def test_a_name_of_other_bytes_that_is_shown_alike_does_not_touch_a_document() -> None:
    literal, undecodable = b"caf\\xe9.md", b"caf\xe9.md"
    old = {literal: TreeFile(b"one"), undecodable: TreeFile(b"x")}
    for new in ({literal: TreeFile(b"one"), undecodable: TreeFile(b"y")}, {literal: TreeFile(b"one")}):
        found, _ = look(old, new, known("caf\\xe9.md"))
        assert operations(found) == []


def test_all_documents_of_the_head_are_listed_whatever_they_hold() -> None:
    source = MemorySource(
        {HEAD: {**tree(a=b"", b=b"x"), b"c.md": TreeFile(b"a", SYMLINK), b"d.py": TreeFile(b"")}}, HEAD
    )
    assert list_documents(source, TARGET).keys() == {"a.md", "b.md"}


# --- Marks of .gitattributes --------------------------------------------------------------------------------------

ATTRIBUTES = b".gitattributes"


def marking(*names: str, folder: str = "") -> dict[bytes, TreeFile]:
    lines = "".join(f"{name}.md linguist-vendored\n" for name in names)
    return {f"{folder}.gitattributes".encode(): TreeFile(lines.encode())}


def test_a_marked_file_is_not_selected() -> None:
    found, _ = look({}, {**tree(a=b"one", b=b"one"), **marking("a")}, None)
    assert operations(found) == [("upload", "b.md")]
    assert found.plan.advice.hints == (
        "Not selected, but looks like documentation: 1 .md marked in .gitattributes. "
        "Include patterns can select them (--include, input include).",
    )
    everything = replace(TARGET, rules=Rules(include=("*.md",)))
    assert operations(look({}, {**tree(a=b"one"), **marking("a")}, None, everything)[0]) == [("upload", "a.md")]


def test_a_marked_file_that_changes_is_not_selected_by_a_diff_either() -> None:
    marks = marking("a", folder="x/")
    old = {b"x/a.md": TreeFile(b"one"), b"b.md": TreeFile(b"one"), **marks}
    new = {b"x/a.md": TreeFile(b"two"), b"b.md": TreeFile(b"two"), **marks}
    found, _ = look(old, new, known("b.md"))
    assert (found.comparison.mode, operations(found)) == ("diff", [("replace", "b.md")])


def test_where_the_marks_change_the_whole_tree_is_compared() -> None:
    old = tree(a=b"one", b=b"one")
    found, _ = look(old, {**old, **marking("a")}, known("a.md", "b.md"))
    assert found.comparison == Comparison("full", ".gitattributes changed, which decides what is documentation")
    assert operations(found) == [("delete", "a.md")]
    found, _ = look({**old, **marking("a")}, old, known("b.md"))
    assert operations(found) == [("upload", "a.md")]
    everything = replace(TARGET, rules=Rules(include=("*.md",)))
    before = replace(known("a.md", "b.md"), settings=everything.fingerprint)
    assert look(old, {**old, **marking("a")}, before, everything)[0].comparison.mode == "diff"


def test_a_link_of_that_name_says_nothing() -> None:
    found, _ = look({}, {**tree(a=b"one"), ATTRIBUTES: TreeFile(b"a.md linguist-vendored", SYMLINK)}, None)
    assert operations(found) == [("upload", "a.md")]


def test_the_difference_of_two_commits_knows_the_marks_of_each() -> None:
    old, new = tree(a=b"one", b=b"one"), {**tree(a=b"one", b=b"two", c=b"one"), **marking("a")}
    commits = {COMMIT: old, HEAD: new}
    plan = difference(
        MemorySource(commits, COMMIT), MemorySource(commits, HEAD), TARGET, None, Comparison("diff", "")
    ).plan
    assert [(op.kind, op.path) for op in plan.operations] == [
        ("delete", "a.md"),
        ("replace", "b.md"),
        ("upload", "c.md"),
    ]


# --- Templates ----------------------------------------------------------------------------------------------------

PAGE, TEMPLATE = TreeFile(b"<p>prose</p>"), TreeFile(b"<p>{{ prose }}</p>")


def test_an_html_template_is_skipped_unless_rules_select_it() -> None:
    new = {b"page.html": PAGE, b"base.html": TEMPLATE}
    found, _ = look({}, new, None)
    assert operations(found) == [("upload", "page.html")]
    assert found.plan.skipped == {"base.html": Skipped(blob_id(TEMPLATE.data), "template")}
    for rules in (Rules(("*.html",)), Rules(types="any"), Rules(("base.html",), types="documentation")):
        assert ("upload", "base.html") in operations(look({}, new, None, replace(TARGET, rules=rules))[0])


def test_a_page_that_becomes_a_template_is_told_as_no_document_any_more() -> None:
    before = state({"a.html": entry("a.html", "<p>prose</p>")}, settings=TARGET.fingerprint)
    found, _ = look({b"a.html": PAGE, b"b.md": PAGE}, {b"a.html": TEMPLATE, b"b.md": PAGE}, before)
    assert operations(found) == [("delete", "a.html")]
    assert found.plan.dropped == {"a.html": "template"}


def test_a_template_that_other_settings_put_into_the_store_is_taken_out() -> None:
    text = TEMPLATE.data.decode()
    files = {"a.html": entry("a.html", text), "b.html": entry("b.html", PAGE.data.decode())}
    new = {b"a.html": TEMPLATE, b"b.html": PAGE}
    for settings in ("others", ""):
        found, source = look(new, new, state(files, settings=settings))
        assert operations(found) == [("delete", "a.html")]
        assert sorted(source.read_paths) == ["a.html", "b.html"]
    found, source = look(new, new, state(files, settings=TARGET.fingerprint), full=True)
    assert (operations(found), source.read_paths) == ([], [])


def test_a_template_that_is_known_is_selected_when_the_rules_allow_it() -> None:
    new = {b"a.html": TEMPLATE}
    before = replace(known(), skipped={"a.html": Skipped(blob_id(TEMPLATE.data), "template")}, settings="")
    found, _ = look(new, new, before, replace(TARGET, rules=Rules(types="any")))
    assert operations(found) == [("upload", "a.html")]


# --- Advice -------------------------------------------------------------------------------------------------------


def with_rules(**rules: Any) -> Target:
    return replace(TARGET, rules=Rules(**rules))


def recorded(target: Target, *paths: str) -> TargetState:
    return state({path: entry(path) for path in paths}, settings=target.fingerprint)


class Counting(MemorySource):
    """Counts how often the whole tree is listed."""

    listed = 0

    def entries(self) -> Iterator[TreeEntry]:
        self.listed += 1
        return super().entries()


def test_a_pattern_that_matches_nothing_is_told_by_full_and_by_diff() -> None:
    target = with_rules(include=("*.md", "/dcos/"), exclude=("d.md",))
    same = {**tree(a=b"one", b=b"one"), b"docs/c.txt": TreeFile(b"one")}
    expected = (
        "The include pattern '/dcos/' matches no file of the commit; the nearest path is 'docs/'.",
        "The exclude pattern 'd.md' matches no file of the commit; the nearest path is 'a.md'.",
    )
    for full in (False, True):
        found, _ = look(same, same, recorded(target, "a.md", "b.md"), target, full=full)
        assert found.comparison.mode == ("full" if full else "diff")
        warnings = found.plan.advice.warnings
        assert warnings[0] == expected[0]
        assert warnings[1].startswith("The exclude pattern 'd.md' matches no file")


def test_a_diff_lists_the_tree_only_for_a_pattern_that_no_recorded_path_shows_alive() -> None:
    old = tree(a=b"one", b=b"one", d=b"one")
    for patterns, listed in (((), 0), (("d.md",), 1)):
        target = with_rules(include=("*.md",), exclude=patterns)
        source = Counting({COMMIT: old, HEAD: old}, HEAD)
        found = scan(source, recorded(target, "a.md", "b.md"), target)
        assert (found.comparison.mode, found.plan.advice.warnings, source.listed) == ("diff", (), listed)


def test_a_pattern_whose_last_file_was_removed_is_told_by_the_diff_that_removes_it() -> None:
    target = with_rules(include=("a.md", "b.md"))
    found, _ = look(tree(a=b"one", b=b"one"), tree(b=b"one"), recorded(target, "a.md", "b.md"), target)
    (warning,) = found.plan.advice.warnings
    assert "'a.md' matches no file" in warning


def test_a_diff_tells_of_added_files_and_not_again_of_those_that_change() -> None:
    old = {b"fixtures/a.md": TreeFile(b"one"), **tree(b=b"one")}
    new = {b"fixtures/a.md": TreeFile(b"two"), b"fixtures/c.md": TreeFile(b"one"), **tree(b=b"one")}
    found, _ = look(old, new, known("b.md"))
    assert found.plan.advice.hints[0].startswith("Not selected, but looks like documentation: 1 .md in fixtures/.")
    found, _ = look(new, {**new, b"fixtures/a.md": TreeFile(b"three")}, known("b.md"))
    assert found.plan.advice.hints == ()
    assert "2 .md" in look(old, new, known("b.md"), full=True)[0].plan.advice.hints[0]


def test_the_difference_of_two_commits_has_its_advice() -> None:
    commits = {COMMIT: tree(a=b"one"), HEAD: {**tree(a=b"one", b=b"one"), b"build/c.md": TreeFile(b"one")}}
    rules = with_rules(exclude=("x.md", "b.md", "a.md"))
    plan = difference(
        MemorySource(commits, COMMIT), MemorySource(commits, HEAD), rules, None, Comparison("diff", "")
    ).plan
    assert [text[:26] for text in plan.advice.warnings] == ["The exclude pattern 'x.md'"]
    assert "1 .md in build/" in plan.advice.hints[0]


def test_a_folder_is_named_in_the_warning() -> None:
    found = scan(FolderLike({"": tree(a=b"one")}, None), None, with_rules(exclude=("x.md",)))
    assert "matches no file of the folder" in found.plan.advice.warnings[0]


# --- Root ---------------------------------------------------------------------------------------------------------


def test_documents_of_the_root_keep_their_path_in_the_repository() -> None:
    new = {
        b"docs/a.md": TreeFile(b"x"),
        b"services/api/docs/b.md": TreeFile(b"x"),
        b"services/api/c.md": TreeFile(b"x"),
    }
    found, _ = look({}, new, None, with_rules(include=("/docs/**",), root="services/api"))
    assert operations(found) == [("upload", "services/api/docs/b.md")]


def test_the_marks_above_the_root_count_for_it() -> None:
    new = {b"docs/a.md": TreeFile(b"x"), b"docs/b.md": TreeFile(b"x"), **marking("a")}
    assert operations(look({}, new, None, with_rules(root="docs"))[0]) == [("upload", "docs/b.md")]


# --- Documents that are uploaded again ----------------------------------------------------------------------


def test_documents_that_match_are_found_in_the_whole_tree_and_read_for_their_size() -> None:
    same = tree(a=b"one", b=b"one")
    found, source = look(same, same, known("a.md", "b.md"), reindex=["b*"])
    assert found.comparison.mode == "full"
    assert operations(found) == [("replace", "b.md")]
    assert (found.plan.upload_bytes, source.read_paths, found.unmatched) == (3, ["b.md"], ())


def test_the_last_pattern_that_matches_decides() -> None:
    same = tree(a=b"one", b=b"one")
    found, _ = look(same, same, known("a.md", "b.md"), reindex=["*", "!a.md"])
    assert operations(found) == [("replace", "b.md")]


def test_a_pattern_that_matches_no_document_is_told() -> None:
    same = {**tree(a=b"one"), b"main.c": TreeFile(b"int x;"), b"empty.md": TreeFile(b"")}
    found, _ = look(same, same, known("a.md"), reindex=["a.md", "main.c", "empty.md", "gone.md", "!x"])
    assert found.unmatched == ("main.c", "empty.md", "gone.md")
    assert operations(found) == [("replace", "a.md")]
