"""Which stores and Files are protected: what the manifest names, wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.github import GitHub
from tests.support.gitrepo import Repo
from vsync.config.origin import origin
from vsync.config.settings import resolve
from vsync.errors import ManifestError, RepositoryError
from vsync.manage.protected import NOTHING, Protected
from vsync.state.manifest import Entry, Manifest, TargetState, dump_manifest
from vsync.sync.git_access import GitAccess
from vsync.sync.named_by_manifest import has_source, named_by_manifest

MANIFEST = dump_manifest(
    Manifest(
        "o",
        "acme/docs",
        targets={
            "docs": TargetState("vs_1", files={"a.md": Entry("0" * 40, "0" * 64, 1, "file-1", "t")}),
            "api": TargetState("vs_2"),
        },
    )
)
NAMED = Protected(
    {"vs_1": ["docs"], "vs_2": ["api"]}, {"file-1": "a.md of the target docs"}, frozenset({("vs_2", "api")})
)


def named(given: Mapping[str, str | bool]) -> Protected:
    notes: list[str] = []
    found = named_by_manifest(resolve(given, {}), origin({}), GitAccess(optional=True), notes.append)
    assert notes == []
    return found


def write(path: Path, content: bytes = MANIFEST) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_file_of_a_repository_is_read_even_before_its_first_commit(repo: Repo) -> None:
    assert named({"repo": str(repo.root)}) == NOTHING
    write(repo.root / ".vsync" / "manifest.json")
    assert named({"repo": str(repo.root)}) == NAMED
    assert named({"repo": str(repo.root), "manifest": "none"}) == NOTHING


def test_another_path_and_a_folder_have_manifests_of_their_own(repo: Repo, tmp_path: Path) -> None:
    write(repo.root / "state.json")
    assert named({"repo": str(repo.root), "manifest": "state.json"}) == NAMED
    write(tmp_path / "plain" / ".vsync" / "manifest.json")
    assert named({"folder": str(tmp_path / "plain")}) == NAMED


def test_without_a_repository_there_is_no_manifest(tmp_path: Path) -> None:
    settings = resolve({"repo": str(tmp_path)}, {})
    assert not has_source(settings)
    assert named({"repo": str(tmp_path)}) == NOTHING


def test_the_embedded_store_has_a_manifest_of_its_own(repo: Repo, tmp_path: Path) -> None:
    write(tmp_path / "store.db.manifest.json")
    store = str(tmp_path / "store.db")
    assert named({"repo": str(repo.root), "local": store}) == NAMED
    assert named({"repo": str(tmp_path), "local": store}) == NAMED
    assert named({"repo": str(repo.root)}) == NOTHING


def test_a_manifest_of_another_repository_protects_as_well(repo: Repo) -> None:
    write(
        repo.root / ".vsync" / "manifest.json",
        dump_manifest(Manifest("x", "other/name", targets={"t": TargetState("vs_9")})),
    )
    assert named({"repo": str(repo.root)}).stores == {"vs_9": ["t"]}


def test_a_target_has_documents_where_any_of_the_manifests_records_some(repo: Repo) -> None:
    write(repo.root / ".vsync" / "manifest.json")
    repo.commit({".vsync/manifest.json": MANIFEST})
    emptied = Manifest("o", "acme/docs", targets={"docs": TargetState("vs_1"), "api": TargetState("vs_2")})
    write(repo.root / ".vsync" / "manifest.json", dump_manifest(emptied))
    found = named({"repo": str(repo.root)})
    assert (found.filled("vs_1"), found.emptied("vs_1")) == (["docs"], [])
    assert (found.filled("vs_2"), found.emptied("vs_2"), found.filled("vs_3")) == ([], ["api"], [])


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 99}', b"<<<<<<< HEAD\n"])
def test_a_manifest_that_cannot_be_read_is_an_error(repo: Repo, content: bytes) -> None:
    write(repo.root / ".vsync" / "manifest.json", content)
    with pytest.raises(ManifestError):
        named({"repo": str(repo.root)})


def test_a_manifest_that_is_a_folder_is_an_error(repo: Repo) -> None:
    (repo.root / ".vsync" / "manifest.json").mkdir(parents=True)
    with pytest.raises(ManifestError):
        named({"repo": str(repo.root)})


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit({"docs/a.md": b"# A\n"})
        assert hub.push().code == 0
        yield hub


def test_what_the_clone_has_fetched_of_the_remote_counts(github: GitHub) -> None:
    clone = github.checkout(github.tip(), depth=None)
    notes: list[str] = []  # without credentials the remote does not say whether there is a newer manifest
    settings = resolve({"repo": str(clone)}, {})
    found = named_by_manifest(settings, origin({}), GitAccess(optional=True), notes.append)
    assert len(notes) == 1
    assert list(found.stores.values()) == [["default"]]
    assert list(found.files.values()) == ["docs/a.md of the target default"]
    write(clone / ".vsync" / "manifest.json")
    both = named_by_manifest(settings, origin({}), GitAccess(optional=True), notes.append)
    assert set(both.stores) == {"vs_1", "vs_2", *found.stores}


def test_with_push_the_remote_is_read(github: GitHub) -> None:
    clone = github.checkout(github.tip(), credentials=True)
    assert list(named({"repo": str(clone), "push": True}).stores.values()) == [["default"]]


def test_a_clone_that_knows_of_no_manifest_asks_the_remote(github: GitHub) -> None:
    clone = github.checkout(github.tip(), credentials=True)
    assert list(named({"repo": str(clone)}).stores.values()) == [["default"]]
    settings = resolve({"repo": str(clone)}, {})
    assert named_by_manifest(settings, origin({}), GitAccess()) == NOTHING  # a command that only shows does not ask


def test_a_remote_that_does_not_answer_is_said_where_no_manifest_is_known(github: GitHub) -> None:
    clone = github.checkout(github.tip())
    github.git.tokens.clear()
    notes: list[str] = []
    settings = resolve({"repo": str(clone)}, {})
    assert named_by_manifest(settings, origin({}), GitAccess(), notes.append) == NOTHING
    assert "Whether the remote origin keeps a manifest is not known" in notes[0]


def test_a_folder_that_only_looks_like_a_bare_repository_is_refused(repo: Repo) -> None:
    repo.commit({"a.md": b"x"})
    trap = repo.root / "trap"
    for name in ("HEAD", "objects", "refs"):
        write(trap / name, b"")
    with pytest.raises(RepositoryError):
        has_source(resolve({"repo": str(trap)}, {}))
