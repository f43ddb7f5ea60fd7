"""Entries are taken out of one vector store in bulk, alone or with their Files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import DAY, Project, of_vsync, project_in
from tests.support.wire import Fault, answer, cut, lose, refuse, unreachable
from vsync.errors import ApiUnavailable, ConfigurationError, CredentialsRefused, LimitExceeded, StoreGone
from vsync.manage.bulk_report import BulkReport
from vsync.manage.chosen import Rules
from vsync.manage.detach_files import EntriesWanted
from vsync.manage.filters import EntryFilter
from vsync.manage.owner import Whose
from vsync.system.stop import Stop


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        yield made


def given(
    store: str, *words: str, with_files: bool = False, shared: bool = False, missing_ok: bool = False
) -> EntriesWanted:
    return EntriesWanted(
        store, list(words), EntryFilter(), Rules(names=False, missing_ok=missing_ok), with_files, shared
    )


def filtered(
    store: str, chosen: EntryFilter | None = None, *, with_files: bool = False, every: bool = False
) -> EntriesWanted:
    return EntriesWanted(store, None, chosen or EntryFilter(), Rules(names=False, every=every), with_files)


def failures(report: BulkReport) -> dict[str, int | None]:
    return {failure.id: failure.status_code for failure in report.deleted.failed}


def test_entries_go_and_their_files_stay(project: Project) -> None:
    files = [project.file() for _ in range(3)]
    store = project.store("docs", *files)
    report = project.delete(given(store, *files[:2]))
    assert (report.deleted.success, report.files, report.exit_code) == (files[:2], None, 0)
    assert project.entries(store) == {files[2]}
    assert project.files() == set(files)


def test_their_files_go_where_they_are_to_go_and_no_other_store_uses_them(project: Project) -> None:
    own, shared = project.file(), project.file()
    store, other = project.store("docs", own, shared), project.store("other", shared)
    wanted = given(store, own, shared, with_files=True)
    shown = project.delete(wanted, dry_run=True)
    report = project.delete(wanted)
    assert report.files is not None
    assert shown.files is not None
    assert shown.deleted.success == report.deleted.success == [own, shared]
    assert shown.files.success == report.files.success == [own]
    assert [spared.id for spared in report.files.spared] == [shared]
    assert (project.entries(store), project.entries(other), project.files()) == (set(), {shared}, {shared})


def test_shared_files_are_taken_out_of_the_other_stores_before_they_go(project: Project) -> None:
    file = project.file()
    store, other = project.store("docs", file), project.store("other", file)
    project.delete(given(store, file, with_files=True, shared=True))
    assert (project.entries(other), project.files()) == (set(), set())
    assert project.wire.of(f"DELETE /vector_stores/{other}/files/{file}")


def test_an_empty_list_is_nothing_to_do_and_no_request(project: Project) -> None:
    assert project.delete(given(project.store())).message.startswith("Nothing was done")
    assert project.wire.sent == []


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("word", "status"), [("file-none", 404), ("..", 400), ("a/b", 400), ("", 400), ("é", 400)])
def test_what_is_not_listed_fails_and_the_others_go(project: Project, word: str, status: int, many: bool) -> None:
    files = [project.file() for _ in range(5 if many else 1)]
    store = project.store("docs", *files)
    report = project.delete(given(store, word, *files))
    assert (failures(report), report.deleted.success, report.exit_code) == ({word: status}, files, 1)


def test_what_is_not_listed_may_be_no_failure(project: Project) -> None:
    report = project.delete(given(project.store(), "file-none", missing_ok=True))
    assert ([spared.id for spared in report.deleted.spared], report.exit_code) == (["file-none"], 0)


def test_a_page_does_not_say_that_an_entry_does_not_exist(project: Project) -> None:
    project.wire.when("GET /vector_stores/*/files/*", answer(404, "<html>Not found</html>"))
    project.wire.when("GET /vector_stores/*/files", answer(404, "<html>Not found</html>"))
    with pytest.raises(ApiUnavailable):
        project.delete(given(project.store(), "file-1", missing_ok=True))
    store = project.store("docs", *[project.file() for _ in range(110)])
    assert failures(project.delete(given(store, "file-1", missing_ok=True))) == {"file-1": 404}


@pytest.mark.parametrize("store", ["vs_none", "..", "a/b", ""])
def test_a_store_that_does_not_exist_has_no_entries(project: Project, store: str) -> None:
    with pytest.raises(StoreGone) as gone:
        project.delete(given(store, "file-1"))
    assert gone.value.answer is not None
    assert gone.value.answer.status == 404


def test_an_expired_store_lists_nothing(project: Project) -> None:
    file = project.file()
    store = project.store("docs", file, expires_after={"anchor": "last_active_at", "days": 1})
    project.now += 2 * DAY
    assert project.delete(filtered(store, every=True)).message.startswith("Nothing was done")


@pytest.mark.parametrize(
    "chosen",
    [
        EntryFilter(paths=("old/*",)),
        EntryFilter(attributes=(("path", "old/*"), ("source", "acme/*"))),
        EntryFilter(whose=Whose(target="old")),
    ],
)
def test_a_filter_finds_what_it_means(project: Project, chosen: EntryFilter) -> None:
    old, new = project.file(), project.file()
    store = project.store()
    project.attach(store, old, **of_vsync(path="old/a.md", target="old"))
    project.attach(store, new, **of_vsync(path="new/a.md"))
    report = project.delete(filtered(store, chosen, with_files=True))
    assert report.deleted.success == [old]
    assert (project.entries(store), project.files()) == ({new}, {new})


def test_an_empty_pattern_does_not_mean_what_has_no_path(project: Project) -> None:
    store = project.store("docs", project.file(), project.file())
    with pytest.raises(ConfigurationError, match="is empty"):
        project.delete(EntriesWanted(store, filter=EntryFilter(paths=("",)), rules=Rules(every=True)))
    assert len(project.entries(store)) == 2


def test_a_filter_that_matches_everything_needs_a_word(project: Project) -> None:
    file = project.file()
    store = project.store("docs", file)
    with pytest.raises(LimitExceeded, match="1 entry of 1"):
        project.delete(filtered(store, EntryFilter(statuses=("completed",))))
    with pytest.raises(ConfigurationError):
        project.delete(filtered(store))
    assert project.delete(filtered(store, every=True)).deleted.success == [file]


@pytest.mark.parametrize(
    "what",
    ["GET /vector_stores/*", "GET /vector_stores/*/files/*", "DELETE /vector_stores/*/files/*", "DELETE /files/*"],
)
@pytest.mark.parametrize(
    "fault",
    [cut(), lose(), unreachable(), refuse(429, "slow down"), refuse(500, "sorry"), answer(502, "<html>no</html>")],
)
def test_what_passes_is_no_failure(project: Project, what: str, fault: Fault) -> None:
    files = [project.file(), project.file()]
    store = project.store("docs", *files, *[project.file() for _ in range(210)])
    project.wire.when(what, fault, times=2)
    report = project.delete(given(store, *files, with_files=True))
    assert (report.exit_code, report.deleted.success) == (0, files)
    assert len(project.entries(store)) == len(project.files()) == 210


def test_a_store_that_somebody_deletes_meanwhile_lists_nothing_and_the_files_still_go(project: Project) -> None:
    files = [project.file() for _ in range(3)]
    store = project.store("docs", *files)
    report = project.delete(
        given(store, *files, with_files=True), between=lambda: project.remove(f"/vector_stores/{store}")
    )
    assert (report.exit_code, report.deleted.success, project.files()) == (0, files, set())


def test_a_file_whose_entry_cannot_be_taken_out_stays(project: Project) -> None:
    bad, good = project.file(), project.file()
    store = project.store("docs", bad, good)
    project.wire.when(f"DELETE /vector_stores/*/files/{bad}", refuse(409, "busy", headers={"x-should-retry": "false"}))
    report = project.delete(given(store, bad, good, with_files=True))
    assert (failures(report), report.deleted.success, report.exit_code) == ({bad: 409}, [good], 1)
    assert (project.entries(store), project.files()) == ({bad}, {bad})


@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/*", "DELETE /files/*"])
def test_what_ends_the_job_is_told_with_what_was_done(project: Project, what: str) -> None:
    files = [project.file() for _ in range(6)]
    store = project.store("docs", *files)
    project.wire.when(what, refuse(401, "Incorrect API key"), skip=3)
    report = project.delete(given(store, *files, with_files=True), concurrency=2)
    assert (type(report.error), report.exit_code) == (CredentialsRefused, 3)
    assert {*report.deleted.success, *failures(report)} == set(files)
    assert project.entries(store) == set(failures(report))
    assert report.files is not None
    assert project.files() == set(files) - set(report.files.success)


@pytest.mark.parametrize("at", [1, 2, 5, 6])
def test_a_signal_stops_between_two_and_leaves_no_file_in_no_store(project: Project, at: int) -> None:
    stop = Stop()
    files = [project.file() for _ in range(5)]
    store = project.store("docs", *files)

    def watch(sent: Any) -> None:
        if sent.status is None and len([one for one in project.wire.sent if one.method == "DELETE"]) == at:
            stop.request(signal.SIGTERM)

    project.wire.watchers.append(watch)
    report = project.delete(given(store, *files, with_files=True), stop=stop, concurrency=1)
    done = (at + 1) // 2
    assert report.files is not None
    assert report.exit_code == 143
    assert report.deleted.success == report.files.success == files[:done]
    assert list(failures(report)) == files[done:]
    assert project.files() == project.entries(store) == set(files[done:])


def test_a_file_that_cannot_be_deleted_fails_although_its_entry_is_out(project: Project) -> None:
    bad, good = project.file(), project.file()
    store = project.store("docs", bad, good)
    project.wire.when(f"DELETE /files/{bad}", refuse(500, "sorry"))
    report = project.delete(given(store, bad, good, with_files=True))
    assert report.files is not None
    assert (report.deleted.success, report.files.success) == ([bad, good], [good])
    assert [(failure.id, failure.status_code) for failure in report.files.failed] == [(bad, 500)]
    assert report.exit_code == 1
