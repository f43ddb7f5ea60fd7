"""What manifest and seal alone say of what is live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.builders import COMMIT, HEAD, TARGET, entry, state
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.errors import ManifestError
from vsync.state.identity import SourceIdentity
from vsync.state.manifest import Failure, Manifest, Skipped, TargetState, blob_id, dump_manifest
from vsync.state.publication import Published
from vsync.state.seal import Seal
from vsync.sync.status import Status, status, status_lines

STATE = replace(
    state(["a.md", "b.md"]),
    run={"head": COMMIT, "when": "2026-01-01T00:00:00+00:00"},
    failed={"b.md": Failure("b", "t", "invalid_file"), "c.md": Failure("b", "t", "unsupported_file")},
    skipped={"d.md": Skipped("b", "empty")},
)


OLDER = "a" * 40


def look(
    manifest: TargetState | bytes | None,
    seal: Seal | None = None,
    *,
    head: str | None = HEAD,
    known: bool = True,
    repository: bool = True,
    source: str = "acme/docs",
    origin: str | None = None,
    settings: Settings = Settings(),  # noqa: B008 - a value that cannot change
    target: Target = TARGET,
) -> Status:
    if isinstance(manifest, TargetState):
        manifest = dump_manifest(Manifest("owner-1", "acme/docs", None, {"default": manifest}))
    publication: Any = SimpleNamespace(title="m.json", read=lambda: Published(manifest, seal))
    place: Any = SimpleNamespace(
        identity=SourceIdentity(source),
        source=SimpleNamespace(head=head, knows=lambda commit: known and commit == COMMIT),
        repository=SimpleNamespace(
            count_between=lambda old, new: 3 if (old, new) == (COMMIT, HEAD) else 0,
            push_url=lambda: origin,
            file=lambda commit, path: None,
            has_file=lambda commit, path: False,
        )
        if repository
        else None,
        root=Path("/clone"),
        seal_folder=Path("/clone/.git/vsync"),
        remote=None,
        embedded=None,
    )
    return status(publication, place, settings, target, None)


def test_before_the_first_sync_there_is_nothing_to_tell() -> None:
    found = look(None)
    assert (found.state, found.trust, found.behind) == (None, "first", None)
    assert status_lines(found) == ["Nothing has been synced yet: there is no manifest for this target."]
    assert status_lines(look(dump_manifest(Manifest("o", "acme/docs")))) == status_lines(found)


@pytest.mark.parametrize(
    ("seal", "origin", "manifest", "words"),
    [
        (None, "https://git.example/docs", "m.json", "with --push, status looks there"),
        (
            Seal("closed", "r", "s", manifest="b" * 40, serial=1),
            None,
            "m.json",
            "manifest is gone: vsync verify --rebuild",
        ),
        (
            Seal("open", "r", "s", manifest="b" * 40, serial=1),
            None,
            "m.json",
            "manifest is gone: vsync verify --rebuild",
        ),
        (Seal("open", "r", "s"), "https://git.example/docs", "m.json", "The first sync did not end"),
        (None, "https://git.example/docs", "none", "Nothing is kept (--manifest none)"),
    ],
)
def test_where_nothing_is_recorded_it_is_said_what_else_may_be(
    seal: Seal | None, origin: str | None, manifest: str, words: str
) -> None:
    found = look(None, seal, origin=origin, settings=Settings(manifest=manifest))
    (line,) = status_lines(found)
    assert words in line
    assert found.to_json()["unknown"] == line


def test_a_manifest_of_another_source_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"m\.json"):
        look(STATE, source="someone/docs")


def test_the_live_commit_is_told_and_how_far_it_is_behind() -> None:
    found = look(STATE)
    assert found.behind == 3
    assert status_lines(found) == [
        "2 documents in vs_1",
        f"  live: {COMMIT[:12]}, synced 2026-01-01T00:00:00+00:00",
        f"  3 commits behind {HEAD[:12]}: `vsync plan` tells whether these commits change a document",
        "  failed: b.md: invalid_file",
        "  failed: c.md: unsupported_file",
    ]


def test_the_command_that_tells_what_the_commits_change_plans_the_same() -> None:
    assert "the commit changes a document" in " ".join(status_lines(replace(look(STATE), behind=1)))
    manifest = Manifest("owner-1", "acme/docs", None, {"api": STATE})
    settings = Settings(target=replace(TARGET, name="api"), push=True, head="next", repo="my docs")
    found = look(dump_manifest(manifest), settings=settings, target=settings.target)
    assert "`vsync plan --repo 'my docs' --source acme/docs --push --target api --head next`" in " ".join(
        status_lines(found)
    )
    assert "plan" not in found.to_json()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (look(STATE, head=COMMIT), f"up to date with {COMMIT[:12]}"),
        (look(STATE, head=OLDER), f"ahead of {OLDER[:12]}"),
        (look(STATE, known=False), "is not known: the live commit is not in this clone"),
        (look(STATE, head=None, repository=False), "a plain folder has no commits"),
    ],
)
def test_where_history_does_not_tell_it_says_so(found: Status, words: str) -> None:
    assert words in status_lines(found)[2]


def test_a_sync_that_never_completed_is_told() -> None:
    lines = status_lines(look(replace(STATE, commit=None, failed={})))
    assert lines[1:] == ["  live: no complete sync yet; the next run goes on"]


def test_a_folder_that_was_synced_has_no_commit_that_is_live() -> None:
    lines = status_lines(look(replace(STATE, commit=None, failed={}), head=None, repository=False))
    assert lines[1:] == [f"  live: synced {STATE.run['when']}"]


def test_a_time_that_is_not_recorded_is_unknown() -> None:
    assert status_lines(look(replace(STATE, run={})))[1].endswith("synced at an unknown time")


def test_a_run_that_did_not_end_is_told() -> None:
    assert any("did not end" in line for line in status_lines(look(STATE, Seal("open", "r", "s"))))
    content = dump_manifest(Manifest("owner-1", "acme/docs", None, {"default": STATE}))
    closed = Seal("closed", "r", "s", manifest=blob_id(content))
    assert not any("did not end" in line for line in status_lines(look(STATE, closed)))


@pytest.mark.parametrize(
    ("seal", "words"),
    [
        (Seal("open", "r", "s"), "The last run did not end: "),
        (Seal("open", "", ""), "The seal that the last run left cannot be read: "),
        (Seal("closed", "r", "s", manifest="b" * 40), "The manifest is not the one that was published last ("),
    ],
)
def test_what_speaks_against_the_manifest_is_told(seal: Seal, words: str) -> None:
    told = [line for line in status_lines(look(STATE, seal)) if line.endswith("the next sync lists the store first.")]
    assert [line.strip().startswith(words) for line in told] == [True]


def test_the_status_as_json() -> None:
    assert look(STATE, Seal("open", "r", "s")).to_json() == {
        "target": "default",
        "vector_store_id": "vs_1",
        "expires_after_days": None,
        "commit": COMMIT,
        "head": HEAD,
        "behind": 3,
        "documents": 2,
        "failed": [{"path": "b.md", "code": "invalid_file"}, {"path": "c.md", "code": "unsupported_file"}],
        "interrupted": True,
        "doubt": "The last run did not end",
        "unknown": None,
        "run": dict(STATE.run),
    }


def test_a_store_that_expires_is_told() -> None:
    lines = status_lines(look(replace(STATE, expires_after_days=7)))
    assert any("7 days without use" in line for line in lines)


def test_another_store_than_the_recorded_one_is_refused() -> None:
    recorded = replace(STATE, vector_store_name="docs", api="http://gateway.test/v1")
    look(recorded, target=replace(TARGET, vector_store_name="docs", api="http://gateway.test/v1"))
    for given in ({"vector_store_name": "two"}, {"vector_store_id": "vs_2"}, {"api": "embedded"}):
        with pytest.raises(ManifestError):
            look(recorded, target=replace(TARGET, **given))  # type: ignore[arg-type]  # by name


def test_the_status_as_json_before_the_first_sync() -> None:
    data = look(None).to_json()
    assert (data["vector_store_id"], data["documents"], data["failed"], data["run"]) == (None, 0, [], None)
    assert "path" not in data


HOSTILE = "x\n::error::y\x1b[2J"


def test_what_a_hostile_manifest_says_does_nothing() -> None:
    hostile = replace(
        STATE,
        vector_store_id=HOSTILE,
        commit=HOSTILE,
        run={"when": HOSTILE},
        files={"a.md": entry("a.md")._replace(file_id=HOSTILE)},
        failed={HOSTILE: Failure("b", "t", HOSTILE), "c.md": Failure("b", "t", HOSTILE)},
        skipped={"d.md": Skipped("b", HOSTILE)},
    )
    assert [line for line in status_lines(look(hostile)) if not line.isprintable()] == []
