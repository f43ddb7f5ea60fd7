"""The one comment on a pull request of several targets. Pure. Nothing in names or messages renders."""

from __future__ import annotations

from vsync.report.comment import MAX_BYTES, SENTENCES, State, body, foot, hidden_lines, section, worth_creating
from vsync.report.markdown import numbers
from vsync.report.several import Reports, Shared, changed, counts, gravest_first, is_quiet
from vsync.report.several_headline import total
from vsync.report.several_summary import overview, section_title
from vsync.system.wording import count

ALL_TARGETS = "*"
"""By what the comment of all targets of a config is known: its names may change within one pull request."""


def comment(
    reports: Reports,
    key: str,
    *,
    state: State = "open",
    run_url: str | None = None,
    run_id: int | None = None,
    place: str = "",
) -> str:
    """What the pull request does to the stores, in at most `comment.MAX_BYTES` bytes of UTF-8.

    `key` and `place` are what the comment is known by; the other arguments are as for `comment.body`.
    """
    if len(reports) == 1:
        return body(reports[0], state=state, run_url=run_url, run_id=run_id, place=place, key=key)
    short = state == "closed" or (state == "merged" and not changed(reports))
    hidden, last = hidden_lines(key, place, run_id), foot(run_url, short=short)
    lines = [*hidden, f"### {_title(reports, state)}", "", *SENTENCES[state]]
    if short:
        return "\n".join([*lines, last]) + "\n"
    shared = Shared.of(reports)
    head = "\n".join([*lines, *numbers(counts(reports), planned=True), *overview(reports, shared)])
    parts = _sections(reports, shared, MAX_BYTES - len((head + last).encode()) - _MORE)
    return "\n".join(filter(None, [head, *parts, last])) + "\n"


_MORE = 200
"""Bytes for the line about targets that do not fit."""


def _sections(reports: Reports, shared: Shared, room: int) -> list[str]:
    """A section for each target that has more to say than its line in the table."""
    parts, left_out = [], 0
    own = [report for report in map(shared.taken_from, gravest_first(reports)) if not is_quiet(report)]
    for number, report in enumerate(own):
        part = section(report, section_title(report, "####"), (), room // (len(own) - number))
        if len(part.encode()) > room:
            left_out += 1
            continue
        room -= len(part.encode()) + 1
        parts.append(part)
    if left_out:
        parts.append(f"… and {count(left_out, 'more target')}, which do not fit here: see the job summary.\n")
    return parts


def _title(reports: Reports, state: State) -> str:
    if state == "closed":
        return "🚪 vsync: closed without merging"
    said = total(reports)
    if state == "merged" and said.mark not in {"❌", "🛑"}:
        return f"🔀 vsync: merged{f', {said.sentence}' if changed(reports) else ''}"
    return f"{said.mark} vsync: {said.sentence}"


def is_worth_creating(reports: Reports) -> bool:
    """Whether a pull request without a comment gets one."""
    return any(map(worth_creating, reports))
