"""Files of the project are deleted in bulk, and taken out of the stores that list them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import DAY, Project, of_vsync, project_in
from tests.support.wire import Fault, alter, answer, call, cut, lose, refuse, unreachable
from vsync.errors import (
    ApiUnavailable,
    ConfigurationError,
    CredentialsRefused,
    LimitExceeded,
    PermissionDenied,
    StoreConflict,
)
from vsync.manage import usage
from vsync.manage.bulk_report import BulkReport
from vsync.manage.chosen import Rules
from vsync.manage.delete_files import FilesWanted, files_matching, safe_filter, used_by
from vsync.manage.delete_files import plan_files as plan
from vsync.manage.each import Working
from vsync.manage.filters import Age, FileFilter
from vsync.manage.owner import Whose
from vsync.manage.protected import Protected
from vsync.store.client import Api
from vsync.system.stop import Stop

UNATTACHED = FileFilter(attached=False)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        yield made


def given(*words: str, **rules: Any) -> FilesWanted:
    return FilesWanted(list(words), rules=Rules(**rules))


def filtered(chosen: FileFilter | None = None, **rules: Any) -> FilesWanted:
    return FilesWanted(None, chosen or FileFilter(), Rules(**rules))


def failures(report: BulkReport) -> dict[str, int | None]:
    return {failure.id: failure.status_code for failure in report.deleted.failed}


def hide(*file_ids: str) -> Fault:
    def change(page: dict[str, Any]) -> None:
        page["data"] = [item for item in page["data"] if item["id"] not in file_ids]

    return alter(change)


# --- By ids and names ---------------------------------------------------------------------------------------


def test_files_go_by_id_and_by_name_and_others_stay(project: Project) -> None:
    one, two, other = project.file("one.md"), project.file("two.md"), project.file("other.md")
    report = project.delete(given(one, "two.md"))
    assert (report.deleted.success, report.exit_code, report.bytes) == ([one, two], 0, 8)
    assert project.files() == {other}


def test_a_file_is_taken_out_of_each_store_first(project: Project) -> None:
    file = project.file()
    stores = [project.store("a", file), project.store("b", file)]
    project.store("c", project.file())
    project.delete(given(file))
    assert [project.entries(store) for store in stores] == [set(), set()]
    sent = [str(sent) for sent in project.wire.sent if sent.method == "DELETE"]
    assert set(sent[:2]) == {f"DELETE /vector_stores/{store}/files/{file}" for store in stores}
    assert sent[2:] == [f"DELETE /files/{file}"]


def test_an_empty_list_is_nothing_to_do_and_no_request(project: Project) -> None:
    project.file()
    assert project.delete(given()).message.startswith("Nothing was done")
    assert project.wire.sent == []


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("word", ["file-none", "none.md", "..", "a/b", "", "é", "x" * 600, "\udcff"])
def test_what_does_not_exist_fails_and_the_others_go(project: Project, word: str, many: bool) -> None:
    files = [project.file() for _ in range(25 if many else 2)]
    report = project.delete(given(word, *files))
    assert (failures(report), report.deleted.success, report.exit_code) == ({word: 404}, files, 1)


@pytest.mark.parametrize(("word", "status"), [("file-none", 404), ("..", 400), ("", 400), ("a.md", 404)])
def test_a_name_is_nothing_where_only_ids_count(project: Project, word: str, status: int) -> None:
    project.file("a.md")
    assert failures(project.delete(given(word, names=False))) == {word: status}


@pytest.mark.parametrize("many", [False, True])
def test_what_does_not_exist_may_be_no_failure(project: Project, many: bool) -> None:
    files = [project.file() for _ in range(25 if many else 1)]
    report = project.delete(given("file-none", "none.md", *files, missing_ok=True))
    assert (len(report.deleted.spared), report.exit_code) == (2, 0)


def test_a_page_does_not_say_that_a_file_does_not_exist(project: Project) -> None:
    project.wire.when("GET /files/*", answer(404, "<html>Not found</html>"))
    report = project.delete(given("file-1", missing_ok=True))
    assert (failures(report), report.exit_code) == ({"file-1": 404}, 1)


def test_a_file_without_a_name_is_not_meant_by_an_empty_text(project: Project) -> None:
    file = project.file()
    project.wire.when("GET /files", alter(lambda page: page["data"][0].update(filename="")))
    assert failures(project.delete(given(""))) == {"": 404}
    assert project.files() == {file}


def test_a_name_of_several_files_is_refused_with_their_ids(project: Project) -> None:
    files = [project.file("a.md"), project.file("a.md")]
    with pytest.raises(StoreConflict) as conflict:
        project.delete(given("a.md"))
    assert all(file in str(conflict.value) for file in files)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("listed", [True, False])
def test_an_id_means_that_file_although_another_has_it_as_a_name(project: Project, many: bool, listed: bool) -> None:
    file = project.file()
    other = project.file(file)
    files = [project.file() for _ in range(25 if many else 0)]
    if not listed:
        project.wire.when("GET /files", hide(file))
    assert project.delete(given(file, *files)).deleted.success == [file, *files]
    assert project.files() == {other}


@pytest.mark.parametrize("earlier", [False, True])
def test_an_id_whose_file_is_gone_does_not_mean_a_file_of_that_name(project: Project, earlier: bool) -> None:
    file = project.file()
    other = project.file(file)
    project.remove(f"/files/{file}")
    report = project.delete(given(file), earlier=frozenset({file} if earlier else ()))
    assert project.files() == {other}
    if earlier:
        assert (report.deleted.success, report.exit_code) == ([file], 0)
    else:
        (failure,) = report.deleted.failed
        assert failure.status_code == 404
        assert f"It is the name of {other}" in failure.error


def test_many_ids_take_one_listing(project: Project) -> None:
    files = [project.file() for _ in range(30)]
    report = project.delete(given(*files))
    assert report.requests == {"GET /files": 1, "GET /vector_stores": 1, "DELETE /files/{id}": 30}


def test_a_hundred_thousand_ids_that_do_not_exist_take_one_request(project: Project) -> None:
    report = project.delete(given(*[f"file-{number:024}" for number in range(100_000)]))
    assert len(report.deleted.failed) == 100_000
    assert report.exit_code == 1
    assert len(project.wire.sent) == 1


def test_an_answer_about_another_file_deletes_nothing(project: Project) -> None:
    file, other = project.file(), project.file()
    project.wire.when(f"GET /files/{file}", alter(lambda data: data.update(id=other)))
    with pytest.raises(ApiUnavailable):
        project.delete(given(file))
    assert project.files() == {file, other}


@pytest.mark.parametrize("many", [False, True])
def test_what_an_earlier_run_has_deleted_is_success(project: Project, many: bool) -> None:
    files = [project.file() for _ in range(25 if many else 1)]
    report = project.delete(given("file-gone", "gone.md", *files), earlier=frozenset({"file-gone", "gone.md"}))
    assert (report.deleted.success, report.exit_code) == (["file-gone", "gone.md", *files], 0)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("listed", [True, False])
def test_what_an_earlier_run_began_to_delete_and_what_is_there_all_the_same_is_deleted_now(
    project: Project, many: bool, listed: bool
) -> None:
    file = project.file()
    files = [project.file() for _ in range(25 if many else 0)]
    if not listed:
        project.wire.when("GET /files", hide(file))
    report = project.delete(given(file, *files), earlier=frozenset({file}))
    assert (report.deleted.success, project.files()) == ([file, *files], set())


def test_a_file_that_has_the_name_again_is_not_taken_for_the_deleted_one(project: Project) -> None:
    file = project.file("a.md")
    report = project.delete(given("a.md"), earlier=frozenset({"a.md"}))
    assert (report.deleted.success, project.files()) == ([file], set())


def test_each_word_for_a_file_is_told_before_it_goes(project: Project) -> None:
    told: list[str] = []
    file = project.file("one.md")
    project.delete(given("one.md", file), begun=told.append)
    assert told == ["one.md", file]


# --- What the manifest names --------------------------------------------------------------------------------


def test_a_file_of_the_manifest_is_refused_when_it_is_named_and_spared_when_a_filter_finds_it(project: Project) -> None:
    file, other = project.file("a.md"), project.file("b.md")
    protected = Protected({}, {file: "docs/a.md of default"})
    for word in (file, "a.md"):
        with pytest.raises(LimitExceeded, match=r"docs/a\.md of default"):
            project.delete(given(other, word), protected=protected)
    assert project.files() == {file, other}
    report = project.delete(filtered(every=True), protected=protected)
    assert (project.files(), report.deleted.spared[0].id) == ({file}, file)
    report = project.delete(given(file, force=True), protected=protected)
    assert (project.files(), report.breaks) == (set(), ["docs/a.md of default"])


# --- By a filter --------------------------------------------------------------------------------------------


def test_a_file_that_a_sync_has_put_into_the_store_and_not_published_is_not_taken_from_it(project: Project) -> None:
    file, other = project.file("a.md"), project.file("b.md")
    store = project.store("docs", file)
    protected = Protected({store: ("default",)})
    with pytest.raises(LimitExceeded, match=rf"{file} \(a File in its store {store} \(target default\)\)"):
        project.delete(given(file, other), protected=protected)
    assert project.entries(store) == {file}
    for chosen in (FileFilter(names=("*.md",)), FileFilter(attached=True)):
        report = project.delete(filtered(chosen, every=True), protected=protected)
        assert [spared.id for spared in report.deleted.spared] == [file]
        assert project.entries(store) == {file}
    assert project.delete(given(file, force=True), protected=protected).deleted.success == [file]


def test_nothing_says_what_is_meant(project: Project) -> None:
    with pytest.raises(ConfigurationError):
        project.delete(filtered())
    assert project.wire.sent == []


@pytest.mark.parametrize("chosen", [FileFilter(names=("",)), FileFilter(purposes=("batch", ""))])
def test_an_empty_pattern_does_not_mean_what_has_no_name(project: Project, chosen: FileFilter) -> None:
    project.file("")
    with pytest.raises(ConfigurationError, match="is empty"):
        project.delete(FilesWanted(filter=chosen, rules=Rules(every=True)))
    assert len(project.files()) == 1


def test_a_filter_that_matches_everything_needs_a_word(project: Project) -> None:
    files = {project.file(), project.file()}
    with pytest.raises(LimitExceeded, match="2 Files of 2"):
        project.delete(filtered(FileFilter(names=("*.md",))))
    assert project.files() == files
    assert set(project.delete(filtered(FileFilter(names=("*.md",)), every=True)).deleted.success) == files


def test_a_filter_of_names_takes_files_out_of_their_stores_too(project: Project) -> None:
    file, other = project.file("a.md"), project.file("b.md")
    store = project.store("docs", file, other)
    project.delete(filtered(FileFilter(names=("a.*",))))
    assert (project.files(), project.entries(store)) == ({other}, {other})


def test_unattached_files_are_old_ones_of_the_usual_purpose(project: Project) -> None:
    old, attached = project.file(), project.file()
    batch = project.file("b.jsonl", "{}", "user_data")
    store = project.store("docs", attached)
    project.now += 2 * DAY
    new = project.file()
    report = project.delete(filtered(UNATTACHED))
    assert report.deleted.success == [old]
    assert project.files() == {attached, batch, new}
    assert project.entries(store) == {attached}
    assert report.warnings == []
    left_out, age = report.notes
    assert left_out.startswith("1 File of another purpose is left out")
    assert age.startswith("Only Files older than a day")


def test_other_purposes_are_named_only_where_there_are_such_files(project: Project) -> None:
    attached, small = project.file("a.md", "x", "user_data"), project.file("b.md", "x", "user_data")
    project.store("docs", attached)
    project.now += 2 * DAY
    unattached = FileFilter(attached=False, age=Age(DAY))
    (note,) = project.delete(filtered(unattached), dry_run=True).notes
    assert note.startswith("1 File of another purpose")
    project.remove(f"/files/{small}")
    assert project.delete(filtered(unattached), dry_run=True).notes == []


def test_other_purposes_and_ages_can_be_meant(project: Project) -> None:
    file, batch = project.file(), project.file("b.jsonl", "{}", "user_data")
    report = project.delete(filtered(FileFilter(attached=False, purposes=("user_data",), age=Age(0))))
    assert (report.deleted.success, report.warnings) == ([batch], [])
    assert project.files() == {file}
    chosen = FileFilter(attached=True)
    assert safe_filter(chosen) == (chosen, [])
    assert safe_filter(UNATTACHED)[0].purposes == ("assistants",)
    assert safe_filter(FileFilter(attached=False, age=Age(newer_than_s=9)))[0].age == Age(DAY, 9)


def test_a_file_of_an_expired_store_is_unattached(project: Project) -> None:
    file = project.file()
    project.store("docs", file, expires_after={"anchor": "last_active_at", "days": 1})
    project.store("other", project.file())
    project.now += 2 * DAY
    assert project.delete(filtered(UNATTACHED)).deleted.success == [file]


def test_only_an_owners_files_go(project: Project) -> None:
    ours, theirs, both, plain = (project.file() for _ in range(4))
    store, other = project.store("docs", plain), project.store("other")
    project.attach(store, ours, **of_vsync())
    project.attach(store, theirs, **of_vsync("other/docs"))
    project.attach(store, both, **of_vsync())
    project.attach(other, both)
    report = project.delete(filtered(FileFilter(whose=Whose(True, "acme/docs"))))
    assert report.deleted.success == [ours]
    assert project.files() == {theirs, both, plain}


# --- Listings that lag behind -------------------------------------------------------------------------------


def test_a_file_that_only_a_stale_listing_hides_is_not_unattached(project: Project) -> None:
    used, unused = project.file(), project.file()
    store = project.store("docs", used)
    project.now += 2 * DAY
    project.wire.when(f"GET /vector_stores/{store}/files", hide(used))
    assert project.delete(filtered(UNATTACHED)).deleted.success == [unused]
    assert project.files() == {used}


def test_a_file_that_somebody_else_uses_in_a_stale_store_is_not_an_owners_alone(project: Project) -> None:
    both, other = project.file(), project.file()
    store, stale = project.store("docs"), project.store("stale", other)
    project.attach(store, both, **of_vsync())
    project.attach(stale, both)
    project.wire.when(f"GET /vector_stores/{stale}/files", hide(both))
    report = project.delete(filtered(FileFilter(whose=Whose(owned=True))))
    assert (report.deleted.success, project.files()) == ([], {both, other})


def test_a_file_is_taken_out_of_a_store_whose_listing_hides_it(project: Project) -> None:
    file, other = project.file("a.md"), project.file("b.md")
    more = [project.file("c.md") for _ in range(3)]
    stale = project.store("stale", file, other, *more)
    project.wire.when(f"GET /vector_stores/{stale}/files", hide(file))
    project.delete(filtered(FileFilter(names=("[ab].md",))))
    assert (project.entries(stale), project.files()) == (set(more), set(more))


def test_where_it_takes_too_many_questions_nothing_is_deleted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_QUESTIONS", 3)
    used = project.file()
    files = [project.file() for _ in range(4)]
    store = project.store("docs", used)
    project.now += 2 * DAY
    project.wire.when(f"GET /vector_stores/{store}/files", hide(used))
    with pytest.raises(ApiUnavailable, match=f"listing of {store}"):
        project.delete(filtered(UNATTACHED))
    assert project.files() == {used, *files}


def test_the_bound_of_questions_is_not_for_stores_that_are_asked_because_that_is_cheaper(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_QUESTIONS", 3)
    file = project.file()
    for _ in range(5):
        project.store("docs", project.file())
    assert project.delete(given(file)).deleted.success == [file]


@pytest.mark.parametrize(
    ("files", "entries", "requests"),
    [(1, 1, 1), (1, 150, 1), (2, 1, 1), (2, 150, 2), (3, 150, 2), (30, 1, 1)],
)
def test_a_store_is_listed_or_asked_whichever_takes_fewer_requests(
    project: Project, files: int, entries: int, requests: int
) -> None:
    wanted = [project.file() for _ in range(files)]
    project.store("docs", *[project.file() for _ in range(entries)])
    project.delete(given(*wanted), dry_run=True)
    assert (
        len(project.wire.of("GET /vector_stores/*/files") + project.wire.of("GET /vector_stores/*/files/*")) == requests
    )


def test_a_store_that_goes_while_it_is_asked_uses_nothing(project: Project) -> None:
    file = project.file()
    store = project.store("docs", file)
    project.wire.when("GET /vector_stores/*/files/*", call(lambda: project.remove(f"/vector_stores/{store}")), times=1)
    assert project.delete(given(file)).exit_code == 0
    assert project.files() == set()


def test_a_store_that_expires_while_it_is_asked_uses_nothing(project: Project) -> None:
    file = project.file()
    project.store("docs", file, expires_after={"anchor": "last_active_at", "days": 1})

    def days_pass() -> None:
        project.now += 2 * DAY

    project.wire.when("GET /vector_stores/*/files/*", call(days_pass), times=1)
    assert project.delete(given(file)).exit_code == 0
    assert project.files() == set()


def test_a_store_that_says_that_it_has_expired_uses_nothing(project: Project) -> None:
    file = project.file()
    project.store("docs", file)
    project.wire.when("GET /vector_stores/*/files/*", refuse(400, "The vector store has expired.", code="expired"))
    assert project.delete(given(file)).exit_code == 0


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("by_filter", [False, True])
def test_an_expired_store_is_not_asked(project: Project, number: int, by_filter: bool) -> None:
    files = [project.file() for _ in range(number)]
    project.store("docs", *files, expires_after={"anchor": "last_active_at", "days": 1})
    project.now += 2 * DAY
    other = project.file()
    wanted = filtered(FileFilter(attached=False)) if by_filter else given(*files)
    assert set(project.delete(wanted).deleted.success) == set(files)
    assert project.files() == {other}
    assert not [sent for sent in project.wire.sent if sent.path.startswith("/vector_stores/")]


# --- Listing ------------------------------------------------------------------------------------------------


def test_ten_thousand_files_are_listed_in_one_request(project: Project) -> None:
    file = project.file()

    def ten_thousand(page: dict[str, Any]) -> None:
        (one,) = page["data"]
        page["data"] = [{**one, "id": f"{file}{number}"} for number in range(10_000)]

    project.wire.when("GET /files", alter(ten_thousand))

    async def listed(api: Api) -> int:
        matching, _, there_are = await files_matching(FileFilter(), api, Working())
        assert there_are == len(matching)
        return there_are

    assert project.run(listed) == 10_000
    assert len(project.wire.sent) == 1


def test_the_uses_of_files_are_told_where_they_are_asked_for(project: Project) -> None:
    file, other = project.file("a.md"), project.file("b.md")
    store = project.store("docs")
    project.attach(store, file, **of_vsync(path="docs/a.md"))
    project.attach(store, other)

    async def listed(api: Api) -> list[tuple[str, str]]:
        matching, found, _ = await files_matching(FileFilter(names=("a*",)), api, Working(), with_usage=True)
        assert list(matching) == list(found.uses) == [file]
        return [(use.store_name, use.path) for use in found.of(file)]

    assert project.run(listed) == [("docs", "docs/a.md")]


def test_how_many_files_are_in_use_is_told(project: Project) -> None:
    free, used = project.file(), project.file()
    store = project.store("docs", used)

    async def told(api: Api, file_id: str) -> str:
        return used_by(await plan(given(file_id), api, Working()))

    assert project.run(lambda api: told(api, free)) == ""
    assert project.run(lambda api: told(api, used)) == f"1 File is in use by 1 vector store: {store}"


# --- Faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what",
    [
        "GET /files/*",
        "GET /vector_stores",
        "GET /vector_stores/*/files/*",
        "DELETE /vector_stores/*/files/*",
        "DELETE /files/*",
    ],
)
@pytest.mark.parametrize(
    "fault",
    [
        cut(),
        lose(),
        unreachable(),
        refuse(429, "slow down"),
        refuse(500, "sorry"),
        refuse(503, "later"),
        answer(502, "<html>no</html>"),
    ],
    ids=["cut", "lose", "unreachable", "429", "500", "503", "502"],
)
def test_what_passes_is_no_failure(project: Project, what: str, fault: Fault) -> None:
    files = [project.file(), project.file()]
    store = project.store("docs", *files, *[project.file() for _ in range(110)])
    project.wire.when(what, fault, times=2)
    report = project.delete(given(*files))
    assert (report.exit_code, report.deleted.success) == (0, files)
    assert len(project.entries(store)) == len(project.files()) == 110


def test_what_somebody_else_has_deleted_meanwhile_is_deleted(project: Project) -> None:
    files = [project.file(), project.file(), project.file()]
    first, second = project.store("a", *files), project.store("b", *files)

    def meanwhile() -> None:
        project.remove(f"/vector_stores/{first}")
        project.remove(f"/vector_stores/{second}/files/{files[0]}")
        project.remove(f"/files/{files[1]}")

    report = project.delete(given(*files), between=meanwhile)
    assert (report.exit_code, report.deleted.success, project.files()) == (0, files, set())


@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/{}", "DELETE /files/{}"])
def test_one_that_cannot_be_deleted_fails_alone_and_the_next_run_goes_on(project: Project, what: str) -> None:
    files = [project.file() for _ in range(3)]
    project.store("docs", *files)
    project.wire.when(what.format(files[1]), refuse(500, "sorry", headers={"x-request-id": "req_9"}))
    report = project.delete(given(*files))
    assert (failures(report), report.deleted.success) == ({files[1]: 500}, [files[0], files[2]])
    assert report.deleted.failed[0].request_id == "req_9"
    assert project.files() == {files[1]}
    project.wire.calm()
    assert project.delete(given(files[1])).exit_code == 0


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (refuse(401, "Incorrect API key"), CredentialsRefused, 401),
        (refuse(403, "Missing scopes"), PermissionDenied, 403),
        (unreachable(), ApiUnavailable, None),
    ],
    ids=["401", "403", "unreachable"],
)
@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/*", "DELETE /files/*"])
def test_what_ends_the_job_is_told_with_what_was_done(
    project: Project, what: str, fault: Fault, error: type[Exception], status: int | None
) -> None:
    files = [project.file() for _ in range(8)]
    project.store("docs", *files)
    project.wire.when(what, fault, skip=4)
    report = project.delete(given(*files), concurrency=3)
    assert (type(report.error), report.exit_code) == (error, 3)
    assert {*report.deleted.success, *failures(report)} == set(files)
    assert {failure.status_code for failure in report.deleted.failed} == {status}
    assert project.files() == set(files) - set(report.deleted.success)
    project.wire.calm()
    assert project.delete(given(*project.files())).exit_code == 0


@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/*", "DELETE /files/*"])
def test_a_page_that_denies_ends_the_job_and_does_not_ask_for_each(project: Project, what: str) -> None:
    files = [project.file() for _ in range(30)]
    project.store("docs", *files)
    project.wire.when(what, answer(403, "<html>Access denied</html>"))
    report = project.delete(given(*files), concurrency=2)
    assert (report.exit_code, len(failures(report))) == (3, 30)
    assert len(project.wire.of(what)) <= 2


@pytest.mark.parametrize("at", [1, 2, 5, 8])
def test_a_signal_stops_between_two_files_and_all_is_told(project: Project, at: int) -> None:
    stop = Stop()
    files = [project.file() for _ in range(5)]
    project.store("docs", *files)
    deletes: list[object] = []

    def watch(sent: Any) -> None:
        if sent.method == "DELETE" and sent.status is None:
            deletes.append(sent)
            if len(deletes) == at:
                stop.request(signal.SIGINT)

    project.wire.watchers.append(watch)
    report = project.delete(given(*files), stop=stop, concurrency=1)
    assert report.exit_code == 130
    assert {*report.deleted.success, *failures(report)} == set(files)
    assert len(deletes) == at + at % 2  # a File that was taken out of its store is deleted as well
    assert project.files() == set(files) - set(report.deleted.success)
