"""`vsync files`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from vsync.cli import completers, manage
from vsync.cli.bulk import Job, delete
from vsync.cli.context import Context, pass_context
from vsync.cli.environment import refuse_variables
from vsync.cli.given import given_ids
from vsync.cli.headings import OUTPUT, HeadedCommand
from vsync.cli.manage_options import common_options, delete_options, file_filter, file_filters, list_options, rules_of
from vsync.cli.options import WithArgument, option
from vsync.errors import ApiUnavailable, StoreConflict, UnknownName
from vsync.manage.sorting import FILE_KEYS, in_order
from vsync.system.wording import shortened

if TYPE_CHECKING:
    from vsync.manage.delete_files import FilePlan
    from vsync.manage.filters import FileFilter, Use
    from vsync.manage.listings import Look
    from vsync.store.client import Api
    from vsync.store.entries import UploadedFile

_CONCURRENCY = 16
"""Of requests that only read."""


@click.group("files")
def files_group() -> None:
    """List, show and delete Files of the project."""


# --- List ---------------------------------------------------------------------------------------------------


@files_group.command("list", cls=HeadedCommand)
@file_filters(deleting=False)
@option("--usage", heading=OUTPUT, is_flag=True, help="Ask the stores, and show which list each File, and whose it is.")
@list_options(list(FILE_KEYS))
@common_options("Print a list of JSON objects on stdout.")
@pass_context
def files_list(context: Context, /, as_json: bool, as_lines: bool, **options: Any) -> None:
    """List the Files of the project.

    All filters that are given must hold. Filters about stores, attributes and owners ask every store: one request for each
    hundred entries. A filter can also be a variable, such as VSYNC_OLDER_THAN; only those of --source and --target have no
    effect here.
    """
    from vsync.manage.files import file_data
    from vsync.manage.listings import file_lines
    from vsync.manage.summary import files_summary

    async def question(api: Api) -> tuple[list[UploadedFile], Mapping[str, Sequence[Use]] | None, Look, bool]:
        from vsync.manage.delete_files import safely_matching

        chosen = file_filter(options, await _store_ids(api, options["in_stores"]))
        sort, limit, usage = options["sort"], options["limit"], options["usage"]
        if not chosen.needs_usage and not usage and sort is None:
            found = await _page_by_page(api, chosen, limit, as_lines=as_lines)
            return found, None, manage.look(context, options, api), as_lines
        matching, used, _, notes = await safely_matching(chosen, api, _reading(), with_usage=usage)
        for text in notes:
            manage.note(context, text)
        cut = list(itertools.islice(in_order(matching.values(), FILE_KEYS, sort), limit))
        uses = {file.id: used.of(file.id) for file in cut} if usage else None
        return cut, uses, manage.look(context, options, api), False

    found, uses, look, printed = manage.answer(context, options, question)

    def data(file: UploadedFile) -> dict[str, Any]:
        return file_data(file, None if uses is None else uses[file.id])

    if as_lines:
        for file in () if printed else found:
            manage.show_line_of_json(data(file))
    elif as_json:
        manage.show_json([data(file) for file in found])
    elif found:
        manage.show_lines(context, file_lines(found, look, uses))
    else:
        manage.show_lines(context, _nothing(options))
    context.listener.found(files_summary(found, look, uses), [data(file) for file in found])


async def _page_by_page(api: Api, chosen: FileFilter, limit: int | None, *, as_lines: bool) -> list[UploadedFile]:
    """The Files that are meant, as far as their own listing tells. With `as_lines` each is printed at once."""
    import time

    from vsync.manage.files import file_data
    from vsync.store.files import Files

    found: dict[str, UploadedFile] = {}
    purpose = chosen.purposes[0] if len(chosen.purposes) == 1 else None
    async for page in Files(api).pages(purpose):
        now = api.traffic.date or int(time.time())
        for file in page:
            if file.id in found or not chosen.may_match(file, now):
                continue
            found[file.id] = file
            if as_lines:
                manage.show_line_of_json(file_data(file))
            if len(found) == limit:
                return list(found.values())
    return list(found.values())


async def _store_ids(api: Api, given: Sequence[str], *, deleting: bool = False) -> list[str]:
    from vsync.manage.find_store import find_store
    from vsync.store.stores import Stores

    return [(await find_store(Stores(api), word, deleting=deleting)).id for word in given]


def _reading() -> Any:
    from vsync.manage.each import Working

    return Working(concurrency=_CONCURRENCY)


def _nothing(options: Mapping[str, Any]) -> list[Any]:
    from vsync.report.text import Line

    if file_filter(options, options["in_stores"]).is_empty:
        return [
            Line("There is no File."),
            Line(manage.hints(options, "`vsync sync` uploads documents as Files."), "faint"),
        ]
    return [
        Line("No File matches."),
        *manage.of_variables(),
        Line(manage.hints(options, "`vsync files list` without filters shows all of them."), "faint"),
    ]


# --- Show ---------------------------------------------------------------------------------------------------


@files_group.command("show", cls=WithArgument)
@common_options("Print JSON on stdout.")
@click.argument("file", metavar="ID|NAME")
@pass_context
def files_show(context: Context, /, file: str, as_json: bool, **options: Any) -> None:
    """Show one File, by its id or its name: which stores list it, and whose it is."""
    from vsync.manage.details import file_details
    from vsync.manage.files import file_data
    from vsync.manage.summary import details_summary

    async def question(api: Api) -> Any:
        from vsync.manage.usage import usage_of
        from vsync.store.stores import Stores

        found = await _find(api, file)
        usage = await usage_of([found.id], await Stores(api).list(), api, _CONCURRENCY)
        return found, usage.of(found.id), manage.look(context, options, api)

    found, uses, look = manage.answer(context, options, question)
    uses_data = [
        {**stated, "status": use.status or None, "owner": use.owner and use.owner.to_json()}
        for stated, use in zip(file_data(found, uses)["stores"], uses, strict=True)
    ]
    data, lines = {**file_data(found, uses), "stores": uses_data}, file_details(found, uses, look)
    if as_json:
        manage.show_json(data)
    else:
        manage.show_lines(context, lines)
    context.listener.found(details_summary("files show", lines), data)


async def _find(api: Api, given: str) -> UploadedFile:
    """The File of that id, else the one File of that name. Raises StoreConflict and UnknownName."""
    from vsync.store.answers import is_id
    from vsync.store.api_errors import Refused
    from vsync.store.files import Files

    try:
        found = await Files(api).find(given) if is_id(given) else None
    except Refused as error:
        if error.status in {401, 403} or error.status >= 500:
            raise ApiUnavailable(f"The API refused to show {given}: {error.message}", "Run again later.") from error
        found = None  # some servers refuse every text that is no id of theirs, and it may be a name
    if found is not None:
        return found
    named = [file for file in (await Files(api).all()).values() if file.filename == given]
    if not named:
        raise UnknownName(f"There is no File with the id or the name {shortened(given)!r}.", "See `vsync files list`.")
    if len(named) > 1:
        ids = ", ".join(file.id for file in named[:5])
        raise StoreConflict(
            f"There are {len(named):,} Files named {shortened(given)!r}: {ids}{', …' if len(named) > 5 else ''}.",
            "Give the id of one of them.",
        )
    return named[0]


# --- Delete -------------------------------------------------------------------------------------------------


@files_group.command("delete", cls=WithArgument)
@file_filters(deleting=True)
@delete_options(of_stores=False)
@common_options("Print the report as JSON on stdout, and nothing else there.", in_repository=True)
@click.argument("words", metavar="[ID|NAME|@FILE|-]...", nargs=-1, shell_complete=completers.files)
@click.pass_context
def files_delete(ctx: click.Context, /, words: tuple[str, ...], **options: Any) -> None:
    """Delete Files, and take them out of the stores that list them.

    Give ids or names, @FILE (a file with one a line, or with JSON of vsync), - for standard input; or filters. vsync
    first shows what would be deleted, and asks. A document that this repository's manifest names is not deleted
    without --force. Run it again with the same ids after an interruption: it goes on.

    \b
    vsync files delete --unattached --older-than 30d     what no store uses

    What is deleted must stand on the command line. A variable of a filter, such as VSYNC_OLDER_THAN, or of --all is
    refused; those of --yes, --force, --source and --target have no effect. VSYNC_DRY_RUN is heard.
    """
    from vsync.manage import delete_files as files
    from vsync.manage.agreed import agreed_files
    from vsync.manage.plan_text import file_plan_lines, going_of_files

    context: Context = ctx.obj
    refuse_variables(ctx.command, context.environ)
    given = given_ids(words)

    async def plan(api: Api, working: Any, protected: Any, earlier: Any) -> FilePlan:
        chosen = file_filter(options, await _store_ids(api, options["in_stores"], deleting=True))
        wanted = files.FilesWanted(given, chosen, rules_of(options, context))
        return await files.plan_files(wanted, api, working, protected=protected, earlier=earlier)

    def lines(chosen: FilePlan, look: Look) -> list[Any]:
        return file_plan_lines(chosen, look, files.used_by(chosen))

    job = Job("files", given, plan, agreed_files, lines, going_of_files, files.preview, files.delete_files)
    delete(context, options, job)
