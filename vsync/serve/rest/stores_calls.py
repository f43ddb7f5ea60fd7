"""The calls on vector stores."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from vsync.manage.delete_stores import StoresWanted, delete_stores, plan_stores, preview
from vsync.manage.filters import StoreFilter
from vsync.manage.owner import owner_of_store
from vsync.manage.sorting import STORE_KEYS, in_order
from vsync.manage.stores import store_data
from vsync.serve.rest.answers import BulkAnswer, StoreList
from vsync.serve.rest.bodies import DeleteStores, check_named
from vsync.serve.rest.bulk import check_key, report_answer, rules_of
from vsync.serve.rest.described import bulk_answers, list_answers
from vsync.serve.rest.fields import DeleteOptions, DeleteWithShared, Nothing, Part
from vsync.serve.rest.filters import StoresInQuery, store_filter
from vsync.serve.rest.listing import array, now_of, one_page, part_of
from vsync.serve.rest.service import Service
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores

Order = Literal["name", "-name", "created", "-created", "active", "-active", "size", "-size", "files", "-files"]
_TAGS: list[Any] = ["vector stores"]


class StoresQuery(StoresInQuery, Part):
    """Which vector stores are listed, and how."""

    sort: Order | Nothing = Field(
        default=None,
        description="The order; with `-` before it from the greatest to the least. Without it the oldest come first.",
    )


def add_store_calls(app: FastAPI, service: Service) -> None:
    @app.get(
        "/vector_stores",
        operation_id="listVectorStores",
        summary="List vector stores",
        description="The ids of all vector stores, or of those that fit the filters. All filters must hold.",
        tags=_TAGS,
        responses=list_answers(StoreList),
        response_class=Response,
    )
    async def list_stores(request: Request, query: Annotated[StoresQuery, Query()]) -> Response:
        return await array(_listed(service, request, query, store_filter(query)))

    @app.delete(
        "/vector_stores",
        operation_id="deleteVectorStores",
        summary="Delete vector stores, and keep their Files",
        description="Give ids, or a filter. The Files of the stores stay in the project.",
        tags=_TAGS,
        responses=bulk_answers(BulkAnswer),
        response_class=Response,
    )
    async def delete_only_stores(
        request: Request, body: DeleteStores, query: Annotated[DeleteOptions, Query()]
    ) -> Response:
        return await _delete(service, request, body, query, with_files=False)

    @app.delete(
        "/vector_stores/with-files",
        operation_id="deleteVectorStoresWithFiles",
        summary="Delete vector stores with their Files",
        description="Deletes the Files first, then the stores. A store stays when one of its Files could not be deleted, so "
        "that you can send the same call again. Files that another vector store uses are spared, unless `shared=true`.",
        tags=_TAGS,
        responses=bulk_answers(BulkAnswer),
        response_class=Response,
    )
    async def delete_with_files(
        request: Request, body: DeleteStores, query: Annotated[DeleteWithShared, Query()]
    ) -> Response:
        return await _delete(service, request, body, query, with_files=True, shared=query.shared)


async def _listed(service: Service, request: Request, query: StoresQuery, chosen: StoreFilter) -> Any:
    async with service.session(request) as session:
        stores = Stores(session.api)

        async def matching() -> Any:
            async for page in stores.pages():
                now = now_of(session.api)
                yield [info for info in page if chosen.matches(info, owner_of_store(info), now)]

        pages = matching()
        if query.sort is not None:
            every = {info.id: info async for page in pages for info in page}
            pages = one_page(in_order(every.values(), STORE_KEYS, query.sort))

        def show(info: StoreInfo) -> Any:
            return store_data(info, priced=service.priced) if query.details else info.id

        async for piece in part_of(pages, query, lambda info: info.id, show):
            yield piece


async def _delete(
    service: Service,
    request: Request,
    body: DeleteStores,
    query: DeleteOptions,
    *,
    with_files: bool,
    shared: bool = False,
) -> Response:
    check_named(body.vector_store_ids, body.filter, service.limits.max_ids, "vector_store_ids")
    wanted = StoresWanted(
        body.vector_store_ids,
        StoreFilter() if body.filter is None else store_filter(body.filter),
        rules_of(query, body.vector_store_ids),
        with_files,
        shared,
    )
    async with service.session(request) as session:
        await check_key(session, body.vector_store_ids)
        plan = await plan_stores(wanted, session.api, session.working)
        report = (
            preview(plan) if query.dry_run else await delete_stores(plan, session.api, session.rates, session.working)
        )
        return report_answer(report, session)
