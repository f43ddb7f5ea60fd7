"""`vsync search`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from vsync.cli.context import Context, connection_of, git_access, pass_context, resolved
from vsync.cli.headings import SEARCH
from vsync.cli.options import NOT_FOR_A_SEARCH, WithArgument, option, shared_options
from vsync.cli.terminal import put
from vsync.config.origin import origin, repository_url


@click.command("search", cls=WithArgument)
@option(
    "-n",
    "limit",
    heading=SEARCH,
    metavar="N",
    type=click.IntRange(1, 50),
    default=10,
    show_default=True,
    help="The number of documents.",
)
@option(
    "--chunks",
    heading=SEARCH,
    is_flag=True,
    help="Show every chunk that was found, not only the best one of each document.",
)
@option(
    "--filter",
    "filters",
    heading=SEARCH,
    metavar="K=V",
    multiple=True,
    help="Only documents with this attribute (repeatable).",
)
@shared_options("Print the results as JSON on stdout.", hidden=NOT_FOR_A_SEARCH, reading=True)
@click.argument("query", required=False)
@pass_context
def search_command(
    context: Context,
    /,
    query: str | None,
    limit: int,
    chunks: bool,
    filters: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Search the store that holds the documents.

    Shows where the words of QUERY stand in each document, with the line and the heading above it, as far as this clone
    has the document.
    """
    from vsync.search.documents import Documents
    from vsync.search.found import found_in
    from vsync.search.query import search_filters
    from vsync.search.rendering import BY_WORDS, result_lines, results_summary
    from vsync.search.run import search
    from vsync.state.identity import web_page
    from vsync.sync.assemble import target_in
    from vsync.sync.workspace import open_publication, open_workspace

    settings = resolved(context, options)
    if not query:
        raise click.UsageError("There is no query.")
    where = origin(context.environ)
    workspace = open_workspace(settings, where, git_access(context, options))
    with contextlib.closing(workspace):
        publication = open_publication(settings, workspace)
        connect = connection_of(context, settings, workspace.embedded, if_missing="refuse")
        target = target_in(workspace, settings, context.credentials)
        hits = search(
            target, publication, workspace.identity, connect, query, limit, search_filters(filters), chunks=chunks
        )
        remote = workspace.repository.origin_url() if workspace.repository is not None else None
        page = repository_url(context.environ) if where.in_workflow else web_page(remote)
        results = found_in(hits, query, Documents(workspace).text_of, workspace.identity.name, page)
    if as_json:
        put(sys.stdout, json.dumps([found.to_json() for found in results], ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(result_lines(results, bold=_shows_bold(context.environ))))
    if workspace.embedded is not None:
        put(sys.stderr, BY_WORDS)
    context.listener.found(results_summary(query, results, by_words=workspace.embedded is not None))


def _shows_bold(environ: Mapping[str, str]) -> bool:
    """Whether stdout is a terminal that shows bold letters. https://no-color.org is about these as well."""
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
