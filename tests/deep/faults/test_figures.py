"""The figures that parts leave, and their sum."""

from __future__ import annotations

from pathlib import Path

from tests.deep.faults.figures import Figures, keep, kept, measured, summed
from tests.deep.faults.parts import Part
from tests.deep.faults.results import Result


def figures(part: int, commit: str = "0123456789ab", *, of: int = 4, faults: int = 10) -> Figures:
    return Figures(
        commit, of=of, part=part, cases=faults + 1, faults=faults, runs=3 * faults, violations=0, named=1, seconds=60.4
    )


def test_a_part_is_measured() -> None:
    results = [
        Result("a", met=True, runs=3, named=1),
        Result("b", met=True, runs=4, violations=["x", "y"]),
        Result("c", met=False, runs=1),
    ]
    expected = Figures("abc", of=24, part=3, cases=3, faults=2, runs=7, violations=1, named=1, seconds=12.3)
    assert measured(Part(3, 24), "abc", results, 12.345) == expected
    assert expected.command == 'make faults ARGS="--part 3/24"'


def test_figures_are_kept_and_replaced_by_those_of_the_same_part(tmp_path: Path) -> None:
    assert kept(tmp_path) == []
    for item in (figures(1), figures(2), figures(1, faults=12), figures(1, "another")):
        keep(item, tmp_path)
    assert kept(tmp_path) == [figures(1, faults=12), figures(2), figures(1, "another")]


def test_the_sum_is_of_this_commit_and_names_what_is_missing() -> None:
    told = summed([figures(1), figures(3), figures(2, "another"), figures(4, "another")], "0123456789ab").splitlines()
    assert told[0] == "Parts of the fault matrix at commit 0123456789ab:"
    assert told[2].split() == ["1/4", "10", "30", "0", "1", "60", *'make faults ARGS="--part 1/4"'.split()]
    assert told[4].split() == ["sum", "20", "60", "0", "2", "121"]
    assert told[5] == "Not run: 2, 4 of 4."
    assert told[6] == "Not in the sum, for they are of other commits: another (2)."


def test_the_sum_over_all_parts_is_the_whole() -> None:
    told = summed([figures(part) for part in range(1, 5)], "0123456789ab")
    assert told.endswith("All 4 parts were run: the whole matrix.")


def test_parts_of_different_sizes_are_summed_apart() -> None:
    told = summed([figures(1), figures(1, of=2, faults=20)], "0123456789ab")
    assert told.count("   sum ") == 2
    assert "Not run: 2 of 2." in told
    assert "Not run: 2-4 of 4." in told


def test_a_commit_without_parts_says_so() -> None:
    assert summed([figures(1, "another")], "0123456789ab").splitlines() == [
        "No part was run at commit 0123456789ab.",
        "Not in the sum, for they are of other commits: another (1).",
    ]
