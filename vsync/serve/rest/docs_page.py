"""The interactive documentation at `/docs`. It loads nothing from another server."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI sets styles of its elements
        "img-src 'self' data:",  # its style sheet holds its icons
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {"content-security-policy": _CONTENT_POLICY, "cross-origin-opener-policy": "same-origin"}
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}

# The addresses are relative, so that the page works behind a proxy that adds a prefix.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vsync: stores and files in bulk</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. The description of the API is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_SETTINGS = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "deepLinking": True,
    "displayRequestDuration": True,
    "docExpansion": "list",
    "persistAuthorization": False,  # a key must not stay in the browser
    "tryItOutEnabled": True,
    "validatorUrl": None,
}


def add_docs(app: FastAPI) -> None:
    """Adds the page and what it loads, and leads from `/` to it."""

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    async def start(_: Request) -> Response:
        return Response(f"SwaggerUIBundle({json.dumps(_SETTINGS)});\n", media_type="text/javascript", headers=_HEADERS)

    async def root(_: Request) -> Response:
        return RedirectResponse("docs", headers=_HEADERS)  # relative, as the addresses of the page

    app.add_route("/", root, ["GET"], include_in_schema=False)
    app.add_route("/docs", page, ["GET"], include_in_schema=False)
    app.add_route("/docs/start.js", start, ["GET"], include_in_schema=False)
    folder = Path(str(importlib.resources.files("fastapi_offline"))) / "static"
    for name, media_type in _FILES.items():
        _add_file(app, f"/docs/{name}", folder / name, media_type)


def _add_file(app: FastAPI, path: str, file: Path, media_type: str) -> None:
    async def answer(_: Request) -> Response:
        return FileResponse(file, media_type=media_type, headers=_HEADERS)

    app.add_route(path, answer, ["GET"], include_in_schema=False)
