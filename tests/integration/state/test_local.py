"""Manifest and seal as files: one holder at a time between real processes. What holds for every publication: test_publication."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo
from tests.support.places import ROOT
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.errors import ManifestError, PublicationFailed, SealHeld
from vsync.state import file_lock
from vsync.state.local import LocalPublication
from vsync.state.manifest import blob_id
from vsync.state.publication import STALE_AFTER_S, Publication, Published
from vsync.state.seal import Seal
from vsync.sync.target_state import open_publication
from vsync.sync.workspace import open_workspace
from vsync.system.atomic_write import write_durably

SINCE = "2024-01-02T03:04:05+00:00"
NAME = ".vsync/manifest.json"
ANSWER_WITHIN_S = 10

_RUN = """
import json, sys
from pathlib import Path
from vsync.errors import VsyncError
from vsync.state.seal import Seal
from vsync.state.local import LocalPublication

publication = LocalPublication(Path(sys.argv[1]), Path(sys.argv[2]), "default", sys.argv[4])

def take(timeout="0"):
    seal = Seal("open", sys.argv[3], "2024-01-02T03:04:05+00:00")
    publication.take(seal, float(timeout), lambda text: tell("waiting", text))

def do_publish(text):
    publication.publish(text.encode(), 1)

def tell(*words):
    print(json.dumps(words), flush=True)

commands = {"take": take, "publish": do_publish}
for line in sys.stdin:
    name, *arguments = json.loads(line)
    try:
        (commands.get(name) or getattr(publication, name))(*arguments)
    except VsyncError as error:
        tell(type(error).__name__, str(error))
    else:
        tell("done")
"""


class Run:
    """A run in a process of its own, told what to do step by step."""

    def __init__(self, place: Workspace, name: str, manifest_name: str = NAME) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(place.manifest), str(place.seals), name, manifest_name],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def say(self, *words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> list[str]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_WITHIN_S)
        assert ready, "the run does not answer"
        words: list[str] = json.loads(self._process.stdout.readline())
        return words

    def do(self, *words: str) -> str:
        self.say(*words)
        return self.hear()[0]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


class Workspace:
    """A manifest and a seal folder, and the runs that want them."""

    def __init__(self, folder: Path) -> None:
        self.manifest = folder / "repo" / NAME
        self.seals = folder / "repo" / ".git" / "vsync"
        (folder / "repo" / ".git").mkdir(parents=True)
        self._runs: list[Run] = []

    def run(self, name: str, manifest_name: str = NAME) -> Run:
        run = Run(self, name, manifest_name)
        self._runs.append(run)
        return run

    def here(self, target: str = "default") -> LocalPublication:
        return LocalPublication(self.manifest, self.seals, target, NAME)

    def published(self) -> Published:
        return self.here().read()

    def seal(self) -> Seal:
        found = self.published().seal
        assert found is not None
        return found

    def make_old(self) -> None:
        """Lets the seal look as if its holder had not renewed it for longer than it may."""
        (seal,) = self.seals.glob("*.seal.json")
        then = time.time() - STALE_AFTER_S - 5
        os.utime(seal, (then, then))

    def end(self) -> None:
        for run in self._runs:
            run.end()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path)
    yield made
    made.end()


@pytest.fixture
def held() -> Iterator[Callable[..., Publication]]:
    """Takes a publication in this process and lets go of it in the end."""
    taken: list[Publication] = []

    def take(publication: Publication, run: str = "here", timeout_s: float = 0) -> Publication:
        taken.append(publication)
        publication.take(Seal("open", run, SINCE, owner="o"), timeout_s, lambda _: None)
        return publication

    yield take
    for publication in taken:
        publication.release()


def never(text: str) -> None:
    raise AssertionError(f"nobody had to wait: {text}")


Held = Callable[..., Publication]


# --- One run ------------------------------------------------------------------------------------------------


def test_nothing_stands_there_before_the_first_run(place: Workspace) -> None:
    assert place.published() == Published(None, None)
    assert place.published().blob is None
    assert not place.seals.exists()


def test_abandoning_restores_a_seal_that_a_dead_run_left_open(place: Workspace, held: Held) -> None:
    dead = place.run("dead")
    assert dead.do("take") == "done"
    dead.kill()
    held(place.here(), "second").abandon()
    assert (place.seal().state, place.seal().run) == ("open", "dead")


def test_a_seal_that_is_given_back_while_it_is_looked_for_is_not_open(place: Workspace, held: Held) -> None:
    publication = held(place.here())
    (place.seals / "other-00000000.seal.json").symlink_to("gone")  # listed, and not there any more
    assert not publication.others_open()
    held(place.here("second"), "second")
    assert publication.others_open()


def test_the_seal_that_a_run_of_another_target_of_the_same_manifest_left_open_is_known(
    place: Workspace, held: Held
) -> None:
    def of(target: str, name: str = NAME) -> LocalPublication:
        return LocalPublication(place.manifest, place.seals, target, name)

    run = held(of("other"))
    assert of("default").left_open(()) == {}  # it is still at work
    run.release()
    assert [(name, seal.head) for name, seal in of("default").left_open(()).items()] == [("other", None)]
    assert of("other").left_open(()) == {}
    assert of("default").left_open({"other"}) == {}
    assert of("default", "another.json").left_open(()) == {}
    (seal,) = place.seals.glob("other-*.seal.json")
    seal.write_bytes(b"damaged")
    assert of("default").left_open(()) == {}
    seal.unlink()
    seal.mkdir()  # nobody can read it
    assert of("default").left_open(()) == {}


def test_without_a_manifest_only_the_seal_is_kept(place: Workspace) -> None:
    publication = LocalPublication(None, place.seals, "default", "none")
    publication.take(Seal("open", "run", SINCE), 0, never)
    publication.publish(b"never written", 3)
    publication.close()
    found = publication.read()
    assert found.manifest is None
    assert found.seal == Seal("closed", "run", SINCE, serial=3)
    assert not place.manifest.exists()


# --- Several runs -------------------------------------------------------------------------------------------


def test_a_second_run_waits_says_so_once_and_gets_it_when_the_first_closes(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    second.say("take", "20")
    word, text = second.hear()
    assert word == "waiting"
    assert SINCE in text
    assert "20 s" in text
    time.sleep(0.5)  # it looks again, and says nothing more
    assert place.seal().run == "first"
    assert first.do("publish", "by the first") == "done"
    assert first.do("close") == "done"
    assert second.hear() == ["done"]
    seal = place.seal()
    assert (seal.state, seal.run, seal.manifest) == ("open", "second", blob_id(b"by the first"))


def test_a_second_run_gives_up_after_its_time_and_changes_nothing(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    before = place.published()
    started = time.monotonic()
    second.say("take", "0.5")
    assert second.hear()[0] == "waiting"
    word, text = second.hear()
    assert word == "SealHeld"
    assert 0.5 <= time.monotonic() - started < 5
    assert SINCE in text
    assert "--lock-timeout" in text
    assert place.published() == before
    assert first.do("publish", "still mine") == "done"


def test_a_run_that_was_killed_is_taken_over_at_once(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    assert first.do("publish", "by the first") == "done"
    assert second.do("take") == "SealHeld"
    first.kill()
    assert second.do("take") == "done"  # without waiting
    seal = place.seal()
    assert (seal.run, seal.manifest) == ("second", blob_id(b"by the first"))


def test_a_waiting_run_takes_over_as_soon_as_the_holder_is_killed(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    assert second.do("take", "60") == "waiting"
    killed = time.monotonic()
    first.kill()
    assert second.hear() == ["done"]
    assert time.monotonic() - killed < 3


def test_a_run_that_let_go_of_an_open_seal_is_taken_over_at_once(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    assert first.do("release") == "done"
    assert second.do("take") == "done"
    assert place.seal().run == "second"


def test_a_stopped_run_keeps_the_seal_until_it_is_stale(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    first.pause()
    second.say("take", "0.3")
    assert [second.hear()[0], second.hear()[0]] == ["waiting", "SealHeld"]
    place.make_old()
    assert second.do("take") == "done"


@pytest.mark.parametrize("do", [("publish", "too late"), ("close",), ("abandon",), ("renew",)])
def test_a_stopped_run_that_wakes_up_after_a_takeover_may_change_nothing(place: Workspace, do: tuple[str, ...]) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    assert first.do("publish", "by the first") == "done"
    first.pause()
    place.make_old()
    assert second.do("take") == "done"
    assert second.do("publish", "by the second") == "done"
    before = place.published()
    first.resume()
    first.say(*do)
    word, text = first.hear()
    assert word == "SealHeld"
    assert "taken over" in text
    assert place.published() == before
    assert second.do("close") == "done"
    assert place.seal().state == "closed"


def test_a_stopped_run_that_wakes_up_and_lets_go_does_not_free_the_seal_of_its_successor(place: Workspace) -> None:
    first, second, third = place.run("first"), place.run("second"), place.run("third")
    assert first.do("take") == "done"
    first.pause()
    place.make_old()
    assert second.do("take") == "done"
    first.resume()
    assert first.do("release") == "done"
    assert third.do("take") == "SealHeld"


def test_two_processes_of_the_same_run_are_still_two(place: Workspace) -> None:
    """Jobs of one workflow run, and its second attempt, share the run's id."""
    first, second = place.run("4711"), place.run("4711")
    assert first.do("take") == "done"
    first.pause()
    place.make_old()
    assert second.do("take") == "done"
    assert second.do("publish", "by the second") == "done"
    first.resume()
    assert first.do("publish", "too late") == "SealHeld"
    assert place.manifest.read_bytes() == b"by the second"


def test_a_holder_that_renews_is_not_stale(place: Workspace) -> None:
    first, second = place.run("first"), place.run("second")
    assert first.do("take") == "done"
    place.make_old()
    assert first.do("renew") == "done"
    assert second.do("take") == "SealHeld"


def test_of_many_runs_at_once_one_holds_the_seal_at_a_time(place: Workspace) -> None:
    runs = [place.run(f"run {number}") for number in range(6)]
    for run in runs:
        run.say("take", "0")
    answers = [run.hear()[0] for run in runs]
    assert answers.count("done") == 1
    assert answers.count("SealHeld") == 5
    winner = runs[answers.index("done")]
    assert winner.do("close") == "done"


def test_targets_have_a_seal_each(place: Workspace, held: Held) -> None:
    one, other = held(place.here("one")), held(place.here("other"))
    one.close()
    other.close()


@pytest.mark.parametrize(
    "spelled", ["./.vsync/manifest.json", ".vsync//manifest.json", ".vsync/../.vsync/manifest.json", "/"]
)
def test_one_manifest_has_one_seal_however_its_path_is_written(repo: Repo, spelled: str, held: Held) -> None:
    repo.commit({"a.md": b"1"})
    spelled = str(repo.root / NAME) if spelled == "/" else spelled

    def publication(manifest: str) -> Publication:
        settings = resolve({"repo": str(repo.root), "manifest": manifest}, {})
        place = open_workspace(settings, Origin())
        place.source.close()
        return open_publication(settings, place)

    held(publication(NAME), "first")
    with pytest.raises(SealHeld):
        held(publication(spelled), "second")


# --- Writing ------------------------------------------------------------------------------------------------


def test_a_file_is_written_with_its_folders_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_durably(path, b"1")
    write_durably(path, b"2")
    assert path.read_bytes() == b"2"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Lets one step of a durable write find the disk full."""
    if step == "mkstemp":
        monkeypatch.setattr(tempfile, "mkstemp", full)
    elif step == "replace":
        monkeypatch.setattr(Path, "replace", full)
    elif step == "write":
        fdopen = os.fdopen
        monkeypatch.setattr(os, "fdopen", lambda *given: Full(fdopen(*given)))
    else:
        monkeypatch.setattr(os, step, full)


class Full:
    """A file on a full disk."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, _: bytes) -> None:
        full()


STEPS = ["mkstemp", "write", "fsync", "fchmod", "replace"]


@pytest.mark.parametrize("step", STEPS)
def test_a_write_that_fails_leaves_the_old_bytes_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    fill_the_disk(monkeypatch, step)
    with pytest.raises(OSError, match="No space left"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_fails_the_publication_by_name_and_the_old_manifest_stays(
    place: Workspace, held: Held, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = held(place.here())
    first.publish_and_close(b"old\n", 1)
    second = held(place.here())
    before = snapshot(place)
    fill_the_disk(monkeypatch, step)
    with pytest.raises(PublicationFailed, match=r"manifest\.json cannot be written: No space left on device"):
        second.publish(b"new\n", 2)
    monkeypatch.undo()
    assert snapshot(place) == before
    second.publish_and_close(b"new\n", 2)
    assert place.published().manifest == b"new\n"


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_lets_nobody_take_the_seal_and_nothing_changes(
    place: Workspace, held: Held, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    held(place.here()).publish_and_close(b"old\n", 1)
    place.here().doubt()
    before = snapshot(place)
    fill_the_disk(monkeypatch, step)
    with pytest.raises(ManifestError, match="cannot be written: No space left on device"):
        held(place.here())
    monkeypatch.undo()
    assert snapshot(place) == before
    assert held(place.here()).read().seal is not None  # nor is it held by the one that failed


def snapshot(place: Workspace) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.manifest.parents[1].rglob("*") if path.is_file()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_is_really_full_keeps_the_old_manifest(tmp_path: Path, held: Held) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode().strip()}")
    try:
        place = Workspace(folder)
        publication = held(place.here())
        publication.publish(b"old\n", 1)
        before = snapshot(place)
        with pytest.raises(PublicationFailed, match="No space left on device"):
            publication.publish(b"x" * 100_000, 2)
        assert snapshot(place) == before
        publication.publish_and_close(b"new\n", 2)
        assert place.published().manifest == b"new\n"
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_what_killed_writers_left_is_removed_when_it_is_old(place: Workspace, held: Held) -> None:
    held(place.here()).publish_and_close(b"old\n", 1)
    names = {"old": ".manifest.json.abcd_123.vsync-tmp", "new": ".manifest.json.dcba_321.vsync-tmp"}
    others = [".manifest.json.abcd_123", "manifest.json.abcd_123.vsync-tmp", ".manifest.json.vsync-tmp"]
    for folder in (place.manifest.parent, place.seals):
        for name in (*names.values(), *others):
            (folder / name).write_bytes(b"part")
            age = 60 if name == names["new"] else 3700
            os.utime(folder / name, (time.time() - age, time.time() - age))
    held(place.here()).abandon()
    for folder in (place.manifest.parent, place.seals):
        found = {path.name for path in folder.iterdir() if "abcd" in path.name or "tmp" in path.name}
        assert found == {names["new"], *others}


# --- Locks --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def stuck(place: Workspace, name: str) -> Iterator[None]:
    """Somebody was stopped in the middle of a critical section."""
    (lock,) = place.seals.glob(name)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("do", ["take", "publish", "renew", "exclusive"])
def test_a_lock_that_nobody_lets_go_of_is_named_and_not_waited_for_for_ever(
    place: Workspace, held: Held, monkeypatch: pytest.MonkeyPatch, do: str, stopped: bool
) -> None:
    monkeypatch.setattr(file_lock, "_WAIT_S", 60.0 if stopped else 0.3)
    publication = LocalPublication(
        place.manifest, place.seals, "default", NAME, stopped=lambda: 9.0 if stopped else None
    )
    held(publication)
    with publication.exclusive():
        pass
    if do == "take":
        publication.close()  # a seal that another run holds is waited for, and its lock is not touched
    actions: dict[str, Callable[[], object]] = {
        "take": lambda: held(place.here() if not stopped else publication),
        "publish": lambda: publication.publish(b"new\n", 1),
        "renew": publication.renew,
        "exclusive": lambda: publication.exclusive().__enter__(),
    }
    started = time.monotonic()
    pattern = "manifest-*.lock" if do == "exclusive" else "default-*.lock"
    with stuck(place, pattern), pytest.raises(PublicationFailed, match=r"holds the lock .*\.lock and does not let go"):
        actions[do]()
    assert time.monotonic() - started < 5
    (publication if do != "take" else held(publication)).publish_and_close(b"new\n", 1)


def test_a_lock_that_is_let_go_of_is_taken(place: Workspace, held: Held) -> None:
    publication = held(place.here())
    with stuck(place, "default-*.lock"):
        thread = threading.Thread(target=publication.renew)
        thread.start()
        time.sleep(0.2)
        assert thread.is_alive()
    thread.join(5)
    assert not thread.is_alive()


# --- Atomically ---------------------------------------------------------------------------------------------


def test_a_reader_sees_old_or_new_bytes_and_never_a_part_even_when_the_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    versions = [b"a" * 300_000, b"b" * 500_000]
    path.write_bytes(versions[0])
    program = (
        "import itertools, sys; from pathlib import Path; from vsync.system.atomic_write import write_durably\n"
        "print(flush=True)\n"
        "for letter, size in itertools.cycle([(b'b', 500_000), (b'a', 300_000)]):\n"
        "    write_durably(Path(sys.argv[1]), letter * size)\n"
    )
    for pause in (0.01, 0.03, 0.05, 0.08):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            until = time.monotonic() + pause
            while time.monotonic() < until:
                assert path.read_bytes() in versions
            writer.kill()
        assert path.read_bytes() in versions


# --- What stands in the way ---------------------------------------------------------------------------------


def test_a_manifest_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone(
    place: Workspace, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    place.manifest.parent.mkdir()
    place.manifest.symlink_to(victim)
    with pytest.raises(ManifestError, match=rf"{NAME} is a symbolic link"):
        place.here().read()
    assert victim.read_bytes() == b"precious"


def test_a_link_put_in_the_manifests_place_meanwhile_is_replaced_and_not_written_through(
    place: Workspace, tmp_path: Path, held: Held
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    publication = held(place.here())
    place.manifest.parent.mkdir()
    place.manifest.symlink_to(victim)
    publication.publish(b"new", 1)
    assert victim.read_bytes() == b"precious"
    assert place.manifest.read_bytes() == b"new"
    assert not place.manifest.is_symlink()


def test_a_manifest_that_is_a_folder_cannot_be_read(place: Workspace) -> None:
    place.manifest.mkdir(parents=True)
    with pytest.raises(ManifestError, match=r"cannot be read: Is a directory"):
        place.here().read()


def test_a_seal_folder_that_cannot_be_made_is_told_before_anything_is_done(place: Workspace) -> None:
    place.seals.write_bytes(b"a file in its place")
    with pytest.raises(ManifestError, match="cannot be written"):
        place.here().take(Seal("open", "run", SINCE), 0, never)


def test_a_manifest_folder_that_cannot_be_made_fails_the_publication_and_vouches_for_nothing(
    place: Workspace, held: Held
) -> None:
    publication = held(place.here())
    place.manifest.parent.write_bytes(b"a file in its place")
    with pytest.raises(PublicationFailed, match=r"manifest\.json cannot be written"):
        publication.publish(b"1", 1)
    assert place.seal().manifest is None
    assert place.seal().state == "open"


def test_a_seal_that_goes_away_under_its_holder_is_told(place: Workspace, held: Held) -> None:
    publication = held(place.here())
    (file,) = place.seals.glob("*.seal.json")
    file.unlink()
    with pytest.raises(SealHeld):
        publication.publish(b"1", 1)
    assert place.published() == Published(None, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write as another user's guest")
def test_what_root_makes_in_somebodys_repository_belongs_to_them(place: Workspace, held: Held) -> None:
    root = place.seals.parents[1]
    for path in (root, root / ".git"):
        os.chown(path, 12345, 54321)
    publication = held(place.here())
    publication.publish(b"1", 1)
    publication.close()
    owners = {str(path.relative_to(root)): (path.stat().st_uid, path.stat().st_gid) for path in root.rglob("*")}
    assert len(owners) >= 6
    assert {path for path, owner in owners.items() if owner != (12345, 54321)} == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop its privileges")
def test_a_folder_that_may_not_be_written_is_told_by_its_name(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.seteuid(65534)
        try:
            publication = LocalPublication(folder / "manifest.json", folder, "default", "manifest.json")
            with pytest.raises(ManifestError, match=rf"{name}.*cannot be written: Permission denied"):
                publication.take(Seal("open", "run", SINCE), 0, never)
        finally:
            os.seteuid(0)
