"""`vsync stores`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from vsync.cli import completers, manage
from vsync.cli.bulk import Job, delete
from vsync.cli.context import Context, pass_context
from vsync.cli.environment import refuse_in_dry_run, refuse_variables
from vsync.cli.given import given_ids
from vsync.cli.headings import CHOICE, OUTPUT, HeadedCommand
from vsync.cli.manage_options import (
    common_options,
    delete_options,
    list_options,
    place_options,
    rules_of,
    store_filter,
    store_filters,
)
from vsync.cli.options import WithArgument, option
from vsync.cli.values import PAIR
from vsync.errors import ConfigurationError
from vsync.manage.metadata import checked_metadata
from vsync.manage.sorting import STORE_KEYS, in_order

if TYPE_CHECKING:
    from vsync.manage.delete_stores import StorePlan
    from vsync.store.client import Api
    from vsync.store.entries import StoreEntry, StoreInfo


@click.group("stores")
def stores_group() -> None:
    """List, show, create and delete vector stores."""


# --- List ---------------------------------------------------------------------------------------------------


@stores_group.command("list", cls=HeadedCommand)
@store_filters(deleting=False)
@list_options(list(STORE_KEYS))
@common_options("Print a list of JSON objects on stdout.")
@pass_context
def stores_list(context: Context, /, as_json: bool, as_lines: bool, **options: Any) -> None:
    """List the vector stores of the project.

    All filters that are given must hold. A filter can also be a variable, such as VSYNC_OLDER_THAN; only those of --source
    and --target have no effect here.
    """
    from vsync.manage.listings import store_lines
    from vsync.manage.stores import store_data
    from vsync.manage.summary import stores_summary

    streamed = as_lines and options["sort"] is None

    async def question(api: Api) -> tuple[list[StoreInfo], Any, bool]:
        found, whole = await _matching(context, api, options, streamed=streamed)
        return found, manage.look(context, options, api), whole

    found, look, whole = manage.answer(context, options, question)

    def data() -> list[Any]:
        return [store_data(info, priced=look.priced) for info in found]

    if as_lines:
        for info in () if streamed else found:
            manage.show_line_of_json(store_data(info, priced=look.priced))
    elif as_json:
        manage.show_json(data())
    elif found:
        manage.show_lines(context, store_lines(found, look, whole=whole))
    else:
        manage.show_lines(context, _nothing(options, whole=whole))
    context.listener.found(stores_summary(found, look, whole=whole), data())
    if whole:
        manage.remember(context, options, found)


async def _matching(
    context: Context, api: Api, options: dict[str, Any], *, streamed: bool
) -> tuple[list[StoreInfo], bool]:
    """The stores that are meant, and whether these are all stores there are. With `streamed` each is printed at once."""
    import time

    from vsync.manage.owner import owner_of_store
    from vsync.manage.stores import store_data
    from vsync.store.stores import Stores

    chosen, limit, sort = store_filter(options), options["limit"], options["sort"]
    found: dict[str, StoreInfo] = {}
    whole = chosen.is_empty
    priced = streamed and manage.look(context, options, api).priced
    async for page in Stores(api).pages():
        now = api.traffic.date or int(time.time())
        for info in page:
            if info.id in found or not chosen.matches(info, owner_of_store(info), now):
                continue
            if sort is None and limit is not None and len(found) == limit:
                return list(found.values()), False
            found[info.id] = info
            if streamed:
                manage.show_line_of_json(store_data(info, priced=priced))
    ordered = in_order(found.values(), STORE_KEYS, sort)
    cut = list(itertools.islice(ordered, limit))
    return cut, whole and len(cut) == len(found)


def _nothing(options: dict[str, Any], *, whole: bool) -> list[Any]:
    from vsync.report.text import Line

    if whole:
        return [
            Line("There is no vector store."),
            Line(manage.hints(options, "`vsync sync` or `vsync stores create` makes one."), "faint"),
        ]
    return [
        Line("No vector store matches."),
        *manage.of_variables(),
        Line(manage.hints(options, "`vsync stores list` without filters shows all of them."), "faint"),
    ]


# --- Show ---------------------------------------------------------------------------------------------------


@stores_group.command("show", cls=WithArgument)
@option("--files", heading=CHOICE, is_flag=True, help="Show its entries as well, the failed ones first.")
@option(
    "--status",
    "statuses",
    heading=CHOICE,
    multiple=True,
    type=click.Choice(["failed", "in_progress", "cancelled", "completed"]),
    help="With --files: only entries in this state (repeatable).",
)
@option("--names", heading=CHOICE, is_flag=True, help="With --files: the File's name where an entry shows no path.")
@option(
    "--jsonl", "as_lines", heading=OUTPUT, is_flag=True, help="Print one line of JSON, with --files one for each entry."
)
@common_options("Print JSON on stdout.", in_repository=True)
@place_options
@click.argument("store", metavar="ID|NAME", shell_complete=completers.stores)
@pass_context
def stores_show(context: Context, /, store: str, as_json: bool, as_lines: bool, **options: Any) -> None:
    """Show one vector store, by its id or its name."""
    from vsync.manage.details import store_details
    from vsync.manage.entries import entry_data
    from vsync.manage.listings import entry_lines
    from vsync.manage.stores import store_data
    from vsync.manage.summary import details_summary

    with_files = options["files"]
    if (options["statuses"] or options["names"]) and not with_files:
        raise ConfigurationError("--status and --names are about the entries of a store.", "Give --files as well.")

    async def question(api: Api) -> Any:
        from vsync.manage.find_store import find_store
        from vsync.store.stores import Stores

        info = await find_store(Stores(api), store)
        entries, names, whole = await _entries(api, info, options) if with_files else ([], {}, True)
        return info, entries, names, whole, manage.look(context, options, api)

    info, entries, names, whole, look = manage.answer(context, options, question)
    if not whole:
        manage.note(context, f"warning: The listing shows fewer entries than the {info.files:,} that the store counts.")
    if as_lines and with_files:
        for entry in entries:
            manage.show_line_of_json(_with_name(entry_data(entry, info.id), names))
        return
    here = manage.named_here(context, options)
    targets = None if here is None else list(here.stores.get(info.id, ()))
    data = {**store_data(info, priced=look.priced), "targets": targets}
    if with_files:
        data["entries"] = [_with_name(entry_data(entry, info.id), names) for entry in entries]
    lines = store_details(info, look, targets)
    if with_files:
        lines += entry_lines(entries, look, names) if entries else _no_entries(options["statuses"])
    if as_json or as_lines:
        (manage.show_line_of_json if as_lines else manage.show_json)(data)
    else:
        manage.show_lines(context, lines)
    context.listener.found(details_summary("stores show", lines), data)


async def _entries(api: Api, info: StoreInfo, options: dict[str, Any]) -> tuple[list[StoreEntry], dict[str, str], bool]:
    """The entries that are meant, the names of Files of entries without a path, and whether all entries were listed."""
    from vsync.manage.listings import failed_first
    from vsync.manage.usage import entries_of
    from vsync.store.files import Files

    every, whole = await entries_of(info, api)
    chosen = failed_first([entry for entry in every if not options["statuses"] or entry.status in options["statuses"]])
    nameless = [entry.file_id for entry in chosen if not entry.attributes.get("path")]
    if not options["names"] or not nameless:
        return chosen, {}, whole
    names = await Files(api).names()
    return chosen, {file_id: names[file_id] for file_id in nameless if file_id in names}, whole


def _with_name(data: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {**data, "filename": names[data["id"]]} if data["id"] in names else data


def _no_entries(statuses: Sequence[str]) -> list[Any]:
    from vsync.report.text import Line

    return [Line(f"No entry is {' or '.join(statuses)}." if statuses else "The store has no entries.")]


# --- Create -------------------------------------------------------------------------------------------------


@stores_group.command("create", cls=WithArgument)
@option(
    "--metadata", heading=CHOICE, metavar="K=V", multiple=True, type=PAIR, help="Metadata of the store (repeatable)."
)
@option("--description", heading=CHOICE, metavar="TEXT", help="What the store is for.")
@option(
    "--expires-after-days",
    heading=CHOICE,
    metavar="N",
    type=click.IntRange(1, 365),
    help="Let the server delete it after so many days without use.",
)
@common_options("Print the new store as JSON on stdout.")
@click.argument("name")
@pass_context
def stores_create(context: Context, /, name: str, as_json: bool, **options: Any) -> None:
    """Create a vector store.

    To sync into it, give its id with --vector-store-id: a name alone does not prove that a store is yours.
    """
    from vsync.manage.listings import store_lines
    from vsync.manage.stores import store_data

    refuse_in_dry_run(context.environ, "creates no store", "Unset the variable.")
    if not name.strip():
        raise ConfigurationError("The name of the store is empty.", "Give a name.")
    metadata = checked_metadata(options["metadata"])

    async def question(api: Api) -> Any:
        from vsync.store.stores import Stores

        same = [info.id for info in await Stores(api).list() if info.name == name]
        if same:
            names = f"{', '.join(same[:3])}{', …' if len(same) > 3 else ''}"
            manage.note(context, f"warning: Another store has this name ({names}). Commands then need the ids.")
        made = await Stores(api).create(
            name, metadata, description=options["description"], expires_after_days=options["expires_after_days"]
        )
        return made, manage.look(context, options, api)

    made, look = manage.answer(context, options, question, if_missing="make")
    if as_json:
        manage.show_json(store_data(made, priced=look.priced))
    else:
        manage.show_lines(context, store_lines([made], look)[:-1])


# --- Delete -------------------------------------------------------------------------------------------------


@stores_group.command("delete", cls=WithArgument)
@store_filters(deleting=True)
@delete_options(of_stores=True)
@common_options("Print the report as JSON on stdout, and nothing else there.", in_repository=True)
@click.argument("words", metavar="[ID|NAME|@FILE|-]...", nargs=-1, shell_complete=completers.stores)
@click.pass_context
def stores_delete(ctx: click.Context, /, words: tuple[str, ...], **options: Any) -> None:
    """Delete vector stores.

    Give ids or names, @FILE (a file with one a line, or with JSON of vsync), - for standard input; or filters. vsync
    first shows what would be deleted, and asks. Their Files stay, unless --with-files is given. A store of a target
    that this repository's manifest names is not deleted without --force. Run it again with the same ids after an
    interruption: it goes on.

    What is deleted must stand on the command line. A variable of a filter, such as VSYNC_OLDER_THAN, or of --all is
    refused; those of --yes, --force, --source and --target have no effect. VSYNC_DRY_RUN is heard.
    """
    from vsync.manage import delete_stores as stores
    from vsync.manage.agreed import agreed_stores
    from vsync.manage.plan_text import going_of_stores, store_plan_lines
    from vsync.manage.protected import unnamed

    context: Context = ctx.obj
    refuse_variables(ctx.command, context.environ)
    given = given_ids(words)
    if options["shared"] and not options["with_files"]:
        raise ConfigurationError("--shared is about the Files of stores.", "Give --with-files as well.")
    wanted = stores.StoresWanted(
        given, store_filter(options), rules_of(options, context), options["with_files"], options["shared"]
    )

    async def plan(api: Api, working: Any, protected: Any, earlier: Any) -> StorePlan:
        chosen = await stores.plan_stores(wanted, api, working, protected=protected, earlier=earlier)
        if not wanted.filter.whose.is_vsyncs:  # else the person has named the syncs
            chosen.warnings += unnamed(chosen.stores.values(), protected)
        return chosen

    job = Job(
        "stores", given, plan, agreed_stores, store_plan_lines, going_of_stores, stores.preview, stores.delete_stores
    )
    delete(context, options, job)
