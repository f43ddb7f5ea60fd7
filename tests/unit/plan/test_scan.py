"""From a source and a known state to a plan: what is compared, what is read, and what that means."""

from __future__ import annotations

import codecs
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from tests.support.builders import COMMIT, HEAD, TARGET, MemorySource, Tree, TreeFile, entry, state
from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.documents.secret_scan import Finding
from vsync.documents.selection import Rules
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.plan.comparison import Comparison
from vsync.plan.scan import Scan, list_documents, scan
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
        b"vendor": TreeFile(b"", SUBMODULE),
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
        "latin.md": "not-text",
        "link.md": "symlink",
        "pointer.pdf": "lfs-pointer",
        "vendor": "submodule",
    }
    assert "large.pdf" not in source.read_paths


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
