"""Uploads in parts and batches, as a server has them, in front of an embedded store that keeps the Files.

No batch runs here: it stays in the state that a test gives it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.wire import Wire
from vsync.embedded import EmbeddedStore, Request, Response
from vsync.embedded.messages import ApiError, invalid, not_found
from vsync.embedded.multipart import form_of


class BatchStore:
    """Answers for Uploads and batches itself. The embedded store answers everything else."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.uploads: dict[str, dict[str, Any]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self._store = store
        self.close = store.close

    def handle(self, request: Request) -> Response:
        kind, *rest = request.path.removeprefix("/v1/").split("/")
        if kind not in {"uploads", "batches"}:
            return self._store.handle(request)
        answers: dict[tuple[str, str, int], Callable[..., object]] = {
            ("POST", "uploads", 0): self._begin,
            ("POST", "uploads", 2): self._go_on,
            ("POST", "batches", 0): self._create,
            ("GET", "batches", 0): self._list,
            ("GET", "batches", 1): lambda _, batch_id: self._batch(batch_id),
            ("POST", "batches", 2): lambda _, batch_id, __: self._cancel(batch_id),
        }
        try:
            return Response.of_json(answers[request.method, kind, len(rest)](request, *rest))
        except ApiError as error:
            return error.response()

    # --- Uploads --------------------------------------------------------------------------------------------------

    def _begin(self, request: Request) -> object:
        given = json.loads(b"".join(request.body))
        upload_id = f"upload_{len(self.uploads) + 1}"
        self.uploads[upload_id] = {**given, "status": "pending", "parts": {}}
        return self._upload(upload_id)

    def _upload(self, upload_id: str, **more: object) -> object:
        upload = {name: value for name, value in self.uploads[upload_id].items() if name != "parts"}
        return {"id": upload_id, "object": "upload", "created_at": 1, "expires_at": 3601, **upload, **more}

    def _go_on(self, request: Request, upload_id: str, action: str) -> object:
        upload = self.uploads[upload_id]
        if upload["status"] != "pending":
            raise invalid(f"Upload {upload_id} has status {upload['status']}.")
        if action == "parts":
            part_id = f"part_{len(upload['parts']) + 1}"
            with form_of(request) as form:
                upload["parts"][part_id] = form.uploads["data"].content.read()
            return {"id": part_id, "object": "upload.part", "created_at": 1, "upload_id": upload_id}
        if action == "cancel":
            upload["status"] = "cancelled"
            return self._upload(upload_id)
        return self._complete(upload_id, upload, json.loads(b"".join(request.body)))

    def _complete(self, upload_id: str, upload: dict[str, Any], given: dict[str, Any]) -> object:
        content = b"".join(upload["parts"][part_id] for part_id in given["part_ids"])
        if len(content) != upload["bytes"] or given["md5"] != hashlib.md5(content).hexdigest():
            raise invalid("The parts are not the bytes that were announced.")
        fields = [b'name="purpose"\r\n\r\nbatch', b'name="file"; filename="%s"\r\n\r\n%s']
        fields[1] %= (upload["filename"].encode(), content)
        body = b"".join(b"--b\r\nContent-Disposition: form-data; %s\r\n" % field for field in fields) + b"--b--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=b"}
        made = self._store.handle(Request("POST", "/v1/files", {}, headers, (body,)))
        assert isinstance(made.body, bytes)
        upload["status"] = "completed"
        return self._upload(upload_id, file=json.loads(made.body))

    # --- Batches --------------------------------------------------------------------------------------------------

    def _create(self, request: Request) -> object:
        return self.batch(**json.loads(b"".join(request.body)))

    def batch(self, status: str = "validating", **given: object) -> dict[str, Any]:
        batch_id = f"batch_{len(self.batches) + 1}"
        self.batches[batch_id] = {
            "id": batch_id,
            "object": "batch",
            "endpoint": "/v1/responses",
            "input_file_id": "file-1",
            "completion_window": "24h",
            "created_at": int(time.time()),
            **given,
            "status": status,
        }
        return self.batches[batch_id]

    def _batch(self, batch_id: str) -> dict[str, Any]:
        if batch_id not in self.batches:
            raise not_found(f"No batch found with id '{batch_id}'.")
        return self.batches[batch_id]

    def _list(self, request: Request) -> object:
        newest = [*reversed(self.batches.values())]
        after = request.query.get("after", [""])[0]
        start = 1 + [batch["id"] for batch in newest].index(after) if after else 0
        limit = int(request.query["limit"][0])
        return {
            "object": "list",
            "data": newest[start : start + limit],
            "has_more": len(newest) > start + limit,
        }

    def _cancel(self, batch_id: str) -> object:
        batch = self._batch(batch_id)
        if batch["status"] in {"completed", "failed", "expired", "cancelled"}:
            raise ApiError(409, f"Cannot cancel a batch with status '{batch['status']}'.")
        batch["status"] = "cancelling"
        return batch


class BatchWire(Wire):
    """A wire to such a server."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.server = BatchStore(EmbeddedStore(path, clock=lambda: self.clock()))
        self._store = self.server  # type: ignore[assignment]  # mypy: it has what the wire calls
