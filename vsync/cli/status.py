"""`vsync status`."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click

from vsync.auth.credentials import Credentials
from vsync.cli import completers
from vsync.cli.context import Context, git_access, pass_context, resolved
from vsync.cli.options import NOT_FOR_STATUS, WithArgument, shared_options
from vsync.cli.terminal import put
from vsync.config.origin import origin
from vsync.errors import ConfigurationError


@click.command("status", cls=WithArgument)
@shared_options("Print the status as JSON on stdout.", hidden=NOT_FOR_STATUS, reading=True)
@click.argument("path", required=False, shell_complete=completers.files)
@pass_context
def status_command(context: Context, /, path: str | None, as_json: bool, **options: Any) -> None:
    """Show which commit is in the store.

    Also shows how far this commit is behind the head, and what has become of the file PATH: whether the store holds its
    newest version, and if not, why. Reads only manifest and seal, and makes no API request.
    """
    from vsync.sync.assemble import target_in
    from vsync.sync.status import status, status_lines, status_summary
    from vsync.sync.workspace import open_publication, open_workspace

    settings = resolved(context, options)
    workspace = open_workspace(settings, origin(context.environ), git_access(context, options))
    with contextlib.closing(workspace):
        target = target_in(workspace, settings, _credentials(context))
        found = status(open_publication(settings, workspace), workspace, settings, target, path)
    if as_json:
        put(sys.stdout, json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(status_lines(found)))
    context.listener.found(status_summary(found))


def _credentials(context: Context) -> Credentials:
    """Which API is meant, as far as it is known. Status makes no request, so wrong credentials are no error of it."""
    try:
        return context.credentials
    except ConfigurationError:
        return Credentials()
