"""Batches by chance: request files, a server and results that change in any order, against what must hold after each run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.batch_cycle import DAY_S, SLOW_S, CycleWorld
from tests.support.batch_world import TOTAL_S
from tests.support.batches import requests_named, sha256
from vsync.batch.batch_report import BatchReport
from vsync.batch.result_places import summary_path

SOAK = settings.get_current_profile_name() == "soak"

PATHS = ["batches/a.jsonl", "batches/b.jsonl", "batches/sub/a.jsonl"]
# Some ids are in several contents: a result of another content must not be taken for theirs.
CONTENTS = [
    requests_named(["one", "two"]),
    requests_named(["two", "one"]),
    requests_named(["one", "fails-1-two", "three"]),
    requests_named(["fails-2-one", "two", "fails-9-three"]),
    requests_named([f"{number}" for number in range(9)]),
]
BY_SHA = {sha256(content): content for content in CONTENTS}

paths = st.sampled_from(PATHS)
contents = st.sampled_from(CONTENTS)


def ids_in(content: bytes) -> list[str]:
    return [json.loads(line)["custom_id"] for line in content.splitlines()]


class Batches(RuleBasedStateMachine):
    """What may happen, one after the other. Each run is followed by its laws."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.patched = pytest.MonkeyPatch()
        self.patched.setattr(os, "fsync", lambda _: None)  # here nothing dies
        self.world = CycleWorld(Path(self.folder) / "world")
        (self.world.root / "batches").mkdir()
        self.brought: dict[str, set[str]] = {}
        """The requests with a good result that must be in the results folder, by the hash of their content."""

    def teardown(self) -> None:
        try:
            self.world.pass_time(DAY_S + TOTAL_S)
            self.fetch(resubmit_failed=False, clean=False, again=True)
            self.world.close()
        finally:
            self.patched.undo()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize()
    def others_come_first(self) -> None:
        self.world.invite(CONTENTS[0])
        self.world.wire.calm()

    # --- People ---------------------------------------------------------------------------------------------

    @rule(path=paths, content=contents)
    def write(self, path: str, content: bytes) -> None:
        self.world.write(path, content)

    @rule(path=paths, to=paths)
    def rename(self, path: str, to: str) -> None:
        if (self.world.root / path).exists():
            self.world.write(to, (self.world.root / path).read_bytes())
            if path != to:
                (self.world.root / path).unlink()

    @rule(path=paths)
    def delete(self, path: str) -> None:
        (self.world.root / path).unlink(missing_ok=True)

    @precondition(lambda self: self.world.results)
    @rule(which=st.integers(0, 99), summary=st.booleans())
    def delete_results(self, which: int, summary: bool) -> None:
        places = [path for path in self.world.results if not path.endswith(".json")]
        if not places:
            return
        place = f"batch-results/{places[which % len(places)]}"
        summary_file = self.world.root / summary_path(place)
        if summary_file.exists():
            self.brought.pop(json.loads(summary_file.read_bytes())["sha256"], None)
        (self.world.root / place).unlink()
        if summary:
            summary_file.unlink(missing_ok=True)

    @rule(which=st.integers(0, 99))
    def cancel(self, which: int) -> None:
        live = [each.batch_id for each in self.world.status_pending()]
        if live:
            assert self.world.cancel(live[which % len(live)]).error is None

    # --- The server -----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([TOTAL_S / 2, TOTAL_S + 1, DAY_S + TOTAL_S]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(slow=st.sampled_from([True, False, False]))
    def the_server_takes_its_time(self, slow: bool) -> None:
        self.world.wire.take(SLOW_S if slow else TOTAL_S)

    @rule()
    def the_queue_is_full(self) -> None:
        for batch in self.world.own_batches():
            if batch["status"] == "validating":
                self.world.wire.refuse(batch["id"], "token_limit_exceeded")

    @rule(which=st.integers(0, 99), purpose=st.sampled_from(["batch", "batch_output"]))
    def a_file_is_deleted(self, which: int, purpose: str) -> None:
        """Somebody deletes a File of ours in the dashboard."""
        ours = self._files_of(self.world.own_batches())
        found = sorted(file["id"] for file in self.world.files(purpose) if file["id"] in ours)
        if found:
            self.world.wire.ask("DELETE", f"/files/{found[which % len(found)]}")

    # --- Runs -----------------------------------------------------------------------------------------------

    @rule(again=st.none() | paths, limit=st.sampled_from([None, None, 1]))
    def submit(self, again: str | None, limit: int | None) -> None:
        world = self.world
        before = world.own_batches()
        complete = {sha for sha in BY_SHA if self._on_disk(sha) >= set(ids_in(BY_SHA[sha]))}
        named = () if again not in world.request_files else (again,)
        report = world.submit(limit=limit, again=named)
        assert report.error is None
        new = self._new(before)
        asked = {sha256(world.request_files[path]) for path in named}
        current = {sha256(content) for content in world.request_files.values()}
        for batch in new:
            sha = batch["metadata"]["sha256"]
            earlier = [each for each in before if each["metadata"]["sha256"] == sha]
            assert sha in current
            assert not [each for each in earlier if self._live(each)], "a batch of this content runs"
            if sha not in asked:
                assert {each["status"] for each in earlier} <= {"failed"}, "nobody asked for another batch"
                assert sha not in complete, "its results are here"
        if limit is None and not report.failed:
            batches = {batch["metadata"]["sha256"] for batch in world.own_batches() if batch["status"] != "failed"}
            assert current <= batches | complete, "each request file has a batch or results"
        self._is_idle(lambda: world.submit(limit=limit), "POST /*", "POST /*/*/cancel", "DELETE /files/*")

    @rule(resubmit_failed=st.booleans(), clean=st.booleans())
    def fetch(self, resubmit_failed: bool, clean: bool, again: bool = False) -> None:
        world = self.world
        before = world.own_batches()
        good = {batch["id"]: self._good_in(batch) for batch in before}
        report = world.fetch(resubmit_failed=resubmit_failed, clean=clean)
        assert report.error is None
        new = self._new(before)
        assert resubmit_failed or not new
        for batch in new:
            self._runs_only_what_failed(batch, before)
        self._brings(before, good)
        if not new and not [failed for failed in report.failed if failed.code == "results-gone"]:
            self._is_idle(world.fetch, "POST /*", "GET /files/*/content", "DELETE /files/*")

    # --- Laws -----------------------------------------------------------------------------------------------

    @invariant()
    def each_attempt_ran_once(self) -> None:
        ran = Counter(
            (batch["metadata"]["sha256"], batch["metadata"]["attempt"])
            for batch in self.world.own_batches()
            if batch["status"] not in {"cancelled", "cancelling", "failed"}
        )
        assert set(ran.values()) <= {1}, ran

    @invariant()
    def others_are_left_alone(self) -> None:
        self.world.check_strangers()

    @invariant()
    def results_are_in_the_order_of_their_requests(self) -> None:
        for path, content in self.world.request_files.items():
            place = self.world.place(path)
            if self._sha_at(place) == sha256(content) and (self.world.root / place).exists():
                self.world.check_results(place, content, complete=False)

    @invariant()
    def what_was_brought_is_somewhere(self) -> None:
        for sha, ids in self.brought.items():
            assert ids <= self._on_disk(sha), f"results were lost: {sorted(ids - self._on_disk(sha))}"

    def _brings(self, before: list[dict[str, Any]], good: dict[str, set[str]]) -> None:
        """What could be downloaded is on disk: for a request file beside it, else under the old hash."""
        for batch in before:
            if self._live(batch):
                continue
            sha = batch["metadata"]["sha256"]
            self.brought[sha] = self.brought.get(sha, set()) | good[batch["id"]]
            for path, content in self.world.request_files.items():
                if sha256(content) == sha and good[batch["id"]]:
                    assert self._sha_at(self.world.place(path)) == sha
                    assert good[batch["id"]] <= self._good_at(self.world.place(path))

    def _runs_only_what_failed(self, batch: dict[str, Any], before: list[dict[str, Any]]) -> None:
        sha = batch["metadata"]["sha256"]
        assert sha in {sha256(content) for content in self.world.request_files.values()}
        earlier = [each for each in before if each["metadata"]["sha256"] == sha]
        assert earlier, "only what ran runs again"
        assert not [each for each in earlier if self._live(each)], "a batch of this content runs"
        asked = set(ids_in(self._content(batch["input_file_id"])))
        assert asked <= set(ids_in(BY_SHA[sha]))
        assert not asked & self._on_disk(sha), "it has good results"
        assert int(batch["metadata"]["requests"]) == len(asked)

    def _is_idle(self, run: Any, *writes: str) -> None:
        """One more run does nothing of that kind. It may ask for results that are gone."""
        self.world.wire.calm()
        report: BatchReport = run()
        assert report.error is None
        done = [str(sent) for sent in self.world.wire.sent if any(map(sent.is_, writes)) and sent.status != 404]
        assert done == []

    # --- What is there --------------------------------------------------------------------------------------

    @staticmethod
    def _live(batch: dict[str, Any]) -> bool:
        return batch["status"] not in {"completed", "failed", "expired", "cancelled"}

    def _new(self, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        known = {batch["id"] for batch in before}
        return [batch for batch in self.world.own_batches() if batch["id"] not in known]

    @staticmethod
    def _files_of(batches: list[dict[str, Any]]) -> set[str]:
        names = ("input_file_id", "output_file_id", "error_file_id")
        return {batch[name] for batch in batches for name in names if batch[name]}

    def _content(self, file_id: str) -> bytes:
        return self.world.content(file_id) or b""

    def _good_in(self, batch: dict[str, Any]) -> set[str]:
        """The requests with a good result in the output File of a batch, as long as the API has it."""
        content = self.world.content(batch["output_file_id"]) if batch["output_file_id"] else None
        return set(ids_in(content or b""))

    def _sha_at(self, place: str) -> str | None:
        summary = self.world.root / summary_path(place)
        return json.loads(summary.read_bytes())["sha256"] if summary.exists() else None

    def _good_at(self, place: str) -> set[str]:
        return set(self.world.answered(place)) if (self.world.root / place).exists() else set()

    def _on_disk(self, sha: str) -> set[str]:
        """The requests of a content with a good result anywhere in the results folder."""
        places = [f"batch-results/{path}" for path in self.world.results if path.endswith(".jsonl")]
        return {each for place in places if self._sha_at(place) == sha for each in self._good_at(place)}


def test_every_run_keeps_the_laws_whatever_was_before() -> None:
    run_state_machine_as_test(
        Batches,
        settings=settings(
            max_examples=1500 if SOAK else 30,
            stateful_step_count=30 if SOAK else 18,
            phases=list(Phase) if SOAK else [Phase.explicit, Phase.generate],  # to shrink takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
