"""What a pull request would change in the store: its base's tree against the tree that merging it gives.

The plan shows only what the pull request does. What the store still lacks of the base is one line, the backlog. This
reads git and the manifest, and needs no key. It never reads the pull request's own manifest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from vsync.config.targets import Target
from vsync.errors import GitUnavailable, PushRefused
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.github.mode import PullRequest
from vsync.github.trees import Trees, find_trees, sources
from vsync.plan.check_rules import check_root
from vsync.plan.comparison import Comparison
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import difference
from vsync.report.documents import Lines
from vsync.report.of_plan import of_plan
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes
from vsync.source.base import Source
from vsync.state.manifest import TargetState
from vsync.state.publication import Published
from vsync.sync.basis import Basis, look, sizes_of
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.same_store import expiry_warnings
from vsync.sync.store_facts import with_store_facts
from vsync.sync.workspace import GitAccess, Workspace
from vsync.system.wording import count


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
            report = propose(
                target, replace(ports, source=opened.head), context, opened.base, trees, published=published
            )
            return _readable(with_lines(report, opened.repository, trees), pull, opened.repository)
    finally:
        if remote is not None:
            remote.close()


_MOST_COUNTED, _MOST_BYTES_OF_NAMES = 1_000, 100_000
"""With more documents or longer names no lines are counted: nobody reads that many rows, and a command has a longest length."""


def with_lines(report: Report, repository: Repository, trees: Trees) -> Report:
    """The report with the added and removed lines of its documents. A report without them says all that matters."""
    documents = report.documents
    paths = [*documents.added, *documents.updated, *documents.removed]
    too_many = len(paths) > _MOST_COUNTED or sum(len(path.encode()) for path in paths) > _MOST_BYTES_OF_NAMES
    if not paths or too_many:
        return report
    try:
        counted = repository.line_counts(trees.base, trees.head, paths)
    except GitUnavailable:
        return report
    lines = {path: Lines(*numbers) for path, numbers in counted.items()}
    return replace(report, body=replace(report.plan, documents=replace(documents, lines=lines)))


def _readable(report: Report, pull: PullRequest, repository: Repository) -> Report:
    """The report with links to the pull request's head. GitHub soon forgets the merge that it makes for a trial."""
    if pull.state != "open" or pull.head is None or report.head is None or report.comparison.mode == "full":
        return report
    return replace(report, files_at=pull.head) if pull.head in repository.parents(report.head) else report


def _reading(repository: Repository, access: GitAccess) -> Remote | None:
    """The remote to fetch from, where the manifest is not kept on the remote."""
    url = repository.push_url()
    return None if url is None else access.remote(repository, url)


def _published(
    ports: Ports, context: RunContext, workspace: Workspace, repository: Repository, base: str
) -> tuple[Published | None, tuple[str, ...]]:
    """What is recorded of the store (None: that is not known), and warnings.

    A manifest that is a file of the repository is read from the base. The manifest in the workspace belongs to the pull
    request, and anybody may have written it.
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
class Change:
    """What the pull request changes, and what that means for the store.

    `store` is None where nothing is recorded of it. `plan_id` is of all that a sync of the merge would do: more than the
    pull request, where the store lacks something of the base.
    """

    plan: Plan
    comparison: Comparison
    refused: str | None
    store: StoreSizes | None = None
    backlog: str | None = None
    plan_id: str | None = None


def propose(
    target: Target, ports: Ports, context: RunContext, base: Source, trees: Trees, *, published: Published | None
) -> Report:
    """The report of what the pull request would change, and of what that means for the store.

    `published` is what is recorded of the store. It is None where no manifest is kept, or it could not be read.
    """
    started = time.monotonic()
    basis = None if published is None else look(target, ports, context, published)
    state = basis.recorded.state if basis is not None else None
    change = _change(target, ports, context, base, trees, basis)
    report = Report(
        target=target.name,
        comparison=change.comparison,
        source=context.identity.name,
        base=trees.base,
        head=trees.head,
        manifest=ports.publication.name if context.keeps_manifest else None,
        warnings=_warnings(context, trees, state),
    )
    report = of_plan(
        with_store_facts(report, target, state),
        change.plan,
        refused=change.refused,
        store=change.store,
        backlog=change.backlog,
        of_pull_request=True,
        plan_id=change.plan_id,
    )
    report = replace(report, duration_s=time.monotonic() - started)
    context.observer.planned(report)
    return report


def _warnings(context: RunContext, trees: Trees, state: TargetState | None) -> tuple[str, ...]:
    """What a reader must know of the trees that are compared, and what is recorded of the store."""
    expiry = expiry_warnings(state.vector_store_id, state.expires_after_days) if state is not None else ()
    return (*context.warnings, *([trees.warning] if trees.warning else []), *expiry)


def _change(
    target: Target, ports: Ports, context: RunContext, base: Source, trees: Trees, basis: Basis | None
) -> Change:
    """What the pull request changes. All numbers count the base as synced, so that they agree with each other."""
    check_root(ports.source, target.rules)
    state = basis.recorded.state if basis is not None else None
    if basis is not None and _other_settings(state, target.fingerprint):
        # A workflow of the pull request may have other settings. Neither tree shows that, so the whole plan is shown.
        whole, sizes = basis.scan.plan, sizes_of(state, basis.scan.plan)
        comparison, refused = Comparison("full", _OTHER_SETTINGS), refusal(whole, target.limits)
        return Change(whole, comparison, refused, sizes, plan_id=basis.report.plan.plan_id)
    comparison = Comparison("diff", trees.reason)
    found = difference(base, ports.source, target, state, comparison, full=context.settings.full)
    refused = refusal(found.plan, target.limits)
    if basis is None:
        return Change(found.plan, comparison, refused, backlog=None if context.keeps_manifest else _NOT_KEPT)
    refused_before = refusal(found.lacks, target.limits)
    if refused is None and refused_before is None and not found.plan.is_empty:
        whole_refused = refusal(basis.scan.plan, target.limits)
        refused = whole_refused and f"{_TOGETHER} {whole_refused}"
    backlog = backlog_of(state, found.lacks)
    if backlog is not None and refused_before is not None:
        backlog = f"{backlog} A limit refuses that sync, with or without this pull request."
    sizes = sizes_of(found.synced, found.plan)
    return Change(found.plan, comparison, refused, sizes, backlog, basis.report.plan.plan_id)


_TOGETHER = (
    "The pull request alone is within the limits. The next sync also brings what the store lacks of the base branch."
)

_NOT_KEPT = "No manifest is kept (manifest: none), so what the store lacks of the base branch is not known here."


_OTHER_SETTINGS = (
    "the settings are not those of the last sync, so this is all that they and the pull request would change"
)


def _other_settings(state: TargetState | None, settings: str) -> bool:
    """Whether the last complete sync had other settings. After a partial sync the manifest does not record settings."""
    return state is not None and bool(state.settings) and state.settings != settings


def backlog_of(state: TargetState | None, lacks: Plan) -> str | None:
    """What the store still lacks without the pull request, in one line. Pure."""
    uploads, retags, deletes = len(lacks.of("upload", "replace")), len(lacks.of("retag")), len(lacks.deletes)
    if state is None:
        first = len(lacks.of("upload"))
        if not first:
            return None
        first_sync = (
            f"Nothing has been synced yet: the first sync brings {count(first, 'document')} of the base branch."
        )
        return f"{first_sync} {_COUNTED}"
    numbers = [
        *([count(uploads, "upload")] if uploads else []),
        *([count(retags, "change of attributes", "changes of attributes")] if retags else []),
        *([count(deletes, "removal")] if deletes else []),
    ]
    if not numbers:
        return None
    listed = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
    why = "the base branch is not fully synced yet, or the store is newer than this pull request's base"
    return f"Not counted here: {listed} by which the store and the base branch differ, because {why}. {_COUNTED}"


_COUNTED = "All numbers here count the base branch as synced."
