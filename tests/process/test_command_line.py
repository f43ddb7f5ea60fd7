"""`vsync` as a process of its own: exit codes, streams, signals, imports. Its commands stand in tests/integration/cli."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command_line import World, finished, one_sentence, process, seal_held
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import environment
from tests.support.places import ROOT


@pytest.fixture(autouse=True)
def embedded_store(world: World) -> None:
    world.local = True


def test_a_first_sync_as_a_real_process_fills_the_store_and_a_second_one_has_nothing_to_do(
    world: World, docs: str
) -> None:
    first = finished(process(world, "sync"))
    assert first.code == 0
    assert "added 3" in first.out
    assert f"owner/name at {docs[:12]} → owner/name (vs_" in first.out
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")
    written = world.manifest.read_bytes()
    second = finished(process(world, "sync"))
    assert (second.code, second.err) == (0, "")
    assert f"Nothing changed since {docs[:12]}, which was synced" in second.out
    assert "unchanged 3" in second.out
    assert world.manifest.read_bytes() == written


def test_a_sync_with_nothing_to_do_imports_nothing_that_only_the_store_needs(world: World, docs: str) -> None:
    world.sync()
    program = (
        "import os, sys; from vsync.cli.main import run; code = run(['sync'], os.environ)\n"
        "print([name for name in ('openai', 'httpx2', 'rich', 'pathspec', 'asyncio', 'detect_secrets') if name in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=world.repo.root,
        env=environment(VSYNC_LOCAL=str(world.db), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_a_real_process_gives_one_sentence_and_exit_code_2_without_a_repository(world: World, tmp_path: Path) -> None:
    result = finished(process(world, "sync", "--repo", str(tmp_path)))
    assert result.code == 2
    assert "not in a git repository" in one_sentence(result)
    assert result.out == ""


def test_a_reader_that_goes_away_does_not_upset_a_plan(world: World) -> None:
    world.repo.commit({f"{'long' * 50}-{number}.md": b"text" for number in range(1000)})
    running = process(world, "plan", "--json")
    assert running.stdout is not None
    running.stdout.read(1)
    running.stdout.close()
    assert running.stderr is not None
    with running.stderr as stderr:
        err = stderr.read()
    code = running.wait(20)
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert "BrokenPipe" not in err
    assert code in {0, 1, 141}


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_goes_away_does_not_stop_a_sync(world: World, docs: str, stream: str) -> None:
    """Exit code 0 says that the sync is whole, whoever listens."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        running = process(world, "sync", **{stream: writing})
    finally:
        os.close(writing)
    out, err = running.communicate(timeout=20)
    assert "Traceback" not in (out or "") + (err or "")
    assert running.returncode == 0
    assert world.manifest.exists()
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_sync_that_waits_for_another_run_can_be_interrupted(world: World, docs: str, signum: int) -> None:
    with seal_held(world):
        running = process(world, "sync", "--lock-timeout", "8")
        assert running.stderr is not None
        assert "waiting" in running.stderr.readline()
        asked = time.monotonic()
        running.send_signal(signum)
        result = finished(running)
        took = time.monotonic() - asked
    assert result.code == 128 + signum
    assert took < 5
    assert "Traceback" not in result.err
    assert not world.manifest.exists()


@pytest.mark.parametrize(
    ("encoding", "command"), [("ascii", ["plan"]), ("latin-1", ["sync"]), ("latin-1", ["plan", "--json"])]
)
def test_a_terminal_that_cannot_show_every_character_gets_what_it_can_show(
    world: World, encoding: str, command: list[str]
) -> None:
    world.repo.commit({"old 🦊.md": b"text", "b.md": b"text"})
    world.sync()
    world.repo.commit({"old 🦊.md": None, "new 🦊.md": b"text"})
    variables = environment(VSYNC_LOCAL=str(world.db), PYTHONIOENCODING=encoding, PYTHONPATH=str(ROOT))
    result = finished(process(world, *command, env=variables, encoding=encoding, errors="replace"))
    assert (result.code, "Traceback" in result.err) == (0, False)
    assert "new" in result.out


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_no_sync_and_get_into_no_file(world: World, docs: str, closed: str) -> None:
    """A file that is opened instead of a closed stream would take what is written to that stream."""
    running = subprocess.run(
        ["sh", "-c", f'exec "$0" -m vsync sync {closed}', sys.executable],
        cwd=world.repo.root,
        env=environment(VSYNC_LOCAL=str(world.db), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )
    assert running.returncode == 0
    assert "Traceback" not in running.stderr
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")


def test_without_the_program_git_the_command_says_so(world: World) -> None:
    result = finished(
        process(world, "sync", env=environment(VSYNC_LOCAL=str(world.db), PYTHONPATH=str(ROOT), PATH="/nowhere"))
    )
    assert result.code == 2
    assert "git cannot be started" in one_sentence(result)
