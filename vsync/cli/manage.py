"""What `vsync stores` and `vsync files` share: the connection, the stores of the last listing, and lines of JSON."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, connection_of, git_access, resolved
from vsync.cli.environment import filters_of_variables
from vsync.cli.terminal import put
from vsync.cli.width import look_of, terminal_width
from vsync.config.origin import origin
from vsync.errors import VsyncError
from vsync.report.text import Line
from vsync.system.redaction import printable, redacted

if TYPE_CHECKING:
    from vsync.manage.listings import Look
    from vsync.manage.protected import Protected
    from vsync.store.client import Api
    from vsync.store.connect import IfMissing
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.store.entries import StoreInfo

T = TypeVar("T")


def answer(
    context: Context,
    options: dict[str, Any],
    question: Callable[[Api], Awaitable[T]],
    *,
    if_missing: IfMissing = "refuse",
) -> T:
    """The answer of the store service that is meant."""
    from vsync.store.session import ask

    settings = resolved(context, options)
    try:
        return ask(connection_of(context, settings, embedded(context, options), if_missing=if_missing), question)
    except VsyncError as error:
        hinted = error.mapped(lambda text: text)
        hinted.remedy = hints(options, error.remedy)
        raise hinted from error


def embedded(context: Context, options: dict[str, Any]) -> EmbeddedFile | None:
    from vsync.sync.embedded_place import embedded_file_of

    return embedded_file_of(resolved(context, options), context.trusted)


def look(context: Context, options: dict[str, Any], api: Api) -> Look:
    return look_of(api, context.credentials, embedded(context, options), terminal_width(sys.stdout))


def hints(options: Mapping[str, Any], text: str) -> str:
    """The text, with `--local` in each command of vsync that it names where this command was given it."""
    local = options["local"]
    if not local:
        return text
    file = "" if local == "true" else f" {shlex.quote(local)}"
    return re.sub(r"`vsync (?!serve)((?:(?!--local)[^`])*)`", lambda found: f"`vsync {found[1]} --local{file}`", text)


def of_variables() -> list[Line]:
    """A line that names the filters that are variables: a variable may have been meant for another command."""
    named = filters_of_variables(click.get_current_context())
    if not named:
        return []
    if len(named) == 1:
        return [Line(f"{named[0]} is set, and it filters this list too. Unset it to list all.")]
    return [Line(f"{' and '.join(named)} are set, and they filter this list too. Unset them to list all.")]


def show_lines(context: Context, lines: Iterable[Line]) -> None:
    shown = [Line(redacted(line.text, context.secrets), line.tone) for line in lines]
    put(sys.stdout, painted(shown, colour=wants_colour(sys.stdout, context.environ)))


def show_json(data: Any) -> None:
    put(sys.stdout, json.dumps(data, ensure_ascii=False, indent=2))


def show_line_of_json(data: Any) -> None:
    put(sys.stdout, json.dumps(data, ensure_ascii=False))


def note(context: Context, text: str) -> None:
    put(sys.stderr, f"vsync: {printable(redacted(text, context.secrets))}")


def named_here(context: Context, options: dict[str, Any]) -> Protected | None:
    """What this repository's manifest names; None with a note where that is not known: nothing is deleted here."""
    from vsync.sync.named_by_manifest import named_by_manifest

    try:
        return named_by_manifest(resolved(context, options), origin(context.environ), git_access(context, options))
    except VsyncError as error:
        note(context, f"warning: Which target uses the store is not known: {error.message}")
        return None


def remember(context: Context, options: dict[str, Any], found: Iterable[StoreInfo]) -> None:
    """Keeps the listed stores for the shell's completion. A job of a workflow has no shell to complete."""
    from vsync.manage.listed_stores import ListedStore, cache_file, remember

    file = cache_file(context.environ, context.credentials, embedded(context, options))
    if file is not None and not origin(context.environ).in_workflow:
        remember(file, [ListedStore(info.id, info.name or "") for info in found])
