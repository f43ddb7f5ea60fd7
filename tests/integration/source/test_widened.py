"""Files behind links and of submodules: they have the link's or the submodule's path, and nothing outside is read."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.gitrepo import Content, Repo, environment, executable, link, submodule
from tests.support.lfs import pointer_to, store
from vsync.documents.document import Document
from vsync.errors import RepositoryError
from vsync.git.changes import FOLDER, SUBMODULE, SYMLINK
from vsync.git.last_changes import LastChange
from vsync.git.repository import Repository
from vsync.source import widened as widening
from vsync.source.base import Source
from vsync.source.folder import FolderSource
from vsync.source.git import GitSource
from vsync.source.links import CIRCLE, DANGLING, OUTSIDE, SUBMODULES
from vsync.source.submodules import NO_COMMIT, NOT_HERE, Submodules
from vsync.source.widened import Widened, widened

SECRET = b"must never be read"
FIRST = 1_704_164_646


@contextmanager
def opened(repo: Repo, commit: str, *, symlinks: bool = True, submodules: bool = True) -> Iterator[Widened]:
    repository = Repository(repo.root)
    found = Submodules(repository, Repository) if submodules else None
    with closing(Widened(GitSource(repository, commit), symlinks=symlinks, submodules=found)) as source:
        yield source


def contents(source: Source) -> dict[str, bytes]:
    """Every file with its bytes, read in each way that a run reads. Links and submodules have none."""
    found = {}
    entries = {entry.path.decode(): entry for entry in source.entries()}
    files = {path: entry for path, entry in entries.items() if entry.mode not in {SYMLINK, SUBMODULE}}
    documents = {path: Document(path, source.identify(entry).blob, "") for path, entry in files.items()}
    source.prefetch(list(documents.values()))
    sizes = source.sizes(list(documents.values()))
    for path, document in documents.items():
        chunks = b"".join(source.chunks(document))
        content, blob = source.read(document)
        with closing(content):
            assert content.file.read() == chunks
        assert (blob, sizes[path]) == (document.blob, len(chunks))
        found[path] = chunks
    return found


def why(source: Source) -> dict[str, str]:
    paths = [entry.path.decode() for entry in source.entries() if entry.mode in {SYMLINK, SUBMODULE}]
    return {path: source.why(path) or "" for path in paths}


# --- Links ----------------------------------------------------------------------------------------------------------

LINKED: dict[str, Content] = {
    "docs/a.md": b"a",
    "docs/sub/b.md": executable(b"b"),
    "README.md": link("docs/a.md"),
    "manual": link("docs/sub"),
    "out.md": link("/etc/passwd"),
    "up.md": link("../../x"),
    "gone.md": link("nowhere.md"),
    "docs/me": link("."),
    "docs/.gitattributes": link("a.md"),
}


def test_files_behind_links_of_a_commit_stand_at_the_links_paths(repo: Repo) -> None:
    commit = repo.commit(LINKED)
    with opened(repo, commit) as source:
        assert contents(source) == {
            "docs/a.md": b"a",
            "docs/sub/b.md": b"b",
            "README.md": b"a",
            "manual/b.md": b"b",
        }
        assert why(source) == {
            "out.md": OUTSIDE,
            "up.md": OUTSIDE,
            "gone.md": DANGLING,
            "docs/me": CIRCLE,
            "docs/.gitattributes": "",
        }
        assert {entry.mode for entry in source.entries() if entry.path == b"manual/b.md"} == {"100755"}


def test_without_the_wish_links_stay_links(repo: Repo) -> None:
    commit = repo.commit(LINKED)
    with opened(repo, commit, symlinks=False) as source:
        assert set(contents(source)) == {"docs/a.md", "docs/sub/b.md"}
        assert set(why(source).values()) == {""}


def test_nothing_wished_is_the_source_itself(repo: Repo) -> None:
    with closing(GitSource(Repository(repo.root), repo.commit({"a.md": b"a"}))) as source:
        assert widened(source, symlinks=False, submodules=None) is source


def test_what_is_asked_for_by_its_path_is_found(repo: Repo) -> None:
    commit = repo.commit(LINKED)
    with opened(repo, commit) as source:
        found = source.find([b"README.md", b"manual", b"manual/b.md", b"docs", b"out.md", b"nowhere"])
    modes = {entry.path: entry.mode for entry in found}
    assert modes == {
        b"README.md": "100644",
        b"manual": FOLDER,
        b"manual/b.md": "100755",
        b"docs": FOLDER,
        b"out.md": SYMLINK,
    }


def test_links_of_a_commit_never_read_the_working_tree(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_bytes(SECRET)
    commit = repo.commit({"a.md": link("b.md"), "docs": link("folder")})
    (repo.root / "b.md").write_bytes(SECRET)
    (repo.root / "folder").symlink_to(tmp_path)
    with opened(repo, commit) as source:
        assert contents(source) == {}
        assert why(source) == {"a.md": DANGLING, "docs": DANGLING}


def test_a_link_with_an_endless_text_is_not_followed(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"a", "long": link("./" * 5_000 + "a.md")})
    with opened(repo, commit) as source:
        assert "long" in why(source)


def test_files_behind_links_of_a_folder_stand_at_the_links_paths(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "docs", root / ".git", outside):
        folder.mkdir(parents=True)
    (root / "docs" / "a.md").write_bytes(b"a")
    (root / ".git" / "config").write_bytes(SECRET)
    (outside / "x.md").write_bytes(SECRET)
    for name, target in {
        "README.md": "docs/a.md",
        "manual": "docs",
        "out": str(outside),
        "around": "../outside",
        "absolute.md": str(root / "docs" / "a.md"),
        "conf.md": ".git/config",
        "git": ".git",
        "loop": "loop",
    }.items():
        (root / name).symlink_to(target)
    with closing(widened(FolderSource(root), symlinks=True, submodules=None)) as source:
        assert contents(source) == {"docs/a.md": b"a", "README.md": b"a", "manual/a.md": b"a"}
        assert why(source) == {
            "out": OUTSIDE,
            "around": OUTSIDE,
            "absolute.md": OUTSIDE,
            "conf.md": DANGLING,
            "git": DANGLING,
            "loop": CIRCLE,
        }


def test_a_folder_that_becomes_a_link_while_it_is_read_leads_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "docs", outside):
        folder.mkdir(parents=True)
        (folder / "a.md").write_bytes(SECRET if folder == outside else b"a")
    (root / "manual").symlink_to("docs")
    with closing(widened(FolderSource(root), symlinks=True, submodules=None)) as source:
        document = Document("manual/a.md", "sha256:00", "")
        assert source.sizes([document]) == {"manual/a.md": 1}
        (root / "docs").rename(root / "old")
        (root / "docs").symlink_to(outside)
        with pytest.raises(RepositoryError):
            source.read(document)


def test_the_history_of_a_file_behind_a_link_is_that_of_the_file(repo: Repo) -> None:
    repo.commit({"docs/a.md": b"a"})
    commit = repo.commit({"manual": link("docs"), "README.md": link("docs/a.md")})
    with opened(repo, commit) as source:
        change = LastChange(FIRST, "C O Mitter")
        paths = ["manual/a.md", "README.md", "docs/a.md"]
        assert source.history(paths).facts == dict.fromkeys(paths, change)


def test_a_file_of_lfs_behind_a_link_is_its_file(repo: Repo) -> None:
    text = b"# Long\n" * 500
    commit = repo.commit({"big.md": pointer_to(text), "docs/b.md": link("../big.md")})
    store(repo.git_folder, text)
    with opened(repo, commit) as source:
        assert contents(source) == {"big.md": text, "docs/b.md": text}
        pointer = Document("docs/b.md", source.find([b"big.md"])[0].blob, "")
        assert source.arrived([pointer]) == {"docs/b.md"}


# --- Submodules -----------------------------------------------------------------------------------------------------


class Super:
    """A repository with a submodule `lib`, as git itself makes them."""

    def __init__(self, folder: Path) -> None:
        self.lib = Repo.make(folder / "lib")
        self.first = self.lib.commit({"a.md": b"old", "docs/b.md": b"b", "README.md": link("a.md")})
        self.at = self.lib.commit({"a.md": b"new"})
        self.repo = Repo.make(folder / "super")
        self.head = self.repo.commit({"top.md": b"top", "lib": submodule(self.at), "to-lib.md": link("lib/docs/b.md")})

    def check_out(self, commit: str = "") -> None:
        """What `submodules: true` of actions/checkout leaves."""
        self.lib.git("clone", "-q", "--bare", "--template=", ".", str(self.modules))
        (self.repo.root / "lib").mkdir()
        (self.repo.root / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")

    @property
    def modules(self) -> Path:
        return self.repo.git_folder / "modules" / "lib"


@pytest.fixture
def made(tmp_path: Path) -> Super:
    return Super(tmp_path)


FILES = {
    "top.md": b"top",
    "lib/a.md": b"new",
    "lib/docs/b.md": b"b",
    "lib/README.md": b"new",
    "to-lib.md": b"b",
}


def test_files_of_a_submodule_have_its_path_and_its_commit(made: Super) -> None:
    made.check_out()
    with opened(made.repo, made.head) as source:
        assert contents(source) == FILES
        assert why(source) == {}
        assert [entry.mode for entry in source.find([b"lib", b"lib/docs", b"lib/a.md"])] == [FOLDER, FOLDER, "100644"]


def test_real_git_leaves_a_submodule_that_is_read(made: Super, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    made.repo.commit({".gitmodules": b'[submodule "other name"]\n\tpath = lib\n\turl = ../lib\n'})
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "clone", "-q", "--recurse-submodules", str(made.repo.root), "."],
        cwd=tmp_path / "clone",
        env=environment(),
        check=True,
        capture_output=True,
    )
    clone = Repo(tmp_path / "clone")
    with opened(clone, clone.git("rev-parse", "HEAD")) as source:
        assert FILES.items() <= contents(source).items()
    # Without its working tree, the folder that is named like its path is looked at.
    (clone.root / "lib" / ".git").unlink()
    (clone.git_folder / "modules" / "other name").rename(clone.git_folder / "modules" / "lib")
    with opened(clone, clone.git("rev-parse", "HEAD")) as source:
        assert FILES.items() <= contents(source).items()


def test_a_submodule_with_a_git_folder_of_its_own_is_read(made: Super) -> None:
    made.lib.clone(made.repo.root / "lib")
    with opened(made.repo, made.head) as source:
        assert contents(source) == FILES


def test_a_submodule_that_is_not_checked_out_is_one_entry_that_says_so(made: Super) -> None:
    (made.repo.root / "lib").mkdir()
    with opened(made.repo, made.head) as source:
        assert contents(source) == {"top.md": b"top"}
        assert why(source) == {"lib": NOT_HERE, "to-lib.md": SUBMODULES}
        assert [entry.mode for entry in source.find([b"lib"])] == [SUBMODULE]


def test_a_submodule_without_the_recorded_commit_says_so(made: Super) -> None:
    made.check_out()
    head = made.repo.commit({"lib": submodule()})
    with opened(made.repo, head) as source:
        assert why(source)["lib"] == NO_COMMIT


def test_without_the_wish_submodules_stay_submodules(made: Super) -> None:
    made.check_out()
    with opened(made.repo, made.head, submodules=False) as source:
        assert contents(source) == {"top.md": b"top"}


def test_a_git_file_that_names_another_repository_is_not_followed(made: Super, tmp_path: Path) -> None:
    (made.repo.root / "lib").mkdir()
    for named in (str(made.lib.git_folder), "../../lib/.git", "../.git", str(made.repo.git_folder)):
        (made.repo.root / "lib" / ".git").write_text(f"gitdir: {named}\n")
        with opened(made.repo, made.head) as source:
            assert why(source)["lib"] == NOT_HERE


def test_links_on_the_way_to_a_submodule_are_not_followed(made: Super) -> None:
    (made.repo.root / "lib").symlink_to(made.lib.root)
    with opened(made.repo, made.head) as source:
        assert why(source)["lib"] == NOT_HERE
    (made.repo.root / "lib").unlink()
    (made.repo.root / "lib").mkdir()
    (made.repo.root / "lib" / ".git").symlink_to(made.lib.git_folder)
    with opened(made.repo, made.head) as source:
        assert why(source)["lib"] == NOT_HERE
    (made.repo.git_folder / "modules").mkdir()
    made.modules.symlink_to(made.lib.git_folder)
    with opened(made.repo, made.head) as source:
        assert why(source)["lib"] == NOT_HERE


def test_a_submodule_whose_objects_are_shared_from_elsewhere_is_not_read(made: Super) -> None:
    made.check_out()
    (made.modules / "commondir").write_text(str(made.lib.git_folder))
    with opened(made.repo, made.head) as source:
        assert why(source)["lib"] == NOT_HERE


def test_gitmodules_and_paths_with_dots_lead_nowhere(made: Super, tmp_path: Path) -> None:
    repository = Repository(made.repo.root)
    with closing(repository):
        found = Submodules(repository, Repository)
        for path in (b"../lib", b"a/../../lib", b".", b"", b"/", b"\xff", b"lib\0"):
            assert found.open(path, made.at) == (None, NOT_HERE)


def test_a_submodule_in_a_submodule_is_read_to_a_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, middle, outer = (Repo.make(tmp_path / name) for name in ("inner", "middle", "outer"))
    at_inner = inner.commit({"deep.md": b"deep"})
    at_middle = middle.commit({"inner": submodule(at_inner), "m.md": b"m"})
    head = outer.commit({"middle": submodule(at_middle)})
    modules = outer.git_folder / "modules" / "middle"
    middle.git("clone", "-q", "--bare", "--template=", ".", str(modules))
    inner.git("clone", "-q", "--bare", "--template=", ".", str(modules / "modules" / "inner"))
    with opened(outer, head) as source:
        assert contents(source) == {"middle/inner/deep.md": b"deep", "middle/m.md": b"m"}
    monkeypatch.setattr(widening, "MOST_NESTED", 1)
    with opened(outer, head) as source, pytest.raises(RepositoryError, match="submodules"):
        list(source.entries())


def test_the_history_of_a_submodules_file_is_its_own(made: Super) -> None:
    made.check_out()
    with opened(made.repo, made.head) as source:
        found = source.history(["lib/a.md", "lib/docs/b.md", "top.md"])
    assert {path: fact.when - FIRST for path, fact in found.facts.items()} == {
        "lib/a.md": 1,
        "lib/docs/b.md": 0,
        "top.md": 0,
    }


def test_a_submodule_of_another_user_is_trusted_where_the_repository_is(
    made: Super, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.check_out()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    trusted = partial(Repository, trusted=made.repo.root.parent.resolve())
    for open_at, expected in ((Repository, {"lib": NOT_HERE, "to-lib.md": SUBMODULES}), (trusted, {})):
        repository = trusted(made.repo.root)
        submodules = Submodules(repository, open_at)
        with closing(Widened(GitSource(repository, made.head), symlinks=True, submodules=submodules)) as source:
            assert why(source) == expected


# --- Comparing ------------------------------------------------------------------------------------------------------


def test_a_diff_is_enough_where_there_is_nothing_to_follow(repo: Repo) -> None:
    base = repo.commit({"a.md": b"a"})
    head = repo.commit({"b.md": b"b"})
    with opened(repo, head) as source:
        assert source.why_full(base) is None


@pytest.mark.parametrize(("wished", "words"), [("symlinks", "symbolic links"), ("submodules", "submodules")])
def test_links_and_submodules_of_either_commit_need_the_whole_tree(repo: Repo, wished: str, words: str) -> None:
    extra = {"x": link("a.md") if wished == "symlinks" else submodule()}
    base = repo.commit({"a.md": b"a"})
    middle = repo.commit(extra)
    head = repo.commit({"x": None})
    other = {"symlinks": wished != "symlinks", "submodules": wished != "submodules"}
    for commit, since in ((middle, base), (head, middle), (middle, middle)):
        with opened(repo, commit) as source:
            assert words in (source.why_full(since) or "")
        with opened(repo, commit, **other) as source:
            assert source.why_full(since) is None
    with opened(repo, head) as source:
        assert source.why_full(base) is None


def test_no_process_is_left(made: Super) -> None:
    made.check_out()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with opened(made.repo, made.head) as source:
        contents(source)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
