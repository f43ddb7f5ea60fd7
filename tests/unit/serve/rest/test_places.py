from __future__ import annotations

import pytest

from vsync.serve.rest.failure import Failure
from vsync.serve.rest.places import SLOW_S, Places

A, B = b"a", b"b"


def refusal(places: Places, key: bytes, now: float) -> tuple[int, str]:
    with pytest.raises(Failure) as caught:
        places.take(key, now)
    assert caught.value.retry_after == 1.0
    return caught.value.status, caught.value.code


def test_one_key_leaves_places_to_the_others() -> None:
    places = Places(8)
    taken = [places.take(A, 0.0) for _ in range(6)]
    assert refusal(places, A, 0.0) == (429, "too_many_calls")
    places.take(B, 0.0)
    places.leave(taken[0])
    places.take(A, 0.0)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_few_places_are_open_to_one_key(most: int) -> None:
    places = Places(most)
    for _ in range(most):
        places.take(A, 0.0)
    assert refusal(places, B, 0.0) == (503, "too_busy")


def test_the_call_that_has_waited_for_its_body_for_longest_gives_its_place() -> None:
    places, given_up = Places(2), list[str]()
    first, second = places.take(A, 0.0), places.take(B, 1.0)
    second.give_up = lambda: given_up.append("second")
    first.give_up = lambda: given_up.append("first")
    assert refusal(places, A, SLOW_S - 0.1) == (503, "too_busy")
    places.take(A, SLOW_S)
    assert given_up == ["first"]
    places.leave(first)
    assert refusal(places, A, SLOW_S) == (503, "too_busy")


def test_a_call_that_is_under_way_keeps_its_place() -> None:
    places = Places(1)
    places.take(A, 0.0)
    assert refusal(places, B, 1_000.0) == (503, "too_busy")
