"""Removes secrets from text, and characters that a terminal would act on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable


def printable(text: str) -> str:
    """The text with all control and invisible characters made visible (`\\n`, `\\x1b`, `\\u202e`)."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """The text without the secrets, and without anything that looks like an OpenAI key or a JSON web token."""
    for secret in sorted({form for known in filter(None, secrets) for form in _forms(known)}, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = re.sub(r"\bsk-[A-Za-z0-9_-]{8,}", "***", text)
    return re.sub(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?", "***", text)


_MIN_SECRET_CHARACTERS = 6


def _forms(secret: str) -> set[str]:
    """The forms in which a secret may appear: as it is, as a program's literal, and line by line."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) >= _MIN_SECRET_CHARACTERS}
    return {secret, secret.encode("unicode_escape").decode("ascii"), *lines}


def one_line(text: str, secrets: Iterable[str | None], most: int = 300) -> str:
    """The beginning of a server's answer on one line, without HTML tags and secrets. Later words of an error page say little."""
    return redacted(" ".join(re.sub(r"<[^>]*>", " ", text).split()), secrets)[:most]
