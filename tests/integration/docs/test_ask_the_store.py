"""The programs of the page "Ask the store" run as they are printed, against a store that vsync has filled."""

from __future__ import annotations

import contextlib
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from fastapi import FastAPI, Request

from tests.support.gitrepo import Repo
from tests.support.places import ROOT
from tests.support.servers.web import Server
from vsync.cli.main import run
from vsync.config.config_parser import parse_config
from vsync.embedded import EmbeddedStore
from vsync.report.text import Line
from vsync.search.check_report import CheckReport
from vsync.search.check_text import check_lines, last_line
from vsync.search.checks import Whose, judge
from vsync.serve.app import create_app
from vsync.store.entries import Hit

OURS = Whose("default", ())
PAGE = (ROOT / "docs/ask-the-store.md").read_text()


def test_the_checks_that_are_shown_are_told_like_this() -> None:
    """The page's config is read, and its results are printed as the page prints them."""
    (target,) = parse_config(block("yaml", "checks:").encode(), ".vsync.yml").targets
    names = (
        [("guide/install.md", 0.91)],
        [("guide/rates.md", 0.71), ("guide/limits.md", 0.64)],
        [("guide/install.md", 0.88)],
    )
    results = tuple(
        judge(check, [Hit(path, path, score, {"path": path, "section": "guide"}, "") for path, score in found], OURS)
        for check, found in zip(target.checks, names, strict=True)
    )
    reports = [CheckReport("default", results)]
    lines = [*check_lines(reports[0], None), Line(""), last_line(reports)]
    assert block("text", "$ vsync check").splitlines()[1:] == [line.text for line in lines]


def block(language: str, containing: str) -> str:
    found = [text for text in re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE) if containing in text]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def models() -> list[dict[str, Any]]:
    """The requests that a model was sent."""
    return []


@pytest.fixture
def client(
    repo: Repo,
    tmp_path: Path,
    models: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    kept_signal_handlers: None,
) -> Iterator[openai.OpenAI]:
    """A client of the filled store. The programs find its address, a key and the store's id in the environment."""
    repo.commit({"guide/install.md": b"# How to install it\n", "README.md": b"# Pears\n", "guide/b.md": b"install\n"})
    monkeypatch.chdir(repo.root)
    database = tmp_path / "store.db"
    assert run(["sync", "--local", str(database), "--source", "acme/handbook"], {}) == 0
    with contextlib.closing(EmbeddedStore(database)) as store, Server() as server:
        server.app = with_a_model(create_app(store), models)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "any-word")
        monkeypatch.setenv("MODEL", "a-model")
        with openai.OpenAI() as client:
            monkeypatch.setenv("VECTOR_STORE_ID", next(iter(client.vector_stores.list())).id)
            yield client


def with_a_model(store: FastAPI, requests: list[dict[str, Any]]) -> FastAPI:
    """The store, and a model that has found one passage."""
    attributes = {"path": "guide/install.md", "commit": "0123456789abcdef"}
    found = {"file_id": "file-1", "filename": "guide/install.md", "score": 0.9, "text": "x", "attributes": attributes}
    call = {"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": ["q"], "results": [found]}
    text = {"type": "output_text", "text": "With pip.", "annotations": []}
    app = FastAPI()
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}

    @app.post("/v1/responses")
    async def responses(request: Request) -> dict[str, Any]:
        requests.append(await request.json())
        return {"id": "resp_1", "object": "response", "output": [call, message]}

    app.mount("/", store)
    return app


def printed(program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    file = tmp_path / "program.py"
    file.write_text(program)
    capsys.readouterr()
    runpy.run_path(str(file))["client"].close()
    return capsys.readouterr().out.splitlines()


def test_the_search_without_a_model_prints_the_documents_that_its_filter_allows(
    client: openai.OpenAI, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(block("python", "vector_stores.search"), tmp_path, capsys)
    assert lines[0].endswith(" guide/install.md")
    assert not any("guide/b.md" in line for line in lines)


def test_the_answer_with_file_search_names_store_and_filter_and_prints_what_was_found(
    client: openai.OpenAI, models: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(block("python", "responses.create"), tmp_path, capsys)
    assert lines == ["With pip.", "- guide/install.md at 0123456789ab"]
    assert models[0]["model"] == "a-model"
    (tool,) = models[0]["tools"]
    assert tool["vector_store_ids"] == [next(iter(client.vector_stores.list())).id]
    assert models[0]["include"] == ["file_search_call.results"]
    (hit,) = client.vector_stores.search(
        tool["vector_store_ids"][0], query="pears", filters=tool["filters"], max_num_results=1
    )
    assert hit.attributes
    assert hit.attributes["source"] == "acme/handbook"


def test_the_store_takes_the_filter_that_the_page_shows(client: openai.OpenAI) -> None:
    store_id = next(iter(client.vector_stores.list())).id
    filters = json.loads(block("json", '"or"'))
    assert not list(client.vector_stores.search(store_id, query="install", filters=filters))
    filters["filters"][1]["filters"].append({"type": "eq", "key": "path", "value": "guide/b.md"})
    found = client.vector_stores.search(store_id, query="install", filters=filters)
    assert [hit.filename for hit in found] == ["guide/b.md"]
