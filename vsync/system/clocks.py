"""Clocks that are apart. Pure.

Every time that another machine tells is judged here: the `Date` of a server's answer, the date of a seal.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

APART_S = 300.0
"""Clocks differ by minutes only when one of them is wrong. Less than this may be a slow answer."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


NOTICED_S = 5.0
"""From here on a run says in its seal how far the clocks are apart. A `Date` has whole seconds, and is a moment old."""


def apart(shown: float, earliest: float, latest: float, *, by_s: float = APART_S) -> int:
    """By how many seconds another clock is ahead of this machine's; negative: behind; 0: by less than `by_s` seconds.

    `shown` is what the other clock showed at a moment that lay between `earliest` and `latest` by this machine's clock.
    """
    if shown - latest >= by_s:
        return round(shown - latest)
    if earliest - shown >= by_s:
        return -round(earliest - shown)
    return 0


def http_date(text: str) -> float | None:
    """An HTTP date in seconds since the epoch; None when the text is no date."""
    try:
        date = parsedate_to_datetime(text)
        # Python gives "-0000" no zone. All dates of HTTP are in GMT.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def in_words(seconds: float) -> str:
    """A difference of at least a minute, rounded: `10 minutes`."""
    size, unit = next(((size, unit) for size, unit in _UNITS if abs(seconds) >= size), _UNITS[-1])
    number = max(1, round(abs(seconds) / size))
    return f"{number} {unit}{'' if number == 1 else 's'}"


_TOO_EARLY = {
    True: "A sync on another machine may take over from a sync here too early.",
    False: "A sync here may take over from a sync on another machine too early.",
}
"""By whether the API's clock is ahead of this machine's: a clock that is behind makes a seal look old to others."""


def clock_warnings(ahead: int) -> tuple[str, ...]:
    """The warning for a machine whose clock is apart from the API's; none when `ahead`, the API's lead in seconds, is 0."""
    if not ahead:
        return ()
    return (
        f"This machine's clock is {in_words(ahead)} {'behind' if ahead > 0 else 'ahead of'} the API's clock. If a sync here is "
        f"killed, the next run names the Files that it may have left, and does not delete them. {_TOO_EARLY[ahead > 0]} Set "
        "the clock.",
    )
