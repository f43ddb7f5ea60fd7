"""What happens to batches as time passes."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.embedded.helpers import Clock, ask, batch, content, line, results, send
from vsync.embedded import EmbeddedStore, batch_answers, batch_run, result_file

DAY = 24 * 3600


@pytest.fixture
def slow(tmp_path: Path, clock: Clock) -> Iterator[EmbeddedStore]:
    """A store whose batches take 100 seconds."""
    store = EmbeddedStore(tmp_path / "slow.db", clock=clock, batch_delay_s=100)
    yield store
    store.close()


def of(store: EmbeddedStore, batch_id: str) -> Any:
    answer = ask(store, "GET", f"/batches/{batch_id}")
    assert [each for each in ask(store, "GET", "/batches")["data"] if each["id"] == batch_id] == [answer]
    return answer


def counts(answer: Any) -> tuple[int, int, int]:
    found = answer["request_counts"]
    return found["total"], found["completed"], found["failed"]


def many(count: int, failing: int = 0) -> list[bytes]:
    """The last ones fail."""
    return [line(f"id-{n}", body={"model": "vsync-fail-429" if n >= count - failing else "m"}) for n in range(count)]


def test_a_batch_goes_through_its_states_and_shows_how_far_it_is(slow: EmbeddedStore, clock: Clock) -> None:
    batch_id, began = batch(slow, *many(10, failing=2)), int(clock.now)
    seen, answer = [], of(slow, batch_id)
    for _ in range(11):
        answer = of(slow, batch_id)
        seen.append((answer["status"], counts(answer)))
        clock.now += 10
    assert seen == [
        ("validating", (0, 0, 0)),
        ("validating", (0, 0, 0)),
        ("in_progress", (10, 0, 0)),
        ("in_progress", (10, 1, 0)),
        ("in_progress", (10, 3, 0)),
        ("in_progress", (10, 4, 1)),
        ("in_progress", (10, 5, 1)),
        ("in_progress", (10, 7, 1)),
        ("finalizing", (10, 8, 2)),
        ("finalizing", (10, 8, 2)),
        ("completed", (10, 8, 2)),
    ]
    times = ("created_at", "in_progress_at", "finalizing_at", "completed_at")
    assert [answer[name] - began for name in times] == [0, 20, 80, 100]
    assert (answer["failed_at"], answer["expired_at"], answer["cancelled_at"]) == (None, None, None)
    assert answer["model"] == "m"


@pytest.mark.parametrize("failure", [TypeError("a validated line is no request"), RecursionError(), UnicodeError("x")])
def test_a_batch_that_cannot_be_run_ends_and_is_in_nobody_s_way(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    batch_id = batch(store, *many(3, failing=1))

    def refuse(batch_id: str, custom_id: str, answer: batch_answers.Answer) -> bytes:
        if custom_id == "id-1":
            raise failure
        return b"{}\n"

    monkeypatch.setattr(batch_answers, "answered_line", refuse)
    clock.now += 10
    files = [file["purpose"] for file in ask(store, "GET", "/files")["data"]]
    assert files == ["batch"]
    answer = of(store, batch_id)
    assert (answer["status"], answer["output_file_id"], answer["error_file_id"]) == ("failed", None, None)
    (error,) = answer["errors"]["data"]
    assert error["code"] == "server_error"
    assert type(failure).__name__ in error["message"]
    monkeypatch.undo()
    other = batch(store, line())
    clock.now += 10
    assert of(store, other)["status"] == "completed"


def test_results_are_two_files_that_are_joined_by_custom_id(store: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(store, *many(5, failing=2))
    clock.now += 10
    answer = of(store, batch_id)
    done, failed = results(store, answer["output_file_id"]), results(store, answer["error_file_id"])
    assert list(done) != sorted(done)
    assert sorted([*done, *failed]) == [f"id-{n}" for n in range(5)]
    assert {each["response"]["status_code"] for each in done.values()} == {200}
    assert {each["response"]["status_code"] for each in failed.values()} == {429}
    text = done["id-1"]["response"]["body"]["choices"][0]["message"]["content"]
    assert text == "[vsync embedded store] canned answer to request id-1"
    used = [each["response"]["body"]["usage"]["total_tokens"] for each in done.values()]
    assert answer["usage"]["total_tokens"] == sum(used) > 0


def test_a_file_of_results_is_listed_and_lives_for_thirty_days(store: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(store, line())
    clock.now += 10
    answer = of(store, batch_id)
    (file,) = ask(store, "GET", "/files?purpose=batch_output")["data"]
    assert (file["id"], file["filename"]) == (answer["output_file_id"], f"{batch_id}_output.jsonl")
    assert file["created_at"] == answer["completed_at"]
    assert file["expires_at"] == file["created_at"] + 30 * DAY
    clock.now += 30 * DAY
    assert send(store, "GET", f"/files/{file['id']}/content").status == 404
    assert of(store, batch_id)["output_file_id"] == file["id"]


def test_results_live_as_long_as_was_asked_for(store: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(store, *many(2, failing=1), output_expires_after={"anchor": "created_at", "seconds": 3600})
    clock.now += 10
    answer = of(store, batch_id)
    for file_id in (answer["output_file_id"], answer["error_file_id"]):
        file = ask(store, "GET", f"/files/{file_id}")
        assert file["expires_at"] == file["created_at"] + 3600


@pytest.mark.parametrize(("failing", "missing"), [(3, "output_file_id"), (0, "error_file_id")])
def test_there_is_no_file_without_a_line(store: EmbeddedStore, clock: Clock, failing: int, missing: str) -> None:
    batch_id = batch(store, *many(3, failing))
    clock.now += 10
    answer = of(store, batch_id)
    assert (answer["status"], answer[missing]) == ("completed", None)
    assert len(ask(store, "GET", "/files?purpose=batch_output")["data"]) == 1


def test_an_input_with_mistakes_fails_and_names_their_lines(slow: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(slow, line("a"), b"{\n", line("a"))
    clock.now += 20
    answer = of(slow, batch_id)
    assert (answer["status"], answer["failed_at"], answer["in_progress_at"]) == ("failed", int(clock.now), None)
    assert answer["errors"]["object"] == "list"
    assert [(each["line"], each["code"]) for each in answer["errors"]["data"]] == [
        (2, "invalid_json_line"),
        (3, "duplicate_custom_id"),
    ]
    assert (answer["output_file_id"], answer["error_file_id"], counts(answer)) == (None, None, (0, 0, 0))
    clock.now += 2 * DAY
    assert of(slow, batch_id) == answer


def test_a_cancelled_batch_keeps_what_it_had_got_to(slow: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(slow, *many(10, failing=2))
    clock.now += 50
    answer = ask(slow, "POST", f"/batches/{batch_id}/cancel")
    assert (answer["status"], answer["cancelling_at"], counts(answer)) == ("cancelling", int(clock.now), (10, 4, 1))
    clock.now += 19
    again = ask(slow, "POST", f"/batches/{batch_id}/cancel")
    assert again == answer
    clock.now += 1
    answer = of(slow, batch_id)
    assert (answer["status"], answer["cancelled_at"], counts(answer)) == ("cancelled", int(clock.now), (10, 4, 1))
    assert (answer["finalizing_at"], answer["completed_at"]) == (None, None)
    assert set(results(slow, answer["output_file_id"])) == {"id-0", "id-1", "id-2", "id-3"}
    assert set(results(slow, answer["error_file_id"])) == {"id-8"}


@pytest.mark.parametrize(("seconds", "done"), [(0, 0), (19, 0), (90, 3)])
def test_a_batch_may_be_cancelled_before_and_after_the_work(
    slow: EmbeddedStore, clock: Clock, seconds: int, done: int
) -> None:
    batch_id = batch(slow, *many(3))
    clock.now += seconds
    ask(slow, "POST", f"/batches/{batch_id}/cancel")
    clock.now += 1000
    answer = of(slow, batch_id)
    assert (answer["status"], answer["request_counts"]["completed"]) == ("cancelled", done)
    assert (answer["output_file_id"] is None) == (done == 0)


def test_a_batch_that_takes_a_day_expires_with_what_it_had_got_to(tmp_path: Path, clock: Clock) -> None:
    store = EmbeddedStore(tmp_path / "s.db", clock=clock, batch_delay_s=2 * DAY)
    batch_id = batch(store, *many(10))
    clock.now += DAY - 1
    assert of(store, batch_id)["status"] == "in_progress"
    clock.now += 1
    answer = of(store, batch_id)
    assert (answer["status"], answer["expired_at"], answer["expires_at"]) == ("expired", int(clock.now), int(clock.now))
    assert counts(answer) == (10, 5, 5)
    assert set(results(store, answer["output_file_id"])) == {f"id-{n}" for n in range(5)}
    expired = results(store, answer["error_file_id"])
    assert {each["error"]["code"] for each in expired.values()} == {"batch_expired"}
    assert {each["response"] for each in expired.values()} == {None}
    assert set(expired) == {f"id-{n}" for n in range(5, 10)}
    store.close()


def test_a_batch_may_expire_before_it_is_validated(tmp_path: Path, clock: Clock) -> None:
    store = EmbeddedStore(tmp_path / "s.db", clock=clock, batch_delay_s=10 * DAY)
    batch_id = batch(store, *many(3))
    clock.now += DAY
    answer = of(store, batch_id)
    assert (answer["status"], counts(answer), answer["in_progress_at"]) == ("expired", (0, 0, 0), None)
    store.close()


def test_without_a_delay_the_next_request_shows_the_end(tmp_path: Path, clock: Clock) -> None:
    store = EmbeddedStore(tmp_path / "s.db", clock=clock, batch_delay_s=0)
    assert of(store, batch(store, line()))["status"] == "completed"
    store.close()


def test_a_batch_keeps_its_delay_when_another_process_looks(tmp_path: Path, slow: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(slow, line())
    looking = EmbeddedStore(tmp_path / "slow.db", clock=clock)
    clock.now += 99
    assert of(looking, batch_id)["status"] == "finalizing"
    clock.now += 1
    assert of(looking, batch_id)["status"] == "completed"
    looking.close()


def test_whoever_looks_late_sees_when_the_batch_ended(store: EmbeddedStore, clock: Clock) -> None:
    batch_id, began = batch(store, line()), int(clock.now)
    clock.now += 31 * DAY
    # The input has expired by now, and the results as well. The batch was completed in time all the same.
    assert ask(store, "GET", "/files")["data"] == []
    answer = of(store, batch_id)
    assert (answer["status"], answer["completed_at"]) == ("completed", began + 1)


@pytest.mark.parametrize("seconds", [10, 50])
def test_a_batch_whose_input_is_deleted_fails(slow: EmbeddedStore, clock: Clock, seconds: int) -> None:
    batch_id = batch(slow, line())
    clock.now += seconds
    file = of(slow, batch_id)["input_file_id"]
    ask(slow, "DELETE", f"/files/{file}")
    clock.now += 100
    answer = of(slow, batch_id)
    assert answer["status"] == "failed"
    assert [each["code"] for each in answer["errors"]["data"]] == ["file_not_found"]


def test_a_cancelled_batch_whose_input_is_deleted_is_cancelled(slow: EmbeddedStore, clock: Clock) -> None:
    batch_id = batch(slow, line())
    clock.now += 50
    ask(slow, "POST", f"/batches/{batch_id}/cancel")
    ask(slow, "DELETE", f"/files/{of(slow, batch_id)['input_file_id']}")
    clock.now += 100
    answer = of(slow, batch_id)
    assert (answer["status"], answer["output_file_id"]) == ("cancelled", None)


def test_a_request_does_not_run_batches_for_longer_than_its_share(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = batch(store, line())
    monkeypatch.setattr(batch_run, "BUDGET_S", 0.0)
    clock.now += 10
    states = [ask(store, "GET", f"/batches/{batch_id}")["status"] for _ in range(2)]
    assert states == ["finalizing", "completed"]


def full(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_a_disk_that_is_full_leaves_the_batch_as_it_was(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = batch(store, *many(3))
    clock.now += 10
    with monkeypatch.context() as broken:
        broken.setattr(batch_run, "_end", full)
        assert send(store, "GET", f"/batches/{batch_id}").status == 500
    assert len(results(store, of(store, batch_id)["output_file_id"])) == 3
    assert len(ask(store, "GET", "/files")["data"]) == 2


def test_another_process_may_have_run_a_batch_first(
    tmp_path: Path, store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = batch(store, line())
    other = EmbeddedStore(tmp_path / "store.db", clock=clock)
    clock.now += 10
    write = store._database.write

    def after_the_other() -> Any:
        monkeypatch.undo()
        ask(other, "GET", "/batches")
        return write()

    monkeypatch.setattr(store._database, "write", after_the_other)
    assert of(store, batch_id)["status"] == "completed"
    assert len(ask(store, "GET", "/files?purpose=batch_output")["data"]) == 1
    other.close()


def test_a_large_batch_is_run_in_bounded_memory(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_file, "SHUFFLED_BYTES", 100_000)
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 20_000}]}
    batch_id = batch(store, *(line(f"id-{n}", body=body) for n in range(1_000)))
    clock.now += 10
    tracemalloc.start()
    answer = of(store, batch_id)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts(answer) == (1_000, 1_000, 0)
    assert len(content(store, answer["output_file_id"])) > 500_000
    assert len(results(store, answer["output_file_id"])) == 1_000
    assert peak < 6_000_000


def test_any_request_runs_what_is_due(store: EmbeddedStore, clock: Clock) -> None:
    batch(store, line())
    clock.now += 10
    ask(store, "GET", "/vector_stores")
    clock.now -= 10
    assert len(ask(store, "GET", "/files?purpose=batch_output")["data"]) == 1
