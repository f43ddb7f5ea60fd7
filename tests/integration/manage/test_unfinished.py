"""What a bulk delete has deleted is kept until the job is through."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from vsync.manage.unfinished import Unfinished

API = "https://api.openai.com/v1"


def job(folder: Path | None, *given: str, kind: str = "stores", api: str = API) -> Unfinished:
    return Unfinished(folder, kind, api, given or ("a", "b"))


def record(folder: Path) -> Path:
    (found,) = (folder / "vsync").iterdir()
    return found


def test_the_next_run_of_the_same_job_knows_what_was_deleted(tmp_path: Path) -> None:
    with job(tmp_path, "a", "b") as first:
        first.note("a")
    assert job(tmp_path, "b", "a", "b").done == {"a"}
    assert stat.S_IMODE(record(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("given", "kind", "api"), [(("a",), "stores", API), (("a", "b"), "files", API), (("a", "b"), "stores", "x")]
)
def test_another_job_does_not(tmp_path: Path, given: tuple[str, ...], kind: str, api: str) -> None:
    with job(tmp_path) as first:
        first.note("a")
    assert job(tmp_path, *given, kind=kind, api=api).done == frozenset()


def test_nothing_is_written_before_something_is_deleted(tmp_path: Path) -> None:
    with job(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_through_leaves_nothing(tmp_path: Path) -> None:
    with job(tmp_path) as first:
        first.note("a")
        first.through()
    assert job(tmp_path).done == frozenset()
    assert list((tmp_path / "vsync").iterdir()) == []
    job(tmp_path).through()


def test_each_run_adds_to_what_the_last_one_deleted(tmp_path: Path) -> None:
    for word in ("a", "b"):
        with job(tmp_path) as one:
            one.note(word)
    assert job(tmp_path).done == {"a", "b"}


def test_a_word_that_was_cut_while_it_was_written_does_not_count_and_spoils_no_other(tmp_path: Path) -> None:
    with job(tmp_path) as first:
        first.note("vs_1")
    with record(tmp_path).open("ab") as file:
        file.write(b"vs_2")
    with job(tmp_path) as second:
        assert second.done == {"vs_1"}
        second.note("vs_30")
    assert job(tmp_path).done == {"vs_1", "vs_30"}


def test_two_runs_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    with job(tmp_path) as one, job(tmp_path) as other:
        one.note("a")
        other.note("b")
        one.note("c")
    assert job(tmp_path).done == {"a", "b", "c"}


def test_names_stand_there_as_they_are(tmp_path: Path) -> None:
    words = {"a\rb", "ü", "x\u2028y", " ", "\x0b"}
    with job(tmp_path) as first:
        for word in words:
            first.note(word)
        first.note("two\nlines")
        first.note("\udcff")
        first.note("last")
    assert job(tmp_path).done == words | {"last"}


def test_without_a_folder_nothing_is_kept() -> None:
    with job(None) as one:
        one.note("a")
        one.through()
    assert job(None).done == frozenset()


def test_a_damaged_record_knows_nothing(tmp_path: Path) -> None:
    with job(tmp_path) as first:
        first.note("a")
    record(tmp_path).write_bytes(b"\xff\xfe\n")
    assert job(tmp_path).done == frozenset()


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path) -> None:
    with job(tmp_path) as first:
        first.note("a")
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    place = record(tmp_path)
    place.unlink()
    place.symlink_to(victim)
    with job(tmp_path) as second:
        second.note("b")
    assert victim.read_text() == "mine\n"


def test_a_pipe_in_its_place_stops_nobody(tmp_path: Path) -> None:
    with job(tmp_path) as first:
        first.note("a")
    place = record(tmp_path)
    place.unlink()
    os.mkfifo(place)
    with job(tmp_path) as second:
        assert second.done == frozenset()
        for _ in range(40_000):  # more than a pipe takes
            second.note("b")


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "vsync").write_text("a file where the folder should be")
    with job(tmp_path) as one:
        one.note("a")
        one.through()
    assert job(tmp_path).done == frozenset()
