from __future__ import annotations

import pytest

from vsync.serve.rest.request_id import request_id


@pytest.mark.parametrize("given", [b"a", b"x" * 64, b"7f3a.B_c-1"])
def test_a_harmless_id_of_the_caller_is_taken(given: bytes) -> None:
    assert request_id([given], lambda: "new") == given.decode()


@pytest.mark.parametrize("given", [[], [b""], [b"x" * 65], [b"a b"], [b"a\n"], [b"<b>"], [b"\xff"], [b"a", b"b"]])
def test_any_other_gets_a_new_id(given: list[bytes]) -> None:
    assert request_id(given, lambda: "new") == "new"


def test_a_key_is_never_taken_for_an_id() -> None:
    assert request_id([b"sk-proj-0123456789"], lambda: "new") == "new"
    assert request_id([b"own-secret"], lambda: "new", [b"Bearer own-secret"]) == "new"
    assert request_id([b"own-id"], lambda: "new", [b"Bearer own-secret"]) == "own-id"
