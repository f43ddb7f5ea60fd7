"""The calls on the Files of the project."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from vsync.manage.delete_files import FilesWanted, delete_files, files_matching, plan_files, preview
from vsync.manage.files import file_data
from vsync.manage.filters import FileFilter
from vsync.manage.sorting import FILE_KEYS, in_order
from vsync.serve.rest.answers import BulkAnswer, FileList
from vsync.serve.rest.bodies import DeleteFiles, check_named
from vsync.serve.rest.bulk import check_key, report_answer, rules_of
from vsync.serve.rest.described import bulk_answers, list_answers
from vsync.serve.rest.fields import DeleteOptions, Nothing, Part, Switch
from vsync.serve.rest.filters import FilesInQuery, file_filter
from vsync.serve.rest.listing import array, now_of, one_page, part_of
from vsync.serve.rest.service import Service, Session
from vsync.store.files import Files

Order = Literal["name", "-name", "created", "-created", "size", "-size", "purpose", "-purpose"]
_TAGS: list[Any] = ["files"]


class FilesQuery(FilesInQuery, Part):
    """Which Files are listed, and how."""

    usage: Switch = Field(
        default=False,
        description="`true`: with `details=true` each File says which vector stores list it, and whose it is. All stores are "
        "listed for that, so it takes longer.",
    )
    sort: Order | Nothing = Field(
        default=None, description="The order; with `-` before it from the greatest to the least."
    )


def add_file_calls(app: FastAPI, service: Service) -> None:
    @app.get(
        "/files",
        operation_id="listFiles",
        summary="List Files",
        description="The ids of all Files of the project, or of those that fit the filters. All filters must hold.",
        tags=_TAGS,
        responses=list_answers(FileList),
        response_class=Response,
    )
    async def list_files(request: Request, query: Annotated[FilesQuery, Query()]) -> Response:
        return await array(_listed(service, request, query, file_filter(query)))

    @app.delete(
        "/files",
        operation_id="deleteFiles",
        summary="Delete Files",
        description="Give ids, or a filter. A File that vector stores list is taken out of them first. With `attached: false` "
        "only Files of the purpose `assistants` that are older than a day are meant, unless the filter says otherwise.",
        tags=_TAGS,
        responses=bulk_answers(BulkAnswer),
        response_class=Response,
    )
    async def delete_many(request: Request, body: DeleteFiles, query: Annotated[DeleteOptions, Query()]) -> Response:
        check_named(body.file_ids, body.filter, service.limits.max_ids, "file_ids")
        wanted = FilesWanted(
            body.file_ids,
            FileFilter() if body.filter is None else file_filter(body.filter),
            rules_of(query, body.file_ids),
        )
        async with service.session(request) as session:
            await check_key(session, body.file_ids)
            plan = await plan_files(wanted, session.api, session.working)
            report = (
                preview(plan)
                if query.dry_run
                else await delete_files(plan, session.api, session.rates, session.working)
            )
            return report_answer(report, session)


async def _listed(service: Service, request: Request, query: FilesQuery, chosen: FileFilter) -> Any:
    async with service.session(request) as session:
        uses = None
        if chosen.needs_usage or (query.usage and query.details):
            matching, usage, _ = await files_matching(chosen, session.api, session.working, with_usage=query.usage)
            pages = one_page(in_order(matching.values(), FILE_KEYS, query.sort))
            uses = usage if query.usage else None
        else:
            pages = _matching(session, chosen)
            if query.sort is not None:
                every = {file.id: file async for page in pages for file in page}
                pages = one_page(in_order(every.values(), FILE_KEYS, query.sort))

        def show(file: Any) -> Any:
            if not query.details:
                return file.id
            return file_data(file, None if uses is None else uses.of(file.id))

        async for piece in part_of(pages, query, lambda file: file.id, show):
            yield piece


async def _matching(session: Session, chosen: FileFilter) -> Any:
    only = chosen.purposes[0] if len(chosen.purposes) == 1 else None
    async for page in Files(session.api).pages(only):
        now = now_of(session.api)
        yield [file for file in page if chosen.may_match(file, now)]
