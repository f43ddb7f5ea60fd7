"""The GitHub Action: a composition root. Reads inputs and event, runs one command, and gives the exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from vsync.auth.credentials import check_header
from vsync.config.variables import unheard
from vsync.errors import InternalError, VsyncError
from vsync.github import commands
from vsync.github.command_results import CommandResults
from vsync.github.event import read_event
from vsync.github.inputs import (
    COMMANDS,
    arguments_of,
    as_variables,
    command_of,
    credentials_of,
    inputs,
    mode_of,
    refuse_arguments,
    trusted_folder,
    working_directory,
)
from vsync.github.inputs import (
    named as named_inputs,
)
from vsync.github.results import publish_failure
from vsync.github.step import Step
from vsync.github.sync import sync
from vsync.github.verify import verify
from vsync.network.address import in_addresses
from vsync.network.proxies import passwords
from vsync.system.logs import guarded, traceback_lines, unforeseen
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop


def run(environ: Mapping[str, str], stop: Stop) -> int:
    """Runs the action and gives the exit code. `stop` listens to signals already."""
    given = inputs(environ)
    secrets = Secrets(added=commands.mask)
    named = (given.get("openai-api-key"), environ.get("OPENAI_API_KEY"), given.get("github-token"))
    for key in (*named, *passwords(environ), *in_addresses({**environ, **named_inputs(given)})):
        secrets.add((key or "").strip())
    with guarded(secrets):
        return _run_or_report(given, environ, stop, secrets)


def _run_or_report(given: Mapping[str, str], environ: Mapping[str, str], stop: Stop, secrets: Secrets) -> int:
    """Runs the command. An error that ends it before it has a report is published."""
    try:
        return _run_command(given, environ, stop, secrets)
    except VsyncError as error:
        cause = stop.cause(error)
        for warning in unheard(environ, workflow=True):
            commands.warning("vsync", warning)
        publish_failure(cause, secrets, environ)
        return cause.exit_code
    except Exception as error:
        shown = unforeseen(error, secrets)
        publish_failure(shown, secrets, environ)
        if isinstance(shown, InternalError):
            commands.group("Traceback", traceback_lines(error, secrets))
        return shown.exit_code


def _run_command(given: Mapping[str, str], environ: Mapping[str, str], stop: Stop, secrets: Secrets) -> int:
    check_header("The input github-token", given.get("github-token", "").strip())
    keys = credentials_of(given, environ)
    words = command_of(given)
    if not words or words[0] not in COMMANDS:
        return _other_command(words, given, secrets, environ, stop)
    command = words[0]
    if command != "verify":
        refuse_arguments(command, given)
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = mode_of(event, given, environ, plan_only=command == "plan")
    step = Step(given, environ, keys, secrets, event, mode, stop, plan_only=command == "plan")
    return verify(step) if command == "verify" else sync(step)


def _other_command(
    words: Sequence[str], given: Mapping[str, str], secrets: Secrets, environ: Mapping[str, str], stop: Stop
) -> int:
    """Any other command is the command line, with the input `args` behind it."""
    from vsync.cli.main import run as run_command_line

    arguments = arguments_of(given)
    listener = CommandResults(only_shows=_only_shows([*words, *arguments], given, environ))
    os.chdir(working_directory(given, environ))
    trusted = trusted_folder(environ)
    with commands.no_commands() as mask:
        hidden = Secrets(*secrets, added=mask)
        variables = as_variables(given, environ)
        code = run_command_line([*words, *arguments], variables, listener, hidden, stop, trusted)
    listener.publish(hidden, environ)
    return code


def _only_shows(words: Sequence[str], given: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """Why this event only shows what a command would change; None: it may change it.

    Nobody deletes stores or Files of a project by a pull request, applies records to them, or starts batches that cost
    money: where a sync would only plan, none of these is done.
    """
    if not {"delete", "records", "batch"} & set(
        words
    ):  # wherever they stand: the command line skips a word such as `--`
        return None
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = mode_of(event, given, environ, plan_only=False)
    if mode.warning:
        commands.warning("Event", mode.warning)
    return mode.reason if mode.dry_run else None
