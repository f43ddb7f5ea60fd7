"""How `vsync batch` prints: progress and questions on stderr, what it found on stdout."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vsync.cli.batch_progress import TerminalProgress
from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, show_error
from vsync.cli.question import ask_yes_or_no, where_to_ask
from vsync.cli.terminal import put
from vsync.errors import Interrupted
from vsync.report.text import Line
from vsync.system.redaction import printable, redacted
from vsync.system.wording import count
from vsync.system.workflow import inert

if TYPE_CHECKING:
    from vsync.batch.batch_report import BatchReport, Pending

_CARRIED = {
    "source_folder": "--source",
    "results_folder": "--results",
    "source_name": "--source-name",
    "repo": "--repo",
    "local": "--local",
}
"""Options that the next command needs as well."""

_TO_THE_BRANCH = {"commit": "--commit", "push": "--push", "results_branch": "--results-branch"}
"""Options that only `fetch` has. Without them its results would not reach the branch again."""

_NOT_REPEATED = frozenset({*_CARRIED, "dry_run", "as_json", "verbose"})


@contextlib.contextmanager
def shown_progress(context: Context, *, as_json: bool) -> Iterator[TerminalProgress]:
    """Progress while a command runs. With --json a program reads the output, and a log gets no lines of progress."""
    progress = TerminalProgress(sys.stderr, quiet=as_json, environ=context.environ, secrets=context.secrets)
    try:
        yield progress
    finally:
        progress.finished()


def show_report(report: BatchReport, context: Context, *, as_json: bool) -> None:
    """Prints the report and its error without secrets, tells the listener, and sets the exit code."""
    from vsync.batch.batch_advice import next_steps
    from vsync.batch.batch_text import report_lines

    report = report.mapped(lambda text: redacted(text, context.secrets))
    report.warnings = [*report.warnings, *(redacted(warning, context.secrets) for warning in context.warnings)]
    context.json_expected = False
    why = context.listener.only_shows
    if as_json:
        put(sys.stdout, json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        ctx = click.get_current_context()
        only_shown = why is not None and report.command == "submit"
        steps = [] if only_shown else next_steps(report, arguments=repeated_arguments(ctx), paths=named_files(ctx))
        show_lines(report_lines(report, steps, verbose=context.verbose), context)
    if why is not None and report.command == "submit":
        put(sys.stderr, inert(f"Nothing is submitted here: {printable(why)}."))
    context.listener.batched(report)
    if report.error is not None:
        show_error(report.error, context)
    context.exit_code = report.exit_code


def show_lines(lines: Sequence[Line], context: Context, out: IO[str] | None = None) -> None:
    out = sys.stdout if out is None else out
    carried = carried_options(click.get_current_context())
    advice = context.listener.advice
    branch = options_of_branch(click.get_current_context())
    shown = [
        Line(redacted(advice(with_options(line.text, carried, branch)), context.secrets), line.tone) for line in lines
    ]
    if shown:
        put(out, inert(painted(shown, colour=wants_colour(out, context.environ))))


def carried_options(ctx: click.Context) -> str:
    """The options of this command line that the next command needs as well, as a shell reads them."""
    words = []
    for name, option in _CARRIED.items():
        value = ctx.params.get(name)
        if value is None or ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        words.append(option if (name, value) == ("local", "true") else f"{option}={shlex.quote(value)}")
    return " ".join(words)


def options_of_branch(ctx: click.Context) -> str:
    """The options of this `fetch` that say where its results go, as a shell reads them."""
    words = []
    for name, option in _TO_THE_BRANCH.items():
        value = ctx.params.get(name)
        if value and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            words.append(option if value is True else f"{option}={shlex.quote(value)}")
    return " ".join(words)


def repeated_arguments(ctx: click.Context) -> str:
    """The arguments of this command line as a shell reads them, but for a dry run, the output and `carried_options`."""
    words = []
    for param in ctx.command.params:
        name = str(param.name)
        if name in _NOT_REPEATED or not isinstance(param, click.Option):
            continue
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[name]
        if isinstance(value, bool):
            words.append((param.opts if value else param.secondary_opts)[0])
        else:
            values = value if isinstance(value, tuple) else (value,)
            words += [f"{param.opts[0]}={shlex.quote(str(each))}" for each in values]
    return " ".join(filter(None, (*words, named_files(ctx))))


def named_files(ctx: click.Context) -> str:
    """The PATHs of this command line as a shell reads them."""
    return " ".join(shlex.quote(f"./{word}" if word.startswith("-") else word) for word in ctx.params.get("paths", ()))


def with_options(text: str, options: str, of_fetch: str = "") -> str:
    """The text, with the options in each command of `vsync batch` that it names, and with those of `fetch` in each `fetch`."""

    def with_more(found: re.Match[str]) -> str:
        command = str(found[1])
        is_fetch = command.startswith("vsync batch fetch") and of_fetch not in command
        return f"`{' '.join(filter(None, (command, of_fetch if is_fetch else '', options)))}`"

    return re.sub(r"`(vsync batch [^`]*)`", with_more, text)


def person_agrees(pending: Sequence[Pending], context: Context, progress: TerminalProgress) -> bool:
    """Shows the batches and asks whether to cancel them. Raises ConfigurationError where nobody can answer, and Interrupted."""
    from vsync.batch.batch_text import pending_lines

    progress.finished()
    show_lines(pending_lines(pending), context, sys.stderr)
    out = where_to_ask("cancelled")
    try:
        return ask_yes_or_no(out, f"Cancel {count(len(pending), 'batch', 'batches')}?")
    except KeyboardInterrupt:
        put(sys.stderr, "")
        signum = context.stop.signum or signal.SIGINT
        raise Interrupted(signum, "Interrupted. Nothing was cancelled.", "Run again when you are sure.") from None


def shown_data(data: Any, context: Context) -> Any:
    """The same JSON without secrets."""
    if isinstance(data, str):
        return redacted(data, context.secrets)
    if isinstance(data, list):
        return [shown_data(item, context) for item in data]
    if isinstance(data, dict):
        return {name: shown_data(value, context) for name, value in data.items()}
    return data
