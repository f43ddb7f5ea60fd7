"""A report in plain text, for the terminal and the log. Pure. File names are hostile: nothing in them acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from vsync.report.body import Planned, Synced
from vsync.report.documents import SIGNS, Documents, conversions, failed_by_code
from vsync.report.estimates import storage_text, tokens_text
from vsync.report.headline import headline
from vsync.report.next_step import next_command
from vsync.report.remedies import DRIFT, remedy
from vsync.report.report import Report
from vsync.report.verification import FATES, Drift, Verification, by_kind, kept_back, others_title
from vsync.system.redaction import printable
from vsync.system.wording import count, size

Tone = Literal["plain", "good", "bad", "warn", "added", "changed", "removed", "faint"]
"""What a line is about. A terminal shows it as a colour."""


class Line(NamedTuple):
    text: str
    tone: Tone = "plain"


_SHOWN = 20
_FAILURES_SHOWN = 50
_SKIPPED_SHOWN = 5
_TAKEN_SHOWN = 1_000


def plan_lines(report: Report, shown: int = _SHOWN, how_to_see_all: str = "") -> list[Line]:
    """The plan before the run: between which commits, and the first operations."""
    documents, estimate = report.documents, report.plan.estimate
    uploads = ""
    if estimate and estimate.uploads:
        uploads = f" ({count(estimate.uploads, 'upload')}, {size(estimate.upload_bytes)})"
    listed = [Line(f"  {sign} {text}", _TONES[sign]) for sign, text in operations(documents)]
    lines = [
        Line(f"Plan for {report.source}: {_range(report)}{uploads}"),
        *(_capped(listed, shown, how_to_see_all) or [_only_left(estimate.deletes if estimate else 0)]),
    ]
    if estimate and (told := tokens_text(estimate)):
        lines.append(Line(f"  to upload: {told}", "faint"))
    lines += [Line(f"  {hint}", "faint") for hint in report.plan.hints]
    return _printable(lines)


def _only_left(deletes: int) -> Line:
    """The list of a plan that changes no document. It may still delete what the last run had to leave."""
    if deletes:
        return Line(f"  − {count(deletes, 'File')} that the last run replaced or removed", "removed")
    return Line("  nothing to do", "faint")


_TONES: dict[str, Tone] = {"+": "added", "~": "changed", "→": "changed", "*": "changed", "−": "removed"}


def operations(documents: Documents) -> list[tuple[str, str]]:
    """Every operation as a sign and a text, in the order of the paths."""
    listed = [(SIGNS["added"], path, path) for path in documents.added]
    listed += [(SIGNS["updated"], path, path) for path in documents.updated]
    listed += [(SIGNS["renamed"], new, f"{new} (was {old})") for old, new in documents.renamed]
    listed += [(SIGNS["retagged"], path, f"{path} (attributes)") for path in documents.retagged]
    listed += [(SIGNS["removed"], path, _removed(path, documents.dropped.get(path))) for path in documents.removed]
    return [(sign, printable(text)) for sign, _, text in sorted(listed, key=lambda item: item[1])]


def _removed(path: str, reason: str | None) -> str:
    return path if reason is None else f"{path} (no longer a document: {reason})"


def summary_lines(report: Report) -> list[Line]:
    """What a run did: what needs a person's eye, then the result, the numbers, and the next step."""
    body = report.body
    before, after = (_verification if isinstance(body, Verification) else _sync)(report)
    warnings = [Line(f"Warning: {warning}", "warn") for warning in report.warnings]
    refused = [Line(f"Refused: {report.refused}", "bad")] if report.refused and report.error is None else []
    step = next_command(report)
    following = [Line(f"Next: {step}")] if step else []
    return _printable([*before, *warnings, *refused, *_result(report), *after, *following])


def _result(report: Report) -> Iterator[Line]:
    said = headline(report)
    mark, sentence, detail = said.mark, said.sentence, said.detail
    prefix = "Plan: " if isinstance(report.body, Planned) and report.documents.changes and not report.refused else ""
    tone: Tone = "good" if mark == "✅" else "bad" if mark in {"❌", "🛑"} else "plain"
    yield Line(f"{prefix}{sentence}{'.' if detail else ''}", tone)
    if detail:
        yield Line(f"  {detail}")


# --- Sync and plan ----------------------------------------------------------------------------------------------


def _sync(report: Report) -> tuple[list[Line], list[Line]]:
    """The lines before the result, and those behind it."""
    documents, synced = report.documents, report.body
    refused_before = report.dry_run or report.superseded
    before = [
        *_failures("Refused for good by earlier runs" if refused_before else "Failed", documents, _FAILURES_SHOWN),
        *_skipped(documents),
        *_converted(documents),
    ]
    at = f" at {report.head[:12]}" if report.head else ""
    compared = "compared all files" if report.comparison.mode == "full" else "compared"
    after = [
        Line(f"  {_counts(documents)}", "faint"),
        Line(f"  {report.source}{at} → {_store(report)}, {report.duration_s:.1f} s", "faint"),
        Line(f"  {compared}: {report.comparison.reason}", "faint"),
    ]
    if isinstance(synced, Synced) and synced.bytes_uploaded:
        requests = count(sum(report.requests.values()), "request")
        after.append(Line(f"  uploaded {size(synced.bytes_uploaded)} in {requests}", "faint"))
    sizes = synced.store if isinstance(synced, Planned | Synced) else None
    if sizes and sizes.before.stored != sizes.after.stored and (told := storage_text(sizes, report.api)):
        after.append(Line(f"  storage: {told}", "faint"))
    carried_out = report.refused is None and not report.superseded
    if isinstance(synced, Planned) and synced.plan_id and carried_out and not synced.is_empty:
        same = f"with the same settings, `vsync sync --expect {synced.plan_id}` carries out just this plan"
        after.append(Line(f"  plan {synced.plan_id}: {same}", "faint"))
    return before, [line for line in after if line.text.strip()]


def _skipped(documents: Documents) -> list[Line]:
    if not documents.skipped:
        return []
    reasons = Counter(reason for _, reason in documents.skipped).most_common()
    numbers = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
    items = [f"{path}: {reason}" for path, reason in documents.skipped]
    lines = _capped([Line(f"  {item}", "faint") for item in items], _SKIPPED_SHOWN, " (all with --json)")
    return [Line(f"Skipped ({numbers}):", "faint"), *lines]


def _converted(documents: Documents) -> list[Line]:
    found = conversions(documents)
    if found is None:
        return []
    named = ", ".join(f"{path} ({encoding})" for path, encoding in found.first)
    more = f" and {found.left:,} more (all with --json)" if found.left else ""
    return [Line(f"{count(found.number, 'document is', 'documents are')} converted to UTF-8: {named}{more}", "faint")]


def _counts(documents: Documents) -> str:
    """The numbers that are not zero."""
    return " · ".join(f"{word} {number:,}" for word, number in documents.counts.items() if number)


# --- Verification -----------------------------------------------------------------------------------------------


def _verification(report: Report) -> tuple[list[Line], list[Line]]:
    """The lines before the result, and those behind it."""
    verification = report.verification or Verification()
    before = [
        *_capped([Line(f"  {_drift_line(item)}", "bad") for item in verification.drift], _FAILURES_SHOWN),
        *_drift_remedies(verification),
        *_listed(f"Mended ({len(verification.mended)})", map(_drift_line, verification.mended)),
        *_failures(
            "Failed" if isinstance(verification.sync, Synced) else "Refused for good by earlier runs",
            verification.documents,
            _SHOWN,
        ),
        *map(Line, _take_over(verification)),
        *_others(verification),
    ]
    after = [f"{report.source} → {_store(report)}, {report.duration_s:.1f} s"]
    if verification.compared and not isinstance(verification.sync, Synced):
        after.append(count(verification.sound, "document as it should be", "documents as they should be"))
    if verification.drift:
        after.append(" · ".join(f"{kind} {number}" for kind, number in by_kind(verification.drift)))
    if verification.sync and _counts(verification.documents):
        after.append(f"{'vsync sync would do: ' if report.dry_run else ''}{_counts(verification.documents)}")
    return before, [Line(f"  {text}", "faint") for text in after]


def _drift_remedies(verification: Verification) -> Iterator[Line]:
    if verification.drift:
        yield Line("What to do:")
        yield from (Line(f"  {kind}: {DRIFT[kind]}") for kind, _ in by_kind(verification.drift))


def _take_over(verification: Verification) -> Iterator[str]:
    if not verification.take_over:
        return
    patterns = " ".join(verification.take_over)
    waiting = any(item.fate == "listed" for item in verification.taken)
    if verification.taken:
        yield f"{'To take over' if waiting else 'Taken over'}, matching {patterns} ({len(verification.taken)}):"
    else:
        yield f"To take over: no entry of others matches {patterns}."
    entries = [
        f"  {FATES[item.fate]}: {item.entry.name} ({item.entry.file_id}){f': {item.detail}' if item.detail else ''}"
        for item in verification.taken
    ]
    yield from (line.text for line in _capped([Line(entry) for entry in entries], _TAKEN_SHOWN))
    if waiting:
        yield (
            "  Nothing was removed. With --yes vsync first syncs all documents, then takes just these entries out of the "
            "store, and deletes those of their Files that no other store lists."
        )
    if verification.kept_back:
        yield f"  {kept_back(verification.kept_back)}"


def _others(verification: Verification) -> list[Line]:
    others = [f"{item.name or '?'} ({item.file_id}): {item.detail}" for item in verification.others]
    return _listed(f"{others_title(verification.others)} ({len(others)})", others, tone="faint")


def _drift_line(item: Drift) -> str:
    name = " ".join(filter(None, [item.path, f"({item.file_id})" if item.file_id else None]))
    return f"{item.kind}: {name}{': ' if name else ''}{item.detail}"


# --- Parts ------------------------------------------------------------------------------------------------------


def _store(report: Report) -> str:
    if report.vector_store_id is None:
        return report.vector_store_name or "its vector store"
    name = f"{report.vector_store_name} " if report.vector_store_name else ""
    return f"{name}({report.vector_store_id})" if name else report.vector_store_id


def _failures(title: str, documents: Documents, most: int) -> Iterator[Line]:
    """The failed documents, and then the remedy of each code."""
    if documents.failed:
        failed = [f"{item['path']}: {item['code']}: {item['message']}" for item in documents.failed]
        yield from _listed(title, failed, most, tone="bad")
        yield Line("What to do about failed documents:")
        yield from (Line(f"  {code} ({number:,}): {remedy(code)}") for code, number in failed_by_code(documents))


def _listed(title: str, items: Iterable[str], most: int = _SHOWN, tone: Tone = "plain") -> list[Line]:
    lines = _capped([Line(f"  {item}", tone) for item in items], most)
    return [Line(f"{title}:"), *lines] if lines else []


def _range(report: Report) -> str:
    if report.head is None:
        return "the folder as it is"
    if report.base is None or report.base == report.head:
        return report.head[:12]
    return f"{report.base[:12]}..{report.head[:12]}"


def _capped(lines: list[Line], most: int, how_to_see_all: str = "") -> list[Line]:
    if len(lines) <= most + 1:
        return lines
    return [*lines[:most], Line(f"  … and {len(lines) - most:,} more{how_to_see_all}", "faint")]


def _printable(lines: Iterable[Line]) -> list[Line]:
    return [Line(printable(text), tone) for text, tone in lines]
