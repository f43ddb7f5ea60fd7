"""What the options of `vsync records` ask for, and what they may not say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest

from vsync.cli.environment import defaults
from vsync.cli.records import records_command
from vsync.cli.records_files import refuse_one_file_for_two
from vsync.cli.records_options import FORMATS
from vsync.cli.records_settings import place_of, stream_settings, stream_target, with_defaults, without_limits
from vsync.config.targets import Target
from vsync.config.variables import OPTIONS, unheard
from vsync.errors import ConfigurationError
from vsync.records import formats
from vsync.records.job import StreamSettings

TOP = Path("/srv/acme")


def parsed(*words: str, **variables: str) -> dict[str, Any]:
    context = records_command.make_context(
        "vsync records",
        list(words),
        help_option_names=["-h", "--help"],
        default_map=defaults(records_command, variables),
    )
    return context.params


def settings(*words: str, **variables: str) -> StreamSettings:
    options = parsed(*words, **variables)
    return stream_settings(options.pop("file"), options, place_of(options, TOP, Path("/srv/acme/docs")))


def test_without_options_the_defaults_hold() -> None:
    found = settings()
    assert (found.input, found.follow, found.format, found.raw) == (None, False, "opencdc/json", "auto")
    assert (found.batch_size, found.batch_delay_s, found.rate, found.burst, found.workers) == (500, 1.0, 0.0, 0, 16)
    assert found.state == Path("/srv/acme/.vsync/records.db")
    assert found.dead_letter == Path("/srv/acme/.vsync/records.dead.jsonl")
    assert (found.on_error, found.order, found.rebuild) == ("skip", "position", False)
    assert (found.resume, found.resumes) == (None, False)
    assert (found.rules.extension, found.rules.template, dict(found.rules.attributes)) == (".txt", None, {})


def test_every_option_arrives_where_it_is_meant() -> None:
    found = settings(
        *(
            "in.jsonl",
            "--format",
            "json",
            "--key-field",
            "id,lang",
            "--delete-field",
            "gone",
            "--follow",
        ),
        *("--batch-size", "50", "--batch-delay", "200ms", "--rate", "2.5", "--burst", "20", "--workers", "4"),
        *("--state", "s.db", "--dead-letter", "d.jsonl", "--on-error", "stop", "--order", "arrival", "--rebuild"),
        *(
            "--content-field",
            "body",
            "--text-ending",
            "md",
            "--attribute",
            "lang=meta.lang",
            "--name-template",
            "{id}.md",
        ),
    )
    assert (found.input, found.follow, found.format) == (Path("in.jsonl"), True, "json")
    assert (found.key_field, found.delete_field) == ("id,lang", "gone")
    assert (found.batch_size, found.batch_delay_s, found.rate, found.burst, found.workers) == (50, 0.2, 2.5, 20, 4)
    assert (found.state, found.dead_letter) == (Path("s.db"), Path("d.jsonl"))
    assert (found.on_error, found.order, found.rebuild) == ("stop", "arrival", True)
    rules = found.rules
    assert (rules.content_field, rules.extension) == (("body",), ".md")
    assert dict(rules.attributes) == {"lang": ("meta", "lang")}
    assert rules.name_template is not None


def test_what_a_string_means_arrives_too() -> None:
    assert settings("--raw", "base64").raw == "base64"


def test_in_the_top_folder_the_paths_are_short() -> None:
    place = place_of(parsed(), TOP, TOP)
    assert (place.state, place.dead_letter) == (Path(".vsync/records.db"), Path(".vsync/records.dead.jsonl"))
    assert place.source == "acme"


def test_a_hyphen_is_standard_input() -> None:
    assert settings("-").input is None


def test_where_only_the_state_is_named_the_dead_letters_stand_beside_it() -> None:
    assert settings("--state", "x/orders.db").dead_letter == Path("x/orders.db.dead.jsonl")


@pytest.mark.parametrize("size", ["0", "1"])
def test_a_batch_may_be_one_record(size: str) -> None:
    assert settings("--batch-size", size).batch_size == int(size)


@pytest.mark.parametrize("name", [".md", "md", "MD", " .md "])
def test_an_ending_stands_with_and_without_its_dot(name: str) -> None:
    assert settings("--text-ending", name).rules.extension == ".md"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--batch-size", "-1"), "--batch-size"),
        (("--batch-size", "many"), "--batch-size"),
        (("--batch-delay", "soon"), "such as 200ms or 2s"),
        (("--rate", "-2"), "a number of records in a second"),
        (("--burst", "1.5"), "--burst"),
        (("--workers", "0"), "--workers"),
        (("--text-ending", ".pdf"), ".txt, .md, .html, .json"),
        (("--format", "avro"), "opencdc/json"),
        (("--attribute", "lang"), "name=value"),
        (("--state", " "), "it is empty"),
    ],
)
def test_a_wrong_value_is_an_error_that_says_what_is_allowed(words: tuple[str, ...], part: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        parsed(*words)
    assert part in refused.value.format_message()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--format", "json"), "--key-field"),
        (("--follow",), "without a FILE"),
        (("-", "--follow"), "without a FILE"),
        (("--content-field", "a", "--template", "t.txt"), "contradict each other"),
        (("--template", "nowhere.txt"), "The template nowhere.txt cannot be read"),
        (("in.jsonl", "--dead-letter", "./in.jsonl"), "FILE and --dead-letter are one file"),
        (("in.jsonl", "--state", "in.jsonl"), "FILE and --state are one file"),
        (("--state", "s.db", "--dead-letter", "s.db"), "--state and --dead-letter are one file"),
        (("--state", "s.db", "--dead-letter", "s.db-wal"), "what stands beside --state and --dead-letter are one file"),
        (
            ("--state", "s.db", "--dead-letter", "s.db.lock"),
            "what stands beside --state and --dead-letter are one file",
        ),
        (("s.db-shm", "--state", "s.db"), "FILE and what stands beside --state are one file"),
        (("--template", "t", "--dead-letter", "t"), "--template and --dead-letter are one file"),
    ],
)
def test_options_that_cannot_hold_together_are_refused(words: tuple[str, ...], part: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(*words)
    assert part in str(refused.value)
    assert refused.value.remedy


def test_a_template_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("# {title}\n")
    assert settings("--template", str(file)).rules.template is not None
    file.write_bytes(b"\xff{title}")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        settings("--template", str(file))
    with pytest.raises(ConfigurationError, match="Is a directory"):
        settings("--template", str(tmp_path))


def test_a_variable_gives_what_the_option_gives_and_the_option_wins() -> None:
    assert settings(VSYNC_BATCH_DELAY="3s", VSYNC_RATE="7", VSYNC_FOLLOW="").batch_delay_s == 3
    assert settings("--batch-size", "9", VSYNC_BATCH_SIZE="8").batch_size == 9
    assert dict(settings(VSYNC_ATTRIBUTE="a=b\nc=d.e").rules.attributes) == {"a": ("b",), "c": ("d", "e")}


def test_the_variable_of_each_option_is_known() -> None:
    names = {
        max(param.opts, key=len).lstrip("-") for param in records_command.params if isinstance(param, click.Option)
    }
    assert unheard({f"VSYNC_{name.upper().replace('-', '_')}": "1" for name in names}) == ()
    assert {"batch-size", "dead-letter", "text-ending"} <= set(OPTIONS)


def test_the_formats_are_those_that_are_read() -> None:
    assert formats.FORMATS == FORMATS


# --- The target ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "given", "repository", "expected"),
    [
        ((), "acme/docs", "acme/other", "acme/docs"),
        ((), "", "acme/other", "acme/other"),
        ((), "", None, "acme"),
        (("--state", "x/orders.db"), "", None, "orders"),
    ],
)
def test_the_source_is_the_given_one_else_the_repositorys_else_that_of_the_files(
    words: tuple[str, ...], given: str, repository: str | None, expected: str
) -> None:
    options = parsed(*words)
    target = stream_target(Target(source=given), options, place_of(options, TOP, Path("/srv/acme/docs")), repository)
    assert target.source == expected


def test_the_default_state_names_the_stream_alike_when_it_is_given_by_hand(tmp_path: Path) -> None:
    options = {"state": str(tmp_path / ".vsync/records.db"), "dead_letter": None}
    assert place_of(options, tmp_path, tmp_path).source == tmp_path.name
    options = {"state": str(tmp_path / ".vsync/other.db"), "dead_letter": None}
    assert place_of(options, tmp_path, tmp_path).source == "other"


def test_a_target_that_nobody_names_is_called_records_and_the_lock_is_not_waited_for_long() -> None:
    def said(*words: str, **variables: str) -> tuple[str | None, str | None]:
        found = with_defaults(parsed(*words), variables)
        return found["target"], found["lock_timeout"]

    assert said() == ("records", "10")
    assert said("--target", "default", "--lock-timeout", "0") == ("default", "0")
    assert said(VSYNC_TARGET="orders", VSYNC_LOCK_TIMEOUT="5") == (None, None), "the variables are read as settings"


def test_the_workers_are_what_a_sync_calls_concurrency() -> None:
    assert with_defaults(parsed("--workers", "3"), {"VSYNC_CONCURRENCY": "99"})["concurrency"] == "3"


def test_attributes_of_fields_and_fixed_ones_must_fit_together() -> None:
    place = place_of(parsed(), TOP, TOP)

    def refused(target: Target, *words: str) -> str:
        with pytest.raises(ConfigurationError) as error:
            stream_target(target, parsed(*words), place, None)
        return str(error.value)

    fixed = {f"a{number}": 1.0 for number in range(5)}
    assert "'a1' is given by --attributes and by --attribute" in refused(
        Target(attributes=fixed), "--attribute", "a1=x"
    )
    assert "'position' is set by vsync itself" in refused(Target(attributes={"position": "x"}))
    more = [word for number in range(5) for word in ("--attribute", f"b{number}=x")]
    assert "10 attributes are given; 9 fit" in refused(Target(attributes=fixed), *more)
    stream_target(Target(attributes=fixed), parsed(*more[2:]), place, None)


# --- Rates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "embedded", "unlimited"),
    [
        ("embedded", True, True),
        ("http://127.0.0.1:8000/v1", False, True),
        ("http://localhost/v1", False, True),
        ("http://[::1]:1/v1", False, True),
        ("https://api.openai.com/v1", False, False),
        ("http://10.0.0.5/v1", False, False),
        (None, False, False),
    ],
)
def test_only_a_store_on_this_machine_has_no_limits(address: str | None, embedded: bool, unlimited: bool) -> None:
    assert without_limits(address, embedded=embedded) is unlimited


@pytest.mark.parametrize(
    ("words", "resumes"),
    [
        (["in", "--follow"], True),
        (["in", "--follow", "--no-resume"], False),
        (["in", "--resume"], True),
        (["in"], False),
        (["in.gz"], False),
        (["-"], False),
    ],
)
def test_a_followed_file_goes_on_where_it_stopped_unless_it_is_told_not_to(words: list[str], resumes: bool) -> None:
    assert settings(*words).resumes is resumes


def test_resume_may_be_a_variable() -> None:
    assert settings("in", VSYNC_RESUME="true").resume is True
    assert settings("in", "--follow", VSYNC_RESUME="false").resumes is False


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--resume"], "without a FILE"),
        (["-", "--resume"], "without a FILE"),
        (["in.gz", "--resume"], "it is compressed"),
    ],
)
def test_an_input_in_which_no_place_can_be_found_again_is_not_resumed(words: list[str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        settings(*words)
    assert "--resume (VSYNC_RESUME)" in caught.value.remedy


def test_a_hard_link_and_the_files_of_the_embedded_store_are_no_file_for_dead_letters(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("in.jsonl", "linked", "local.db", "local.db-wal", "s.db")]
    source, linked, store, beside, state = names
    source.write_text("")
    linked.hardlink_to(source)
    for letters, message in {
        linked: "FILE and --dead-letter are one file",
        store: "the embedded store and --dead-letter are one file",
        beside: "the embedded store and --dead-letter are one file",
    }.items():
        with pytest.raises(ConfigurationError, match=message):
            refuse_one_file_for_two(source, None, state, letters, [store, beside])
    with pytest.raises(ConfigurationError, match="the embedded store and --state are one file"):
        refuse_one_file_for_two(source, None, store, tmp_path / "dead", [store, beside])
    refuse_one_file_for_two(source, None, state, tmp_path / "dead", [store, beside])


def test_a_named_pipe_is_not_resumed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="it is a pipe"):
        settings(str(tmp_path / "pipe"), "--resume")
