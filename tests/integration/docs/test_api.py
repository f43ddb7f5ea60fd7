"""The page on the REST API shows every call, and each example answers what the page says."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import httpx2
import openai
import pytest
from pydantic import BaseModel

from tests.support.command_line import client
from tests.support.curl import Call, calls
from tests.support.places import ROOT
from tests.support.served import Served
from vsync.cli.serve import serve_command
from vsync.embedded import EmbeddedStore
from vsync.serve.rest.app import Access
from vsync.serve.rest.batch_bodies import FetchBatches, SubmitBatches
from vsync.serve.rest.offered_batches import BatchFolders, OfferedBatches

PAGE = (ROOT / "docs/api.md").read_text()
ADDRESS = "http://127.0.0.1:8000"
KEY, TOKEN = "sk-proj-docs-0123456789abcdefghij", "a-token-of-the-docs-0123456789"
VARIABLES = {"OPENAI_API_KEY": KEY, "VSYNC_TOKEN": TOKEN}
LONG_AGO = 1764547200
"""When the project of the page was made. 2025-12-01."""

DAY_S = 86_400
QUESTIONS = b"".join(
    b'{"custom_id": "%b", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-5-mini", "messages": '
    b'[{"role": "user", "content": "What is vsync?"}]}}\n' % custom_id
    for custom_id in (b"question-1", b"question-2")
)
DIFFERENT = {"duration_s", "request_id", "requests", "batch_id", "input_file_id", "output_file_id", "age_s", "left_s"}
EXAMPLE = re.compile(r"(?ms)^```sh\n# in (?:a|any|the|your) [^\n]*\n(curl .*?)^```$(?:\n\n^```json\n(.*?)^```$)?")
EXAMPLES = EXAMPLE.findall(PAGE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """The project that the page describes."""
    db = tmp_path / "store.db"
    with client(db) as api:
        fill(api)
    with closing(sqlite3.connect(db)) as rows, rows:
        for table in ("vector_stores", "files", "vector_store_files"):
            rows.execute(f"UPDATE {table} SET created_at = {LONG_AGO}")
        rows.execute(f"UPDATE vector_stores SET last_active_at = {LONG_AGO}")
        rows.execute("UPDATE files SET bytes = 600000")
        rows.execute("UPDATE vector_store_files SET usage_bytes = 1000000")
        rows.execute("UPDATE files SET created_at = ? WHERE filename = 'draft.md'", (int(time.time()) - 40 * DAY_S,))
        for table, column, ids in (
            ("vector_stores", "name", {"acme-docs": "vs_docs", "old-docs": "vs_old"}),
            ("files", "filename", {f"{name}.md": f"file-{name}" for name in ("install", "usage", "notes", "draft")}),
        ):
            rows.executemany(f"UPDATE {table} SET id = ? WHERE {column} = ?", [(new, old) for old, new in ids.items()])
    with closing(EmbeddedStore(db, batch_delay_s=0)) as opened:
        yield opened


def fill(api: openai.OpenAI) -> None:
    owner = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    made = {"vsync_source": "acme/docs", "vsync_target": "default", "vsync_owner": owner, "vsync_nonce": "n" * 40}
    stores = {
        name: api.vector_stores.create(name=name, metadata=given)
        for name, given in (("acme-docs", made), ("old-docs", {}))
    }
    texts = {"install.md": "# Install\n", "usage.md": "# Usage\n", "notes.md": "# Notes\n", "draft.md": "# Draft\n"}
    files = {name: api.files.create(file=(name, text.encode()), purpose="assistants") for name, text in texts.items()}
    for name in ("install.md", "usage.md"):
        api.vector_stores.files.create_and_poll(
            files[name].id,
            vector_store_id=stores["acme-docs"].id,
            attributes={
                "path": f"docs/{name}",
                "sha256": "9f86d081884c7d65",
                "owner": owner,
                "target": "default",
                "source": "acme/docs",
                "commit": "3f2a9c81",
            },
        )
    for name in ("notes.md", "usage.md"):
        api.vector_stores.files.create_and_poll(files[name].id, vector_store_id=stores["old-docs"].id)


@pytest.fixture
def server(store: EmbeddedStore, tmp_path: Path) -> Iterator[Served]:
    folders = BatchFolders(tmp_path / "docs", "batches", "batch-results", "acme/docs")
    (folders.root / "batches").mkdir(parents=True)
    (folders.root / "batches/questions.jsonl").write_bytes(QUESTIONS)
    offered = OfferedBatches(folders, embedded=True)
    with Served(store=store, priced=True, batches=offered) as running:  # the page shows calls to OpenAI's own API
        yield running


def ask(server: Served, call: Call) -> httpx2.Response:
    assert call.url.startswith(ADDRESS)
    with httpx2.Client(timeout=30) as http:
        return http.request(
            call.method, server.url + call.url.removeprefix(ADDRESS), headers=call.headers, content=call.body
        )


def steady(answer: Any) -> Any:
    """The answer without what differs from call to call."""
    if isinstance(answer, dict):
        return {key: 0 if differs(key, answer) else steady(value) for key, value in answer.items()}
    return [steady(value) for value in answer] if isinstance(answer, list) else answer


def differs(key: str, answer: dict[str, Any]) -> bool:
    is_batch = "input_file_id" in answer
    return (
        key in DIFFERENT
        or key == "batch_ids"
        or (is_batch and (key == "id" or (key.endswith("_at") and answer[key] is not None)))
    )


@pytest.mark.parametrize(("script", "answer"), EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_answers_what_the_page_says(server: Served, script: str, answer: str) -> None:
    [call] = calls(script, VARIABLES)
    if call.url.removeprefix(ADDRESS) in {"/batches", "/batches/fetch"}:  # the page submits before it lists and fetches
        ask(server, Call(f"{ADDRESS}/batches/submit", "POST", call.headers))
    got = ask(server, call)
    assert got.status_code < 400 or "error" in answer, got.text
    assert got.headers["content-type"].startswith("application/json")
    if answer:
        assert steady(got.json()) == steady(json.loads(answer)), got.text
    assert KEY not in got.text
    assert not [line for line in server.lines if KEY in line]


def test_an_example_with_a_token_passes_the_server_that_asks_for_it(store: EmbeddedStore) -> None:
    [script] = [script for script, _ in EXAMPLES if "VSYNC_TOKEN" in script]
    [call] = calls(script, VARIABLES)
    with Served(store=store, access=Access(token=TOKEN)) as server:
        assert ask(server, call).status_code == 200
        call.headers["x-vsync-token"] = "another-token-0123456789"
        assert ask(server, call).status_code == 401


def test_every_call_has_an_example_and_every_example_is_a_call(server: Served) -> None:
    described = ask(server, Call(f"{ADDRESS}/openapi.json")).json()["paths"]
    wanted = {(method.upper(), path) for path, methods in described.items() for method in methods}
    shown = set()
    for script, _ in EXAMPLES:
        [call] = calls(script, VARIABLES)
        path = call.url.removeprefix(ADDRESS).partition("?")[0]
        shown |= {
            (call.method, known)
            for known in described
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path) and call.method.lower() in described[known]
        }
        assert shown
    assert shown == wanted
    listed = re.findall(r"(?m)^\| \[?`([A-Z]+) (/[^`]*)`", PAGE)
    assert set(listed) - {("GET", "/docs"), ("GET", "/openapi.json")} == {
        (method, re.sub(r"\{(vector_store_)?id\}", "{id}", path)) for method, path in wanted
    }


def test_the_table_of_filters_names_every_part_of_a_filter(server: Served) -> None:
    described = ask(server, Call(f"{ADDRESS}/openapi.json")).json()
    parameters = {
        parameter["name"]
        for path in described["paths"].values()
        for parameter in path.get("get", {}).get("parameters", [])
        if parameter.get("in") == "query"
    }
    table = PAGE.partition("## Filters")[2].partition("## ")[0]
    named = {name for row in re.findall(r"(?m)^\| [^|]+ \| ([^|]+) \|", table) for name in re.findall(r"`(\w+)`", row)}
    assert named == parameters - {"details", "usage", "sort", "limit", "after", "all"}


@pytest.mark.parametrize(
    ("section", "model"), [("Submit request files", SubmitBatches), ("Fetch results", FetchBatches)]
)
def test_the_tables_of_bodies_name_every_field(section: str, model: type[BaseModel]) -> None:
    text = PAGE.partition(f"### {section}\n")[2].partition("\n### ")[0]
    assert re.findall(r"(?m)^\| `(\w+)` \|", text) == list(model.model_fields)


def test_the_table_of_errors_has_every_status_and_every_code(server: Served) -> None:
    described = ask(server, Call(f"{ADDRESS}/openapi.json")).json()
    statuses = {
        int(status) for path in described["paths"].values() for call in path.values() for status in call["responses"]
    }
    rows = re.findall(r"(?m)^\| (\d{3}) \| ([^|]*) \|", PAGE.partition("## Errors")[2].partition("\n## ")[0])
    of_paths_alone = {405}
    assert {int(status) for status, _ in rows} == {status for status in statuses if status >= 400} | of_paths_alone
    named = {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert named == set(codes())


def codes() -> Iterator[tuple[int, str]]:
    """The statuses and codes of all failures that the server itself words."""
    for path in sorted((ROOT / "vsync/serve/rest").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Failure"), args=[ast.Constant(int(status)), code, *_]):
                    # A call takes the API's own code, and a code of vsync where the API gave none.
                    code = code.args[-1] if isinstance(code, ast.Call) else code
                    if isinstance(code, ast.Constant):
                        yield status, str(code.value)


def test_the_table_of_options_has_every_option_and_its_default() -> None:
    rows = re.findall(r"(?m)^\| `(--[\w-]+)` \| `(VSYNC_\w+)` \| ([^|]*)\|", PAGE)
    shown = {option: (name, default.strip().strip("`")) for option, name, default in rows}
    options = {
        option.opts[0]: option
        for option in serve_command.params
        if isinstance(option, click.Option) and not option.hidden
    }
    assert set(shown) == set(options) - {"--source", "--verbose", "-v", "--help"}
    assert "| `--source` | | |" in PAGE  # VSYNC_SOURCE is the name of a repository
    for option, (name, default) in shown.items():
        assert name == f"VSYNC_{option.removeprefix('--').replace('-', '_').upper()}"
        if isinstance(options[option].default, str | int) and not isinstance(options[option].default, bool):
            assert default == str(options[option].default)
