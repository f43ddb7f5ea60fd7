"""Workflow commands and files, by actions-toolkit: masks, annotations, groups, outputs, the job summary.

Only the toolkit's `command` and `file_command` are imported. Its `core` imports PyGithub and requests, which takes 0.14 s
and which most runs do not need. Limits: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from actions_toolkit.command import Command, issue_command
from actions_toolkit.file_command import issue_file_command, prepare_key_value_message

from vsync.system import workflow
from vsync.system.redaction import masks, printable
from vsync.system.regular_file import check_regular

MAX_ANNOTATIONS = 10
"""Of each kind, for one step. GitHub drops the others silently."""

_MAX_MESSAGE = 4_000
_WRITING = threading.RLock()
"""Threads mask tokens: without this lock one line could stand in the middle of another."""


def mask(secret: str | None) -> None:
    """Registers a secret. The runner then hides it in every later line, in each form that it may have there."""
    with _WRITING:
        for form in masks(secret or ""):
            issue_command("add-mask", {}, form)
        sys.stdout.flush()


def error(
    title: str, message: str, file: str | None = None, line: int | None = None, column: int | None = None
) -> None:
    """`line` and `column` count from 1, and stand in the file."""
    _annotate("error", title, message, file, line, column)


def warning(title: str, message: str, file: str | None = None) -> None:
    _annotate("warning", title, message, file)


def _annotate(
    kind: str, title: str, message: str, file: str | None, line: int | None = None, column: int | None = None
) -> None:
    properties = {"title": inert(title)[:200]}
    if file is not None:
        properties["file"] = printable(file)
        if line is not None:
            properties["line"] = str(line)
            if column is not None:
                properties["col"] = str(column)
    text = "\n".join(printable(line) for line in message[:_MAX_MESSAGE].splitlines())
    issue_command(kind, properties, text)


def group(title: str, lines: Sequence[str]) -> None:
    """Writes lines that the log shows folded."""
    with _WRITING:
        issue_command("group", {}, printable(title))
        for line in lines:
            say(line)
        issue_command("endgroup", {}, "")


@contextlib.contextmanager
def no_commands() -> Iterator[Callable[[str], None]]:
    """Inside, the runner takes no line of the log for a command, whatever documents and names are printed.

    Gives a `mask` that still works: it allows commands for its own lines, and writes them in one piece.
    """
    token = secrets.token_hex(16)

    def mask_here(secret: str) -> None:
        hidden = [str(Command("add-mask", {}, form)) for form in masks(secret)]
        lines = [str(Command(token, {}, "")), *hidden, str(Command("stop-commands", {}, token))]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    issue_command("stop-commands", {}, token)
    try:
        yield mask_here
    finally:
        issue_command(token, {}, "")


def say(line: str) -> None:
    """Writes one line of log. No file name or message in it can act as a workflow command."""
    with _WRITING:
        print(inert(line), flush=True)  # noqa: T201 - stdout is the action's log


def inert(line: str) -> str:
    """The line without anything that the runner takes for a command (`::error`, and the older `##[error]`)."""
    text = workflow.inert(printable(line))
    return f"\N{ZERO WIDTH SPACE}{text}" if text.lstrip().startswith("::") else text


def set_outputs(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Writes the step's outputs. A run by hand has no file for them and writes none."""
    if not environ.get("GITHUB_OUTPUT"):
        return
    with _warned("Outputs", "The step's outputs", "GITHUB_OUTPUT", environ):
        check_regular(Path(environ["GITHUB_OUTPUT"]))  # a pipe would stop the run for ever
        for name, value in values.items():
            issue_file_command("OUTPUT", prepare_key_value_message(name, _whole(value)))


def append_summary(markdown: str, environ: Mapping[str, str]) -> None:
    """Adds to the job summary, where there is a file for it."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with _warned("Job summary", "The job summary", "GITHUB_STEP_SUMMARY", environ):
            if Path(path).exists():
                check_regular(Path(path))
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(_whole(markdown))


@contextlib.contextmanager
def _warned(title: str, what: str, variable: str, environ: Mapping[str, str]) -> Iterator[None]:
    """Makes a warning of a file of the runner that cannot be written: the run is over, and its result stands all the same."""
    try:
        yield
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        named = environ.get(variable, "")
        warning(title, f"{what} cannot be written: {variable} names {named}: {(why or str(error)).rstrip('.')}.")


def _whole(text: str) -> str:
    """The text with bytes that are not UTF-8 made visible. A name in an input may hold such bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
