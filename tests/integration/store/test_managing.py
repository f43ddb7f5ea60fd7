"""Stores and Files are looked up, listed, made and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.project import DAY, NOW, Project, project_in
from tests.support.wire import Forward, Sent, alter, answer, client, cut, lose, refuse, unreachable
from vsync.auth.credentials import Credentials
from vsync.errors import ApiAnswer, ApiUnavailable, CredentialsRefused, PermissionDenied, StoreGone, VsyncError
from vsync.store.api_errors import Refused
from vsync.store.client import Api, Patience, connect
from vsync.store.files import Files
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores
from vsync.system.stop import Stop


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        yield made


# --- Looking up ---------------------------------------------------------------------------------------------


def test_a_store_is_found_by_its_id_expired_or_not(project: Project) -> None:
    lasting = project.store("a")
    short = project.store("b", expires_after={"anchor": "last_active_at", "days": 1})
    project.now += 2 * DAY
    found = project.run(lambda api: Stores(api).find(short))
    assert found is not None
    assert (found.status, found.expires_after_days, found.expires_at) == ("expired", 1, NOW + DAY)
    assert (info := project.run(lambda api: Stores(api).find(lasting))) is not None
    assert (info.status, info.expires_at) == ("completed", None)


def test_what_does_not_exist_is_not_found(project: Project) -> None:
    assert project.run(lambda api: Stores(api).find("vs_none")) is None
    assert project.run(lambda api: Files(api).find("file-none")) is None


@pytest.mark.parametrize("what", ["GET /vector_stores/*", "GET /files/*"])
def test_an_answer_about_another_thing_is_none(project: Project, what: str) -> None:
    store, file = project.store(), project.file()
    project.wire.when(what, alter(lambda data: data.update(id="vs_other")))
    with pytest.raises(ApiUnavailable, match="not one of the OpenAI API"):
        project.run(lambda api: Stores(api).find(store) if "stores" in what else Files(api).find(file))


def test_a_page_that_says_404_does_not_say_that_something_does_not_exist(project: Project) -> None:
    project.wire.when("GET /vector_stores/*", answer(404, "<html>Not found</html>"))
    project.wire.when("GET /files/*", answer(404, "<html>Not found</html>"))
    with pytest.raises(Refused):
        project.run(lambda api: Stores(api).find("vs_1"))
    with pytest.raises(Refused):
        project.run(lambda api: Files(api).find("file-1"))


def test_a_store_that_is_gone_has_the_apis_answer(project: Project) -> None:
    with pytest.raises(StoreGone) as gone:
        project.run(lambda api: Stores(api).get("vs_none"))
    assert gone.value.answer is not None
    assert gone.value.answer.status == 404


# --- Listing ------------------------------------------------------------------------------------------------


def test_listings_come_page_by_page(project: Project) -> None:
    made = [project.store(f"s{number}") for number in range(101)]

    async def sizes(api: Api) -> list[int]:
        return [len(page) async for page in Stores(api).pages()]

    assert project.run(sizes) == [100, 1]
    assert [info.id for info in project.run(lambda api: Stores(api).list())] == made


def test_a_store_that_two_pages_show_is_listed_once(project: Project) -> None:
    first = project.store()
    others = [project.store() for _ in range(100)]

    def again(data: dict[str, Any]) -> None:
        if len(data["data"]) == 1:
            data["data"].insert(0, {**data["data"][0], "id": first})

    project.wire.when("GET /vector_stores", alter(again))
    assert [info.id for info in project.run(lambda api: Stores(api).list())] == [first, *others]


def test_the_files_of_one_purpose_are_listed(project: Project) -> None:
    project.file()
    batch = project.file("b.jsonl", '{"a": 1}', "user_data")

    async def ids(api: Api) -> list[str]:
        return [file.id async for page in Files(api).pages("user_data") for file in page]

    assert project.run(ids) == [batch]
    assert project.wire.of("GET /files")[0].query["purpose"] == "user_data"


def test_entries_of_one_status_are_listed(project: Project) -> None:
    store = project.store("docs", project.file())

    async def count(api: Api, status: str) -> int:
        return sum([len(page) async for page in Stores(api).open(store).pages(status)])

    assert project.run(lambda api: count(api, "completed")) == 1
    assert project.run(lambda api: count(api, "failed")) == 0


# --- Making -------------------------------------------------------------------------------------------------


def test_a_store_is_made_with_a_description_and_an_end(project: Project) -> None:
    made = project.run(
        lambda api: Stores(api).create("docs", {"team": "a"}, description="All docs", expires_after_days=7)
    )
    stored = project.ask("GET", f"/vector_stores/{made.id}")
    assert (stored["description"], stored["expires_after"]) == ("All docs", {"anchor": "last_active_at", "days": 7})
    assert (made.expires_after_days, made.shown_metadata) == (7, {"team": "a"})


def test_a_store_without_them_is_made_as_before(project: Project) -> None:
    project.run(lambda api: Stores(api).create("docs"))
    (sent,) = project.wire.of("POST /vector_stores")
    assert set(sent.json) == {"name", "metadata"}


def test_a_store_whose_answer_was_lost_keeps_its_description(project: Project) -> None:
    project.wire.when("POST /vector_stores", lose(), times=1)
    made = project.run(lambda api: Stores(api).create("docs", description="All docs", expires_after_days=7))
    assert project.stores() == {made.id}
    assert project.ask("GET", f"/vector_stores/{made.id}")["description"] == "All docs"


# --- Deleting -----------------------------------------------------------------------------------------------


async def delete(api: Api, item: str) -> bool:
    return await (Stores(api) if item.startswith("vs_") else Files(api)).delete(item)


@pytest.mark.parametrize("kind", ["store", "file"])
class TestDeleting:
    def make(self, project: Project, kind: str) -> str:
        return project.store() if kind == "store" else project.file()

    def test_says_that_there_was_something(self, project: Project, kind: str) -> None:
        item = self.make(project, kind)
        assert project.run(lambda api: delete(api, item))
        assert not project.stores() | project.files()

    def test_says_that_there_was_nothing(self, project: Project, kind: str) -> None:
        item = "vs_none" if kind == "store" else "file-none"
        assert not project.run(lambda api: delete(api, item))

    @pytest.mark.parametrize("fault", [lose(), answer(502, "<html>bad gateway</html>")])
    def test_that_was_answered_at_the_second_try_was_something(self, project: Project, kind: str, fault: Any) -> None:
        item = self.make(project, kind)
        project.wire.when("DELETE /*/*", fault, times=1)
        assert project.run(lambda api: delete(api, item))
        assert len(project.wire.of("DELETE /*/*")) == 2

    def test_whose_answer_says_nothing_is_asked_again(self, project: Project, kind: str) -> None:
        item = self.make(project, kind)
        project.wire.when("DELETE /*/*", answer(200, "<html>ok</html>"), times=1)
        assert project.run(lambda api: delete(api, item))

    def test_that_answers_204_has_deleted(self, project: Project, kind: str) -> None:
        project.wire.when("DELETE /*/*", answer(204, b""))
        assert project.run(lambda api: delete(api, self.make(project, kind)))

    def test_that_a_page_refuses_is_not_done(self, project: Project, kind: str) -> None:
        item = self.make(project, kind)
        project.wire.when("DELETE /*/*", answer(404, "<html>Not found</html>"))
        with pytest.raises(Refused):
            project.run(lambda api: delete(api, item))

    @pytest.mark.parametrize(("status", "error"), [(401, CredentialsRefused), (403, PermissionDenied)])
    def test_without_the_right_ends_the_job(
        self, project: Project, kind: str, status: int, error: type[VsyncError]
    ) -> None:
        item = self.make(project, kind)
        project.wire.when("DELETE /*/*", refuse(status, "no", headers={"x-request-id": "req_7"}))
        with pytest.raises(error) as refused:
            project.run(lambda api: delete(api, item))
        assert refused.value.answer == ApiAnswer(status, "", "req_7")

    def test_keeps_a_rate_that_falls_at_a_429(self, project: Project, kind: str) -> None:
        rates = Rates(deletes_per_minute=10)
        item = self.make(project, kind)
        project.wire.when("DELETE /*/*", refuse(429, "slow down", headers={"retry-after": "1"}), times=1)
        project.run(lambda api: (Stores(api, rates) if kind == "store" else Files(api, rates)).delete(item))
        assert rates.deletes.limit == 5


def test_deletes_of_stores_and_files_share_one_window(project: Project) -> None:
    slept: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    items = [project.store(), project.file(), project.store(), project.file()]
    rates = Rates(deletes_per_minute=3, clock=lambda: now, sleep=sleep)

    async def job(api: Api) -> None:
        for item in items:
            await (Stores(api, rates) if item.startswith("vs_") else Files(api, rates)).delete(item)

    project.run(job)
    assert slept == [60.0]
    assert not project.stores() | project.files()


# --- How patient a client is --------------------------------------------------------------------------------


async def asked(project: Project, patience: Patience) -> tuple[int, list[float], VsyncError | None]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with connect(Credentials(), transport=project.wire, sleep=sleep, patience=patience) as api:
        try:
            await Stores(api).list()
        except VsyncError as error:
            return len(project.wire.sent), waits, error
    return len(project.wire.sent), waits, None


def test_a_request_is_sent_so_often_at_most(project: Project) -> None:
    project.wire.when("GET /vector_stores", refuse(503, "later"))
    requests, waits, error = asyncio.run(asked(project, Patience(3, 300.0)))
    assert (requests, len(waits)) == (3, 2)
    assert error is not None
    assert error.answer is not None
    assert error.answer.status == 503


def test_a_wait_beyond_the_patience_is_not_begun(project: Project) -> None:
    project.wire.when("GET /vector_stores", refuse(429, "later", headers={"retry-after": "21"}))
    requests, waits, error = asyncio.run(asked(project, Patience(4, 20.0)))
    assert (requests, waits) == (1, [])
    assert error is not None
    assert error.answer == ApiAnswer(429, "", "", 21.0)


def test_a_wait_within_the_patience_is_kept(project: Project) -> None:
    project.wire.when("GET /vector_stores", refuse(429, "later", headers={"retry-after": "19"}), times=1)
    assert asyncio.run(asked(project, Patience(4, 20.0))) == (2, [19.0], None)


def test_an_unreachable_server_has_no_answer(project: Project) -> None:
    project.wire.when("GET /vector_stores", unreachable())
    _, _, error = asyncio.run(asked(project, Patience(2, 20.0)))
    assert isinstance(error, ApiUnavailable)
    assert error.answer is None


# --- Callers that go away -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [None, Stop()], ids=["without a stop", "with a stop"])
def test_a_caller_that_goes_away_leaves_no_request_running(project: Project, stop: Stop | None) -> None:
    async def slow_to_end(_: Sent, __: Forward) -> httpx2.Response:
        try:
            await asyncio.Event().wait()
        finally:
            for _turn in range(5):  # a connection that is closed takes some turns of the event loop
                await asyncio.sleep(0)
        raise AssertionError("it only waits")

    async def job() -> list[str]:
        sent = asyncio.Event()
        project.wire.watchers.append(lambda _: sent.set())
        project.wire.when("GET /vector_stores", slow_to_end)
        async with connect(Credentials(), transport=project.wire, stop=stop) as api:
            before = asyncio.all_tasks()
            task = asyncio.ensure_future(Stores(api).list())
            await sent.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            left = asyncio.all_tasks() - before
            return [str(one.get_coro()) for one in left if "_end_of_grace" not in str(one.get_coro())]

    assert asyncio.run(job()) == []


def test_a_cut_question_is_asked_again(project: Project) -> None:
    project.wire.when("GET /vector_stores", cut(), times=2)

    async def job() -> int:
        async with client(project.wire) as (api, _):
            return len(await Stores(api).list())

    assert asyncio.run(job()) == 0
