"""Every fault at every request of a bulk delete: what it says is true, and the next run brings it to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deep.seeds import places
from tests.support.project import Project, project_in
from tests.support.wire import Fault, answer, cut, lose, refuse, unreachable
from vsync.errors import VsyncError
from vsync.manage.bulk_report import BulkReport
from vsync.manage.chosen import Rules
from vsync.manage.delete_files import FilesWanted
from vsync.manage.delete_stores import StoresWanted
from vsync.manage.detach_files import EntriesWanted
from vsync.manage.unfinished import Unfinished

Wanted = StoresWanted | FilesWanted | EntriesWanted


class Scene:
    """Two stores that go and share a File, a store that stays and uses another one, and a File that nobody uses."""

    def __init__(self, folder: Path) -> None:
        self._open = project_in(folder)
        self.project = project = self._open.__enter__()
        self.own, self.shared, self.used, self.free = (project.file(f"{name}.md") for name in ("o", "s", "u", "f"))
        self.first = project.store("first", self.own, self.shared, self.used)
        self.second = project.store("second", self.shared)
        self.stays = project.store("stays", self.used)

    def close(self) -> None:
        self._open.__exit__(None, None, None)

    def state(self) -> tuple[list[str], list[set[str]], set[str]]:
        """What there is, by words that are the same in every scene."""
        names = {self.own: "own", self.shared: "shared", self.used: "used", self.free: "free"}
        stores = {self.first: "first", self.second: "second", self.stays: "stays"}
        there = [store for store in stores if store in self.project.stores()]
        entries = [{names[file] for file in self.project.entries(store)} for store in there]
        return [stores[store] for store in there], entries, {names[file] for file in self.project.files()}


JOBS: dict[str, Callable[[Scene], Wanted]] = {
    "stores": lambda scene: StoresWanted([scene.first, "second"]),
    "stores with files": lambda scene: StoresWanted([scene.first, "second"], with_files=True),
    "stores with shared files": lambda scene: StoresWanted([scene.first, scene.second], with_files=True, shared=True),
    "files": lambda scene: FilesWanted([scene.own, "u.md", scene.free]),
    "entries with files": lambda scene: EntriesWanted(
        scene.first, [scene.own, scene.used], rules=Rules(names=False, missing_ok=True), with_files=True
    ),
}


FAULTS: dict[str, tuple[Fault | None, bool]] = {
    "cut": (cut(), False),
    "lost": (lose(), False),
    "429": (refuse(429, "slow down", headers={"retry-after": "3"}), False),
    "500": (refuse(500, "sorry"), False),
    "a page": (answer(200, "<html>welcome</html>"), False),
    "a page for long": (answer(200, "<html>welcome</html>"), True),
    "500 for long": (refuse(500, "sorry"), True),
    "401 from then on": (refuse(401, "Incorrect API key"), True),
    "403 from then on": (refuse(403, "Missing scopes"), True),
    "403 of a gateway from then on": (answer(403, "<html>Access denied</html>"), True),
    "404 of a gateway from then on": (answer(404, "<html>Not found</html>"), True),
    "unreachable from then on": (unreachable(), True),
    "quota from then on": (refuse(429, "no money", code="insufficient_quota"), True),
    "dead before": (None, True),
    "dead after": (None, True),
}
"""Each fault, and whether it stays. A fault that stays ends the job, or fails one thing after the other."""


def work(scene: Scene, wanted: Wanted, home: Path) -> BulkReport | None:
    """The report; None when the job was refused, or died."""
    with Unfinished(home, "job", "api", wanted.given or ()) as unfinished:
        try:
            return scene.project.delete(wanted, begun=unfinished.note, earlier=unfinished.done, concurrency=1)
        except (VsyncError, asyncio.CancelledError):
            return None


def told(project: Project, report: BulkReport) -> None:
    """Checks that the report says the truth."""
    there = project.stores() | project.files()
    for part in (report.deleted, report.files):
        if part is not None and (part is report.files or report.kind != "entries"):
            assert not there & set(part.success), "it is there although it is told to be deleted"
            assert {spared.id for spared in part.spared} <= there, "it is gone although it is told to be spared"
    if report.error is None and not report.failed_count:
        assert report.exit_code == 0
    else:
        assert report.exit_code != 0


def clean(folder: Path, job: str) -> tuple[tuple[list[str], list[set[str]], set[str]], int]:
    """How the job ends without a fault, and its number of requests."""
    scene = Scene(folder)
    try:
        report = work(scene, JOBS[job](scene), folder)
        assert report is not None
        assert report.exit_code == 0
        return scene.state(), len(scene.project.wire.sent)
    finally:
        scene.close()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("job", JOBS)
def test_a_fault_at_any_request_is_told_and_the_next_run_ends_the_job(tmp_path: Path, job: str, fault: str) -> None:
    (tmp_path / "clean").mkdir()
    wanted_state, requests = clean(tmp_path / "clean", job)
    kind, stays = FAULTS[fault]
    for at in places(requests, 3, f"{job}, {fault}"):
        folder = tmp_path / str(at)
        folder.mkdir()
        scene = Scene(folder)
        try:
            wanted = JOBS[job](scene)
            met = kind or scene.project.death(answered=fault == "dead after")
            scene.project.wire.when(lambda _: True, met, skip=at - 1, times=None if stays else 1)
            first = work(scene, wanted, folder)
            if not stays:
                assert first is not None, f"request {at}"
                assert first.exit_code == 0, f"request {at}: {first.to_json()}"
            if first is not None:
                told(scene.project, first)
            scene.project.wire.calm()
            again = work(scene, wanted, folder)
            assert again is not None, f"request {at}"
            told(scene.project, again)
            assert again.exit_code == 0, f"request {at}: {again.to_json()}"
            state = scene.state()
            if job == "entries with files":  # a File whose entry was out when the job died is not looked for again
                assert (state[:2], state[2] - {"own"}) == (wanted_state[:2], wanted_state[2] - {"own"}), f"request {at}"
            else:
                assert state == wanted_state, f"request {at}"
        finally:
            scene.close()
