"""What tests see and bend between vsync and a store: every request, and the faults that a network or a server has.

`Wire` carries requests to an embedded store and keeps each one. `World` is a repository, that store and the machine's
own state together: it runs vsync over them, dies where it is told to, and checks what is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Self

import httpx2
import openai
import pytest

from tests.support.gitrepo import Repo
from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.embedded import EmbeddedStore, Request
from vsync.embedded.transport import EmbeddedTransport
from vsync.errors import VsyncError
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state.manifest import Manifest, TargetState
from vsync.state.manifest_parser import parse_manifest
from vsync.state.seal import Seal, parse_seal
from vsync.store.breaker import Breaker
from vsync.store.client import Api, connect
from vsync.store.traffic import Traffic
from vsync.sync import run as sync
from vsync.sync.assemble import Assembled, assemble
from vsync.sync.config_at_head import targets_at_head
from vsync.sync.workspace import open_workspace
from vsync.system.stop import Stop

BASE_URL = "http://store.test/v1"


# --- Requests, and what becomes of them ---------------------------------------------------------------------


@dataclass
class Sent:
    """One request as it left, and the status of its answer; None when there was none."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def upload(self) -> Upload:
        return _upload(self.headers["content-type"], self.raw)

    def is_(self, what: str) -> bool:
        """Whether the request is of that kind: `POST /files`, `GET /vector_stores/*`; a star is one part of the path."""
        method, _, path = what.partition(" ")
        parts, wanted = self.path.split("/"), path.split("/")
        return (
            fnmatch.fnmatchcase(self.method, method)
            and len(parts) == len(wanted)
            and all(want in {"*", part} for part, want in zip(parts, wanted, strict=True))
        )


@dataclass(frozen=True)
class Upload:
    """The file of a multipart request. `header` is its Content-Disposition as sent."""

    header: str
    media_type: str
    content: bytes

    @property
    def filename(self) -> str:
        found = re.search(r'filename="(.*)"$', self.header, re.DOTALL)
        assert found is not None
        return re.sub(r"%([01][0-9A-F]|22)", lambda code: chr(int(code[1], 16)), found[1]).replace("\\\\", "\\")


def _upload(content_type: str, raw: bytes) -> Upload:
    message = Message()
    message["content-type"] = content_type
    boundary = str(message.get_param("boundary")).encode()
    for part in raw.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        if "filename=" in lines["Content-Disposition"]:
            return Upload(lines["Content-Disposition"], lines.get("Content-Type", ""), content.removesuffix(b"\r\n"))
    raise AssertionError("the request uploads no file")


Forward = Callable[[], Awaitable[httpx2.Response]]
Fault = Callable[[Sent, Forward], Awaitable[httpx2.Response]]
Predicate = Callable[[Sent], bool]


@dataclass
class _Rule:
    predicate: Predicate
    fault: Fault
    skip: int
    times: int | None


class Wire(httpx2.AsyncBaseTransport):
    """Carries requests to the embedded store in `path`, unless a rule has another idea. The newest rule goes first."""

    def __init__(self, path: Path, *, indexing_delay_s: float = 0.0) -> None:
        self.sent: list[Sent] = []
        self.watchers: list[Callable[[Sent], None]] = []
        """Called before a request is carried, and again after its answer, when it has its status."""
        self.clock: Callable[[], float] = time.time
        """The server's."""
        self._path = path
        self._delay = indexing_delay_s
        self._store: EmbeddedStore | None = None
        self._rules: list[_Rule] = []

    @property
    def store(self) -> EmbeddedStore:
        if self._store is None:
            self._store = EmbeddedStore(self._path, clock=lambda: self.clock(), indexing_delay_s=self._delay)
        return self._store

    def close(self) -> None:
        """Closes the store's file; the next request opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def when(self, what: str | Predicate, fault: Fault, *, skip: int = 0, times: int | None = None) -> None:
        """Lets a fault answer the requests of that kind: after the first `skip` of them, and `times` in all."""
        predicate = what if callable(what) else lambda sent: sent.is_(what)
        self._rules.insert(0, _Rule(predicate, fault, skip, times))

    def calm(self) -> None:
        """Takes all faults and watchers away, and forgets what was sent."""
        self._rules.clear()
        self.watchers.clear()
        self.sent.clear()

    def of(self, what: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.is_(what)]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = Sent(
            number=len(self.sent) + 1,
            method=request.method,
            path=request.url.path.removeprefix("/v1"),
            query=dict(request.url.params),
            headers=dict(request.headers),
            raw=await request.aread(),
        )
        self.sent.append(sent)
        for watcher in self.watchers:
            watcher(sent)

        async def forward() -> httpx2.Response:
            # A fault may have changed the query or the body.
            url = request.url.copy_with(params=dict(sent.query))
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            outgoing = httpx2.Request(request.method, url, headers=headers, content=sent.raw)
            response = await EmbeddedTransport(self.store).handle_async_request(outgoing)
            await response.aread()
            return response

        response = await self._fault(sent)(sent, forward)
        sent.status = response.status_code
        for watcher in self.watchers:
            watcher(sent)
        return response

    def _fault(self, sent: Sent) -> Fault:
        for rule in self._rules:
            if not rule.predicate(sent):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.times is None or rule.times > 0:
                rule.times = None if rule.times is None else rule.times - 1
                return rule.fault
        return carry


async def carry(_: Sent, forward: Forward) -> httpx2.Response:
    """No fault."""
    return await forward()


def answer(status: int, body: object = "", headers: Mapping[str, str] | None = None) -> Fault:
    """An answer that the store knows nothing of. A string body is HTML, anything else JSON."""

    async def fault(_: Sent, __: Forward) -> httpx2.Response:
        return response(status, body, headers)

    return fault


def response(status: int, body: object = "", headers: Mapping[str, str] | None = None) -> httpx2.Response:
    given = dict(headers or {})
    if isinstance(body, str):
        return httpx2.Response(status, headers={"content-type": "text/html"} | given, content=body.encode())
    if isinstance(body, bytes):
        return httpx2.Response(status, headers={"content-type": "application/json"} | given, content=body)
    return httpx2.Response(status, headers=given, json=body)


def error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def refuse(status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None) -> Fault:
    """A refusal in the API's own form."""
    return answer(status, error(message, code), headers)


def unreachable() -> Fault:
    """The connection is refused: nothing reaches the server."""

    async def fault(_: Sent, __: Forward) -> httpx2.Response:
        raise httpx2.ConnectError("All connection attempts failed")

    return fault


def cut() -> Fault:
    """The connection breaks before the server has read the request."""

    async def fault(_: Sent, __: Forward) -> httpx2.Response:
        raise httpx2.ReadError("Connection reset by peer")

    return fault


def lose() -> Fault:
    """The server does what it is asked, and its answer is lost."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        raise httpx2.ReadError("Connection reset by peer")

    return fault


def delay(seconds: float) -> Fault:
    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        await asyncio.sleep(seconds)
        return await forward()

    return fault


def alter(change: Callable[[dict[str, Any]], object]) -> Fault:
    """Changes the JSON of an answer: `change` edits it in place."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        original = await forward()
        data = original.json()
        change(data)
        return response(original.status_code, data)

    return fault


def call(action: Callable[[], object]) -> Fault:
    """Does something in the moment before a request is carried."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        action()
        return await forward()

    return fault


# --- A client ----------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def client(
    transport: httpx2.AsyncBaseTransport,
    *,
    key: str = "embedded",
    log: Callable[[str], None] = lambda _: None,
    breaker: Breaker | None = None,
) -> AsyncIterator[tuple[Api, list[float]]]:
    """An Api over a transport, and the seconds that it would have slept."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    async with httpx2.AsyncClient(transport=transport) as http_client:
        sdk = openai.AsyncOpenAI(api_key=key, base_url=BASE_URL, http_client=http_client, max_retries=0)
        yield Api(sdk, Traffic(), sleep=sleep, log=log, breaker=breaker), waits


class QuickStop(Stop):
    """Sleeps a thousandth of the time, and never long."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds / 1000, 0.05))


# --- A repository, a store and a machine ----------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """One entry of the store with its File."""

    file_id: str
    filename: str
    status: str
    attributes: Mapping[str, Any]
    chunking: Mapping[str, Any]
    content: bytes

    @property
    def path(self) -> str:
        return str(self.attributes.get("path"))


@dataclass
class World:
    """Everything one run meets, in one folder. `files` is what the branch's last commit holds."""

    folder: Path
    source: str | None = "acme/docs"
    files: dict[str, bytes] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)
    """Files that vsync must never touch, by id, with the store that lists them."""
    settings: dict[str, Any] = field(default_factory=dict)
    synced: dict[str, bytes] = field(default_factory=dict)
    """What the branch held at the last run that ended well."""
    head: str = ""
    credentials: Credentials = field(default_factory=Credentials)
    """The credentials that a run believes to have. Its requests go over the wire all the same."""

    def __post_init__(self) -> None:
        self.wire = Wire(self.folder / "store.db")
        root = self.folder / "repo"
        self.repo = Repo(root) if root.exists() else Repo.make(root)

    def copy(self, folder: Path) -> Self:
        """The same world once more, in another folder."""
        self.wire.close()
        shutil.copytree(self.folder, folder)
        return dataclasses.replace(
            self,
            folder=folder,
            files=dict(self.files),
            strangers=dict(self.strangers),
            settings=dict(self.settings),
            synced=dict(self.synced),
        )

    def commit(self, files: Mapping[str, bytes | None]) -> str:
        for path, content in files.items():
            if content is None:
                del self.files[path]
            else:
                self.files[path] = content
        self.head = self.repo.commit(dict(files))
        return self.head

    # Running

    @contextlib.contextmanager
    def opened(
        self, *, stop: Stop | None = None, origin: Origin | None = None, observer: Observer | None = None, **given: Any
    ) -> Iterator[Assembled]:
        """A run with these settings, under the names of the command line's options."""
        named = {"repo": str(self.repo.root), "source": self.source, **self.settings, **given}
        settings = resolve({name.replace("_", "-"): value for name, value in named.items()}, {})
        dry_run = bool(given.pop("dry_run", False))
        place = dataclasses.replace(open_workspace(settings, origin or Origin()), state_home=self.folder / "state")
        stop = stop or QuickStop()
        try:
            made = assemble(
                targets_at_head(settings, place).targets[0],
                self.credentials,
                origin or Origin(),
                place,
                observer or Observer(),
                stop,
                dry_run=dry_run,
            )
            at_any_place(made)
            yield made._replace(ports=dataclasses.replace(made.ports, connect=lambda: self.connect(stop)))
        finally:
            place.source.close()

    def connect(self, stop: Stop) -> contextlib.AbstractAsyncContextManager[Api]:
        """The way to the store that a run takes."""
        return connect(Credentials(), transport=self.wire, sleep=stop.pause)

    def sync(self, *, stop: Stop | None = None, origin: Origin | None = None, **given: Any) -> Report:
        """One run. Raises what `sync.run` raises."""
        with self.opened(stop=stop, origin=origin, **given) as opened:
            report = sync.run(*opened)
        if report.exit_code == 0 and not report.dry_run:
            self.synced = dict(self.files)
        return report

    def plan(self, **given: Any) -> Report:
        return self.sync(dry_run=True, **given)

    def sync_and_die(self, prepare: Callable[[World], None], **given: Any) -> bool:
        """One run in a process of its own, with the faults that `prepare` sets; whether it died of `die`."""
        code = self.sync_apart(prepare, **given)
        assert code in {0, DEAD}, f"the run ended by itself, with {code}"
        return code == DEAD

    def sync_apart(self, prepare: Callable[[World], None], **given: Any) -> int:
        """One run in a process of its own, with the faults that `prepare` sets.

        Gives DEAD when it died of `die`, 0 when it came to a report, 3 when it ended by an error of its own.
        """
        self.wire.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests; the child uses none of them
            child = os.fork()
        if child == 0:
            code = 1
            try:
                prepare(self)
                self.sync(**given)
                code = 0
            except VsyncError:
                code = 3
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    # The machine's state

    @property
    def manifest_path(self) -> Path:
        return self.repo.root / ".vsync" / "manifest.json"

    @property
    def manifest(self) -> Manifest | None:
        if not self.manifest_path.exists():
            return None
        return parse_manifest(self.manifest_path.read_bytes(), "the manifest")

    @property
    def state(self) -> TargetState:
        manifest = self.manifest
        assert manifest is not None
        return manifest.targets["default"]

    @property
    def seal_path(self) -> Path | None:
        found = sorted((self.repo.root / ".git" / "vsync").glob("*.seal.json"))
        assert len(found) <= 1
        return found[0] if found else None

    @property
    def seal(self) -> Seal | None:
        path = self.seal_path
        return parse_seal(path.read_bytes()) if path else None

    def forget_manifest(self) -> None:
        self.manifest_path.unlink(missing_ok=True)

    def forget_seal(self) -> None:
        shutil.rmtree(self.repo.root / ".git" / "vsync", ignore_errors=True)

    # The store, read past the wire

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

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        after: dict[str, str] = {}
        while True:
            page = self.ask("GET", path, limit="100", order="asc", **query, **after)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"after": page["last_id"]}

    def content(self, file_id: str) -> bytes:
        answered = self.wire.store.handle(Request("GET", f"/v1/files/{file_id}/content"))
        assert answered.status == 200, file_id
        return answered.body if isinstance(answered.body, bytes) else b"".join(answered.body)

    def stores(self) -> list[Any]:
        return list(self.pages("/vector_stores"))

    @property
    def store_id(self) -> str:
        (store,) = self.stores()
        found: str = store["id"]
        return found

    def uploaded(self) -> dict[str, str]:
        """The filename of every File, by its id."""
        return {file["id"]: file["filename"] for file in self.pages("/files")}

    def entries(self, store_id: str | None = None) -> list[Stored]:
        names = self.uploaded()
        return [
            Stored(
                entry["id"],
                names[entry["id"]],
                entry["status"],
                entry["attributes"],
                entry["chunking_strategy"],
                self.content(entry["id"]),
            )
            for entry in self.pages(f"/vector_stores/{store_id or self.store_id}/files")
        ]

    def entry(self, path: str) -> Stored:
        (found,) = [entry for entry in self.ours() if entry.path == path]
        return found

    def ours(self) -> list[Stored]:
        return [entry for entry in self.entries() if entry.file_id not in self.strangers]

    def searchable(self, path: str) -> list[bytes]:
        """The bytes under which a path can be found just now."""
        return [entry.content for entry in self.ours() if entry.path == path and entry.status == "completed"]

    def upload(self, name: str, content: bytes) -> str:
        """A File of somebody else's, in no store yet."""
        fields = ['name="purpose"\r\n\r\nassistants', f'name="file"; filename="{name}"\r\n\r\n{content.decode()}']
        body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in fields) + "--b--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answered = self.wire.store.handle(Request("POST", "/v1/files", {}, headers, (body.encode(),)))
        assert answered.status == 200, answered.body
        assert isinstance(answered.body, bytes)
        file_id: str = json.loads(answered.body)["id"]
        return file_id

    def plant(self, content: bytes = b"somebody else's", store_id: str | None = None, **attributes: Any) -> str:
        """Somebody else's entry in the store."""
        store = store_id or self.store_id
        file_id = self.upload("theirs.md", content)
        self.ask("POST", f"/vector_stores/{store}/files", {"file_id": file_id, "attributes": attributes})
        self.strangers[file_id] = store
        return file_id

    def make_store(self, name: str, **metadata: str) -> str:
        made: str = self.ask("POST", "/vector_stores", {"name": name, "metadata": metadata})["id"]
        return made

    def audit(self, wanted: Mapping[str, bytes] | None = None, store_id: str | None = None) -> set[str]:
        """Checks that the store holds every document once, with the right bytes, and that strangers are untouched.

        Gives the Files that are neither in a store nor a stranger's.
        """
        store = store_id or self.store_id
        documents = dict(self.files if wanted is None else wanted)
        entries = [entry for entry in self.entries(store) if entry.file_id not in self.strangers]
        assert sorted(entry.path for entry in entries) == sorted(documents)
        for entry in entries:
            assert entry.status == "completed", entry
            assert entry.content == documents[entry.path], entry
            assert entry.attributes["sha256"] == hashlib.sha256(entry.content).hexdigest()
        attached = {
            entry["id"] for other in self.stores() for entry in self.pages(f"/vector_stores/{other['id']}/files")
        }
        assert self.strangers.keys() <= attached
        return self.uploaded().keys() - attached

    def settled(self) -> None:
        """Checks that manifest and seal say that nothing is left to do, and name what the store holds."""
        state, seal = self.state, self.seal
        assert state.pending_delete == ()
        assert state.commit == self.repo.git("rev-parse", "HEAD")
        assert {path: entry.file_id for path, entry in state.files.items()} == {
            entry.path: entry.file_id for entry in self.ours()
        }
        assert seal is not None
        assert seal.state == "closed"


_worlds: dict[str, World] = {}


def once(name: str, folders: pytest.TempPathFactory, make: Callable[[World], None]) -> World:
    """A world that is made for the first test that asks for it. The others copy it as well, and nobody changes it."""
    if name not in _worlds:
        world = World(folders.mktemp("world") / "made")
        make(world)
        _worlds[name] = world
    return _worlds[name]


def at_any_place(made: Assembled) -> None:
    """Lets journals be signed for any folder: worlds are copied with the journals that stand in them."""
    made.ports.journal.signer = dataclasses.replace(made.ports.journal.signer, place=made.ports.journal.key)


DEAD = 137


def die(*, answered: bool) -> Fault:
    """Ends the process as kill -9 does: before the request reaches the server, or when the server has done it."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        if answered:
            await forward()
        os._exit(DEAD)

    return fault
