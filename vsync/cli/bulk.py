"""A bulk delete from the command line: plan, show, ask, delete, report."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import click

from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, connection_of, git_access, resolved, show_error
from vsync.cli.manage import hints
from vsync.cli.manage_options import only_shows
from vsync.cli.question import ask_person, where_to_ask
from vsync.cli.terminal import TerminalObserver, put
from vsync.cli.width import look_of, terminal_width
from vsync.config.origin import origin
from vsync.errors import EXIT_INCOMPLETE, ConfigurationError, Interrupted, VsyncError
from vsync.report.text import Line
from vsync.system.redaction import printable, redacted

if TYPE_CHECKING:
    from vsync.config.settings import Settings
    from vsync.manage.bulk_report import BulkReport, Kind
    from vsync.manage.bulk_text import Going
    from vsync.manage.each import Working
    from vsync.manage.listings import Look
    from vsync.manage.protected import Protected
    from vsync.manage.unfinished import Unfinished
    from vsync.store.client import Api
    from vsync.store.connect import Connect
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.store.rate_limit import Rates

P = TypeVar("P")

_OPEN_FOR_LONG_S = 60.0
"""After a longer wait for the answer, the plan may be of another day."""


@dataclass(frozen=True)
class Job(Generic[P]):
    """What deletes of stores and of Files do differently. `given`: the ids and names; None: a filter says what is meant."""

    kind: Kind
    given: Sequence[str] | None
    plan: Callable[[Api, Working, Protected, Collection[str]], Awaitable[P]]
    agreed: Callable[[P, P], P]
    lines: Callable[[P, Look], list[Line]]
    going: Callable[[P], Going]
    preview: Callable[[P], BulkReport]
    carry_out: Callable[[P, Api, Rates, Working, Callable[[str], None]], Awaitable[BulkReport]]


class _Way(NamedTuple):
    """How the command works: what it was told, and the store service that is meant."""

    context: Context
    options: dict[str, Any]
    settings: Settings
    embedded: EmbeddedFile | None
    observer: TerminalObserver


def delete(context: Context, options: dict[str, Any], job: Job[P]) -> None:
    """Carries the job out, prints the report, and sets the exit code."""
    from vsync.manage.bulk_report import BulkReport

    if job.given is not None and not job.given:
        _show(BulkReport(job.kind, dry_run=options["dry_run"]), context, options, as_json=options["as_json"])
        return
    way = _way(context, options)
    try:
        report, known = _run(way, job)
    finally:
        way.observer.finished()
    _show(report, context, options, as_json=options["as_json"], known=known)


def _way(context: Context, options: dict[str, Any]) -> _Way:
    from vsync.sync.embedded_place import embedded_file_of

    settings = resolved(context, options)
    observer = TerminalObserver(sys.stderr, verbose=context.verbose, environ=context.environ, secrets=context.secrets)
    return _Way(context, options, settings, embedded_file_of(settings, context.trusted), observer)


def _run(way: _Way, job: Job[P]) -> tuple[BulkReport, set[str]]:
    """The report of the job, or with --dry-run of what it would do; and the failures that were shown with the plan."""
    from vsync.manage.bulk_text import is_unfinished
    from vsync.store.session import ask

    context, options = way.context, way.options
    protected = _protected(way)
    connect = _connector(way)
    began, waited_s, requests = time.monotonic(), 0.0, Counter[str]()
    with _unfinished(way, job) as unfinished:
        earlier = unfinished.done if unfinished is not None else frozenset[str]()

        async def plan(api: Api) -> P:
            return await job.plan(api, _working(way), protected, earlier)

        async def carry_out(api: Api, chosen: P) -> BulkReport:
            note = unfinished.note if unfinished is not None else lambda word: None
            return await job.carry_out(chosen, api, _rates(way), _working(way), note)

        async def plan_and_delete(api: Api) -> tuple[P, BulkReport | None]:
            chosen = await plan(api)
            way.observer.finished()
            _show_plan(way, job, chosen, api)
            if dry_run:
                requests.update(api.traffic.requests)
                return chosen, job.preview(chosen)
            if job.going(chosen).number and not options["yes"]:
                requests.update(api.traffic.requests)
                return chosen, None
            context.stop.install()
            return chosen, await finish(api, chosen)

        async def finish(api: Api, chosen: P) -> BulkReport:
            done = await carry_out(api, chosen)
            requests.update(api.traffic.requests)
            return done

        dry_run = only_shows(options, context)
        shown, report = ask(connect, plan_and_delete, context.stop)
        if report is None:
            waited_s = _ask_person(way, job.going(shown))
            context.stop.install()

            async def delete_shown(api: Api) -> BulkReport:
                return await finish(api, await _still_meant(way, job, shown, waited_s, lambda: plan(api)))

            report = ask(connect, delete_shown, context.stop)
        if unfinished is not None and not dry_run and not is_unfinished(report):
            unfinished.through()
    report = replace(report, requests=dict(requests), duration_s=time.monotonic() - began - waited_s)
    return report, {failure.id for failure in job.preview(shown).deleted.failed}


def _ask_person(way: _Way, going: Going) -> float:
    """Ends the command unless the person agrees. Gives the seconds for which the question stood open."""
    out = where_to_ask()
    try:
        answer = ask_person(out, going, carefully=way.options["forced"])
    except KeyboardInterrupt:
        put(sys.stderr, "")
        signum = way.context.stop.signum or signal.SIGINT
        raise Interrupted(signum, "Interrupted. Nothing was deleted.", "Run again when you are sure.") from None
    if not answer.yes:
        put(sys.stderr, "Nothing was deleted.")
        way.context.exit_code = EXIT_INCOMPLETE
        raise click.exceptions.Exit(EXIT_INCOMPLETE)
    return answer.waited_s


async def _still_meant(way: _Way, job: Job[P], shown: P, waited_s: float, plan: Callable[[], Awaitable[P]]) -> P:
    """The plan that was shown. After a long wait for the answer, what of it is still meant."""
    if waited_s <= _OPEN_FOR_LONG_S:
        return shown
    way.observer.note("The question stood open for more than a minute, so vsync looks once more.")
    again = await plan()
    way.observer.finished()
    agreed = job.agreed(shown, again)
    _show_newly_spared(way, job.preview(shown), job.preview(agreed))
    return agreed


# --- What it takes ------------------------------------------------------------------------------------------


def _protected(way: _Way) -> Protected:
    """What this repository's manifest names. Raises VsyncError where nobody can say it, unless --force is given."""
    from vsync.manage.protected import NOTHING
    from vsync.sync.named_by_manifest import has_source, named_by_manifest

    context, options = way.context, way.options
    where = origin(context.environ)
    try:
        if where.in_workflow and way.embedded is None and not has_source(way.settings):
            raise ConfigurationError(
                "This job has no checkout of its repository, so nobody can say which stores and Files its manifest names.",
                "Put actions/checkout before this step.",
            )
        return named_by_manifest(way.settings, where, git_access(context, options), way.observer.note)
    except VsyncError as error:
        if isinstance(error, Interrupted):
            raise
        if options["forced"]:
            way.observer.note(f"warning: What this repository's manifest names is not known: {error.message}")
            return NOTHING
        refused = error.mapped(lambda text: text)
        refused.message = f"What this repository's manifest names is not known, so nothing was deleted: {error.message}"
        refused.remedy = f"{error.remedy} With --force nothing is spared for the manifest.".strip()
        raise refused from error


def _connector(way: _Way) -> Connect:
    context = way.context
    return connection_of(
        context, way.settings, way.embedded, if_missing="refuse", stop=context.stop, log=way.observer.note
    )


def _working(way: _Way) -> Working:
    from vsync.manage.each import Working

    return Working(way.observer, way.context.stop, way.settings.concurrency)


def _rates(way: _Way) -> Rates:
    from vsync.store.rate_limit import make_rates

    return make_rates(
        None,
        way.settings.writes_per_minute,
        way.context.stop.pause,
        way.observer.note,
        deletes_per_minute=way.options["deletes_per_minute"],
        unlimited=way.embedded is not None,
    )


@contextlib.contextmanager
def _unfinished(way: _Way, job: Job[Any]) -> Iterator[Unfinished | None]:
    """The record of what this job has deleted, where ids were given."""
    if job.given is None:
        yield None
        return
    from vsync.auth.api_address import api_address
    from vsync.manage.unfinished import Unfinished
    from vsync.state.journal_key import JournalKey, state_home

    keys, home = way.context.credentials, state_home(way.context.environ)
    place, caller = "", ""
    if way.embedded is not None:
        place = str(way.embedded.path)
    elif keys.identity is not None:
        place = json.dumps([keys.identity.provider_id, keys.identity.service_account_id])
    else:
        # A key belongs to one project, and another project has nothing of what this one deleted. The signature tells keys
        # apart, and shows nothing of them.
        caller = JournalKey(home, place="the key of a bulk delete").sign((keys.api_key or "").encode())
        home = home if caller else None
    api = [api_address(keys, embedded=way.embedded is not None), place, caller, keys.organization, keys.project]
    # A run that left the Files of its stores has not done what a run with them is asked for.
    kind = f"{job.kind} with files" if way.options.get("with_files") else job.kind
    with Unfinished(home, kind, json.dumps(api), job.given) as unfinished:
        yield unfinished


# --- What it prints -----------------------------------------------------------------------------------------


def _show_plan(way: _Way, job: Job[P], chosen: P, api: Api) -> None:
    """What would go: on stdout, and with --json on stderr, where it is no part of the JSON."""
    context, as_json = way.context, way.options["as_json"]
    out = sys.stderr if as_json else sys.stdout
    if as_json and (way.options["yes"] or way.options["dry_run"]):
        return  # a program reads the JSON, and nobody is asked
    look = look_of(api, context.credentials, way.embedded, terminal_width(out))
    lines = [
        Line(redacted(hints(way.options, line.text), context.secrets), line.tone) for line in job.lines(chosen, look)
    ]
    if lines:
        put(out, painted(lines, colour=wants_colour(out, context.environ)))


def _show_newly_spared(way: _Way, shown: BulkReport, agreed: BulkReport) -> None:
    """What does not go any more since the question was asked, and why."""
    from vsync.manage.bulk_text import by_reason

    before = {item.id for part in (shown.deleted, shown.files) if part is not None for item in part.spared}
    for title, part in (("Spared now", agreed.deleted), ("Files that are spared now", agreed.files)):
        items = [item for item in part.spared if item.id not in before] if part is not None else []
        for line in by_reason(title, items, "faint", agreed.known):
            way.observer.note(line.text)


def _show(
    report: BulkReport, context: Context, options: dict[str, Any], *, as_json: bool, known: Collection[str] = ()
) -> None:
    """Prints the report and its error without secrets, tells the listener, and sets the exit code."""
    from vsync.manage.bulk_text import bulk_lines

    report = report.mapped(lambda text: redacted(text, context.secrets))
    if as_json:
        context.json_expected = False
        put(sys.stdout, json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        again = redacted(f"vsync {shlex.join(context.arguments)}", context.secrets)
        lines = [Line(hints(options, line.text), line.tone) for line in bulk_lines(report, again, known)]
        put(sys.stdout, painted(lines, colour=wants_colour(sys.stdout, context.environ)))
    why = context.listener.only_shows
    if why is not None:
        put(sys.stderr, f"Nothing is deleted here: {printable(why)}.")
    context.listener.deleted(report)
    if report.error is not None:
        show_error(report.error, context)
    context.exit_code = report.exit_code
