"""What a pull request changes in the store of one target: the documents of its base against those of its merge.

What the store still lacks of the base is one line, the backlog.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.github.trees import Trees
from vsync.plan.check_rules import check_root
from vsync.plan.comparison import Comparison
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import difference, scan
from vsync.report.of_plan import of_plan
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes
from vsync.source.base import Source
from vsync.state.manifest import EMPTY_STATE, Manifest, TargetState
from vsync.state.publication import Published
from vsync.sync.basis import Basis, look, sizes_of
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.same_store import expiry_warnings
from vsync.sync.store_facts import with_store_facts
from vsync.sync.store_name import store_name
from vsync.system.wording import count


@dataclass(frozen=True, slots=True)
class Before:
    """The base: its documents, and the target that describes them (None: the base has no such target).

    `unread` says why the target is not known there.
    """

    source: Source
    target: Target | None
    unread: str | None = None


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
    target: Target, ports: Ports, context: RunContext, before: Before, trees: Trees, *, published: Published | None
) -> Report:
    """The report of what the pull request would change, and of what that means for the store.

    `published` is what is recorded of the store. It is None where no manifest is kept, or it could not be read.
    """
    started = time.monotonic()
    basis = None if published is None else look(target, ports, context, published)
    state = basis.recorded.state if basis is not None else None
    change = _change(target, ports, context, before, trees, basis)
    report = Report(
        target=target.name,
        comparison=change.comparison,
        source=context.identity.name,
        base=trees.base,
        head=trees.head,
        manifest=ports.publication.name if context.keeps_manifest else None,
        warnings=(*_warnings(context, before, trees, state), *_raised_limits(before, target, change)),
    )
    report = of_plan(
        with_store_facts(report, target, state),
        change.plan,
        refused=change.refused,
        store=change.store,
        backlog=change.backlog,
        of_pull_request=True,
        plan_id=change.plan_id,
        chunking=target.chunking,
    )
    report = replace(report, duration_s=time.monotonic() - started)
    context.observer.planned(report)
    return report


def _warnings(context: RunContext, before: Before, trees: Trees, state: TargetState | None) -> tuple[str, ...]:
    """What a reader must know of the trees that are compared, and what is recorded of the store."""
    expiry = expiry_warnings(state.vector_store_id, state.expires_after_days) if state is not None else ()
    return (*context.warnings, *filter(None, [before.unread, trees.warning]), *expiry)


def _raised_limits(before: Before, target: Target, change: Change) -> tuple[str, ...]:
    """What to say where only the limits of the pull request's own config let its plan through."""
    if before.target is None or change.refused is not None:
        return ()
    refused = refusal(change.plan, before.target.limits)
    if refused is None or refusal(change.plan, target.limits) is not None:
        return ()
    return (f"This pull request changes the limits, and only so its own plan is within them. Without that: {refused}",)


def _change(
    target: Target, ports: Ports, context: RunContext, before: Before, trees: Trees, basis: Basis | None
) -> Change:
    """What the pull request changes. All numbers count the base as synced, so that they agree with each other."""
    check_root(ports.source, target.rules)
    state = basis.recorded.state if basis is not None else None
    if before.target is None and before.unread is None and state is None:
        return _of_new_target(target, ports, context, basis)
    why = _why_whole(before, state)
    if basis is not None and why is not None:
        whole, sizes = basis.scan.plan, sizes_of(state, basis.scan.plan, target.chunking)
        comparison, refused = Comparison("full", why), refusal(whole, target.limits)
        return Change(whole, comparison, refused, sizes, plan_id=basis.report.plan.plan_id)
    comparison = Comparison("diff", trees.reason)
    found = difference(
        before.source,
        ports.source,
        target,
        state,
        comparison,
        full=context.settings.full,
        base_target=before.target,
    )
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
    sizes = sizes_of(found.synced, found.plan, target.chunking)
    return Change(found.plan, comparison, refused, sizes, backlog, basis.report.plan.plan_id)


def _of_new_target(target: Target, ports: Ports, context: RunContext, basis: Basis | None) -> Change:
    """The first sync of a target that the pull request adds."""
    plan = scan(ports.source, None, target).plan if basis is None else basis.scan.plan
    comparison = Comparison("full", "the target is new, so this is all that its first sync would upload")
    sizes = sizes_of(EMPTY_STATE, plan, target.chunking) if context.keeps_manifest else None
    plan_id = basis.report.plan.plan_id if basis is not None else None
    manifest = basis.recorded.manifest if basis is not None else None
    return Change(plan, comparison, refusal(plan, target.limits), sizes, _new_store(target, manifest), plan_id)


def _new_store(target: Target, manifest: Manifest | None) -> str:
    """Where the documents of a new target go. Pure."""
    if target.vector_store_id is not None:
        return f"The target is new: its first sync goes into the vector store {target.vector_store_id}."
    name = store_name(target)
    others = manifest.targets if manifest is not None else {}
    for other, state in others.items():
        if state.vector_store_name == name:
            return (
                f"The target is new: its first sync goes into the vector store {name!r}, where the target {other!r} is."
            )
    return f"The target is new: its first sync makes the vector store {name!r}, unless vsync has made it before."


def _why_whole(before: Before, state: TargetState | None) -> str | None:
    """Why the plan is of all that the next sync would change; None: it is of what the pull request changes alone."""
    if before.unread is not None:
        return "the config of the base branch cannot be used, so this is all that the next sync would change"
    if before.target is None:
        return "the base branch has no such target, but the manifest has: this is all that its next sync would change"
    # A workflow of the pull request may have other settings. Neither tree shows that.
    return _OTHER_SETTINGS if _other_settings(state, before.target.fingerprint) else None


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
