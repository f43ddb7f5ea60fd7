"""The comment on a pull request: one for each target. Pure.

The comment begins with a hidden marker. Later runs find the comment by its marker and edit it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from vsync.report.document_tables import sections
from vsync.report.headline import headline
from vsync.report.markdown import cautions, counts, detail, first_line, notes, provenance, store_line, warnings
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
    return bool(report.changed or report.refused or report.error is not None)


def body(
    report: Report,
    *,
    state: State = "open",
    run_url: str | None = None,
    run_id: int | None = None,
    place: str = "",
) -> str:
    """The comment: what the pull request does to the store. It has at most `MAX_BYTES` bytes of UTF-8.

    `state` is the state of the pull request. `run_url` is the page of the run, where the job summary stands.
    """
    hidden = [marker(report.target, place), *([f"<!-- vsync-run {run_id} -->"] if run_id is not None else [])]
    short = state == "closed" or (state == "merged" and not report.changed)
    lines = _SENTENCES[state] if short else _details(report, state)
    head = "\n".join([*hidden, f"### {_title(report, state)}", "", *lines])
    foot = _foot(run_url, short=short)
    if short:
        return f"{head}\n{foot}\n"
    foot = "\n".join([*store_line(report, report.plan.store), provenance(report), foot])
    room = MAX_BYTES - len((head + foot).encode()) - 1_000
    return "\n".join(filter(None, [head, *_tables(report, room), foot])) + "\n"


def _title(report: Report, state: State) -> str:
    name = "vsync" if report.target == "default" else f"vsync {code(report.target)}"
    if state == "closed":
        return f"🚪 {name}: closed without merging"
    sentence = first_line(report)
    if state == "merged" and report.error is None and not report.refused:
        return f"🔀 {name}: merged{f', {sentence}' if report.changed else ''}"
    return f"{headline(report).mark} {name}: {sentence}"


_SENTENCES: dict[State, list[str]] = {
    "open": [],
    "closed": ["This pull request was closed without merging: the vector store stays as it is.", ""],
    "merged": [
        "This pull request was merged: the run on the branch it was merged into brings it to the vector store.",
        "",
    ],
}


def _details(report: Report, state: State) -> list[str]:
    numbers = counts(report.documents, planned=True)
    return [
        *_SENTENCES[state], *detail(report), *numbers, *notes(report), *cautions(report), *warnings(report),
    ]  # fmt: skip


def _tables(report: Report, budget: int) -> list[str]:
    """The changes, what earlier runs were refused, and the skipped files."""
    made = sections(report, report.documents, planned=True, budget=budget)
    more = f"… and {made.left_out:,} more, which do not fit here: see the job summary.\n" if made.left_out else ""
    return [made.changed.markup, made.failed.markup, made.skipped.markup, more]


def _foot(run_url: str | None, *, short: bool) -> str:
    if not run_url:
        return ""
    return f"<sub>{link('Job summary', run_url)} of this run{'' if short else ', with every document'}</sub>"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
