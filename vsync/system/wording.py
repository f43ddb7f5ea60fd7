"""Numbers and sizes as people read them. Pure."""

from __future__ import annotations


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 document`, `2,000 documents`. `many` is the plural of a word that takes more than an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shortened(text: str, most: int = 120) -> str:
    """A text that somebody gave, as messages repeat it: of a very long one only the beginning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def size(number: int) -> str:
    """A number of bytes in the unit that fits."""
    if number < 1000:
        return f"{number} B"
    for unit, factor in (("KB", 1e3), ("MB", 1e6)):
        if number < 999.95 * factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number / 1e9:.1f} GB"
