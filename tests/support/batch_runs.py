"""A request file, its runs, and what tests of fetching have in common."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named
from tests.support.wire import Forward, QuickStop, Sent, alter, response
from vsync.batch.batch_report import BatchReport

A, RESULTS, SUMMARY = "batches/a.jsonl", "batch-results/a.jsonl", "batch-results/a.summary.json"


IDS = ["one", "two", "three", "four"]


FOUR = requests_named(IDS)


def submitted(world: BatchWorld, content: bytes = FOUR, path: str = A) -> str:
    """Writes a request file, submits it, and lets its batch end. Gives the batch's id."""
    world.write(path, content)
    report = world.submit()
    assert report.error is None
    world.pass_time()
    assert report.submitted[0].batch_id is not None
    return report.submitted[0].batch_id


def fetched(report: BatchReport) -> list[str]:
    assert report.error is None, report.error
    return [each.results for each in report.fetched]


MIXED = requests_named(["good"]) + requests_named(["bad"], model="vsync-fail-429") + requests_named(["fine"])


FAILING = requests_named(["x", "y"], model="vsync-fail-500")


def some_fail(world: BatchWorld, *ids: str) -> None:
    """The server answers these requests with an error, in their first batch."""
    (first,) = world.batches()

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        found = await forward()
        lines = [json.loads(line) for line in found.content.splitlines()]
        for line in lines:
            if line["custom_id"] in ids:
                body = {"error": {"code": "busy", "message": "Busy."}}
                line["response"] = {"status_code": 503, "request_id": "r", "body": body}
        return response(200, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    world.wire.when(lambda sent: sent.path == f"/files/{first['output_file_id']}/content", fault)


B, RESULTS_B = "batches/b.jsonl", "batch-results/b.jsonl"


def no_batches(world: BatchWorld) -> None:
    """The API has forgotten its batches."""
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[], has_more=False)))


def downloads(world: BatchWorld) -> list[str]:
    return [sent.path for sent in world.wire.sent if sent.path.endswith("/content")]


class Killed(BaseException):
    """The run ends here."""


def dies_between_summary_and_results(world: BatchWorld) -> None:
    """A fetch that dies."""
    replace = os.replace

    def dying(source: str, target: str, **options: Any) -> None:
        if target == "a.jsonl":
            raise Killed
        replace(source, target, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", dying)
        with pytest.raises(Killed):
            world.fetch()


class PassingStop(QuickStop):
    """The server's clock goes on while the run sleeps."""

    def __init__(self, world: BatchWorld) -> None:
        super().__init__()
        self._world = world
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._world.wire.now += seconds
        await super().sleep(seconds)


def contents(world: BatchWorld, n: int) -> list[str]:
    """The Files with results of the first n batches."""
    return [f"/files/{batch['output_file_id']}/content" for batch in world.batches()[:n]]


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
