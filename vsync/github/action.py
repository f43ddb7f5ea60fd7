"""The GitHub Action: a composition root. Reads inputs and event, runs the job, tells GitHub, gives the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from vsync.auth.credentials import Credentials
from vsync.auth.identity_token import token_source
from vsync.config.origin import repository_url
from vsync.config.settings import NO_MANIFEST, Settings
from vsync.config.targets import Target
from vsync.errors import ConfigurationError, GitUnavailable, PushRefused, RepositoryError, VsyncError
from vsync.git.repository import Repository
from vsync.github import commands
from vsync.github.comment import update_comment
from vsync.github.event import read_event
from vsync.github.inputs import (
    arguments_of,
    as_variables,
    credentials_of,
    inputs,
    mode_of,
    refuse_arguments,
    settings_of,
    three_way,
    working_directory,
)
from vsync.github.mode import PullRequest
from vsync.github.results import ActionObserver, tell, tell_closed, tell_failure
from vsync.github.runs import run_is_over
from vsync.github.step import Step
from vsync.plan.comparison import Comparison
from vsync.report.report import Report
from vsync.report.text import redacted_report
from vsync.state.publication import Published
from vsync.sync.assemble import assemble
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.workspace import GitAccess, Workspace, open_workspace
from vsync.system.atomic_write import keep_out_of_git, write_durably
from vsync.system.logs import guarded, internal, traceback_lines
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

_REPORT = ".vsync/report.json"


def run(environ: Mapping[str, str], stop: Stop) -> int:
    """Runs the action and gives the exit code. `stop` listens to signals already."""
    given = inputs(environ)
    secrets = Secrets(added=commands.mask)
    for key in (given.get("openai-api-key"), environ.get("OPENAI_API_KEY"), given.get("github-token")):
        secrets.add((key or "").strip())
    with guarded(secrets):
        return _run_command(given, environ, stop, secrets)


def _run_command(given: Mapping[str, str], environ: Mapping[str, str], stop: Stop, secrets: Secrets) -> int:
    try:
        keys = credentials_of(given, environ)
        command = given.get("command", "sync").strip()
        if command == "verify":
            return _verify(given, keys, environ, stop, secrets)
        if command not in {"sync", "plan"}:
            return _other_command(command, given, secrets, environ, stop)
        refuse_arguments(command, given)
        return _sync(given, keys, environ, stop, secrets, plan_only=command == "plan")
    except VsyncError as error:
        cause = stop.cause(error)
        tell_failure(cause, secrets, environ)
        return cause.exit_code
    except Exception as error:
        defect = internal(error, secrets)
        tell_failure(defect, secrets, environ)
        commands.group("Traceback", traceback_lines(error, secrets))
        return defect.exit_code


def _sync(
    given: Mapping[str, str],
    keys: Credentials,
    environ: Mapping[str, str],
    stop: Stop,
    secrets: Secrets,
    *,
    plan_only: bool,
) -> int:
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = mode_of(event, given, plan_only=plan_only)
    commands.say(f"vsync {'plans' if mode.dry_run else 'syncs'}: {mode.reason}.")
    if mode.warning:
        commands.warning("Event", mode.warning)
    step = Step(given, environ, keys, secrets, event, mode, stop)
    settings = settings_of(given, environ)
    comment = three_way("comment", given.get("comment", "auto"))
    pull = event.pull_request if mode.dry_run and settings.folder is None else None
    if pull is not None and pull.state == "closed":
        report, told = _closed(step, settings, pull), True
        tell_closed(report, _write_report(report, *_folders(step)), environ)
    else:
        report, told = _run(step, settings, lambda opened: _report(opened, pull))
    if pull is not None and comment is not False:
        update_comment(step, settings, pull, report if told or comment else None, comment)
    elif comment and mode.dry_run and event.pull_request is not None:
        why = "with a folder as source, what the pull request alone changes is not known"
        commands.warning("Pull request comment", f"No comment was written: {why}. The plan stands in the job summary.")
    return report.exit_code


def _verify(
    given: Mapping[str, str], keys: Credentials, environ: Mapping[str, str], stop: Stop, secrets: Secrets
) -> int:
    """Compares manifest and store, and mends where the arguments ask for it and the event may write."""
    from vsync.cli.verify import parse_verify
    from vsync.verify.run import run as verify

    arguments, options = parse_verify(arguments_of(given))
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = mode_of(event, given, plan_only=False)
    if options.writes and mode.dry_run:
        raise ConfigurationError(
            f"Nothing is repaired, rebuilt or taken over here: {mode.reason}.",
            "Run it on a schedule or by workflow_dispatch, or leave out --repair, --rebuild and --yes.",
        )
    commands.say("vsync verifies: manifest and store are compared.")
    mode = replace(mode, dry_run=False, reason=mode.reason.replace("it syncs the", "it verifies the"))
    step = Step(given, environ, keys, secrets, event, mode, stop)
    settings = settings_of(given, environ, arguments)

    def work(opened: Opened) -> tuple[Report, bool]:
        return verify(opened.target, opened.ports, opened.context, options), False

    report, _ = _run(step, settings, work)
    return report.exit_code


class Opened(NamedTuple):
    """All that a run of the target takes, and where it takes place."""

    target: Target
    ports: Ports
    context: RunContext
    workspace: Workspace
    access: GitAccess


Work = Callable[[Opened], tuple[Report, bool]]
"""What a step is for: gives its report, and whether the report is of a pull request alone."""


def _run(step: Step, settings: Settings, work: Work) -> tuple[Report, bool]:
    """Does the work and tells of it. Gives also whether the report is of the pull request alone."""
    access = GitAccess(
        step.environ,
        step.token,
        optional="commit" not in step.given,
        is_dead=run_is_over(step.token, step.api_url, step.origin.repository, commands.say),
        found=step.secrets.add,
        stopped=lambda: step.stop.requested_for,
    )
    opened = open_workspace(settings, step.origin, access)
    with contextlib.closing(opened):
        identity = step.keys.identity
        run = assemble(
            settings,
            step.keys,
            step.origin,
            opened,
            ActionObserver(),
            step.stop,
            dry_run=step.mode.dry_run,
            branch=step.event.branch,
            token=token_source(step.environ, identity.audience, step.secrets.add) if identity else None,
            secrets=step.secrets,
        )
        report, alone = work(Opened(*run, opened, access))
        report = replace(report, mode=step.mode.reason, repository_url=repository_url(step.environ))
        report = redacted_report(report, step.secrets)
        root, workspace = _folders(step, opened)
        path = _write_report(report, root, workspace)
        if report.manifest is not None and opened.remote is None:
            report = replace(report, manifest=os.path.relpath(opened.root / report.manifest, workspace))
    tell(report, path, step.environ)
    return report, alone


def _report(opened: Opened, pull: PullRequest | None) -> tuple[Report, bool]:
    """The report of a sync or plan. Of a pull request it tells what that alone changes.

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
                raise  # only the store could say more, and nobody may ask it
            warning = f"The plan is of all that the store lacks, not of this pull request alone. {error}"
            context = replace(context, warnings=(*context.warnings, warning))
    if not context.dry_run:
        return run(target, ports, context), False
    published, warnings = _readable(ports, context, workspace, pull)
    return run(target, ports, replace(context, warnings=(*context.warnings, *warnings)), published), False


def _readable(
    ports: Ports, context: RunContext, workspace: Workspace, pull: PullRequest | None
) -> tuple[Published, tuple[str, ...]]:
    """What was published, for a plan. That a remote does not answer is a warning here, and not an error."""
    try:
        published = ports.publication.read()
    except (GitUnavailable, PushRefused) as error:
        return Published(None, None), (
            f"What was synced last could not be read, so the plan shows all as new. {error}",
        )
    if pull is not None and workspace.remote is None and workspace.repository is not None and context.keeps_manifest:
        # The file in the workspace belongs to the pull request, which may say what it likes.
        return Published(None, None), ()
    return published, ()


def _closed(step: Step, settings: Settings, pull: PullRequest) -> Report:
    """A pull request that was closed changes nothing, and nothing is compared."""
    return Report(
        target=settings.target.name,
        source=settings.target.source or step.origin.repository or "",
        head=pull.head,
        mode=step.mode.reason,
        repository_url=repository_url(step.environ),
        comparison=Comparison("diff", f"pull request #{pull.number} was closed without being merged"),
        manifest=settings.manifest if settings.manifest != NO_MANIFEST else None,
        vector_store_id=settings.target.vector_store_id,
        dry_run=True,
    )


def _folders(step: Step, opened: Workspace | None = None) -> tuple[Path, Path]:
    """Where the report is written, and the workspace."""
    if opened is not None:
        root = opened.root
    else:
        root = working_directory(step.given, step.environ)
        with contextlib.suppress(RepositoryError):
            root = Repository(root).root
    return root, Path(step.environ.get("GITHUB_WORKSPACE") or root).resolve()


def _other_command(
    command: str, given: Mapping[str, str], secrets: Secrets, environ: Mapping[str, str], stop: Stop
) -> int:
    """Any other command is the command line, with the input `args` behind it."""
    from vsync.cli.main import run as run_command_line

    arguments = arguments_of(given)
    os.chdir(working_directory(given, environ))
    failures: list[VsyncError] = []
    with commands.no_commands() as mask:
        hidden = Secrets(*secrets, added=mask)
        line = [*shlex.split(command), *arguments]
        code = run_command_line(line, as_variables(given, environ), failures.append, hidden, stop)
    for failed in failures:
        tell_failure(failed, hidden, environ)
    return code


def _write_report(report: Report, root: Path, workspace: Path) -> str:
    """Writes the JSON report and gives its path, relative to the workspace."""
    path = root / _REPORT
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        keep_out_of_git(path.parent)
        write_durably(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, ConfigurationError) as error:
        # The run has been made: that a folder of the repository is in the way of its report must not hide how it went.
        commands.warning("Report", f"The report {_REPORT} cannot be written ({error}); the job summary has it all.")
        return ""
    return os.path.relpath(path, workspace)
