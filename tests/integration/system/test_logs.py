"""What is logged, and what is said of a defect: never a secret."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world
from tests.support.gitrepo import environment
from tests.support.places import ROOT
from tests.support.runner import Runner
from vsync.errors import InternalError
from vsync.system import logs
from vsync.system.secrets import Secrets

KEY = "made-up-key-0123456789abcdef"
"""Not of OpenAI's form: what only looks like a key is cut anyhow."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product with a defect: two functions raise what nobody expects."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"with the key {KEY}")

    monkeypatch.setattr("vsync.sync.run.run", fail)
    monkeypatch.setattr("vsync.manage.summary.stores_summary", fail)


# --- Defects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verbose", [False, True])
def test_a_defect_is_one_sentence_that_asks_for_a_report(world: World, broken: None, verbose: bool) -> None:
    world.repo.commit({"a.md": b"# A\n"})
    done = world.vsync("plan", *(["-v"] if verbose else []), OPENAI_API_KEY=KEY)
    assert done.code == 3
    lines = done.err.splitlines()
    assert lines[0].startswith("vsync: Internal error: ZeroDivisionError: with the key ***. This is a defect of vsync")
    assert ("Traceback (most recent call last):" in lines) is verbose
    assert verbose or len(lines) == 1
    assert KEY not in done.out + done.err


@pytest.mark.parametrize("command", ["sync", "stores list"])
def test_a_defect_in_the_action_is_an_annotation_with_its_traceback_in_the_log(
    tmp_path: Path, broken: None, command: str
) -> None:
    job = Runner(tmp_path / "job")
    job.commit({"README.md": "# Read me\n"})
    step = job.run({"command": command, "openai-api-key": KEY})
    assert step.code == 3
    (annotation,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert "Internal error: ZeroDivisionError: with the key ***." in annotation
    assert "report it" in annotation
    assert step.outputs["failure-reason"] == "api"
    assert ("Traceback (most recent call last):" in step.log) is (command == "sync")
    shown = [line for line in step.log.splitlines() if not line.startswith("::add-mask::")]
    assert KEY not in "\n".join([*shown, step.summary])


def test_what_an_internal_error_says_is_cut_and_on_one_line() -> None:
    error = logs.internal(ValueError(f"{KEY}\nBearer abcdefgh " + "x" * 999), Secrets(KEY))
    assert isinstance(error, InternalError)
    assert error.message.startswith("Internal error: ValueError: *** Bearer *** xxx")
    assert len(error.message) < 400
    assert logs.internal(ValueError(), Secrets()).message == "Internal error: ValueError."


# --- Records and hooks --------------------------------------------------------------------------------------


@pytest.fixture
def secrets() -> Iterator[Secrets]:
    known = Secrets(KEY)
    with logs.guarded(known):
        yield known


def test_a_record_is_cut_wherever_it_goes(secrets: Secrets, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("httpcore2.http11")
    with caplog.at_level(logging.DEBUG, logger="httpcore2.http11"):
        logger.debug("sending %s and %r", KEY, {"Authorization": "Bearer unknown-token-1"})
        secrets.add("came later")
        logger.debug("then came later")
        logger.debug("too %s few", KEY, KEY)
        logger.debug("on the way", stack_info=True)
        logger.error("it broke", exc_info=ValueError(f"of {KEY}"))
    assert caplog.messages[:2] == ["sending *** and {'Authorization': 'Bearer ***'}", "then ***"]
    assert "ValueError: of ***" in caplog.text
    assert KEY not in caplog.text


def test_afterwards_all_is_as_before() -> None:
    before = (logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook)
    with logs.guarded(Secrets(KEY)):
        assert logging.getLogRecordFactory() is not before[0]
    assert (logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook) == before


_THREADS = """
import sys, threading
from vsync.system.secrets import Secrets
from vsync.system.logs import guarded
key = sys.argv[1]

class Fragile:
    def __del__(self):
        raise ValueError(f"finalized with {key}")

def fail():
    raise ValueError(f"threaded with {key}")

with guarded(Secrets(key)):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    del thread
    Fragile()
    quiet = threading.Thread(target=sys.exit)
    quiet.start()
    quiet.join()
"""


def test_errors_of_threads_and_finalizers_are_told_without_secrets() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS, KEY], env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "threaded with ***" in done.stderr
    assert "finalized with ***" in done.stderr
    assert done.stderr.count("Traceback") == 2
    assert KEY not in done.stderr
