"""The errors of the API as its OpenAPI description shows them. Pure."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vsync.serve.rest.failure import error_type

_WORDS = {
    400: "The body is not JSON, or the call names neither ids nor a filter, or its filter fits everything; or a request file "
    "that there is not.",
    401: "There is no key, or the API refuses it; or the server's own token is missing or wrong.",
    403: "The key may not do this.",
    404: "There is no such vector store or File, or the list has no item of the id in `after`.",
    405: "The path does not take this method.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    422: "The call has another shape than described here, or names too many ids.",
    429: "The API's rate limit, or this server's, is reached. `Retry-After` says when to try again.",
    500: "A defect of the server; or it cannot work with the folders of its operator.",
    502: "The API behind vsync failed, or its answer is not one of the API.",
    503: "The server is too busy, or it is stopping. `Retry-After` says when to try again.",
}


class Upstream(BaseModel):
    """What the API behind vsync answered."""

    model_config = ConfigDict(extra="forbid")

    status: int = Field(description="The HTTP status of its answer.", examples=[401])
    code: str = Field(description="Its own word for the error; empty: it gave none.", examples=["invalid_api_key"])
    request_id: str = Field(description="Its own id of the request; empty: it gave none.", examples=["req_0a1b2c"])


class ErrorDetail(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(description="What happened and what to do, for people.")
    type: str = Field(description="The kind of error.", examples=["invalid_request_error"])
    code: str = Field(description="A word for programs.", examples=["not_json"])
    param: str | None = Field(default=None, description="The field or parameter that is wrong.")
    upstream: Upstream | None = Field(default=None, description="The answer of the API behind vsync, if there was one.")


class ErrorBody(BaseModel):
    """The body of every error."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail
    request_id: str = Field(
        description="The id of this call. It stands in the header X-Request-Id and in the log as well."
    )


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The descriptions of these statuses."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if status in {429, 503}:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    example = {
        "error": {"message": _WORDS[status].split(". ")[0].rstrip(".") + ".", "type": error_type(status), "code": "…"},
        "request_id": "6f1c0b7a9d2e4f5a8b3c",
    }
    return {
        "model": ErrorBody,
        "description": _WORDS[status],
        "headers": headers,
        "content": {"application/json": {"example": example}},
    }


COMMON = (400, 401, 403, 408, 413, 422, 429, 500, 502, 503)
"""What every call on stores and Files may answer."""

LIST = "A JSON array. It is written while the pages of the API arrive. If a later page fails, the answer breaks off."
DONE = "Everything was done. The body says what became of each id."
PARTLY = "A part failed. The body says what became of each id."


def list_answers(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The answers of a call that lists."""
    return {200: {"model": model, "description": LIST}, **errors(*sorted({*COMMON, 404}))}


def bulk_answers(model: type[BaseModel], *more: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a call that deletes."""
    return {
        200: {"model": model, "description": DONE},
        207: {"model": model, "description": PARTLY},
        **errors(*sorted({*COMMON, *more})),
    }


FINISHED = (
    "The job came to its end. `ok` says whether anything failed, and the lists say what became of each file and batch."
)
CUT_SHORT = "An error ended the job when a part of it was done. `error` says which. Send the call again: it goes on."


def batch_answers(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The answers of a call that submits or fetches."""
    return {
        200: {"model": model, "description": FINISHED},
        207: {"model": model, "description": CUT_SHORT},
        **errors(*sorted({*COMMON, 404})),
    }


def batch_list_answers(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The answers of the call that lists batches."""
    return {200: {"model": model, "description": "The batches."}, **errors(*sorted({*COMMON, 404}))}
