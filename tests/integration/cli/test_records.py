"""`vsync records` as people and programs see it: acknowledgements, report, errors, variables."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import KEY, Result, World, client, one_sentence
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

JSON = ("--format", "json", "--key-field", "id", "--content-field", "text")


@pytest.fixture
def input_file(world: World) -> Path:
    """Two objects, and one that lacks the content."""
    path = world.repo.root / "in.jsonl"
    write(path, {"id": 1, "text": "apples", "lang": "en"}, {"id": 2, "text": "bears", "lang": "en"}, {"id": 3})
    return path


def write(path: Path, *objects: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(found) + "\n" for found in objects))


def lines(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.out.splitlines()]


def outcomes(result: Result) -> list[str]:
    return [line["outcome"] for line in lines(result)]


def test_each_record_is_acknowledged_on_stdout_and_the_report_stands_on_stderr(world: World, input_file: Path) -> None:
    result = world.vsync("records", "in.jsonl", *JSON)
    assert result.code == 1, result.err
    assert outcomes(result) == ["uploaded", "uploaded", "dead"]
    assert [line["position"] for line in lines(result)] == [1, 2, 3]
    assert lines(result)[2]["code"] == "no-field"
    assert "3 records: 2 applied, 1 dead." in result.err
    again = world.vsync("records", "in.jsonl", *JSON)
    assert outcomes(again) == ["unchanged", "unchanged", "dead"]


def test_with_json_the_report_is_the_last_line(world: World, input_file: Path) -> None:
    result = world.vsync("records", "in.jsonl", *JSON, "--json", VSYNC_BATCHES="9")
    *acknowledged, last = lines(result)
    assert len(acknowledged) == 3
    assert list(last) == ["report"]
    report = last["report"]
    assert (report["target"], report["source"]) == ("records", world.repo.root.name)
    assert (report["state"], report["dead_letter"]) == (".vsync/records.db", ".vsync/records.dead.jsonl")
    assert "VSYNC_BATCHES is not a variable of vsync" in report["warnings"][0]
    assert result.err.count("VSYNC_BATCHES") == 2, "once at the start, and once in the report"


def test_the_store_shows_what_the_options_say(world: World, input_file: Path) -> None:
    write(input_file, {"id": 1, "text": "apples", "lang": "en"})
    result = world.vsync(
        *("records", "in.jsonl", *JSON, "--source", "acme/pages", "--target", "pages", "--text-ending", "md"),
        *("--attribute", "lang=lang", "--attributes", "team=docs", "--vector-store-name", "pages", "--json"),
    )
    assert result.code == 0, result.err
    [entry] = world.audit(lines(result)[-1]["report"]["vector_store_id"]).values()
    assert (entry.data, entry.filename) == (b"apples", "1.md")
    assert entry.attributes.items() >= {
        "source": "acme/pages", "target": "pages", "lang": "en", "team": "docs", "path": "1"
    }.items()  # fmt: skip
    with client(world.db) as api:
        assert [store.name for store in api.vector_stores.list()] == ["pages"]


def test_a_store_that_nobody_names_is_called_after_source_and_target(world: World, input_file: Path) -> None:
    world.vsync("records", "in.jsonl", *JSON, GITHUB_REPOSITORY="acme/docs")
    with client(world.db) as api:
        assert [store.name for store in api.vector_stores.list()] == ["acme/docs (records)"]


def test_a_variable_counts_as_its_option(world: World, input_file: Path) -> None:
    result = world.vsync(
        "records",
        "in.jsonl",
        VSYNC_FORMAT="json",
        VSYNC_KEY_FIELD="id",
        VSYNC_CONTENT_FIELD="text",
        VSYNC_STATE="here/state.db",
        VSYNC_ON_ERROR="stop",
        VSYNC_JSON="true",
    )
    assert result.code == 1
    assert lines(result)[-1]["report"]["uploaded"] == 2
    assert (world.repo.root / "here/state.db.dead.jsonl").is_file()
    assert not (world.repo.root / ".vsync").exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "part"),
    [
        (["in.jsonl", "--format", "json"], {}, "--key-field"),
        (["nowhere.jsonl", *JSON], {}, "nowhere.jsonl does not exist"),
        (["--follow"], {}, "without a FILE"),
        (["in.jsonl", *JSON], {"OPENAI_API_KEY": ""}, "No OpenAI API key is given"),
        (["in.jsonl", *JSON], {"VSYNC_DRY_RUN": "true"}, "VSYNC_DRY_RUN asks vsync to change nothing"),
        (["in.jsonl", *JSON], {"VSYNC_RATE": "fast"}, "VSYNC_RATE is 'fast'"),
        (["in.jsonl", *JSON, "--attribute", "path=id"], {}, "'path' is set by vsync itself"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_done(
    world: World, input_file: Path, arguments: list[str], variables: dict[str, str], part: str
) -> None:
    result = world.vsync("records", *arguments, **variables)
    assert (result.code, result.out) == (2, "")
    assert part in one_sentence(result)
    assert not world.db.exists()
    with_json = world.vsync("records", *arguments, "--json", **variables)
    [error] = lines(with_json)
    assert error["report"]["target"] == "records"
    assert part in f"{error['report']['error']['message']} {error['report']['error']['remedy']}"


def test_a_wrong_option_is_one_line_of_json_too(world: World) -> None:
    result = world.vsync("records", "--batch-size", "many", "--json")
    assert result.code == 2
    assert "--batch-size" in lines(result)[0]["report"]["error"]["message"]


def test_the_key_of_the_api_is_in_nothing_that_is_printed(world: World, input_file: Path) -> None:
    write(input_file, {"id": KEY, "text": "apples"}, {"id": f"x{KEY}", "text": ""})
    result = world.vsync("records", "in.jsonl", *JSON, "--json", "-v")
    assert result.code == 1
    assert KEY not in result.out + result.err
    assert "***" in result.out


def test_what_a_record_says_does_not_act_in_a_terminal(world: World, input_file: Path) -> None:
    write(input_file, {"id": "a\x1b[31m\u202eb", "text": ""})
    result = world.vsync("records", "in.jsonl", *JSON, "--json")
    assert result.code == 1
    assert "\x1b" not in result.out + result.err
    assert "\u202e" not in result.out + result.err
    assert lines(result)[0]["key"] == "a\x1b[31m\u202eb"


def test_a_second_stream_with_the_state_of_another_one_is_refused(world: World, input_file: Path) -> None:
    assert world.vsync("records", "in.jsonl", *JSON, "--source", "one").code == 1
    result = world.vsync("records", "in.jsonl", *JSON, "--source", "two")
    assert result.code == 2
    assert "belongs to another stream: its source is 'one'" in one_sentence(result)


def test_the_state_stands_at_the_top_of_the_repository(
    world: World, input_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = world.repo.root / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert world.vsync("records", "../in.jsonl", *JSON).code == 1
    assert (world.repo.root / ".vsync/records.db").is_file()
    assert list(below.iterdir()) == []


def test_only_their_user_can_read_what_a_stream_keeps(world: World, input_file: Path) -> None:
    assert world.vsync("records", "in.jsonl", *JSON).code == 1
    folder = world.repo.root / ".vsync"
    kept = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != ".gitignore"}
    assert {"records.db", "records.dead.jsonl"} <= kept.keys()
    assert set(kept.values()) == {0o600}


def test_git_ignores_what_a_stream_keeps(world: World, input_file: Path) -> None:
    assert world.vsync("records", "in.jsonl", *JSON).code == 1
    git = ["git", "-C", str(world.repo.root), "status", "--porcelain"]
    assert subprocess.run(git, check=True, capture_output=True, text=True).stdout.split() == ["??", "in.jsonl"]


def test_no_record_acts_as_a_command_of_a_workflow(world: World) -> None:
    write(world.repo.root / "in.jsonl", {"id": "##[add-mask]a"}, {"id": "b", "text": "t"})
    result = world.vsync("records", "in.jsonl", *JSON, "--json")
    assert "##[" not in result.out + result.err
    assert lines(result)[0]["key"] == "##[add-mask]a"
    assert "add-mask" in result.err


def test_the_embedded_store_gets_no_dead_letters(world: World, input_file: Path) -> None:
    result = world.vsync("records", str(input_file), *JSON, "--local", "mine.db", "--dead-letter", "mine.db")
    assert result.code == 2
    assert "the embedded store and --dead-letter are one file, mine.db" in result.err
    assert not (world.repo.root / "mine.db").exists()
