from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vsync.embedded.result_file import shuffled


@given(st.integers(0, 200))
def test_every_number_comes_once_and_two_never_in_their_own_order(count: int) -> None:
    order = shuffled(count)
    assert sorted(order) == list(range(count))
    assert count < 2 or order != list(range(count))
    assert shuffled(count) == order
