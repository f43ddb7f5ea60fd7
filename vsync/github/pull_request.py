"""What a pull request would change in the store: its base's tree against the tree that merging it would give.

So the plan shows what the pull request does and nothing else; what the store still lacks of the base is one line of its
own. Reads git and the manifest, and needs no key. The manifest is that of the base's side, never the pull request's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vsync.config.targets import Target
from vsync.errors import GitUnavailable, PushRefused, RepositoryError
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.github.mode import PullRequest
from vsync.plan.comparison import Comparison
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import difference, scan
from vsync.report.report import Report, of_plan, stock, stock_after
from vsync.source.base import Source
from vsync.source.git import GitSource
from vsync.state.manifest import TargetState
from vsync.state.publication import Published
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.preview import Basis, look
from vsync.sync.workspace import GitAccess, Workspace


def plan(
    target: Target, ports: Ports, context: RunContext, pull: PullRequest, workspace: Workspace, access: GitAccess
) -> Report:
    """The report of what a pull request would change. Raises RepositoryError when its base cannot be found."""
    repository, checked_out = workspace.repository, ports.source.head
    assert repository is not None
    assert checked_out is not None
    remote = workspace.remote or _reading(repository, access)
    try:
        named = context.settings.head is not None
        trees = find_trees(pull, repository, checked_out, context.base, remote, named=named)
        with sources(trees, repository, remote) as opened:
            published, warnings = _published(ports, context, workspace, opened.repository, trees.base)
            context = replace(context, warnings=(*context.warnings, *warnings))
            return propose(target, replace(ports, source=opened.head), context, opened.base, trees, published=published)
    finally:
        if remote is not None:
            remote.close()


def _reading(repository: Repository, access: GitAccess) -> Remote | None:
    """The remote of a repository whose manifest is not kept there, to fetch from."""
    url = repository.push_url()
    return None if url is None else access.remote(repository, url)


def _published(
    ports: Ports, context: RunContext, workspace: Workspace, repository: Repository, base: str
) -> tuple[Published | None, tuple[str, ...]]:
    """What is recorded of the store (None: that is not known), and warnings.

    A manifest that is a file of the repository is the base's: the one in the workspace belongs to the pull request,
    which may say what it likes.
    """
    publication = ports.publication
    if not context.keeps_manifest:
        return None, ()
    if workspace.remote is None and not Path(publication.name).is_absolute():
        return Published(repository.file(base, publication.name), None), ()
    try:
        return publication.read(), ()
    except (GitUnavailable, PushRefused) as error:
        return None, (
            f"What the store lacks besides this is not known: what was synced last could not be read. {error}",
        )


@dataclass(frozen=True, slots=True)
class Trees:
    """The two commits whose trees are compared, in a few words what they are, and what to know of them."""

    base: str
    head: str
    reason: str
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known of a pull request's commits before anything is fetched. `parents` are those of the one checked out,
    `merge` is the commit that the event names as GitHub's own."""

    checked_out: str
    parents: tuple[str, ...]
    head: str | None = None
    merge: str | None = None


_OF_MERGE = "the base branch against what merging gives"


def checked_out_merge(found: Candidates) -> Trees | None:
    """The trees when what is checked out is the commit that merges the pull request, for trying or for good. Pure."""
    if len(found.parents) != 2:
        return None
    if found.head != found.parents[1] and found.merge != found.checked_out:
        return None
    return Trees(found.parents[0], found.checked_out, _OF_MERGE)


def find_trees(
    pull: PullRequest,
    repository: Repository,
    checked_out: str,
    base: str | None,
    remote: Remote | None,
    *,
    named: bool = False,
) -> Trees:
    """The trees to compare. `base` is one that the user named, and `named` says that `checked_out` is too.

    Raises RepositoryError when it cannot be told.

    What is checked out is nearly always the merge itself. Where it is the head or the base of the pull request, the
    merge is fetched; its files are read as data, whoever wrote them.
    """
    if base is not None:
        return Trees(base, checked_out, "the given base against the head")
    parents = tuple(repository.parents(checked_out))
    found = checked_out_merge(Candidates(checked_out, parents, pull.head, pull.merge))
    if found is not None:
        return found
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
    """The trees where there is no merge to be had, and `why` says why."""
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
    """The merge that GitHub keeps for an open pull request; where there is none, a sentence that says why.

    Of one that has conflicts GitHub keeps the last merge that could be made.
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
class Opened:
    """Both trees as sources, and the repository that has them both."""

    base: Source
    head: Source
    repository: Repository


@contextmanager
def sources(trees: Trees, repository: Repository, remote: Remote | None) -> Iterator[Opened]:
    """Both trees, opened; what this clone lacks is fetched beside it. Raises RepositoryError when that cannot be done."""
    lacking = [commit for commit in (trees.base, trees.head) if not repository.has_commit(commit)]
    reader = repository
    if lacking:
        if remote is None:
            raise _lacking(lacking[0], "there is no remote `origin` to fetch it from")
        try:
            remote.fetch(*lacking, blobs=False)
        except (GitUnavailable, PushRefused) as error:
            raise _lacking(lacking[0], error.message.rstrip(".")) from error
        reader = Repository(remote.folder, alternates=repository.common_dir / "objects", environment=remote.environment)
    base, head = GitSource(reader, trees.base), GitSource(reader, trees.head)
    try:
        yield Opened(base, head, reader)
    finally:
        base.close()
        head.close()


def _lacking(commit: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"Its base {commit[:12]} is not in this clone: {why}.",
        "Give the job `permissions: contents: read`, or check out with `fetch-depth: 0`.",
    )


def propose(
    target: Target, ports: Ports, context: RunContext, base: Source, trees: Trees, *, published: Published | None
) -> Report:
    """The report of what the pull request would change, and of what that means for the store.

    `published` is what is recorded of the store. It is None where no manifest is kept, or it could not be read.
    """
    started = time.monotonic()
    changes = difference(base, ports.source, target)
    report = replace(
        _report(target, ports, context, changes, trees),
        warnings=(*context.warnings, *([trees.warning] if trees.warning else [])),
        owed=None if context.keeps_manifest else _NOT_KEPT,
    )
    refused = refusal(changes, target.limits)
    if published is not None:
        basis = look(target, ports, context, published)
        if _other_settings(basis.recorded.state, target.fingerprint):
            # The workflow of a pull request is its own: what it changes there shows as little in its files as in the base's.
            changes = basis.scan.plan
            report = _of_other_settings(report, basis)
            refused = refusal(changes, target.limits)
        else:
            lacks = scan(base, basis.recorded.state, target, full=context.settings.full, base=context.base).plan
            report = _beside_the_store(report, basis, lacks)
            if refused is None and not changes.is_empty and refusal(lacks, target.limits) is None:
                refused = refusal(basis.scan.plan, target.limits)
    report = replace(of_plan(report, changes, refused=refused), duration_s=time.monotonic() - started)
    context.observer.planned(report)
    return report


def _report(target: Target, ports: Ports, context: RunContext, changes: Plan, trees: Trees) -> Report:
    """The report without what is recorded of the store."""
    return Report(
        target=target.name,
        comparison=Comparison("diff", trees.reason),
        source=context.identity.name,
        vector_store_id=target.vector_store_id,
        base=trees.base,
        head=trees.head,
        manifest=ports.publication.name if context.keeps_manifest else None,
        dry_run=True,
    )


_NOT_KEPT = "No manifest is kept (manifest: none), so what the store lacks of the base branch is not known here."


_OTHER_SETTINGS = (
    "the settings are not those of the last sync, so this is all that they and the pull request would change"
)


def _other_settings(state: TargetState | None, settings: str) -> bool:
    """Whether the last complete sync was made with other settings; after a partial one that is not recorded."""
    return state is not None and bool(state.settings) and state.settings != settings


def _of_other_settings(report: Report, basis: Basis) -> Report:
    """The report of the whole plan: what the settings and the pull request would change together."""
    state = basis.recorded.state
    before = stock(state.files if state else {})
    return replace(
        report,
        comparison=Comparison("full", _OTHER_SETTINGS),
        vector_store_id=basis.report.vector_store_id,
        before=before,
        after=stock_after(before, basis.scan.plan),
    )


def _beside_the_store(report: Report, basis: Basis, lacks: Plan) -> Report:
    """With what the store lacks of the base, and the stock: with the base synced, and with the merge.

    So the two differ by the pull request alone, also where the store lacks much of the base or is newer than it.
    """
    state = basis.recorded.state
    before = stock(state.files if state is not None else {})
    return replace(
        report,
        vector_store_id=basis.report.vector_store_id,
        owed=owed(state, lacks),
        before=stock_after(before, lacks) if state is not None else before,
        after=stock_after(before, basis.scan.plan),
    )


def owed(state: TargetState | None, lacks: Plan) -> str | None:
    """What the store still lacks without the pull request, in one line. Pure."""
    if state is None:
        number = len(lacks.of("upload"))
        return f"Nothing has been synced yet: the first sync brings {_many(number, 'document')}." if number else None
    numbers = (
        ("upload", len(lacks.of("upload", "replace"))),
        ("change", len(lacks.of("retag"))),
        ("removal", len(lacks.deletes)),
    )
    told = [
        f"{_many(number, what)}{' of attributes' if what == 'change' else ''}" for what, number in numbers if number
    ]
    if not told:
        return None
    why = "the base branch is not fully synced yet, or the store is newer than this pull request's base"
    listed = f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
    return f"Not counted here: {listed} by which the store and the base branch differ, because {why}."


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
