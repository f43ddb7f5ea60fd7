"""What became of a stream of records: as numbers, as JSON, and in plain text. Pure. Keys and reasons are hostile."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, get_args

from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, Interrupted, VsyncError
from vsync.records.exact import encode_exactly
from vsync.records.json_line import json_line
from vsync.records.outcomes import BAD, Item, Outcome
from vsync.report.body import Orphan
from vsync.report.report import error_data
from vsync.report.text import Line, Tone
from vsync.system.redaction import printable
from vsync.system.wording import count, shortened, size

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_MOST_WARNINGS = 20
_MOST_KEPT = 50
"""Of records that were dead or failed. The dead-letter file and the acknowledgements have them all."""
_SHOWN = 20
_MOST_CHARACTERS = 300


class Bad(NamedTuple):
    """A record that was dead or failed."""

    line: int
    key: str
    code: str
    reason: str


@dataclass
class StreamReport:
    """The numbers of a stream. They grow while it runs.

    | field | meaning |
    | --- | --- |
    | `input` | the file as it was given; `-`: standard input |
    | `read` | how many records were read, also those of which nothing became |
    | `cut_attributes` | how many values of attributes were too long, and were cut |
    | `last_position` | the position of the last record that was acknowledged |
    | `codes` | how many records were dead or failed, by code |
    | `bad` | the first of these |
    | `unsaid` | how many warnings there were beside those that are kept |
    | `orphans` | Files that were uploaded or replaced, and may still be there |
    | `error` | what ended the stream early |
    """

    target: str = ""
    source: str = ""
    vector_store_id: str | None = None
    input: str = "-"
    read: int = 0
    uploaded: int = 0
    replaced: int = 0
    retagged: int = 0
    deleted: int = 0
    unchanged: int = 0
    absent: int = 0
    superseded: int = 0
    older: int = 0
    skipped: int = 0
    dead: int = 0
    failed: int = 0
    cut_attributes: int = 0
    bytes_uploaded: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    duration_s: float = 0.0
    state: str = ""
    dead_letter: str = ""
    last_position: Any = None
    warnings: list[str] = field(default_factory=list)
    unsaid: int = 0
    orphans: list[Orphan] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    error: VsyncError | None = None

    def saw(self, item: Item, *, acknowledged: bool = True) -> None:
        """Counts what became of a record. Call it in the order of the acknowledgements."""
        outcome = item.outcome
        assert outcome is not None
        setattr(self, outcome, getattr(self, outcome) + 1)
        if acknowledged:
            self.last_position = item.position
        if outcome in BAD:
            self.codes[item.code] += 1
            if len(self.bad) < _MOST_KEPT:
                self.bad.append(Bad(item.line, _as_text(item.key), item.code, shortened(item.reason, _MOST_CHARACTERS)))

    def add(self, warnings: Iterable[str], orphans: Iterable[Orphan] = ()) -> None:
        """Adds warnings, of which the first are kept, and Files that may still be there."""
        self.orphans += orphans
        for warning in warnings:
            if len(self.warnings) < _MOST_WARNINGS:
                self.warnings.append(warning)
            else:
                self.unsaid += 1

    @property
    def counts(self) -> dict[str, int]:
        return {outcome: getattr(self, outcome) for outcome in OUTCOMES}

    @property
    def applied(self) -> int:
        """How many documents the stream put into the store, or described anew there."""
        return self.uploaded + self.replaced + self.retagged

    @property
    def finished(self) -> int:
        """How many records were acknowledged."""
        return sum(self.counts.values())

    @property
    def rate(self) -> float:
        """Records in a second, of those that were acknowledged."""
        return self.finished / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def left(self) -> int:
        """How many records were read and not acknowledged: they come again."""
        return max(0, self.read - self.finished)

    @property
    def changed(self) -> bool:
        """Whether the stream changed the store."""
        return self.applied + self.deleted > 0

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return EXIT_INCOMPLETE if self.dead or self.failed else EXIT_OK

    @property
    def failure_reason(self) -> str | None:
        if self.error is not None:
            return self.error.reason
        return "documents" if self.exit_code else None

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "source": self.source,
            "vector_store_id": self.vector_store_id,
            "input": self.input,
            "read": self.read,
            "applied": self.applied,
            **{str(outcome): number for outcome, number in self.counts.items()},
            "codes": dict(sorted(self.codes.items())),
            "cut_attributes": self.cut_attributes,
            "bytes_uploaded": self.bytes_uploaded,
            "requests": dict(sorted(self.requests.items())),
            "duration_s": round(self.duration_s, 3),
            "rate": round(self.rate, 1),
            "state": self.state,
            "dead_letter": self.dead_letter,
            "last_position": json.loads(json_line({"": self.last_position}))[""],
            "warnings": list(self.warnings),
            "leftovers": [orphan.to_json() for orphan in self.orphans],
            "error": error_data(self.error) if self.error is not None else None,
        }

    def mapped(self, change: Callable[[str], str]) -> StreamReport:
        """The same report, with `change` applied to every text that a record, a server or a person may have written."""
        return replace(
            self,
            source=change(self.source),
            input=change(self.input),
            state=change(self.state),
            dead_letter=change(self.dead_letter),
            last_position=_mapped(self.last_position, change),
            warnings=[change(warning) for warning in self.warnings],
            orphans=[
                replace(orphan, filename=change(orphan.filename), why=change(orphan.why)) for orphan in self.orphans
            ],
            codes=Counter(self.codes),
            requests=dict(self.requests),
            bad=[bad._replace(key=change(bad.key), reason=change(bad.reason)) for bad in self.bad],
            error=self.error and self.error.mapped(change),
        )


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _mapped(item, change) for name, item in value.items()}
    return value


def _as_text(key: Any) -> str:
    """A key as people read it."""
    if key is None:
        return ""
    return shortened(key if isinstance(key, str) else encode_exactly(key, ensure_ascii=False), _MOST_CHARACTERS)


# --- Text ---------------------------------------------------------------------------------------------------------


class Headline(NamedTuple):
    """A mark and a sentence without a full stop. Nothing in it comes from a record."""

    mark: str
    sentence: str


def stream_headline(report: StreamReport) -> Headline:
    parts = [f"{report.applied:,} applied"] if report.applied else []
    parts += [f"{report.deleted:,} deleted"] if report.deleted else []
    unchanged = report.unchanged + report.absent + report.superseded + report.older + report.skipped
    parts += [f"{unchanged:,} without a change"] if unchanged else []
    parts += [f"{report.dead:,} dead"] if report.dead else []
    parts += [f"{report.failed:,} failed"] if report.failed else []
    if report.error is not None:
        ended = "Interrupted" if isinstance(report.error, Interrupted) else "Ended early"
        if not report.read:
            return Headline("🛑", f"{ended}: no record was read")
        if not report.finished:
            return Headline("🛑", f"{ended}: {count(report.read, 'record')} read, and none acknowledged")
        more = f"; {report.left:,} more were read, and come again" if report.left else ""
        return Headline("🛑", f"{ended} after {count(report.finished, 'record')}: {', '.join(parts)}{more}")
    if not report.read:
        return Headline("✅", "No records came")
    parts += [f"{report.left:,} left for the next run"] if report.left else []
    return Headline("❌" if report.exit_code else "✅", f"{count(report.read, 'record')}: {', '.join(parts)}")


def report_lines(report: StreamReport) -> list[Line]:
    """What became of the stream: what needs a person's eye, then the result and the numbers."""
    said = stream_headline(report)
    tone: Tone = "good" if said.mark == "✅" else "bad"
    lines = [
        *_bad_lines(report),
        *(Line(f"Warning: {warning}", "warn") for warning in report.warnings),
        Line(f"{said.sentence}.", tone),
        *(Line(f"  {text}", "faint") for text in _facts(report)),
    ]
    return [Line(printable(line.text), line.tone) for line in lines]


def _bad_lines(report: StreamReport) -> Iterator[Line]:
    total = report.codes.total()
    if not total:
        return
    yield Line(f"Dead or failed ({total:,}):")
    shown = report.bad if total == len(report.bad) <= _SHOWN + 1 else report.bad[:_SHOWN]
    for bad in shown:
        key = f", key {bad.key}" if bad.key else ""
        yield Line(f"  line {bad.line:,}{key}: {bad.code}: {bad.reason}", "bad")
    if len(shown) < total:
        by_code = ", ".join(f"{number:,} {code}" for code, number in report.codes.most_common())
        yield Line(f"  … and {total - len(shown):,} more; in all {by_code}", "faint")
    if report.dead_letter:
        yield Line(f"  These records stand in {report.dead_letter}.")


def kept_of_left(report: StreamReport) -> str | None:
    """What becomes of uploads whose records are not acknowledged. None: there are none."""
    if not report.left or not report.bytes_uploaded:
        return None
    them = "the record that comes again" if report.left == 1 else f"the {report.left:,} records that come again"
    return f"the next run recognises what was uploaded of {them}, and does not upload it again"


def _facts(report: StreamReport) -> Iterator[str]:
    numbers = " · ".join(f"{outcome} {number:,}" for outcome, number in report.counts.items() if number)
    if numbers:
        yield numbers
    store = f" → {report.vector_store_id}" if report.vector_store_id else ""
    yield f"{report.source or report.input}{store}, {report.duration_s:.1f} s, {report.rate:,.0f} records/s"
    if report.bytes_uploaded:
        yield f"uploaded {size(report.bytes_uploaded)} in {count(sum(report.requests.values()), 'request')}"
    if (kept := kept_of_left(report)) is not None:
        yield kept
    if report.cut_attributes:
        yield f"{count(report.cut_attributes, 'value')} of attributes cut: a value has at most 256 characters"
    if report.last_position is not None:
        yield f"last acknowledged position: {_as_text(report.last_position)}"
