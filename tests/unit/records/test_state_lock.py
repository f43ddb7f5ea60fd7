"""Two consumers of one state file exclude each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vsync.errors import ConfigurationError, Interrupted, SealHeld
from vsync.records.state_lock import held
from vsync.system.stop import Stop


def test_a_second_consumer_is_refused_while_the_first_holds_the_lock(tmp_path: Path) -> None:
    state = tmp_path / "records.db"
    with held(state, 0.0, Stop()):
        with pytest.raises(SealHeld, match="Another consumer uses the state file") as refused, held(state, 0.0, Stop()):
            pass
        assert str(state) in refused.value.message
        assert "--source" in str(refused.value.remedy)
    with held(state, 0.0, Stop()):
        assert (tmp_path / "records.db.lock").stat().st_mode & 0o777 == 0o600


def test_another_state_file_has_a_lock_of_its_own(tmp_path: Path) -> None:
    with held(tmp_path / "one.db", 0.0, Stop()), held(tmp_path / "two.db", 0.0, Stop()):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one.db.lock", "two.db.lock"]


def test_a_second_consumer_waits_for_the_first(tmp_path: Path) -> None:
    state, held_again = tmp_path / "records.db", threading.Event()

    def second() -> None:
        with held(state, 5.0, Stop()):
            held_again.set()

    with held(state, 0.0, Stop()):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not held_again.wait(0.2)
    waiting.join(5)
    assert held_again.is_set()


def test_a_consumer_that_waits_may_be_told_to_stop(tmp_path: Path) -> None:
    state, stop = tmp_path / "records.db", Stop()
    stop.request(signal.SIGTERM)
    with held(state, 0.0, Stop()), pytest.raises(Interrupted), held(state, 60.0, stop):
        pass


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    state = tmp_path / "records.db"
    program = (
        "import sys, pathlib; from vsync.records.state_lock import held; from vsync.system.stop import Stop\n"
        "with held(pathlib.Path(sys.argv[1]), 0.0, Stop()): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(SealHeld), held(state, 0.0, Stop()):
            pass
        process.kill()
        process.wait()
    with held(state, 0.0, Stop()):
        assert (tmp_path / "records.db.lock").exists()


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"records\.db\.lock of the state file cannot be made"):
        held(tmp_path / "records.db", 0.0, Stop()).__enter__()
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "records.db.lock")
    with held(tmp_path / "records.db", 0.0, Stop()):
        with pytest.raises(SealHeld):
            held(tmp_path / "records.db", 0.0, Stop()).__enter__()
        assert (tmp_path / "records.db.lock").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        held(tmp_path / "file" / "records.db", 0.0, Stop()).__enter__()


def test_the_default_folder_is_kept_out_of_git(tmp_path: Path) -> None:
    with held(tmp_path / ".vsync" / "records.db", 0.0, Stop()):
        assert (tmp_path / ".vsync" / ".gitignore").exists()


def test_a_lock_whose_file_was_deleted_meanwhile_locks_nobody_out_and_is_not_taken(tmp_path: Path) -> None:
    state, refused = tmp_path / "records.db", list[SealHeld]()

    def second() -> None:
        try:
            with held(state, 0.5, Stop()):
                pass
        except SealHeld as error:
            refused.append(error)

    with held(state, 0.0, Stop()):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.2)  # it has opened the file by now
        (tmp_path / "records.db.lock").unlink()
        third = held(state, 0.0, Stop())
        third.__enter__()
    waiting.join(5)
    third.__exit__(None, None, None)
    assert len(refused) == 1
