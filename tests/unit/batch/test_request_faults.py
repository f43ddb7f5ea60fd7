"""What is wrong with a request is said so that whoever wrote it can mend it."""

from __future__ import annotations

import pytest

from vsync.batch.limits import ENDPOINTS
from vsync.batch.request_faults import _MESSAGES, Fault


@pytest.mark.parametrize("code", sorted(_MESSAGES))
def test_each_message_is_whole_whatever_the_fault_is_about(code: str) -> None:
    for fault in (Fault(code, "x"), Fault(code, "a {value} {x!r}", 3)):
        message = fault.message
        assert message.endswith(".")
        assert "  " not in message
        assert code == code.lower()


def test_a_place_is_told_where_there_is_one() -> None:
    assert (
        Fault("not-utf-8", column=12_345).message == "The line is not UTF-8 at column 12,345. Save the file as UTF-8."
    )
    assert Fault("not-utf-8").message == "The line is not UTF-8. Save the file as UTF-8."


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("/v1/response", "/v1/responses"),
        ("/chat/completions", "/v1/chat/completions"),
        ("https://api.openai.com/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/Embeddings/", "/v1/embeddings"),
    ],
)
def test_a_url_that_is_like_an_endpoint_names_it(url: str, meant: str) -> None:
    assert Fault("wrong-url", url).message.endswith(f" Did you mean {meant}?")


def test_a_url_like_none_names_them_all() -> None:
    message = Fault("wrong-url", "zzz").message
    assert all(endpoint in message for endpoint in ENDPOINTS)


def test_what_somebody_wrote_is_short_and_printable() -> None:
    message = Fault("wrong-method", "\x1b[2J\n::error::" + "é" * 10_000).message
    assert message.isprintable()
    assert len(message) < 250
