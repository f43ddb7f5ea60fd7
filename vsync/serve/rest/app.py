"""The served application: the REST API, its documentation and, with the embedded store, its `/v1`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends, FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from vsync import __version__
from vsync.serve.rest.answered import Answered
from vsync.serve.rest.batch_failures import not_offered
from vsync.serve.rest.batches_calls import add_batch_calls
from vsync.serve.rest.caller import AUTHORIZATION, KEY, ORGANIZATION, PROJECT, TOKEN
from vsync.serve.rest.docs_page import add_docs
from vsync.serve.rest.entries_calls import add_entry_calls
from vsync.serve.rest.exchange import values_of
from vsync.serve.rest.failure import Failure, unknown_path
from vsync.serve.rest.fields import known_names
from vsync.serve.rest.files_calls import add_file_calls
from vsync.serve.rest.gate import Gate
from vsync.serve.rest.handlers import add_handlers
from vsync.serve.rest.health import add_health
from vsync.serve.rest.hosts import is_host_allowed
from vsync.serve.rest.json_body import StrictRoute
from vsync.serve.rest.observed import Observed
from vsync.serve.rest.openapi import DESCRIPTION, ON_BATCHES, SUMMARY, TITLE, completed, tags
from vsync.serve.rest.service import Service
from vsync.serve.rest.stores_calls import add_store_calls
from vsync.serve.rest.upstream import stopping
from vsync.serve.rest.validation import check_once

_MANAGED = ("vector_stores", "files", "batches")
"""The first parts of the paths that need a key."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""No path of the server holds such a character. The framework takes a path with a line break at its end for the path without
it, and so the path would not be one that needs a key."""

_ALWAYS_ANSWERED = {"/health", "/ready"}
"""Who watches over the server may call it by its address."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call the server, and from where.

    | field | meaning |
    | --- | --- |
    | `token` | the server's own secret; None: a key is enough |
    | `origins` | the web pages (`https://app.example.com`) whose scripts may call |
    | `hosts` | names of the server, besides those of this machine |
    | `only_here` | the server listens on an address of this machine alone |
    """

    token: str | None = field(default=None, repr=False)
    origins: Collection[str] = ()
    hosts: Collection[str] = ()
    only_here: bool = True


def create_app(
    service: Service,
    access: Access,
    log: Callable[[str], None],
    *,
    embedded: ASGIApp | None = None,
    verbose: bool = False,
) -> ASGIApp:
    """The application. `embedded` answers below `/v1`. `log` gets a line for each call."""
    api = _described(service, access)
    gated = Gate(api, service.limits, service.stop, service.clients.digest, token=access.token)

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _CONTROL.search(scope["path"]):
            raise unknown_path()
        first = scope["path"].strip("/").partition("/")[0] if scope["type"] == "http" else ""
        if first == "batches" and service.batches is None:
            raise not_offered()
        if first == "v1" and embedded is not None:
            if service.stop.requested:
                raise stopping()
            await embedded(scope, receive, send)
        else:
            await (gated if first in _MANAGED else api)(scope, receive, send)

    answered = Answered(_with_known_hosts(routed, access), log, verbose=verbose)
    secrets = [] if access.token is None else [access.token]
    methods = ["GET", "DELETE"] if service.batches is None else ["GET", "POST", "DELETE"]
    return Observed(_with_origins(answered, access.origins, methods), log, secrets=secrets)


async def _once(request: Request) -> None:
    """Refuses `?dry_run=true&dry_run=false`."""
    check_once((name for name, _ in request.query_params.multi_items()), known_names())


def _described(service: Service, access: Access) -> FastAPI:
    """The calls and their description."""
    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        description=DESCRIPTION if service.batches is None else f"{DESCRIPTION}{ON_BATCHES}",
        version=__version__,
        openapi_tags=tags(batches=service.batches is not None),
        servers=[{"url": "/", "description": "This server"}],
        license_info={"name": "MIT", "identifier": "MIT"},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_once)],
    )
    app.router.route_class = StrictRoute
    add_store_calls(app, service)
    add_entry_calls(app, service)
    add_file_calls(app, service)
    if service.batches is not None:
        add_batch_calls(app, service, service.batches)
    add_health(app, service.stop)
    add_docs(app)
    add_handlers(app)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(describe(), service.limits, has_token=access.token is not None)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the framework's documented way to change the description
    return app


def _with_known_hosts(app: ASGIApp, access: Access) -> ASGIApp:
    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and values_of(scope, b"content-length") and values_of(scope, b"transfer-encoding"):
            # A proxy might take the other one, and a part of the body for a call of somebody else.
            message = "The call has both Content-Length and Transfer-Encoding. Send one of them."
            raise Failure(400, "invalid_header", message, headers={"connection": "close"})
        if scope["type"] == "http" and scope["path"] not in _ALWAYS_ANSWERED:
            given = values_of(scope, b"host")
            header = given[0].decode("latin-1") if len(given) == 1 else ""
            if not is_host_allowed(header, access.hosts, only_here=access.only_here):
                message = "This server is not known by the name in the Host header. Its operator can allow that name."
                raise Failure(400, "unknown_host", message)
        await app(scope, receive, send)

    return checked


def _with_origins(app: ASGIApp, origins: Collection[str], methods: Sequence[str]) -> ASGIApp:
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins),
        allow_methods=methods,
        allow_headers=[AUTHORIZATION, "content-type", KEY, TOKEN, ORGANIZATION, PROJECT, "x-request-id"],
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
