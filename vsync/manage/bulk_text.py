"""What became of a bulk delete, in plain text. Pure. Names are hostile: nothing in them acts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from vsync.errors import Interrupted
from vsync.manage.bulk_report import BulkReport, Deleted, Fact, Failure, numbers_of
from vsync.manage.table import cut
from vsync.report.text import Line, Tone
from vsync.system.redaction import printable
from vsync.system.wording import count, shortened, size

SHOWN = 20
_FAILURES_SHOWN = 50
_MOST_COMMAND = 500
_LONGEST_NAME = 60


class Going(NamedTuple):
    """How many vector stores and Files go. `shared` are those of the Files that stores use which stay."""

    stores: int = 0
    files: int = 0
    shared: int = 0

    @property
    def number(self) -> int:
        return self.stores + self.files

    def __str__(self) -> str:
        parts = [count(self.stores, "vector store")] if self.stores else []
        parts += [count(self.files, "File")] if self.files else []
        shared = f" ({self.shared:,} used by other stores)" if self.shared else ""
        return (" and ".join(parts) or "nothing") + shared


class Headline(NamedTuple):
    """A mark and a sentence, for text and for Markdown."""

    mark: str
    sentence: str


def bulk_headline(report: BulkReport) -> Headline:
    """What became of the job, in one sentence without a full stop."""
    done = _going(report)
    if report.dry_run:
        amount = f", {size(report.bytes)}" if report.bytes else ""
        what = f"would delete {done}{amount}" if done.number else "nothing would be deleted"
        return Headline("⚠️" if report.failed_count else "🔍", f"{what}{_failed(report)}")
    if not done.number and not report.failed_count and report.error is None:
        return Headline("✅", "nothing to delete")
    amount = f", {size(report.bytes)}" if report.bytes else ""
    ended = "interrupted: " if isinstance(report.error, Interrupted) else ""
    mark = "🛑" if report.error is not None else "❌" if report.failed_count else "✅"
    what = f"deleted {done}{amount}" if done.number else "nothing was deleted"
    return Headline(mark, f"{ended}{what}{_failed(report)}")


def _going(report: BulkReport) -> Going:
    own = len(report.deleted.success)
    if report.kind == "stores":
        return Going(own, len(report.files.success) if report.files else 0)
    return Going(0, own)


def _failed(report: BulkReport) -> str:
    return "".join(f", {number}" for number in numbers_of(report.all_failed))


def bulk_lines(report: BulkReport, again: str = "", shown: Collection[str] = ()) -> list[Line]:
    """What became of the job: failures with what to do, then the result. What was spared is shown before the delete.

    `again` is the command that goes on, where something is left to do. `shown` are failures that were shown already.
    """
    said = bulk_headline(report)
    tone: Tone = "good" if said.mark == "✅" else "bad" if said.mark in {"❌", "🛑"} else "plain"
    lines = list(_failed_lines(report.deleted, "Failed", shown, report.known))
    lines += _failed_lines(report.files, "Files that failed", (), report.known) if report.files else ()
    lines += _remedy_lines(report)
    number = len(report.deleted.spared) + (len(report.files.spared) if report.files else 0)
    spared = f", {number:,} spared" if number else ""
    lines.append(line_of(f"{said.sentence[0].upper()}{said.sentence[1:]}{spared}.", tone))
    if said.sentence == "nothing to delete" and not number:
        lines.append(Line("  Nothing was asked for, or nothing matches.", "faint"))
    if not report.dry_run and report.requests:
        requests = count(sum(report.requests.values()), "request")
        lines.append(Line(f"  {requests}, {report.duration_s:.1f} s", "faint"))
    if again and is_unfinished(report):
        lines.append(line_of(f"To go on: {again if len(again) <= _MOST_COMMAND else 'run the same command again'}"))
    return lines


def is_unfinished(report: BulkReport) -> bool:
    """Whether running again may do what is left: not where all that failed does not exist, or is no id."""
    return report.error is not None or any(failure.status_code not in {400, 404} for failure in report.all_failed)


def _failed_lines(deleted: Deleted, title: str, shown: Collection[str], known: Mapping[str, Fact]) -> list[Line]:
    failed = [failure for failure in deleted.failed if failure.was_tried and failure.id not in shown]
    return list(by_reason(title, failures_of(failed), "bad", known, _FAILURES_SHOWN))


def _remedy_lines(report: BulkReport) -> list[Line]:
    return (
        [Line("What to do:"), *(line_of(f"  {text}") for text in remedies)] if (remedies := remedies_of(report)) else []
    )


def remedies_of(report: BulkReport) -> list[str]:
    """What to do about the failures, once for each kind."""
    statuses = dict.fromkeys(failure.status_code for failure in report.all_failed if failure.has_failed)
    return list(dict.fromkeys(_remedy(status, report.kind) for status in statuses))


def _remedy(status: int | None, kind: str) -> str:
    if status == 404:
        listing = "vsync files list" if kind == "files" else "vsync stores list"
        return f"It does not exist (404), or belongs to another project: see `{listing}`. With --missing-ok it is no failure."
    if status == 400:
        return "It cannot be deleted as it was given (400): the reason stands beside it."
    if status == 401:
        return "The API refused the key (401): check OPENAI_API_KEY."
    if status == 403:
        return "The key may not do this (403): give it write access to Files and Vector Stores."
    if status == 429:
        return "The API was busy (429): run again. A lower --concurrency or --deletes-per-minute helps."
    if status is None or status >= 500:
        return "The API failed: run again."
    return f"The API refused it ({status}): the reason stands beside it. Run again."


# --- Parts --------------------------------------------------------------------------------------------------


def failures_of(failed: Iterable[Failure]) -> list[tuple[str, str]]:
    """The ids and what happened to each."""
    return [(failure.id, failure.error) for failure in failed]


def by_reason(
    title: str, items: Sequence[tuple[str, str]], tone: Tone, known: Mapping[str, Fact], most: int = SHOWN
) -> Iterator[Line]:
    """Ids and their reasons: a reason that several share stands once above them. Each id begins a line and stays whole.

    What follows the first colon of a reason may differ from one id to the next.
    """
    if not items:
        return
    yield Line(f"{title} ({len(items):,}):")
    groups: dict[str, list[tuple[str, str]]] = {}
    for item, reason in items:
        head, _, rest = reason.partition(": ")
        groups.setdefault(head, []).append((item, rest))
    left = most if len(items) > most + 1 else len(items)
    hidden = len(items) - left
    for head, group in groups.items():
        shown, left = group[:left], left - len(group[:left])
        if len(shown) == 1 and len(group) == 1:
            ((item, rest),) = shown
            yield line_of(f"  {named(item, known)}: {head}{f': {rest}' if rest else ''}", tone)
        elif shown:
            same = {rest for _, rest in group}
            shared = next(iter(same)) if len(same) == 1 else ""
            yield line_of(f"  {f'{head}: {shared}' if shared else head.rstrip('.')}:", tone)
            for item, rest in shown:
                yield line_of(f"    {named(item, known)}{f': {rest}' if rest and not shared else ''}", tone)
    if hidden:
        yield Line(f"  … and {hidden:,} more (all with --json)", "faint")


def named(item: str, known: Mapping[str, Fact]) -> str:
    """An id with the name beside it. What was given as an id may be a text of any length."""
    name = known[item].name if item in known else ""
    return f"{shortened(item)} ({cut(printable(name), _LONGEST_NAME)})" if name else shortened(item)


def listed(title: str, items: Sequence[str], tone: Tone, most: int = SHOWN) -> Iterator[Line]:
    if not items:
        return
    yield Line(f"{title} ({len(items):,}):")
    shown = items if len(items) <= most + 1 else items[:most]
    yield from (line_of(f"  {item}", tone) for item in shown)
    if len(shown) < len(items):
        yield Line(f"  … and {len(items) - len(shown):,} more (all with --json)", "faint")


def line_of(text: str, tone: Tone = "plain") -> Line:
    return Line(printable(text), tone)
