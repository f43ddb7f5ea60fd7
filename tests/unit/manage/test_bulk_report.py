"""What a bulk delete says of each thing that it was asked to delete."""

from __future__ import annotations

import json

import pytest

from vsync.errors import ApiAnswer, ApiUnavailable, CredentialsRefused, Interrupted, VsyncError
from vsync.manage.bulk_report import INTERRUPTED, BulkReport, Deleted, Failure, Spared, failure_of, not_tried
from vsync.store.api_errors import BY_GATEWAY, Refused


def refused(status: int, answer: ApiAnswer | None = None, code: str = "invalid") -> Refused:
    error = Refused(status, code, "no")
    error.answer = answer
    return error


def ended(error: VsyncError, answer: ApiAnswer | None = None) -> VsyncError:
    error.answer = answer
    return error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (refused(409), Failure("a", "no", 409)),
        (refused(500, ApiAnswer(500, "server_error", "req_1")), Failure("a", "no", 500, "req_1")),
        (refused(200, code=BY_GATEWAY), Failure("a", "no", None)),
        (refused(200, ApiAnswer(200), code=BY_GATEWAY), Failure("a", "no", None)),
        (ApiUnavailable("gone", "wait"), Failure("a", "gone", None)),
        (ended(CredentialsRefused("no key"), ApiAnswer(401, "", "req_2")), Failure("a", "no key", 401, "req_2")),
    ],
)
def test_a_failure_has_the_status_of_the_apis_answer_and_no_status_of_success(
    error: Refused | VsyncError, failure: Failure
) -> None:
    assert failure_of("a", error) == failure


def test_what_was_not_tried_has_the_status_of_the_cause() -> None:
    cause = ended(CredentialsRefused("no key", "Look."), ApiAnswer(401, "", "req_2"))
    assert not_tried(["a", "b"], cause) == [
        Failure("a", "not tried: no key", 401),
        Failure("b", "not tried: no key", 401),
    ]
    assert not_tried(["a"], Interrupted(15)) == [Failure("a", "not tried: Interrupted by SIGTERM.")]


def test_a_hundred_thousand_that_were_not_tried_share_one_text() -> None:
    failures = not_tried([str(number) for number in range(100_000)], ApiUnavailable("x" * 1_000))
    assert len(failures) == 100_000
    assert len({id(failure.error) for failure in failures}) == 1


def test_a_failure_without_a_request_id_names_none() -> None:
    assert Failure("a", "no", 500, "req_1").to_json()["request_id"] == "req_1"
    assert Failure("a", "no").to_json() == {"id": "a", "error": "no", "status_code": None}


FULL = Deleted(["a"], [Failure("b", "no", 500)], [Spared("c", "used")])


def test_the_json_tells_of_each_and_can_be_written() -> None:
    report = BulkReport(
        "stores", FULL, FULL, 7, breaks=["t"], warnings=["w"], requests={"GET /files": 1}, duration_s=1.23456
    )
    data = json.loads(json.dumps(report.to_json()))
    of_each = {
        "success": ["a"],
        "failed": [{"id": "b", "error": "no", "status_code": 500}],
        "spared": [{"id": "c", "reason": "used"}],
    }
    assert data == {
        "kind": "stores",
        "dry_run": False,
        **of_each,
        "files": of_each,
        "bytes": 7,
        "breaks": ["t"],
        "message": "1 deleted, 1 of their Files deleted, 1 spared, 2 failed.",
        "warnings": ["w"],
        "requests": {"GET /files": 1},
        "duration_s": 1.235,
        "error": None,
    }
    assert "files" not in BulkReport("files", FULL).to_json()


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (BulkReport("files"), 0),
        (BulkReport("files", Deleted(["a"], (), [Spared("c", "")])), 0),
        (BulkReport("files", FULL), 1),
        (BulkReport("stores", Deleted(["a"]), FULL), 1),
        (BulkReport("files", FULL, error=ApiUnavailable("x")), 3),
        (BulkReport("files", Deleted(["a"]), error=Interrupted(15)), 143),
    ],
)
def test_the_exit_code_says_whether_all_went_well(report: BulkReport, code: int) -> None:
    assert report.exit_code == code


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (BulkReport("stores"), "Nothing was done: nothing was asked for, or nothing matches."),
        (BulkReport("files", Deleted(["a"] * 1_200)), "1,200 deleted."),
        (BulkReport("files", Deleted(["a"]), dry_run=True), "1 would be deleted."),
        (BulkReport("entries", Deleted(["a"])), "1 detached."),
        (
            BulkReport("entries", Deleted(["a"]), Deleted(["a"]), dry_run=True),
            "1 would be detached, 1 of their Files would go.",
        ),
        (BulkReport("stores", Deleted((), [Failure("b", "no")])), "0 deleted, 1 failed."),
        (
            BulkReport("files", Deleted((), [Failure("b", INTERRUPTED), Failure("c", "not tried: no")])),
            "0 deleted, 1 without an answer, 1 not tried.",
        ),
    ],
)
def test_one_sentence_says_what_was_done(report: BulkReport, message: str) -> None:
    assert report.message == message


def test_whether_anything_was_changed() -> None:
    assert BulkReport("files", Deleted(["a"])).did_anything
    assert BulkReport("stores", Deleted(), Deleted(["a"])).did_anything
    assert not BulkReport("files", Deleted(["a"]), dry_run=True).did_anything
    assert not BulkReport("files", Deleted((), [Failure("a", "no")])).did_anything


def test_every_text_of_a_server_can_be_changed_and_no_id_is() -> None:
    report = BulkReport("stores", FULL, FULL, breaks=["b"], warnings=["w"], error=ApiUnavailable("e", "r"))
    data = report.mapped(lambda text: f"<{text}>").to_json()
    assert data["failed"] == data["files"]["failed"] == [{"id": "b", "error": "<no>", "status_code": 500}]
    assert data["spared"] == [{"id": "c", "reason": "<used>"}]
    assert (data["breaks"], data["warnings"], data["error"]) == (["<b>"], ["<w>"], "<e> <r>")
    assert BulkReport("files").mapped(str.upper).files is None


def test_notes_stand_behind_the_warnings_of_the_json() -> None:
    report = BulkReport("files", warnings=["w"], notes=["n"])
    assert report.to_json()["warnings"] == ["w", "n"]
    assert report.mapped(str.upper).to_json()["warnings"] == ["W", "N"]
