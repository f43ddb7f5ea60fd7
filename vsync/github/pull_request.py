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
from vsync.plan.scan import difference, scan
from vsync.report.of_plan import of_plan
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes, size_after, size_of
from vsync.source.base import Source
from vsync.state.manifest import TargetState
from vsync.state.publication import Published
from vsync.sync.basis import look
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.same_store import expiry_warnings
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
            return propose(target, replace(ports, source=opened.head), context, opened.base, trees, published=published)
    finally:
        if remote is not None:
            remote.close()


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

    `vector_store_id`, `store` and `backlog` are None as far as nothing is recorded of the store. `warnings` are what is
    recorded of it that a reader must know. `plan_id` is of all that a sync of the merge would do: more than the pull
    request, where the store lacks something of the base.
    """

    plan: Plan
    comparison: Comparison
    refused: str | None
    vector_store_id: str | None
    store: StoreSizes | None = None
    backlog: str | None = None
    warnings: tuple[str, ...] = ()
    plan_id: str | None = None


def propose(
    target: Target, ports: Ports, context: RunContext, base: Source, trees: Trees, *, published: Published | None
) -> Report:
    """The report of what the pull request would change, and of what that means for the store.

    `published` is what is recorded of the store. It is None where no manifest is kept, or it could not be read.
    """
    started = time.monotonic()
    change = _change(target, ports, context, base, trees, published)
    report = Report(
        target=target.name,
        comparison=change.comparison,
        source=context.identity.name,
        vector_store_id=change.vector_store_id,
        base=trees.base,
        head=trees.head,
        manifest=ports.publication.name if context.keeps_manifest else None,
        warnings=(*context.warnings, *([trees.warning] if trees.warning else []), *change.warnings),
    )
    report = of_plan(
        report,
        change.plan,
        refused=change.refused,
        store=change.store,
        backlog=change.backlog,
        plan_id=change.plan_id,
    )
    report = replace(report, duration_s=time.monotonic() - started)
    context.observer.planned(report)
    return report


def _change(
    target: Target, ports: Ports, context: RunContext, base: Source, trees: Trees, published: Published | None
) -> Change:
    check_root(ports.source, target.rules)
    plan = difference(base, ports.source, target)
    refused = refusal(plan, target.limits)
    comparison = Comparison("diff", trees.reason)
    if published is None:
        backlog = None if context.keeps_manifest else _NOT_KEPT
        return Change(plan, comparison, refused, target.vector_store_id, backlog=backlog)
    basis = look(target, ports, context, published)
    state, whole = basis.recorded.state, basis.scan.plan
    store_id = basis.report.vector_store_id
    recorded = size_of(state.files if state else {})
    warnings = expiry_warnings(state.vector_store_id, state.expires_after_days) if state else ()
    if _other_settings(state, target.fingerprint):
        # A workflow of the pull request may have other settings. Neither tree shows that, so the whole plan is shown.
        sizes = StoreSizes(recorded, size_after(recorded, whole))
        return Change(
            whole,
            Comparison("full", _OTHER_SETTINGS),
            refusal(whole, target.limits),
            store_id,
            sizes,
            warnings=warnings,
            plan_id=basis.report.plan.plan_id,
        )
    lacks = scan(base, state, target, full=context.settings.full, base=context.base).plan
    if refused is None and not plan.is_empty and refusal(lacks, target.limits) is None:
        refused = refusal(whole, target.limits)
    # Both sizes count the base as synced, so that they differ by the pull request alone.
    before = size_after(recorded, lacks) if state is not None else recorded
    sizes = StoreSizes(before, size_after(recorded, whole))
    return Change(
        plan, comparison, refused, store_id, sizes, backlog_of(state, lacks), warnings, basis.report.plan.plan_id
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
        return f"Nothing has been synced yet: the first sync brings {count(first, 'document')}." if first else None
    numbers = [
        *([count(uploads, "upload")] if uploads else []),
        *([count(retags, "change of attributes", "changes of attributes")] if retags else []),
        *([count(deletes, "removal")] if deletes else []),
    ]
    if not numbers:
        return None
    listed = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
    why = "the base branch is not fully synced yet, or the store is newer than this pull request's base"
    return f"Not counted here: {listed} by which the store and the base branch differ, because {why}."
