"""Which two trees a pull request's plan compares: the tree of its base, and the tree that merging it gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vsync.errors import GitUnavailable, PushRefused, RepositoryError
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.github.mode import PullRequest
from vsync.source.base import Source
from vsync.source.git import GitSource


@dataclass(frozen=True, slots=True)
class Trees:
    """The two commits whose trees are compared. `reason` says in a few words what they are."""

    base: str
    head: str
    reason: str
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """A pull request's commits, as far as they are known before anything is fetched.

    `parents` are the parents of the commit that is checked out. `merge` is the merge commit that the event names.
    """

    checked_out: str
    parents: tuple[str, ...]
    head: str | None = None
    merge: str | None = None


_OF_MERGE = "the base branch against what merging gives"


def checked_out_merge(commits: Candidates) -> Trees | None:
    """The trees when the merge of the pull request is checked out: GitHub's trial merge, or the real merge. Pure."""
    if len(commits.parents) != 2:
        return None
    if commits.head != commits.parents[1] and commits.merge != commits.checked_out:
        return None
    return Trees(commits.parents[0], commits.checked_out, _OF_MERGE)


def find_trees(
    pull: PullRequest,
    repository: Repository,
    checked_out: str,
    base: str | None,
    remote: Remote | None,
    *,
    named: bool = False,
) -> Trees:
    """The trees to compare. `base` is the base that the user named. `named`: the user named the checked-out commit too.

    Nearly always the merge itself is checked out. Where the head or the base of the pull request is checked out, the
    merge is fetched. Its files are only read, and never run. Raises RepositoryError when there are no two trees.
    """
    if base is not None:
        return Trees(base, checked_out, "the given base against the head")
    parents = tuple(repository.parents(checked_out))
    merge = checked_out_merge(Candidates(checked_out, parents, pull.head, pull.merge))
    if merge is not None:
        return merge
    if named and pull.base is not None and checked_out != pull.head:
        return Trees(pull.base, checked_out, "the base branch against the given head")
    fetched, why = _fetch_merge(pull, remote) if pull.state == "open" else (None, "")
    if fetched is not None and fetched.warning is None:
        return fetched
    if pull.head == checked_out and pull.base is not None:
        common = repository.merge_base(pull.base, checked_out)
        if common is not None:
            return Trees(common, checked_out, "where the pull request branched off, against its head")
    if fetched is not None:
        return fetched
    return _without_merge(pull, checked_out, why)


def _without_merge(pull: PullRequest, checked_out: str, why: str) -> Trees:
    """The trees where no merge could be fetched. `why` is the reason."""
    if pull.state == "merged" and pull.base is not None and pull.base != checked_out:
        return Trees(pull.base, checked_out, "the base branch as it was, against what is checked out")
    if pull.head == checked_out and pull.base is not None:
        warning = (
            "What the base branch changed since the pull request branched off shows here as undone by it: "
            f"{why} Check out with `fetch-depth: 0`."
        )
        return Trees(pull.base, checked_out, "the base branch against the pull request's head", warning)
    raise RepositoryError(
        f"What merging pull request #{pull.number} gives cannot be found: {why}",
        "Leave actions/checkout its defaults, or give the inputs base and head.",
    )


def _fetch_merge(pull: PullRequest, remote: Remote | None) -> tuple[Trees | None, str]:
    """The merge that GitHub keeps for an open pull request, or a sentence why there is none.

    Of a pull request with conflicts GitHub keeps the last merge that was possible.
    """
    if remote is None:
        return None, "it is not checked out, and there is no remote `origin`."
    ref = f"refs/pull/{pull.number}/merge"
    try:
        merge = remote.refs(ref).get(ref)
        if merge is None:
            return None, f"the remote has no {ref}, perhaps because it conflicts with its base."
        remote.fetch(merge, blobs=False)
        parents = remote.parents(merge)
    except (GitUnavailable, PushRefused) as error:
        return None, error.message.rstrip(".") + "."
    if len(parents) != 2:
        return None, f"the remote's {ref} is no merge."
    if pull.head is not None and pull.head != parents[1]:
        warning = (
            f"This is the plan of the pull request as it was at {parents[1][:12]}: GitHub has no merge of its head "
            f"{pull.head[:12]} yet, or it conflicts with its base."
        )
        return Trees(parents[0], merge, _OF_MERGE, warning), ""
    return Trees(parents[0], merge, _OF_MERGE), ""


@dataclass(frozen=True, slots=True)
class OpenTrees:
    """Both trees as sources, and the repository that has them both."""

    base: Source
    head: Source
    repository: Repository


@contextmanager
def sources(trees: Trees, repository: Repository, remote: Remote | None) -> Iterator[OpenTrees]:
    """Both trees, opened. A commit that this clone lacks is fetched into another folder.

    Raises RepositoryError when a commit cannot be fetched.
    """
    lacking = [commit for commit in (trees.base, trees.head) if not repository.has_commit(commit)]
    reader = repository
    if lacking:
        if remote is None:
            raise _lacking(lacking[0], "there is no remote `origin` to fetch it from")
        try:
            remote.fetch(*lacking, blobs=False)
        except (GitUnavailable, PushRefused) as error:
            raise _lacking(lacking[0], error.message.rstrip(".")) from error
        reader = Repository.of_scratch(remote.folder, repository.common_dir / "objects", remote.environment)
    base, head = GitSource(reader, trees.base), GitSource(reader, trees.head)
    try:
        yield OpenTrees(base, head, reader)
    finally:
        base.close()
        head.close()


def _lacking(commit: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"Its base {commit[:12]} is not in this clone: {why}.",
        "Give the job `permissions: contents: read`, or check out with `fetch-depth: 0`.",
    )
