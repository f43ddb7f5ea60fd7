"""Text without secrets, and without what a terminal would act on."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from vsync.system.redaction import masks, printable, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text.md", "plain text.md"),
        ("日本 😀.md", "日本 😀.md"),
        ("a\nb", "a\\nb"),
        ("a\r\tb", "a\\r\\tb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egpj.md", "\\u202egpj.md"),
        ("\u2028", "\\u2028"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_act_on_is_made_visible(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("key abcd is wrong", ("abcd",), "key *** is wrong"),
        ("abcdabcd", ("abcd",), "******"),
        ("nothing here", (None, ""), "nothing here"),
        ("Incorrect API key: sk-proj-abcdefgh_12-XY.", (), "Incorrect API key: ***."),
        ("sk-short", (), "sk-short"),
        ("a task-management-system", (), "a task-management-system"),
        ("two: one1 two2", ("one1", "two2"), "two: *** ***"),
        ("secret-and-more", ("secret", "secret-and-more"), "***"),
    ],
)
def test_no_secret_is_left_wherever_it_stands(text: str, secrets: tuple[str | None, ...], shown: str) -> None:
    assert redacted(text, secrets) == shown


def test_a_secret_is_cut_out_however_it_is_written() -> None:
    secret = "first-line\nsecond-line"
    for shown in (secret, repr(secret), "first-line", "… second-line …"):
        text = redacted(f"a {shown} b", [secret])
        assert "first-line" not in text
        assert "second-line" not in text


# --- Encoded ------------------------------------------------------------------------------------------------

KEY = "sk_live/Ab+c1=23&not<to>be\"shown'9"
PLAIN_KEY = "gsk_0123456789abcdefghijklmnop"
ENCODINGS: dict[str, Callable[[str], str]] = {
    "percents": lambda key: quote(key, safe=""),
    "percents, small": lambda key: re.sub("%..", lambda found: found[0].lower(), quote(key, safe="")),
    "form": quote_plus,
    "every byte with a percent": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "hex, separated by spaces": lambda key: key.encode().hex(" "),
    "hex, separated by colons": lambda key: key.encode().hex(":").upper(),
    "hex in groups": lambda key: key.encode().hex(" ", 2),
    "hex numbers": lambda key: ", ".join(hex(byte) for byte in key.encode()),
    "hex escapes": lambda key: "".join(f"\\x{byte:02x}" for byte in key.encode()),
    "octal escapes": lambda key: "".join(f"\\{byte:03o}" for byte in key.encode()),
    "JSON escapes": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "JSON in JSON": lambda key: "".join(f"\\\\u{ord(char):04X}" for char in key),
    "JSON, every other character": lambda key: "".join(
        f"\\u{ord(char):04x}" if at % 2 else char for at, char in enumerate(key)
    ),
    "HTML numbers": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML hex": lambda key: "".join(f"&#x{ord(char):x};" for char in key),
    "HTML with zeros": lambda key: "".join(f"&#X00{ord(char):X};" for char in key),
    "base64 on lines": lambda key: "\n".join(re.findall(r".{1,7}", base64.b64encode(key.encode()).decode())),
    "base64 on lines of a repr": lambda key: "\\r\\n".join(
        re.findall(r".{1,7}", base64.b64encode(key.encode()).decode())
    ),
    "base64 in JSON of PHP": lambda key: base64.b64encode(key.encode()).decode().replace("/", "\\/"),
    "base64 in an address": lambda key: quote(base64.b64encode(key.encode()).decode(), safe=""),
    "basic": lambda key: "Basic " + base64.b64encode(f":{key}".encode()).decode(),
    "basic with a user": lambda key: "Basic " + base64.b64encode(f"me:{key}:more".encode()).decode(),
    "basic with a token's user": lambda key: base64.urlsafe_b64encode(f"x-access-token:{key}".encode()).decode(),
    "JSON": json.dumps,
    "JSON of PHP": lambda key: json.dumps(key).replace("/", "\\/"),
    "HTML": html.escape,
    "HTML of another framework": lambda key: html.escape(key).replace("&#x27;", "&#39;"),
}


@pytest.mark.parametrize("key", [KEY, PLAIN_KEY, PLAIN_KEY[:9]])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_key_is_hidden_however_a_server_repeats_it(encoding: str, key: str) -> None:
    written = ENCODINGS[encoding](key)
    text = redacted(f"no such key: {written}.", [key])
    assert "***" in text
    left = text.replace("no such key: ", "").replace("***", "").replace("Basic ", "")
    assert len(left) < 27  # the user before it, its last digits, and the quotes around it
    for part in re.findall(r"[\w+/-]{4,}", left):
        decoded = base64.b64decode(part[: len(part) // 4 * 4], altchars=b"-_")
        assert not any(decoded[start : start + 3] in key.encode() for start in range(len(decoded) - 2))


def test_letters_that_grow_in_small_do_not_move_the_place_that_is_hidden() -> None:
    separated = ":".join(f"{byte:02X}" for byte in KEY.encode())
    assert redacted(f"{'İ' * 40} {separated} end", [KEY]) == f"{'İ' * 40} *** end"


def test_a_key_in_a_long_text_is_hidden_quickly() -> None:
    text = f"{'no key here, and no address://x:y either ' * 25_000}{PLAIN_KEY.encode().hex()}"
    assert PLAIN_KEY.encode().hex() not in redacted(text, [PLAIN_KEY, KEY])


def test_a_long_key_in_base64_is_hidden_where_its_lines_break() -> None:
    key = PLAIN_KEY * 8
    for user in ("", "m", "me"):
        text = redacted(base64.encodebytes(f"{user}:{key}".encode()).decode(), [key])
        assert "***" in text
        assert len(text) < 20


def test_a_character_of_several_bytes_is_hidden_in_every_spelling() -> None:
    key = "schlüssel-für-alle"
    for written in ("".join(f"&#{ord(char)};" for char in key), "".join(f"\\x{byte:02x}" for byte in key.encode())):
        assert redacted(f"no {written}!", [key]) == "no ***!"


def test_each_place_of_a_respelled_key_is_hidden_and_nothing_else() -> None:
    spaced = PLAIN_KEY.encode().hex(" ")
    text = f"100%25 of A&amp;B \\n {spaced} and\n {spaced.upper()}, &#75; 4b 71"
    assert redacted(text, [PLAIN_KEY]) == "100%25 of A&amp;B \\n *** and\n ***, &#75; 4b 71"


@pytest.mark.parametrize(
    "text",
    [
        "4b 71 4b:71 \\x4b\\x71 \\u004b &#75; &#x4b; &#99999999; \\u{110000} 100% 0x4b",
        "a bad face fed a dead bee: 00:1b:44:11:3a:b7 2026-11-29T17:55:04",
        "c2Vj\ncmV0 gsk 0123456789 abcdefghijklmnop",
    ],
)
def test_a_text_that_only_looks_like_a_spelling_stays(text: str) -> None:
    assert redacted(text, [PLAIN_KEY, KEY]) == text


def test_a_short_secret_is_hidden_in_no_other_spelling() -> None:
    assert redacted("68 75 6e 74 &#104;&#117;&#110;&#116;", ["hunt"]) == "68 75 6e 74 &#104;&#117;&#110;&#116;"


@pytest.mark.parametrize("piece", ["4b:71 ", "%", "\\", "&#", "&#1;", "\\u00", "a ", "0x"])
def test_a_long_text_of_escapes_is_read_in_bounded_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    assert redacted(text, [PLAIN_KEY, KEY]) == text


@pytest.mark.parametrize("secret", ["any", "x", ""])
def test_a_word_that_is_too_short_for_a_secret_stays(secret: str) -> None:
    assert redacted(f"add any x {secret}", [secret]) == f"add any x {secret}"
    assert masks(secret) == []


def test_a_short_secret_is_hidden_as_it_stands_and_not_in_forms_that_other_words_have() -> None:
    assert redacted("hunt 68756e74", ["hunt"]) == "*** 68756e74"


def test_what_a_runner_hides_has_no_line_breaks_and_begins_with_the_secret_itself() -> None:
    found = masks("first line\nsecond line")
    assert found[:2] == ["first line", "second line"]
    assert all(form.splitlines() == [form] for form in found)
    assert PLAIN_KEY.encode().hex() in masks(PLAIN_KEY)
    assert PLAIN_KEY.encode().hex(" ") in masks(PLAIN_KEY)
    assert "".join(f"&#{byte};" for byte in PLAIN_KEY.encode()) in masks(PLAIN_KEY)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot reach ftp://user:hunter22@host/x.", "cannot reach ftp://host/x."),
        ("'https://user:half/hunter22@host/x'", "'https://host/x'"),
        (
            "at https://host/x?page=2&private_token=hunter22&y=1 now",
            "at https://host/x?page=2&private_token=***&y=1 now",
        ),
        ("at https://host/x#access_token=hunter22", "at https://host/x#access_token=***"),
        ("git@github.com:acme/docs and ssh://git@host/x", "git@github.com:acme/docs and ssh://git@host/x"),
        ("https://host/x?plain=1#L3", "https://host/x?plain=1#L3"),
        ("http://127.0.0.1:8080/a@b/c", "http://127.0.0.1:8080/a@b/c"),
    ],
)
def test_an_address_in_a_text_loses_what_is_secret_in_it(text: str, shown: str) -> None:
    assert redacted(text, ()) == shown
