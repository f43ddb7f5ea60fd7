"""What a server answers: of every wrong shape, to every request of a run. A run ends as documented, and the next is well."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import httpx2
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.deep.fuzz.damage import fewer, spoiled
from tests.support.wire import Fault, Forward, Sent, World, once
from vsync.errors import VsyncError

GIVEN: dict[str, Any] = {"index_timeout": "2", "lock_timeout": "2"}


def started(world: World) -> None:
    """A store that holds documents, of which the next commit changes, renames and removes some."""
    world.commit({"a.md": b"one", "b.md": b"two", "c.md": b"three", "old.md": b"four", "keep.md": b"five"})
    world.sync()
    world.plant(b"somebody else's")
    world.commit({"a.md": b"ONE", "b.md": None, "new.md": b"six", "old.md": None, "renamed.md": b"four"})


def doubtful(world: World) -> None:
    """The same, with a store that must be listed since there is no seal."""
    started(world)
    world.forget_seal()


def retagged(world: World) -> None:
    """The same, with attributes that change."""
    started(world)
    world.settings["attributes"] = "team=docs"


STARTS: dict[str, Callable[[World], None]] = {"update": started, "doubtful": doubtful, "retag": retagged}

REQUESTS = (
    "POST /files", "POST /vector_stores", "GET /vector_stores", "GET /vector_stores/*", "GET /vector_stores/*/files",
    "POST /vector_stores/*/file_batches", "GET /vector_stores/*/file_batches/*", "GET /files",
    "GET /vector_stores/*/file_batches/*/files", "POST /vector_stores/*/files", "GET /vector_stores/*/files/*",
    "POST /vector_stores/*/files/*", "DELETE /vector_stores/*/files/*", "DELETE /files/*",
)  # fmt: skip


def world_of(name: str, folders: pytest.TempPathFactory) -> World:
    return once(f"fuzz-{name}", folders, STARTS[name]).copy(folders.mktemp("fuzz") / "world")


def run(world: World, **given: Any) -> int:
    """One run, which ends with a report or with an error of ours; its exit code."""
    try:
        return world.sync(**GIVEN, **given).exit_code
    except VsyncError as error:
        return exit_code_of(error)


def exit_code_of(error: VsyncError) -> int:
    """The exit code of an error that can be shown."""
    assert 0 < len(str(error).encode()) < 10_000
    return error.exit_code


def converges(world: World) -> None:
    """With a server that is well again, the store ends equal to the repository. A run may have much to mend."""
    world.wire.calm()
    for _ in range(3):
        if run(world) == 0:
            break
    else:
        raise AssertionError("the store is not equal to the repository after three sound runs")
    world.audit()
    world.settled()


def answered(body: bytes, headers: dict[str, str], status: int = 200, *, done: bool = True) -> Fault:
    """An answer of these bytes: in the place of the server's, which has done what it was asked, or has not."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        if done:
            await forward()
        return httpx2.Response(status, headers=headers, content=body)

    return fault


JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
SHAPES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "empty object": (b"{}", JSON, 200),
    "empty list": (b"[]", JSON, 200),
    "null": (b"null", JSON, 200),
    "a number": (b"12", JSON, 200),
    "a text": (b'"file-x"', JSON, 200),
    "truth": (b"true", JSON, 200),
    "not a number": (b"NaN", JSON, 200),
    "data is null": (b'{"object": "list", "data": null, "has_more": true}', JSON, 200),
    "data is an object": (b'{"object": "list", "data": {"id": "x"}, "has_more": true}', JSON, 200),
    "data of nulls": (b'{"object": "list", "data": [null, null], "has_more": true}', JSON, 200),
    "data of lists": (b'{"object": "list", "data": [[], [1]], "has_more": true}', JSON, 200),
    "id is null": (b'{"id": null}', JSON, 200),
    "id is a number": (b'{"id": 7}', JSON, 200),
    "id is empty": (b'{"id": ""}', JSON, 200),
    "an error with status 200": (b'{"error": {"message": "no", "code": "x"}}', JSON, 200),
    "empty": (b"", {}, 200),
    "empty JSON": (b"", JSON, 200),
    "a page": (b"<html><body>Sign in</body></html>", HTML, 200),
    "a page called JSON": (b"<html><body>Sign in</body></html>", JSON, 200),
    "JSON called a page": (b'{"id": "x"}', HTML, 200),
    "half of the JSON": (b'{"id": "file-', JSON, 200),
    "no UTF-8": (b'{"id": "\xff\xfe"}', JSON, 200),
    "half a character": (b'{"id": "\\ud800", "status": "\\ud800"}', JSON, 200),
    "another charset": (b'{"id": "x"}', {"content-type": "application/json; charset=nonsense"}, 200),
    "no media type": (b'{"id": "x"}', {}, 200),
    "bytes": (bytes(range(256)), {"content-type": "application/octet-stream"}, 200),
    "deep": (b'{"id": ' * 100_000, JSON, 200),
    "deep and whole": (b'{"a": ' * 5_000 + b"1" + b"}" * 5_000, JSON, 200),
    "deep list": (b"[" * 5_000 + b"]" * 5_000, JSON, 200),
    "a million digits": (b'{"id": "x", "created_at": ' + b"9" * 1_000_000 + b"}", JSON, 200),
    "not compressed as it says": (b'{"id": "x"}', JSON | {"content-encoding": "gzip"}, 200),
    "nothing, 204": (b"", {}, 204),
    "created": (b"{}", JSON, 201),
    "accepted": (b"", {}, 202),
    "not modified": (b"", {}, 304),
    "redirected to nowhere": (b"", {}, 302),
    "redirected to itself": (b"", {"location": ""}, 307),
    "redirected to no address": (b"", {"location": "http://[x"}, 307),
    "redirected to another protocol": (b"", {"location": "file:///etc/passwd"}, 307),
    "error is a text": (b'{"error": "no"}', JSON, 400),
    "error is a list": (b'{"error": [1]}', JSON, 400),
    "error is null": (b"null", JSON, 400),
    "message is an object": (b'{"error": {"message": {"a": 1}, "code": 5, "type": [], "param": {}}}', JSON, 422),
    "code is long": (b'{"error": {"message": "' + b"m" * 100_000 + b'", "code": "' + b"c" * 100_000 + b'"}}', JSON, 400),
    "deep error": (b'{"error": ' * 100_000, JSON, 400),
    "a page, not found": (b"<html>404</html>", HTML, 404),
    "a status of nobody": (b"{}", JSON, 299),
    "another status of nobody": (b"{}", JSON, 499),
    "a teapot": (b"short and stout", {}, 418),
}  # fmt: skip


LISTINGS = [name for name in SHAPES if name.startswith(("data", "id is", "a page", "empty", "deep", "null"))]


@pytest.mark.parametrize(
    ("start", "shape"), [*(("update", shape) for shape in SHAPES), *(("doubtful", shape) for shape in LISTINGS)]
)
def test_an_answer_of_a_wrong_shape_to_every_request_in_turn(
    start: str, shape: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The server has not done what it was asked, and says what none would say: it is never taken for done."""
    body, headers, status = SHAPES[shape]
    world = world_of(start, tmp_path_factory)
    for request in REQUESTS:
        world.wire.when(request, answered(body, headers, status, done=False), times=1)
        run(world)
    converges(world)


@fewer(0.3)
@given(
    st.sampled_from(sorted(STARTS)), st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3), st.integers(0, 2**32)
)
def test_an_answer_that_is_damaged_ends_a_run_as_documented(
    tmp_path_factory: pytest.TempPathFactory, start: str, requests: list[str], seed: int
) -> None:
    """The server has done what it was asked, and what it says of it has become something else."""
    world, random = world_of(start, tmp_path_factory), Random(seed)
    told: list[bytes] = []
    for request in requests:
        world.wire.when(request, _damaging(random, told), skip=random.randrange(2), times=random.randrange(1, 4))
    note(f"exit code {run(world)} after {told}")
    converges(world)


def _damaging(random: Random, told: list[bytes]) -> Fault:
    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        original = await forward()
        body = spoiled(random, original.content)
        told.append(body[:2_000])
        return httpx2.Response(original.status_code, headers=random.choice([JSON, JSON, JSON, HTML, {}]), content=body)

    return fault
