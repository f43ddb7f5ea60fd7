"""The options of `vsync stores` and `vsync files`, and what they say: filters, orders, rules.

A filter of a list may also be a variable (VSYNC_OLDER_THAN). A command that deletes takes what it deletes from its command
line alone: there the variable of a filter is refused, and the variables of --yes and --force have no effect. `--source` and
`--target` are filters here and settings elsewhere, so their variables never count here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vsync.cli import completers
from vsync.cli.headings import CHOICE, DELETION, LIMITS, OUTPUT
from vsync.cli.options import option, shared
from vsync.cli.values import PAIR, WORD, Parsed
from vsync.errors import ConfigurationError
from vsync.manage.ages import seconds_of
from vsync.manage.sizes import bytes_of

if TYPE_CHECKING:
    from vsync.cli.context import Context
    from vsync.manage.chosen import Rules
    from vsync.manage.filters import Age, FileFilter, Pairs, StoreFilter
    from vsync.manage.owner import Whose

F = TypeVar("F", bound=Callable[..., Any])
Options = Mapping[str, Any]


# --- Types of values ----------------------------------------------------------------------------------------


AGE = Parsed("age", seconds_of)
SIZE = Parsed("size", bytes_of)


# --- Groups of options --------------------------------------------------------------------------------------


def _all_of(decorators: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def _age_options(by_variable: bool) -> list[Callable[[Any], Any]]:
    return [
        option("--older-than", heading=CHOICE, metavar="AGE", type=AGE, by_variable=by_variable,
                help="Made at least so long ago: 45s, 90m, 12h, 30d or 2w."),
        option("--newer-than", heading=CHOICE, metavar="AGE", type=AGE, by_variable=by_variable,
                help="Made at most so long ago."),
    ]  # fmt: skip


def _owner_options(by_variable: bool, what: str) -> list[Callable[[Any], Any]]:
    return [
        option("--owned/--not-owned", heading=CHOICE, default=None, by_variable=by_variable,
                help=f"{what} that a sync of any vsync made; or all others."),
        option("--source", "of_source", heading=CHOICE, metavar="NAME", type=WORD, by_variable=False,
                help="Of this source, such as owner/repo."),
        option("--target", "of_target", heading=CHOICE, metavar="NAME", type=WORD, by_variable=False,
                help="Of this target.", shell_complete=completers.targets),
    ]  # fmt: skip


def store_filters(*, deleting: bool) -> Callable[[F], F]:
    """The options that say which stores are meant."""
    heard = not deleting
    return _all_of([
        option("--name", "names", heading=CHOICE, metavar="GLOB", multiple=True, type=WORD, by_variable=heard,
                help="Whose name matches (a pattern of the shell; repeatable).", shell_complete=completers.store_names),
        option("--metadata", heading=CHOICE, metavar="K=V", multiple=True, type=PAIR, by_variable=heard,
                help="With this metadata; V may be a pattern (repeatable: all must hold)."),
        option("--status", "statuses", heading=CHOICE, multiple=True, by_variable=heard,
                type=click.Choice(["completed", "in_progress", "expired"]), help="In this state (repeatable)."),
        *_age_options(heard),
        option("--unused-since", heading=CHOICE, metavar="AGE", type=AGE, by_variable=heard,
                help="Not used for so long: no search, and no change."),
        option("--empty", heading=CHOICE, is_flag=True, by_variable=heard, help="Without any entry."),
        *_owner_options(heard, "Stores"),
    ])  # fmt: skip


def file_filters(*, deleting: bool) -> Callable[[F], F]:
    """The options that say which Files are meant."""
    heard = not deleting
    return _all_of([
        option("--name", "names", heading=CHOICE, metavar="GLOB", multiple=True, type=WORD, by_variable=heard,
                help="Whose name matches (a pattern of the shell; repeatable)."),
        option("--purpose", "purposes", heading=CHOICE, metavar="NAME", multiple=True, type=WORD, by_variable=heard,
                help="For this purpose: assistants, batch, batch_output, user_data … (repeatable)."),
        option("--status", "statuses", heading=CHOICE, multiple=True, by_variable=heard,
                type=click.Choice(["uploaded", "processed", "error"]), help="In this state (repeatable)."),
        *_age_options(heard),
        option("--larger-than", heading=CHOICE, metavar="SIZE", type=SIZE, by_variable=heard,
                help="With more bytes than that, such as 10MB."),
        option("--attached/--unattached", heading=CHOICE, default=None, by_variable=heard,
                help="That a store lists; or that none lists. Unattached are only Files of the purpose assistants that are "
                "older than a day, unless --purpose and --older-than say otherwise."),
        option("--in-store", "in_stores", heading=CHOICE, metavar="ID|NAME", multiple=True, type=WORD,
                by_variable=heard, help="That this store lists (repeatable).", shell_complete=completers.stores),
        option("--attribute", "attributes_held", heading=CHOICE, metavar="K=V", multiple=True, type=PAIR, by_variable=heard,
                help="With an entry that has this attribute; V may be a pattern (repeatable: all must hold)."),
        *_owner_options(heard, "Files"),
    ])  # fmt: skip


def list_options(keys: Sequence[str]) -> Callable[[F], F]:
    """The options that say how much is listed, and in which order."""
    return _all_of([
        option("--sort", heading=OUTPUT, metavar="KEY", type=click.Choice([*keys, *(f"-{key}" for key in keys)]),
                help=f"Sort by {', '.join(keys)}; with a - before it the greatest first."),
        option("--limit", heading=OUTPUT, metavar="N", type=click.IntRange(1), help="Show at most so many."),
        option("--jsonl", "as_lines", heading=OUTPUT, is_flag=True,
                help="Print one line of JSON for each, without --sort as soon as a page of them is there."),
    ])  # fmt: skip


def delete_options(*, of_stores: bool) -> Callable[[F], F]:
    """The options of a bulk delete, beside those that say what is meant."""
    what = "store" if of_stores else "File"
    only_stores = [
        option("--with-files", heading=DELETION, is_flag=True, by_variable=False,
                help="Delete the Files of the stores too, but not those that another store uses."),
        option("--shared", heading=DELETION, is_flag=True, by_variable=False,
                help="With --with-files: also the Files that another store uses."),
    ]  # fmt: skip
    return _all_of([
        *(only_stores if of_stores else []),
        option("--all", "every", heading=DELETION, is_flag=True, by_variable=False,
                help=f"Every {what} of the project; or what a filter matches even if it matches everything."),
        option("--force", "forced", heading=DELETION, is_flag=True, by_variable=False,
                help="Delete also what this repository's manifest names. `vsync verify --repair` makes it again."),
        option("--missing-ok", heading=DELETION, is_flag=True, by_variable=False,
                help="What does not exist is no failure."),
        option("-y", "--yes", heading=DELETION, is_flag=True, by_variable=False,
                help="Do not ask. Needed where nobody can answer."),
        option("--dry-run", heading=DELETION, is_flag=True, help="Only show what would be deleted."),
        option("--concurrency", heading=LIMITS, metavar="N", help="How many requests run at once.  [default: 16]"),
        shared("--writes-per-minute").decorator(hidden=of_stores),
        option("--deletes-per-minute", heading=LIMITS, metavar="N", type=click.IntRange(1),
                help="Deletes in a minute.  [default: 1000; with --local no limit]"),
        place_options,
    ])  # fmt: skip


_WHERE_THE_MANIFEST_IS = ("--folder", "--manifest", "--manifest-branch", "--commit/--no-commit", "--push/--no-push")
_RARE = {"--folder", "--manifest-branch", "--commit/--no-commit"}


def place_options(function: F) -> F:
    """The options that say where the manifest is, for a command that reads it."""
    return _all_of([shared(name).decorator(hidden=name in _RARE, reading=True) for name in _WHERE_THE_MANIFEST_IS])(
        function
    )


def common_options(json_help: str, *, in_repository: bool = False) -> Callable[[F], F]:
    """Which store service is meant, and how to print. `in_repository`: the command reads this repository's manifest."""
    return _all_of([
        shared("--local").decorator(hidden=False),
        shared("--repo").decorator(hidden=not in_repository),
        option("--json", "as_json", heading=OUTPUT, is_flag=True, help=json_help),
        option("-v", "--verbose", heading=OUTPUT, is_flag=True, help="Show the tracebacks of errors."),
    ])  # fmt: skip


# --- What they say ------------------------------------------------------------------------------------------


def store_filter(options: Options) -> StoreFilter:
    from vsync.manage.filters import StoreFilter

    return StoreFilter(
        names=options["names"],
        metadata=_all_may_hold("--metadata", options["metadata"]),
        statuses=options["statuses"],
        age=_age(options),
        unused_for_s=options["unused_since"],
        empty=options["empty"],
        whose=_whose(options),
    )


def file_filter(options: Options, in_stores: Sequence[str]) -> FileFilter:
    """`in_stores` are the ids of the stores of --in-store."""
    from vsync.manage.filters import FileFilter

    return FileFilter(
        names=options["names"],
        purposes=options["purposes"],
        statuses=options["statuses"],
        age=_age(options),
        larger_than=options["larger_than"],
        attached=options["attached"],
        in_stores=tuple(in_stores),
        attributes=_all_may_hold("--attribute", options["attributes_held"]),
        whose=_whose(options),
    )


def rules_of(options: Options, context: Context) -> Rules:
    from vsync.manage.chosen import Rules, Words

    return Rules(
        every=options["every"],
        force=options["forced"],
        missing_ok=options["missing_ok"],
        only_shows=only_shows(options, context),
        words=Words(every="--all", force="--force"),
    )


def only_shows(options: Options, context: Context) -> bool:
    """Whether the command only shows what it would delete."""
    return options["dry_run"] or context.listener.only_shows is not None


def _age(options: Options) -> Age:
    from vsync.manage.filters import Age

    return Age(options["older_than"], options["newer_than"])


def _whose(options: Options) -> Whose:
    from vsync.manage.owner import Whose

    return Whose(options["owned"], options["of_source"], options["of_target"])


def _all_may_hold(option: str, pairs: Sequence[tuple[str, str]]) -> Pairs:
    """The pairs. Raises ConfigurationError for a name with two values, which can never hold both. Patterns may."""
    plain: dict[str, str] = {}
    for name, value in pairs:
        if not any(char in value for char in "*?[") and plain.setdefault(name, value) != value:
            raise ConfigurationError(
                f"{option} gives {name!r} two values, {plain[name]!r} and {value!r}. All that is given must hold.",
                "Give one of them, or a pattern.",
            )
    return tuple(pairs)
