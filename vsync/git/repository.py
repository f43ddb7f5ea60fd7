"""The repository, through git's plumbing: commits, trees, differences and blobs. Never the working tree.

GitPython finds the repository and runs the commands. Each runs with `GIT_DIR` set to what was found: variables of a
surrounding git (a hook) do not lead elsewhere, and git's check for a repository "owned by someone else", which is made
while it searches (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory), does not stop a
container that runs as another user. Nothing is written into anybody's configuration for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import subprocess
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import git as gitpython

from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.changes import Change, TreeEntry, parse_diff, parse_tree
from vsync.git.refs import is_address
from vsync.system.atomic_write import give_back
from vsync.system.spool import CHUNK_BYTES, Content, spool

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # A replaced object (git replace) has not the bytes that its id names.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_NUMBER = re.compile(rb"[0-9]{1,18}")


class Repository:
    """One git repository, opened for reading."""

    def __init__(
        self, path: Path, *, alternates: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Opens the repository that holds the folder.

        `alternates` is a folder of more objects to read from, `environment` what git needs to reach the remote.
        """
        try:
            self._repo = gitpython.Repo(_with_git(path.absolute()), expand_vars=False)
        except gitpython.NoSuchPathError:
            raise RepositoryError(f"There is no folder {path}.", "Give the repository's folder with --repo.") from None
        except (gitpython.InvalidGitRepositoryError, OSError, ValueError) as error:
            raise RepositoryError(
                f"{path} is not in a git repository.",
                "Run inside a clone (in a workflow: after actions/checkout), or sync a plain folder with --folder (input folder).",
            ) from error
        self.git_dir = Path(self._repo.git_dir).resolve()
        self.common_dir = _common_dir(self.git_dir)
        self.root = Path(self._repo.working_tree_dir or self._repo.git_dir).resolve()
        self._repo.git.update_environment(
            **_ENVIRONMENT,
            GIT_DIR=str(self.git_dir),
            GIT_COMMON_DIR=str(self.common_dir),
            GIT_OBJECT_DIRECTORY=str(self.common_dir / "objects"),
            GIT_ALTERNATE_OBJECT_DIRECTORIES=_quoted(alternates) if alternates is not None else "",
        )
        self._repo.git.update_environment(**(environment or {}))

    def reach_with(self, environment: Mapping[str, str]) -> None:
        """Gives git what it needs to reach the remote, when it fetches what a partial clone lacks."""
        self._repo.git.update_environment(**environment)

    def close(self) -> None:
        self._repo.close()

    def resolve(self, revision: str, what: str = "head") -> str:
        """The commit that a revision names."""
        try:
            found = self._text("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except gitpython.GitCommandError:
            found = ""
        if _COMMIT.fullmatch(found):  # "^HEAD" verifies too, and is no commit
            return found
        if revision == "HEAD":
            raise RepositoryError(
                "The repository has no commit yet: its branch is unborn.", "Commit the files to sync first."
            )
        raise RepositoryError(
            f"The {what} {revision!r} is not a commit in this clone.",
            "Check its spelling; in a shallow clone fetch it first (actions/checkout: fetch-depth: 0).",
        )

    def has_commit(self, commit: str) -> bool:
        """Whether the commit is here; a partial clone is not to fetch it, with all that was before it, to tell."""
        if not _COMMIT.fullmatch(commit):  # a manifest may say anything, an option of git's included
            return False
        try:
            return self._repo.git.execute(["git", "cat-file", "-t", commit], env={"GIT_NO_LAZY_FETCH": "1"}) == "commit"
        except gitpython.GitCommandError:
            return False

    def origin_url(self) -> str | None:
        """The address of the remote `origin`, as configured."""
        try:
            return self._text("config", "--get", "remote.origin.url") or None
        except gitpython.GitCommandError:
            return None

    def push_url(self) -> str | None:
        """The address that git would push to for `origin`, after the rewriting that `url.….insteadOf` asks for."""
        if self.origin_url() is None:
            return None
        url = self._text("remote", "get-url", "--push", "origin")
        if url and not is_address(url):
            return str(self.root / url)  # git takes a path from the working tree's top folder
        return url or None

    def configuration(self) -> list[tuple[str, str]]:
        """What the repository's own configuration says, in git's order."""
        try:
            output = self._text("config", "--local", "--includes", "--list", "-z")
        except gitpython.GitCommandError:
            return []
        records = (record.partition("\n") for record in output.split("\0") if record)
        return [(key, value) for key, _, value in records]

    def object_format(self) -> str:
        found = self._told("rev-parse", "--show-object-format")
        if not found.isalnum():
            raise _not_understood("rev-parse", found)
        return found

    def checked_out(self) -> set[str]:
        """The branches that are checked out, here and in linked worktrees."""
        lines = self._told("worktree", "list", "--porcelain").split("\n")
        return {line.removeprefix("branch refs/heads/") for line in lines if line.startswith("branch ")}

    def parents(self, commit: str) -> list[str]:
        """A commit's parents as it names them; a shallow clone may not have these."""
        header, _, _ = self._told("cat-file", "commit", commit).partition("\n\n")
        # Not `splitlines`: an author's name may hold what Unicode takes for the end of a line.
        named = [line.removeprefix("parent ") for line in header.split("\n") if line.startswith("parent ")]
        if not all(map(_COMMIT.fullmatch, named)):
            raise _not_understood("cat-file", header)
        return named

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` comes after `older`, as far as this clone knows."""
        if not self.has_commit(newer) or not _COMMIT.fullmatch(older):
            return False
        try:
            self._text("merge-base", "--is-ancestor", older, newer)
        except gitpython.GitCommandError:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """The commit from which two others come; None when this clone does not know."""
        try:
            return self._text("merge-base", one, other) or None
        except gitpython.GitCommandError:
            return None

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file of a commit; None when there is no such file."""
        with self._output("ls-tree", "-z", "--full-tree", commit, "--", path) as chunks:
            entries = [entry for entry in parse_tree(chunks) if entry.mode in {"100644", "100755"}]
        if not entries:
            return None
        with self.blobs() as blobs:
            return b"".join(blobs.chunks(entries[0].blob))

    def count_between(self, base: str, head: str) -> int:
        """How many commits `head` has that `base` has not."""
        counted = self._told("rev-list", "--count", f"{base}..{head}")
        if not re.fullmatch(r"[0-9]{1,18}", counted):
            raise _not_understood("rev-list", counted)
        return int(counted)

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Every file of a commit."""
        with self._output("ls-tree", "-r", "-z", "--full-tree", commit) as chunks:
            yield from parse_tree(chunks)

    def diff(self, base: str, head: str) -> Iterator[Change]:
        """What differs between two commits; a rename shows as one removed and one added path."""
        options = (
            "-r",
            "-z",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--no-ext-diff",
            "--ignore-submodules=none",
        )
        with self._output("diff-tree", *options, base, head) as chunks:
            yield from parse_diff(chunks)

    def fetch_missing(self, commit: str, blobs: Sequence[str]) -> None:
        """Brings those blobs of a commit that a partial clone lacks, in one fetch. Git itself fetches one by one.

        The options are those of git's own lazy fetch (https://git-scm.com/docs/partial-clone).
        """
        remote = self._promisor_remote()
        if remote is None or not blobs:
            return
        missing = self._missing(commit) & set(blobs)
        if not missing:
            return
        options = (
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            "--stdin",
        )
        try:
            self._feed(
                ["-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, remote],
                "\n".join(sorted(missing)).encode(),
            )
        except gitpython.GitCommandError as error:
            raise GitUnavailable(
                f"{len(missing)} blobs are not in this partial clone, and fetching them from {remote!r} failed: "
                f"{_last_line(error)}",
                "Check the network and the remote's credentials, or clone without --filter.",
            ) from error
        finally:
            give_back(self.common_dir / "objects")

    def sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """The sizes of blobs, in bytes."""
        if not blobs:
            return {}
        try:
            output = self._feed(["cat-file", "--batch-check=%(objectname) %(objectsize)"], "\n".join(blobs).encode())
        except (gitpython.GitCommandError, OSError) as error:
            raise _failed("cat-file", _last_line(error)) from error
        sizes = {}
        for line in output.splitlines():
            blob, _, size = line.partition(b" ")
            if not _NUMBER.fullmatch(size):
                raise _missing_blob(blob.decode("ascii", "replace"))
            sizes[blob.decode("ascii", "replace")] = int(size)
        return sizes

    def blobs(self) -> BlobReader:
        return BlobReader(self._repo.git)

    def _promisor_remote(self) -> str | None:
        try:
            lines = self._text("config", "--get-regexp", r"^remote\..*\.promisor$").split("\n")
        except gitpython.GitCommandError:
            return None
        for line in lines:
            key, _, value = line.rpartition(" ")
            if value.lower() in {"true", "1", "yes", "on"}:
                return key.removeprefix("remote.").removesuffix(".promisor")
        return None

    def _missing(self, commit: str) -> set[str]:
        """Objects of a commit that this clone promises but does not hold."""
        lines = self._told("rev-list", "--objects", "--no-walk", "--missing=print", commit).split("\n")
        return {line[1:] for line in lines if line.startswith("?")}

    def _text(self, *arguments: str) -> str:
        output = self._repo.git.execute(["git", *arguments])
        assert isinstance(output, str)
        return output.strip()

    def _told(self, *arguments: str) -> str:
        """`_text`, where git has no reason to refuse: that it does is an error."""
        try:
            return self._text(*arguments)
        except gitpython.GitCommandError as error:
            raise _failed(arguments[0], _last_line(error)) from error

    def _feed(self, arguments: Sequence[str], stdin: bytes) -> bytes:
        process = _Process(self._repo.git, arguments, istream=subprocess.PIPE)
        stdout, _ = process.popen.communicate(stdin)
        if process.popen.returncode:
            raise gitpython.GitCommandError(["git", *arguments], process.popen.returncode, process.stderr(), stdout)
        return stdout

    @contextmanager
    def _output(self, *arguments: str) -> Iterator[Iterable[bytes]]:
        process = _Process(self._repo.git, arguments)
        yield iter(lambda: process.stdout.read(CHUNK_BYTES), b"")
        process.popen.communicate()
        if process.popen.returncode:
            raise _failed(arguments[0], process.stderr().decode("utf-8", "replace").strip()[-500:])


class _Process:
    """A running git. GitPython ends the process when its handle goes, so the handle is kept here.

    What it writes to stderr is read all the time, and its end kept: nobody reads a pipe while waiting for the other,
    and a full one would stop git for ever.
    """

    def __init__(self, command: gitpython.Git, arguments: Sequence[str], istream: int | None = None) -> None:
        handle = command.execute(["git", *arguments], as_process=True, istream=istream)
        assert isinstance(handle, gitpython.Git.AutoInterrupt)
        assert handle.proc is not None
        self._handle = handle
        self.popen: subprocess.Popen[bytes] = handle.proc
        self._tail: deque[bytes] = deque(maxlen=8)
        errors, self.popen.stderr = self.popen.stderr, None
        assert errors is not None
        self._reader = threading.Thread(target=self._drain, args=(errors,), daemon=True)
        self._reader.start()

    def _drain(self, errors: IO[bytes]) -> None:
        with errors:
            self._tail.extend(iter(lambda: errors.read1(4096), b""))  # type: ignore[attr-defined]  # a BufferedReader

    def stderr(self) -> bytes:
        """The end of what an ended git wrote to stderr."""
        self._reader.join()
        return b"".join(self._tail)

    @property
    def stdout(self) -> IO[bytes]:
        assert self.popen.stdout is not None
        return self.popen.stdout

    @property
    def stdin(self) -> IO[bytes]:
        assert self.popen.stdin is not None
        return self.popen.stdin


class BlobReader:
    """Reads blobs through one `git cat-file --batch`. Safe to use from several threads."""

    def __init__(self, command: gitpython.Git) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._process.popen.communicate()
            self._process = None

    def read(self, blob: str) -> Content:
        """The blob's bytes, spooled and checked against its id. The receiver closes them.

        Raises RepositoryError when they are other bytes.
        """
        with self._lock, contextlib.closing(self._chunks(blob, checked=True)) as chunks:
            return spool(chunks)

    def chunks(self, blob: str) -> Generator[bytes]:
        """The blob's bytes in pieces. Read them to the end, or close them, before the next blob."""
        with self._lock:
            yield from self._chunks(blob)

    def _chunks(self, blob: str, *, checked: bool = False) -> Generator[bytes]:
        if self._process is None:
            self._process = _Process(self._command, ["cat-file", "--batch"], istream=subprocess.PIPE)
        whole = False
        try:
            size = self._asked_for(blob, self._process)
            digest = _object_id(blob, size)
            for chunk in _exactly(size, self._process.stdout):
                if checked:
                    digest.update(chunk)
                yield chunk
            whole = self._process.stdout.read(1) == b"\n"
            if not whole:
                raise _missing_blob(blob)
        finally:
            if not whole:  # what is left in its pipe would be taken for the next blob's bytes
                self._process.popen.kill()
                self.close()
        if checked and digest.hexdigest() != blob:
            raise RepositoryError(
                f"What git gives as the blob {blob[:12]} is not what its id names.",
                "The clone may be damaged: try a fresh one (`git fsck` tells more).",
            )

    def _asked_for(self, blob: str, process: _Process) -> int:
        """Asks for a blob; its size in bytes."""
        try:
            process.stdin.write(blob.encode("ascii") + b"\n")
            process.stdin.flush()
            header = process.stdout.readline().split()
        except OSError:
            raise _missing_blob(blob) from None
        if len(header) != 3 or header[1] != b"blob" or not _NUMBER.fullmatch(header[2]):
            raise _missing_blob(blob)
        return int(header[2])


def _exactly(size: int, stdout: IO[bytes]) -> Iterator[bytes]:
    """So many bytes, in pieces; fewer only where there are no more."""
    while size and (chunk := stdout.read(min(size, CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


def _object_id(blob: str, size: int) -> hashlib._Hash:
    """What makes a blob's id of its bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    algorithm = hashlib.sha1 if len(blob) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % size, usedforsecurity=False)


def _with_git(path: Path) -> Path:
    """The folder, or the one above it, that has a `.git`; else the folder itself, which may be a bare repository.

    A folder of a repository can look like a bare one, with a configuration that somebody committed and that runs commands;
    it is refused. Git never commits anything of the name `.git`.
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
    """
    above = next((folder for folder in (path, *path.parents) if _is_git(folder / ".git")), None)
    if above is None or (above / ".git") in (path, *path.parents):
        return path
    if above != path and _is_bare(path):
        raise RepositoryError(
            f"{path} looks like a bare repository, but is a folder of the repository {above}.",
            "A bare repository is used only where no other one is around it: move it elsewhere.",
        )
    return above


def _is_git(path: Path) -> bool:
    """Whether a `.git` is a repository's own folder, or a file that names one (a linked worktree, a submodule)."""
    return path.is_file() or (path / "HEAD").exists()


def _is_bare(path: Path) -> bool:
    return all((path / name).exists() for name in ("HEAD", "objects", "refs"))


def _common_dir(git_dir: Path) -> Path:
    """What linked worktrees share. GitPython would believe a surrounding git's environment."""
    try:
        named = (git_dir / "commondir").read_text().rstrip("\n")
    except OSError:
        return git_dir
    return (git_dir / named).resolve()


def _quoted(path: Path) -> str:
    """A path for GIT_ALTERNATE_OBJECT_DIRECTORIES, which colons part (https://git-scm.com/docs/git#_the_git_repository)."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _missing_blob(blob: str) -> GitUnavailable:
    return GitUnavailable(
        f"The blob {blob[:12]} is not in this clone and could not be fetched.",
        "Check the network and the remote's credentials, or clone without --filter.",
    )


def _failed(command: str, said: str) -> GitUnavailable:
    return GitUnavailable(f"git {command} failed: {said}", "The clone may be damaged or incomplete: try a fresh one.")


def _not_understood(command: str, said: str) -> GitUnavailable:
    return _failed(command, f"what it wrote is not understood ({said[:200]!r}).")


def _last_line(error: gitpython.GitCommandError | OSError) -> str:
    lines = str(getattr(error, "stderr", error)).strip().strip("'").splitlines()
    return lines[-1].strip() if lines else "no message"
