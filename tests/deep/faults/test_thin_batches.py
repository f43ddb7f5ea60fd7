"""A thin pass of the faults that batches meet, in a few seconds. The whole: `test_batches.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.deep.faults.batches import try_fault
from tests.deep.faults.kinds import KINDS
from tests.support.batch_cycle import CYCLE, CycleWorld, worlds_in

_CASES = [
    ("submit", "answer lost", 5),
    ("submit", "no quota", 6),
    ("fetch", "503", 2),
    ("resubmit", "done, and 502", 5),
    ("fetch again", "half an answer", 2),
    ("clean", "401", 4),
]
"""The step, the fault, and the number of the request that meets it."""


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here machines do not die."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CycleWorld]:
    return worlds_in(tmp_path_factory.mktemp("batches"))


@pytest.mark.parametrize(("step", "fault", "at"), _CASES)
def test_nothing_is_paid_twice_or_lost(
    worlds: dict[str, CycleWorld], tmp_path: Path, step: str, fault: str, at: int
) -> None:
    (meant,) = [each for each in CYCLE if each.name == step]
    try_fault(worlds[step], meant, KINDS[fault], at, tmp_path / "world")
