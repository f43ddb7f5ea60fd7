"""What the action opens before a run of a target, and how it finishes the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from vsync.auth.identity_token import token_source
from vsync.config.origin import repository_url
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.github import commands
from vsync.github.inputs import as_options
from vsync.github.report_file import workspace_folder, write_report
from vsync.github.results import ActionObserver, publish
from vsync.github.runs import run_is_over
from vsync.github.step import Step
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
        optional="commit" not in step.given,
        is_dead=run_is_over(step.token, step.api_url, step.origin.repository, commands.say),
        found=step.secrets.add,
        stopped=lambda: step.stop.requested_for,
    )
    identity = step.keys.identity
    with contextlib.closing(open_workspace(settings, step.origin, access)) as workspace:
        run = assemble(
            settings,
            step.keys,
            step.origin,
            workspace,
            ActionObserver(),
            step.stop,
            dry_run=step.mode.dry_run,
            branch=step.event.branch,
            token=token_source(step.environ, identity.audience, step.secrets.add) if identity else None,
            secrets=step.secrets,
            if_missing=if_missing,
        )
        yield Opened(*run, workspace, access)


def finish(report: Report, step: Step, opened: Opened) -> Report:
    """Writes the report to its file and publishes it, without secrets."""
    report = replace(
        report,
        started_by=step.mode.reason,
        repository_url=repository_url(step.environ),
        options=as_options(step.given),
    )
    report = report.mapped(lambda text: redacted(text, step.secrets))
    root = opened.workspace.root
    path = write_report(report, step, root)
    if report.manifest is not None and opened.workspace.remote is None:
        manifest = os.path.relpath(root / report.manifest, workspace_folder(step, root))
        report = replace(report, manifest=manifest)
    publish(report, path, step.environ)
    return report
