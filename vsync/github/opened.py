"""What the action opens before it runs its targets, and how it finishes the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from vsync.auth.identity_token import token_source
from vsync.config.origin import repository_url
from vsync.config.settings import Settings
from vsync.config.variables import unheard
from vsync.errors import VsyncError
from vsync.github import commands
from vsync.github.branch import missing_branch
from vsync.github.inputs import as_options, trusted_folder
from vsync.github.inputs import setting as setting_of
from vsync.github.mode import Mode
from vsync.github.report_file import workspace_folder, write_report
from vsync.github.results import ActionObserver, publish
from vsync.github.runs import run_is_over
from vsync.github.step import Step
from vsync.network.certificates import for_requests
from vsync.network.environment import check_network
from vsync.report.of_plan import append_warnings
from vsync.report.report import Report
from vsync.store.connect import IfMissing
from vsync.store.rate_limit import Rates
from vsync.sync.assemble import Assembled, assemble
from vsync.sync.config_at_head import AtHead
from vsync.sync.git_access import GitAccess
from vsync.sync.several import Make
from vsync.sync.workspace import Workspace, open_workspace
from vsync.system.redaction import redacted


class Opened(NamedTuple):
    """Where the run takes place."""

    workspace: Workspace
    access: GitAccess


@contextlib.contextmanager
def opened_workspace(step: Step, settings: Settings) -> Iterator[Opened]:
    """Opens the workspace, and closes it at the end."""
    access = GitAccess(
        step.environ,
        step.token,
        optional=setting_of("commit", step.given, step.environ) is None,
        is_dead=run_is_over(
            step.token, step.api_url, step.origin.repository, commands.say, verify=for_requests(step.environ)
        ),
        found=step.secrets.add,
        stopped=lambda: step.stop.requested_for,
        trusted=trusted_folder(step.environ),
    )
    with contextlib.closing(open_workspace(settings, step.origin, access)) as workspace:
        yield Opened(workspace, access)


def maker(step: Step, *, if_missing: IfMissing = "make", verifies: bool = False) -> Make:
    """Makes all that the run of one target takes. `verifies`: it compares with the store, also where it would only plan."""
    identity = step.keys.identity
    token = token_source(step.environ, identity.audience, step.secrets.add) if identity else None
    observer = ActionObserver(secrets=step.secrets)

    def make(settings: Settings, workspace: Workspace, rates: Rates | None) -> Assembled:
        return assemble(
            settings,
            step.keys,
            step.origin,
            workspace,
            observer,
            step.stop,
            dry_run=not verifies and step.mode_for(settings.target.branch).dry_run,
            branch=step.event.branch,
            token=token,
            secrets=step.secrets,
            rates=rates,
            if_missing=if_missing,
            check_network=partial(check_network, step.environ),
        )

    return make


@contextlib.contextmanager
def checked_branches(step: Step, workspace: Workspace, found: AtHead) -> Iterator[AtHead]:
    """The targets, each with a warning if its branch is missing. Where a report cannot show it, the log does."""
    branches = {settings.target.name: settings.target.branch for settings in found.targets}
    said = {name: missing_branch(name, step.event, workspace.remote) for name in dict.fromkeys(branches.values())}
    warnings = {target: (text,) for target, branch in branches.items() if (text := said[branch]) is not None}
    try:
        yield found._replace(of_target=warnings)
    except VsyncError:
        for text in filter(None, said.values()):
            commands.warning("vsync", text)
        raise


def finish(reports: Sequence[Report], modes: Sequence[Mode], step: Step, workspace: Workspace) -> list[Report]:
    """Writes the reports to their file and publishes them, without secrets. `modes` are those of their targets."""
    shown = [
        _without_secrets(_with_circumstances(report, mode, step, alone=len(reports) == 1), step)
        for report, mode in zip(reports, modes, strict=True)
    ]
    shown[0] = append_warnings(shown[0], unheard(step.environ, workflow=True))
    root = workspace.root
    path = write_report(shown, step, root)
    if workspace.remote is None:
        shown = [_from_workspace(report, root, step) for report in shown]
    publish(shown, path, step.environ)
    return shown


def _with_circumstances(report: Report, mode: Mode, step: Step, *, alone: bool) -> Report:
    return replace(
        report,
        started_by=mode.reason,
        repository_url=repository_url(step.environ),
        options=as_options(step.given, None if alone else report.target),
    )


def _without_secrets(report: Report, step: Step) -> Report:
    return report.mapped(lambda text: redacted(text, step.secrets))


def _from_workspace(report: Report, root: Path, step: Step) -> Report:
    """The report with its manifest, which is a file, as a path in the workspace."""
    if report.manifest is None:
        return report
    return replace(report, manifest=os.path.relpath(root / report.manifest, workspace_folder(step, root)))
