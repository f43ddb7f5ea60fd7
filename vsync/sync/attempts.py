"""The attempts of a run under its lock: a bounded loop that plans again when somebody else changed the manifest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.errors import PublicationFailed
from vsync.report.of_plan import append_warnings, nothing_done, overtaken
from vsync.report.report import Report
from vsync.state.publication import ManifestMoved, Published
from vsync.store.client import Api
from vsync.store.session import ask
from vsync.sync.basis import Basis, Look, PlanRefused, check_expected, check_plan
from vsync.sync.context import RunContext
from vsync.sync.lock import Lock, locked, renewing
from vsync.sync.ports import Ports
from vsync.sync.proposal import Asking
from vsync.sync.recorded import is_superseded
from vsync.sync.second_record import check_no_second_record

_MAX_PLANS = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a run under its lock: what it plans from, and what it works with."""

    target: Target
    ports: Ports
    context: RunContext
    lock: Lock
    api: Api
    basis: Basis

    @property
    def asking(self) -> Asking:
        return Asking(self.api, self.target, self.ports, self.context, self.basis, self.lock.owner, self.lock.minted)


Make = Callable[[Attempt], Awaitable[Report]]
"""Makes an attempt: `carry_out` with the proposal of a sync or of a repair, or `record` of a rebuild."""


def under_lock(target: Target, ports: Ports, context: RunContext, basis: Basis, look: Look, make: Make) -> Report:
    """Takes the lock, looks again where manifest or seal moved meanwhile, and makes the attempt.

    Raises PlanRefused, and every error that ends a run before it has a report.
    """
    connect, publication = ports.connection(), ports.publication
    doubt = check_no_second_record(ports, context, basis.recorded)
    if doubt is not None:
        context.observer.note(str(doubt))
        basis = replace(basis, report=append_warnings(basis.report, [str(doubt)] if context.keeps_manifest else []))
    with locked(ports, context, basis.recorded.owner) as lock:
        published = Published(publication.read().manifest, lock.replaced)
        if published != basis.recorded.published:
            basis = _look_again(target, context, lock, look, published)
            late = is_superseded(basis.recorded, context.origin.run_id, context.settings.head)
            if late or basis.has_nothing_to_do(keeps_manifest=context.keeps_manifest):
                if not late:
                    check_expected(target, basis.scan.plan, basis.report, context, basis.recorded)
                _end_without_work(ports, basis, late=late)
                return overtaken(basis.report) if late else nothing_done(basis.report)

        async def attempts(api: Api) -> Report:
            return await _attempts(Attempt(target, ports, context, lock, api, basis), look, make)

        try:
            report = ask(connect, attempts, context.stop)
        except PlanRefused as refused:
            if lock.wrote:
                raise _refused_too_late(publication.title, refused) from refused
            raise
        return replace(report, manifest_commit=publication.commit)


def _refused_too_late(title: str, refused: PlanRefused) -> PublicationFailed:
    """The error when a second plan is refused: the first plan has been carried out in part."""
    return PublicationFailed(
        f"{title} was changed by somebody else while this run was at work, and the new plan is refused. {refused}",
        "Run again. What this run has uploaded is in the store, and the next run finds it there.",
    )


async def _attempts(attempt: Attempt, look: Look, make: Make) -> Report:
    """Makes the attempt, and again from a new plan when somebody else changed the manifest meanwhile.

    What this run has put into the store is found there by its attributes: the new plan keeps what it wants of it, and
    deletes the rest.
    """
    publication = attempt.ports.publication
    async with renewing(attempt.ports, attempt.context):
        for plans_left in reversed(range(_MAX_PLANS)):
            try:
                return await make(attempt)
            except ManifestMoved:
                publication.renew()  # the manifest may have moved because another run has taken over
                if plans_left == 0:
                    break
                attempt.context.observer.note(f"{publication.title} was changed meanwhile: planning again.")
                basis = _look_again(attempt.target, attempt.context, attempt.lock, look, publication.read())
                attempt = replace(attempt, basis=basis)
        raise PublicationFailed(
            f"{publication.title} was changed by somebody else {_MAX_PLANS} times while this run was at work.",
            "Run again: nothing is lost. Only vsync should write the manifest.",
        )


def _look_again(target: Target, context: RunContext, lock: Lock, look: Look, published: Published) -> Basis:
    """Plans again from what is there now. Raises PlanRefused when that plan is final and is refused."""
    basis = look(published)
    lock.owner = basis.recorded.owner or lock.owner
    if basis.is_final and not is_superseded(basis.recorded, context.origin.run_id, context.settings.head):
        check_plan(target, basis.scan.plan, basis.report, context, basis.recorded)
    return basis


def _end_without_work(ports: Ports, basis: Basis, *, late: bool) -> None:
    if not late and basis.recorded.trust == "sealed":
        ports.publication.close()  # over the same manifest, in this run's name: older runs are late from now on
    else:
        ports.publication.abandon()
