"""The calls on batches, over a port: a folder with request files here, and an API on another port behind the server."""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.integration.serve.conftest import OTHER
from tests.integration.serve.test_faults import send_raw, wait_for
from tests.support.batches import SOURCE, requests_named, sha256
from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer, refusal
from tests.support.servers.recording import Answer, Recorded
from vsync.batch.check_requests import check_requests
from vsync.serve.rest import batch_answers
from vsync.serve.rest.app import Access
from vsync.serve.rest.offered_batches import BatchFolders, OfferedBatches

A, B = "batches/a.jsonl", "batches/more/b.jsonl"
THREE = requests_named(["one", "two", "three"])
BAD = requests_named(["one", "one"])
ORIGIN = "https://app.example.com"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The operator's repository."""
    folder = tmp_path / "repository"
    write(folder, A, THREE)
    return folder


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def served(api: ProjectsServer, root: Path, notes: list[str]) -> Iterator[Served]:
    with Served(api.base_url, batches=offered(root, notes), access=Access(origins=[ORIGIN])) as running:
        yield running


def offered(root: Path, notes: list[str]) -> OfferedBatches:
    folders = BatchFolders(root, "batches", "batch-results", SOURCE)
    return OfferedBatches(folders, embedded=True, note=notes.append, wait_s=0.3)


def write(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)


def report_of(answer: httpx2.Response, *, ok: bool = True, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    report = answer.json()
    batch_answers.BatchAnswer.model_validate(report, strict=True)
    assert report["ok"] == ok, answer.text
    return report


def error_of(answer: httpx2.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("param")


def batches_of(api: ProjectsServer, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.ask(key, "GET", "/batches")["data"]
    return found


# --- What the calls do --------------------------------------------------------------------------------------


def test_request_files_are_submitted_listed_and_their_results_are_fetched(
    api: ProjectsServer, served: Served, root: Path
) -> None:
    [first] = report_of(served.call("POST", "/batches/submit"))["submitted"]
    assert (first["path"], first["sha256"], first["requests"]) == (A, sha256(THREE), 3)

    answer = served.call("GET", "/batches")
    assert answer.status_code == 200, answer.text
    batch_answers.BatchList.model_validate(answer.json(), strict=True)
    [row] = answer.json()["batches"]
    assert (row["id"], row["path"], row["ours"], row["fetched"]) == (first["batch_id"], A, True, False)
    assert answer.headers["cache-control"] == "no-store"

    [results] = report_of(served.call("POST", "/batches/fetch"))["fetched"]
    assert (results["results"], results["completed"], results["failed"]) == ("batch-results/a.jsonl", 3, 0)
    lines = [json.loads(line) for line in (root / "batch-results/a.jsonl").read_bytes().splitlines()]
    assert [line["custom_id"] for line in lines] == ["one", "two", "three"]
    assert served.call("GET", "/batches").json()["batches"][0]["fetched"]


def test_the_same_call_again_pays_for_nothing(api: ProjectsServer, served: Served) -> None:
    served.call("POST", "/batches/submit")
    report = report_of(served.call("POST", "/batches/submit", body={}))
    assert (report["submitted"], [each["path"] for each in report["unchanged"]]) == ([], [A])
    assert len(batches_of(api, KEY)) == 1


def test_an_invalid_file_is_named_with_its_lines_and_nothing_is_sent_of_it(
    api: ProjectsServer, served: Served, root: Path
) -> None:
    write(root, B, BAD)
    report = report_of(served.call("POST", "/batches/submit"), ok=False)
    [invalid] = report["invalid"]
    assert (invalid["path"], [mistake["line"] for mistake in invalid["mistakes"]]) == (B, [2])
    assert [each["path"] for each in report["submitted"]] == [A]


def test_the_body_says_which_files_are_meant(served: Served, root: Path) -> None:
    write(root, B, requests_named(["four"]))
    write(root, "batches/c.jsonl", requests_named(["five"]))
    named = report_of(served.call("POST", "/batches/submit", body={"paths": ["more/*"]}))
    assert [each["path"] for each in named["submitted"]] == [B]
    limited = report_of(served.call("POST", "/batches/submit", body={"limit": 1}))
    assert ([each["path"] for each in limited["submitted"]], limited["left"]) == ([A], ["batches/c.jsonl"])
    other = report_of(served.call("POST", "/batches/submit", body={"endpoint": "/v1/embeddings"}), ok=False)
    assert {each["path"] for each in other["invalid"]} == {A, B, "batches/c.jsonl"}


def test_a_file_is_submitted_again_on_demand(api: ProjectsServer, served: Served) -> None:
    served.call("POST", "/batches/submit")
    served.call("POST", "/batches/fetch")
    report = report_of(served.call("POST", "/batches/submit", body={"again": ["a.jsonl"]}))
    assert [each["path"] for each in report["submitted"]] == [A]
    assert len(batches_of(api, KEY)) == 2


@pytest.mark.parametrize("call", ["submit", "fetch"])
def test_a_dry_run_changes_nothing(api: ProjectsServer, served: Served, root: Path, call: str) -> None:
    if call == "fetch":
        served.call("POST", "/batches/submit")
    before = len(batches_of(api, KEY))
    report = report_of(served.call("POST", f"/batches/{call}", body={"dry_run": True}))
    [shown] = report["submitted" if call == "submit" else "fetched"]
    assert (report["dry_run"], shown["path"], len(batches_of(api, KEY))) == (True, A, before)
    assert not (root / "batch-results").exists()


def test_failed_requests_are_told_and_submitted_again_on_demand(
    api: ProjectsServer, served: Served, root: Path
) -> None:
    write(root, A, requests_named(["one", "two"], model="vsync-fail-429"))
    served.call("POST", "/batches/submit")
    report = report_of(served.call("POST", "/batches/fetch"), ok=False)
    assert (report["failing"], report["failed_requests_total"]) == ([A], 2)
    assert [each["custom_id"] for each in report["failed_requests"]] == ["one", "two"]
    again = served.call("POST", "/batches/fetch", body={"resubmit_failed": True}).json()
    assert [(each["path"], each["resubmission"]) for each in again["submitted"]] == [(A, True)]


def test_files_whose_results_are_on_disk_are_deleted_on_demand(api: ProjectsServer, served: Served) -> None:
    served.call("POST", "/batches/submit")
    report = report_of(served.call("POST", "/batches/fetch", body={"clean": True}))
    assert report["cleaned"] == 2
    assert api.ids(KEY, "/files") == []


def test_a_report_counts_the_requests_of_its_own_call(served: Served) -> None:
    for _ in range(2):
        report = report_of(served.call("POST", "/batches/submit", body={"again": ["*"], "dry_run": True}))
        assert report["requests"] == {"GET /batches": 1}
    first = report_of(served.call("POST", "/batches/submit"))
    assert first["bytes_uploaded"] == len(THREE)
    assert served.calls[-1]["upstream_requests"] == sum(first["requests"].values())
    assert report_of(served.call("POST", "/batches/submit"))["bytes_uploaded"] == 0


# --- Whose batches they are ---------------------------------------------------------------------------------


def test_each_key_submits_to_its_own_project(api: ProjectsServer, served: Served) -> None:
    report_of(served.call("POST", "/batches/submit"))
    assert (len(batches_of(api, KEY)), batches_of(api, OTHER)) == (1, [])
    assert served.call("GET", "/batches", key=OTHER).json()["batches"] == []
    report_of(served.call("POST", "/batches/submit", key=OTHER))
    assert len(batches_of(api, OTHER)) == 1


def test_batches_of_others_are_listed_on_demand(api: ProjectsServer, served: Served, root: Path) -> None:
    folders = BatchFolders(root, "batches", "batch-results", "acme/other")
    with Served(api.base_url, batches=OfferedBatches(folders)) as second:
        report_of(second.call("POST", "/batches/submit"))
    assert served.call("GET", "/batches").json()["batches"] == []
    [row] = served.call("GET", "/batches?all=true").json()["batches"]
    assert (row["ours"], row["source"]) == (False, "acme/other")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/batches"), ("POST", "/batches/submit"), ("POST", "/batches/fetch")]
)
def test_a_key_is_needed_and_must_be_right(served: Served, root: Path, method: str, path: str) -> None:
    (root / A).unlink()
    assert error_of(served.call(method, path, key=None)) == (401, "missing_api_key", None)
    wrong = served.call(method, path, key="sk-unknown-0123456789abcdef")
    assert error_of(wrong) == (401, "invalid_api_key", None)
    assert "sk-unknown" not in wrong.text


def test_a_server_with_a_token_asks_for_it(api: ProjectsServer, root: Path, notes: list[str]) -> None:
    token = "a-token-of-this-server"
    with Served(api.base_url, batches=offered(root, notes), access=Access(token=token)) as served:
        assert error_of(served.call("POST", "/batches/submit"))[:2] == (401, "missing_token")
        report_of(served.call("POST", "/batches/submit", headers={"x-vsync-token": token}))


def test_a_web_page_that_may_call_may_post(served: Served) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    assert served.call("OPTIONS", "/batches/submit", key=None, headers=asked).status_code == 200


# --- Where the operator offers none -------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("path", ["/batches", "/batches/submit", "/batches/fetch", "/batches/"])
def test_without_request_files_the_paths_say_how_the_operator_offers_them(
    api: ProjectsServer, path: str, key: str | None
) -> None:
    with Served(api.base_url, access=Access(origins=[ORIGIN])) as served:
        answer = served.call("POST", path, key=key)
        assert error_of(answer) == (404, "no_batches", None)
        assert "vsync serve --source DIR" in answer.json()["error"]["message"]
        description = served.call("GET", "/openapi.json").json()
        assert not [path for path in description["paths"] if path.startswith("/batches")]
        assert "batches" not in {tag["name"] for tag in description["tags"]}
        asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
        assert served.call("OPTIONS", "/files", key=None, headers=asked).status_code == 400


def test_the_description_has_the_calls_and_their_examples(served: Served) -> None:
    description = served.call("GET", "/openapi.json").json()
    assert {path for path in description["paths"] if path.startswith("/batches")} == {
        "/batches",
        "/batches/submit",
        "/batches/fetch",
    }
    call = description["paths"]["/batches/submit"]["post"]
    assert not call["requestBody"].get("required", False)
    assert description["components"]["schemas"]["SubmitBatches"]["examples"] == [{"dry_run": True}]
    assert call["security"]


# --- Calls that are wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "body", "param"),
    [
        ("submit", {"paths": []}, "paths"),
        ("submit", {"paths": "a.jsonl"}, "paths"),
        ("submit", {"paths": [1]}, "paths.0"),
        ("submit", {"paths": ["a" * 513]}, "paths.0"),
        ("submit", {"paths": None}, "body"),
        ("submit", {"again": []}, "again"),
        ("submit", {"limit": 0}, "limit"),
        ("submit", {"limit": "5"}, "limit"),
        ("submit", {"limit": True}, "limit"),
        ("submit", {"endpoint": "/v1/files"}, "endpoint"),
        ("submit", {"dry_run": "true"}, "dry_run"),
        ("submit", {"dry_run": 1}, "dry_run"),
        ("submit", {"wait": True}, "body"),
        ("fetch", {"wait": True}, "body"),
        ("fetch", {"again": ["*"]}, "body"),
        ("fetch", {"clean": 1}, "clean"),
        ("fetch", {"resubmit_failed": None}, "body"),
        ("fetch", [], "body"),
        ("fetch", "text", "body"),
    ],
)
def test_a_body_of_another_shape_is_refused(
    api: ProjectsServer, served: Served, call: str, body: object, param: str
) -> None:
    answer = served.call("POST", f"/batches/{call}", body=body)
    assert error_of(answer) == (422, "invalid_shape", param), answer.text
    assert api.requests == []


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"null", 422), (b" null ", 422), (b'{"limit": 1, "limit": 2}', 422), (b"{", 400), (b"\xff", 400)],
)
def test_a_body_that_is_no_object_is_refused(api: ProjectsServer, served: Served, content: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    assert served.call("POST", "/batches/submit", content=content, headers=headers).status_code == status
    assert api.requests == []


@pytest.mark.parametrize("call", ["submit", "fetch"])
@pytest.mark.parametrize("query", ["dry_run=true", "paths=a.jsonl", "limit=1", "sk-secret-0123456789abcdef=", "="])
@pytest.mark.parametrize("body", [None, {"dry_run": True}])
def test_an_option_in_the_query_is_refused(
    api: ProjectsServer, served: Served, call: str, query: str, body: object
) -> None:
    answer = served.call("POST", f"/batches/{call}?{query}", body=body)
    assert error_of(answer) == (422, "invalid_shape", "query"), answer.text
    assert "stand in the body" in answer.json()["error"]["message"]
    assert "secret" not in answer.text
    assert api.requests == []


def test_a_question_mark_alone_is_no_query(served: Served) -> None:
    report_of(served.call("POST", "/batches/submit?"))


def test_a_body_must_say_that_it_is_json(api: ProjectsServer, served: Served) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = served.call("POST", "/batches/submit", content=b'{"dry_run": true}', headers=headers)
    assert error_of(answer)[:2] == (400, "not_json")
    assert api.requests == []


@pytest.mark.parametrize(
    ("call", "body", "param"),
    [
        ("submit", {"paths": ["b.jsonl"]}, "paths"),
        ("submit", {"again": ["a.jsonl", "b.jsonl"]}, "again"),
        ("submit", {"paths": ["../../etc/passwd"]}, "paths"),
        ("submit", {"paths": ["/etc/passwd"]}, "paths"),
        ("fetch", {"paths": ["nothing*"]}, "paths"),
        ("fetch", {"paths": ["nothing*"], "dry_run": True}, "paths"),
    ],
)
def test_a_word_that_means_no_request_file_is_refused(
    api: ProjectsServer, served: Served, call: str, body: dict[str, Any], param: str
) -> None:
    answer = served.call("POST", f"/batches/{call}", body=body)
    assert error_of(answer) == (400, "unknown_request_file", param), answer.text
    assert batches_of(api, KEY) == []


def test_another_method_is_refused(served: Served) -> None:
    answer = served.call("GET", "/batches/submit")
    assert (error_of(answer)[:2], answer.headers["allow"]) == ((405, "method_not_allowed"), "POST")


# --- Faults -------------------------------------------------------------------------------------------------


def test_a_folder_that_has_gone_holds_no_request_files(served: Served, root: Path) -> None:
    served.call("POST", "/batches/submit")
    (root / A).unlink()
    (root / "batches").rmdir()
    for method, path in (("POST", "/batches/submit"), ("POST", "/batches/fetch"), ("GET", "/batches")):
        assert served.call(method, path).status_code == 200


def test_a_folder_that_is_a_file_is_an_error_of_the_server_that_names_no_place(served: Served, root: Path) -> None:
    (root / A).unlink()
    (root / "batches").rmdir()
    (root / "batches").touch()
    answer = served.call("POST", "/batches/submit")
    assert error_of(answer)[:2] == (500, "folder_unusable")
    assert str(root) not in answer.text


def test_a_results_folder_that_is_a_link_is_not_written(
    api: ProjectsServer, served: Served, root: Path, tmp_path: Path
) -> None:
    served.call("POST", "/batches/submit")
    (tmp_path / "elsewhere").mkdir()
    (root / "batch-results").symlink_to(tmp_path / "elsewhere")
    answer = served.call("POST", "/batches/fetch")
    assert error_of(answer)[:2] == (500, "folder_unusable")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_error_of_the_api_is_passed_on(api: ProjectsServer, served: Served) -> None:
    api.intercept = lambda request, carry: refusal(429, "Quota of sk-caller-0123456789abcdef.", "insufficient_quota")
    answer = served.call("POST", "/batches/submit")
    assert error_of(answer)[:2] == (429, "insufficient_quota")
    assert KEY not in answer.text


def test_an_error_after_a_part_was_done_stands_in_the_report(api: ProjectsServer, served: Served, root: Path) -> None:
    write(root, B, requests_named(["four"]))
    made: list[Recorded] = []

    def second_is_too_much(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        if (request.method, request.path) == ("POST", "/v1/batches"):
            made.append(request)
            if len(made) > 1:
                return refusal(429, "You exceeded your current quota.", "insufficient_quota")
        return carry()

    api.intercept = second_is_too_much
    answer = served.call("POST", "/batches/submit")
    report = report_of(answer, ok=False, status=207)
    assert len(report["submitted"]) == 1
    assert (report["error"]["code"], report["error"]["upstream"]["status"]) == ("insufficient_quota", 429)
    api.intercept = lambda request, carry: carry()
    report = report_of(served.call("POST", "/batches/submit"))
    assert (len(report["submitted"]), len(report["unchanged"])) == (1, 1)


def test_another_program_at_work_in_the_folder_is_a_reason_to_come_again(served: Served, root: Path) -> None:
    (root / ".vsync").mkdir()
    with (root / ".vsync/batch-submit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = served.call("POST", "/batches/submit")
    assert error_of(answer)[:2] == (503, "busy")
    assert answer.headers["retry-after"] == "10"
    assert str(root) not in answer.text


# --- Several calls ------------------------------------------------------------------------------------------


class Checking:
    """Holds the check of request files in its thread until the test lets it go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

        def held(*given: Any, **options: Any) -> Any:
            self.began.set()
            assert self.go_on.wait(20)
            return check_requests(*given, **options)

        monkeypatch.setattr("vsync.batch.submit.check_requests", held)


def test_while_files_are_checked_other_calls_are_answered_and_a_second_one_comes_later(
    api: ProjectsServer, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking, answers = Checking(monkeypatch), list[httpx2.Response]()
    first = threading.Thread(target=lambda: answers.append(served.call("POST", "/batches/submit")))
    first.start()
    assert checking.began.wait(10)
    assert served.call("GET", "/health").status_code == 200
    assert served.call("GET", "/batches").status_code == 200
    busy = served.call("POST", "/batches/fetch")
    checking.go_on.set()
    first.join(20)
    assert (error_of(busy)[:2], busy.headers["retry-after"]) == ((503, "busy"), "10")
    report_of(answers[0])
    report_of(served.call("POST", "/batches/fetch"))


def test_two_calls_at_the_same_time_make_one_batch(api: ProjectsServer, root: Path, notes: list[str]) -> None:
    folders = BatchFolders(root, "batches", "batch-results", SOURCE)
    answers = list[httpx2.Response]()
    with Served(api.base_url, batches=OfferedBatches(folders)) as served:
        callers = [
            threading.Thread(target=lambda: answers.append(served.call("POST", "/batches/submit"))) for _ in range(4)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(20)
    assert sorted(len(report_of(answer)["submitted"]) for answer in answers) == [0, 0, 0, 1]
    assert len(batches_of(api, KEY)) == 1


def test_the_work_for_a_caller_who_hangs_up_ends_before_the_next_call_begins(
    api: ProjectsServer, served: Served, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, B, requests_named(["four"]))
    checking = Checking(monkeypatch)
    connection = send_raw(served, "POST", "/batches/submit")
    assert checking.began.wait(10)
    connection.close()
    time.sleep(0.05)
    assert error_of(served.call("POST", "/batches/fetch"))[:2] == (503, "busy")
    checking.go_on.set()
    wait_for(lambda: any(call["status"] == 499 for call in served.calls))
    assert batches_of(api, KEY) == []
    assert len(report_of(served.call("POST", "/batches/submit"))["submitted"]) == 2


def test_a_server_that_stops_ends_a_call_between_two_files(
    api: ProjectsServer, served: Served, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, B, requests_named(["four"]))
    checking, answers = Checking(monkeypatch), list[httpx2.Response]()
    caller = threading.Thread(target=lambda: answers.append(served.call("POST", "/batches/submit")))
    caller.start()
    assert checking.began.wait(10)
    ending = threading.Thread(target=served.end)
    ending.start()
    wait_for(lambda: served.stop.requested)
    time.sleep(0.05)
    checking.go_on.set()
    caller.join(20)
    ending.join(20)
    assert error_of(answers[0])[:2] == (503, "stopping")
    assert batches_of(api, KEY) == []


# --- Secrets ------------------------------------------------------------------------------------------------


def test_a_key_that_the_api_or_a_file_repeats_is_hidden(api: ProjectsServer, served: Served, root: Path) -> None:
    write(root, B, f'{{"custom_id": "{KEY}"}}\n'.encode())
    write(root, f"batches/{OTHER}.jsonl", BAD)

    def repeats(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        if (request.method, request.path) == ("POST", "/v1/batches"):
            return refusal(400, f"Not with {KEY}.", "invalid_request")
        return carry()

    api.intercept = repeats
    answer = served.call("POST", "/batches/submit")
    report_of(answer, ok=False)
    assert KEY not in answer.text
    assert OTHER not in answer.text
    assert "***" in answer.text
    assert not [line for line in served.lines if KEY in line]
