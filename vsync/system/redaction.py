"""Text without secrets, and without what a terminal would act on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable


def printable(text: str) -> str:
    """The text with everything that a terminal would act on or not show made visible (`\\n`, `\\x1b`, `\\u202e`)."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """The text without the secrets, and without what looks like an OpenAI key or a JSON web token."""
    for secret in sorted({form for known in filter(None, secrets) for form in _forms(known)}, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = re.sub(r"\bsk-[A-Za-z0-9_-]{8,}", "***", text)
    return re.sub(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?", "***", text)


_LEAST_OF_A_SECRET = 6


def _forms(secret: str) -> set[str]:
    """How a secret may be shown: as it is, as a literal of a program, and line by line."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) >= _LEAST_OF_A_SECRET}
    return {secret, secret.encode("unicode_escape").decode("ascii"), *lines}


def one_line(text: str, secrets: Iterable[str | None], most: int = 300) -> str:
    """What a server said, on one line, without HTML's tags and the secrets, cut: an error page says little after its first words."""
    return redacted(" ".join(re.sub(r"<[^>]*>", " ", text).split()), secrets)[:most]
