"""Files behind Git LFS pointers: read where the checkout has them, whole and checked, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from tests.support.lfs import place_of, pointer_to, store
from vsync.documents.document import Document
from vsync.documents.inspection import MAX_BYTES
from vsync.errors import RepositoryError
from vsync.git.repository import Repository
from vsync.source.base import unread_id
from vsync.source.git import GitSource
from vsync.source.lfs import LfsFiles

TEXT = b"# A large file\n" * 100_000
POINTER = pointer_to(TEXT)


@contextmanager
def opened(repo: Repo, commit: str) -> Iterator[GitSource]:
    with closing(GitSource(Repository(repo.root), commit)) as source:
        yield source


def document(source: GitSource, path: str) -> Document:
    return Document(path, source.find([path.encode()])[0].blob, "")


def content(repo: Repo, commit: str, path: str = "docs/a.md") -> tuple[int, bytes, bytes]:
    """What the source gives for a path: its size, its chunks, and the bytes for upload; empty where it refuses."""
    with opened(repo, commit) as source:
        found = document(source, path)
        size = source.sizes([found])[path]
        chunks = b"".join(source.chunks(found))
        try:
            spooled, blob = source.read(found)
        except RepositoryError:
            return size, chunks, b""
        assert blob == found.blob
        with closing(spooled):
            return size, chunks, spooled.file.read()


WHOLE = (len(TEXT), TEXT, TEXT)
NONE = (len(POINTER), POINTER, b"")


@pytest.fixture
def commit(repo: Repo) -> str:
    return repo.commit({"docs/a.md": POINTER, "docs/b.md": b"text", "empty.md": b""})


def test_a_file_in_gits_own_folder_is_the_documents_content(repo: Repo, commit: str) -> None:
    store(repo.git_folder, TEXT)
    assert content(repo, commit) == WHOLE


def test_a_file_in_the_working_tree_is_the_documents_content(repo: Repo, commit: str) -> None:
    (repo.root / "docs").mkdir()
    (repo.root / "docs" / "a.md").write_bytes(TEXT)
    assert content(repo, commit) == WHOLE


def test_other_files_are_as_they_were(repo: Repo, commit: str) -> None:
    store(repo.git_folder, TEXT)
    assert content(repo, commit, "docs/b.md") == (4, b"text", b"text")
    assert content(repo, commit, "empty.md") == (0, b"", b"")


def test_without_the_file_there_is_the_pointer_and_it_is_never_uploaded(repo: Repo, commit: str) -> None:
    assert content(repo, commit) == NONE
    with opened(repo, commit) as source, pytest.raises(RepositoryError, match="lfs: true"):
        source.read(document(source, "docs/a.md"))


def test_a_checked_out_pointer_is_no_file(repo: Repo, commit: str) -> None:
    repo.checkout()
    assert content(repo, commit) == NONE


@pytest.mark.parametrize("stored", [TEXT[:-1] + b"x", TEXT + b"x", TEXT[:-1], b""])
def test_bytes_of_another_size_or_hash_do_not_count(repo: Repo, commit: str, stored: bytes) -> None:
    store(repo.git_folder, TEXT).write_bytes(stored)
    (repo.root / "docs").mkdir()
    (repo.root / "docs" / "a.md").write_bytes(stored)
    assert content(repo, commit) == NONE


def test_no_link_is_followed(repo: Repo, commit: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(TEXT)
    place = place_of(repo.git_folder, TEXT)
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    (repo.root / "docs").mkdir()
    (repo.root / "docs" / "a.md").symlink_to(outside)
    assert content(repo, commit) == NONE


def test_no_link_of_a_folder_is_followed(repo: Repo, commit: str, tmp_path: Path) -> None:
    store(tmp_path, TEXT)
    (repo.git_folder / "lfs").symlink_to(tmp_path / "lfs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_bytes(TEXT)
    (repo.root / "docs").symlink_to(tmp_path / "docs")
    assert content(repo, commit) == NONE


def test_a_folder_in_the_place_of_a_file_is_no_file(repo: Repo, commit: str) -> None:
    place_of(repo.git_folder, TEXT).mkdir(parents=True)
    assert content(repo, commit) == NONE


def test_a_file_that_is_too_large_is_told_by_its_size_and_not_read(repo: Repo) -> None:
    head = repo.commit({"a.md": pointer_to(TEXT, MAX_BYTES + 1), "b.md": pointer_to(TEXT, 10**17)})
    with store(repo.git_folder, TEXT).open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    with opened(repo, head) as source:
        both = [document(source, "a.md"), document(source, "b.md")]
        assert source.sizes(both) == {"a.md": MAX_BYTES + 1, "b.md": len(pointer_to(TEXT, 10**17))}
        with pytest.raises(RepositoryError, match="too large"):
            source.read(both[0])


def test_a_pointer_that_is_not_understood_stays_a_pointer(repo: Repo) -> None:
    odd = POINTER.replace(b"oid", b"ext-0-x sha256:00\noid")
    head = repo.commit({"docs/a.md": odd})
    store(repo.git_folder, TEXT)
    assert content(repo, head) == (len(odd), odd, b"")


def test_a_large_file_that_begins_like_a_pointer_is_read_to_its_end(repo: Repo) -> None:
    data = b"version https://git-lfs.github.com/spec/v1\n" * 50_000
    head = repo.commit({"docs/a.md": data, "docs/b.md": b"text"})
    with opened(repo, head) as source:
        assert b"".join(source.chunks(document(source, "docs/a.md"))) == data
        assert b"".join(source.chunks(document(source, "docs/b.md"))) == b"text"


def test_a_file_that_changes_after_it_was_looked_at_is_refused(repo: Repo, commit: str) -> None:
    place = store(repo.git_folder, TEXT)
    with opened(repo, commit) as source:
        found = document(source, "docs/a.md")
        assert source.sizes([found]) == {"docs/a.md": len(TEXT)}
        place.write_bytes(TEXT.replace(b"large", b"other"))
        with pytest.raises(RepositoryError, match="has changed"):
            source.read(found)
        place.unlink()
        with pytest.raises(RepositoryError, match="not in this checkout"):
            source.read(found)


def test_a_linked_worktree_has_the_files_of_its_clone(repo: Repo, commit: str, tmp_path: Path) -> None:
    store(repo.git_folder, TEXT)
    repo.git("worktree", "add", "-q", "--no-checkout", str(tmp_path / "linked"), commit)
    assert content(Repo(tmp_path / "linked"), commit) == WHOLE


def test_a_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "bare.git", "--bare")
    head = repo.commit({"docs/a.md": POINTER})
    (repo.root / "docs").mkdir()
    (repo.root / "docs" / "a.md").write_bytes(TEXT)
    assert content(repo, head) == NONE
    store(repo.root, TEXT)
    assert content(repo, head) == WHOLE


def test_a_document_that_could_not_be_read_when_it_was_planned_is_read_when_it_can_be(repo: Repo, commit: str) -> None:
    with opened(repo, commit) as source:
        unread = Document("docs/a.md", unread_id("docs/a.md"), "")
        with pytest.raises(RepositoryError, match="lfs: true"):
            source.read(unread)
        with pytest.raises(RepositoryError, match="no file of the commit"):
            source.read(Document("café\n.md", unread_id("café\n.md"), ""))
    store(repo.git_folder, TEXT)
    with opened(repo, commit) as source:
        spooled, blob = source.read(unread)
        with closing(spooled):
            assert spooled.bytes == len(TEXT)
        assert blob == document(source, "docs/a.md").blob


def test_a_secret_in_a_document_that_nobody_has_looked_at_is_not_uploaded(repo: Repo) -> None:
    text = b"key: AKIA" + b"Q3EGRZ6XW7LTP4NV" + b"\n"
    head = repo.commit({"a.md": pointer_to(text)})
    store(repo.git_folder, text)
    with opened(repo, head) as source, pytest.raises(RepositoryError, match="cannot be a document now: secret"):
        source.read(Document("a.md", unread_id("a.md"), ""))


def test_files_that_arrived_are_found_by_a_cheap_look(repo: Repo, commit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(repo, commit) as source:
        pointer = document(source, "docs/a.md")
        forged = [Document("docs/a.md", "0\n1", ""), Document("../x", "0" * 40, ""), Document("\0", "0" * 40, "")]
        assert not source.arrived([pointer, *forged])
    store(repo.git_folder, TEXT)
    with opened(repo, commit) as source:
        monkeypatch.setattr(LfsFiles, "holds", None)  # nothing is hashed
        assert source.arrived([pointer, document(source, "docs/b.md"), *forged[1:]]) == {"docs/a.md"}
        assert not source.arrived(forged[:1])


def test_a_file_in_the_working_tree_has_arrived(repo: Repo, commit: str) -> None:
    repo.checkout()
    with opened(repo, commit) as source:
        pointer = document(source, "docs/a.md")
        assert not source.arrived([pointer])
        (repo.root / "docs" / "a.md").write_bytes(TEXT)
        assert source.arrived([pointer]) == {"docs/a.md"}
