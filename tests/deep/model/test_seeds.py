"""A seed repeats a history: the same steps, the same runs, the same requests with the same ids."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deep import seeds, soak
from tests.deep.model.histories import Histories, Result
from tests.support.places import ROOT

_FEW = settings(
    max_examples=2,
    stateful_step_count=6,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def course(number: int) -> list[str]:
    """Every run of the histories that this seed draws: its commit, its exit code and its requests."""
    runs: list[str] = []

    class Written(Histories):
        def sync(self, target: str, **given: Any) -> Result:
            result = super().sync(target, **given)
            sent = ", ".join(map(str, self.world.wire.sent))
            runs.append(f"{target} at {self.head.id}: exit code {result.exit_code} after {sent}")
            return result

    run_state_machine_as_test(seed(number)(Written), settings=_FEW)
    return runs


@pytest.mark.usefixtures("quick")
def test_a_seed_repeats_its_history_and_another_seed_does_not() -> None:
    first = course(7)
    assert first
    assert any("POST /files" in run for run in first)
    assert course(7) == first
    assert course(8) != first


def test_a_soak_gives_its_seed_to_every_draw() -> None:
    call = soak.command(7, ["--maxfail=1"])
    assert "--hypothesis-seed=7" in call
    assert call[-6:-2] == ["--maxfail=1", "tests/deep/model", "tests/deep/fuzz", "tests/deep/property"]
    assert call[-2:] == ["tests/deep/kills", "tests/deep/faults"]
    assert soak.command(7, ["tests/deep/model/test_races.py::x"])[-1] == "tests/deep/model/test_races.py::x"
    given = soak.environment(7, ["tests/deep/model"])
    assert (given[seeds.VARIABLE], given["PYTHONHASHSEED"]) == ("7", "7")
    assert given[seeds.AGAIN] == 'make soak ARGS="--seed 7 tests/deep/model"'


def test_draws_without_hypothesis_follow_the_seed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(seeds.VARIABLE, raising=False)
    assert list(seeds.some(2)) == [0, 1]
    monkeypatch.setenv(seeds.VARIABLE, "7")
    assert list(seeds.some(3)) == [7, 8, 9]


def test_a_check_tries_some_requests_of_each_run_and_a_soak_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(seeds.VARIABLE, raising=False)
    runs = [list(seeds.places(30, 5, f"run {number}")) for number in range(40)]
    assert max(map(len, runs)) == 7
    assert {places[0] for places in runs} == {1}
    assert {place for places in runs for place in places} == set(range(1, 31))
    assert list(itertools.islice(seeds.moments(5, "run 1"), 6)) == runs[1][:6]
    monkeypatch.setenv(seeds.VARIABLE, "7")
    assert list(seeds.places(30, 5, "run 1")) == list(range(1, 31))
    assert list(itertools.islice(seeds.moments(5, "run 1"), 30)) == list(range(1, 31))


@pytest.mark.parametrize(("test", "times"), [("test_passes", 1), ("test_fails", 2)])
def test_a_soak_tells_its_seed_when_it_starts_and_when_it_has_failed(tmp_path: Path, test: str, times: int) -> None:
    (tmp_path / "test_x.py").write_text("def test_passes(): pass\ndef test_fails(): assert False\n")
    options = ["--seed", "7", "--numprocesses=0", "-p", "no:cacheprovider", f"{tmp_path / 'test_x.py'}::{test}"]
    done = subprocess.run([sys.executable, "-m", "tests.deep.soak", *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == times - 1, done.stdout + done.stderr
    assert done.stdout.count('seed 7: make soak ARGS="--seed 7 ') == times


def test_a_soak_without_a_seed_draws_one(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(os, "execve", lambda _, __, environment: drawn.append(environment[seeds.VARIABLE]))
    soak.main([])
    soak.main([])
    assert len(set(drawn)) == 2
