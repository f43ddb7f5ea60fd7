"""The command verify of the action."""

from __future__ import annotations

from dataclasses import replace

from vsync.errors import ConfigurationError
from vsync.github import commands
from vsync.github.inputs import arguments_of, settings_of
from vsync.github.opened import finish, opened_run
from vsync.github.step import Step


def verify(step: Step) -> int:
    """Compares manifest and store, and gives the exit code. Mends where the arguments ask for it and the event may write."""
    from vsync.cli.verify import parse_verify
    from vsync.verify.run import run

    arguments, options = parse_verify(arguments_of(step.given), step.environ)
    mode = step.mode
    if options.writes and mode.dry_run:
        raise ConfigurationError(
            f"Nothing is repaired, rebuilt or taken over here: {mode.reason}.",
            "Run it on a schedule or by workflow_dispatch, or leave out --repair, --rebuild and --yes.",
        )
    commands.say("vsync verifies: manifest and store are compared.")
    mode = replace(mode, dry_run=False, reason=mode.reason.replace("it syncs the", "it verifies the"))
    step = replace(step, mode=mode)
    settings = settings_of(step.given, step.environ, arguments)
    with opened_run(step, settings, if_missing=options.if_missing) as opened:
        report = finish(run(opened.target, opened.ports, opened.context, options), step, opened)
    return report.exit_code
