from __future__ import annotations

import pytest

from vsync.serve.rest.hosts import allowed_host, allowed_origin, host_name, is_host_allowed


@pytest.mark.parametrize(
    "header", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.9.9.9:1", "[::1]:8000", "localhost."]
)
def test_names_of_this_machine_are_answered(header: str) -> None:
    assert is_host_allowed(header, (), only_here=True)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.2",
        "a b",
        "[",
        "x@localhost",
    ],
)
def test_a_page_that_points_its_own_name_to_this_machine_is_refused(header: str) -> None:
    assert not is_host_allowed(header, (), only_here=True)


def test_more_names_can_be_allowed() -> None:
    assert is_host_allowed("vsync.example:443", {"vsync.example"}, only_here=True)
    assert not is_host_allowed("evil.example", {"vsync.example"}, only_here=True)


def test_a_server_for_all_answers_every_name_until_names_are_given() -> None:
    assert is_host_allowed("anything.example", (), only_here=False)
    assert not is_host_allowed("anything.example", {"vsync.example"}, only_here=False)
    assert is_host_allowed("vsync.example", {"vsync.example"}, only_here=False)


def test_a_name_is_read_without_its_port() -> None:
    assert [host_name(text) for text in ("A.example:80", "[::1]:80", "a.example.", "")] == [
        "a.example",
        "::1",
        "a.example",
        None,
    ]


@pytest.mark.parametrize("text", ["", "a.example:80", "http://a.example", "a/b", "*"])
def test_what_is_no_name_of_a_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name of a host"):
        allowed_host(text)


def test_an_origin_is_written_as_browsers_do() -> None:
    assert allowed_origin("HTTPS://App.Example/") == "https://app.example"
    assert allowed_origin("https://app.example:443") == "https://app.example"
    assert allowed_origin("http://localhost:3000") == "http://localhost:3000"


@pytest.mark.parametrize(
    "text", ["*", "null", "app.example", "https://app.example/path", "https://*.example", "ftp://a", ""]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one origin"):
        allowed_origin(text)
