"""What the action opens before a run of a target, and how it finishes the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from vsync.auth.identity_token import token_source
from vsync.config.origin import repository_url
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.config.variables import unheard
from vsync.errors import VsyncError
from vsync.github import commands
from vsync.github.branch import missing_branch
from vsync.github.inputs import as_options, setting, trusted_folder
from vsync.github.report_file import workspace_folder, write_report
from vsync.github.results import ActionObserver, publish
from vsync.github.runs import run_is_over
from vsync.github.step import Step
from vsync.network.certificates import for_requests
from vsync.network.environment import check_network
from vsync.report.of_plan import append_warnings
from vsync.report.report import Report
from vsync.store.connect import IfMissing
from vsync.sync.assemble import assemble
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.workspace import GitAccess, Workspace, open_workspace
from vsync.system.redaction import redacted


class Opened(NamedTuple):
    """All that a run of the target takes, and where it takes place."""

    target: Target
    ports: Ports
    context: RunContext
    workspace: Workspace
    access: GitAccess


@contextlib.contextmanager
def opened_run(step: Step, settings: Settings, *, if_missing: IfMissing = "make") -> Iterator[Opened]:
    """Opens all that a run takes, and closes it at the end."""
    access = GitAccess(
        step.environ,
        step.token,
        optional=setting("commit", step.given, step.environ) is None,
        is_dead=run_is_over(
            step.token, step.api_url, step.origin.repository, commands.say, verify=for_requests(step.environ)
        ),
        found=step.secrets.add,
        stopped=lambda: step.stop.requested_for,
        trusted=trusted_folder(step.environ),
    )
    identity = step.keys.identity
    with contextlib.closing(open_workspace(settings, step.origin, access)) as workspace:
        warning = missing_branch(settings.target.branch, step.event, workspace.remote)
        if warning is not None:
            workspace = replace(workspace, warnings=(*workspace.warnings, warning))
        run = assemble(
            settings,
            step.keys,
            step.origin,
            workspace,
            ActionObserver(secrets=step.secrets),
            step.stop,
            dry_run=step.mode.dry_run,
            branch=step.event.branch,
            token=token_source(step.environ, identity.audience, step.secrets.add) if identity else None,
            secrets=step.secrets,
            if_missing=if_missing,
            check_network=partial(check_network, step.environ),
        )
        try:
            yield Opened(*run, workspace, access)
        except VsyncError:
            if warning is not None:  # there is no report that could show it
                commands.warning("vsync", warning)
            raise


def finish(report: Report, step: Step, opened: Opened) -> Report:
    """Writes the report to its file and publishes it, without secrets."""
    report = replace(
        report,
        started_by=step.mode.reason,
        repository_url=repository_url(step.environ),
        options=as_options(step.given),
    )
    report = append_warnings(report, unheard(step.environ, workflow=True))
    report = report.mapped(lambda text: redacted(text, step.secrets))
    root = opened.workspace.root
    path = write_report(report, step, root)
    if report.manifest is not None and opened.workspace.remote is None:
        manifest = os.path.relpath(root / report.manifest, workspace_folder(step, root))
        report = replace(report, manifest=manifest)
    publish(report, path, step.environ)
    return report
