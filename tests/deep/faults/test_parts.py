"""The parts of the matrix: disjoint, together the whole, and each of them a small copy of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.deep.faults.__main__ import AnyCase, chosen, every
from tests.deep.faults.parts import Part, deal, parse_part

OF = 24


@pytest.fixture(scope="module")
def cases() -> list[AnyCase]:
    return list(every())


@pytest.fixture(scope="module")
def parts(cases: list[AnyCase]) -> list[list[AnyCase]]:
    return deal(cases, OF)


def test_parts_are_disjoint_and_together_the_whole(cases: list[AnyCase], parts: list[list[AnyCase]]) -> None:
    dealt = Counter(str(case) for part in parts for case in part)
    assert dealt == Counter(map(str, cases))
    assert max(dealt.values()) == 1


def test_parts_are_the_same_each_time(cases: list[AnyCase], parts: list[list[AnyCase]]) -> None:
    assert list(every()) == cases
    assert [chosen(cases, part=Part(number, OF)) for number in (1, OF)] == [parts[0], parts[-1]]


_SORTS: dict[str, tuple[Callable[[AnyCase], object], int]] = {
    "scenario": (lambda case: case.scenario, 5),
    "kind of fault": (lambda case: case.kind, 2),
    "place": (lambda case: case.place, 8),
    "place of a scenario": (lambda case: (case.scenario, case.place), 4),
}


@pytest.mark.parametrize("sort", _SORTS)
def test_each_part_has_as_much_of_everything(cases: list[AnyCase], parts: list[list[AnyCase]], sort: str) -> None:
    """What there are enough of is in every part; and no part has many more of it than another."""
    of, most = _SORTS[sort]
    counts = [Counter(map(of, part)) for part in parts]
    for value, number in Counter(map(of, cases)).items():
        found = [count[value] for count in counts]
        assert max(found) - min(found) <= most, value
        assert min(found) > 0 or number < 2 * OF, value


def test_parts_take_as_long_as_each_other(parts: list[list[AnyCase]]) -> None:
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 8


def test_a_part_of_some_cases_is_dealt_from_these(cases: list[AnyCase]) -> None:
    named = chosen(cases, only="repair: 500 at")
    dealt = [case for number in range(1, 4) for case in chosen(cases, only="repair: 500 at", part=Part(number, 3))]
    assert Counter(dealt) == Counter(named)


def test_a_whole_line_names_one_case(cases: list[AnyCase]) -> None:
    assert [str(case) for case in chosen(cases, only="first: storm 1")] == ["first: storm 1"]
    assert len(chosen(cases, only="first: storm")) > 1


@pytest.mark.parametrize("text", ["0/24", "25/24", "3", "a/b", "3/", "-1/24"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"there is no part|invalid literal"):
        parse_part(text)


def test_a_part_is_read_as_it_is_written() -> None:
    assert parse_part("3/24") == Part(3, 24)
    assert str(Part(3, 24)) == "3/24"
