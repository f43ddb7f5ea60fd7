"""The comment on a pull request, of one target. `several_comment` is of several. Pure.

The comment begins with a hidden marker. Later runs find the comment by its marker and edit it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Literal

from vsync.report.document_tables import sections
from vsync.report.headline import headline
from vsync.report.markdown import (
    cautions,
    converted,
    counts,
    detail,
    first_line,
    notes,
    provenance,
    store_line,
    warnings,
)
from vsync.report.markup import code, link
from vsync.report.report import Report

State = Literal["open", "closed", "merged"]

MAX_BYTES = 60_000
"""GitHub takes 65,536 characters. A text never has fewer bytes than characters, so bytes are counted."""

_FORMAT = 1
_MAX_IDENTITY = 500
_TO_ESCAPE = re.compile(r"[^A-Za-z0-9_./,:{}\" \\]")
_RUN = re.compile(r"<!-- vsync-run ([0-9]{1,20}) -->")


def marker(target: str, place: str = "") -> str:
    """The hidden first line of a target's comment. `place` (a manifest's path) distinguishes targets of the same name."""
    identity = {"format": _FORMAT, "target": target} | ({"place": place} if place else {})
    text = json.dumps(identity, separators=(",", ":"), sort_keys=True)
    if len(text) > _MAX_IDENTITY:
        text = json.dumps(
            {"format": _FORMAT, "sha256": hashlib.sha256(text.encode()).hexdigest()}, separators=(",", ":")
        )
    # JSON lets any character of a string be escaped, so no name can end the HTML comment or act in it.
    return f"<!-- vsync {_TO_ESCAPE.sub(_escaped, text)} -->"


def run_of(body: str) -> int:
    """The run that wrote a comment (GITHUB_RUN_ID, which grows). 0: the comment does not name it."""
    match = _RUN.match(body.partition("\n")[2].lstrip())
    return int(match[1]) if match else 0


def worth_creating(report: Report) -> bool:
    """Whether a pull request without a comment gets one. A plan without changes is not worth a new comment."""
    return bool(report.changed or report.refused or report.error is not None or report.config_change)


def body(
    report: Report,
    *,
    state: State = "open",
    run_url: str | None = None,
    run_id: int | None = None,
    place: str = "",
    key: str | None = None,
) -> str:
    """The comment: what the pull request does to the store. It has at most `MAX_BYTES` bytes of UTF-8.

    `state` is the state of the pull request. `run_url` is the page of the run, where the job summary stands. `key` is by
    what the comment is known, where that is not the name of the target.
    """
    hidden = hidden_lines(key or report.target, place, run_id)
    short = state == "closed" or (state == "merged" and not report.changed)
    title = f"### {_title(report, state)}"
    if short:
        return "\n".join([*hidden, title, "", *SENTENCES[state], foot(run_url, short=True)]) + "\n"
    head, last = "\n".join(hidden), foot(run_url, short=False)
    room = MAX_BYTES - len((head + last).encode())
    return "\n".join(filter(None, [head, section(report, title, SENTENCES[state], room), last])) + "\n"


def hidden_lines(key: str, place: str, run_id: int | None) -> list[str]:
    """The first lines, which nobody sees: by what the comment is known, and which run wrote it."""
    return [marker(key, place), *([f"<!-- vsync-run {run_id} -->"] if run_id is not None else [])]


def section(report: Report, title: str, first: Sequence[str], budget: int) -> str:
    """What the pull request does to the store of one target. `first` are lines below the title.

    Its tables fit into `budget` bytes of UTF-8 together with the rest, where the rest itself does.
    """
    head = "\n".join([title, "", *first, *_details(report)])
    last = "\n".join([*store_line(report, report.plan.store), provenance(report)])
    room = budget - len((head + last).encode()) - 1_000
    return "\n".join(filter(None, [head, *_tables(report, room), last]))


def _title(report: Report, state: State) -> str:
    name = "vsync" if report.target == "default" else f"vsync {code(report.target)}"
    if state == "closed":
        return f"🚪 {name}: closed without merging"
    sentence = first_line(report)
    if state == "merged" and report.error is None and not report.refused:
        return f"🔀 {name}: merged{f', {sentence}' if report.changed else ''}"
    return f"{headline(report).mark} {name}: {sentence}"


SENTENCES: dict[State, list[str]] = {
    "open": [],
    "closed": ["This pull request was closed without merging: the vector store stays as it is.", ""],
    "merged": [
        "This pull request was merged: the run on the branch it was merged into brings it to the vector store.",
        "",
    ],
}
"""What the end of a pull request means for the store."""


def _details(report: Report) -> list[str]:
    numbers = counts(report.documents, planned=True)
    return [
        *detail(report),
        *numbers,
        *notes(report),
        *converted(report.documents),
        *cautions(report),
        *warnings(report),
    ]


def _tables(report: Report, budget: int) -> list[str]:
    """The changes, what earlier runs were refused, and the skipped files."""
    made = sections(report, report.documents, planned=True, budget=budget)
    more = f"… and {made.left_out:,} more, which do not fit here: see the job summary.\n" if made.left_out else ""
    return [made.changed.markup, made.failed.markup, made.skipped.markup, more]


def foot(run_url: str | None, *, short: bool) -> str:
    """A link to the job summary."""
    if not run_url:
        return ""
    return f"<sub>{link('Job summary', run_url)} of this run{'' if short else ', with every document'}</sub>"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
