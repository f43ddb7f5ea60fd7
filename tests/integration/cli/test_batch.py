"""`vsync batch` as people and programs see it: validation, batches, results, questions, errors, variables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import hosted
from tests.support.command_line import KEY, Result, World, client, one_sentence
from tests.support.command_line import world as world
from tests.support.terminal import Typed
from vsync.batch.batch_report import BatchReport
from vsync.batch.job import BatchJob
from vsync.errors import ApiUnavailable

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

HOUR_S = 3_600.0


def line(custom_id: str, model: str = "gpt-test", url: str = "/v1/responses") -> str:
    return json.dumps(
        {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": model, "input": f"Say {custom_id}."}}
    )


def write(world: World, name: str, *lines: str) -> Path:
    path = world.repo.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


@pytest.fixture
def requests(world: World) -> Path:
    return write(world, "batches/a.jsonl", line("one"), line("two"), line("three"))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches run for hours."""
    monkeypatch.setattr(hosted, "BATCH_DELAY_S", 9 * HOUR_S)


def batches(world: World) -> list[Any]:
    with client(world.db) as api:
        return list(api.batches.list())


def results(world: World, name: str = "batch-results/a.jsonl") -> list[Any]:
    return [json.loads(each) for each in (world.repo.root / name).read_text().splitlines()]


def report(result: Result, code: int = 0) -> Any:
    assert result.code == code, result.err
    return result.json


# --- The cycle ----------------------------------------------------------------------------------------------


def test_requests_are_submitted_run_and_fetched_in_their_order(world: World, requests: Path) -> None:
    result = world.vsync("batch", "submit")
    assert result.code == 0, result.err
    [batch] = batches(world)
    assert f"batches/a.jsonl → {batch.id}: 3 requests," in result.out
    assert "1 batch made" in result.out
    assert "Next: `vsync batch fetch --wait` brings the results." in result.out
    fetched = world.vsync("batch", "fetch", "--wait")
    assert fetched.code == 0, fetched.err
    assert [each["custom_id"] for each in results(world)] == ["one", "two", "three"]
    assert "1 results file written" in fetched.out
    assert (world.repo.root / "batch-results/a.summary.json").is_file()
    again = world.vsync("batch", "submit")
    assert (again.code, len(batches(world))) == (0, 1)
    assert "1 file unchanged" in again.out


def test_the_reports_are_json_and_nothing_else(world: World, requests: Path) -> None:
    made = report(world.vsync("batch", "submit", "--json"))
    assert (made["command"], made["source"], made["source_folder"]) == ("submit", "owner/name", "batches")
    [submitted] = made["submitted"]
    assert (submitted["path"], submitted["requests"], submitted["model"]) == ("batches/a.jsonl", 3, "gpt-test")
    result = world.vsync("batch", "fetch", "--wait", VSYNC_JSON="true")
    [fetched] = report(result)["fetched"]
    assert (fetched["results"], fetched["completed"], fetched["failed"]) == ("batch-results/a.jsonl", 3, 0)
    assert result.err == ""


def test_the_results_of_a_batch_are_fetched_also_when_the_last_request_file_has_gone(
    world: World, requests: Path
) -> None:
    assert world.vsync("batch", "submit").code == 0
    requests.unlink()
    requests.parent.rmdir()
    for command in (["submit"], ["status"], ["fetch", "--wait"], ["fetch", "--clean"], ["submit", "--dry-run"]):
        result = world.vsync("batch", *command)
        assert result.code == 0, result.err
    assert len(list((world.repo.root / "batch-results").glob("a.*.jsonl"))) == 1


def test_a_source_folder_that_is_named_and_missing_ends_a_fetch(world: World, requests: Path) -> None:
    result = world.vsync("batch", "fetch", "--source=nowhere")
    assert result.code == 2
    assert "nowhere/.gitkeep" in result.err
    assert str(world.repo.root) not in result.err


def test_the_batch_carries_the_name_of_the_repository(world: World, requests: Path) -> None:
    world.vsync("batch", "submit")
    assert batches(world)[0].metadata["source"] == "owner/name"


@pytest.mark.parametrize(
    ("arguments", "variables", "name"),
    [
        ((), {"GITHUB_REPOSITORY": "acme/docs"}, "acme/docs"),
        ((), {"VSYNC_SOURCE": "mine"}, "mine"),
        ((), {"VSYNC_SOURCE": "mine", "VSYNC_SOURCE_NAME": "ours"}, "ours"),
        (("--source-name", "yours"), {"VSYNC_SOURCE_NAME": "ours"}, "yours"),
    ],
)
def test_the_name_is_that_of_a_sync_unless_it_is_given(
    world: World, requests: Path, arguments: tuple[str, ...], variables: dict[str, str], name: str
) -> None:
    assert report(world.vsync("batch", "submit", "--json", *arguments, **variables))["source"] == name


def test_folders_and_paths_are_those_of_the_command_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(world, "in/deep/a.jsonl", line("one"))
    write(world, "in/b.jsonl", line("two"))
    monkeypatch.chdir(world.repo.root / "in/deep")
    where = ("--source", "in", "--results", "out")
    made = report(world.vsync("batch", "submit", "a.jsonl", *where, "--json"))
    assert [each["path"] for each in made["submitted"]] == ["in/deep/a.jsonl"]
    shown = world.vsync("batch", "submit", *where)
    assert "`vsync batch fetch --wait --source=in --results=out`" in shown.out
    assert report(world.vsync("batch", "fetch", "--wait", "--json", *where))["fetched"]
    assert sorted(path.name for path in (world.repo.root / "out").rglob("*.jsonl")) == ["a.jsonl", "b.jsonl"]


def test_the_embedded_store_of_local_runs_batches(world: World, requests: Path) -> None:
    world.local = True
    assert world.vsync("batch", "submit").code == 0
    result = world.vsync("batch", "fetch", "--wait")
    assert result.code == 0, result.err
    assert "canned" in (world.repo.root / "batch-results/a.jsonl").read_text()


# --- Mistakes -----------------------------------------------------------------------------------------------


def test_every_mistake_of_every_file_is_told_and_only_sound_files_are_submitted(world: World, requests: Path) -> None:
    write(world, "batches/b.jsonl", line("x"), "{", line("x"), line("y", model="other"))
    write(world, "batches/c.jsonl", line("z", url="/v1/chats"))
    result = world.vsync("batch", "submit")
    assert result.code == 1
    for place in ("batches/b.jsonl:2: ", "batches/b.jsonl:3: ", "batches/b.jsonl:4: ", "batches/c.jsonl:1: "):
        assert f"\n{place}" in f"\n{result.out}"
    assert "1 batch made, 2 files invalid" in result.out
    assert [batch.metadata["path"] for batch in batches(world)] == ["batches/a.jsonl"]


def test_a_dry_run_shows_what_would_be_submitted(world: World, requests: Path) -> None:
    result = world.vsync("batch", "submit", "--dry-run")
    assert result.code == 0, result.err
    assert "Would be submitted:\n  batches/a.jsonl: 3 requests" in result.out
    assert batches(world) == []


def test_without_a_key_a_dry_run_validates_and_says_that_it_does_no_more(world: World, requests: Path) -> None:
    made = report(world.vsync("batch", "submit", "--json", OPENAI_API_KEY="", VSYNC_DRY_RUN="true"))
    assert (made["checked"], made["submitted"]) == (["batches/a.jsonl"], [])
    assert "only the files were checked" in made["warnings"][0]
    write(world, "batches/b.jsonl", "no json")
    assert world.vsync("batch", "submit", "--dry-run", OPENAI_API_KEY="").code == 1


def test_with_a_store_that_does_not_exist_a_dry_run_makes_none(world: World, requests: Path) -> None:
    world.local = True
    assert world.vsync("batch", "submit", "--dry-run").code == 0
    assert not world.db.exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "part"),
    [
        (["submit"], {"OPENAI_API_KEY": ""}, "No OpenAI API key is given"),
        (["fetch"], {"OPENAI_API_KEY": ""}, "No OpenAI API key is given"),
        (["status"], {"OPENAI_API_KEY": ""}, "No OpenAI API key is given"),
        (["cancel", "--pending"], {"OPENAI_API_KEY": ""}, "No OpenAI API key is given"),
        (["submit", "--source", "nowhere"], {}, "nowhere/.gitkeep"),
        (["status", "--source", "nowhere"], {}, "nowhere/.gitkeep"),
        (["submit", "--source", "batch-results"], {}, "name the same folder"),
        (["submit", "--results", "../out"], {}, "does not lie below"),
        (["submit", "--source-name", "x" * 300], {}, "300 characters"),
        (["submit"], {"VSYNC_AGAIN": "*"}, "VSYNC_AGAIN is set, but what is paid for again must stand"),
        (["submit"], {"VSYNC_LIMIT": "0"}, "VSYNC_LIMIT is '0'"),
        (["submit"], {"VSYNC_ENDPOINT": "/v1/x"}, "VSYNC_ENDPOINT is '/v1/x'"),
        (["submit", "nothing.jsonl"], {}, "nothing.jsonl"),
        (["fetch", "--results-branch", "x"], {}, "the results are not committed"),
        (["fetch"], {"VSYNC_WAIT_TIMEOUT": "31d"}, "at most 30 days"),
        (["cancel"], {}, "Nothing says which batches are meant"),
        (["cancel", "--pending", "batch_1"], {}, "Both --pending and a PATH"),
        (["cancel"], {"VSYNC_PENDING": "true"}, "VSYNC_PENDING is set, but what is cancelled must stand"),
        (["cancel", "--pending"], {"VSYNC_DRY_RUN": "true"}, "asks vsync to change nothing"),
        (["cancel", "batch_unknown"], {}, "batch_unknown"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_done(
    world: World, requests: Path, arguments: list[str], variables: dict[str, str], part: str
) -> None:
    result = world.vsync("batch", *arguments, **variables)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("vsync: ")
    assert part in result.err
    assert len(result.err.splitlines()) == 1
    assert not (world.repo.root / "batch-results").exists()
    if world.db.exists():
        assert batches(world) == []


def test_an_error_is_json_too_where_json_is_asked_for(world: World, requests: Path) -> None:
    for command in ("submit", "fetch", "cancel"):
        words = ["--pending"] if command == "cancel" else []
        data = report(world.vsync("batch", command, *words, "--json", OPENAI_API_KEY=""), 2)
        assert (data["command"], data["error"]["reason"]) == (command, "credentials")


@pytest.mark.parametrize("words", [["status"], ["status", "--nonsense"], ["nonsense"], []])
def test_an_error_without_a_report_is_json_all_the_same(world: World, requests: Path, words: list[str]) -> None:
    data = report(world.vsync("batch", *words, "--json", OPENAI_API_KEY=""), 2)
    assert list(data) == ["error"]
    assert data["error"]["message"]


def test_a_status_that_succeeds_is_no_error_report(world: World, requests: Path) -> None:
    assert "error" not in report(world.vsync("batch", "status", "--json"))


def test_an_option_is_no_pattern_of_again(world: World, requests: Path) -> None:
    result = world.vsync("batch", "submit", "--again", "--local")
    assert result.code == 2
    assert "--again needs a pattern of request files behind it" in result.err
    assert "'--local'" in result.err
    assert "=true" not in result.err


def test_a_dry_run_names_the_command_that_does_just_this(world: World, requests: Path) -> None:
    write(world, "batches/new.jsonl", line("x"))
    result = world.vsync("batch", "submit", "batches/new.jsonl", "--dry-run", "--limit", "1")
    assert "Next: `vsync batch submit --limit=1 batches/new.jsonl` submits them." in result.out


def test_without_an_embedded_store_the_command_that_makes_one_is_named(world: World, requests: Path) -> None:
    world.local = True
    assert "`vsync batch submit`" in one_sentence(world.vsync("batch", "status"))


def test_a_group_that_stands_alone_lists_its_commands(world: World) -> None:
    result = world.vsync("batch")
    assert result.code == 2
    assert all(f"\n  {command} " in result.err for command in ("submit", "status", "fetch", "cancel"))


def test_a_results_folder_that_cannot_be_written_is_told_before_any_request(world: World, requests: Path) -> None:
    world.vsync("batch", "submit")
    (world.repo.root / "batch-results").write_text("a file\n")
    result = world.vsync("batch", "fetch", "--wait")
    assert result.code == 2
    assert "batch-results" in one_sentence(result)


# --- Failures -----------------------------------------------------------------------------------------------


def test_failed_requests_are_told_each_time_until_they_are_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(world, "batches/f.jsonl", line("one", "vsync-fail-429"), line("two", "vsync-fail-429"))
    assert world.vsync("batch", "submit").code == 0
    for _ in range(2):
        result = world.vsync("batch", "fetch", "--wait")
        assert result.code == 1
        assert "batches/f.jsonl:1: one: " in result.out
        assert "`vsync batch fetch --resubmit-failed` runs just what failed once more." in result.out
    monkeypatch.setattr(hosted, "BATCH_DELAY_S", HOUR_S)
    again = report(world.vsync("batch", "fetch", "--resubmit-failed", "--json"))
    assert [each["resubmission"] for each in again["submitted"]] == [True]
    assert len(batches(world)) == 2


@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_that_ends_a_run_is_told_with_what_was_done_before(
    world: World, requests: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    def broken(job: BatchJob, _: object) -> BatchReport:
        made = job.report("submit")
        made.error = ApiUnavailable(f"It broke for {KEY}.", "Run again.")
        return made

    monkeypatch.setattr("vsync.batch.submit.run", broken)
    result = world.vsync("batch", "submit", *(["--json"] if as_json else []))
    assert result.code == 3
    assert one_sentence(result) == "vsync: It broke for ***. Run again."
    if as_json:
        assert result.json["error"]["message"] == "It broke for ***."
    else:
        assert result.out.startswith("Ended early: no batch was made.\n")


# --- Status -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("slow")
def test_the_status_shows_batches_and_files_without_one(world: World, requests: Path) -> None:
    world.vsync("batch", "submit")
    write(world, "batches/new.jsonl", line("one"))
    result = world.vsync("batch", "status")
    assert result.code == 0, result.err
    assert result.out.splitlines()[0].split()[:3] == ["PATH", "STATE", "DONE"]
    assert "batches/a.jsonl" in result.out.splitlines()[1]
    assert "  batches/new.jsonl\n" in result.out
    data = report(world.vsync("batch", "status", "--json"))
    assert [batch["path"] for batch in data["batches"]] == ["batches/a.jsonl"]
    assert data["unsubmitted"] == ["batches/new.jsonl"]


def test_the_status_shows_batches_of_others_on_demand(world: World, requests: Path) -> None:
    world.vsync("batch", "submit", "--source-name", "acme/other")
    assert "owner/name has no batch." in world.vsync("batch", "status").out
    shown = world.vsync("batch", "status", "--all").out
    assert "acme/other" in shown


# --- Cancel -------------------------------------------------------------------------------------------------


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(lines))
    monkeypatch.setattr("vsync.cli.question.where_to_ask", lambda undone: sys.stderr)
    monkeypatch.setattr("vsync.cli.batch_output.where_to_ask", lambda undone: sys.stderr)


@pytest.mark.usefixtures("slow")
def test_a_person_is_asked_and_sees_what_would_be_cancelled(
    world: World, requests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.vsync("batch", "submit")
    [batch] = batches(world)
    typed(monkeypatch, "n")
    refused = world.vsync("batch", "cancel", "--pending")
    assert refused.code == 1
    assert f"batches/a.jsonl: {batch.id} " in refused.err
    assert "Cancel 1 batch? [y/N] " in refused.err
    assert batches(world)[0].status not in {"cancelling", "cancelled"}
    typed(monkeypatch, "y")
    agreed = world.vsync("batch", "cancel", "batches/a.jsonl")
    assert agreed.code == 0, agreed.err
    assert batches(world)[0].status in {"cancelling", "cancelled"}


@pytest.mark.usefixtures("slow")
def test_where_nobody_can_be_asked_yes_is_needed(world: World, requests: Path) -> None:
    world.vsync("batch", "submit")
    [batch] = batches(world)
    result = world.vsync("batch", "cancel", "--pending", VSYNC_YES="true")
    assert result.code == 2
    assert "Nothing was cancelled. Look at what would be cancelled, and give --yes." in result.err
    data = report(world.vsync("batch", "cancel", batch.id, "--yes", "--json"))
    assert [each["batch_id"] for each in data["cancelled"]] == [batch.id]


@pytest.mark.usefixtures("slow")
def test_an_interrupted_question_cancels_nothing(world: World, requests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.vsync("batch", "submit")
    typed(monkeypatch)

    def interrupted(*_: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("vsync.cli.batch_output.ask_yes_or_no", interrupted)
    result = world.vsync("batch", "cancel", "--pending")
    assert result.code == 130
    assert "Interrupted. Nothing was cancelled." in result.err


# --- Secrets ------------------------------------------------------------------------------------------------


def test_the_key_is_in_nothing_that_is_printed(world: World) -> None:
    write(world, f"batches/{KEY}.jsonl", line(KEY), "{")
    write(world, f"batches/x{KEY}.jsonl", line(KEY, f"vsync-fail-{KEY}"))
    shown = [world.vsync("batch", *words) for words in (["submit"], ["status"], ["fetch", "--wait"], ["submit", "-v"])]
    shown += [world.vsync("batch", *words, "--json") for words in (["submit"], ["status"], ["fetch"])]
    for result in shown:
        assert KEY not in result.out + result.err
