from __future__ import annotations

import threading
from collections.abc import Callable
from typing import IO, Any

import httpx2
import pytest

from tests.support.batch_world import BatchWorld
from tests.support.batches import SOURCE, request, request_file, requests_named, sha256
from tests.support.wire import Fault, Forward, QuickStop, Sent, alter, answer, call, cut, lose, refuse
from vsync.batch.batch_report import BatchReport
from vsync.batch.request_files import open_request_file
from vsync.errors import ApiUnavailable, ConfigurationError, Interrupted

A = "batches/a.jsonl"
THREE = requests_named(["one", "two", "three"])


def submitted(report: BatchReport) -> list[str]:
    assert report.error is None, report.error
    return [each.path for each in report.submitted]


def test_a_new_file_is_uploaded_and_gets_a_batch_that_tells_of_it(world: BatchWorld) -> None:
    world.write(A, THREE)

    report = world.submit()

    assert submitted(report) == [A]
    (batch,) = world.batches()
    assert batch["id"] == report.submitted[0].batch_id
    assert (batch["endpoint"], batch["completion_window"]) == ("/v1/responses", "24h")
    made = batch["metadata"]
    assert (made["path"], made["sha256"], made["source"], made["requests"]) == (A, sha256(THREE), SOURCE, "3")
    assert (report.exit_code, report.bytes_uploaded, len(report.pending)) == (0, len(THREE), 1)


def test_a_second_run_has_nothing_to_do(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    world.wire.calm()

    report = world.submit()

    assert (submitted(report), [each.path for each in report.unchanged]) == ([], [A])
    assert not [sent for sent in world.wire.sent if sent.method == "POST"]


def test_a_changed_file_gets_a_batch_of_its_new_content(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    world.write(A, requests_named(["one"]))

    assert submitted(world.submit()) == [A]
    assert len(world.batches()) == 2


def test_a_renamed_copied_and_reverted_file_is_not_paid_again(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    world.write("batches/renamed.jsonl", THREE)
    (world.root / A).unlink()
    assert submitted(world.submit()) == []
    world.write(A, THREE)
    assert submitted(world.submit()) == []
    assert len(world.batches()) == 1


def test_batches_of_another_source_are_not_taken_for_ours_but_named(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.source = "acme/other"
    world.submit()
    world.source = SOURCE

    report = world.submit()

    assert submitted(report) == [A]
    assert "--source-name acme/other" in report.warnings[0]


def test_a_file_that_is_not_sound_is_told_by_line_and_the_others_are_submitted(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.write("batches/bad.jsonl", THREE + b"no json\n" + requests_named(["one"]))

    report = world.submit()

    assert submitted(report) == [A]
    (invalid,) = report.invalid
    assert [mistake.line for mistake in invalid.mistakes] == [4, 5]
    assert report.exit_code == 1
    assert len(world.batches()) == 1


def test_a_run_that_is_told_to_stop_ends_while_it_checks_a_file(
    world: BatchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(A, THREE)
    stop = QuickStop()

    def told(*given: Any) -> IO[bytes]:
        stop.request(2)
        return open_request_file(*given)

    monkeypatch.setattr("vsync.batch.submit.open_request_file", told)
    with pytest.raises(Interrupted):
        world.submit(stop=stop, dry_run=True, keyless=True)


def test_a_dry_run_uploads_and_makes_nothing(world: BatchWorld) -> None:
    world.write(A, THREE)

    report = world.submit(dry_run=True)

    assert [(each.path, each.batch_id) for each in report.submitted] == [(A, None)]
    assert {sent.method for sent in world.wire.sent} == {"GET"}
    assert not (world.root / ".vsync").exists()


def test_a_dry_run_without_a_key_checks_the_files_and_says_what_it_does_not_know(world: BatchWorld) -> None:
    world.write("batches/bad.jsonl", b"no json\n")

    report = world.submit(dry_run=True, keyless=True)

    assert [invalid.path for invalid in report.invalid] == ["batches/bad.jsonl"]
    assert "No key" in report.warnings[0]
    assert report.exit_code == 1


def test_only_the_files_that_are_named_are_submitted(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.write("batches/sub/b.jsonl", requests_named(["b"]))

    assert submitted(world.submit(paths=["sub"])) == ["batches/sub/b.jsonl"]


def test_a_name_that_means_no_file_is_refused_before_any_request(world: BatchWorld) -> None:
    world.write(A, THREE)

    with pytest.raises(ConfigurationError, match="no request file"):
        world.submit(paths=["b.jsonl"])

    assert not world.wire.sent


def test_a_limit_leaves_files_for_another_run(world: BatchWorld) -> None:
    for n in range(3):
        world.write(f"batches/{n}.jsonl", requests_named([str(n)]))

    report = world.submit(limit=2)

    assert (len(submitted(report)), report.left) == (2, ["batches/2.jsonl"])
    assert submitted(world.submit(limit=2)) == ["batches/2.jsonl"]


# --- Lost answers and runs that die ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["POST /files", "POST /batches"])
def test_a_lost_answer_makes_no_second_file_and_no_second_batch(world: BatchWorld, what: str) -> None:
    world.write(A, THREE)
    world.wire.when(what, lose(), times=1)

    report = world.submit()

    assert submitted(report) == [A]
    assert (len(world.batches()), len(world.files("batch"))) == (1, 1)
    assert report.submitted[0].found == (what == "POST /batches")


@pytest.mark.parametrize("what", ["POST /files", "POST /batches"])
def test_a_request_that_never_arrived_is_sent_again(world: BatchWorld, what: str) -> None:
    world.write(A, THREE)
    world.wire.when(what, cut(), times=1)

    assert submitted(world.submit()) == [A]
    assert (len(world.batches()), len(world.files("batch"))) == (1, 1)


def test_a_batch_that_the_listing_shows_too_late_does_not_stay_twice(world: BatchWorld) -> None:
    """The answer is lost, and the listing does not show the batch until a second one was made: then one is cancelled."""
    world.write(A, THREE)
    world.wire.when("POST /batches", lose(), times=1)
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[], has_more=False)), times=6)

    report = world.submit()

    assert sorted(batch["status"] for batch in world.batches()) == ["cancelling", "validating"]
    assert "second batch" in " ".join(report.warnings)


@pytest.mark.parametrize("after", ["POST /files", "POST /batches"])
def test_a_run_that_dies_is_taken_up_without_a_second_upload_or_batch(world: BatchWorld, after: str) -> None:
    world.write(A, THREE)
    stop = QuickStop()

    async def die(_: Sent, forward: Forward) -> httpx2.Response:
        found = await forward()
        stop.request(2)
        return found

    world.wire.when(after, die, times=1)
    report = world.submit(stop=stop)
    assert isinstance(report.error, Interrupted)
    world.wire.calm()

    report = world.submit()

    assert report.error is None
    assert (len(world.batches()), len(world.files("batch"))) == (1, 1)


def test_two_runs_at_the_same_time_leave_one_batch(world: BatchWorld) -> None:
    world.write(A, THREE)
    (world.folder / "elsewhere").mkdir()
    other = BatchWorld(world.folder / "elsewhere")
    other.wire = world.wire
    other.write(A, THREE)
    began: list[bool] = []

    def other_run() -> None:
        if not began:
            began.append(True)
            _in_thread(other.submit)

    world.wire.when("POST /batches", call(other_run), times=1)

    world.submit()

    assert [batch["status"] for batch in world.batches() if batch["status"] != "cancelling"] == ["validating"]


def _in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


# --- What the API refuses -------------------------------------------------------------------------------------


def test_an_exhausted_quota_ends_the_run_and_the_next_one_uses_the_upload(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.wire.when("POST /batches", refuse(429, "You exceeded your current quota.", "insufficient_quota"))

    report = world.submit()

    assert isinstance(report.error, ApiUnavailable)
    assert "quota" in report.error.message
    assert report.exit_code == 3
    world.wire.calm()
    assert submitted(world.submit()) == [A]
    assert len(world.files("batch")) == 1


def test_a_batch_that_the_api_does_not_take_is_told_and_the_others_are_made(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.write("batches/b.jsonl", requests_named(["b"], model="gpt-none"))
    world.wire.when("POST /batches", refuse(400, "The model does not exist.", "model_not_found"), times=1)

    report = world.submit()

    assert (len(report.submitted), [failed.code for failed in report.failed]) == (1, ["model_not_found"])
    assert report.exit_code == 1


@pytest.mark.parametrize(
    "refusal",
    [
        refuse(400, "Billing hard limit has been reached.", "billing"),
        refuse(404, "The model `gpt-none` does not exist or you do not have access to it.", "model_not_found"),
        answer(404, "<html>File not found.</html>"),
    ],
    ids=["money", "model", "a page that is not the API's"],
)
def test_a_batch_that_is_refused_again_and_again_costs_one_upload(world: BatchWorld, refusal: Fault) -> None:
    world.write(A, THREE)
    world.wire.when("POST /batches", refusal)

    for _ in range(3):
        report = world.submit()
        assert not report.submitted

    assert len(world.files("batch")) == 1
    world.wire.calm()
    assert submitted(world.submit()) == [A]
    assert len(world.files("batch")) == 1


def upload_without_a_batch(world: BatchWorld) -> str:
    """The id of the input File of A, of a run that ended before it made the batch."""
    world.write(A, THREE)
    world.wire.when("POST /batches", refuse(400, "Not now."))
    world.submit()
    world.wire.calm()
    (file,) = world.files("batch")
    return str(file["id"])


def test_an_input_file_that_went_after_it_was_listed_is_uploaded_again(world: BatchWorld) -> None:
    gone = upload_without_a_batch(world)
    missing = f"Cannot find file {gone}, or organization org-1 does not have access to it."
    world.wire.when(lambda sent: sent.is_("POST /batches") and sent.json["input_file_id"] == gone, refuse(400, missing))

    assert submitted(world.submit()) == [A]
    assert world.batches()[0]["input_file_id"] != gone


@pytest.mark.parametrize("other", [{"bytes": len(THREE) - 1}, {"filename": "a.jsonl"}, {"status": "error"}])
def test_an_input_file_of_another_name_or_size_is_not_used(world: BatchWorld, other: dict[str, object]) -> None:
    found = upload_without_a_batch(world)
    world.wire.when("GET /files", alter(lambda page: [each.update(other) for each in page["data"]]))

    assert submitted(world.submit()) == [A]
    assert world.batches()[0]["input_file_id"] != found


def test_a_batch_that_is_refused_at_validation_is_told_by_line_and_not_made_again(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    errors = {"object": "list", "data": [{"code": "invalid_json_line", "message": "Bad.", "param": None, "line": 2}]}
    world.wire.when(
        "GET /batches", alter(lambda page: [each.update(status="failed", errors=errors) for each in page["data"]])
    )

    report = world.submit()

    assert not report.submitted
    assert [(failed.path, failed.mistakes[0].line) for failed in report.failed] == [(A, 2)]
    assert report.exit_code == 1
    status = world.status()
    assert (status.refused, status.unsubmitted) == ([A], []), "submit would make no batch of it"


def test_a_refusal_without_a_word_is_told_all_the_same(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    errors = {"object": "list", "data": [{"code": None, "message": None, "param": None, "line": None}]}
    world.wire.when(
        "GET /batches", alter(lambda page: [each.update(status="failed", errors=errors) for each in page["data"]])
    )

    (failed,) = world.submit().failed

    assert (failed.code, failed.mistakes) == ("failed", ())
    assert "without a reason" in failed.message
    assert f"`vsync batch submit --again {A}`" in failed.remedy


def test_a_batch_that_did_not_fit_into_the_queue_is_made_again_without_an_upload(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    errors = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "Full.", "line": None}]}

    def refused(page: dict[str, object]) -> None:
        data = page["data"]
        assert isinstance(data, list)
        for each in data:
            if each["metadata"]["attempt"] == "1":
                each.update(status="failed", errors=errors)

    world.wire.when("GET /batches", alter(refused))

    assert submitted(world.submit()) == [A]
    assert len(world.files("batch")) == 1
    assert sorted(batch["metadata"]["attempt"] for batch in world.batches()) == ["1", "2"]


def test_a_file_that_changes_while_it_is_uploaded_gets_no_batch(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.wire.when("GET /files", call(lambda: world.write(A, requests_named(["other"]))), times=1)

    report = world.submit()

    assert not report.submitted
    assert [failed.code for failed in report.failed] == ["changed"]
    assert (world.batches(), world.files("batch")) == ([], [])


def test_a_run_that_dies_after_the_upload_of_other_bytes_leaves_nothing_that_is_used(world: BatchWorld) -> None:
    other = requests_named(["one", "two", "other"])[: len(THREE)].ljust(len(THREE))
    world.write(A, THREE)
    stop = QuickStop()

    async def die(_: Sent, forward: Forward) -> httpx2.Response:
        stop.request(2)
        return await forward()

    world.wire.when("GET /files", call(lambda: world.write(A, other)), times=1)
    world.wire.when("POST /files", die)
    world.wire.when("DELETE /files/*", cut())
    world.submit(stop=stop)
    world.wire.calm()
    world.write(A, THREE)

    assert submitted(world.submit()) == [A]
    (file,) = world.files("batch")
    assert (file["bytes"], world.batches()[0]["input_file_id"]) == (len(THREE), file["id"])
    (upload,) = [sent.upload.content for sent in world.wire.of("POST /files")]
    assert upload == THREE


def test_again_makes_another_batch_of_the_same_content(world: BatchWorld) -> None:
    world.write(A, THREE)
    world.submit()
    world.pass_time()

    assert submitted(world.submit(again=("a.jsonl",))) == [A]
    assert [batch["metadata"]["attempt"] for batch in world.batches()] == ["1", "2"]


def test_a_file_for_another_endpoint_than_the_one_that_is_allowed_is_not_sound(world: BatchWorld) -> None:
    world.write(A, request_file(request("one", url="/v1/embeddings")))

    assert world.submit(endpoint="/v1/responses").exit_code == 1
    assert not world.wire.sent
