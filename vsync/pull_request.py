"""What a pull request would change in the store: its base's tree against the tree that merging it would give.

So the plan shows what the pull request does and nothing else; what the store still lacks of the base is one line of its
own. Reads git and the manifest, and needs no key. The manifest is that of the base's side, never the pull request's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .errors import GitUnavailable, PushRefused, RepositoryError
from .git import Repository
from .mode import PullRequest
from .planning import Comparison, Plan, refusal
from .remote import Remote
from .reporting import Report, of_plan, stock, stock_after
from .source import GitSource, Source
from .survey import difference, survey
from .sync import Job, Known, first_report, look


@dataclass(frozen=True, slots=True)
class Trees:
    """The two commits whose trees are compared, and in a few words what they are."""

    base: str
    head: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known of a pull request's commits before anything is fetched. `parents` are those of the one checked out."""

    checked_out: str
    parents: tuple[str, ...]
    base: str | None
    head: str | None


def checked_out_merge(found: Candidates) -> Trees | None:
    """The trees when what is checked out is the commit that GitHub made of base and head for trying. Pure."""
    if len(found.parents) != 2 or (found.head is not None and found.head != found.parents[1]):
        return None
    return Trees(found.parents[0], found.checked_out, "the base's tree against the tree of the merge")


def find_trees(
    pull: PullRequest, repository: Repository, checked_out: str, base: str | None, remote: Remote | None
) -> Trees:
    """The trees to compare. `base` is one that the user named. Raises RepositoryError when it cannot be told.

    What is checked out is nearly always the merge itself. Where it is the head or the base of the pull request, the
    merge is fetched; its files are read as data, whoever wrote them.
    """
    if base is not None:
        return Trees(base, checked_out, "the given base against the head")
    parents = tuple(repository.parents(checked_out))
    found = checked_out_merge(Candidates(checked_out, parents, pull.base, pull.head))
    if found is not None:
        return found
    merge = _fetch_merge(pull, remote) if remote is not None and pull.state == "open" else None
    if merge is not None:
        return merge
    if pull.head == checked_out and pull.base is not None:
        common = repository.merge_base(pull.base, checked_out)
        if common is not None:
            return Trees(common, checked_out, "where the pull request branched off, against its head")
    if pull.base is None or pull.base == checked_out:
        raise RepositoryError(
            f"The commits of pull request #{pull.number} cannot be found.",
            "Check out the pull request's merge (the default of actions/checkout on pull_request), or give base and head.",
        )
    return Trees(pull.base, checked_out, "the base's tree against what is checked out")


def _fetch_merge(pull: PullRequest, remote: Remote) -> Trees | None:
    """The merge that GitHub keeps for an open pull request without conflicts; None where there is none."""
    ref = f"refs/pull/{pull.number}/merge"
    try:
        merge = remote.refs(ref).get(ref)
        if merge is None:
            return None
        remote.fetch(merge, blobs=False)
        parents = remote.parents(merge)
    except (GitUnavailable, PushRefused):
        return None  # the remote's own trouble is told when the base is fetched, if that is needed at all
    if len(parents) != 2:
        return None
    return Trees(parents[0], merge, "the base's tree against the tree of the merge")


@contextmanager
def sources(trees: Trees, repository: Repository, remote: Remote | None) -> Iterator[tuple[Source, Source]]:
    """Both trees, opened; what this clone lacks is fetched beside it. Raises RepositoryError when that cannot be done."""
    lacking = [commit for commit in (trees.base, trees.head) if not repository.has_commit(commit)]
    reader = repository
    if lacking:
        if remote is None:
            raise _lacking(lacking[0], "there is no remote `origin` to fetch it from")
        try:
            remote.fetch(*lacking, blobs=False)
        except (GitUnavailable, PushRefused) as error:
            raise _lacking(lacking[0], error.message) from error
        reader = Repository(remote.folder, alternates=repository.common_dir / "objects", environment=remote.environment)
    base, head = GitSource(reader, trees.base), GitSource(reader, trees.head)
    try:
        yield base, head
    finally:
        base.close()
        head.close()


def _lacking(commit: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"The commit {commit[:12]}, which this pull request is compared with, is not in this clone: {why}.",
        "Give the job `permissions: contents: read` and its token as github-token, or check out with `fetch-depth: 0`.",
    )


def propose(job: Job, base: Source, trees: Trees) -> Report:
    """The report of what the pull request would change, and of what that means for the store."""
    plan = difference(base, job.source, job.brief)
    known = look(job)
    lacks = survey(base, known.state, job.brief)
    whole = known.survey.plan if job.keep_manifest else plan
    report = replace(
        first_report(job, known),
        comparison=Comparison("diff", trees.reason),
        base=trees.base,
        head=trees.head,
        warnings=job.warnings,
        owed=owed(known, lacks.plan, keeps=job.keep_manifest),
        dry_run=True,
    )
    report = of_plan(report, plan, refused=refusal(whole, job.settings.limits))
    if known.state is not None:
        report = replace(report, before=stock(known.state.files), after=stock_after(stock(known.state.files), whole))
    job.observer.planned(report)
    return report


def owed(known: Known, lacks: Plan, *, keeps: bool) -> str | None:
    """What the store still lacks without the pull request, in one line. Pure."""
    if not keeps:
        return "No manifest is kept (manifest: none), so what the store lacks of the base is not known here."
    if known.state is None:
        number = len(lacks.of("upload"))
        return f"Nothing has been synced yet: the first sync brings {_many(number, 'document')}." if number else None
    uploads, removals = len(lacks.of("upload", "replace", "retag")), len(lacks.deletes)
    if not uploads and not removals:
        return None
    return (
        f"Besides this, {_many(uploads, 'upload')} and {_many(removals, 'removal')} of the base are still to come: "
        "the last sync did not bring everything, or has not run yet."
    )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
