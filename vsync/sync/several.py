"""Several targets in one run: all are checked before one starts, then each runs in the order of the config."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vsync.config.overrides import Overrides
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.config.with_config import settings_of_targets
from vsync.documents.selection import Selector
from vsync.errors import Interrupted, VsyncError
from vsync.plan.check_rules import check_root
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned, Synced
from vsync.report.report import Report
from vsync.source.listed_once import ListedOnce
from vsync.state.publication import Published
from vsync.store.rate_limit import Rates
from vsync.sync.assemble import Assembled
from vsync.sync.config_at_head import AtHead
from vsync.sync.config_targets import config_targets
from vsync.sync.handover import Taker, in_order
from vsync.sync.one_store import Move, OfTarget, check_one_store, share_a_store
from vsync.sync.read_target import read_target
from vsync.sync.workspace import Workspace

Make = Callable[[Settings, Workspace, Rates | None], Assembled]
"""Makes all that a run of one target takes, from its settings and the workspace, and the rates of the other targets."""

RunOne = Callable[[Assembled, Published | None], Report]
"""Runs one target. It gets what was read of manifest and seal; None: it must be read again."""


def listed_once(workspace: Workspace, found: AtHead) -> Workspace:
    """The workspace whose source lists its tree, and its changes since a commit, once for all of several targets."""
    return workspace if len(found.targets) == 1 else replace(workspace, source=ListedOnce(workspace.source))


def assemble_each(found: AtHead, workspace: Workspace, make: Make) -> tuple[Assembled, ...]:
    """All that the run of each target takes.

    The targets share the rates, and a source that lists its tree once. What is to be warned of in one target stands in its
    report, and what is of no target stands in the first.
    """
    first, *others = found.targets
    workspace = listed_once(workspace, found)
    run = make(first, _warning(workspace, first, found, (*workspace.warnings, *found.warnings)), None)
    beside = tuple(
        # All targets share these facts of the source.
        replace(other, source=run.target.source, api=run.target.api, repository=run.target.repository)
        for other in _others(found)
    )
    run = run._replace(context=replace(run.context, beside=beside))
    made = (make(other, _warning(workspace, other, found), run.ports.rates) for other in others)
    return _telling_of_others(found, [run, *made])


def _warning(workspace: Workspace, settings: Settings, found: AtHead, shared: tuple[str, ...] = ()) -> Workspace:
    """The workspace for the run of one target, with what that run warns of: `shared`, and what is of this target."""
    return replace(workspace, warnings=(*shared, *found.of_target.get(settings.target.name, ())))


def _telling_of_others(found: AtHead, runs: Sequence[Assembled]) -> tuple[Assembled, ...]:
    """The first run tells what targets have left that the config has not. Where others may be known elsewhere, each tells of itself."""
    chosen = bool(found.targets[0].targets)
    configured = config_targets(found.config, [run.target for run in runs], chosen=chosen)
    first, *others = (run._replace(context=replace(run.context, configured=configured)) for run in runs)
    return (first, *(runs[1:] if configured.are_all else others))


def _others(found: AtHead) -> list[Target]:
    """The targets of the config that do not run, by the config alone: what is given is for those that run."""
    first = found.targets[0]
    if found.config is None or not found.config.named:
        return []
    given = Overrides(default_root=first.overrides.default_root)
    every = settings_of_targets(replace(first, targets=(), expect=None, overrides=given), found.config)
    running = {settings.target.name for settings in found.targets}
    return [settings.target for settings in every if settings.target.name not in running]


def run_several(
    runs: Sequence[Assembled],
    run_one: RunOne,
    done: Callable[[Report], None] = lambda report: None,
    *,
    manifest_may_be_damaged: bool = False,
) -> list[Report]:
    """The report of each target, in that order. `done` gets each report as soon as its target has ended.

    A target that takes documents over from another one in the same store runs before that one.

    One target: its errors are raised. If the config has others, it is checked that none of these puts the same files into its
    store. Several: every manifest and seal is read and checked before the first target starts, and a VsyncError of that is
    raised. Later an error of a target stands in its report, and the next target runs. After a request to stop, the others
    are not started: each report says so by Interrupted.
    `manifest_may_be_damaged`: the runs make the manifest again, so nothing is read or checked before.
    """
    if len(runs) == 1:
        may_share = runs[0].context.beside and not manifest_may_be_damaged
        if not may_share:
            report = run_one(runs[0], None)
        else:
            alone = check_all(runs)
            report = run_one(_with_takers(runs[0], runs, alone), alone.read[0])
        done(report)
        return [report]
    read: Sequence[Published | None] = [None] * len(runs)
    order: Sequence[int] = range(len(runs))
    if not manifest_may_be_damaged:
        checked = check_all(runs)
        read, order = checked.read, in_order(checked.moves, len(runs))
        runs = [_with_takers(run, runs, checked) for run in runs]
    reports: dict[int, Report] = {}
    for number in order:
        # What a target has published is in the manifest that the next one reads.
        as_read = runs[number].context.dry_run or not any(map(_may_have_published, reports.values()))
        reports[number] = _report_of(runs[number], read[number] if as_read else None, run_one)
        done(reports[number])
    return [reports[number] for number in range(len(runs))]


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of the targets before one runs: what is published and recorded, also of those beside, and their moves."""

    read: list[Published]
    targets: list[OfTarget]
    beside: list[OfTarget]
    moves: list[Move]


def check_all(runs: Sequence[Assembled]) -> Checked:
    """What is known of each target before one of them runs. Raises VsyncError when one of them cannot run.

    That is so by its rules, by its manifest, or because it shares a store and a file with another target of the config.
    """
    read: list[Published] = []
    targets = []
    for target, ports, context in runs:
        Selector(target.rules)
        check_root(ports.source, target.rules)
        published = ports.publication.read()
        if read and published.manifest == read[-1].manifest:
            published = replace(published, manifest=read[-1].manifest)  # the same bytes once, and not ten times
        recorded = read_target(
            ports.publication, context.identity, target, published=published, options=context.state_options
        )
        read.append(published)
        targets.append(OfTarget(target, recorded))
    beside = list(_beside(runs[0], read[0]))
    return Checked(read, targets, beside, check_one_store(runs[0].ports.source, targets, beside))


def _with_takers(run: Assembled, runs: Sequence[Assembled], checked: Checked) -> Assembled:
    """The run with the other targets that get what is pushed to its branch and have its store."""
    target, ports, context = run
    own = next(found for found in checked.targets if found.target.name == target.name)
    as_this = {other.target.name for other in runs if other.context.dry_run == context.dry_run}
    takers = tuple(
        Taker(found.target, ports.source, runs=found.target.name in as_this)
        for found in (*checked.targets, *checked.beside)
        if found is not own and found.target.branch == target.branch and share_a_store(own, found)
    )
    return run._replace(context=replace(context, takers=takers)) if takers else run


def _beside(run: Assembled, published: Published) -> Iterator[OfTarget]:
    """The targets that do not run. One that cannot run as it is described does no harm to those that do."""
    _, ports, context = run
    for target in context.beside:
        with contextlib.suppress(VsyncError):
            Selector(target.rules)
            yield OfTarget(target, read_target(ports.publication, context.identity, target, published=published))


def _report_of(run: Assembled, published: Published | None, run_one: RunOne) -> Report:
    stop = run.context.stop
    if stop.signum is not None:
        return _not_run(run, Interrupted(stop.signum, "The run was told to stop before this target started."))
    try:
        return run_one(run, published)
    except VsyncError as error:
        return _not_run(run, stop.cause(error))


def _not_run(run: Assembled, error: VsyncError) -> Report:
    """The report of a target in whose store nothing was done."""
    target, ports, context = run
    return Report(
        target.name,
        Comparison("full", "nothing was compared"),
        Planned() if context.dry_run else Synced(),
        source=context.identity.name,
        vector_store_id=target.vector_store_id,
        head=ports.source.head,
        warnings=context.warnings,
        manifest=ports.publication.name if context.keeps_manifest else None,
        error=error,
    )


def _may_have_published(report: Report) -> bool:
    return bool(report.requests) or report.error is not None
