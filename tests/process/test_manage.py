"""A bulk delete as a process: Ctrl-C ends it with the report of what was done."""

from __future__ import annotations

import json
import signal
import time

from tests.support.command_line import World, client, finished, process
from tests.support.command_line import world as world


def test_ctrl_c_ends_a_delete_with_its_report_and_the_next_one_goes_on(world: World) -> None:
    world.local = True
    with client(world.db) as api:
        ids = [api.files.create(file=(f"f{number}.md", b"# x"), purpose="assistants").id for number in range(40)]
    listed = world.repo.root / "ids.txt"
    listed.write_text("\n".join(ids))
    arguments = ("files", "delete", f"@{listed}", "--yes", "--json")
    slow = process(world, *arguments, "--concurrency", "1", "--deletes-per-minute", "5")
    until = time.monotonic() + 15
    while time.monotonic() < until and left(world) > 36:
        time.sleep(0.05)
    slow.send_signal(signal.SIGINT)
    stopped = finished(slow)
    assert stopped.code == 130, stopped.err
    report = stopped.json
    assert 4 <= len(report["success"]) <= 6
    assert len(report["success"]) + len(report["failed"]) == 40
    assert "Interrupted by SIGINT" in stopped.err
    rest = finished(process(world, *arguments))
    assert rest.code == 0, rest.err
    assert sorted(json.loads(rest.out)["success"]) == sorted(ids)
    assert left(world) == 0


def left(world: World) -> int:
    with client(world.db) as api:
        return len(list(api.files.list()))
