"""The command verify of the action."""

from __future__ import annotations

from dataclasses import replace

from vsync.errors import ConfigurationError
from vsync.github import commands
from vsync.github.inputs import arguments_of, settings_of
from vsync.github.mode import Mode
from vsync.github.opened import checked_branches, finish, maker, opened_workspace
from vsync.github.step import Step
from vsync.report.report import Report
from vsync.report.several import exit_code
from vsync.state.publication import Published
from vsync.sync.assemble import Assembled
from vsync.sync.config_at_head import AtHead, targets_at_head
from vsync.sync.several import assemble_each, run_several


def verify(step: Step) -> int:
    """Compares manifest and store of each target, and gives the exit code. Mends where the arguments ask for it and the event may write."""
    from vsync.cli.verify import parse_verify
    from vsync.verify.run import run

    arguments, options = parse_verify(arguments_of(step.given), step.environ)
    commands.say("vsync verifies: manifest and store are compared.")
    settings = settings_of(step.given, step.environ, arguments)
    with opened_workspace(step, settings) as opened:
        found = targets_at_head(settings, opened.workspace)
        modes = _modes(step, found, writes=options.writes)
        with checked_branches(step, opened.workspace, found) as checked:
            make = maker(step, if_missing=options.if_missing, verifies=True)
            runs = assemble_each(checked, opened.workspace, make)

            def run_one(one: Assembled, _: Published | None) -> Report:
                if len(runs) > 1:
                    commands.say(f"Target {one.target.name}:")
                return run(*one, options)

            reports = run_several(runs, run_one, manifest_may_be_damaged=options.rebuild)
        return exit_code(finish(reports, modes, step, opened.workspace))


def _modes(step: Step, found: AtHead, *, writes: bool) -> list[Mode]:
    """What started the run of each target. Raises ConfigurationError where one of them must not be mended."""
    modes = [step.mode_for(settings.target.branch) for settings in found.targets]
    if writes:
        for mode in modes:
            _check_mode(mode)
    return [replace(mode, reason=mode.reason.replace("it syncs the", "it verifies the")) for mode in modes]


def _check_mode(mode: Mode) -> None:
    if mode.dry_run:
        raise ConfigurationError(
            f"Nothing is repaired, rebuilt or taken over here: {mode.reason}.",
            "Run it on a schedule or by workflow_dispatch, or leave out --repair, --rebuild and --yes.",
        )
