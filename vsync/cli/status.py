"""`vsync status`."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click

from vsync.auth.credentials import Credentials
from vsync.cli import completers
from vsync.cli.context import Context, found_targets, git_access, pass_context, resolved
from vsync.cli.options import NOT_FOR_STATUS, WithArgument, shared_options
from vsync.cli.terminal import put
from vsync.config.origin import origin
from vsync.errors import ConfigurationError


@click.command("status", cls=WithArgument)
@shared_options("Print the status as JSON on stdout.", hidden=NOT_FOR_STATUS, reading=True)
@click.argument("path", required=False, shell_complete=completers.files)
@pass_context
def status_command(context: Context, /, path: str | None, as_json: bool, **options: Any) -> None:
    """Show which commit is in the store, for each target.

    Also shows how far this commit is behind the head, and what has become of the file PATH: whether the store holds its
    newest version, and if not, why. Commits that change no document leave the live commit as it is. Reads only manifest and
    seal, and makes no API request.
    """
    from vsync.sync.assemble import target_in
    from vsync.sync.several import listed_once
    from vsync.sync.status import status, status_lines, status_summary
    from vsync.sync.target_state import open_publication
    from vsync.sync.workspace import open_workspace

    settings = resolved(context, options)
    asked_from = origin(context.environ)
    workspace = open_workspace(settings, asked_from, git_access(context, options))
    with contextlib.closing(workspace):
        at_head = found_targets(context, settings, workspace)
        workspace, credentials = listed_once(workspace, at_head), _credentials(context)
        found = [
            status(
                open_publication(each, workspace),
                workspace,
                each,
                target_in(workspace, each, credentials),
                path,
                in_workflow=asked_from.in_workflow,
            )
            for each in at_head.targets
        ]
    for warning in at_head.warnings:
        put(sys.stderr, f"vsync: warning: {warning}")
    several = len(found) > 1
    if as_json:
        data = [each.to_json() for each in found]
        put(sys.stdout, json.dumps(data if several else data[0], ensure_ascii=False, indent=2))
    else:
        texts = ["\n".join([*([f"=== {each.target} ==="] if several else []), *status_lines(each)]) for each in found]
        put(sys.stdout, "\n\n".join(texts))
    for each in found:
        context.listener.found(status_summary(each))


def _credentials(context: Context) -> Credentials:
    """Which API is meant, as far as it is known. Status makes no request, so wrong credentials are no error of it."""
    try:
        return context.credentials
    except ConfigurationError:
        return Credentials()
