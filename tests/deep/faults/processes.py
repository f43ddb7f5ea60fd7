"""Faults of whole processes: SIGKILL at a request, at an instant or at a push; signals while a request hangs; a full disk."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.deep.faults.audit import Ended, Others, Watch, json_report, report_is_true
from tests.deep.faults.matrix import requests_of
from tests.deep.faults.over_http import Door, served
from tests.deep.faults.rest import after_the_fault, comes_to_rest, run_once
from tests.deep.faults.results import Result
from tests.deep.faults.scenarios import KEY, SCENARIOS, Machines, Surrounded, in_a_hurry, ready
from tests.support.gitrepo import Repo, environment
from tests.support.places import ROOT
from tests.support.servers.git_http import GitServer
from tests.support.servers.recording import Answer, Recorded

_REASONS = {130: "interrupted", 143: "interrupted"}


@dataclass(frozen=True, order=True)
class Kill:
    """SIGKILL when request `at` arrives, or when the server has `done` it. If `at` is 0: `moment` seconds after the first request."""

    scenario: str
    at: int = 0
    done: bool = False
    moment: float = 0.0
    fresh: bool = False

    @property
    def kind(self) -> str:
        when = ("killed when done" if self.done else "killed before") if self.at else "killed at an instant"
        return f"process {when}{', fresh machines' if self.fresh else ''}"

    @property
    def place(self) -> int:
        return self.at

    def __str__(self) -> str:
        where = f"{'after' if self.done else 'before'} request {self.at}" if self.at else f"{self.moment:.3f} s on"
        return f"{self.scenario}: a process killed {where}{', fresh machines' if self.fresh else ''}"


@dataclass(frozen=True, order=True)
class Signals:
    """SIGINT while request `at` hangs; SIGTERM 7.5 s later, SIGKILL 2.5 s after that."""

    scenario: str
    at: int
    fresh: bool = False

    @property
    def kind(self) -> str:
        return "signals"

    @property
    def place(self) -> int:
        return self.at

    def __str__(self) -> str:
        return f"{self.scenario}: signals while request {self.at} hangs{', fresh machines' if self.fresh else ''}"


@dataclass(frozen=True, order=True)
class Push:
    """A fault at the push number `at` to the git remote."""

    scenario: str
    fault: str
    at: int

    @property
    def kind(self) -> str:
        return f"push: {self.fault}"

    @property
    def place(self) -> int:
        return self.at

    def __str__(self) -> str:
        return f"{self.scenario}: {self.fault} at push {self.at}"


@dataclass(frozen=True, order=True)
class FullDisk:
    """A disk that has this much room for the state of a run."""

    scenario: str
    room_kib: int

    @property
    def kind(self) -> str:
        return "full disk"

    @property
    def place(self) -> int:
        return 0

    def __str__(self) -> str:
        return f"{self.scenario}: a disk with room for {self.room_kib} KiB"


# --- A process ----------------------------------------------------------------------------------------------------


@dataclass
class Process:
    """`vsync sync` as a person runs it."""

    popen: subprocess.Popen[str]
    folder: Path
    started: float = field(default_factory=time.monotonic)

    def kill(self) -> None:
        self.popen.kill()

    def wait(self, timeout_s: float = 60.0) -> Ended:
        """Waits, and gives how the process ended. Removes the process's home and temporary folder."""
        out, told = self.popen.communicate(timeout=timeout_s)
        shutil.rmtree(self.folder, ignore_errors=True)
        code = self.popen.returncode
        if "Traceback" in told:
            raise AssertionError(told)
        report = json_report(out)
        reason = (report.get("error") or {}).get("reason") if report else None
        return Ended(code, reason or _REASONS.get(code), report)


def start(world: Surrounded, repo: Repo, base_url: str, temporary: Path | None = None) -> Process:
    """Starts a sync of this clone in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="process-", dir=world.folder))
    given = {"repo": str(repo.root), "source": world.source or "", **world.settings}
    options = [text for name, value in given.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    command = ["verify", "--repair"] if world.repairs else ["sync"]
    options += ["--push"] if isinstance(world, Machines) else []
    return Process(
        subprocess.Popen(
            [sys.executable, "-m", "vsync", *command, "--json", *options],
            cwd=ROOT,
            env=environment(
                OPENAI_API_KEY=KEY, OPENAI_BASE_URL=base_url, HOME=str(folder), TMPDIR=str(temporary or folder)
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ),
        folder,
    )


def _machine(world: Surrounded) -> Repo:
    return world.clone() if isinstance(world, Machines) else world.repo


def run_case(case: Kill | Signals | Push | FullDisk) -> Result:
    """Runs one case: the process with the fault, then the phase without faults."""
    if isinstance(case, Kill):
        return _killed(case)
    if isinstance(case, Signals):
        return _signalled(case)
    if isinstance(case, Push):
        return _pushed(case)
    return _without_room(case)


@contextlib.contextmanager
def _served(case: object, scenario: str, kind: type[Surrounded]) -> Iterator[tuple[Surrounded, Door, Result]]:
    """A world whose store is on a port and is watched. At the end the world must come to rest."""
    result = Result(case)
    with ready(scenario, kind) as world:
        others = Others.of(world)
        watch = Watch(world)
        with served(world, watch) as door:
            yield world, door, result
        watch.look("the end of the run")
        result.add(watch.violations)
        if result.met:
            result.runs += 1
            with in_a_hurry():
                after_the_fault(world, result, None, others)
                comes_to_rest(world, result, others)


# --- Killed -------------------------------------------------------------------------------------------------------


def _killed(case: Kill) -> Result:
    with _served(case, case.scenario, Machines if case.fresh else Surrounded) as (world, door, result):
        running: list[Process] = []

        def kill(proceed: Callable[[], Answer]) -> None:
            if case.done:
                proceed()
            running[0].kill()

        if case.at:
            door.meets(kill, case.at)
        assert world.over is not None
        machine = _machine(world)
        running.append(start(world, machine, world.over))
        if not case.at:
            door.first.wait(30)
            time.sleep(case.moment)
            running[0].kill()
        ended = running[0].wait()
        door.quiet()
        result.add(_refused_at_once(ended))
        result.met = ended.exit_code == -signal.SIGKILL
        if not case.at:
            result.met = True  # the process may have ended by itself before: that is a valid instant too
        _forget(world, machine)
    return result


def _refused_at_once(ended: Ended) -> list[str]:
    """A run that is refused before it begins meets no fault: such a case would show nothing."""
    return [f"the run was refused: {ended}"] if ended.exit_code == 2 else []


def moments(scenario: str, number: int, *, fresh: bool = False) -> list[Kill]:
    """Random instants, the same every time, and no instant twice."""
    chance = random.Random(f"{scenario} {fresh}")
    milliseconds = chance.sample(range(1_600 if fresh else 600), number)
    return [Kill(scenario, moment=instant / 1000, done=True, fresh=fresh) for instant in milliseconds]


def _forget(world: Surrounded, machine: Repo) -> None:
    """Removes the machine's clone when the state is on a remote: the next run has another machine."""
    if isinstance(world, Machines):
        shutil.rmtree(machine.root, ignore_errors=True)


# --- Told to stop -------------------------------------------------------------------------------------------------

_SIGTERM_AFTER_S, _SIGKILL_AFTER_S = 7.5, 10.0


def _signalled(case: Signals) -> Result:
    with _served(case, case.scenario, Machines if case.fresh else Surrounded) as (world, door, result):
        running: list[Process] = []
        interrupted_at: list[float] = []

        def hang(proceed: Callable[[], Answer]) -> Answer | None:
            running[0].popen.send_signal(signal.SIGINT)
            interrupted_at.append(time.monotonic())
            with contextlib.suppress(subprocess.TimeoutExpired):
                running[0].popen.wait(_SIGKILL_AFTER_S + 5)
            return None

        door.meets(hang, case.at)
        assert world.over is not None
        machine = _machine(world)
        running.append(start(world, machine, world.over))
        code, seconds = _ended_within_the_grace(running[0], interrupted_at)
        ended = running[0].wait()
        door.quiet()
        result.add(_refused_at_once(ended))
        result.met = door.met
        if door.met:
            result.endings.append(f"exit {code} after {seconds:.1f} s")
            if code != 130:
                result.add([f"exit {code}, {seconds:.1f} s after SIGINT, and not 130"])
            result.add(report_is_true(world, ended))
        _forget(world, machine)
    return result


def _ended_within_the_grace(process: Process, interrupted_at: list[float]) -> tuple[int, float]:
    """Waits, and sends the signals that a GitHub runner sends. Gives the exit code and the seconds since SIGINT."""
    terminated = False
    while process.popen.poll() is None:
        time.sleep(0.02)
        if not interrupted_at:
            if time.monotonic() - process.started > 30:
                process.kill()
            continue
        passed = time.monotonic() - interrupted_at[0]
        if passed >= _SIGKILL_AFTER_S:
            process.kill()
        elif passed >= _SIGTERM_AFTER_S and not terminated:
            process.popen.terminate()
            terminated = True
    return process.popen.returncode, time.monotonic() - interrupted_at[0] if interrupted_at else 0.0


# --- Pushes -------------------------------------------------------------------------------------------------------

_Proceed = Callable[[], Answer]


def _lost(proceed: _Proceed, _: Process | None, __: Machines) -> Answer | None:
    proceed()
    return None


def _refused(_: _Proceed, __: Process | None, ___: Machines) -> Answer | None:
    return Answer(403, b"Write access to repository not granted.\n", {"Content-Type": "text/plain"})


def _broken(_: _Proceed, __: Process | None, ___: Machines) -> Answer | None:
    return Answer(500, b"Internal Server Error\n", {"Content-Type": "text/plain"})


def _moved(proceed: _Proceed, _: Process | None, world: Machines) -> Answer | None:
    """Just before the push, somebody else commits to the manifest's branch."""
    if "refs/heads/vsync-manifest" in world.refs():
        world.bare.commit({"unrelated.txt": b"x"}, branch="vsync-manifest")
        world.bare.forget("vsync-manifest")
    return proceed()


def _killed_before(_: _Proceed, process: Process | None, __: Machines) -> Answer | None:
    assert process is not None
    process.kill()
    return None


def _killed_after(proceed: _Proceed, process: Process | None, __: Machines) -> Answer | None:
    assert process is not None
    proceed()
    process.kill()
    return None


PUSHES: Mapping[str, Callable[[_Proceed, Process | None, Machines], Answer | None]] = {
    "answer lost": _lost,
    "403": _refused,
    "500": _broken,
    "branch moved": _moved,
    "killed before": _killed_before,
    "killed after": _killed_after,
}


def _pushed(case: Push) -> Result:
    with _served(case, case.scenario, Machines) as (world, _, result):
        assert isinstance(world, Machines)
        assert world.over is not None
        running: list[Process | None] = []
        pushes = 0

        def at_the_push(request: Recorded, proceed: _Proceed) -> Answer | None:
            nonlocal pushes
            if request.method != "POST" or "git-receive-pack" not in request.target or request.content == b"0000":
                return proceed()
            pushes += 1
            if pushes != case.at:
                return proceed()
            result.met = True
            return PUSHES[case.fault](proceed, running[0], world)

        with _remote(world) as server:
            server.intercept = at_the_push
            machine = world.clone()
            machine.git("remote", "set-url", "origin", server.url(f"{world.folder.name}/remote"))
            if "killed" in case.fault:
                process = start(world, machine, world.over)
                running.append(process)
                result.add(_refused_at_once(process.wait()))
            else:
                running.append(None)
                with in_a_hurry():
                    ended = run_on(world, machine)
                result.endings.append(str(ended))
                result.add(report_is_true(world, ended))
        _forget(world, machine)
    return result


def run_on(world: Machines, machine: Repo) -> Ended:
    """One run in this process, on this clone."""
    original = world.clone
    world.clone = lambda *_: machine  # type: ignore[method-assign]  # mypy: no method is replaced; this world alone must use the fresh machine
    try:
        return run_once(world)
    finally:
        world.clone = original  # type: ignore[method-assign]  # mypy: no method is replaced; the world gets its own method back


@contextlib.contextmanager
def _remote(world: Machines) -> Iterator[GitServer]:
    for key, value in {
        "http.receivepack": "true",
        "uploadpack.allowFilter": "true",
        "uploadpack.allowAnySHA1InWant": "true",
        "receive.advertiseAtomic": "true",
    }.items():
        world.bare.git("config", key, value)
    with GitServer(world.folder.parent, anonymous="write") as server:
        yield server


# --- A full disk ----------------------------------------------------------------------------------------------------


def can_mount() -> bool:
    """Whether this user may mount a small disk."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return False
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


def _without_room(case: FullDisk) -> Result:
    with _served(case, case.scenario, Surrounded) as (world, door, result):
        assert world.over is not None
        with _small_disk(world, case.room_kib) as temporary:
            ended = start(world, world.repo, world.over, temporary).wait()
            result.met = True
            door.quiet()
            result.endings.append(str(ended))
        result.add(report_is_true(world, ended))
    return result


@contextlib.contextmanager
def _small_disk(world: Surrounded, room_kib: int) -> Iterator[Path]:
    """Has the repository and the temporary folder on a disk with this much room. At the end they are on a large disk again."""
    root = world.repo.root
    aside = root.with_name("aside")
    root.rename(aside)
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(root)], check=True)
    try:
        shutil.copytree(aside, root, dirs_exist_ok=True, symlinks=True)
        temporary = root / ".git" / "tmp"
        temporary.mkdir()
        there = shutil.disk_usage(root).used // 1024
        subprocess.run(["mount", "-o", f"remount,size={there + room_kib}k", str(root)], check=True)
        yield temporary
        shutil.rmtree(aside)
        shutil.copytree(root, aside, symlinks=True)
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
        root.rmdir()
        aside.rename(root)


# --- All of them ----------------------------------------------------------------------------------------------------

_MOST_PUSHES = 5
_ROOMS_KIB = (0, 4, 8, 16)


def every(instants: int = 60) -> Iterator[Kill | Signals | Push | FullDisk]:
    """Every kill, signal, push and full disk of every scenario; and so many random instants."""
    room = _ROOMS_KIB if can_mount() else ()
    for name in SCENARIOS:
        places = range(1, len(requests_of(name)) + 1)
        for fresh in (False, True):
            yield from (Kill(name, at, done=done, fresh=fresh) for at in places for done in (False, True))
            yield from moments(name, instants // (2 if fresh else 1), fresh=fresh)
        yield from (Signals(name, at, fresh=at % 3 == 0) for at in places)
        yield from (Push(name, fault, at) for fault in PUSHES for at in range(1, _MOST_PUSHES + 1))
        yield from (FullDisk(name, kib) for kib in room)
