"""Options that are no settings, given as `VSYNC_…` variables. (The settings among the options are read by `config`.)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from vsync.cli.headings import CHOICE
from vsync.config.settings import NAMES, boolean, variable
from vsync.errors import ConfigurationError


def defaults(command: click.Command, environ: Mapping[str, str], arguments: Sequence[str] = ()) -> dict[str, Any]:
    """What the variables give for a command's options, in the form of click's `default_map`: an option given wins over it.

    Of a group's commands it is the one that these arguments name.
    """
    if isinstance(command, click.Group):
        named, *rest = [word for word in arguments if not word.startswith("-")] or [""]
        return {named: defaults(command.commands[named], environ, rest)} if named in command.commands else {}
    found: dict[str, Any] = {}
    for option in command.params:
        name = option_name(option)
        if name is None or not getattr(option, "by_variable", True):
            continue
        text = environ.get(variable(name), "").strip() if name not in NAMES else ""
        if text and option.name is not None:
            found[option.name] = text.splitlines() if option.multiple else text
    return found


def option_name(option: click.Parameter) -> str | None:
    """The longest name of an option, without dashes; None for an argument."""
    return max(option.opts, key=len).lstrip("-") if isinstance(option, click.Option) else None


def filters_of_variables(context: click.Context) -> list[str]:
    """The variables that say what is meant in this command, where its command line does not say it."""
    named = [
        option_name(option) or ""
        for option in context.command.params
        if getattr(option, "heading", None) == CHOICE
        and context.get_parameter_source(option.name) is ParameterSource.DEFAULT_MAP
    ]
    return sorted(map(variable, named))


def wrong_variable(error: click.ClickException) -> ConfigurationError | None:
    """The error of a wrong value that stood in a variable; None when it stood on the command line."""
    option, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if not isinstance(error, click.BadParameter) or not isinstance(option, click.Option) or context is None:
        return None
    name = option_name(option)
    if name is None or context.get_parameter_source(option.name) is not ParameterSource.DEFAULT_MAP:
        return None
    wrong = f"{variable(name)} is {context.default_map[option.name]!r}"
    why = ", but must be true or false." if option.is_flag else f": {error.message.rstrip('.')}."
    return ConfigurationError(wrong + why, "Correct it and run again.")


def refuse_variables(
    command: click.Command, environ: Mapping[str, str], what: str = "what is deleted", undone: str = "deleted"
) -> None:
    """Raises ConfigurationError where a variable is set that the command must not hear. `what` and `undone` go into its words.

    A variable that somebody forgot could let a command delete or pay more than its command line says, or be meant as a bound.
    """
    names = [option_name(option) for option in command.params if not getattr(option, "by_variable", True)]
    known = [name for name in names if name is not None and name not in (*NAMES, *_OF_OTHERS)]
    for name in known:
        if environ.get(variable(name), "").strip():
            raise ConfigurationError(
                f"{variable(name)} is set, but {what} must stand on the command line. Nothing was {undone}.",
                f"Give --{name} if it is meant, and unset the variable.",
            )


_OF_OTHERS = ("yes",)
"""Options whose variables other commands hear."""


def refuse_in_dry_run(environ: Mapping[str, str], what: str, remedy: str) -> None:
    """Raises ConfigurationError where VSYNC_DRY_RUN asks a command to change nothing that has no dry run."""
    if _dry_run_wanted(environ):
        raise ConfigurationError(f"{variable('dry-run')} asks vsync to change nothing, so it {what}.", remedy)


def _dry_run_wanted(environ: Mapping[str, str]) -> bool:
    text = environ.get(variable("dry-run"), "").strip()
    try:
        return boolean(text or "false")
    except ValueError as error:
        raise ConfigurationError(
            f"{variable('dry-run')} is {text!r}, but must be {error}.", "Correct it and run again."
        ) from None
