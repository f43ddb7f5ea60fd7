"""Secrets that come while a run goes on."""

from __future__ import annotations

from vsync.system.redaction import one_line, redacted
from vsync.system.secrets import Secrets

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvZG9jcyJ9.c2lnbmF0dXJl"


def test_each_added_secret_is_told_once_and_redacted_from_then_on() -> None:
    told: list[str] = []
    secrets = Secrets("known", added=told.append)
    assert redacted("known later", secrets) == "*** later"
    for _ in range(2):
        secrets.add("later")
        secrets.add("known")
        secrets.add("")
        secrets.add(None)
    assert told == ["later"]
    assert redacted("known later", secrets) == "*** ***"


def test_secrets_do_not_print() -> None:
    assert "hidden" not in repr(Secrets("hidden"))


def test_what_looks_like_a_json_web_token_is_redacted_unknown() -> None:
    assert redacted(f"bearer {JWT}, {JWT.rsplit('.', 1)[0]}.", ()) == "bearer ***, ***"
    assert redacted("eyJust.a word", ()) == "eyJust.a word"


def test_one_line_is_one_short_line_without_tags_and_secrets() -> None:
    page = f"<html>\n<b>Bad</b>\tgateway {JWT} keys</html>" + "x" * 500
    line = one_line(page, ["keys"], 40)
    assert line == "Bad gateway *** *** " + "x" * 20
