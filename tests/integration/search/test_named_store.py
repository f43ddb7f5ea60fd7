"""A search of a stream's documents: a store that is named, or the only one of a file, needs no source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.command_line import KEY
from tests.support.gitrepo import Repo
from tests.support.hosted import hosted
from vsync.cli.main import run


class Printed(NamedTuple):
    code: int
    out: str
    err: str


Vsync = Callable[..., Printed]
LOCAL: Mapping[str, str] = {}


@pytest.fixture
def vsync(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept_signal_handlers: None,
) -> Vsync:
    """The command line in the plain folder `kb`, where a stream has written two documents into the embedded store."""
    folder = tmp_path / "kb"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    records = [
        {"id": 1, "slug": "install", "text": "# Apples\n\nRun the installer."},
        {"id": 2, "slug": "2", "text": "Pears and an installer."},
    ]
    Path("in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))

    def vsync(*arguments: str, environ: Mapping[str, str] = LOCAL) -> Printed:
        capsys.readouterr()
        return Printed(run(arguments, environ), *capsys.readouterr())

    assert stream(vsync).code == 0
    return vsync


def stream(vsync: Vsync, *more: str, environ: Mapping[str, str] = LOCAL) -> Printed:
    form = ("--format", "json", "--key-field", "id", "--content-field", "text", "--name-template", "{slug}.md")
    return vsync("records", "in.jsonl", *form, *(more or ("--local",)), environ=environ)


def places(printed: Printed) -> list[str]:
    assert printed.code == 0, printed.err
    return sorted(line.split("  (")[0][3:] for line in printed.out.splitlines() if line[:1].isdigit())


def store_of(vsync: Vsync, name: str) -> str:
    [found] = [
        info["id"] for info in json.loads(vsync("stores", "list", "--local", "--json").out) if info["name"] == name
    ]
    return str(found)


def test_the_only_store_of_the_embedded_file_is_searched_in_a_plain_folder(vsync: Vsync) -> None:
    printed = vsync("search", "installer", "--local")
    assert places(printed) == ["1 (install.md)  Apples", "2"]
    assert printed.err.startswith("The embedded store ranks documents by the words")
    assert places(vsync("search", "installer", environ={"VSYNC_LOCAL": "true"})) == places(printed)
    assert places(vsync("search", "installer", "--local=.vsync/local.db", "--target", "records")) == places(printed)


def test_a_store_that_is_named_needs_no_source(vsync: Vsync) -> None:
    expected = ["1 (install.md)  Apples", "2"]
    name = "kb (records)"
    for given in (["--vector-store-name", name], ["--vector-store-id", store_of(vsync, name)]):
        assert places(vsync("search", "installer", "--local", *given)) == expected
        assert places(vsync("search", "installer", "--local", *given, "--target", "records")) == expected


def test_with_several_stores_the_message_says_which_there_are(vsync: Vsync) -> None:
    assert stream(vsync, "--local", "--state", "other.db").code == 0
    printed = vsync("search", "installer", "--local")
    assert (printed.code, printed.out) == (2, "")
    for name in ("kb (records)", "other (records)"):
        assert f"{store_of(vsync, name)} {name!r}" in printed.err
    assert "--vector-store-name" in printed.err
    assert places(vsync("search", "installer", "--local", "--source", "other")) == ["1 (install.md)  Apples", "2"]


def test_a_store_behind_an_api_is_searched_by_its_name(vsync: Vsync, tmp_path: Path) -> None:
    key = {"OPENAI_API_KEY": KEY}
    with hosted(tmp_path / "api.db"):
        assert stream(vsync, "--state", "api.db", environ=key).code == 0
        assert places(vsync("search", "apples", "--vector-store-name", "api (records)", environ=key)) == [
            "1 (install.md)  Apples"
        ]
        unknown = vsync("search", "apples", "--vector-store-name", "typo", environ=key)
    assert (unknown.code, "no vector store named 'typo'. `vsync stores list` shows" in unknown.err) == (2, True)


def test_without_a_store_the_message_names_both_ways(vsync: Vsync) -> None:
    printed = vsync("search", "installer", environ={"OPENAI_API_KEY": KEY})
    assert printed.code == 2
    assert "is not in a git repository" in printed.err
    assert "Or name a store: --vector-store-id" in printed.err


def test_what_asks_for_a_source_still_needs_one(vsync: Vsync) -> None:
    printed = vsync("search", "installer", "--local", "--manifest", "m.json")
    assert (printed.code, "is not in a git repository" in printed.err) == (2, True)


def test_a_repository_without_a_commit_is_no_hindrance(vsync: Vsync) -> None:
    repo = Repo.make(Path.cwd())
    repo.git("config", "user.name", "x")
    assert places(vsync("search", "installer", "--local")) == ["1 (install.md)  Apples", "2"]


def test_in_a_repository_the_stream_of_the_embedded_file_is_found(vsync: Vsync) -> None:
    repo = Repo.make(Path.cwd())
    repo.commit({"docs/a.md": b"# Installer\n"})
    assert places(vsync("search", "installer", "--local")) == ["1 (install.md)  Apples", "2"]
    assert vsync("search", "installer", "--local", "--target", "code").code == 2
    assert vsync("sync", "--local").code == 0
    # Now the manifest says what the default target's store is.
    assert places(vsync("search", "installer", "--local")) == ["docs/a.md:1  Installer"]
    assert places(vsync("search", "installer", "--local", "--target", "records")) == ["1 (install.md)  Apples", "2"]


def test_the_results_as_data_have_path_and_name(vsync: Vsync) -> None:
    found: list[dict[str, Any]] = json.loads(vsync("search", "apples", "--local", "--json").out)
    assert [(hit["path"], hit["filename"], hit["line"], hit["url"]) for hit in found] == [
        ("1", "install.md", None, None)
    ]
