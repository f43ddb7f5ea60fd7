"""The repository, through git's plumbing: commits, trees, differences and blobs. Never the working tree.

GitPython runs the commands. Each command runs with `GIT_DIR` set to the folder that was found, for two reasons:

- Variables of a surrounding git (a hook) do not lead the command to another repository.
- Git checks while it searches whether somebody else owns the repository
  (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory). With `GIT_DIR` it does not search, so
  a container that runs as another user can read the repository, and nobody's configuration is changed for that.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.blob_reader import NUMBER, BlobReader, missing_blob
from vsync.git.changes import Change, TreeEntry, parse_diff, parse_line_counts, parse_tree
from vsync.git.diagnosis import commit_gone, not_a_repository, unusable
from vsync.git.discovery import common_dir, repository_at
from vsync.git.gitpython import gitpython
from vsync.git.refs import check_address, is_address, reason_given
from vsync.git.stream import GitStream
from vsync.system.atomic_write import give_back
from vsync.system.spool import CHUNK_BYTES

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # `git replace` would give an object other bytes than its id names.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_PATHS_AT_ONCE = 500
"""Paths in one command. A command line has a limited length."""
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class Repository:
    """One git repository, opened for reading."""

    def __init__(
        self, path: Path, *, alternates: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Opens the repository that holds the folder.

        `alternates` is another folder of objects to read from. `environment` holds what git needs to reach the remote.
        """
        if not path.is_dir():  # a folder above it may be a repository, and is not meant
            raise RepositoryError(f"There is no folder {path}.", "Give the repository's folder with --repo.")
        try:
            self._repo = gitpython.Repo(repository_at(path.absolute()), expand_vars=False)
        except (gitpython.InvalidGitRepositoryError, OSError, ValueError) as error:
            raise not_a_repository(path) from error
        self.git_dir = Path(self._repo.git_dir).resolve()
        self.common_dir = common_dir(self.git_dir)
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
        """Gives git what it needs to reach the remote. Git fetches from there the blobs that a partial clone lacks."""
        self._repo.git.update_environment(**environment)

    def close(self) -> None:
        self._repo.close()

    def resolve(self, revision: str, what: str = "head") -> str:
        """The commit that a revision names."""
        try:
            commit = self._text("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except gitpython.GitCommandError:
            commit = ""
        if _COMMIT.fullmatch(commit):  # git accepts "^HEAD" as well, which is not a commit
            return commit
        named = self._named_by(revision)
        if named is not None:
            raise commit_gone(named, revision, self.common_dir / "objects")
        if revision == "HEAD":
            raise RepositoryError(
                "The repository has no commit yet: its branch is unborn.", "Commit the files to sync first."
            )
        raise RepositoryError(
            f"The {what} {revision!r} is not a commit in this clone.",
            "Check its spelling; in a shallow clone fetch it first (actions/checkout: fetch-depth: 0).",
        )

    def _named_by(self, branch: str) -> str | None:
        """The commit that a branch or HEAD names, whether or not the clone has it. Raises RepositoryError when git refuses to work."""
        try:
            self._text("rev-parse", "--git-dir")
        except gitpython.GitCommandError as error:
            raise unusable(self.root, _stderr(error)) from error
        if _COMMIT.fullmatch(branch):
            return None
        try:
            named = self._text("rev-parse", "--verify", "--quiet", branch)
        except gitpython.GitCommandError:
            return None
        return named if _COMMIT.fullmatch(named) and self._kind(named) is None else None

    def has_commit(self, commit: str) -> bool:
        """Whether the commit is in this clone. A partial clone must not fetch it with its whole history to find out."""
        if not _COMMIT.fullmatch(commit):  # it comes from a manifest, and could be an option of git
            return False
        return self._kind(commit) == "commit"

    def _kind(self, object_id: str) -> str | None:
        """The type of an object in this clone; None when the clone does not have the object."""
        try:
            return str(self._repo.git.execute(["git", "cat-file", "-t", object_id], env={"GIT_NO_LAZY_FETCH": "1"}))
        except gitpython.GitCommandError:
            return None

    def origin_url(self) -> str | None:
        """The address of the remote `origin`, as configured."""
        try:
            return self._text("config", "--get", "remote.origin.url") or None
        except gitpython.GitCommandError:
            return None

    def push_url(self) -> str | None:
        """The address that git would push to for `origin`, rewritten as `url.….insteadOf` says. Raises RepositoryError."""
        if self.origin_url() is None:
            return None
        url = self._text("remote", "get-url", "--push", "origin")
        check_address(url)
        if url and not is_address(url):
            return str(self.root / url)  # git resolves a path from the top folder of the working tree
        return url or None

    def configuration(self) -> list[tuple[str, str]]:
        """The repository's own configuration as pairs of key and value, in git's order."""
        try:
            output = self._text("config", "--local", "--includes", "--list", "-z")
        except gitpython.GitCommandError:
            return []
        records = (record.partition("\n") for record in output.split("\0") if record)
        return [(key, value) for key, _, value in records]

    def names_certificates(self) -> bool:
        """Whether git's configuration, of this repository or of the user, says which certificates git trusts."""
        try:
            return bool(self._text("config", "--get-regexp", r"^http\.(.*\.)?sslca(info|path)$"))
        except gitpython.GitCommandError:
            return False

    def object_format(self) -> str:
        name = self._text_or_raise("rev-parse", "--show-object-format")
        if not name.isalnum():
            raise _not_understood("rev-parse", name)
        return name

    def checked_out(self) -> set[str]:
        """The branches that are checked out, here and in linked worktrees."""
        lines = self._text_or_raise("worktree", "list", "--porcelain").split("\n")
        return {line.removeprefix("branch refs/heads/") for line in lines if line.startswith("branch ")}

    def parents(self, commit: str) -> list[str]:
        """The parents that a commit names. A shallow clone may not have them."""
        header, _, _ = self._text_or_raise("cat-file", "commit", commit).partition("\n\n")
        # Not `splitlines`: an author's name may hold characters that Unicode counts as line ends.
        parents = [line.removeprefix("parent ") for line in header.split("\n") if line.startswith("parent ")]
        if not all(map(_COMMIT.fullmatch, parents)):
            raise _not_understood("cat-file", header)
        return parents

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `older` is in the history of `newer`, as far as this clone knows."""
        if not self.has_commit(newer) or not _COMMIT.fullmatch(older):
            return False
        try:
            self._text("merge-base", "--is-ancestor", older, newer)
        except gitpython.GitCommandError:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """The last common commit of two histories; None when this clone does not know it."""
        try:
            return self._text("merge-base", one, other) or None
        except gitpython.GitCommandError:
            return None

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit; None when there is no such file."""
        blob = self._blob_at(commit, path)
        return None if blob is None else self._bytes(blob)

    def file_here(self, commit: str, path: str, most: int) -> bytes | None:
        """The same, as far as this clone holds the bytes, and at most `most` of them. Nothing is fetched."""
        blob = self._blob_at(commit, path)
        if blob is None or (self._promisor_remote() is not None and blob in self._missing(commit)):
            return None
        return self._bytes(blob) if self.sizes([blob])[blob] <= most else None

    def _blob_at(self, commit: str, path: str) -> str | None:
        with self._output("ls-tree", "-z", "--full-tree", commit, "--", path) as chunks:
            entries = [entry for entry in parse_tree(chunks) if entry.mode in {"100644", "100755"}]
        return entries[0].blob if entries else None

    def _bytes(self, blob: str) -> bytes:
        with self.blobs() as blobs:
            return b"".join(blobs.chunks(blob))

    @property
    def is_shallow(self) -> bool:
        """Whether the clone has not the whole history of its commits."""
        return (self.common_dir / "shallow").exists()

    def has_file(self, revision: str, path: str) -> bool:
        """Whether the revision is in this clone, and has that path."""
        try:
            return bool(self._text("ls-tree", "--name-only", "--full-tree", revision, "--", path))
        except gitpython.GitCommandError:
            return False

    def count_between(self, base: str, head: str) -> int:
        """How many commits are in the history of `head` and not in that of `base`."""
        number = self._text_or_raise("rev-list", "--count", f"{base}..{head}")
        if not re.fullmatch(r"[0-9]{1,18}", number):
            raise _not_understood("rev-list", number)
        return int(number)

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Every file of a commit."""
        with self._output("ls-tree", "-r", "-z", "--full-tree", commit) as chunks:
            yield from parse_tree(chunks)

    def find(self, commit: str, paths: Sequence[bytes]) -> list[TreeEntry]:
        """What stands at these paths of a commit: files, links and folders."""
        entries: list[TreeEntry] = []
        for start in range(0, len(paths), _PATHS_AT_ONCE):
            names = [os.fsdecode(path) for path in paths[start : start + _PATHS_AT_ONCE]]
            with self._output("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", *names) as chunks:
                entries += parse_tree(chunks)
        return entries

    def diff(self, base: str, head: str) -> Iterator[Change]:
        """The changes between two commits. A rename is one removed and one added path."""
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

    def line_counts(self, base: str, head: str, paths: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How many lines were added and removed in these files between two commits. Binary files are left out."""
        options = ("-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv")
        with self._output("--literal-pathspecs", "diff-tree", *options, base, head, "--", *paths) as chunks:
            return {path.decode(): (added, removed) for path, added, removed in parse_line_counts(chunks)}

    def fetch_missing(self, commit: str, blobs: Sequence[str]) -> None:
        """Fetches those of the blobs that a partial clone lacks, in one fetch. Git itself would fetch them one by one.

        The options are those of git's own fetch of missing blobs (https://git-scm.com/docs/partial-clone).
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
                f"{reason_given(_stderr(error))}.",
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
            if not NUMBER.fullmatch(size):
                raise missing_blob(blob.decode("ascii", "replace"))
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
        lines = self._text_or_raise("rev-list", "--objects", "--no-walk", "--missing=print", commit).split("\n")
        return {line[1:] for line in lines if line.startswith("?")}

    def _text(self, *arguments: str) -> str:
        output = self._repo.git.execute(["git", *arguments])
        assert isinstance(output, str)
        return output.strip()

    def _text_or_raise(self, *arguments: str) -> str:
        """`_text`, for a command that fails only when something is wrong. Raises GitUnavailable then."""
        try:
            return self._text(*arguments)
        except gitpython.GitCommandError as error:
            raise _failed(arguments[0], _last_line(error)) from error

    def _feed(self, arguments: Sequence[str], stdin: bytes) -> bytes:
        stream = GitStream(self._repo.git, arguments, istream=subprocess.PIPE)
        stdout, _ = stream.popen.communicate(stdin)
        if stream.popen.returncode:
            raise gitpython.GitCommandError(["git", *arguments], stream.popen.returncode, stream.stderr(), stdout)
        return stdout

    @contextmanager
    def _output(self, *arguments: str) -> Iterator[Iterable[bytes]]:
        stream = GitStream(self._repo.git, arguments)
        yield iter(lambda: stream.stdout.read(CHUNK_BYTES), b"")
        stream.popen.communicate()
        if stream.popen.returncode:
            raise _failed(arguments[0], stream.stderr().decode("utf-8", "replace").strip()[-500:])


def _quoted(path: Path) -> str:
    """A path for GIT_ALTERNATE_OBJECT_DIRECTORIES, where colons separate paths (https://git-scm.com/docs/git#_the_git_repository)."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _failed(command: str, output: str) -> GitUnavailable:
    return GitUnavailable(f"git {command} failed: {output}", "The clone may be damaged or incomplete: try a fresh one.")


def _not_understood(command: str, output: str) -> GitUnavailable:
    return _failed(command, f"its output is not understood ({output[:200]!r}).")


def _stderr(error: gitpython.GitCommandError | OSError) -> str:
    """What git wrote to stderr. GitPython puts a title before it, and quotes around it."""
    text = str(getattr(error, "stderr", error)).strip()
    return text.removeprefix("stderr:").strip().strip("'").strip()


def _last_line(error: gitpython.GitCommandError | OSError) -> str:
    lines = _stderr(error).splitlines()
    return lines[-1].strip() if lines else "no message"
