"""The request files of batches are uploaded once, whatever the network does; large ones go in parts."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from tests.support.batch_api import BatchWire
from tests.support.wire import Fault, Forward, Sent, alter, answer, client, cut, lose, refuse, response
from vsync.errors import ApiUnavailable, PermissionDenied
from vsync.store import batch_files, upload_parts
from vsync.store.api_errors import Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.rate_limit import Rates
from vsync.store.upload_body import FileChanged

T = TypeVar("T")

NAME = "requests.0123abcd.jsonl"
CONTENT = b"".join(b'{"custom_id": "%03d"}\n' % number for number in range(50))
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PARTS = 10

NOTHING_LISTED = answer(200, {"object": "list", "data": [], "has_more": False})
EXPIRED = refuse(400, "The upload has expired.")


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[BatchWire]:
    made = BatchWire(tmp_path / "store.db")
    yield made
    made.close()


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "ONE_REQUEST_BYTES", 100)
    monkeypatch.setattr(upload_parts, "PART_BYTES", len(CONTENT) // PARTS)


def run(wire: BatchWire, ask: Callable[[BatchFiles], Awaitable[T]]) -> T:
    async def main() -> T:
        async with client(wire) as (api, _):
            return await ask(BatchFiles(api, Rates()))

    return asyncio.run(main())


def upload(wire: BatchWire, content: bytes = CONTENT, **given: Any) -> str:
    given.setdefault("size", len(content))
    return run(wire, lambda files: files.upload(NAME, io.BytesIO(content), **given))


def stored(wire: BatchWire) -> dict[str, tuple[str, bytes]]:
    """The name and content of each File of a batch, by its id."""

    async def all_of(files: BatchFiles) -> dict[str, tuple[str, bytes]]:
        found = {}
        for file in await files.list():
            content = io.BytesIO()
            await files.download(file.id, content)
            found[file.id] = (file.filename, content.getvalue())
        return found

    wire.calm()
    return run(wire, all_of)


def garble() -> Fault:
    """The server does what it is asked. Its answer is replaced by a page."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        return response(200, "<html>Welcome</html>")

    return fault


# --- In one request -------------------------------------------------------------------------------------------


def test_a_small_file_goes_in_one_request(wire: BatchWire) -> None:
    file_id = upload(wire, sha256=DIGEST)
    (sent,) = wire.sent
    assert str(sent) == "POST /files"
    assert sent.upload.filename == NAME
    assert b'name="purpose"\r\n\r\nbatch' in sent.raw
    assert stored(wire) == {file_id: (NAME, CONTENT)}


@pytest.mark.parametrize("fault", [lose(), garble()], ids=["no answer", "a page"])
def test_a_file_whose_answer_was_lost_is_found(wire: BatchWire, fault: Fault) -> None:
    wire.when("POST /files", fault, times=1)
    file_id = upload(wire)
    assert len(wire.of("POST /files")) == 1
    assert wire.of("GET /files")[0].query["purpose"] == "batch"
    assert stored(wire) == {file_id: (NAME, CONTENT)}


def test_a_file_that_is_listed_late_is_found(wire: BatchWire) -> None:
    wire.when("POST /files", lose(), times=1)
    wire.when("GET /files", NOTHING_LISTED, times=3)
    upload(wire)
    assert len(wire.of("POST /files")) == 1
    assert len(stored(wire)) == 1


def test_a_file_that_was_not_made_is_sent_again_after_several_looks(wire: BatchWire) -> None:
    wire.when("POST /files", cut(), times=1)
    file_id = upload(wire)
    assert [str(sent) for sent in wire.sent] == ["POST /files", *["GET /files"] * 4, "POST /files"]
    assert stored(wire) == {file_id: (NAME, CONTENT)}


def test_another_file_is_not_taken_for_the_lost_one(wire: BatchWire) -> None:
    other = upload(wire, b"other\n")
    wire.when("POST /files", cut(), times=1)
    file_id = upload(wire)
    assert stored(wire) == {other: (NAME, b"other\n"), file_id: (NAME, CONTENT)}


def test_a_file_of_another_purpose_is_not_taken_for_the_lost_one(wire: BatchWire) -> None:
    listed = {"id": "file-7", "filename": NAME, "bytes": len(CONTENT), "purpose": "assistants", "created_at": 2**33}
    wire.when("POST /files", cut(), times=1)
    wire.when("GET /files", answer(200, {"object": "list", "data": [listed], "has_more": False}))
    assert upload(wire) != "file-7"


def test_each_try_sends_the_whole_file(wire: BatchWire) -> None:
    wire.when("POST /files", refuse(429, "slow down"), times=2)
    progress: list[int] = []
    file_id = upload(wire, progress=progress.append)
    assert stored(wire) == {file_id: (NAME, CONTENT)}
    assert [at for at in progress if at == len(CONTENT)] == [len(CONTENT)] * 3


def test_a_refusal_is_final(wire: BatchWire) -> None:
    wire.when("POST /files", refuse(400, "File is too large."))
    with pytest.raises(Refused, match="too large"):
        upload(wire)
    assert len(wire.sent) == 1


def test_an_api_that_answers_nothing_ends_the_run(wire: BatchWire) -> None:
    wire.when("POST /files", cut())
    with pytest.raises(ApiUnavailable):
        upload(wire)
    assert len(wire.of("POST /files")) == 5


def test_what_was_uploaded_is_counted_once(wire: BatchWire) -> None:
    wire.when("POST /files", lose(), times=1)

    async def main() -> int:
        async with client(wire) as (api, _):
            await BatchFiles(api, Rates()).upload(NAME, io.BytesIO(CONTENT), len(CONTENT))
            return api.traffic.bytes_uploaded

    assert asyncio.run(main()) == len(CONTENT)


@pytest.mark.usefixtures("in_parts")
class TestInParts:
    """A file above the size of one request."""

    def test_it_is_the_same_file(self, wire: BatchWire) -> None:
        file_id = upload(wire, sha256=DIGEST)
        begin, *parts, end = wire.sent
        assert begin.json == {"filename": NAME, "bytes": len(CONTENT), "mime_type": "text/jsonl", "purpose": "batch"}
        assert [part.is_("POST /uploads/*/parts") for part in parts] == [True] * PARTS
        assert end.is_("POST /uploads/*/complete")
        assert end.json["md5"] == hashlib.md5(CONTENT).hexdigest()
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_the_order_in_which_parts_arrive_is_of_no_matter(self, wire: BatchWire) -> None:
        async def slow(_: Sent, forward: Forward) -> httpx2.Response:
            await asyncio.sleep(0.02)
            return await forward()

        wire.when("POST /uploads/*/parts", slow, times=1)
        file_id = upload(wire)
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_a_part_whose_answer_is_lost_is_sent_again(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/parts", lose(), skip=2, times=2)
        file_id = upload(wire)
        assert len(wire.of("POST /uploads/*/parts")) == PARTS + 2
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_two_parts_are_under_way_of_all_files_together(self, wire: BatchWire) -> None:
        under_way: list[int] = [0, 0]

        async def counted(_: Sent, forward: Forward) -> httpx2.Response:
            under_way[0] += 1
            under_way[1] = max(under_way)
            await asyncio.sleep(0.001)
            under_way[0] -= 1
            return await forward()

        wire.when("POST /uploads/*/parts", counted)

        async def three(files: BatchFiles) -> None:
            await asyncio.gather(*(files.upload(name, io.BytesIO(CONTENT), len(CONTENT)) for name in "abc"))

        run(wire, three)
        assert under_way[1] == 2
        assert sorted(stored(wire).values()) == [(name, CONTENT) for name in "abc"]

    @pytest.mark.parametrize("fault", [lose(), garble()], ids=["no answer", "a page"])
    def test_an_end_whose_answer_was_lost_is_found(self, wire: BatchWire, fault: Fault) -> None:
        wire.when("POST /uploads/*/complete", fault, times=1)
        file_id = upload(wire)
        assert len(wire.of("POST /uploads/*/complete")) == 1
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_an_end_that_is_listed_late_is_found(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/complete", lose(), times=1)
        wire.when("GET /files", NOTHING_LISTED, times=4)
        file_id = upload(wire)
        assert [sent.status for sent in wire.of("POST /uploads/*/complete")] == [None, 400]
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_an_end_that_did_not_arrive_is_sent_again(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/complete", cut(), times=1)
        file_id = upload(wire)
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    @pytest.mark.parametrize("request_", ["POST /uploads/*/parts", "POST /uploads/*/complete"])
    def test_an_upload_that_expired_is_begun_again_once(self, wire: BatchWire, request_: str) -> None:
        wire.when(request_, EXPIRED, times=1)
        file_id = upload(wire)
        assert len(wire.of("POST /uploads")) == 2
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_an_upload_that_always_expires_is_refused(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/complete", EXPIRED)
        with pytest.raises(Refused, match="expired"):
            upload(wire)
        assert len(wire.of("POST /uploads")) == 2

    def test_an_upload_that_fails_is_cancelled(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/parts", refuse(400, "no"), skip=3)
        with pytest.raises(Refused, match="no"):
            upload(wire)
        assert [sent.status for sent in wire.of("POST /uploads/*/cancel")] == [200]

    def test_a_cancel_that_fails_hides_no_error(self, wire: BatchWire) -> None:
        wire.when("POST /uploads/*/parts", refuse(400, "no part"))
        wire.when("POST /uploads/*/cancel", cut())
        with pytest.raises(Refused, match="no part"):
            upload(wire)
        assert len(wire.of("POST /uploads/*/cancel")) == 1

    @pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
    @pytest.mark.parametrize("body", [refuse, answer])
    def test_a_server_without_uploads_gets_one_request(
        self, wire: BatchWire, status: int, body: Callable[[int, str], Fault]
    ) -> None:
        wire.when("POST /uploads", body(status, "Invalid URL"))
        file_id = upload(wire, sha256=DIGEST)
        assert [str(sent) for sent in wire.sent] == ["POST /uploads", "POST /files"]
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_progress_is_told_part_by_part(self, wire: BatchWire) -> None:
        progress: list[int] = []
        upload(wire, progress=progress.append)
        assert progress == [number * len(CONTENT) // PARTS for number in range(1, PARTS + 1)]


# --- Files that change meanwhile ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["in one request", "in parts"])
class TestChanged:
    @pytest.fixture(autouse=True)
    def _(self, way: str, request: pytest.FixtureRequest) -> None:
        if way == "in parts":
            request.getfixturevalue("in_parts")

    def test_other_bytes_than_those_that_were_checked_make_no_file(self, wire: BatchWire) -> None:
        with pytest.raises(FileChanged):
            upload(wire, CONTENT.replace(b"049", b"050"), sha256=DIGEST)
        assert not wire.of("DELETE /files/*")
        assert stored(wire) == {}

    def test_a_file_that_changes_before_it_is_sent_again_is_never_sent_whole(self, wire: BatchWire) -> None:
        file = io.BytesIO(CONTENT)

        async def change(_: Sent, __: Forward) -> httpx2.Response:
            file.getbuffer()[:] = CONTENT.replace(b"049", b"050")
            raise httpx2.ReadError("broken")

        wire.when(lambda sent: sent.method == "POST", change, times=1)
        with pytest.raises(FileChanged):
            run(wire, lambda files: files.upload(NAME, file, len(CONTENT), sha256=DIGEST))
        assert stored(wire) == {}

    @pytest.mark.parametrize("kept", [1, len(CONTENT) - 1, len(CONTENT) + 1])
    def test_a_file_of_another_size_is_deleted_and_not_used(self, wire: BatchWire, kept: int) -> None:
        def of_another_size(made: dict[str, Any]) -> None:
            made.get("file", made)["bytes"] = kept

        wire.when("POST /files", alter(of_another_size))
        wire.when("POST /uploads/*/complete", alter(of_another_size))
        with pytest.raises(ApiUnavailable, match=f"but {kept:,} arrived") as caught:
            upload(wire)
        assert "proxy" in caught.value.remedy
        assert stored(wire) == {}

    def test_a_size_that_the_server_does_not_say_is_no_other_size(self, wire: BatchWire) -> None:
        def without_size(made: dict[str, Any]) -> None:
            made.get("file", made).pop("bytes")

        wire.when("POST /files", alter(without_size))
        wire.when("POST /uploads/*/complete", alter(without_size))
        file_id = upload(wire)
        assert stored(wire) == {file_id: (NAME, CONTENT)}

    def test_a_file_that_became_shorter_makes_no_file(self, wire: BatchWire) -> None:
        with pytest.raises(FileChanged, match="shorter"):
            upload(wire, CONTENT[:-1], size=len(CONTENT))
        assert stored(wire) == {}

    def test_of_a_file_that_became_longer_only_the_beginning_is_sent(self, wire: BatchWire) -> None:
        file_id = upload(wire, CONTENT + b"more\n", size=len(CONTENT), sha256=DIGEST)
        assert stored(wire) == {file_id: (NAME, CONTENT)}


# --- Listed, deleted ------------------------------------------------------------------------------------------


def test_only_files_of_batches_are_listed(wire: BatchWire) -> None:
    file_id = upload(wire)
    listed = run(wire, lambda files: files.list())
    assert [(file.id, file.filename, file.bytes) for file in listed] == [(file_id, NAME, len(CONTENT))]
    other = {"id": "file-7", "filename": NAME, "bytes": 1, "purpose": "user_data", "created_at": 1}
    wire.when("GET /files", answer(200, {"object": "list", "data": [other], "has_more": False}))
    assert run(wire, lambda files: files.list()) == []


def test_a_file_is_deleted(wire: BatchWire) -> None:
    file_id = upload(wire)
    assert run(wire, lambda files: files.delete(file_id))
    assert not run(wire, lambda files: files.delete(file_id))
    assert stored(wire) == {}


@pytest.mark.parametrize(
    "ask",
    [
        lambda files: files.upload(NAME, io.BytesIO(b"x"), 1),
        lambda files: files.list(),
        lambda files: files.delete("file-1"),
        lambda files: files.download("file-1", io.BytesIO()),
    ],
    ids=["upload", "list", "delete", "download"],
)
def test_a_missing_permission_is_named(wire: BatchWire, ask: Callable[[BatchFiles], Awaitable[object]]) -> None:
    wire.when(lambda _: True, refuse(403, "no"))
    with pytest.raises(PermissionDenied) as caught:
        run(wire, ask)
    assert "Files and the Batch API" in caught.value.remedy
