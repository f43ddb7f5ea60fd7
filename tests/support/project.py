"""`Project`: the stores and Files of an API project, kept by an embedded store behind a wire, and jobs that run on them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from tests.support.wire import Fault, Forward, Sent, Wire
from vsync.auth.credentials import Credentials
from vsync.embedded import Request
from vsync.manage import delete_files, delete_stores, detach_files
from vsync.manage.bulk_report import BulkReport
from vsync.manage.delete_files import FilesWanted
from vsync.manage.delete_stores import StoresWanted
from vsync.manage.detach_files import EntriesWanted
from vsync.manage.each import Working
from vsync.manage.protected import NOTHING, Protected
from vsync.store.client import Api, connect
from vsync.store.entries import METADATA_OWNER, METADATA_SOURCE, METADATA_TARGET
from vsync.store.rate_limit import Rates
from vsync.system.stop import Stop

T = TypeVar("T")
DAY = 86_400
NOW = 1_900_000_000
"""The server's time when a project begins."""


def of_vsync(source: str = "acme/docs", target: str = "default", path: str = "a.md") -> dict[str, str]:
    """The attributes of an entry that vsync made."""
    return {"owner": "o" * 32, "source": source, "target": target, "path": path, "sha256": "0" * 64}


class Project:
    def __init__(self, folder: Path) -> None:
        self.wire = Wire(folder / "store.db")
        self.now = NOW
        self.wire.clock = lambda: self.now
        self.waits: list[float] = []
        """How long the last jobs would have slept."""
        self._job: asyncio.Task[Any] | None = None

    # What there is, read past the wire

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:
        request = Request(
            method,
            "/v1" + path,
            {name: [value] for name, value in query.items()},
            {"content-type": "application/json"},
            () if body is None else (json.dumps(body).encode(),),
        )
        answered = self.wire.store.handle(request)
        assert answered.status == 200, answered.body
        assert isinstance(answered.body, bytes)
        return json.loads(answered.body)

    def _ids(self, path: str) -> Iterator[str]:
        after: dict[str, str] = {}
        while True:
            page = self.ask("GET", path, limit="100", order="asc", **after)
            yield from (item["id"] for item in page["data"])
            if not page["has_more"]:
                return
            after = {"after": page["last_id"]}

    def stores(self) -> set[str]:
        return set(self._ids("/vector_stores"))

    def files(self) -> set[str]:
        return set(self._ids("/files"))

    def entries(self, store_id: str) -> set[str]:
        return set(self._ids(f"/vector_stores/{store_id}/files"))

    # Making

    def store(self, name: str = "docs", *files: str, owner: tuple[str, str] | None = None, **fields: Any) -> str:
        """A new store that lists these Files; with an `owner` (source, target), one that vsync made."""
        metadata = dict(fields.pop("metadata", {}))
        if owner is not None:
            metadata |= {METADATA_OWNER: "o" * 32, METADATA_SOURCE: owner[0], METADATA_TARGET: owner[1]}
        made: str = self.ask("POST", "/vector_stores", {"name": name, "metadata": metadata, **fields})["id"]
        for file_id in files:
            self.attach(made, file_id)
        return made

    def file(self, name: str = "a.md", content: str = "text", purpose: str = "assistants") -> str:
        fields = [f'name="purpose"\r\n\r\n{purpose}', f'name="file"; filename="{name}"\r\n\r\n{content}']
        body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in fields) + "--b--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answered = self.wire.store.handle(Request("POST", "/v1/files", {}, headers, (body.encode(),)))
        assert answered.status == 200, answered.body
        assert isinstance(answered.body, bytes)
        file_id: str = json.loads(answered.body)["id"]
        return file_id

    def attach(self, store_id: str, file_id: str, **attributes: Any) -> str:
        self.ask("POST", f"/vector_stores/{store_id}/files", {"file_id": file_id, "attributes": attributes})
        return file_id

    def remove(self, path: str) -> None:
        """Somebody else deletes something."""
        self.ask("DELETE", path)

    # Jobs

    def run(self, job: Callable[[Api], Awaitable[T]], stop: Stop | None = None) -> T:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            await asyncio.sleep(0)
            if stop is not None:
                stop.check()

        async def all_of_it() -> T:
            self._job = asyncio.current_task()
            async with connect(Credentials(), transport=self.wire, sleep=sleep, stop=stop) as api:
                return await job(api)

        return asyncio.run(all_of_it())

    def death(self, *, answered: bool) -> Fault:
        """Ends the job, before the server has the request or when the server has done it. The job raises CancelledError."""

        async def fault(_: Sent, forward: Forward) -> httpx2.Response:
            response = await forward() if answered else None
            assert self._job is not None
            self._job.cancel()
            await asyncio.Event().wait()
            assert response is not None
            return response

        return fault

    def delete(
        self,
        wanted: StoresWanted | FilesWanted | EntriesWanted,
        *,
        protected: Protected = NOTHING,
        stop: Stop | None = None,
        between: Callable[[], object] = lambda: None,
        earlier: Mapping[str, object] | frozenset[str] = frozenset(),
        begun: Callable[[str], None] = lambda _: None,
        dry_run: bool = False,
        concurrency: int = 4,
    ) -> BulkReport:
        """Plans and deletes. `between` happens after the plan; with `dry_run` nothing is deleted."""

        async def job(api: Api) -> BulkReport:
            working = Working(stop=stop or Stop(), concurrency=concurrency)
            rates = Rates(None, None, None, None)
            match wanted:
                case StoresWanted():
                    stores = await delete_stores.plan_stores(wanted, api, working, protected=protected, earlier=earlier)
                    between()
                    if dry_run:
                        return delete_stores.preview(stores)
                    return await delete_stores.delete_stores(stores, api, rates, working, begun)
                case FilesWanted():
                    files = await delete_files.plan_files(wanted, api, working, protected=protected, earlier=earlier)
                    between()
                    if dry_run:
                        return delete_files.preview(files)
                    return await delete_files.delete_files(files, api, rates, working, begun)
                case EntriesWanted():
                    entries = await detach_files.plan_entries(wanted, api, working)
                    between()
                    if dry_run:
                        return detach_files.preview(entries)
                    return await detach_files.detach_files(entries, api, rates, working)

        return self.run(job, stop)


@contextlib.contextmanager
def project_in(folder: Path) -> Iterator[Project]:
    made = Project(folder)
    try:
        yield made
    finally:
        made.wire.close()
