"""An API with several keys on a real port. Each key has a project of its own, as on OpenAI's."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

from tests.support.servers.recording import Answer, HttpServer, Recorded
from vsync.embedded import EmbeddedStore, Request


class ProjectsServer(HttpServer):
    """Serves a store of its own to each key, under `/v1`. Every answer sets a cookie that tells the key."""

    def __init__(self, folder: Path, *keys: str) -> None:
        self._stores = {key: EmbeddedStore(folder / f"{number}.db", batch_delay_s=0) for number, key in enumerate(keys)}
        super().__init__()

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def respond(self, request: Recorded) -> Answer:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self._stores:
            return refusal(401, "Incorrect API key provided.", "invalid_api_key")
        answer = self._answer(key, request)
        return replace(answer, headers={**answer.headers, "Set-Cookie": f"session={cookie_of(key)}; Path=/"})

    # --- What a test asks, past the record ------------------------------------------------------------------------

    def ask(self, key: str, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer. The request is not recorded."""
        content = b"" if body is None else json.dumps(body).encode()
        answer = self._answer(key, Recorded(method, f"/v1{path}", {"content-type": "application/json"}, content))
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def make_store(self, key: str, name: str, **metadata: str) -> str:
        made: str = self.ask(key, "POST", "/vector_stores", {"name": name, "metadata": metadata})["id"]
        return made

    def make_file(self, key: str, name: str = "a.md") -> str:
        fields = [
            'name="purpose"\r\n\r\nassistants',
            f'name="file"; filename="{name}"\r\nContent-Type: text/markdown\r\n\r\n# Text\n',
        ]
        body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in fields) + "--b--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = self._answer(key, Recorded("POST", "/v1/files", headers, body.encode()))
        assert answer.status == 200, answer.body
        made: str = json.loads(answer.body)["id"]
        return made

    def attach(self, key: str, store_id: str, file_id: str, **attributes: str) -> None:
        self.ask(key, "POST", f"/vector_stores/{store_id}/files", {"file_id": file_id, "attributes": attributes})

    def ids(self, key: str, path: str) -> list[str]:
        return [item["id"] for item in self.ask(key, "GET", f"{path}?limit=100&order=asc")["data"]]

    # --------------------------------------------------------------------------------------------------------------

    def _answer(self, key: str, request: Recorded) -> Answer:
        response = self._stores[key].handle(
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
        for store in self._stores.values():
            store.close()


def cookie_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def key_of(request: Recorded) -> str:
    """The key that a request brings."""
    found = re.fullmatch(r"Bearer (\S+)", request.headers["authorization"])
    assert found is not None
    return found[1]


def refusal(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> Answer:
    """A refusal in the API's own form."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    body = json.dumps({"error": error}).encode()
    return Answer(status, body, {"Content-Type": "application/json", "x-request-id": "req_0123", **(headers or {})})
