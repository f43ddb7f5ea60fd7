"""The repository, through git's plumbing: commits, trees, differences and blobs. Never the working tree.

Git runs with a view of the clone: its refs and objects, without its configuration and its hooks (`view`). GitPython
starts the commands.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.blob_reader import NUMBER, BlobReader, missing_blob
from vsync.git.changes import (
    FOLDER,
    SUBMODULE,
    SYMLINK,
    Change,
    TreeEntry,
    nul_separated,
    parse_diff,
    parse_line_counts,
    parse_tree,
)
from vsync.git.clone_config import CloneConfig, Pair, as_file, kept_for_network, parse_config, set_aside
from vsync.git.deadlines import Deadlines
from vsync.git.diagnosis import commit_gone, unusable
from vsync.git.discovery import common_dir, find_repository, git_dir_above
from vsync.git.last_changes import History, boundary_of, last_changes
from vsync.git.local import GitFailed, LocalGit, failed, not_understood
from vsync.git.refs import as_environment, check_address, is_address, path_of, promisor_protocols, reason_given
from vsync.git.view import View
from vsync.system.atomic_write import give_back

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
    """One git repository, opened for reading. `work_tree` is the top folder of the checked out files; None: there are none."""

    work_tree: Path | None = None

    def __init__(self, path: Path, *, trusted: Path | None = None, deadlines: Deadlines | None = None) -> None:
        """Opens the repository that holds the folder. Raises RepositoryError.

        `trusted` is a folder whose repositories may belong to another user: the workspace of a job.
        """
        if not path.is_dir():  # a folder above it may be a repository, and is not meant
            raise RepositoryError(f"There is no folder {path}.", "Give the repository's folder with --repo.")
        limits = deadlines or Deadlines()
        found = find_repository(path, os.environ, trusted, limits)
        config = parse_config(found.configuration)
        view = View(found, as_file(config.remotes()))
        self._set(found.git_dir, found.common_dir, found.root, config, view, found.object_format)
        self.work_tree = None if found.root == found.git_dir else found.root
        self._git = LocalGit(view.git_dir, {**_ENVIRONMENT, **view.variables()}, limits)
        if config.depends_on_place:
            # The view lies elsewhere. What the user's `includeIf` says for this clone must count there as well.
            listed = self._git.text("config", "--list", "-z", "--show-scope", "--includes")
            self.users_here = config.only_here(parse_config(listed))
        self.reach_with(kept_for_network(self._config.pairs, token=False))

    @classmethod
    def of_scratch(
        cls, folder: Path, alternates: Path, environment: Mapping[str, str], deadlines: Deadlines | None = None
    ) -> Self:
        """The scratch repository of a remote, together with another folder of objects.

        `environment` holds what git needs to reach that remote.
        """
        made = cls.__new__(cls)
        made._set(folder, folder, folder, CloneConfig(), None, None)
        made.storage = alternates.parent
        variables = {
            **_ENVIRONMENT,
            "GIT_DIR": str(folder),
            "GIT_COMMON_DIR": str(folder),
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(alternates),
            **environment,
        }
        made._git = LocalGit(folder, variables, deadlines or Deadlines())
        return made

    def _set(
        self,
        git_dir: Path,
        common_dir: Path,
        root: Path,
        config: CloneConfig,
        view: View | None,
        object_format: str | None,
    ) -> None:
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.root = root
        self.storage = common_dir
        """The folder of the clone that holds what other programs store beside git's objects."""
        self._config = config
        self._view = view
        self._object_format = object_format
        self.users_here = list[Pair]()

    def reach_with(self, settings: Sequence[Pair]) -> None:
        """Gives git what it needs to reach the remote. Git fetches from there the blobs that a partial clone lacks."""
        protocols = promisor_protocols(value for key, value in self._config.remotes() if key.endswith(".url"))
        allowed = {} if "GIT_ALLOW_PROTOCOL" in os.environ else {"GIT_ALLOW_PROTOCOL": protocols}
        self._git.set({**as_environment([*self.users_here, *settings], os.environ), **allowed})

    def trust(self, variables: Mapping[str, str]) -> None:
        """Gives git variables that name the certificates to trust."""
        self._git.set(variables)

    def close(self) -> None:
        if self._view is not None:
            self._view.close()

    def resolve(self, revision: str, what: str = "head") -> str:
        """The commit that a revision names."""
        try:
            commit = self._git.text("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitFailed:
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
            self._git.text("rev-parse", "--git-dir")
        except GitFailed as error:
            raise unusable(self.root, error.stderr) from error
        if _COMMIT.fullmatch(branch):
            return None
        try:
            named = self._git.text("rev-parse", "--verify", "--quiet", branch)
        except GitFailed:
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
            return self._git.text("cat-file", "-t", object_id, more={"GIT_NO_LAZY_FETCH": "1"})
        except GitFailed:
            return None

    def origin_url(self) -> str | None:
        """The address of the remote `origin`, as configured."""
        return self._origin_url

    @functools.cached_property
    def _origin_url(self) -> str | None:
        try:
            return self._git.text("config", "--get", "remote.origin.url") or None
        except GitFailed:
            return None

    def push_url(self) -> str | None:
        """The address that git would push to for `origin`, rewritten as `url.….insteadOf` says. Raises RepositoryError."""
        if self.origin_url() is None:
            return None
        url = self._git.text("remote", "get-url", "--push", "origin")
        check_address(url)
        if url and not is_address(url):
            return str(self.root / url)  # git resolves a path from the top folder of the working tree
        return url or None

    def holds(self, url: str) -> bool:
        """Whether the address is a path to this clone, or into it, or to another working tree of it."""
        path = path_of(url)
        if path is None:
            return False
        real = (self.root / path).resolve()
        if any(real.is_relative_to(folder) for folder in (self.root, self.git_dir, self.common_dir)):
            return True
        found = git_dir_above(real / ".git")
        return found is not None and common_dir(found[1]) == self.common_dir

    def configuration(self) -> tuple[Pair, ...]:
        """The clone's own configuration as pairs of key and value, in git's order."""
        return self._config.pairs

    def promisor_url(self) -> str | None:
        """The address that the blobs which a partial clone lacks come from. None: the clone lacks none."""
        remote = self._config.promisor()
        try:
            return None if remote is None else self._git.text("remote", "get-url", remote) or None
        except GitFailed:
            return None

    def names_certificates(self) -> bool:
        """Whether git's configuration, of this repository or of the user, says which certificates git trusts."""
        try:
            return bool(self._git.text("config", "--get-regexp", r"^http\.(.*\.)?sslca(info|path)$"))
        except GitFailed:
            return False

    def object_format(self) -> str:
        if self._object_format is None:
            self._object_format = self._git.text_or_raise("rev-parse", "--show-object-format")
        return self._object_format

    @property
    def is_bare(self) -> bool:
        """Whether the repository has no working tree."""
        return self._view is not None and self.root == self.git_dir

    def is_unborn(self) -> bool:
        """Whether the branch that is checked out has no commit yet. Raises RepositoryError when git refuses to work."""
        return self._kind("HEAD") is None and self._named_by("HEAD") is None

    def default_branch(self) -> str | None:
        """The default branch of `origin`, as far as the clone knows it; else the branch that is checked out. None: there is none."""
        for ref, before in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
            try:
                named = self._git.text("symbolic-ref", "--quiet", ref)
            except GitFailed:
                continue
            if named.startswith(before):
                return named.removeprefix(before)
        return None

    def working_files(self) -> list[bytes]:
        """The paths of files in the working tree that no `.gitignore` there names. No content is read, and no program runs."""
        try:
            output = self._git.run(
                *("ls-files", "--others", "--exclude-standard", "-z"), more={"GIT_WORK_TREE": str(self.root)}
            )
        except GitFailed as error:
            raise failed("ls-files", error.last_line) from error
        return list(nul_separated([output]))

    def held(self, commit: str, blobs: Sequence[str]) -> list[str]:
        """Those of a commit's blobs that the clone holds: a partial clone would have to fetch the others."""
        if self._config.promisor() is None:
            return list(blobs)
        missing = self._missing(commit)
        return [blob for blob in blobs if blob not in missing]

    def checked_out(self) -> set[str]:
        """The branches that are checked out, here and in linked worktrees."""
        lines = self._git.text_or_raise("worktree", "list", "--porcelain").split("\n")
        return {line.removeprefix("branch refs/heads/") for line in lines if line.startswith("branch ")}

    def working_trees(self) -> list[Path]:
        """The top folders of the clone's working trees. The clone itself is the first one, and git sees its view there."""
        lines = self._git.text_or_raise("worktree", "list", "--porcelain").split("\n")
        linked = [Path(line.removeprefix("worktree ")) for line in lines if line.startswith("worktree ")][1:]
        return [*([self.common_dir.parent] if self.common_dir.name == ".git" else []), *linked]

    def refs(self, *patterns: str, most: int) -> list[str]:
        """The names of refs that match these patterns of `git for-each-ref`: at most so many, the newest first."""
        options = [f"--count={most}", "--sort=-committerdate", "--format=%(refname)"]
        return self._git.text_or_raise("for-each-ref", *options, *patterns).split()

    def parents(self, commit: str) -> list[str]:
        """The parents that a commit names. A shallow clone may not have them."""
        header, _, _ = self._git.text_or_raise("cat-file", "commit", commit).partition("\n\n")
        # Not `splitlines`: an author's name may hold characters that Unicode counts as line ends.
        parents = [line.removeprefix("parent ") for line in header.split("\n") if line.startswith("parent ")]
        if not all(map(_COMMIT.fullmatch, parents)):
            raise not_understood("cat-file", header)
        return parents

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `older` is in the history of `newer`, as far as this clone knows."""
        if not self.has_commit(newer) or not _COMMIT.fullmatch(older):
            return False
        try:
            self._git.text("merge-base", "--is-ancestor", older, newer)
        except GitFailed:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """The last common commit of two histories; None when this clone does not know it."""
        try:
            return self._git.text("merge-base", one, other) or None
        except GitFailed:
            return None

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit; None when there is no such file."""
        blob = self._blob_at(commit, path)
        return None if blob is None else self._bytes(blob)

    def file_here(self, commit: str, path: str, most: int) -> bytes | None:
        """The same, as far as this clone holds the bytes, and at most `most` of them. Nothing is fetched."""
        blob = self._blob_at(commit, path)
        if blob is None or (self._config.promisor() is not None and blob in self._missing(commit)):
            return None
        return self._bytes(blob) if self.sizes([blob])[blob] <= most else None

    def _blob_at(self, commit: str, path: str) -> str | None:
        with self._git.output("ls-tree", "-z", "--full-tree", commit, "--", path) as chunks:
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
            return bool(self._git.text("ls-tree", "--name-only", "--full-tree", revision, "--", path))
        except GitFailed:
            return False

    def count_between(self, base: str, head: str) -> int:
        """How many commits are in the history of `head` and not in that of `base`."""
        number = self._git.text_or_raise("rev-list", "--count", f"{base}..{head}")
        if not re.fullmatch(r"[0-9]{1,18}", number):
            raise not_understood("rev-list", number)
        return int(number)

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Every file of a commit."""
        with self._git.output("ls-tree", "-r", "-z", "--full-tree", commit) as chunks:
            yield from parse_tree(chunks)

    def links_at(self, commit: str) -> dict[bytes, str]:
        """The symbolic links and submodules of a commit: their modes by path."""
        return {entry.path: entry.mode for entry in self.tree(commit) if entry.mode in {SYMLINK, SUBMODULE}}

    def find(self, commit: str, paths: Sequence[bytes]) -> list[TreeEntry]:
        """What stands at these paths of a commit: files, links and folders."""
        entries: list[TreeEntry] = []
        for start in range(0, len(paths), _PATHS_AT_ONCE):
            names = [os.fsdecode(path) for path in paths[start : start + _PATHS_AT_ONCE]]
            with self._git.output(
                "--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", *names
            ) as chunks:
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
        with self._git.output("diff-tree", *options, base, head) as chunks:
            yield from parse_diff(chunks)

    def line_counts(self, base: str, head: str, paths: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How many lines were added and removed in these files between two commits. Binary files are left out."""
        options = ("-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv")
        with self._git.output("--literal-pathspecs", "diff-tree", *options, base, head, "--", *paths) as chunks:
            return {path.decode(): (added, removed) for path, added, removed in parse_line_counts(chunks)}

    def history(self, commit: str, paths: Sequence[str]) -> History:
        """The last changes of these files of a commit. Two processes for any number of files.

        Of a partial clone's blobs only the commit's `.mailmap` is fetched.
        """
        if self._config.promisor() is not None:
            self.fetch_missing(commit, [entry.blob for entry in self.find(commit, [b".mailmap"])])
        names = {path.encode("utf-8", "surrogateescape") for path in paths}
        found = self.find(commit, sorted(names)) if len(names) <= _PATHS_AT_ONCE else self.tree(commit)
        entries = [entry for entry in found if entry.path in names and entry.mode != FOLDER]
        boundary = boundary_of(self.common_dir)
        return last_changes(self._git, commit, entries, boundary, partial=self._config.promisor() is not None)

    def fetch_missing(self, commit: str, blobs: Sequence[str]) -> None:
        """Fetches those of the blobs that a partial clone lacks, in one fetch. Git itself would fetch them one by one.

        The options are those of git's own fetch of missing blobs (https://git-scm.com/docs/partial-clone).
        """
        remote = self._config.promisor()
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
            self._git.run(
                *("-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, remote),
                stdin="\n".join(sorted(missing)).encode(),
                deadline_s=self._git.deadlines.fetch_s,
            )
        except GitFailed as error:
            raise GitUnavailable(
                f"{len(missing)} blobs are not in this partial clone, and fetching them from {remote!r} failed: "
                f"{reason_given(error.stderr)}.",
                _fetch_remedy(error.stderr, set_aside(self._config.pairs)),
            ) from error
        finally:
            give_back(self.common_dir / "objects")

    def sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """The sizes of blobs, in bytes."""
        if not blobs:
            return {}
        try:
            output = self._git.run(
                "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin="\n".join(blobs).encode()
            )
        except GitFailed as error:
            raise failed("cat-file", error.last_line) from error
        sizes = {}
        for line in output.splitlines():
            blob, _, size = line.partition(b" ")
            if not NUMBER.fullmatch(size):
                raise missing_blob(blob.decode("ascii", "replace"))
            sizes[blob.decode("ascii", "replace")] = int(size)
        return sizes

    def blobs(self) -> BlobReader:
        return BlobReader(self._git)

    def _missing(self, commit: str) -> set[str]:
        """Objects of a commit that this clone promises but does not hold."""
        lines = self._git.text_or_raise("rev-list", "--objects", "--no-walk", "--missing=print", commit).split("\n")
        return {line[1:] for line in lines if line.startswith("?")}


def _quoted(path: Path) -> str:
    """A path for GIT_ALTERNATE_OBJECT_DIRECTORIES, where colons separate paths (https://git-scm.com/docs/git#_the_git_repository)."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fetch_remedy(stderr: str, unused: str) -> str:
    if "not allowed" in stderr:
        return (
            "vsync fetches missing blobs over https and ssh alone. Fetch them with git (`git fetch --refetch --no-filter`), or "
            "allow the protocol yourself: GIT_ALLOW_PROTOCOL."
        )
    return f"Check the network and the remote's credentials, or clone without --filter. {unused}".rstrip()
