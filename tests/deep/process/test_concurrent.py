"""Runs at the same time as real processes, over a git remote and a store on a real port: none undoes another's work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.together import Together

PAGES = {f"docs/{number}.md": b"# %d\n" % number for number in range(8)}
TEXTS = {path: text.decode() for path, text in PAGES.items()}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Together]:
    with Together(tmp_path) as made:
        yield made


def store_of(place: Together) -> str:
    (store,) = place.server.stores()
    return store


def make_store(place: Together) -> str:
    from vsync.embedded import Request

    body = json.dumps({"name": "everybody's"}).encode()
    answer = place.server._store.handle(
        Request("POST", "/v1/vector_stores", {}, {"content-type": "application/json"}, (body,))
    )
    assert isinstance(answer.body, bytes)
    made: str = json.loads(answer.body)["id"]
    return made


@pytest.mark.parametrize("person", [False, True], ids=["two workflows", "a person and a workflow"])
def test_of_two_first_runs_at_once_the_newest_commit_wins_and_nothing_is_left(place: Together, person: bool) -> None:
    old = place.commit(PAGES)
    place.commit({"docs/0.md": b"# new\n", "docs/1.md": None})
    first = place.start(commit=old, run=100)
    second = place.start(run=None if person else 101)
    for run in (first, second):
        run.succeeded()
    if person:  # whose run knows no number: whoever comes last is obeyed
        place.start(run=102).succeeded()
    wanted = {**TEXTS, "docs/0.md": "# new\n"}
    del wanted["docs/1.md"]
    assert place.documents(store_of(place), "default") == wanted
    assert place.unattached() == set()


def test_staging_and_production_of_one_push_share_a_store_and_lose_nothing(place: Together) -> None:
    place.commit(PAGES)
    store = make_store(place)
    runs = [
        place.start("--target", target, "--vector-store-id", store, run=100 + number)
        for number, target in enumerate(["staging", "production"])
    ]
    for run in runs:
        assert len(run.succeeded()["added"]) == len(PAGES)
    for target in ("staging", "production"):
        assert place.documents(store, target) == TEXTS
    assert place.unattached() == set()


def test_two_repositories_with_the_same_files_share_a_project_and_lose_nothing(place: Together) -> None:
    for name in ("acme/docs", "acme/mirror"):
        place.commit(PAGES, name)
    store = make_store(place)
    runs = [place.start("--vector-store-id", store, run=100, repository=name) for name in ("acme/docs", "acme/mirror")]
    for run in runs:
        assert len(run.succeeded()["added"]) == len(PAGES)
    for name in ("acme/docs", "acme/mirror"):
        assert place.documents(store, "default", name) == TEXTS
    assert place.unattached() == set()


@pytest.mark.parametrize("what", ["POST /v1/files", "POST /v1/vector_stores", "DELETE /v1/vector_stores"])
def test_a_job_that_is_frozen_and_wakes_up_changes_nothing_that_another_did_meanwhile(
    place: Together, what: str
) -> None:
    place.commit(PAGES)
    place.start(run=100).succeeded()
    store = store_of(place)
    old = place.commit({"docs/0.md": b"# second\n", "docs/1.md": b"# second\n", "docs/2.md": None})
    place.commit({"docs/0.md": b"# third\n", "docs/3.md": None})
    frozen = place.start(commit=old, run=101, impatient=True)
    taken: list[int] = []

    def overtake() -> None:
        frozen.freeze()
        place.start(run=102, impatient=True).succeeded()
        taken.append(len(place.requests(frozen)))

    kind = f"{what}/{store}" if what != "POST /v1/files" else what
    place.when(lambda: frozen, kind, overtake)
    while frozen.process.poll() is None and not taken:
        pass_time()
    frozen.thaw()
    code, report, err = frozen.ended()
    assert taken, "it was never frozen"
    assert code == 3, err
    assert "taken over" in err or "does not hold the seal" in err, err
    detached = [request.rpartition("/")[2] for request in place.requests(frozen) if what.startswith("DELETE")]
    late = [
        request
        for request in place.requests(frozen)[taken[0] :][1:]
        if not request.startswith("GET") and request.rpartition("/")[2] not in [*detached, "files"]
    ]
    assert late == []
    reports = [report, place.start(run=103).succeeded()]
    told = {item["file_id"] for told in reports for item in told.get("leftovers", ())}
    assert {file_id for file_id in place.unattached() - told if file_id not in err} == set()
    wanted = {**TEXTS, "docs/0.md": "# third\n", "docs/1.md": "# second\n"}
    del wanted["docs/2.md"], wanted["docs/3.md"]
    assert place.documents(store, "default") == wanted


def test_an_old_job_that_is_run_again_changes_nothing(place: Together) -> None:
    old = place.commit(PAGES)
    place.start(commit=old, run=100).succeeded()
    place.commit({"docs/0.md": b"# new\n"})
    place.start(run=101).succeeded()
    again = place.start(commit=old, run=100)
    assert again.succeeded()["superseded"] is True
    assert place.requests(again) == []
    assert place.documents(store_of(place), "default") == {**TEXTS, "docs/0.md": "# new\n"}


def pass_time() -> None:
    import time

    time.sleep(0.05)
