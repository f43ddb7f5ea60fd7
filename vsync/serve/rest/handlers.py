"""Every error of the framework in the shape of the API's own errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from vsync.errors import VsyncError
from vsync.serve.rest.allowed import allowed_names
from vsync.serve.rest.exchange import call_of
from vsync.serve.rest.failure import Failure, defect, unknown_path
from vsync.serve.rest.fields import known_names
from vsync.serve.rest.upstream import failure_of
from vsync.serve.rest.validation import not_json, shape_failure
from vsync.store.api_errors import Refused

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def add_handlers(app: FastAPI) -> None:
    """Answers the framework's errors, a Failure of a call, and the errors of the API behind vsync."""

    names = known_names() | {"vector_store_id", "file_id"}

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, Failure):
            return _answer(request, error.__cause__)
        return _answer(request, _of_status(app, request, error.status_code))

    async def of_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = given == "application/json" or (given.startswith("application/") and given.endswith("+json"))
        path = getattr(request.scope.get("route"), "path", "")
        allowed = allowed_names(app.openapi(), path, request.method)
        return _answer(request, shape_failure(error.errors(), names, allowed, is_json=is_json))

    async def of_api(request: Request, error: Exception) -> Response:
        assert isinstance(error, VsyncError | Refused)
        return _answer(request, failure_of(error))

    async def of_call(request: Request, error: Exception) -> Response:
        assert isinstance(error, Failure)
        return _answer(request, error)

    async def of_defect(request: Request, _: Exception) -> Response:
        return _answer(request, defect())  # the framework raises the error again, and the layer around it logs it

    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_shape)
    app.add_exception_handler(VsyncError, of_api)
    app.add_exception_handler(Refused, of_api)
    app.add_exception_handler(Failure, of_call)
    app.add_exception_handler(Exception, of_defect)


def _answer(request: Request, failure: Failure) -> Response:
    call = call_of(request.scope)
    return JSONResponse(failure.body(call.request_id, call.secrets), failure.status, failure.all_headers())


def _of_status(app: FastAPI, request: Request, status: int) -> Failure:
    if status == 404:
        return unknown_path(_described_path(app, request.scope))
    if status == 405:
        methods = _allowed(app, request.scope)
        words = " and ".join(methods)
        message = f"This path does not take the method of this call. It takes {words}."
        return Failure(405, "method_not_allowed", message, headers={"allow": ", ".join(methods)})
    if status == 400:
        return not_json()
    return Failure(status, f"http_{status}", "The server refuses this call.")


def _described_path(app: FastAPI, scope: Mapping[str, Any]) -> str | None:
    """The path as the description writes it that is meant by one with slashes too many at its end."""
    path = scope["path"].rstrip("/")
    if path == scope["path"] or not path:
        return None
    asked = {**scope, "path": path, "method": "GET"}
    found = (route for route in app.routes if route.matches(asked)[0] is not Match.NONE)
    return next((route.path for route in found if isinstance(route, Route)), None)


def _allowed(app: FastAPI, scope: Mapping[str, Any]) -> list[str]:
    """The methods that the path takes. The framework names only those of the first route that fits."""
    return [method for method in _METHODS if _is_taken(app, {**scope, "method": method})]


def _is_taken(app: FastAPI, scope: dict[str, Any]) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
