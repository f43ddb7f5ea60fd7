"""Removes secrets from text, and characters that a terminal would act on. Pure."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from vsync.system.respelled import base64_inside, forget_spelled, without_respelled


def printable(text: str) -> str:
    """The text with all control and invisible characters made visible (`\\n`, `\\x1b`, `\\u202e`)."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


MIN_SECRET_CHARACTERS = 4
"""Shorter text is no secret. To hide it would hide that word everywhere."""
_MIN_LINE_CHARACTERS = 6
_MIN_ENCODED_CHARACTERS = 8
"""The encoded forms of a shorter secret are so short that other text may hold them by chance."""


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """The text without the secrets in any of their forms, without the secrets in addresses, and without anything that looks
    like an OpenAI key or a JSON web token."""
    known = [secret for secret in secrets if secret]
    for form in sorted({form for secret in known for form in forms(secret)}, key=len, reverse=True):
        text = text.replace(form, "***")
    text = without_respelled(text, (part for secret in known for part in _encodable(secret)))
    text = re.sub(r"\bsk-[A-Za-z0-9_-]{8,}", "***", text)
    text = re.sub(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?", "***", text)
    return without_address_secrets(text)


def is_hidden(secret: str) -> bool:
    """Whether a secret is long enough to be hidden."""
    return len(secret) >= MIN_SECRET_CHARACTERS


@functools.lru_cache(maxsize=64)
def forms(secret: str) -> frozenset[str]:
    """The forms in which a secret may appear: as it is, line by line, as a literal of a program, JSON or HTML, and encoded.

    A server may repeat a header (`Basic` and base64 of `user:secret`), or what a proxy made of an address.
    """
    if not is_hidden(secret):
        return frozenset()
    whole = _parts(secret)
    encoded = {form for part in _encodable(secret) for form in _encoded(part)}
    literal = {form for part in whole for form in _literals(part)}
    return frozenset(form for form in whole | literal | encoded if len(form) >= MIN_SECRET_CHARACTERS)


def forget_secrets() -> None:
    """Forgets the secrets that were hidden last: they are remembered, since each has many forms."""
    forms.cache_clear()
    forget_spelled()


def masks(secret: str) -> list[str]:
    """What a runner must hide: the lines of the secret, then its other forms. A runner takes no mask with a line break."""
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if not is_hidden(secret.strip()):
        return []
    spelled = {form for part in _encodable(secret.strip()) for form in _byte_by_byte(part)}
    return list(
        dict.fromkeys(
            [*lines, *sorted(form for form in forms(secret.strip()) | spelled if form.splitlines() == [form])]
        )
    )


def _parts(secret: str) -> set[str]:
    """The secret as it is, and its longer lines: a server may repeat one of them."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) >= _MIN_LINE_CHARACTERS}
    return {secret, secret.strip(), *lines}


def _encodable(secret: str) -> list[str]:
    """The parts whose encoded forms are hidden."""
    return sorted(part for part in _parts(secret) if len(part) >= _MIN_ENCODED_CHARACTERS)


def _byte_by_byte(text: str) -> Iterable[str]:
    """What a runner is told of the spellings that `without_respelled` finds: a mask is a fixed text."""
    data = text.encode("utf-8", "surrogatepass")
    for digits in ("{:02x}", "{:02X}"):
        written = [digits.format(byte) for byte in data]
        yield from (between.join(written) for between in (" ", ":"))
        yield from ("".join(f"{before}{pair}" for pair in written) for before in ("\\x", "\\u00"))
        yield "".join(f"&#x{pair};" for pair in written)
    yield "".join(f"&#{byte};" for byte in data)


def _literals(text: str) -> Iterable[str]:
    yield text.encode("unicode_escape").decode("ascii")
    in_json = json.dumps(text)[1:-1]
    yield from (in_json, in_json.replace("/", "\\/"), json.dumps(text, ensure_ascii=False)[1:-1])
    in_html = html.escape(text)
    yield from (in_html, html.escape(text, quote=False), in_html.replace("&#x27;", "&#39;"))


def _encoded(text: str) -> Iterable[str]:
    """The text with percents, in base64 at each place that it may have in a longer text, and in hexadecimal digits."""
    data = text.encode("utf-8", "surrogatepass")
    for quoted in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield from (quoted, re.sub("%..", lambda found: found[0].lower(), quoted))
    digits = data.hex()
    yield from (digits, digits.upper())
    yield from ("".join(f"%{byte:02x}" for byte in data), "".join(f"%{byte:02X}" for byte in data))
    for digits in base64_inside(data):
        yield from (digits, digits.replace("+", "-").replace("/", "_"))


_USERINFO = re.compile(r"(?<=://)(?!git@)(?:[^/\s]{1,500}@|[^/\s@:]{0,200}:(?!\d+/)\S{0,500}@)")
"""Up to the last @: a password may hold an @ or a slash, when somebody forgot to encode it."""
SECRET_NAME = re.compile(r"(?i)token|key|secret|passw|signature|sig|auth|credential|session")
"""In the name of a field of an address: its value may be secret."""
_SECRET_FIELD = re.compile(
    rf"(?i)([?&#;][\w.%-]{{0,40}}(?:{SECRET_NAME.pattern.removeprefix('(?i)')})[\w.%-]{{0,40}}=)[^&\s\"'<>#;]+"
)


def without_address_secrets(text: str) -> str:
    """The text without user and password in addresses, and without the values of their fields that are named like secrets."""
    text = _USERINFO.sub("", text) if "://" in text else text
    return _SECRET_FIELD.sub(r"\1***", text) if "=" in text else text


_MOST_READ = 100_000


def one_line(text: str, secrets: Iterable[str | None], most: int = 300) -> str:
    """The beginning of a server's answer on one line, without HTML tags and secrets. Later words of an error page say little."""
    if len(text) > _MOST_READ:
        # The last word goes: it may be the beginning of a secret.
        text = text[:_MOST_READ].rpartition(" ")[0] or text[:_MOST_READ]
    return redacted(" ".join(re.sub(r"<[^<>]*>", " ", text).split()), secrets)[:most]
