"""The command line behind a gateway on a port of this machine, which answers some requests with pages of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import KEY, Result, World, one_sentence
from tests.support.command_line import world as world
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

PAGE = Answer(403, b"<html><h1>Forbidden by rule 942100</h1></html>", {"Content-Type": "text/html"})

FILES = {"docs/attack.md": b"# <script>\n", "docs/b.md": b"# B\n", "docs/c.md": b"# C\n", "docs/old.md": b"# Old\n"}


class Gateway(OpenAIServer):
    """Refuses the requests that `refuses` names. `late`: only after the API has done what it was asked."""

    refuses: Callable[[Recorded], bool]
    late = False

    def respond(self, request: Recorded) -> Answer:
        if not self.refuses(request):
            return super().respond(request)
        if self.late:
            super().respond(request)
        return PAGE

    def sync(self, world: World, *arguments: str) -> Result:
        self.forget()
        return world.vsync(
            "sync", "--json", *arguments, VSYNC_LOCAL="", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=self.base_url
        )

    def paths(self, world: World) -> set[str]:
        return set(self.documents(world.state()["vector_store_id"]))


def nothing(_: Recorded) -> bool:
    return False


def uploads_of(word: str) -> Callable[[Recorded], bool]:
    return lambda request: request.method == "POST" and request.path == "/v1/files" and word.encode() in request.body


@pytest.fixture
def gateway(world: World, tmp_path: Path) -> Iterator[Gateway]:
    world.repo.commit(FILES)
    with Gateway(tmp_path / "api.db", key=KEY) as server:
        server.refuses = nothing
        yield server


def failed(report: Any) -> dict[str, str]:
    return {item["path"]: item["code"] for item in report["failed"]}


@pytest.mark.parametrize("late", [False, True])
def test_one_refused_document_is_named_and_the_others_are_synced(world: World, gateway: Gateway, *, late: bool) -> None:
    gateway.refuses, gateway.late = uploads_of("<script>"), late
    result = gateway.sync(world)
    assert result.code == 1, result.err
    assert failed(result.json) == {"docs/attack.md": "refused-by-gateway"}
    assert result.json["error"] is None
    (item,) = result.json["failed"]
    assert "the answer 403 (Forbidden by rule 942100) does not come from the API" in item["message"]
    assert "Its log names the rule" in item["remedy"]
    assert "key" not in item["message"]
    assert gateway.paths(world) == set(FILES) - {"docs/attack.md"}
    assert gateway.files() == {entry["id"] for entry in gateway.entries(world.state()["vector_store_id"])}

    for _ in range(2):  # nothing was recorded as refused for good
        again = gateway.sync(world)
        assert (again.code, failed(again.json)) == (1, {"docs/attack.md": "refused-by-gateway"})
        assert "if no other document got through" in again.json["failed"][0]["message"]
        assert gateway.files() == {entry["id"] for entry in gateway.entries(world.state()["vector_store_id"])}
    gateway.refuses = nothing
    assert gateway.sync(world).code == 0
    assert gateway.paths(world) == set(FILES)
    gateway.forget()
    assert gateway.sync(world).code == 0
    assert gateway.requests == []


def test_several_refused_documents_fail_alike_in_every_run(world: World, gateway: Gateway) -> None:
    world.repo.commit({"docs/attack2.md": b"# <script> 2\n", "docs/attack3.md": b"# <script> 3\n"})
    gateway.refuses = uploads_of("<script>")
    names = {"docs/attack.md", "docs/attack2.md", "docs/attack3.md"}
    for _ in range(3):
        result = gateway.sync(world)
        assert (result.code, set(failed(result.json))) == (1, names)
    world.repo.commit({"docs/old.md": None})
    assert gateway.sync(world).json["removed"] == ["docs/old.md"]
    world.repo.commit({"docs/attack4.md": b"# <script> 4\n"})  # now more are refused than ever before
    assert gateway.sync(world).code == 3
    assert gateway.sync(world).code == 3
    gateway.refuses = nothing
    assert gateway.sync(world).code == 0


def test_a_refused_new_version_leaves_the_old_one_and_the_deletes_of_others_go_on(
    world: World, gateway: Gateway
) -> None:
    assert gateway.sync(world).code == 0
    world.repo.commit({"docs/b.md": b"# <script> B\n", "docs/c.md": b"# C2\n", "docs/old.md": None})
    gateway.refuses = uploads_of("<script> B")
    result = gateway.sync(world)
    assert (result.code, failed(result.json)) == (1, {"docs/b.md": "refused-by-gateway"})
    assert "the old version stays in the store" in result.json["failed"][0]["message"]
    assert (result.json["updated"], result.json["removed"]) == (["docs/c.md"], ["docs/old.md"])
    documents = gateway.documents(world.state()["vector_store_id"])
    assert (documents["docs/b.md"], documents["docs/c.md"]) == ("# B\n", "# C2\n")
    assert "docs/old.md" not in documents


@pytest.mark.parametrize("only", [False, True])
def test_when_every_document_is_refused_nothing_is_deleted_and_the_error_says_what_cannot_be_told(
    world: World, gateway: Gateway, *, only: bool
) -> None:
    if only:
        world.repo.commit({path: None for path in FILES if path != "docs/b.md"})
    else:
        assert gateway.sync(world).code == 0
        world.repo.commit({"docs/b.md": b"# B2\n", "docs/c.md": b"# C2\n", "docs/old.md": None})
    gateway.refuses = uploads_of("#")
    result = gateway.sync(world)
    assert (result.code, result.json["error"]["reason"]) == (3, "api")
    named = ["docs/b.md"] if only else ["docs/b.md", "docs/c.md"]  # whichever was answered first
    assert any(f"'{path}'" in result.json["error"]["message"] for path in named)
    assert "the key, the gateway, the network or the content" in result.json["error"]["message"]
    assert set(failed(result.json).values()) == {"refused-by-gateway"}
    assert "docs/b.md" in failed(result.json)
    assert not [request for request in gateway.requests if request.method == "DELETE"]
    gateway.refuses = nothing
    assert gateway.sync(world).code == 0
    assert gateway.paths(world) == ({"docs/b.md"} if only else set(FILES) - {"docs/old.md"})


def test_a_single_refused_document_does_not_hold_up_the_deletes(world: World, gateway: Gateway) -> None:
    assert gateway.sync(world).code == 0
    world.repo.commit({"docs/b.md": b"# <script> B\n", "docs/old.md": None})
    gateway.refuses = uploads_of("<script> B")
    result = gateway.sync(world)
    assert (result.code, failed(result.json)) == (1, {"docs/b.md": "refused-by-gateway"})
    assert result.json["removed"] == ["docs/old.md"]
    assert gateway.documents(world.state()["vector_store_id"])["docs/b.md"] == "# B\n"


@pytest.mark.parametrize("path", ["/v1/vector_stores", "/v1"])
def test_a_gateway_that_refuses_the_first_request_ends_the_run(world: World, gateway: Gateway, path: str) -> None:
    gateway.refuses = lambda request: request.path.startswith(path)
    result = gateway.sync(world)
    assert (result.code, result.json["error"]["reason"]) == (3, "api")
    assert "cannot tell whether the cause is the key, the gateway or the network" in one_sentence(result)
    assert len(gateway.requests) == 1


def test_a_refused_delete_stays_pending_with_a_warning(world: World, gateway: Gateway) -> None:
    assert gateway.sync(world).code == 0
    old = world.state()["files"]["docs/old.md"]["file_id"]
    world.repo.commit({"docs/b.md": b"# B2\n", "docs/old.md": None})
    gateway.refuses = lambda request: request.method == "DELETE" and old in request.path
    result = gateway.sync(world)
    assert (result.code, result.json["error"]["reason"]) == (3, "api")
    (warning,) = [text for text in result.json["warnings"] if old in text]
    assert "of docs/old.md could not be deleted" in warning
    assert (result.json["updated"], result.json["removed"]) == (["docs/b.md"], [])
    assert old in world.state()["pending_delete"]
    gateway.refuses = nothing
    assert gateway.sync(world).code == 0
    assert gateway.paths(world) == set(FILES) - {"docs/old.md"}
