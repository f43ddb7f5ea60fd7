"""Vector stores are deleted in bulk, alone or with their Files."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.project import DAY, Project, of_vsync, project_in
from tests.support.wire import Fault, Forward, Sent, alter, answer, call, cut, lose, refuse, unreachable
from vsync.errors import (
    ApiUnavailable,
    ConfigurationError,
    CredentialsRefused,
    EndlessListing,
    GatewayRefused,
    Interrupted,
    LimitExceeded,
    PermissionDenied,
    StoreConflict,
    VsyncError,
)
from vsync.manage.bulk_report import BulkReport
from vsync.manage.bulk_text import remedies_of
from vsync.manage.chosen import Rules
from vsync.manage.delete_stores import StoresWanted, plan_stores
from vsync.manage.each import Working
from vsync.manage.filters import Age, StoreFilter
from vsync.manage.owner import Whose
from vsync.manage.protected import Protected
from vsync.report.observer import Observer
from vsync.system.stop import Stop

ACME = ("acme/docs", "default")
ALL = Rules(every=True)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        yield made


def given(*words: str, with_files: bool = False, shared: bool = False, **rules: Any) -> StoresWanted:
    return StoresWanted(list(words), rules=Rules(**rules), with_files=with_files, shared=shared)


def filtered(
    chosen: StoreFilter | None = None, *, with_files: bool = False, shared: bool = False, **rules: Any
) -> StoresWanted:
    return StoresWanted(None, chosen or StoreFilter(), Rules(**rules), with_files, shared)


def reasons(report: BulkReport) -> dict[str, str]:
    found = {**{spared.id: spared.reason for spared in report.deleted.spared}}
    return found | {spared.id: spared.reason for spared in (report.files.spared if report.files else ())}


def failures(report: BulkReport) -> dict[str, int | None]:
    return {failure.id: failure.status_code for failure in report.deleted.failed}


# --- By ids and names ---------------------------------------------------------------------------------------


def test_stores_go_by_id_and_by_name_and_others_stay(project: Project) -> None:
    one, two, other = project.store("docs"), project.store("api"), project.store("other")
    report = project.delete(given(one, "api"))
    assert (report.deleted.success, report.exit_code) == ([one, two], 0)
    assert project.stores() == {other}
    assert report.requests == {"GET /vector_stores": 1, "DELETE /vector_stores/{id}": 2}


def test_the_files_of_a_store_stay(project: Project) -> None:
    file = project.file()
    report = project.delete(given(project.store("docs", file)))
    assert report.files is None
    assert project.files() == {file}


def test_an_empty_list_is_nothing_to_do_and_no_request(project: Project) -> None:
    project.store()
    report = project.delete(given())
    assert (report.message.startswith("Nothing was done"), report.exit_code) == (True, 0)
    assert project.wire.sent == []


@pytest.mark.parametrize("word", ["vs_none", "none", "..", "a/b", "", "é", "x" * 600, "vs_1?a=b", "\udcff", "vs 1"])
def test_what_does_not_exist_fails_and_the_others_go(project: Project, word: str) -> None:
    store = project.store()
    report = project.delete(given(word, store))
    assert (failures(report), report.deleted.success, report.exit_code) == ({word: 404}, [store], 1)


@pytest.mark.parametrize(("word", "status"), [("vs_none", 404), ("..", 400), ("a/b", 400), ("", 400), ("docs", 404)])
def test_a_name_is_nothing_where_only_ids_count(project: Project, word: str, status: int) -> None:
    project.store("docs")
    assert failures(project.delete(given(word, names=False))) == {word: status}
    assert len(project.stores()) == 1


@pytest.mark.parametrize("word", ["vs_none", "none"])
def test_what_does_not_exist_may_be_no_failure(project: Project, word: str) -> None:
    report = project.delete(given(word, missing_ok=True))
    assert (reasons(report), report.exit_code) == ({word: "it does not exist"}, 0)


def test_a_page_does_not_say_that_a_store_does_not_exist(project: Project) -> None:
    project.wire.when("GET /vector_stores/*", answer(404, "<html>Not found</html>"))
    report = project.delete(given("vs_1", missing_ok=True))
    assert (failures(report), reasons(report), report.exit_code) == ({"vs_1": 404}, {}, 1)


def test_an_id_that_the_api_takes_for_none_may_be_a_name_that_does_not_exist(project: Project) -> None:
    project.wire.when("GET /vector_stores/*", refuse(400, "Expected an ID that begins with 'vs'."))
    assert failures(project.delete(given("docs"))) == {"docs": 404}
    assert failures(project.delete(given("docs", names=False))) == {"docs": 400}


def test_an_empty_text_does_not_mean_a_store_without_a_name(project: Project) -> None:
    project.store("")
    assert failures(project.delete(given(""))) == {"": 404}
    assert len(project.stores()) == 1


def test_a_name_of_several_stores_is_refused_with_their_ids(project: Project) -> None:
    stores = [project.store("docs"), project.store("docs")]
    with pytest.raises(StoreConflict) as conflict:
        project.delete(given("docs"))
    assert all(store in str(conflict.value) for store in stores)
    assert project.delete(given(stores[0])).deleted.success == [stores[0]]


def test_an_id_means_that_store_although_another_has_it_as_a_name(project: Project) -> None:
    store = project.store("docs")
    other = project.store(store)
    assert project.delete(given(store)).deleted.success == [store]
    assert project.stores() == {other}


def test_an_id_that_the_listing_lacks_does_not_mean_a_store_of_that_name(project: Project) -> None:
    store = project.store("docs")
    other = project.store(store)
    project.wire.when("GET /vector_stores", alter(lambda page: page["data"].pop(0)))
    assert project.delete(given(store)).deleted.success == [store]
    assert project.stores() == {other}


@pytest.mark.parametrize("earlier", [False, True])
def test_an_id_whose_store_is_gone_does_not_mean_a_store_of_that_name(project: Project, earlier: bool) -> None:
    store = project.store("docs")
    other = project.store(store)
    project.remove(f"/vector_stores/{store}")
    report = project.delete(given(store), earlier=frozenset({store} if earlier else ()))
    assert project.stores() == {other}
    if earlier:
        assert (report.deleted.success, report.exit_code) == ([store], 0)
    else:
        (failure,) = report.deleted.failed
        assert failure.status_code == 404
        assert f"It is the name of {other}" in failure.error


def test_duplicates_are_told_and_count_once(project: Project) -> None:
    store = project.store("docs")
    report = project.delete(given(store, store, "docs"))
    assert report.deleted.success == [store]
    assert report.warnings == ["1 id was given more than once.", f"{store} was given by its id and by its name."]


def test_each_word_for_a_store_is_told_before_it_goes(project: Project) -> None:
    told: list[str] = []
    store, other = project.store("docs"), project.store("other")
    project.delete(given("docs", store, other), begun=told.append)
    assert sorted(told) == sorted(["docs", store, other])


def test_an_expired_store_goes(project: Project) -> None:
    store = project.store("docs", expires_after={"anchor": "last_active_at", "days": 1})
    project.now += 2 * DAY
    assert project.delete(given(store)).deleted.success == [store]


# --- By a filter --------------------------------------------------------------------------------------------


def test_a_filter_finds_what_it_means(project: Project) -> None:
    old = project.store("pr-1")
    project.now += 40 * DAY
    new = project.store("pr-2")
    wanted = filtered(StoreFilter(names=("pr-*",), age=Age(30 * DAY)))
    assert project.delete(wanted).deleted.success == [old]
    assert project.stores() == {new}


def test_nothing_says_what_is_meant(project: Project) -> None:
    with pytest.raises(ConfigurationError):
        project.delete(filtered())
    assert project.wire.sent == []


def test_a_filter_that_matches_everything_needs_a_word(project: Project) -> None:
    stores = {project.store("docs"), project.store("docs")}
    with pytest.raises(LimitExceeded, match="2 vector stores of 2"):
        project.delete(filtered(StoreFilter(names=("d*",))))
    assert project.stores() == stores
    assert set(project.delete(filtered(StoreFilter(names=("d*",)), every=True)).deleted.success) == stores


def test_an_empty_pattern_does_not_mean_what_has_no_name(project: Project) -> None:
    project.store("")
    project.store("docs")
    with pytest.raises(ConfigurationError, match="is empty"):
        project.delete(StoresWanted(filter=StoreFilter(names=("doc?", ""))))
    assert len(project.stores()) == 2


def test_everything_can_be_meant_without_a_filter(project: Project) -> None:
    stores = {project.store(), project.store()}
    assert set(project.delete(filtered(every=True)).deleted.success) == stores
    assert project.delete(filtered(every=True)).message.startswith("Nothing was done")


def test_only_what_an_owner_owns_goes(project: Project) -> None:
    ours, theirs = project.store(owner=ACME), project.store(owner=("other/docs", "default"))
    plain = project.store()
    assert project.delete(filtered(StoreFilter(whose=Whose(True, "acme/docs")))).deleted.success == [ours]
    assert project.stores() == {theirs, plain}


# --- What the manifest names --------------------------------------------------------------------------------


def test_a_store_of_a_target_is_refused_when_it_is_named(project: Project) -> None:
    store, other = project.store("docs"), project.store("other")
    protected = Protected({store: ("default", "api")})
    for word in (store, "docs"):
        with pytest.raises(LimitExceeded, match=r"docs; target default, api"):
            project.delete(given(other, word), protected=protected)
    assert project.stores() == {store, other}
    report = project.delete(given(store, force=True), protected=protected)
    assert report.deleted.success == [store]
    assert [text.split(" of ")[0] for text in report.breaks] == ["the target 'default'", "the target 'api'"]


def test_a_store_breaks_nothing_where_its_target_has_no_document_in_it(project: Project) -> None:
    store = project.store("docs")
    protected = Protected({store: ("old", "api")}, {}, frozenset({(store, "old")}))
    report = project.delete(given(store, force=True), protected=protected)
    assert report.breaks == [f"the target 'api' of this repository (store {store})"]
    (note,) = report.notes
    assert note.startswith(
        f"No document of the target 'old' of this repository is recorded in {store}. If the config still"
    )


def test_a_document_that_goes_with_the_store_of_a_target_without_documents_is_said_to_break(project: Project) -> None:
    file = project.file()
    ours, old = project.store("docs", file), project.store("old", file)
    protected = Protected({ours: ("default",), old: ("old",)}, {file: "a.md of default"}, frozenset({(old, "old")}))
    report = project.delete(given(old, with_files=True, shared=True, force=True), protected=protected)
    assert (report.breaks, len(report.notes)) == (["a.md of default"], 1)


def test_a_store_of_a_target_is_spared_when_a_filter_finds_it(project: Project) -> None:
    store, other = project.store(), project.store()
    report = project.delete(filtered(every=True), protected=Protected({store: ("default",)}))
    assert report.deleted.success == [other]
    assert "target default" in reasons(report)[store]


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_that_the_manifest_names_stays_when_another_store_lists_it(project: Project, shared: bool) -> None:
    file = project.file()
    ours, other = project.store("docs", file), project.store("copy", file)
    protected = Protected({ours: ("default",)}, {file: "a.md of default"})
    report = project.delete(given(other, with_files=True, shared=shared), protected=protected)
    assert (project.files(), project.stores()) == ({file}, {ours})
    assert file in reasons(report)


def test_a_file_that_a_sync_has_put_into_the_store_and_not_published_stays(project: Project) -> None:
    file = project.file()
    ours, other = project.store("docs", file), project.store("copy", file)
    wanted = given(other, with_files=True, shared=True)
    report = project.delete(wanted, protected=Protected({ours: ("default",)}))
    assert (project.files(), project.entries(ours), project.stores()) == ({file}, {file}, {ours})
    assert f"a File in its store {ours} (target default)" in reasons(report)[file]


def test_it_goes_by_force_and_the_report_says_what_breaks(project: Project) -> None:
    file = project.file()
    ours, other = project.store("docs", file), project.store("copy", file)
    protected = Protected({ours: ("default",)}, {file: "a.md of default"})
    report = project.delete(given(other, with_files=True, shared=True, force=True), protected=protected)
    assert (report.breaks, project.files(), project.entries(ours)) == (["a.md of default"], set(), set())


# --- With their Files ---------------------------------------------------------------------------------------


def test_the_files_go_first_and_then_the_store(project: Project) -> None:
    files = [project.file(), project.file()]
    store = project.store("docs", *files)
    stays = project.file()
    report = project.delete(given(store, with_files=True))
    assert report.files is not None
    assert set(report.files.success) == set(files)
    assert (project.files(), project.stores()) == ({stays}, set())
    assert str(project.wire.sent[-1]) == f"DELETE /vector_stores/{store}"


def test_two_hundred_files_take_204_requests(project: Project) -> None:
    store = project.store("docs", *[project.file() for _ in range(200)])
    report = project.delete(given(store, with_files=True))
    assert sum(report.requests.values()) == len(project.wire.sent) == 204
    assert project.files() == set()


def test_a_file_that_another_store_uses_stays_unless_shared_ones_go(project: Project) -> None:
    file, own = project.file(), project.file()
    store, other = project.store("docs", file, own), project.store("other", file)
    report = project.delete(given(store, with_files=True), dry_run=True)
    assert reasons(report) == {file: f"another vector store uses it: {other}"}
    report = project.delete(given(store, with_files=True))
    assert project.files() == {file}
    assert project.entries(other) == {file}


def test_a_shared_file_is_taken_out_of_the_store_that_stays_before_it_goes(project: Project) -> None:
    file = project.file()
    store, other = project.store("docs", file), project.store("other", file)
    project.delete(given(store, with_files=True, shared=True))
    assert (project.files(), project.entries(other)) == (set(), set())
    deletes = [str(sent) for sent in project.wire.of("DELETE /*/*/*/*") + project.wire.of("DELETE /*/*")]
    assert deletes == [
        f"DELETE /vector_stores/{other}/files/{file}",
        f"DELETE /files/{file}",
        f"DELETE /vector_stores/{store}",
    ]


def test_a_file_that_two_chosen_stores_share_goes_once(project: Project) -> None:
    file = project.file()
    stores = [project.store("a", file), project.store("b", file)]
    report = project.delete(given(*stores, with_files=True))
    assert report.files is not None
    assert report.files.success == [file]
    assert len(project.wire.of("DELETE /files/*")) == 1
    assert project.stores() == set()


def test_only_files_whose_entries_show_the_owner_go(project: Project) -> None:
    ours, theirs, plain = project.file(), project.file(), project.file()
    store = project.store(owner=ACME)
    project.attach(store, ours, **of_vsync())
    project.attach(store, theirs, **of_vsync("other/docs"))
    project.attach(store, plain)
    project.store()
    report = project.delete(filtered(StoreFilter(whose=Whose(source="acme/docs")), with_files=True))
    assert (project.files(), report.deleted.success) == ({theirs, plain}, [store])
    assert set(reasons(report)) == {theirs, plain}


def test_files_of_vsync_stay_when_what_is_not_vsyncs_is_meant(project: Project) -> None:
    ours, plain = project.file(), project.file()
    store = project.store("given to vsync", plain)
    project.attach(store, ours, **of_vsync())
    project.store(owner=ACME)
    project.delete(filtered(StoreFilter(whose=Whose(owned=False)), with_files=True))
    assert project.files() == {ours}


def test_a_file_that_shows_the_owner_in_one_chosen_store_and_not_in_the_other_stays(project: Project) -> None:
    file = project.file()
    first, second = project.store(owner=ACME), project.store(owner=ACME)
    project.attach(first, file, **of_vsync())
    project.attach(second, file)
    project.store()
    report = project.delete(filtered(StoreFilter(whose=Whose(owned=True)), with_files=True))
    assert project.files() == {file}
    assert [spared.id for spared in (report.files.spared if report.files else ())] == [file]


def test_the_files_of_an_expired_store_cannot_be_told(project: Project) -> None:
    file = project.file()
    store = project.store("docs", file, expires_after={"anchor": "last_active_at", "days": 1})
    project.now += 2 * DAY
    report = project.delete(given(store, with_files=True))
    assert (report.deleted.success, project.files()) == ([store], {file})
    assert not project.wire.of("GET /vector_stores/*/files")
    assert "expired" in report.warnings[0]
    assert "Look for Files that no store lists afterwards." in report.warnings[0]


def test_a_dry_run_of_a_filter_that_matches_everything_is_shown(project: Project) -> None:
    stores = {project.store("a"), project.store("b")}
    report = project.delete(filtered(StoreFilter(empty=True), only_shows=True), dry_run=True)
    assert {*report.deleted.success} == stores
    assert report.warnings[0].startswith("The filter matches everything: 2 vector stores of 2.")


def test_a_plan_tells_how_far_it_has_read(project: Project) -> None:
    class Heard(Observer):
        def __init__(self) -> None:
            self.steps = Counter[str]()

        def advance(self, name: str) -> None:
            self.steps[name] += 1

    heard = Heard()
    for number in range(3):
        project.store(f"s{number}", project.file(f"{number}.md"))
    wanted = StoresWanted(None, StoreFilter(names=("s*",)), ALL, with_files=True)
    project.run(lambda api: plan_stores(wanted, api, Working(observer=heard)))
    assert heard.steps == {"listing stores": 1, "reading stores": 3}


# --- Listings that lag behind -------------------------------------------------------------------------------


def hide(*file_ids: str) -> Fault:
    """A listing that does not show these entries."""

    def change(page: dict[str, Any]) -> None:
        page["data"] = [item for item in page["data"] if item["id"] not in file_ids]

    return alter(change)


def test_a_listing_that_lags_behind_is_read_once_more(project: Project) -> None:
    hidden, shown = project.file(), project.file()
    store = project.store("docs", hidden, shown)
    project.wire.when("GET /vector_stores/*/files", hide(hidden), times=1)
    report = project.delete(given(store, with_files=True))
    assert (project.files(), report.warnings, project.waits) == (set(), [], [2.0])


def test_files_that_a_listing_never_shows_stay_and_the_report_says_so(project: Project) -> None:
    hidden, shown = project.file(), project.file()
    store = project.store("docs", hidden, shown)
    project.wire.when("GET /vector_stores/*/files", hide(hidden))
    report = project.delete(given(store, with_files=True))
    assert project.files() == {hidden}
    assert "shows 1 of 2 entries" in report.warnings[0]


def test_a_listing_is_whole_when_somebody_has_removed_entries_meanwhile(project: Project) -> None:
    files = [project.file(), project.file()]
    store = project.store("docs", *files)
    project.wire.when(
        "GET /vector_stores/*/files", call(lambda: project.remove(f"/vector_stores/{store}/files/{files[0]}")), times=1
    )
    report = project.delete(given(store, with_files=True))
    assert (report.warnings, project.files()) == ([], {files[0]})


def test_where_the_server_shows_only_the_first_page_of_stores_nothing_goes(project: Project) -> None:
    async def without_cursor(sent: Sent, forward: Forward) -> httpx2.Response:
        sent.query = {key: value for key, value in sent.query.items() if key != "after"}
        return await forward()

    file = project.file()
    first, *_ = [project.store(f"docs-{number}", *([file] if number in {0, 100} else [])) for number in range(101)]
    project.wire.when("GET /vector_stores", without_cursor)
    with pytest.raises(EndlessListing, match="the same 100 items"):
        project.delete(StoresWanted([first], with_files=True))
    assert file in project.files()


def test_a_file_that_only_a_stale_listing_hides_is_asked_for_and_stays(project: Project) -> None:
    file, more = project.file(), [project.file() for _ in range(3)]
    store, other = project.store("docs", file, *more), project.store("other", file)
    project.wire.when(f"GET /vector_stores/{other}/files", hide(file))
    project.delete(given(store, with_files=True))
    assert project.files() == {file}


# --- Faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what", ["GET /vector_stores", "GET /vector_stores/*/files", "DELETE /files/*", "DELETE /vector_stores/*"]
)
@pytest.mark.parametrize(
    "fault",
    [
        cut(),
        lose(),
        unreachable(),
        refuse(429, "slow down"),
        refuse(429, "slow down", headers={"retry-after": "7"}),
        refuse(500, "sorry"),
        refuse(503, "later"),
        answer(502, "<html>bad gateway</html>"),
        answer(200, "<html>welcome</html>"),
        answer(200, b"{"),
    ],
    ids=["cut", "lose", "unreachable", "429", "429 with a wait", "500", "503", "502", "page", "half"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_what_passes_is_no_failure(project: Project, what: str, fault: Fault, times: int) -> None:
    stores = [project.store("a", project.file()), project.store("b", project.file())]
    project.wire.when(what, fault, times=times)
    report = project.delete(given(*stores, with_files=True))
    assert (report.exit_code, report.deleted.success, report.deleted.failed) == (0, stores, [])
    assert (project.stores(), project.files()) == (set(), set())


def test_what_somebody_else_has_deleted_meanwhile_is_deleted(project: Project) -> None:
    files = [project.file(), project.file()]
    store = project.store("docs", *files)

    def meanwhile() -> None:
        project.remove(f"/vector_stores/{store}")
        project.remove(f"/files/{files[0]}")

    report = project.delete(given(store, with_files=True), between=meanwhile)
    assert (report.exit_code, report.deleted.success) == (0, [store])


def test_a_store_that_goes_while_it_is_listed_has_no_files(project: Project) -> None:
    file = project.file()
    store = project.store("docs", file)
    project.wire.when("GET /vector_stores/*/files", call(lambda: project.remove(f"/vector_stores/{store}")), times=1)
    report = project.delete(given(store, with_files=True))
    assert (report.exit_code, project.files()) == (0, {file})


def test_a_store_of_which_a_file_cannot_be_deleted_stays_and_the_next_run_goes_on(project: Project) -> None:
    bad, good = project.file(), project.file()
    held, free = project.store("held", bad, good), project.store("free", project.file())
    project.wire.when(f"DELETE /files/{bad}", refuse(500, "sorry", headers={"x-request-id": "req_9"}))
    report = project.delete(given(held, free, with_files=True))
    assert (failures(report), report.deleted.success, report.exit_code) == ({held: 500}, [free], 1)
    assert report.deleted.failed[0].request_id == "req_9"
    assert report.files is not None
    assert [failure.id for failure in report.files.failed] == [bad]
    assert project.files() == {bad}
    project.wire.calm()
    assert project.delete(given(held, with_files=True)).exit_code == 0
    assert (project.stores(), project.files()) == (set(), set())


def test_no_store_is_tried_when_the_files_have_ended_the_job(project: Project) -> None:
    store, empty = project.store("docs", project.file()), project.store("empty")
    project.wire.when("DELETE /files/*", refuse(401, "Incorrect API key"))
    report = project.delete(given(store, empty, with_files=True))
    assert failures(report) == {store: 401, empty: 401}
    assert project.wire.of("DELETE /vector_stores/*") == []


ENDS: list[tuple[Fault, type[VsyncError], int | None]] = [
    (refuse(401, "Incorrect API key"), CredentialsRefused, 401),
    (refuse(403, "Missing scopes"), PermissionDenied, 403),
    (answer(403, "<html>Access denied</html>"), GatewayRefused, 403),
    (unreachable(), ApiUnavailable, None),
    (refuse(429, "slow down", headers={"retry-after": "900"}), ApiUnavailable, 429),
    (refuse(429, "no money", code="insufficient_quota"), ApiUnavailable, 429),
]


@pytest.mark.parametrize(
    ("fault", "error", "status"), ENDS, ids=["401", "403", "gateway", "unreachable", "wait", "quota"]
)
@pytest.mark.parametrize("what", ["DELETE /files/*", "DELETE /vector_stores/*"])
def test_what_ends_the_job_is_told_with_what_was_done(
    project: Project, what: str, fault: Fault, error: type[VsyncError], status: int | None
) -> None:
    stores = [project.store(f"s{number}", project.file()) for number in range(6)]
    project.wire.when(what, fault, skip=3)
    report = project.delete(given(*stores, with_files=True), concurrency=2)
    assert (type(report.error), report.exit_code) == (error, 3)
    assert report.files is not None
    asked = {*report.deleted.success, *failures(report)}
    assert asked == set(stores)
    assert {failure.status_code for failure in report.deleted.failed} == {status}
    assert project.stores() == set(stores) - set(report.deleted.success)
    assert len(report.files.success) == 6 - len(project.files())
    assert any("not tried: " in failure.error for failure in report.deleted.failed)
    project.wire.calm()
    assert project.delete(given(*project.stores(), with_files=True)).exit_code == 0
    assert (project.stores(), project.files()) == (set(), set())


@pytest.mark.parametrize(
    ("fault", "error", "status"), ENDS, ids=["401", "403", "gateway", "unreachable", "wait", "quota"]
)
@pytest.mark.parametrize("what", ["GET /vector_stores", "GET /vector_stores/*/files", "GET /vector_stores/*/files/*"])
def test_what_ends_the_plan_deletes_nothing(
    project: Project, what: str, fault: Fault, error: type[VsyncError], status: int | None
) -> None:
    store = project.store("docs", project.file())
    project.store("other", project.file())
    project.wire.when(what, fault)
    with pytest.raises(error):
        project.delete(given(store, with_files=True))
    assert not [sent for sent in project.wire.sent if sent.method == "DELETE"]


@pytest.mark.parametrize("status", [400, 409, 500])
@pytest.mark.parametrize("what", ["GET /vector_stores", "GET /vector_stores/*/files", "GET /vector_stores/*/files/*"])
def test_a_refusal_in_the_plan_is_an_error_of_ours(project: Project, what: str, status: int) -> None:
    store = project.store("docs", project.file())
    project.store("other", project.file())
    project.wire.when(what, refuse(status, "sorry"))
    with pytest.raises(ApiUnavailable):
        project.delete(given(store, with_files=True))


def test_a_look_up_that_is_refused_is_the_failure_of_that_store_alone(project: Project) -> None:
    store = project.store()
    project.wire.when("GET /vector_stores/*", refuse(500, "sorry"))
    report = project.delete(given("vs_new", store))
    assert (failures(report), report.deleted.success) == ({"vs_new": 500}, [store])


@pytest.mark.parametrize("fault", [unreachable(), refuse(500, "sorry")], ids=["unreachable", "500"])
def test_one_store_that_fails_for_ever_does_not_take_for_ever(project: Project, fault: Fault) -> None:
    project.wire.when("DELETE /vector_stores/*", fault)
    report = project.delete(given(project.store()))
    assert report.exit_code != 0
    assert len(project.wire.of("DELETE /vector_stores/*")) == 8


def test_it_is_said_whom_the_delete_of_shared_files_hurts(project: Project) -> None:
    shared, other = project.file(), project.file()
    store, staying = project.store("docs", shared, other), project.store("theirs", shared)
    report = project.delete(given(store, with_files=True, shared=True), dry_run=True)
    (warning,) = report.warnings
    assert warning == f"1 of these Files is used by other stores that stay: theirs ({staying}). They lose it."
    assert project.delete(given(store, with_files=True), dry_run=True).warnings == []


# --- Stopped ------------------------------------------------------------------------------------------------


def stopping(stop: Stop, at: int) -> Callable[[object], None]:
    seen: list[object] = []

    def watch(sent: Any) -> None:
        if sent.method == "DELETE" and sent.status is None:
            seen.append(sent)
            if len(seen) == at:
                stop.request(signal.SIGTERM)

    return watch


@pytest.mark.parametrize("at", [1, 2, 5, 9])
def test_a_signal_stops_between_two_requests_and_all_is_told(project: Project, at: int) -> None:
    stop = Stop()
    stores = [project.store(f"s{number}", project.file()) for number in range(5)]
    project.wire.watchers.append(stopping(stop, at))
    report = project.delete(given(*stores, with_files=True), stop=stop, concurrency=1)
    assert (type(report.error), report.exit_code) == (Interrupted, 143)
    assert {*report.deleted.success, *failures(report)} == set(stores)
    assert project.stores() == set(stores) - set(report.deleted.success)
    assert len(project.wire.of("DELETE /*/*")) == at
    project.wire.calm()
    project.delete(given(*stores, with_files=True, missing_ok=True))
    assert (project.stores(), project.files()) == (set(), set())


def test_a_store_whose_files_were_not_tried_was_not_tried_either(project: Project) -> None:
    stop = Stop()
    stores = [project.store(f"s{number}", project.file()) for number in range(3)]
    project.wire.watchers.append(stopping(stop, 1))
    report = project.delete(given(*stores, with_files=True), stop=stop, concurrency=1)
    assert report.files is not None
    assert len(report.files.success) == 1
    assert len(report.all_failed) == 5  # three stores, and two Files
    assert {failure.error for failure in report.all_failed} == {"not tried: Interrupted by SIGTERM."}
    assert "failed" not in report.message
    assert remedies_of(report) == []


def test_a_store_is_not_tried_when_the_api_went_away_among_its_files(project: Project) -> None:
    store = project.store("s", project.file(), project.file(), project.file())
    project.wire.when("DELETE /files/*", unreachable())
    report = project.delete(given(store, with_files=True), concurrency=1)
    assert report.exit_code == 3
    (held,) = report.deleted.failed
    assert held.error.startswith("not tried: ")


def test_a_store_whose_file_was_refused_has_failed_although_the_job_ended_early(project: Project) -> None:
    stop = Stop()
    store = project.store("s", project.file(), project.file())
    project.wire.when("DELETE /files/*", refuse(400, "no"), times=1)
    project.wire.watchers.append(stopping(stop, 1))
    report = project.delete(given(store, with_files=True), stop=stop, concurrency=1)
    (held,) = report.deleted.failed
    assert (held.status_code, held.error[:34]) == (400, "1 File of it could not be deleted,")


def test_a_signal_while_a_request_waits_for_its_next_try_ends_the_job(project: Project) -> None:
    stop = Stop()
    store = project.store()
    project.wire.watchers.append(stopping(stop, 1))
    project.wire.when("DELETE /vector_stores/*", refuse(503, "later"))
    report = project.delete(given(store), stop=stop)
    assert report.exit_code == 143
    assert "not known" in report.deleted.failed[0].error


# --- Runs that follow ---------------------------------------------------------------------------------------


def test_what_an_earlier_run_has_deleted_is_success(project: Project) -> None:
    store = project.store()
    report = project.delete(given("vs_gone", "gone", store), earlier=frozenset({"vs_gone", "gone"}))
    assert (report.deleted.success, report.exit_code) == (["vs_gone", "gone", store], 0)


@pytest.mark.parametrize("listed", [True, False])
def test_what_an_earlier_run_began_to_delete_and_what_is_there_all_the_same_is_deleted_now(
    project: Project, listed: bool
) -> None:
    store = project.store()
    if not listed:
        project.wire.when("GET /vector_stores", alter(lambda page: page["data"].clear()))
    report = project.delete(given(store), earlier=frozenset({store}))
    assert (report.deleted.success, project.stores()) == ([store], set())


def test_a_store_that_has_the_name_again_is_not_taken_for_the_deleted_one(project: Project) -> None:
    store = project.store("docs")
    report = project.delete(given("docs"), earlier=frozenset({"docs"}))
    assert (report.deleted.success, project.stores()) == ([store], set())


def test_a_dry_run_tells_the_same_and_changes_nothing(project: Project) -> None:
    file, shared = project.file(), project.file()
    stores = [project.store("a", file, shared), project.store("b")]
    project.store("c", shared)
    wanted = given(*stores, "vs_none", with_files=True)
    there = project.stores() | project.files()
    project.delete(wanted, dry_run=True)  # the store has indexed all when it was asked once
    shown = project.delete(wanted, dry_run=True).to_json()
    assert project.stores() | project.files() == there
    done = project.delete(wanted).to_json()
    assert (shown["dry_run"], done["dry_run"]) == (True, False)
    for name in ("success", "failed", "spared", "files", "bytes"):
        assert shown[name] == done[name]


def test_a_hundred_thousand_ids_that_do_not_exist_take_one_request(project: Project) -> None:
    store = project.store()
    words = [f"vs_{number:024}" for number in range(100_000)]
    report = project.delete(given(*words, store))
    assert (len(report.deleted.failed), report.deleted.success) == (100_000, [store])
    assert len(project.wire.sent) == 2


def test_a_server_that_says_that_it_has_deleted_another_store_is_not_believed(project: Project) -> None:
    store = project.store("docs")
    project.store("other")
    other_answer = answer(200, '{"id": "vs_other", "object": "vector_store.deleted", "deleted": true}')
    project.wire.when("DELETE /vector_stores/*", other_answer)
    report = project.delete(given(store))
    assert (report.deleted.success, [failure.id for failure in report.deleted.failed]) == ([], [store])
