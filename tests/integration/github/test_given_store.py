"""The action and the store that is given: another name, another API, the embedded store, and a store that expires."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import openai
import pytest

from tests.support.github import GitHub
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport

ONE = {"vector-store-name": "one"}
TWO = {"vector-store-name": "two"}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit({"README.md": b"# Read me\n", "docs/a.md": b"# A\n"})
        yield hub
        assert not any("Traceback" in step.log for step in hub.steps)


def refs(hub: GitHub) -> str:
    return hub.repo.git("for-each-ref")


def expire(hub: GitHub, store_id: str, days: int) -> None:
    with (
        closing(EmbeddedStore(hub.folder / "store.db")) as store,
        httpx2.Client(transport=EmbeddedTransport(store)) as http,
        openai.OpenAI(api_key="any", base_url="http://embedded/v1", http_client=http, max_retries=0) as api,
    ):
        api.vector_stores.update(store_id, expires_after={"anchor": "last_active_at", "days": days})


def test_another_name_than_the_recorded_one_is_refused_although_nothing_is_to_do(github: GitHub) -> None:
    store_id = github.push(ONE).outputs["vector-store-id"]
    before = refs(github)
    step = github.push(TWO)
    assert (step.code, step.outputs["failure-reason"]) == (2, "manifest")
    assert "named 'one', but the name 'two' is given" in step.log
    assert refs(github) == before
    assert github.push({**TWO, "vector-store-id": store_id}).code == 0
    assert github.push(ONE).code == 0


def test_a_pull_request_that_names_another_store_is_told_so(github: GitHub) -> None:
    github.push(ONE)
    step = github.plan(github.pull({"docs/b.md": b"# B\n"}), "opened", TWO)
    assert step.code == 2
    assert "the name 'two' is given" in step.log
    assert github.plan(github.pull({"docs/b.md": b"# B\n"}), "opened", ONE).code == 0


def test_another_api_is_refused_before_it_is_asked(github: GitHub) -> None:
    github.push()
    before = refs(github)
    elsewhere = {"openai-base-url": "http://127.0.0.1:9/v1"}
    step = github.push(elsewhere)
    assert (step.code, step.outputs["failure-reason"]) == (2, "manifest")
    assert "openai-base-url" in step.log
    assert refs(github) == before
    assert github.plan(github.pull({"docs/b.md": b"# B\n"}), "opened", elsewhere).code == 2


def test_a_store_that_expires_is_told_where_nothing_is_to_do_and_on_pull_requests(github: GitHub) -> None:
    expire(github, github.push().outputs["vector-store-id"], 7)
    github.commit({"docs/a.md": b"# A2\n"})
    for step in (github.push(), github.push(), github.plan(github.pull({"docs/b.md": b"# B\n"}), "opened")):
        assert step.code == 0
        (warning,) = step.annotations("warning")
        assert "7 days without use" in warning
        assert "7 days without use" in step.summary
    assert "7 days without use" in github.comment()


@pytest.mark.parametrize("commit", [None, "true", "false"])
def test_the_manifest_of_an_embedded_store_is_never_pushed(github: GitHub, commit: str | None) -> None:
    local = str(github.folder / "local.db")
    before = refs(github)
    inputs = {} if commit is None else {"commit": commit}
    first = github.push(inputs, VSYNC_LOCAL=local)
    second = github.push(inputs, VSYNC_LOCAL=local)
    assert (first.code, first.outputs["added"], second.outputs["unchanged"]) == (0, "2", "2")
    assert refs(github) == before
    assert Path(f"{local}.manifest.json").exists()
    warnings = [*first.annotations("warning"), *second.annotations("warning")]
    assert len(warnings) == (2 if commit == "true" else 0)
    assert all("neither committed nor pushed" in warning for warning in warnings)


def test_a_sync_into_an_embedded_store_leaves_what_the_remote_records_alone(github: GitHub) -> None:
    github.push()
    before = refs(github)
    github.commit({"docs/b.md": b"# B\n"})
    assert github.push(VSYNC_LOCAL=str(github.folder / "local.db")).outputs["added"] == "3"
    after = refs(github).splitlines()
    assert [line for line in after if "refs/heads/main" not in line] == [
        line for line in before.splitlines() if "refs/heads/main" not in line
    ]
    assert github.push().outputs["added"] == "1"


def test_the_embedded_store_is_no_way_out_of_a_missing_key(github: GitHub) -> None:
    step = github.push({"openai-api-key": ""})
    assert (step.code, step.outputs["failure-reason"]) == (2, "credentials")
    assert "openai-api-key" in step.log
    assert "local" not in step.summary.lower()
