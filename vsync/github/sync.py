"""The commands sync and plan of the action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vsync.config.origin import repository_url
from vsync.config.settings import DEFAULT_MANIFEST, NO_MANIFEST, Settings
from vsync.errors import GitUnavailable, LimitExceeded, PushRefused, RepositoryError
from vsync.github import commands
from vsync.github.comment import Done, update_comment
from vsync.github.inputs import flag, settings_of, three_way
from vsync.github.mode import Mode, PullRequest
from vsync.github.opened import Opened, checked_branches, finish, maker, opened_workspace
from vsync.github.report_file import repository_root, write_report
from vsync.github.results import publish_closed
from vsync.github.step import Step
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned
from vsync.report.report import Report
from vsync.report.several import exit_code
from vsync.state.publication import Published
from vsync.sync.assemble import Assembled
from vsync.sync.config_at_head import targets_at_head
from vsync.sync.several import assemble_each, run_several
from vsync.sync.workspace import Workspace


def sync(step: Step) -> int:
    """Syncs or plans each target, as its mode says, and gives the exit code. On a pull request it keeps the comment up to date."""
    if step.mode.warning:
        commands.warning("Event", step.mode.warning)
    settings = settings_of(step.given, step.environ)
    comment = three_way("the input comment", step.given.get("comment", "auto"))
    pull = step.event.pull_request if step.mode.dry_run else None
    planned_pull = pull if settings.folder is None else None
    done = _done(step, settings, planned_pull)
    if planned_pull is not None and comment is not False:
        # A plan that is not of the pull request alone is written into the comment only on demand.
        update_comment(step, settings, planned_pull, done if done.alone or comment else None, comment)
    elif comment and pull is not None:
        why = "with a folder as source, what the pull request alone changes is not known"
        commands.warning("Pull request comment", f"No comment was written: {why}. The plan stands in the job summary.")
    return exit_code(done.reports)


def _done(step: Step, settings: Settings, pull: PullRequest | None) -> Done:
    """The published reports."""
    if pull is not None and pull.state == "closed":
        _tell(step.mode)
        report = _closed(step, settings, pull)
        publish_closed(report, write_report([report], step, repository_root(step)), step.environ)
        return Done([report], named=None)
    fails = flag("fail-on-refused", step.given)
    with opened_workspace(step, settings) as opened:
        done, modes = _run(step, settings, opened, pull)
        reports = list(map(_failed_if_refused, done.reports)) if fails else done.reports
        return done._replace(reports=finish(reports, modes, step, opened.workspace))


def _tell(mode: Mode, target: str | None = None) -> None:
    """Says what is done with a target (None: with all of them), and why."""
    what = f" target {target}" if target is not None else ""
    commands.say(f"vsync {'plans' if mode.dry_run else 'syncs'}{what}: {mode.reason}.")


def _failed_if_refused(report: Report) -> Report:
    """The report with an error where a limit refuses a plan. Without the error the job of a refused plan succeeds."""
    if not report.dry_run or report.refused is None or report.error is not None:
        return report
    remedy = "Nothing was changed. This job fails because of the input fail-on-refused."
    return replace(report, error=LimitExceeded(report.refused, remedy))


def _run(step: Step, settings: Settings, opened: Opened, pull: PullRequest | None) -> tuple[Done, list[Mode]]:
    """The reports, and the mode of each target.

    When the base of a pull request cannot be found, they are of the whole plan.
    """
    workspace: Workspace = opened.workspace
    lost: RepositoryError | None = None
    if pull is not None and workspace.repository is not None and workspace.source.head is not None:
        from vsync.github.pull_request import plan

        _tell(step.mode)
        try:
            planned = plan(
                settings, pull, workspace, opened.access, maker(step), partial(checked_branches, step, workspace)
            )
            return Done(planned.reports, planned.named), [step.mode] * len(planned.reports)
        except RepositoryError as error:
            lost = error
            why = f"The plan is of all that the store lacks, not of this pull request alone. {error}"
            workspace = replace(workspace, warnings=(*workspace.warnings, why))
    found = targets_at_head(settings, workspace)
    modes = [step.mode_for(target.target.branch) for target in found.targets]
    if lost is None:
        _tell_each(modes, [target.target.name for target in found.targets])
    with checked_branches(step, workspace, found) as checked:
        runs = assemble_each(checked, workspace, maker(step))
        if lost is not None and settings.manifest == NO_MANIFEST and runs[0].ports.connect is None:
            raise lost  # only the store knows more, and there is no key to ask it
        reports = _run_targets(runs, workspace, pull)
    named = found.config is not None and found.config.named
    return Done(reports, named, alone=False), modes


def _tell_each(modes: Sequence[Mode], names: Sequence[str]) -> None:
    if len(set(modes)) == 1:
        _tell(modes[0])
        return
    for mode, name in zip(modes, names, strict=True):
        _tell(mode, name)


def _run_targets(runs: Sequence[Assembled], workspace: Workspace, pull: PullRequest | None) -> list[Report]:
    """The report of each target. A remote that does not answer a plan is a warning, and not an error."""

    def run_one(one: Assembled, published: Published | None) -> Report:
        if len(runs) > 1:
            commands.say(f"Target {one.target.name}:")
        return _run_target(one, published, workspace, pull)

    try:
        return run_several(runs, run_one)
    except (GitUnavailable, PushRefused) as error:
        if not all(one.context.dry_run for one in runs):
            raise
        return [run_one(_warned(one, _unread(error)), Published(None, None)) for one in runs]


def _run_target(one: Assembled, published: Published | None, workspace: Workspace, pull: PullRequest | None) -> Report:
    from vsync.sync.run import run

    if not one.context.dry_run:
        return run(*one, published)
    no_remote = workspace.remote is None and workspace.repository is not None
    if pull is not None and no_remote and one.context.keeps_manifest:
        # The manifest in the workspace belongs to the pull request, and anybody may have written it.
        return run(*one, Published(None, None))
    try:
        return run(*one, published or one.ports.publication.read())
    except (GitUnavailable, PushRefused) as error:
        return run(*_warned(one, _unread(error)), Published(None, None))


def _unread(error: GitUnavailable | PushRefused) -> str:
    return f"What was synced last could not be read, so the plan shows all as new. {error}"


def _warned(one: Assembled, warning: str) -> Assembled:
    return one._replace(context=replace(one.context, warnings=(*one.context.warnings, warning)))


def _closed(step: Step, settings: Settings, pull: PullRequest) -> Report:
    """The report of a closed pull request. It changes nothing, and nothing is compared."""
    return Report(
        target=settings.target.name,
        source=settings.target.source or step.origin.repository or "",
        head=pull.head,
        started_by=step.mode.reason,
        repository_url=repository_url(step.environ),
        comparison=Comparison("diff", f"pull request #{pull.number} was closed without being merged"),
        manifest=_recorded_in(settings),
        vector_store_id=settings.target.vector_store_id,
        body=Planned(),
    )


def _recorded_in(settings: Settings) -> str | None:
    """The manifest of a repository. None: no manifest is kept, or only beside an embedded store."""
    if settings.manifest == NO_MANIFEST or settings.local is not None:
        return None
    return settings.manifest or DEFAULT_MANIFEST
