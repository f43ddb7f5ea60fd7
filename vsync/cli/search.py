"""`vsync search`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vsync.cli.context import Context, connection_of, git_access, pass_context, resolved
from vsync.cli.headings import SEARCH
from vsync.cli.options import NOT_FOR_A_SEARCH, WithArgument, option, shared_options
from vsync.cli.terminal import put
from vsync.config.origin import origin
from vsync.config.settings import NO_MANIFEST
from vsync.config.state_options import state_options
from vsync.config.with_config import one_target
from vsync.errors import ManifestError, RepositoryError, UnknownName

if TYPE_CHECKING:
    from vsync.config.settings import Settings
    from vsync.search.found import Found
    from vsync.search.run import Choose
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.store.stores import Stores
    from vsync.sync.workspace import Workspace


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
    help="Only documents with this attribute; also K!=V, K>V, K>=V, K<V, K<=V (repeatable).",
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
    has the document. A store that is named (--vector-store-id, --vector-store-name), and the only store of --local, need
    no clone: so the documents of `vsync records` are found in any folder.
    """
    from vsync.search.query import search_filters
    from vsync.search.rendering import BY_WORDS, result_lines, results_summary

    settings = resolved(context, options)
    if not query:
        raise click.UsageError("There is no query.")
    wanted = _Wanted(query, limit, search_filters(filters), chunks)
    workspace = _open_source(context, settings, options)
    if workspace is None:
        embedded = _embedded(context, settings)
        results = _in_named_store(context, settings, embedded, wanted)
    else:
        embedded = workspace.embedded
        with contextlib.closing(workspace):
            results = _in_target(context, _of_one_target(settings, workspace), workspace, wanted)
    if as_json:
        put(sys.stdout, json.dumps([found.to_json() for found in results], ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(result_lines(results, bold=_shows_bold(context.environ))))
    if embedded is not None:
        put(sys.stderr, BY_WORDS)
    context.listener.found(results_summary(query, results, by_words=embedded is not None))


class _Wanted(NamedTuple):
    """What is asked."""

    query: str
    limit: int
    filters: Mapping[str, Any] | None
    chunks: bool


def _open_source(context: Context, settings: Settings, options: Mapping[str, Any]) -> Workspace | None:
    """The source with the documents. None: there is none, and the store needs none, because it is named.

    A folder without a repository may hold the store of a stream of records. Raises RepositoryError.
    """
    from vsync.git.discovery import is_in_repository
    from vsync.sync.workspace import open_workspace

    asks_for_source = settings.folder or settings.head or settings.base or settings.manifest not in {None, NO_MANIFEST}
    target = settings.target
    names_store = settings.local is not None or target.vector_store_id or target.vector_store_name
    may_lack = bool(names_store) and not asks_for_source
    if may_lack and not is_in_repository(Path(settings.repo)):
        return None
    try:
        return open_workspace(settings, origin(context.environ), git_access(context, options))
    except RepositoryError as error:
        if may_lack:
            return None
        if names_store:
            raise
        remedy = f"{error.remedy} Or name a store: --vector-store-id, --vector-store-name or --local.".lstrip()
        raise RepositoryError(error.message, remedy) from error


def _embedded(context: Context, settings: Settings) -> EmbeddedFile | None:
    from vsync.sync.embedded_place import embedded_file_of

    return embedded_file_of(settings, context.trusted)


def _of_one_target(settings: Settings, workspace: Workspace) -> Settings:
    """The settings of the target whose store is asked. A store that is named needs no config. Raises ConfigurationError."""
    from vsync.sync.config_at_head import targets_at_head

    if settings.overrides.store:
        return settings
    return one_target(targets_at_head(settings, workspace).targets)


def _in_named_store(
    context: Context, settings: Settings, embedded: EmbeddedFile | None, wanted: _Wanted
) -> list[Found]:
    """The results of a store that needs no source. Nothing on this machine has its documents."""
    from vsync.search.found import found_in
    from vsync.search.run import search

    connect = connection_of(context, settings, embedded, if_missing="refuse")
    hits = search(_named(settings, embedded), connect, wanted.query, wanted.limit, wanted.filters, chunks=wanted.chunks)
    return found_in(hits, wanted.query, lambda _: None, "", None)


def _in_target(context: Context, settings: Settings, workspace: Workspace, wanted: _Wanted) -> list[Found]:
    """The results of the target's store, with their places in the source."""
    from vsync.search.documents import Documents
    from vsync.search.found import found_in
    from vsync.search.run import search, store_of_target
    from vsync.sync.assemble import target_in
    from vsync.sync.target_state import open_publication

    publication = open_publication(settings, workspace)
    connect = connection_of(context, settings, workspace.embedded, if_missing="refuse")
    target = target_in(workspace, settings, context.credentials)
    otherwise = None if workspace.embedded is None else _named(settings, workspace.embedded)
    choose = store_of_target(target, publication, workspace.identity, otherwise, options=state_options(settings))
    if settings.overrides.store and target.vector_store_name is not None:
        choose = _recorded_or_named(choose, _named(settings, workspace.embedded))
    hits = search(choose, connect, wanted.query, wanted.limit, wanted.filters, chunks=wanted.chunks)
    page = workspace.page
    return found_in(hits, wanted.query, Documents(workspace, target).text_of, workspace.identity.name, page)


def _recorded_or_named(recorded: Choose, named: Choose) -> Choose:
    """A store that is named needs no manifest: where the one here is of another store, the name alone says which is meant."""

    async def choose(stores: Stores) -> str:
        try:
            return await recorded(stores)
        except ManifestError as of_another:
            try:
                return await named(stores)
            except UnknownName:
                raise of_another from None

    return choose


def _named(settings: Settings, embedded: EmbeddedFile | None) -> Choose:
    from vsync.search.store_to_ask import named_store

    given_by = embedded.option if embedded is not None else ""
    return lambda stores: named_store(stores, settings.target, given_by)


def _shows_bold(environ: Mapping[str, str]) -> bool:
    """Whether stdout is a terminal that shows bold letters. https://no-color.org is about these as well."""
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
