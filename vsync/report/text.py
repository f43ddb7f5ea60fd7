"""A report in plain text, for the terminal and the log. Pure. File names are hostile: nothing in them acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vsync.report.body import Planned, Synced
from vsync.report.documents import Documents, failed_by_code
from vsync.report.headline import VERBS, headline
from vsync.report.remedies import DRIFT, remedy
from vsync.report.report import Report
from vsync.report.verification import FATES, Drift, Verification, by_kind, kept_back, others_title
from vsync.system.redaction import printable
from vsync.system.wording import count, size

_SHOWN = 20
_FAILURES_SHOWN = 50
_TAKEN_SHOWN = 1_000


def plan_lines(report: Report, shown: int = _SHOWN) -> list[str]:
    """The plan: what was compared, how much there is to do, and the first operations."""
    documents, estimate = report.documents, report.plan.estimate
    whole = " the whole tree" if report.comparison.mode == "full" else ""
    amounts = ", ".join(f"{VERBS.get(word, word)} {number}" for word, number in documents.counts.items() if number)
    uploads = ""
    if estimate and estimate.uploads:
        uploads = f" ({count(estimate.uploads, 'upload')}, {size(estimate.upload_bytes)})"
    lines = [
        f"Plan for {report.source}: {_range(report)}",
        f"  compared{whole}: {report.comparison.reason}",
        f"  {amounts or 'nothing to do'}{uploads}",
        *_capped((f"  {sign} {text}" for sign, text in operations(documents)), shown),
    ]
    lines += [f"  {hint}" for hint in report.plan.hints]
    if report.refused:
        lines.append(f"Refused: {report.refused}")
    return [printable(line) for line in lines]


def operations(documents: Documents) -> list[tuple[str, str]]:
    """Every operation as a sign and a text, in the order of the paths."""
    listed = [("+", path, path) for path in documents.added]
    listed += [("~", path, path) for path in documents.updated]
    listed += [("»", new, f"{old} → {new}") for old, new in documents.renamed]
    listed += [("#", path, f"{path} (attributes)") for path in documents.retagged]
    listed += [("-", path, _removed(path, documents.dropped.get(path))) for path in documents.removed]
    return [(sign, printable(text)) for sign, _, text in sorted(listed, key=lambda item: item[1])]


def _removed(path: str, reason: str | None) -> str:
    return path if reason is None else f"{path} (no longer a document: {reason})"


def summary_lines(report: Report) -> list[str]:
    """What a run did: the headline, the numbers, and then what needs a person's eye."""
    body = report.body
    lines = _verification(report, body) if isinstance(body, Verification) else _sync(report)
    return [printable(line) for line in [*lines, *(f"Warning: {warning}" for warning in report.warnings)]]


def _sync(report: Report) -> Iterator[str]:
    documents, synced = report.documents, report.body
    dry_run = "Dry run, nothing was changed. " if report.dry_run and not report.superseded else ""
    at = f" at {report.head[:12]}" if report.head else ""
    yield f"{dry_run}{headline(report).sentence} ({report.source}{at} → {_store(report)}, {report.duration_s:.1f} s)"
    yield f"  {_counts(documents)}"
    if isinstance(synced, Synced) and synced.bytes_uploaded:
        yield f"  uploaded {size(synced.bytes_uploaded)} in {count(sum(report.requests.values()), 'request')}"
    if isinstance(synced, Planned) and synced.plan_id and not (synced.is_empty or report.superseded):
        yield f"  plan {synced.plan_id}: `vsync sync --expect {synced.plan_id}` carries out this plan and no other"
    yield from _failures("Failed", documents, _FAILURES_SHOWN)
    yield from _listed("Skipped", [f"{path}: {reason}" for path, reason in documents.skipped])


def _verification(report: Report, verification: Verification) -> Iterator[str]:
    sound = ""
    if verification.compared and not isinstance(verification.sync, Synced):
        sound = f", {count(verification.sound, 'document as it should be', 'documents as they should be')}"
    yield f"{headline(report).sentence} ({report.source} → {_store(report)}{sound}, {report.duration_s:.1f} s)"
    if verification.drift:
        yield "  " + " · ".join(f"{kind} {number}" for kind, number in by_kind(verification.drift))
    if verification.sync:
        yield f"  {'vsync sync would do: ' if report.dry_run else ''}{_counts(verification.documents)}"
    yield from _capped((f"  {_drift_line(item)}" for item in verification.drift), _FAILURES_SHOWN)
    if verification.drift:
        yield "What to do:"
        yield from (f"  {kind}: {DRIFT[kind]}" for kind, _ in by_kind(verification.drift))
    yield from _listed(f"Mended ({len(verification.mended)})", map(_drift_line, verification.mended))
    before = "Refused for good by earlier runs"
    yield from _failures("Failed" if isinstance(verification.sync, Synced) else before, verification.documents, _SHOWN)
    yield from _take_over(verification)
    others = [f"{item.name or '?'} ({item.file_id}): {item.detail}" for item in verification.others]
    yield from _listed(f"{others_title(verification.others)} ({len(others)})", others)


def _take_over(verification: Verification) -> Iterator[str]:
    if not verification.take_over:
        return
    patterns = " ".join(verification.take_over)
    waiting = any(item.fate == "listed" for item in verification.taken)
    if verification.taken:
        yield f"{'To take over' if waiting else 'Taken over'}, matching {patterns} ({len(verification.taken)}):"
    else:
        yield f"To take over: no entry of others matches {patterns}."
    yield from _capped(
        (
            f"  {FATES[item.fate]}: {item.entry.name} ({item.entry.file_id}){f': {item.detail}' if item.detail else ''}"
            for item in verification.taken
        ),
        _TAKEN_SHOWN,
    )
    if waiting:
        yield (
            "  Nothing was removed. With --yes vsync first syncs all documents, then takes just these entries out of the "
            "store, and deletes those of their Files that no other store lists."
        )
    if verification.kept_back:
        yield f"  {kept_back(verification.kept_back)}"


# --- Parts ------------------------------------------------------------------------------------------------------


def _store(report: Report) -> str:
    return report.vector_store_id or "its vector store"


def _counts(documents: Documents) -> str:
    return " · ".join(f"{word} {number}" for word, number in documents.counts.items())


def _failures(title: str, documents: Documents, most: int) -> Iterator[str]:
    """The failed documents, and then the remedy of each code."""
    if documents.failed:
        failed = [f"{item['path']}: {item['code']}: {item['message']}" for item in documents.failed]
        yield from _listed(title, failed, most)
        yield "What to do about failed documents:"
        yield from (f"  {code} ({number:,}): {remedy(code)}" for code, number in failed_by_code(documents))


def _listed(title: str, items: Iterable[str], most: int = _SHOWN) -> list[str]:
    lines = _capped((f"  {item}" for item in items), most)
    return [f"{title}:", *lines] if lines else []


def _drift_line(item: Drift) -> str:
    name = " ".join(filter(None, [item.path, f"({item.file_id})" if item.file_id else None]))
    return f"{item.kind}: {name}{': ' if name else ''}{item.detail}"


def _range(report: Report) -> str:
    if report.head is None:
        return "the folder as it is"
    if report.base is None or report.base == report.head:
        return report.head[:12]
    return f"{report.base[:12]}..{report.head[:12]}"


def _capped(lines: Iterable[str], most: int) -> list[str]:
    every = list(lines)
    if len(every) <= most + 1:
        return every
    return [*every[:most], f"  … and {len(every) - most} more"]
