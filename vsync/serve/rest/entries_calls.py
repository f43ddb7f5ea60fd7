"""The calls on the files of one vector store."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from vsync.manage.bulk_report import BulkReport
from vsync.manage.chosen import Rules
from vsync.manage.detach_files import EntriesWanted, detach_files, existing_store, plan_entries, preview
from vsync.manage.entries import entry_data
from vsync.manage.filters import EntryFilter
from vsync.serve.rest.answers import BulkAnswer, EntryList
from vsync.serve.rest.bodies import DeleteEntries, check_named
from vsync.serve.rest.bulk import report_answer, rules_of, single_answer
from vsync.serve.rest.described import bulk_answers, list_answers
from vsync.serve.rest.fields import Careful, DeleteWithShared, Part, PathId, Shared, Strict, Switch
from vsync.serve.rest.filters import EntriesInQuery, entry_filter
from vsync.serve.rest.listing import array, now_of, part_of
from vsync.serve.rest.service import Service, Session
from vsync.store.stores import Stores

_TAGS: list[Any] = ["files of a store"]

_WITH_FILES = "`true`: the Files themselves are deleted as well. Files that another vector store uses are spared."

StoreId = Annotated[PathId, Path(description="The id of the vector store.", examples=["vs_abc123"])]
FileId = Annotated[PathId, Path(description="The id of the File.", examples=["file-abc123"])]


class EntriesQuery(EntriesInQuery, Part):
    """Which files of the store are listed, and how."""


class _WithFiles(Strict):
    with_files: Switch = Field(default=False, description=_WITH_FILES)


class DetachQuery(DeleteWithShared, _WithFiles):
    """How files are taken out of a store."""


class DetachOneQuery(Careful, Shared, _WithFiles):
    """How a file is taken out of a store."""


def add_entry_calls(app: FastAPI, service: Service) -> None:
    @app.get(
        "/vector_stores/{vector_store_id}/files",
        operation_id="listVectorStoreFiles",
        summary="List the files of a vector store",
        description="The ids of all files of the store, or of those that fit the filters. All filters must hold.",
        tags=_TAGS,
        responses=list_answers(EntryList),
        response_class=Response,
    )
    async def list_entries(
        request: Request, vector_store_id: StoreId, query: Annotated[EntriesQuery, Query()]
    ) -> Response:
        return await array(_listed(service, request, vector_store_id, query, entry_filter(query)))

    @app.delete(
        "/vector_stores/{vector_store_id}/files",
        operation_id="detachFiles",
        summary="Take files out of a vector store",
        description="Give ids, or a filter. The Files stay in the project, unless `with_files=true`.",
        tags=_TAGS,
        responses=bulk_answers(BulkAnswer, 404),
        response_class=Response,
    )
    async def detach_many(
        request: Request,
        vector_store_id: StoreId,
        body: DeleteEntries,
        query: Annotated[DetachQuery, Query()],
    ) -> Response:
        check_named(body.file_ids, body.filter, service.limits.max_ids, "file_ids")
        wanted = EntriesWanted(
            vector_store_id,
            body.file_ids,
            EntryFilter() if body.filter is None else entry_filter(body.filter),
            rules_of(query, body.file_ids),
            query.with_files,
            query.shared,
        )
        async with service.session(request) as session:
            if not wanted.given:
                await existing_store(vector_store_id, session.api)  # an empty list leaves nothing else to ask
            return report_answer(await _detached(session, wanted, dry_run=query.dry_run), session)

    @app.delete(
        "/vector_stores/{vector_store_id}/files/{file_id}",
        operation_id="detachFile",
        summary="Take one file out of a vector store",
        description="The File stays in the project, unless `with_files=true`.",
        tags=_TAGS,
        responses=bulk_answers(BulkAnswer, 404),
        response_class=Response,
    )
    async def detach_one(
        request: Request,
        vector_store_id: StoreId,
        file_id: FileId,
        query: Annotated[DetachOneQuery, Query()],
    ) -> Response:
        rules = Rules(missing_ok=query.missing_ok, names=False)
        wanted = EntriesWanted(vector_store_id, [file_id], EntryFilter(), rules, query.with_files, query.shared)
        async with service.session(request) as session:
            return single_answer(await _detached(session, wanted, dry_run=query.dry_run), session)


async def _detached(session: Session, wanted: EntriesWanted, *, dry_run: bool) -> BulkReport:
    plan = await plan_entries(wanted, session.api, session.working)
    if dry_run:
        return preview(plan)
    return await detach_files(plan, session.api, session.rates, session.working)


async def _listed(service: Service, request: Request, store_id: str, query: EntriesQuery, chosen: EntryFilter) -> Any:
    async with service.session(request) as session:
        store = Stores(session.api).open((await existing_store(store_id, session.api)).id)
        only = chosen.statuses[0] if len(chosen.statuses) == 1 else None

        async def matching() -> Any:
            async for page in store.pages(only):
                now = now_of(session.api)
                yield [entry for entry in page if chosen.matches(entry, now)]

        def show(entry: Any) -> Any:
            return entry_data(entry, store_id) if query.details else entry.file_id

        async for piece in part_of(matching(), query, lambda entry: entry.file_id, show):
            yield piece
