"""The command line: a composition root. Reads options and environment, builds a job, runs it, prints, exits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from vsync import __version__
from vsync.cli.commands import Commands
from vsync.cli.completion import VARIABLE, answer
from vsync.cli.context import Context, put_error, show_error
from vsync.cli.environment import defaults, wrong_variable
from vsync.cli.listener import Listener
from vsync.cli.output import watched
from vsync.cli.terminal import put
from vsync.config.settings import boolean, variable
from vsync.errors import EXIT_OK, EXIT_USAGE, ConfigurationError, Interrupted, VsyncError
from vsync.system.logs import guarded, unforeseen
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

_BATCH = {("batch", "submit"), ("batch", "fetch"), ("batch", "cancel")}
_REPORTING = {
    ("sync",),
    ("plan",),
    ("verify",),
    ("check",),
    ("status",),
    ("records",),
    ("batch",),
    ("stores", "delete"),
    ("files", "delete"),
}
"""Commands whose `--json` is a report."""

_WRITING = {("sync",), ("records",), ("stores", "delete"), ("files", "delete"), *_BATCH}
"""Commands whose work is done when they print what they did."""

_EPILOG = """\b
Environment: OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID; each option also as VSYNC_… (for
example VSYNC_INCLUDE). A variable that no command knows is a warning.
In a workflow without a key: OPENAI_IDENTITY_PROVIDER_ID, OPENAI_SERVICE_ACCOUNT_ID, OPENAI_WIF_AUDIENCE.
Exit codes:
  0    all is done, or there was nothing to do; also after any plan
  1    something failed, or you answered no; verify: there is drift; plan --exit-code: something would change;
       check: a check failed;
       batch: a request file is invalid, a request failed, or --wait ended before the batches did
  2    wrong usage, configuration or manifest; nothing was done
  3    the API or git refused or did not answer: run again; or the store is gone
  4    a safety limit refused the plan, or it is not the plan of --expect; or what was to be deleted is named in this
       repository's manifest, or is everything; nothing was done
  130, 143  interrupted
"""


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    listener: Listener | None = None,
    secrets: Secrets | None = None,
    stop: Stop | None = None,
    trusted: Path | None = None,
) -> int:
    """Runs one command and gives the exit code. Every error that a user can cause is one sentence on stderr.

    `listener` gets the error as well, and what the command found. Keys and tokens are added to `secrets`, and never
    shown. `stop` listens to signals already. A signal interrupts a command that does not look at `stop`. `trusted` is a
    folder whose repositories may belong to another user.
    """
    context = Context(environ, Secrets() if secrets is None else secrets, stop or Stop(), listener, trusted)
    if VARIABLE in environ:
        return answer(main, environ[VARIABLE], context)
    with guarded(context.secrets):
        try:
            if stop is not None:
                stop.install(raising=True)
                if stop.signum is not None:
                    return Interrupted(stop.signum).exit_code
            with watched() as out:
                code = _run(arguments, context)
            return code if out.lost is None else _lost_output(out.lost, code, arguments)
        except KeyboardInterrupt:
            cause = Interrupted(context.stop.signum or signal.SIGINT)
            context.listener.failed(cause)
            put_error(cause, context)
            return cause.exit_code
        finally:
            if stop is not None:
                stop.install()


def _run(arguments: Sequence[str], context: Context) -> int:
    failed = context.listener.failed
    context.arguments = tuple(arguments)
    context.json_expected = _has_report(arguments) and _json_wanted(arguments, context.environ)
    try:
        variables = defaults(main, context.environ, arguments)
        main.main(args=list(arguments), prog_name="vsync", obj=context, standalone_mode=False, default_map=variables)
    except click.exceptions.Exit as stopped:
        return stopped.exit_code
    except click.ClickException as error:
        if (wrong := wrong_variable(error)) is not None:
            failed(wrong)
            return show_error(wrong, context)
        error.show()
        said = _without_command(error) or ConfigurationError(error.format_message())
        failed(said)
        put_error(said, context)
        return 2
    except VsyncError as error:
        cause = context.stop.cause(error)
        failed(cause)
        return show_error(cause, context)
    except click.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        shown = unforeseen(error, context.secrets)
        failed(shown)
        return show_error(shown, context)
    return context.exit_code


def _without_command(error: click.ClickException) -> ConfigurationError | None:
    """The error of a group of commands that stands alone. Its own message is the whole help. None: it is another error."""
    group = error.ctx.command if isinstance(error, click.UsageError) and error.ctx is not None else None
    if not isinstance(error, click.exceptions.NoArgsIsHelpError) or not isinstance(group, click.Group):
        return None
    *others, last = group.commands
    return ConfigurationError(f"`vsync {group.name}` needs a command: {', '.join(others)} or {last}.")


def _has_report(arguments: Sequence[str]) -> bool:
    return tuple(arguments[:1]) in _REPORTING or tuple(arguments[:2]) in _REPORTING


def _json_wanted(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the command is asked for JSON, as far as that is known before its options are read."""
    try:
        return "--json" in arguments or boolean(environ.get(variable("json"), "").strip() or "false")
    except ValueError:
        return False


def _lost_output(error: OSError, code: int, arguments: Sequence[str]) -> int:
    """The exit code where stdout did not take what was printed. What writes is done all the same, and its code says so."""
    put(sys.stderr, f"vsync: What was printed is not whole: {error.strerror}. What the command did is done.")
    wrote = tuple(arguments[:1]) in _WRITING or tuple(arguments[:2]) in _WRITING
    return EXIT_USAGE if code == EXIT_OK and not wrote else code


@click.group(
    commands=Commands(),
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "--version", prog_name="vsync")
def main() -> None:
    """Keeps an OpenAI vector store equal to chosen files of a git repository.

    \b
    vsync init                               write a config that fits this repository, and a workflow
    vsync plan                               show what sync would do; needs no key
    vsync sync --vector-store-name docs      sync the documentation of this repository
    vsync sync --local && vsync search "how do I …" --local
                                             try it without a key
    vsync stores list --unused-since 30d     stores of the project that nobody uses
    vsync files delete --unattached --dry-run
                                             what a clean-up of Files would delete
    vsync records changes.jsonl              apply change records (OpenCDC, Debezium, JSON) to a store
    vsync batch submit                       run request files by OpenAI's Batch API, at half the price
    vsync batch fetch --wait                 write their results: line n answers request n
    vsync serve                              stores and Files as a REST API
    """
