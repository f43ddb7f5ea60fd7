"""`vsync sync` and `vsync plan` for one target.

A run with nothing to do takes no lock, makes no request and never imports the SDK.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from dataclasses import replace
from functools import partial

from vsync.config.targets import Target
from vsync.report.of_plan import nothing_done, overtaken
from vsync.report.report import Report
from vsync.state.publication import Published
from vsync.state.run_order import is_late
from vsync.sync.basis import Basis, PlanRefused, check_expected, check_plan, look
from vsync.sync.context import RunContext
from vsync.sync.name_check import name_asked
from vsync.sync.ports import Ports
from vsync.sync.preview import preview_from_manifest, preview_from_store
from vsync.sync.recorded import Recorded, is_superseded

_MAX_LOOKS = 6
"""How often a run looks at all. It looks again when another run was quicker."""


def run(target: Target, ports: Ports, context: RunContext, published: Published | None = None) -> Report:
    """Plans, and unless it is a dry run carries the plan out. `published` is what was read already.

    Errors before anything was done are raised. Later errors stand in the report.
    """
    started = time.monotonic()
    try:
        report = _run(target, ports, context, published)
    except PlanRefused as refused:
        report = refused.report
    return replace(report, duration_s=time.monotonic() - started)


def _run(target: Target, ports: Ports, context: RunContext, published: Published | None) -> Report:
    published = published or ports.publication.read()
    if published.manifest is None and not context.dry_run and ports.connect is not None:
        _import_sdk_meanwhile()
    for looks_left in reversed(range(_MAX_LOOKS)):
        basis = look(target, ports, context, published)
        if is_superseded(basis.recorded, context.origin.run_id, context.settings.head):
            return overtaken(basis.report, dry_run=context.dry_run)
        if context.dry_run:
            return _preview(target, ports, context, basis)
        if basis.scan.plan.bare:
            check_plan(target, basis.scan.plan, basis.report, context, basis.recorded)
        if not basis.has_nothing_to_do(keeps_manifest=context.keeps_manifest):
            return _sync(target, ports, context, basis)
        requests = name_asked(target, ports, context, basis.recorded.state)
        check_expected(target, basis.scan.plan, basis.report, context, basis.recorded)
        if looks_left == 0 or _note_nothing_to_do(ports, context, basis.recorded):
            return replace(nothing_done(basis.report), requests=requests)
        context.observer.note("Another run was quicker: looking again.")
        published = ports.publication.read()
    raise AssertionError("the last look returns")


def _sync(target: Target, ports: Ports, context: RunContext, basis: Basis) -> Report:
    """Carries the plan out under the lock."""
    if basis.is_final:
        check_plan(target, basis.scan.plan, basis.report, context, basis.recorded)
    ports.connection()
    from vsync.sync.attempts import under_lock
    from vsync.sync.carry_out import carry_out
    from vsync.sync.propose import propose

    look_again, make = partial(look, target, ports, context), partial(carry_out, propose=propose)
    return under_lock(target, ports, context, basis, look_again, make)


def _preview(target: Target, ports: Ports, context: RunContext, basis: Basis) -> Report:
    """Plans and changes nothing. Without a manifest only the store can say what it holds."""
    if context.keeps_manifest:
        return preview_from_manifest(target, context, basis)
    return preview_from_store(target, ports, context, basis)


def _note_nothing_to_do(ports: Ports, context: RunContext, recorded: Recorded) -> bool:
    """Records that this run found nothing to do, so that an older run that comes later knows that it is late.

    Also when the head is the synced one: a branch may have gone forth and back meanwhile. False when another run was
    quicker.
    """
    seal, run_id = recorded.published.seal, context.origin.run_id
    if not run_id or recorded.trust != "sealed" or seal is None:
        return True
    if seal.run == run_id and seal.head == ports.source.head:
        return True
    if is_late(seal.run, run_id, None):
        return True  # a person named the head of an old run, and ran it once more
    return ports.publication.note(run_id, ports.source.head)


def _import_sdk_meanwhile() -> None:
    """Imports the SDK while git lists the source: a first sync needs both.

    It is no daemon: a process that ends in the middle of an import can crash. An error shows where the SDK is used.
    """

    def import_sdk() -> None:
        with contextlib.suppress(Exception):
            importlib.import_module("openai")

    threading.Thread(target=import_sdk).start()
