"""One run over one target, in the only order there is:

take the seal → upload, attach, wait until indexed → publish the manifest (superseded ids under `pending_delete`)
→ delete them → close the seal.

Everything that touches the world arrives in `Job`. A run with nothing to do takes no seal and makes no request; it
never imports the SDK.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vsync.config.origin import Origin
from vsync.config.settings import Settings
from vsync.errors import LimitExceeded, ManifestError, MissingCredentials
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import Brief, Survey, survey
from vsync.recovery.crashed_runs import run_key
from vsync.report.observer import Observer
from vsync.report.report import Report, Stock, of_plan, stock, stock_after
from vsync.source.base import Source
from vsync.state.identity import SourceIdentity, check_manifest
from vsync.state.journal import Journal
from vsync.state.manifest import Manifest, TargetState, content_id
from vsync.state.manifest_parser import parse_manifest, salvage_manifest
from vsync.state.publication import Publication, Published
from vsync.state.run_order import is_late
from vsync.state.seal import Trust, trust
from vsync.store.rate_limit import Rates
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.store.client import Api

Connect = Callable[[], "AbstractAsyncContextManager[Api]"]


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs. `connect` is None without a way to authenticate, and `missing` says why when it is not just
    that no key is given; `keep_manifest` is False for `--manifest none`. `published` is what the publication held, where
    that was read already. `rates` are shared by the targets of a run; `at` opens the source at another commit, None where
    that cannot be had.
    """

    settings: Settings
    brief: Brief
    identity: SourceIdentity
    origin: Origin
    source: Source
    publication: Publication
    connect: Connect | None
    observer: Observer
    stop: Stop
    dry_run: bool = False
    keep_manifest: bool = True
    branch: str | None = None
    warnings: tuple[str, ...] = ()
    published: Published | None = None
    missing: MissingCredentials | None = None
    journal: Journal = field(default_factory=Journal)
    rates: Rates = field(default_factory=Rates)
    at: Callable[[str], Source | None] = lambda commit: None
    repair: bool = False
    rebuild: bool = False
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before the store is asked."""

    published: Published
    manifest: Manifest | None
    state: TargetState | None
    trust: Trust
    survey: Survey
    journaled: bool = False
    doubted: bool = False
    """Whether the store is listed whatever else is known."""

    @property
    def must_list(self) -> bool:
        """Whether only the store itself can say what is in it.

        A manifest that nothing vouches for (a fresh clone has no seal) may be older than the store: as long as there is
        nothing to do it is believed. A journal is there when a run died on this machine.
        """
        return (
            self.doubted
            or self.trust == "doubtful"
            or self.journaled
            or (self.trust == "unsealed" and not self.survey.plan.is_empty)
        )

    @property
    def final(self) -> bool:
        """Whether the plan stands before the store is asked. Without a manifest the store may hold the documents already."""
        return self.state is not None and not self.must_list


def run(job: Job, again: int = 5) -> Report:
    """Plans, and unless it is a dry run applies. Errors before anything was done are raised; later ones stand in the report.

    `again`: how often it may look anew because another run was quicker.
    """
    started = time.monotonic()
    published = job.published or job.publication.read()
    if published.manifest is None and not job.dry_run and job.connect is not None:
        _import_sdk_meanwhile()
    known = look(job, published)
    report = first_report(job, known)
    if superseded(job, known):
        return _timed(nothing_done(replace(report, superseded=True, dry_run=job.dry_run)), started)
    if job.dry_run:
        return _timed(_dry_run(job, known, report), started)
    if nothing_to_do(job, known):
        if again == 0 or note(job, known):
            return _timed(report, started)
        job.observer.note("Another run was quicker: looking again.")
        return run(replace(job, published=None), again - 1)
    try:
        if known.final:
            check_limits(job, known.survey.plan, report)
        if job.connect is None:
            raise job.missing or no_key()
        from vsync.sync.online import OnlineRun

        return _timed(OnlineRun(job, known).execute(), started)
    except _Refused as refused:
        return _timed(refused.report, started)


def superseded(job: Job, known: Known) -> bool:
    """Whether a newer run than this one has synced already, or has found nothing to do."""
    seal = known.published.seal
    ended = [known.state.run.get("id")] if known.state else []
    if seal is not None:
        ended += [seal.ended, seal.run if seal.state == "closed" else None]
    return any(is_late(run, job.origin.run_id, job.settings.head) for run in ended)


def note(job: Job, known: Known) -> bool:
    """Nothing to do for this run, but an older one that comes later must know that it is late.

    Also when the head is the one that was synced: a branch may have gone forth and back meanwhile. False when another run
    was quicker.
    """
    seal, run = known.published.seal, job.origin.run_id
    if run and known.trust == "sealed" and seal is not None and (seal.run != run or seal.head != job.source.head):
        if is_late(seal.run, run, None):
            return True  # an explicit head of an old run, run once more
        return job.publication.note(run, job.source.head)
    return True


def _import_sdk_meanwhile() -> None:
    """Imports the SDK beside the look at the source: a first sync needs it, and git is waited for anyway."""
    threading.Thread(target=importlib.import_module, args=("openai",), daemon=True).start()


def no_key() -> MissingCredentials:
    return MissingCredentials(
        "No OpenAI API key is given.",
        "Set OPENAI_API_KEY (in a workflow: the input openai-api-key; the secret behind it may be missing or empty), "
        "or use keyless access: identity-provider-id and service-account-id. "
        "To try without one, use the embedded store: --local (in a workflow: VSYNC_LOCAL).",
    )


def look(job: Job, published: Published | None = None) -> Known:
    """Reads manifest and seal (or takes what was read), and plans from them."""
    published = published or job.published or job.publication.read()
    manifest, state, trusted = recorded(job, published)
    seal = published.seal
    journaled = job.journal.waits(run_key(seal.run, seal.since) if seal is not None and trusted == "sealed" else None)
    doubted = job.repair or job.rebuild
    return Known(published, manifest, state, trusted, survey(job.source, state, job.brief), journaled, doubted)


def recorded(job: Job, published: Published) -> tuple[Manifest | None, TargetState | None, Trust]:
    """What manifest and seal say of the target. Raises ManifestError when they are damaged, or of another source or store."""
    manifest: Manifest | None = None
    if published.manifest is not None and (manifest := read_manifest(job, published.manifest)) is not None:
        manifest = check_manifest(manifest, job.publication.title, job.identity)
    state = manifest.targets.get(job.settings.target) if manifest else None
    _check_store(job, state)
    content = content_id(manifest, job.settings.target) if manifest else None
    trusted = trust(published.blob, published.seal, content)
    if state is not None and trusted == "sealed":
        state = replace(state, pending_delete=())  # closed after the deletes: what it lists is gone
    return manifest, state, trusted


def read_manifest(job: Job, content: bytes) -> Manifest | None:
    """The manifest in these bytes; when it is to be made anew, what of it can still be read."""
    if job.rebuild:
        return salvage_manifest(content, job.publication.title)[0]
    return parse_manifest(content, job.publication.title)


def _check_store(job: Job, state: TargetState | None) -> None:
    wanted = job.settings.vector_store_id
    if state is not None and wanted is not None and wanted != state.vector_store_id:
        raise ManifestError(
            f"The manifest {job.publication.title} belongs to the vector store {state.vector_store_id}, but {wanted} is given.",
            "Leave the id out to go on with the old store. For a new one use another --target (input target), or delete the manifest.",
        )


def doubt_warning(job: Job, known: Known, *, listed: bool) -> str:
    """Why the manifest alone is not believed, and what is done about it, or was."""
    why = known.published.doubt
    if listed:
        return f"{why}, so the store was listed, and what it holds was taken into account."
    if job.dry_run:
        return f"{why}: the plan is from the manifest alone, and a sync lists the store before it deletes anything."
    return f"{why}: the store is listed before anything is deleted."


def first_report(job: Job, known: Known) -> Report:
    state, plan = known.state, known.survey.plan
    warnings = list(job.warnings)
    if state is None and job.keep_manifest and plan.is_empty:
        warnings.append("No document is selected: nothing is synced. Check the include and exclude patterns.")
    if state is not None and state.commit is not None and job.source.is_behind(state.commit):
        warnings.append(
            f"What is synced here is older than what is in the store (commit {state.commit[:12]}): the store goes back to it."
        )
    if known.trust == "doubtful":
        warnings.append(doubt_warning(job, known, listed=False))
    report = Report(
        target=job.settings.target,
        comparison=known.survey.comparison,
        source=job.identity.name,
        vector_store_id=state.vector_store_id if state else job.settings.vector_store_id,
        base=known.survey.base,
        head=job.source.head,
        warnings=tuple(warnings),
        manifest=job.publication.name if job.keep_manifest else None,
    )
    if job.keep_manifest:
        before = stock(state.files) if state else Stock(0, 0)
        report = replace(report, before=before, after=stock_after(before, plan))
    return of_plan(report, plan, refused=None)


def nothing_to_do(job: Job, known: Known) -> bool:
    if not known.survey.plan.is_empty or known.must_list:
        return False
    return known.state is not None or job.keep_manifest


def _dry_run(job: Job, known: Known, report: Report) -> Report:
    if job.keep_manifest:
        refused = refusal(known.survey.plan, job.settings.limits)
        report = replace(of_plan(report, known.survey.plan, refused=refused), dry_run=True)
        if known.state is None:
            told = f"{report.comparison.reason}; the store may hold documents already, which a sync finds"
            report = replace(report, comparison=replace(report.comparison, reason=told))
        job.observer.planned(report)
        return report
    if job.connect is None:
        raise job.missing or no_key()
    from vsync.sync.online import OnlineRun

    return OnlineRun(job, known).look_only()


class _Refused(Exception):
    """The plan is larger than the limits; `report` says so and lists nothing as done."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.refused)
        self.report = report


def check_limits(job: Job, plan: Plan, report: Report) -> None:
    """Shows the plan, then refuses it when it is larger than the limits."""
    refused = refusal(plan, job.settings.limits)
    planned = of_plan(report, plan, refused=refused)
    job.observer.planned(of_plan(report, plan, refused=None))  # the error says why it is refused
    if refused is not None:
        error = LimitExceeded(refused, "Nothing was changed.")
        raise _Refused(nothing_done(replace(planned, error=error, planned=replace(planned, dry_run=True))))


def nothing_done(report: Report) -> Report:
    return replace(report, added=(), updated=(), renamed=(), retagged=(), removed=(), after=report.before)


def _timed(report: Report, started: float) -> Report:
    return replace(report, duration_s=time.monotonic() - started)
