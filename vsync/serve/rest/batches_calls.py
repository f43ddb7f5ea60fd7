"""The calls on batches: request files of the operator, run with the key of the caller."""

from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from vsync.serve.rest.batch_answers import BatchAnswer, BatchList
from vsync.serve.rest.batch_bodies import FetchBatches, SubmitBatches
from vsync.serve.rest.batch_runs import fetched, listed, submitted
from vsync.serve.rest.described import batch_answers, batch_list_answers
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import Strict, Switch
from vsync.serve.rest.offered_batches import OfferedBatches
from vsync.serve.rest.service import Service

_TAGS: list[Any] = ["batches"]


class BatchesQuery(Strict):
    """Which batches are listed."""

    all: Switch = Field(
        default=False,
        description="`true`: also the batches of other repositories, and those that vsync did not make.",
    )


def add_batch_calls(app: FastAPI, service: Service, offered: OfferedBatches) -> None:
    @app.get(
        "/batches",
        operation_id="listBatches",
        summary="List the batches of the repository",
        description="How the batches stand, the newest first, and which request files have none.",
        tags=_TAGS,
        responses=batch_list_answers(BatchList),
        response_class=Response,
    )
    async def list_batches(request: Request, query: Annotated[BatchesQuery, Query()]) -> Response:
        return await listed(service, offered, request, everybody=query.all)

    @app.post(
        "/batches/submit",
        operation_id="submitBatches",
        summary="Submit request files",
        description="Checks the request files, and makes a batch of each that is new or changed. A file whose batch is under "
        "way, or that has results, is left alone: to send the call again pays for nothing twice.",
        tags=_TAGS,
        responses=batch_answers(BatchAnswer),
        response_class=Response,
    )
    async def submit_batches(
        request: Request, body: Annotated[SubmitBatches, Body(default_factory=SubmitBatches)]
    ) -> Response:
        await _check_body_alone(request)
        return await submitted(service, offered, request, body)

    @app.post(
        "/batches/fetch",
        operation_id="fetchBatches",
        summary="Fetch results",
        description="Writes the results of batches that have ended into the results folder of the server, and says which "
        "requests failed. It does not wait for batches that run.",
        tags=_TAGS,
        responses=batch_answers(BatchAnswer),
        response_class=Response,
    )
    async def fetch_batches(
        request: Request, body: Annotated[FetchBatches, Body(default_factory=FetchBatches)]
    ) -> Response:
        await _check_body_alone(request)
        return await fetched(service, offered, request, body)


async def _check_body_alone(request: Request) -> None:
    """Refuses what the framework overlooks: parameters in the query, where nothing reads them, and a body that is `null`.

    A `?dry_run=true` that is overlooked would be paid for.
    """
    if request.query_params:
        message = (
            "The call has another shape than /docs describes: it takes nothing in the query. "
            'Its options stand in the body, as JSON: {"dry_run": true}.'
        )
        raise Failure(422, "invalid_shape", message, param="query")
    if await request.body() and await request.json() is None:
        message = "The call has another shape than /docs describes: the body must be an object."
        raise Failure(422, "invalid_shape", message, param="body")
