"""A plain folder as source: everything below it is found, nothing outside of it is ever read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import resource
import socket
import subprocess
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.notebooks import notebook
from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.documents.inspection import MAX_BYTES
from vsync.errors import ConfigurationError, RepositoryError
from vsync.git.changes import SYMLINK, TreeEntry
from vsync.plan.scan import scan
from vsync.source.content import read_content
from vsync.source.folder import FolderSource
from vsync.source.folder_tree import MAX_DEPTH, Folder
from vsync.state.manifest import Skipped
from vsync.system.spool import CHUNK_BYTES, IN_MEMORY_BYTES

SECRET = b"must never be read"
NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.md").write_bytes(SECRET)
    return folder


def write(root: Path, *names: str | bytes, data: bytes = b"text") -> None:
    for name in names:
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), os.fsencode(name))))  # noqa: PTH118 - pathlib joins no bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def found(root: Path) -> dict[bytes, str]:
    """The modes by path."""
    entries = list(Folder(root).entries())
    assert len({entry.path for entry in entries}) == len(entries)
    return {entry.path: entry.mode for entry in entries}


def read(root: Path, path: bytes) -> bytes:
    with closing(Folder(root).read(path, MAX_BYTES)) as content:
        data = content.file.read()
        assert (content.bytes, content.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        return data


def assert_unreadable(root: Path, path: bytes) -> None:
    folder = Folder(root)
    for use in (lambda path: folder.read(path, MAX_BYTES), folder.size, lambda path: list(folder.chunks(path))):
        with pytest.raises(RepositoryError) as told:
            use(path)
        assert os.fsdecode(path) in told.value.message or "\\" in told.value.message


# --- What is found ------------------------------------------------------------------------------------------


def test_files_are_found_at_every_depth_and_folders_are_not_listed(root: Path) -> None:
    deep = "/".join(["d" * 200] * 10) + "/deep.md"
    write(root, "a.md", "docs/b.md", "docs/more/c.md", deep)
    (root / "empty folder").mkdir()
    assert set(found(root)) == {b"a.md", b"docs/b.md", b"docs/more/c.md", deep.encode()}
    assert read(root, deep.encode()) == b"text"


def test_an_empty_folder_has_no_files(root: Path) -> None:
    assert found(root) == {}


NASTY_NAMES = (
    b"two words.md",
    b"line\nbreak.md",
    b"tab\t.md",
    b"quote\"'.md",
    b"back\\slash.md",
    b"-dash.md",
    b"--help",
    b"..md",
    b"...",
    b"~",
    b"$HOME",
    b"\x1b[31mred.md",
    "🦊.md".encode(),
    unicodedata.normalize("NFC", "é.md").encode(),
    unicodedata.normalize("NFD", "é.md").encode(),
    b"n" * 255,
    b"caf\xe9.md",
    b"\xff\xfe.md",
)


def test_names_come_byte_for_byte_and_can_be_read_back(root: Path) -> None:
    names = [*NASTY_NAMES, *(b"sub \xff/" + name for name in NASTY_NAMES)]
    for name in names:
        write(root, name, data=b"content of " + name)
    assert set(found(root)) == set(names)
    assert {name: read(root, name) for name in names} == {name: b"content of " + name for name in names}


def test_repositories_and_vsyncs_own_folder_are_not_walked(root: Path) -> None:
    write(root, ".git/config", ".github/workflows/ci.md", "sub/.git/HEAD", ".vsync/local.md", "docs/.vsync/x.md")
    write(root, "kept.md", ".hidden/kept.md", "git/kept.md")
    assert set(found(root)) == {b"kept.md", b".hidden/kept.md", b"git/kept.md"}


def test_links_are_listed_as_links_and_never_entered(root: Path, outside: Path) -> None:
    write(root, "real.md", "folder/inside.md")
    (root / "to-file.md").symlink_to("real.md")
    (root / "to-folder").symlink_to("folder")
    (root / "dangling.md").symlink_to("nowhere.md")
    (root / "out.md").symlink_to(outside / "secret.md")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(".")
    (root / "parent").symlink_to("..")
    assert found(root) == {
        b"real.md": "100644",
        b"folder/inside.md": "100644",
        b"to-file.md": SYMLINK,
        b"to-folder": SYMLINK,
        b"dangling.md": SYMLINK,
        b"out.md": SYMLINK,
        b"out": SYMLINK,
        b"loop": SYMLINK,
        b"parent": SYMLINK,
    }


def test_pipes_and_sockets_are_left_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "a.md")
    os.mkfifo(root / "pipe.md")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.md")
        assert set(found(root)) == {b"a.md"}


def test_a_folder_given_through_a_link_is_the_folder_it_leads_to(root: Path, tmp_path: Path) -> None:
    write(root, "a.md")
    (tmp_path / "link").symlink_to(root)
    assert set(found(tmp_path / "link")) == {b"a.md"}
    assert read(tmp_path / "link", b"a.md") == b"text"


@pytest.mark.parametrize("kind", ["missing", "file", "dangling link"])
def test_what_is_not_a_folder_is_refused(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_bytes(b"")
    elif kind == "dangling link":
        place.symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match=r"There is no folder .*--folder"):
        Folder(place)


# --- What changes while it is read --------------------------------------------------------------------------


def test_a_link_put_in_a_files_place_after_the_scan_is_not_followed(root: Path, outside: Path) -> None:
    write(root, "secret.md")
    assert found(root) == {b"secret.md": "100644"}
    (root / "secret.md").unlink()
    (root / "secret.md").symlink_to(outside / "secret.md")
    assert_unreadable(root, b"secret.md")


def test_a_link_put_in_a_folders_place_after_the_scan_is_not_followed(root: Path, outside: Path) -> None:
    write(root, "docs/more/secret.md")
    assert found(root) == {b"docs/more/secret.md": "100644"}
    (root / "docs" / "more" / "secret.md").unlink()
    (root / "docs" / "more").rmdir()
    (root / "docs" / "more").symlink_to(outside)
    assert_unreadable(root, b"docs/more/secret.md")


def waiting_folder(root: Path, entries: Iterator[TreeEntry]) -> Path:
    """Scans until one of two folders has been listed, empties the other one, which is still to come, and gives it."""
    write(root, "one/a.md", "two/a.md")
    first = next(entries).path
    other = root / ("two" if first == b"one/a.md" else "one")
    (other / "a.md").unlink()
    other.rmdir()
    return other


def test_a_link_put_in_a_folders_place_during_the_scan_is_not_walked(root: Path, outside: Path) -> None:
    entries = Folder(root).entries()
    waiting_folder(root, entries).symlink_to(outside)
    names: set[bytes] = set()
    with contextlib.suppress(RepositoryError):
        names.update(entry.path.rpartition(b"/")[2] for entry in entries)
    assert b"secret.md" not in names


def test_a_pipe_put_in_a_files_place_does_not_hang(root: Path) -> None:
    write(root, "a.md")
    (root / "a.md").unlink()
    os.mkfifo(root / "a.md")
    assert_unreadable(root, b"a.md")


def test_a_folder_put_in_a_files_place_is_told(root: Path) -> None:
    (root / "a.md").mkdir()
    assert_unreadable(root, b"a.md")


def test_a_file_that_went_away_is_told(root: Path) -> None:
    assert_unreadable(root, b"gone.md")
    assert_unreadable(root, b"gone/gone.md")


def test_a_folder_that_goes_away_during_the_scan_is_told(root: Path) -> None:
    entries = Folder(root).entries()
    gone = waiting_folder(root, entries)
    with pytest.raises(RepositoryError, match=gone.name):
        list(entries)


def test_reading_leaves_no_descriptor_open(root: Path, outside: Path) -> None:
    write(root, "docs/a.md")
    (root / "docs" / "link.md").symlink_to(outside / "secret.md")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        read(root, b"docs/a.md")
        assert_unreadable(root, b"docs/link.md")
        assert_unreadable(root, b"docs/gone/a.md")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_that_grows_while_it_is_read_has_the_size_it_had_when_it_was_opened(root: Path) -> None:
    write(root, "a.md", data=b"x" * (CHUNK_BYTES + 1))
    chunks = Folder(root).chunks(b"a.md")
    first = next(chunks)
    with (root / "a.md").open("ab") as file:
        file.write(b"y" * CHUNK_BYTES)
    assert first + b"".join(chunks) == b"x" * (CHUNK_BYTES + 1)


def test_a_file_that_shrinks_while_it_is_read_ends_there(root: Path) -> None:
    write(root, "a.md", data=b"x" * (3 * CHUNK_BYTES))
    chunks = Folder(root).chunks(b"a.md")
    first = next(chunks)
    os.truncate(root / "a.md", CHUNK_BYTES)
    data = first + b"".join(chunks)
    assert set(data) == set(b"x")
    assert CHUNK_BYTES <= len(data) < 3 * CHUNK_BYTES


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"\0", "not-text"), (("gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU").encode(), "secret")],
    ids=["empty", "not text", "secret"],
)
def test_what_came_to_a_path_after_it_was_looked_at_is_looked_at_too(root: Path, data: bytes, reason: str) -> None:
    write(root, "a.md", data=b"harmless")
    with closing(FolderSource(root)) as source:
        (entry,) = (source.identify(entry) for entry in source.entries())
        write(root, "a.md", data=data)
        with pytest.raises(RepositoryError, match=f"has changed since .* cannot be a document now: {reason}"):
            source.read(Document("a.md", entry.blob, "tag"))


def test_no_link_is_followed_while_files_folders_and_links_change_places(root: Path, outside: Path) -> None:
    """Somebody swaps a file, and the folder above it, for links to the outside as fast as possible."""
    write(root, "docs/more/secret.md", "secret.md", data=b"text")
    stop = threading.Event()

    def swap() -> None:
        (root / "file").symlink_to(outside / "secret.md")
        (root / "folder").symlink_to(outside)
        while not stop.is_set():
            for place, link in ((root / "secret.md", "file"), (root / "docs" / "more", "folder")):
                for one, other in (
                    (place, root / "aside"),
                    (root / link, place),
                    (place, root / link),
                    (root / "aside", place),
                ):
                    one.rename(other)

    swapper = threading.Thread(target=swap)
    swapper.start()
    read_well, refused = 0, 0
    try:
        with closing(FolderSource(root)) as source:
            while read_well < 200 or refused < 200:
                for path in ("secret.md", "docs/more/secret.md"):
                    try:
                        content, _ = source.read(Document(path, "-", "tag"))
                    except RepositoryError:
                        refused += 1
                        continue
                    with closing(content):
                        assert content.file.read() == b"text"
                    read_well += 1
                with contextlib.suppress(RepositoryError):
                    assert all(entry.mode == SYMLINK or b"outside" not in entry.path for entry in source.entries())
    finally:
        stop.set()
        swapper.join()


# --- Size ---------------------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_not_read_to_tell(root: Path) -> None:
    write(root, "a.md", data=b"")
    os.truncate(root / "a.md", MAX_BYTES * 64)  # of holes: it takes no space
    with closing(FolderSource(root)) as source:
        found = scan(source, None, Target(source="acme/docs"))
    assert found.plan.skipped == {"a.md": Skipped(f"size:{MAX_BYTES * 64}", "too-large")}


def test_a_file_that_has_become_too_large_is_not_spooled(root: Path) -> None:
    write(root, "a.md", data=b"12345")
    assert read(root, b"a.md") == b"12345"
    with pytest.raises(RepositoryError, match="too large"):
        Folder(root).read(b"a.md", 4)


@contextmanager
def deep_folder(root: Path, depth: int) -> Iterator[int]:
    """Folders in each other, each one's path too long for any call; gives the innermost's descriptor."""
    current = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=current)
        current, above = os.open("d", os.O_RDONLY, dir_fd=current), current
        os.close(above)
    try:
        yield current
    finally:
        os.close(current)
        # shutil.rmtree needs a descriptor for each.
        subprocess.run(["rm", "-rf", root / "d"], check=True)


def test_folders_far_below_each_other_are_walked_with_few_descriptors(root: Path, low_descriptor_limit: None) -> None:
    depth = MAX_DEPTH - 1
    path = b"d/" * depth + b"a.md"
    with deep_folder(root, depth) as innermost:
        os.close(os.open("a.md", os.O_CREAT | os.O_WRONLY, dir_fd=innermost))
        assert set(found(root)) == {path}
        assert read(root, path) == b""


def test_folders_beyond_every_measure_are_refused(root: Path) -> None:
    with deep_folder(root, MAX_DEPTH + 1), pytest.raises(RepositoryError, match="folders in each other"):
        found(root)


@pytest.fixture
def low_descriptor_limit() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, soft), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- Permissions --------------------------------------------------------------------------------------------


@contextmanager
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
        yield folder
        for path in folder.rglob("*"):
            path.chmod(0o755)


def test_a_file_that_may_not_be_read_is_told_by_its_name(public_root: Path) -> None:
    write(public_root, "open.md", "closed.md")
    (public_root / "closed.md").chmod(0)
    with without_privileges():
        assert set(found(public_root)) == {b"open.md", b"closed.md"}
        with pytest.raises(RepositoryError, match=r"'closed\.md' in .* cannot be read: Permission denied"):
            Folder(public_root).read(b"closed.md", MAX_BYTES)
        assert read(public_root, b"open.md") == b"text"


def test_a_folder_that_may_not_be_listed_is_told_by_its_name(public_root: Path) -> None:
    write(public_root, "open.md", "closed/a.md")
    (public_root / "closed").chmod(0)
    with without_privileges(), pytest.raises(RepositoryError, match=r"closed.*Permission denied"):
        found(public_root)


# --- As a source --------------------------------------------------------------------------------------------


def test_ids_are_the_sha256_of_the_bytes(root: Path) -> None:
    large = os.urandom(IN_MEMORY_BYTES + 1)
    write(root, "a.md", data=large)
    write(root, "empty.md", data=b"")
    with closing(FolderSource(root)) as source:
        named = {entry.path: source.identify(entry) for entry in source.entries()}
    assert named == {
        b"a.md": TreeEntry(b"a.md", "100644", f"sha256:{hashlib.sha256(large).hexdigest()}"),
        b"empty.md": TreeEntry(b"empty.md", "100644", f"sha256:{hashlib.sha256(b'').hexdigest()}"),
    }


def test_the_id_of_what_is_uploaded_is_that_of_the_bytes_that_were_read(root: Path) -> None:
    write(root, "a.md", data=b"scanned")
    with closing(FolderSource(root)) as source:
        (entry,) = (source.identify(entry) for entry in source.entries())
        write(root, "a.md", data=b"changed since")
        content, read_id = source.read(Document("a.md", entry.blob, "tag"))
        with closing(content):
            assert content.file.read() == b"changed since"
    assert read_id == f"sha256:{hashlib.sha256(b'changed since').hexdigest()}" != entry.blob


def test_a_notebook_that_changes_meanwhile_is_judged_by_what_is_uploaded_of_it(root: Path) -> None:
    token = "gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"
    write(root, "a.ipynb", data=notebook("scanned"))
    with closing(FolderSource(root)) as source:
        (entry,) = (source.identify(entry) for entry in source.entries())
        document = Document("a.ipynb", entry.blob, "tag")
        for data, reason in ((b"{}", "not-notebook"), (notebook(), "empty"), (notebook(token), "secret")):
            write(root, "a.ipynb", data=data)
            with pytest.raises(RepositoryError, match=f"cannot be a document now: {reason}"):
                read_content(source, document)
        write(root, "a.ipynb", data=notebook("changed", metadata={"token": token}))
        content, read_id = read_content(source, document)
        with closing(content):
            assert (content.file.read(), content.bytes) == (b"changed\n", 8)
            assert content.sha256 == hashlib.sha256(b"changed\n").hexdigest()
    assert read_id == f"sha256:{hashlib.sha256((root / 'a.ipynb').read_bytes()).hexdigest()}"


def test_a_file_that_was_never_judged_is_no_crash_when_it_cannot_be_converted(root: Path) -> None:
    write(root, "a.ipynb", data=b"{}")
    with closing(FolderSource(root)) as source:
        (entry,) = (source.identify(entry) for entry in source.entries())
        with pytest.raises(RepositoryError, match="cannot be a document: not-notebook"):
            read_content(source, Document("a.ipynb", entry.blob, "tag"))


def test_a_large_file_is_spooled(root: Path) -> None:
    write(root, "a.md", data=b"x" * (IN_MEMORY_BYTES + 1))
    with closing(Folder(root).read(b"a.md", MAX_BYTES)) as content:
        assert not isinstance(content.file, io.BytesIO)


def test_a_folder_knows_no_commit_and_has_no_head(root: Path) -> None:
    with closing(FolderSource(root)) as source:
        assert source.head is None
        assert not source.knows("0" * 40)


def test_sizes_are_those_of_the_files(root: Path) -> None:
    write(root, "a.md", data=b"12345")
    write(root, "é/b.md", data=b"")
    with closing(FolderSource(root)) as source:
        documents = [Document("a.md", "-", "tag"), Document("é/b.md", "-", "tag")]
        assert source.sizes(documents) == {"a.md": 5, "é/b.md": 0}
