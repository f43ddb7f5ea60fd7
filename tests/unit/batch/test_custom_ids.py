"""A custom_id of any length takes sixteen bytes."""

from __future__ import annotations

from vsync.batch.custom_ids import FirstLines, digest


def test_each_id_has_sixteen_bytes_of_its_own() -> None:
    found = {digest(custom_id) for custom_id in ("", "a", "A", "a ", "é", "e\u0301", "\ud800", "x" * 100_000)}
    assert len(found) == 8
    assert {len(each) for each in found} == {16}


def test_the_same_id_has_the_same_digest_in_every_run() -> None:
    assert digest("request-1").hex() == "48fa11119c11f0a8e394aab0ce42843b"


def test_the_first_line_with_an_id_is_remembered() -> None:
    first = FirstLines(10)
    assert [first.earlier("a", 3), first.earlier("b", 4), first.earlier("a", 5), first.earlier("a", 6)] == [
        None,
        None,
        3,
        3,
    ]


def test_no_more_ids_are_remembered_than_allowed() -> None:
    first = FirstLines(1)
    assert [first.earlier("a", 1), first.earlier("b", 2), first.earlier("b", 3), first.earlier("a", 4)] == [
        None,
        None,
        None,
        1,
    ]
