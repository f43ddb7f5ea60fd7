"""What vsync says on a pull request: one comment for each target. Pure.

It begins with a hidden marker by which it is found again, so that it can be edited in place.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from vsync.report.markdown import alerts, changes, context, documents, skipped, stock, what_to_do
from vsync.report.markup import code, link
from vsync.report.report import Report

State = Literal["open", "closed", "merged"]

MAX_BYTES = 60_000
"""GitHub takes 65,536 characters; bytes are counted since they are never fewer."""

_FORMAT = 1
_MAX_IDENTITY = 500
_OPEN_ROWS = 30
"""More rows than these are folded."""

_DOUBTFUL = re.compile(r"[^A-Za-z0-9_./,:{}\" \\]")
_RUN = re.compile(r"<!-- vsync-run ([0-9]{1,20}) -->")


def marker(target: str, place: str = "") -> str:
    """The hidden first line of a target's comment. `place` sets apart targets of one name (a manifest's path)."""
    identity = {"format": _FORMAT, "target": target} | ({"place": place} if place else {})
    text = json.dumps(identity, separators=(",", ":"), sort_keys=True)
    if len(text) > _MAX_IDENTITY:
        text = json.dumps(
            {"format": _FORMAT, "sha256": hashlib.sha256(text.encode()).hexdigest()}, separators=(",", ":")
        )
    # In JSON's strings any character may be escaped, so that nothing can end the comment or mean anything in it.
    return f"<!-- vsync {_DOUBTFUL.sub(_escaped, text)} -->"


def run_of(body: str) -> int:
    """The run that wrote a comment (GITHUB_RUN_ID, which grows); 0 when it does not say."""
    found = _RUN.match(body.partition("\n")[2].lstrip())
    return int(found[1]) if found else 0


def worth_creating(report: Report) -> bool:
    """Whether a pull request that has no comment yet gets one: where nothing changes there is nothing to say."""
    return bool(report.changed or report.refused or report.error is not None)


def body(
    report: Report,
    *,
    state: State = "open",
    run_url: str | None = None,
    run_id: int | None = None,
    place: str = "",
) -> str:
    """The comment: what the pull request does to the store, with at most `MAX_BYTES` bytes of UTF-8.

    `state` is the pull request's; once it is merged, a report without changes says nothing of documents. `run_url` is
    where the job summary stands, `run_id` the run's number.
    """
    hidden = [marker(report.target, place), *([f"<!-- vsync-run {run_id} -->"] if run_id is not None else [])]
    short = state == "closed" or (state == "merged" and not report.changed)
    said = _SENTENCES[state] if short else _said(report, state)
    head = "\n".join([*hidden, f"### {_title(report, state)}", "", *said, ""])
    foot = _foot(run_url, short=short)
    if short:
        return f"{head}\n{foot}\n"
    left = MAX_BYTES - len((head + foot).encode()) - 1_000
    return "\n".join(filter(None, [head, *_tables(report, left), foot])) + "\n"


def _title(report: Report, state: State) -> str:
    name = "vsync" if report.target == "default" else f"vsync {code(report.target)}"
    if state == "closed":
        return f"🚪 {name}: closed without merging"
    if report.error is not None:
        return f"❌ {name}: there is no plan"
    if report.refused:
        return f"🛑 {name}: the plan is refused by a limit"
    told = ", ".join(f"{number:,} to {word}" for word, number in _numbers(report) if number)
    if state == "merged":
        return f"🔀 {name}: merged, {told}" if told else f"🔀 {name}: merged"
    return f"📋 {name}: {told}" if told else f"✅ {name}: no documents would change"


def _numbers(report: Report) -> list[tuple[str, int]]:
    return [
        ("add", len(report.added)),
        ("update", len(report.updated)),
        ("rename", len(report.renamed)),
        ("retag", len(report.retagged)),
        ("remove", len(report.removed)),
    ]


_SENTENCES: dict[State, list[str]] = {
    "open": [],
    "closed": ["This pull request was closed without merging: the vector store stays as it is."],
    "merged": ["This pull request was merged: the run on the branch it was merged into brings it to the vector store."],
}


def _said(report: Report, state: State) -> list[str]:
    return [*_SENTENCES[state], "", *context(report), *alerts(report), *stock(report), *what_to_do(report)]


def _tables(report: Report, budget: int) -> list[str]:
    """The table of changes, and that of skipped files, folded. The changes come first when room is short."""
    changed, left_aside = list(changes(report)), list(skipped(report))
    main, rest = documents(report, changed, budget)
    shown = len(changed) - rest
    parts = [_folded(f"{shown:,} documents", main) if shown > _OPEN_ROWS else main]
    second, more = documents(report, left_aside, budget - len(main.encode()))
    if second:
        count = len(left_aside) - more
        parts.append(_folded(f"{count:,} skipped file{'' if count == 1 else 's'}", second))
    if rest + more:
        parts.append(f"… and {rest + more:,} more, which do not fit here: see the job summary.\n")
    return parts


def _folded(title: str, markup: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{markup}\n</details>\n"


def _foot(run_url: str | None, *, short: bool) -> str:
    if not run_url:
        return ""
    return f"<sub>{link('Job summary', run_url)} of this run{'' if short else ', with every document'}</sub>"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
