"""The measuring server with batches: Files of purpose `batch`, Uploads in parts, and batches that end when they are told to.

It runs nothing. Two more addresses are its own: `POST /_others` with a number makes so many batches that vsync did not
make, and `POST /_complete` with `{"batches": {id: path}}` ends batches; their results are in these files.

    python -m benchmarks.batch_server [--latency 0] [--indexing 0]      prints its port
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.server import ROUTES, STARTED, Api, File, Json, Refusal, Request, Route, page, routes_of, run

_DAY_S = 24 * 3600


def digest_of(parts: Iterable[str]) -> str:
    """What the server says of a File that came in parts: a hash of the SHA-256 of each part. The parts are not kept."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()


@dataclass
class Upload:
    """A File that comes in parts."""

    id: str
    filename: str
    size: int
    parts: dict[str, File] = field(default_factory=dict)

    def as_json(self, status: str, file: File | None = None) -> Json:
        return {
            "id": self.id,
            "object": "upload",
            "bytes": self.size,
            "created_at": STARTED,
            "expires_at": STARTED + 3600,
            "filename": self.filename,
            "purpose": "batch",
            "status": status,
            "file": None if file is None else file.as_json(),
        }


class BatchApi(Api):
    """What the server holds, and one method for each endpoint."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.uploads: dict[str, Upload] = {}
        self.batches: dict[str, Json] = {}
        self.contents: dict[str, Path] = {}
        """The results of each output File."""

    def routes(self) -> list[Route]:
        return BATCH_ROUTES

    def stats(self) -> Json:
        inputs = [self.files[batch["input_file_id"]] for batch in self.batches.values() if batch["input_file_id"]]
        return {**super().stats(), "inputs": {file.filename: [file.bytes, file.sha256] for file in inputs}}

    def control(self, path: str, body: Json) -> Json | None:
        match path:
            case "/_others":
                for _ in range(body["batches"]):
                    self._make("", "/v1/responses", {})
                return {}
            case "/_complete":
                for batch_id, results in body["batches"].items():
                    self._complete(batch_id, Path(results))
                return {}
        return super().control(path, body)

    # --- Files ----------------------------------------------------------------------------------------------

    def create_file(self, request: Request) -> Json:
        if request.file is not None:
            request.file = replace(request.file, purpose="batch")
        return super().create_file(request)

    def create_upload(self, request: Request) -> Json:
        upload = Upload(self.new_id("upload_"), request.body["filename"], request.body["bytes"])
        self.uploads[upload.id] = upload
        return upload.as_json("pending")

    def add_part(self, request: Request, upload_id: str) -> Json:
        if request.file is None:
            raise Refusal(400, "'data' is a required property")
        part_id = self.new_id("part_")
        self._upload(upload_id).parts[part_id] = request.file
        self.bytes_received += request.file.bytes
        return {"id": part_id, "object": "upload.part", "created_at": STARTED, "upload_id": upload_id}

    def complete_upload(self, request: Request, upload_id: str) -> Json:
        upload = self._upload(upload_id)
        parts = [upload.parts[part_id] for part_id in request.body["part_ids"]]
        if sum(part.bytes for part in parts) != upload.size:
            raise Refusal(400, "The parts are not as large as the upload.")
        digest = digest_of(part.sha256 for part in parts)
        file = File(self.new_id("file-"), upload.filename, upload.size, digest, "batch")
        self.files[file.id] = file
        del self.uploads[upload_id]
        return upload.as_json("completed", file)

    def content(self, request: Request, file_id: str) -> Path:
        if file_id not in self.contents:
            raise Refusal(404, f"No such File object: {file_id}")
        return self.contents[file_id]

    def _upload(self, upload_id: str) -> Upload:
        if upload_id not in self.uploads:
            raise Refusal(404, f"No such Upload object: {upload_id}")
        return self.uploads[upload_id]

    # --- Batches --------------------------------------------------------------------------------------------

    def create_batch(self, request: Request) -> Json:
        if request.body["input_file_id"] not in self.files:
            raise Refusal(400, f"No such File object: {request.body['input_file_id']}")
        return self._make(request.body["input_file_id"], request.body["endpoint"], request.body["metadata"])

    def list_batches(self, request: Request) -> Json:
        return page(self.batches, dict, request.query)

    def get_job(self, request: Request, batch_id: str) -> Json:
        if batch_id not in self.batches:
            raise Refusal(404, f"No batch found with id {batch_id!r}.")
        return self.batches[batch_id]

    def _make(self, input_file_id: str, endpoint: str, metadata: Json) -> Json:
        made = STARTED + len(self.batches)
        batch: Json = {
            "id": self.new_id("batch_"),
            "object": "batch",
            "endpoint": endpoint,
            "model": "gpt-5-mini",
            "errors": None,
            "input_file_id": input_file_id,
            "completion_window": "24h",
            "status": "in_progress" if input_file_id else "completed",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": made,
            "in_progress_at": made,
            "expires_at": made + _DAY_S,
            "completed_at": None if input_file_id else made,
            "request_counts": {"total": 10, "completed": 0 if input_file_id else 10, "failed": 0},
            "metadata": metadata,
        }
        self.batches[batch["id"]] = batch
        return batch

    def _complete(self, batch_id: str, results: Path) -> None:
        batch, output = self.batches[batch_id], self.new_id("file-")
        self.contents[output] = results
        total = int(batch["metadata"]["requests"])
        batch.update(
            status="completed",
            output_file_id=output,
            completed_at=batch["created_at"] + 60,
            request_counts={"total": total, "completed": total, "failed": 0},
        )


BATCH_ROUTES = routes_of(
    ("POST", "/files", BatchApi.create_file),
    ("GET", "/files/{id}/content", BatchApi.content),
    ("POST", "/uploads", BatchApi.create_upload),
    ("POST", "/uploads/{id}/parts", BatchApi.add_part),
    ("POST", "/uploads/{id}/complete", BatchApi.complete_upload),
    ("POST", "/batches", BatchApi.create_batch),
    ("GET", "/batches", BatchApi.list_batches),
    ("GET", "/batches/{id}", BatchApi.get_job),
) + [route for route in ROUTES if route[0] != "POST /files"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_server")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S")
    parser.add_argument("--indexing", type=float, default=0.0, metavar="S", help="is ignored: nothing is indexed")
    asyncio.run(run(BatchApi(), parser.parse_args().latency))


if __name__ == "__main__":
    main()
