"""The commands sync and plan of the action."""

from __future__ import annotations

from dataclasses import replace

from vsync.config.origin import repository_url
from vsync.config.settings import DEFAULT_MANIFEST, NO_MANIFEST, Settings
from vsync.errors import GitUnavailable, LimitExceeded, PushRefused, RepositoryError
from vsync.github import commands
from vsync.github.comment import update_comment
from vsync.github.inputs import flag, settings_of, three_way
from vsync.github.mode import PullRequest
from vsync.github.opened import Opened, finish, opened_run
from vsync.github.report_file import repository_root, write_report
from vsync.github.results import publish_closed
from vsync.github.step import Step
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned
from vsync.report.report import Report
from vsync.state.publication import Published
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.workspace import Workspace


def sync(step: Step) -> int:
    """Syncs or plans, as the mode says, and gives the exit code. On a pull request it keeps the comment up to date."""
    commands.say(f"vsync {'plans' if step.mode.dry_run else 'syncs'}: {step.mode.reason}.")
    if step.mode.warning:
        commands.warning("Event", step.mode.warning)
    settings = settings_of(step.given, step.environ)
    comment = three_way("the input comment", step.given.get("comment", "auto"))
    pull = step.event.pull_request if step.mode.dry_run else None
    planned_pull = pull if settings.folder is None else None
    report, alone = _report_of(step, settings, planned_pull)
    if planned_pull is not None and comment is not False:
        # A plan that is not of the pull request alone is written into the comment only on demand.
        update_comment(step, settings, planned_pull, report if alone or comment else None, comment)
    elif comment and pull is not None:
        why = "with a folder as source, what the pull request alone changes is not known"
        commands.warning("Pull request comment", f"No comment was written: {why}. The plan stands in the job summary.")
    return report.exit_code


def _report_of(step: Step, settings: Settings, pull: PullRequest | None) -> tuple[Report, bool]:
    """The published report, and whether it is of the pull request alone."""
    if pull is not None and pull.state == "closed":
        report = _closed(step, settings, pull)
        publish_closed(report, write_report(report, step, repository_root(step)), step.environ)
        return report, True
    fails = flag("fail-on-refused", step.given)
    with opened_run(step, settings) as opened:
        report, alone = _run(opened, pull)
        return finish(_failed_if_refused(report) if fails else report, step, opened), alone


def _failed_if_refused(report: Report) -> Report:
    """The report with an error where a limit refuses a plan. Without the error the job of a refused plan succeeds."""
    if not report.dry_run or report.refused is None or report.error is not None:
        return report
    remedy = "Nothing was changed. This job fails because of the input fail-on-refused."
    return replace(report, error=LimitExceeded(report.refused, remedy))


def _run(opened: Opened, pull: PullRequest | None) -> tuple[Report, bool]:
    """The report of a sync or plan, and whether it is of the pull request alone.

    When the base of the pull request cannot be found, the report is of the whole plan.
    """
    from vsync.sync.run import run

    target, ports, context, workspace, access = opened
    if pull is not None and workspace.repository is not None and ports.source.head is not None:
        from vsync.github.pull_request import plan

        try:
            return plan(target, ports, context, pull, workspace, access), True
        except RepositoryError as error:
            if not context.keeps_manifest and ports.connect is None:
                raise  # only the store knows more, and there is no key to ask it
            warning = f"The plan is of all that the store lacks, not of this pull request alone. {error}"
            context = replace(context, warnings=(*context.warnings, warning))
    if not context.dry_run:
        return run(target, ports, context), False
    published, warnings = _readable(ports, context, workspace, pull)
    return run(target, ports, replace(context, warnings=(*context.warnings, *warnings)), published), False


def _readable(
    ports: Ports, context: RunContext, workspace: Workspace, pull: PullRequest | None
) -> tuple[Published, tuple[str, ...]]:
    """What was published, for a plan. A remote that does not answer is a warning here, and not an error."""
    try:
        published = ports.publication.read()
    except (GitUnavailable, PushRefused) as error:
        return Published(None, None), (
            f"What was synced last could not be read, so the plan shows all as new. {error}",
        )
    if pull is not None and workspace.remote is None and workspace.repository is not None and context.keeps_manifest:
        # The manifest in the workspace belongs to the pull request, and anybody may have written it.
        return Published(None, None), ()
    return published, ()


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
