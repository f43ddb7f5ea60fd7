"""Blobs as real git gives them: any bytes, in any order, damaged, missing, and when the disk is full."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from tests.integration.git.helpers import blob_id, opened
from tests.support.gitrepo import Repo
from vsync.errors import GitUnavailable, VsyncError
from vsync.system.spool import IN_MEMORY_BYTES


@pytest.mark.parametrize("data", [b"", b"\n", b"\0", b"\0\n\0", b"no newline at the end", b"x blob 3\n"])
def test_any_bytes_come_back_and_the_next_blob_is_not_disturbed(repo: Repo, data: bytes) -> None:
    repo.commit({"a": data, "b": b"the next one"})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        for _ in range(2):
            for expected in (data, b"the next one"):
                with closing(blobs.read(blob_id(expected))) as content:
                    assert content.file.read() == expected
                    assert content.bytes == len(expected)
                    assert content.sha256 == hashlib.sha256(expected).hexdigest()


def test_a_large_blob_is_spooled_to_a_file_and_a_small_one_is_not(repo: Repo) -> None:
    large = os.urandom(IN_MEMORY_BYTES * 3 + 17)
    repo.commit({"large.bin": large, "small.md": b"small"})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        with closing(blobs.read(blob_id(large))) as content:
            assert not isinstance(content.file, io.BytesIO)
            assert content.bytes == len(large)
            assert content.file.read() == large
        with closing(blobs.read(blob_id(b"small"))) as content:
            assert isinstance(content.file, io.BytesIO)


def test_pieces_put_together_are_the_blob(repo: Repo) -> None:
    large = os.urandom(700_001)
    repo.commit({"large.bin": large})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        pieces = list(blobs.chunks(blob_id(large)))
        assert len(pieces) > 1
        assert b"".join(pieces) == large


def test_several_threads_read_at_the_same_time(repo: Repo) -> None:
    contents = [f"content {number} ".encode() * (number * 37 + 1) for number in range(150)]
    repo.commit({f"{number}.md": data for number, data in enumerate(contents)})
    with opened(repo.root) as repository, repository.blobs() as blobs:

        def hash_of(data: bytes) -> str:
            with closing(blobs.read(blob_id(data))) as content:
                return hashlib.sha256(content.file.read()).hexdigest()

        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(hash_of, contents * 3))
    assert found == [hashlib.sha256(data).hexdigest() for data in contents * 3]


def test_a_blob_that_is_missing_is_told_and_the_others_are_still_read(repo: Repo) -> None:
    repo.commit({"a.md": b"1"})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        with pytest.raises(GitUnavailable, match="is not in this clone"):
            blobs.read("0" * 40)
        with closing(blobs.read(blob_id(b"1"))) as content:
            assert content.file.read() == b"1"
        with pytest.raises(GitUnavailable, match="is not in this clone"):
            repository.sizes(["0" * 40])


def no_space_left(*_: object, **__: object) -> IO[bytes]:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_blob_that_there_is_no_room_for_leaves_nothing_of_it_in_the_next(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of it looks as git would give another blob."""
    large, small = b"abcdef blob 123\n" * 200_000, b"the text of the small one"
    repo.commit({"large.md": large, "small.md": small})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        with monkeypatch.context() as full:
            full.setattr(tempfile, "TemporaryFile", no_space_left)
            with pytest.raises(OSError, match="No space left"):
                blobs.read(blob_id(large))
            with closing(blobs.read(blob_id(small))) as content:
                assert content.file.read() == small
        with closing(blobs.read(blob_id(large))) as content:
            assert content.bytes == len(large)


def test_a_blob_that_is_not_read_to_its_end_leaves_nothing_of_it_in_the_next(repo: Repo) -> None:
    large = b"abcdef blob 123\n" * 200_000
    repo.commit({"large.md": large, "small.md": b"small"})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        pieces = blobs.chunks(blob_id(large))
        next(pieces)
        pieces.close()
        assert b"".join(blobs.chunks(blob_id(b"small"))) == b"small"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_are_not_those_of_the_id_are_not_given(tmp_path: Path, algorithm: str) -> None:
    repo = Repo.make(tmp_path / algorithm, f"--object-format={algorithm}")
    commit = repo.commit({"a.md": b"true", "b.md": b"the other one"})
    true, other = (repo.git("rev-parse", f"{commit}:{name}") for name in ("a.md", "b.md"))
    objects = repo.root / ".git" / "objects"
    damaged = objects / true[:2] / true[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(zlib.compress(b"blob 4\0lies"))
    with opened(repo.root) as repository, repository.blobs() as blobs:
        with pytest.raises(VsyncError) as error:
            blobs.read(true)
        assert error.value.exit_code == 2
        with closing(blobs.read(other)) as content:
            assert content.file.read() == b"the other one"


def test_what_is_not_a_blob_is_not_read_as_one(repo: Repo) -> None:
    commit = repo.commit({"docs/a.md": b"1"})
    with opened(repo.root) as repository, repository.blobs() as blobs:
        for other in (commit, repo.git("rev-parse", f"{commit}:docs")):
            with pytest.raises(GitUnavailable):
                blobs.read(other)
        with closing(blobs.read(blob_id(b"1"))) as content:
            assert content.file.read() == b"1"
