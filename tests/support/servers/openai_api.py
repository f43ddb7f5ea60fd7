"""The OpenAI API for tests on a real port: the embedded store behind a server that keeps every request."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.support.servers.recording import Answer, HttpServer, Recorded
from vsync.embedded import EmbeddedStore, Request


class OpenAIServer(HttpServer):
    """Serves the store in `path` under `/v1` to who brings the key, and to nobody else."""

    def __init__(self, path: Path, *, key: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.key = key
        self._store = EmbeddedStore(path)
        super().__init__(host, port)

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def respond(self, request: Recorded) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _refused(401, "Incorrect API key provided.", "invalid_api_key")
        return self._answer(request)

    # --- What a test asks, past the record ------------------------------------------------------------------------

    def ask(self, path: str, **query: str) -> Any:
        """The JSON of a GET, e.g. `ask("/vector_stores")`. It is not recorded."""
        answer = self._answer(Recorded("GET", f"/v1{path}?{urlencode(query)}", {}, b""))
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def stores(self) -> dict[str, str]:
        """The ids of the stores and their names."""
        return {store["id"]: store["name"] for store in self._pages("/vector_stores")}

    def files(self) -> set[str]:
        """The ids of all Files, attached or not."""
        return {item["id"] for item in self._pages("/files")}

    def entries(self, store_id: str) -> list[dict[str, Any]]:
        """The files attached to a store."""
        return self._pages(f"/vector_stores/{store_id}/files")

    def documents(self, store_id: str) -> dict[str, str]:
        """The text of each document by its path. Fails where a path is there twice, or not indexed."""
        found: dict[str, str] = {}
        for entry in self.entries(store_id):
            path = entry["attributes"]["path"]
            assert path not in found, f"{path} is in the store twice"
            assert entry["status"] == "completed", entry
            content = self.ask(f"/vector_stores/{store_id}/files/{entry['id']}/content")
            found[path] = "".join(part["text"] for part in content["data"])
        return found

    # --------------------------------------------------------------------------------------------------------------

    def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        query = {"limit": "100", "order": "asc"}
        while True:
            page = self.ask(path, **query)
            found += page["data"]
            if not page["has_more"]:
                return found
            query["after"] = page["last_id"]

    def _answer(self, request: Recorded) -> Answer:
        if not request.path.startswith("/v1/"):
            return _refused(404, f"Invalid URL ({request.method} {request.path})", "not_found")
        response = self._store.handle(
            Request(
                method=request.method,
                path=request.path,
                query=parse_qs(request.query, keep_blank_values=True),
                headers=request.headers,
                body=(request.body,),
            )
        )
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        skipped = {"content-length", "date"}  # the server's own
        return Answer(response.status, body, {n: t for n, t in response.headers.items() if n.lower() not in skipped})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._store.close()


def _refused(status: int, message: str, code: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(status, json.dumps({"error": error}).encode(), {"Content-Type": "application/json"})
