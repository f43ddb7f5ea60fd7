"""A seed repeats a history: the same steps, the same runs, the same requests with the same ids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deep import seeds, soak
from tests.deep.model.histories import Histories, Result

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
    assert call[-4:] == ["--maxfail=1", "tests/deep/model", "tests/deep/fuzz", "tests/deep/property"]
    assert soak.command(7, ["tests/deep/model/test_races.py::x"])[-1] == "tests/deep/model/test_races.py::x"
    assert soak.environment(7) == {"SOAK_SEED": "7", "PYTHONHASHSEED": "7"}


def test_draws_without_hypothesis_follow_the_seed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(seeds.VARIABLE, raising=False)
    assert list(seeds.some(2)) == [0, 1]
    monkeypatch.setenv(seeds.VARIABLE, "7")
    assert list(seeds.some(3)) == [7, 8, 9]


def test_a_soak_tells_its_seed_when_it_starts_and_when_it_has_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak.subprocess, "call", lambda *_, **__: 1)
    assert soak.main(["--seed", "7", "tests/deep/model"]) == 1
    assert capsys.readouterr().out.count('seed 7: make soak ARGS="--seed 7 tests/deep/model" repeats this run') == 2
    monkeypatch.setattr(soak.subprocess, "call", lambda *_, **__: 0)
    assert soak.main([]) == 0
    drawn = capsys.readouterr().out
    assert drawn.count("repeats this run") == 1
    assert soak.main([]) == 0
    assert capsys.readouterr().out != drawn
