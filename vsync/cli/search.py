"""`vsync search`."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click

from vsync.cli.context import Context, connection_of, git_access, pass_context, resolved
from vsync.cli.options import NOT_FOR_A_SEARCH, WithArgument, shared_options
from vsync.cli.terminal import put
from vsync.config.origin import origin


@click.command("search", cls=WithArgument)
@shared_options("Print the results as JSON on stdout.", hidden=NOT_FOR_A_SEARCH)
@click.option("-n", "limit", type=click.IntRange(1, 50), default=10, show_default=True, help="The number of results.")
@click.option(
    "--filter",
    "filters",
    metavar="K=V",
    multiple=True,
    help="Only documents with this attribute (repeatable).",
)
@click.argument("query", required=False)
@pass_context
def search_command(
    context: Context, /, query: str | None, limit: int, filters: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Search the store that holds the documents."""
    from vsync.search.query import hit_data, hit_lines, search_filters
    from vsync.search.run import search
    from vsync.sync.assemble import target_in
    from vsync.sync.workspace import open_publication, open_workspace

    settings = resolved(context, options)
    if not query:
        raise click.UsageError("There is no query.")
    workspace = open_workspace(settings, origin(context.environ), git_access(context, options))
    with contextlib.closing(workspace):
        publication = open_publication(settings, workspace)
        connect = connection_of(context, settings, workspace.embedded, if_missing="refuse")
        target = target_in(workspace, settings, context.credentials)
        hits = search(target, publication, workspace.identity, connect, query, limit, search_filters(filters))
    if as_json:
        put(sys.stdout, json.dumps([hit_data(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(hit_lines(hits)))
