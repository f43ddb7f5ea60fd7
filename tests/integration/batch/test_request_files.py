"""Request files are found below the source folder and nowhere else: no link is followed, and nothing is passed over in silence."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vsync.batch import request_files
from vsync.batch.batch_report import Skipped
from vsync.batch.request_files import (
    Found,
    RequestFile,
    content_sha256,
    current_files,
    find_requests,
    open_request_file,
)
from vsync.errors import ConfigurationError, RepositoryError

NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "batches").mkdir(parents=True)
    return root


def write(root: Path, *paths: str | bytes, content: bytes = b"{}\n") -> None:
    for path in paths:
        place = Path(os.fsdecode(os.path.join(os.fsencode(root), os.fsencode(path))))  # noqa: PTH118 - pathlib joins no bytes
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def find(root: Path, source: str = "batches", results: str = "batch-results") -> Found:
    return find_requests(root, source, results)


def paths(found: Found) -> list[str]:
    return [file.path for file in found.files]


def skipped(found: Found) -> dict[str, str]:
    return {each.path: each.reason for each in found.skipped}


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """As a user for whom permissions count, which they do not for root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_root() -> Iterator[Path]:
    """A folder that every user may reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "batches").mkdir()
        yield folder


def test_the_request_files_below_the_folder_are_found_in_order(root: Path) -> None:
    write(root, "batches/b.jsonl", "batches/a/z.jsonl", "batches/a.jsonl", "batches/ä b.jsonl", content=b"{}")
    assert find(root) == Found(
        tuple(
            RequestFile(path, root / path, 2)
            for path in ("batches/a.jsonl", "batches/a/z.jsonl", "batches/b.jsonl", "batches/ä b.jsonl")
        )
    )


def test_other_files_are_passed_over(root: Path) -> None:
    write(root, "batches/README.md", "batches/a.json", "batches/jsonl", "other/a.jsonl", "a.jsonl")
    assert find(root) == Found(())


def test_the_root_itself_may_be_the_source_folder(root: Path) -> None:
    write(root, "a.jsonl", "batches/b.jsonl", "batch-results/a.jsonl", ".git/c.jsonl")
    assert paths(find(root, ".")) == ["a.jsonl", "batches/b.jsonl"]


def test_a_results_folder_inside_the_source_folder_is_left_out(root: Path) -> None:
    write(root, "batches/a.jsonl", "batches/out/a.jsonl", "batches/out/deep/b.jsonl", "batches/outer/c.jsonl")
    found = find(root, results="batches/out")
    assert (paths(found), found.skipped) == (["batches/a.jsonl", "batches/outer/c.jsonl"], ())


def test_what_lies_below_a_folder_with_a_dot_is_left_out(root: Path) -> None:
    write(root, "batches/.cache/a.jsonl", "batches/b/.deep/c/d.jsonl")
    assert find(root) == Found(())


@pytest.mark.parametrize("marker", ["batches/sub/.git", "batches/sub/.git/HEAD"])
def test_a_repository_inside_the_source_folder_is_named_and_not_read(root: Path, marker: str) -> None:
    write(root, marker, "batches/sub/a.jsonl", "batches/sub/deep/b.jsonl", "batches/c.jsonl", ".git/HEAD")
    for source in ("batches", "."):
        found = find(root, source)
        assert paths(found) == ["batches/c.jsonl"]
        ((path, reason),) = skipped(found).items()
        assert path == "batches/sub"
        assert "repository of its own" in reason
    assert list(current_files(root, "batches", "batch-results")) == ["batches/c.jsonl"]


def test_a_repository_may_be_named_as_the_source_folder(root: Path) -> None:
    write(root, "batches/.git", "batches/a.jsonl")
    assert paths(find(root)) == ["batches/a.jsonl"]


def test_a_source_folder_with_a_dot_may_be_named(root: Path) -> None:
    write(root, ".batches/a.jsonl")
    assert paths(find(root, ".batches")) == [".batches/a.jsonl"]


def test_links_are_named_and_not_followed(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/a.jsonl", "outside/README.md")
    (root / "batches/a.jsonl").symlink_to(tmp_path / "outside/a.jsonl")
    (root / "batches/folder").symlink_to(tmp_path / "outside")
    (root / "batches/gone.jsonl").symlink_to("nowhere")
    (root / "batches/README.md").symlink_to(tmp_path / "outside/README.md")
    found = find(root)
    assert found.files == ()
    assert list(skipped(found)) == ["batches/a.jsonl", "batches/folder", "batches/gone.jsonl"]
    assert all("follows no links" in reason for reason in skipped(found).values())


def test_what_is_no_file_is_named_and_not_opened(root: Path) -> None:
    os.mkfifo(root / "batches/pipe.jsonl")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(root):
        listener.bind("batches/socket.jsonl")
    (root / "batches/folder.jsonl").mkdir()
    write(root, "batches/folder.jsonl/a.jsonl")
    found = find(root)
    assert paths(found) == ["batches/folder.jsonl/a.jsonl"]
    assert found.skipped == (
        Skipped("batches/pipe.jsonl", "It is a pipe, not a file."),
        Skipped("batches/socket.jsonl", "It is a socket, not a file."),
    )


@pytest.mark.parametrize(
    ("name", "shown", "word"),
    [
        (b"caf\xe9.jsonl", "caf\\xe9.jsonl", "UTF-8"),
        (b"caf\xe9/a.jsonl", "caf\\xe9/a.jsonl", "UTF-8"),
        (b"a\nb.jsonl", "a\\nb.jsonl", "control character"),
        (b"a\x1b[1m/b.jsonl", "a\\x1b[1m/b.jsonl", "control character"),
        ("a\u2028b.jsonl".encode(), "a\\u2028b.jsonl", "line break"),
        (b".a.jsonl", ".a.jsonl", "begins with a dot"),
        (b"a.JSONL", "a.JSONL", "small letters"),
    ],
)
def test_a_file_whose_name_cannot_be_used_is_named_with_the_reason(
    root: Path, name: bytes, shown: str, word: str
) -> None:
    write(root, b"batches/" + name, "batches/sound.jsonl")
    found = find(root)
    assert paths(found) == ["batches/sound.jsonl"]
    ((path, reason),) = skipped(found).items()
    assert path == f"batches/{shown}"
    assert word in reason


def test_a_source_folder_that_is_missing_names_its_option(root: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no folder 'nowhere/at-all'.*--source.*nowhere/at-all/\.gitkeep"
    ) as raised:
        find(root, "nowhere/at-all")
    assert raised.value.exit_code == 2
    assert str(root) not in str(raised.value)


def test_a_source_folder_that_a_link_leads_to_is_refused(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/deep/a.jsonl")
    (root / "link").symlink_to(tmp_path / "outside")
    write(root, "file")
    for source in ("link", "link/deep", "file"):
        with pytest.raises(ConfigurationError, match="no folder, or a link leads to it"):
            find(root, source)


@pytest.mark.parametrize("source", ["..", "batches/../..", "/etc", "/"])
def test_a_source_folder_outside_the_root_is_refused(root: Path, source: str) -> None:
    with pytest.raises(ConfigurationError, match="below the root"):
        find(root, source)


def test_a_folder_that_cannot_be_read_ends_the_run(public_root: Path) -> None:
    (public_root / "batches/closed").mkdir(mode=0)
    with without_privileges(), pytest.raises(RepositoryError, match=r"'batches/closed' .* cannot be read: Permission"):
        find(public_root)
    (public_root / "batches").chmod(0)
    with without_privileges(), pytest.raises(ConfigurationError, match=r"'batches' .* cannot be read: Permission"):
        find(public_root)


def test_folders_inside_each_other_without_an_end_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_files, "MAX_DEPTH", 4)
    write(root, "batches/2/3/4/a.jsonl")
    assert len(find(root).files) == 1
    write(root, "batches/2/3/4/5/a.jsonl")
    with pytest.raises(RepositoryError, match="more than 4 folders in each other"):
        find(root)


def test_a_request_file_is_opened_by_its_path(root: Path) -> None:
    write(root, "batches/a/b.jsonl", content=b"content")
    with open_request_file(root, "batches/a/b.jsonl") as file:
        assert file.read() == b"content"


def test_a_link_that_comes_after_the_search_is_not_followed(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/a.jsonl", content=b"secret")
    write(root, "batches/a.jsonl", "batches/b/a.jsonl")
    assert len(find(root).files) == 2
    (root / "batches/a.jsonl").unlink()
    (root / "batches/a.jsonl").symlink_to(tmp_path / "outside/a.jsonl")
    (root / "batches/b").rename(root / "batches/c")
    (root / "batches/b").symlink_to(tmp_path / "outside")
    for path in ("batches/a.jsonl", "batches/b/a.jsonl"):
        with pytest.raises(OSError, match="follows no links") as raised:
            open_request_file(root, path)
        assert raised.value.strerror == "a link leads to it, and vsync follows no links"


def test_what_is_no_file_any_more_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "batches/pipe.jsonl")
    (root / "batches/folder.jsonl").mkdir()
    for path in ("batches/pipe.jsonl", "batches/folder.jsonl"):
        with pytest.raises(OSError, match="not a file any more"):
            open_request_file(root, path)
    with pytest.raises(FileNotFoundError):
        open_request_file(root, "batches/gone.jsonl")


@pytest.mark.parametrize("path", ["../secret.jsonl", "batches/../../secret.jsonl", "/etc/passwd", "", ".."])
def test_a_path_that_leaves_the_root_opens_nothing(root: Path, path: str) -> None:
    write(root.parent, "secret.jsonl")
    with pytest.raises(OSError):  # noqa: PT011 - missing, no file, or outside: each path has its own OSError, and none may open
        open_request_file(root, path)


def test_files_are_closed_again(root: Path) -> None:
    write(root, "batches/a.jsonl", "batches/deep/b.jsonl")
    before = len(list(Path("/dev/fd").iterdir()))
    find(root)
    open_request_file(root, "batches/deep/b.jsonl").close()
    for path in ("batches/deep", "batches/none.jsonl", "none/a.jsonl"):
        with contextlib.suppress(OSError):
            open_request_file(root, path)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_the_hash_of_a_file_counts_from_where_it_stands() -> None:
    content = b"0123456789" * 100_000
    file = io.BytesIO(content)
    file.seek(10)
    assert content_sha256(file) == hashlib.sha256(content[10:]).hexdigest()


def test_current_files_have_the_hashes_of_their_contents_sound_or_not(root: Path) -> None:
    write(root, "batches/a.jsonl", content=b"{}\n")
    write(root, "batches/b.jsonl", content=b"no JSON")
    assert current_files(root, "batches", "batch-results") == {
        "batches/a.jsonl": hashlib.sha256(b"{}\n").hexdigest(),
        "batches/b.jsonl": hashlib.sha256(b"no JSON").hexdigest(),
    }


def test_current_files_lack_those_that_cannot_be_read(public_root: Path) -> None:
    write(public_root, "batches/a.jsonl", "batches/b.jsonl")
    (public_root / "batches/b.jsonl").chmod(0)
    with without_privileges():
        assert list(current_files(public_root, "batches", "batch-results")) == ["batches/a.jsonl"]


def test_a_missing_source_folder_has_no_current_files_where_it_may_be_missing(root: Path) -> None:
    assert current_files(root, "nowhere", "batch-results", missing_ok=True) == {}
    assert find_requests(root, "nowhere", "batch-results", missing_ok=True) == Found(())
    with pytest.raises(ConfigurationError):
        current_files(root, "nowhere", "batch-results")
    (root / "link").symlink_to("batches")
    with pytest.raises(ConfigurationError):
        current_files(root, "link", "batch-results", missing_ok=True)
