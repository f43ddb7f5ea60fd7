"""Faults at each request from a request file to its results: nothing is paid twice, nothing is lost, and the next run goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.deep import seeds
from tests.deep.faults.batches import finish, number_of_requests, try_fault
from tests.deep.faults.kinds import KINDS, Kind
from tests.support.batch_cycle import CYCLE, CycleWorld, Step, worlds_in

_STEP = 11
"""The distance between two requests that meet the same fault in `make check`. Another fault has its turn at other requests."""


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here machines do not die."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CycleWorld]:
    return worlds_in(tmp_path_factory.mktemp("batches"))


def test_the_cycle_ends_well_on_a_quiet_day(worlds: dict[str, CycleWorld], tmp_path: Path) -> None:
    for step in CYCLE:
        finish(worlds[step.name].copy(tmp_path / step.name), step)


@pytest.fixture(scope="session")
def places(worlds: dict[str, CycleWorld], tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Step, int]]:
    """Every request of the cycle: its step, and its number in that."""
    folder = tmp_path_factory.mktemp("count")
    return [
        (step, at)
        for step in CYCLE
        for at in range(1, number_of_requests(worlds[step.name], step, folder / step.name) + 1)
    ]


@pytest.mark.parametrize("name", KINDS)
def test_a_run_that_meets_a_fault_is_made_up_for_by_the_next_one(
    worlds: dict[str, CycleWorld], places: list[tuple[Step, int]], tmp_path: Path, name: str
) -> None:
    kind = KINDS[name]
    hit = [(step, at) for step, at in places if not _never_whole(kind, step)]
    for number in seeds.places(len(hit), _STEP, name):
        step, at = hit[number - 1]
        try_fault(worlds[step.name], step, kind, at, tmp_path / f"{number}")


def _never_whole(kind: Kind, step: Step) -> bool:
    """Whether a server answers with half of each File for good. Nobody can tell such results from whole ones that are few."""
    return kind.lasting and kind.name.startswith("half") and step.name.startswith("fetch")
