"""The options that several commands share.

Every command on a source takes all of them, so that a script can give the same options to each. A command hides in its help
those that mean nothing to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from vsync.cli import completers
from vsync.cli.headings import FILES, LIMITS, OUTPUT, SOURCE, STATE, STORE, HeadedCommand, HeadedOption
from vsync.system.regular_file import check_regular

F = TypeVar("F", bound=Callable[..., Any])


class WithArgument(HeadedCommand):
    """A command with an argument beside `--local [FILE]`: what follows --local is FILE only when it is a store's file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        taking = self._options_with_a_value()
        before = ["", *args[:end]]
        # An option that stands where a value belongs is that value, and shown to the user as it was typed.
        words = [
            "--local=true" if word == "--local" and last not in taking and not _is_store_file(following) else word
            for last, word, following in itertools.zip_longest(before[:-1], args[:end], args[1:end], fillvalue="")
        ]
        return super().parse_args(ctx, [*words[:end], *args[end:]])

    def _options_with_a_value(self) -> set[str]:
        """The names of the options that take the next word, whatever it is."""
        options = [param for param in self.params if isinstance(param, click.Option)]
        taking = [each for each in options if not (each.is_flag or each.count or "--local" in each.opts)]
        return {name for each in taking for name in each.opts}


def _is_store_file(name: str) -> bool:
    if name.endswith((".db", ".sqlite", ".sqlite3")):
        return True
    try:
        check_regular(Path(name))
        with Path(name).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except (OSError, ValueError):
        return False


# --- One option ---------------------------------------------------------------------------------------------


class _Shared(NamedTuple):
    """An option that several commands share."""

    heading: str
    names: tuple[str, ...]
    attributes: dict[str, Any]

    def decorator(self, *, hidden: bool, reading: bool = False) -> Callable[[F], F]:
        attributes = {**self.attributes, "hidden": hidden or self.attributes.get("hidden", False)}
        if reading and self.names[0] in _WHERE_NOTHING_IS_WRITTEN:
            attributes["help"] = _WHERE_NOTHING_IS_WRITTEN[self.names[0]]
        return click.option(*self.names, cls=HeadedOption, heading=self.heading, **attributes)


def _shared(heading: str, *names: str, **attributes: Any) -> _Shared:
    return _Shared(heading, names, attributes)


def option(*names: str, heading: str, **attributes: Any) -> Callable[[F], F]:
    """An option of one command, under a heading."""
    return click.option(*names, cls=HeadedOption, heading=heading, **attributes)


def _only_in_a_workflow(_: click.Context, option: click.Parameter, value: str | None) -> None:
    """Refuses an option that was given. Without this, a suggestion of an option with a similar name would mislead."""
    if value is not None:
        raise click.UsageError(
            f"{option.opts[0]} is only an input of the action. To sync another commit than HEAD, use --head."
        )


# --- All of them --------------------------------------------------------------------------------------------

_SOURCE = (
    _shared(
        SOURCE,
        "--repo",
        metavar="DIR",
        help="The folder of the repository.  [default: .]",
        shell_complete=completers.folders,
    ),
    _shared(
        SOURCE,
        "--folder",
        metavar="DIR",
        help="A plain folder as the source, instead of a repository.",
        shell_complete=completers.folders,
    ),
    _shared(
        SOURCE,
        "--source",
        metavar="NAME",
        help="The readable name of the source.  [default: owner/repo, or the folder]",
    ),
    _shared(SOURCE, "--head", metavar="REV", help="The commit to sync.  [default: HEAD]"),
    _shared(
        SOURCE,
        "--base",
        metavar="REV",
        help="The commit where the comparison starts.  [default: the manifest's commit]",
    ),
    _shared(
        SOURCE,
        "--full",
        is_flag=True,
        default=None,
        help="Compare the whole tree, not only what git says has changed.",
    ),
    _shared(
        SOURCE,
        "--config",
        metavar="FILE",
        help="The path of the config in what is synced; `none`: read no config.  [default: .vsync.yml, if there is one]",
        shell_complete=completers.files,
    ),
)

_FILES = (
    _shared(
        FILES,
        "--root",
        metavar="DIR",
        help="Sync the files of this folder only. Patterns count from it.  [default: the top folder]",
        shell_complete=completers.folders,
    ),
    _shared(
        FILES,
        "--types",
        metavar="KIND",
        help="Sync `documentation`, or `any` kind of file.  [default: documentation; with --include any]",
        shell_complete=completers.types,
    ),
    _shared(
        FILES,
        "--include",
        metavar="GLOB",
        multiple=True,
        help="Sync these files (a gitignore pattern; repeatable).  [default: all of these types]",
    ),
    _shared(
        FILES,
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="Do not sync these files (a gitignore pattern; repeatable).",
    ),
    _shared(
        FILES,
        "--allow-secrets",
        metavar="GLOB",
        multiple=True,
        help="Sync these files although they seem to hold secrets (a gitignore pattern; repeatable).",
    ),
)

_STORE = (
    _shared(
        STORE,
        "--target",
        metavar="NAME",
        multiple=True,
        help="The name of a target of the config, and in the manifest (repeatable).  [default: all of the config, or `default`]",
        shell_complete=completers.targets,
    ),
    _shared(
        STORE,
        "--vector-store-id",
        metavar="ID",
        help="The id of the vector store.  [default: the manifest's]",
        shell_complete=completers.store_ids,
    ),
    _shared(
        STORE,
        "--vector-store-name",
        metavar="NAME",
        help="The name of the store. sync makes the store if there is none.  [default: the source]",
        shell_complete=completers.store_names,
    ),
    _shared(
        STORE,
        "--local",
        metavar="[FILE]",
        is_flag=False,
        flag_value="true",
        help="Use the embedded store, which needs no key.  [default FILE: .vsync/local.db]",
        shell_complete=completers.files,
    ),
    _shared(STORE, "--attributes", metavar="K=V", multiple=True, help="An attribute for every document (repeatable)."),
    _shared(STORE, "--chunk-size", metavar="N", help="Tokens in a chunk, 100 to 4096.  [default: the server's, 800]"),
    _shared(
        STORE,
        "--chunk-overlap",
        metavar="N",
        help="Tokens that two chunks share, at most half of a chunk.  [default: the server's, 400]",
    ),
)

_STATE = (
    _shared(
        STATE,
        "--manifest",
        metavar="PATH",
        help="The path of the manifest in the repository; `none`: keep no manifest.  [default: .vsync/manifest.json; "
        "with --local beside its FILE]",
        shell_complete=completers.files,
    ),
    _shared(
        STATE,
        "--manifest-branch",
        metavar="NAME",
        help="With --commit or --push: the branch that holds the manifest.  [default: vsync-manifest]",
    ),
    _shared(
        STATE,
        "--commit/--no-commit",
        default=None,
        help="Commit the manifest to this branch of the clone.  [default: only a file]",
    ),
    _shared(
        STATE,
        "--push/--no-push",
        default=None,
        help="Keep manifest and seal on the remote `origin`, for runs on any machine.",
    ),
    _shared(STATE, "--branch", metavar="NAME", hidden=True, expose_value=False, callback=_only_in_a_workflow),
)

_LIMITS = (
    _shared(
        LIMITS,
        "--max-delete",
        metavar="N|P%",
        help="Refuse a plan that deletes more documents.  [default: not all, not more than half of 10 or more]",
    ),
    _shared(
        LIMITS,
        "--max-upload",
        metavar="N|SIZE",
        help="Refuse a plan that uploads more: a number of documents, a size, or both.  [default: 2000,500MB]",
    ),
    _shared(
        LIMITS,
        "--force",
        is_flag=True,
        default=None,
        help="Ignore both limits, and go on with a listing that stays stale.",
    ),
    _shared(LIMITS, "--concurrency", metavar="N", help="How many uploads run at once.  [default: 16]"),
    _shared(
        LIMITS,
        "--index-timeout",
        metavar="S",
        help="Seconds to wait until a document is indexed.  [default: 600]",
    ),
    _shared(
        LIMITS,
        "--lock-timeout",
        metavar="S",
        help="Seconds to wait for another run on the same target.  [default: 600]",
    ),
    _shared(
        LIMITS,
        "--uploads-per-minute",
        metavar="N",
        help="Uploads in a minute.  [default: 1000, the API's limit; with --local no limit]",
    ),
    _shared(
        LIMITS,
        "--writes-per-minute",
        metavar="N",
        help="Changes of the store in a minute.  [default: 300, the API's limit; with --local no limit]",
    ),
)

_EVERY = (*_SOURCE, *_FILES, *_STORE, *_STATE, *_LIMITS)

_LIMITS_ON_PLANS = frozenset({"--max-delete", "--max-upload", "--force"})
NOT_FOR_A_PLAN = frozenset(found.names[0] for found in _LIMITS) - _LIMITS_ON_PLANS
"""What is only about requests that change the store, or about waiting for another run."""

_HOW_TO_COMPARE = frozenset({"--base", "--full"})
NOT_FOR_STATUS = NOT_FOR_A_PLAN | _LIMITS_ON_PLANS | _HOW_TO_COMPARE
NOT_FOR_A_CHECK = NOT_FOR_STATUS | {"--attributes", "--chunk-size", "--chunk-overlap"}
NOT_FOR_A_SEARCH = (
    NOT_FOR_STATUS
    | {found.names[0] for found in _FILES}
    | {"--head", "--attributes", "--chunk-size", "--chunk-overlap"}
)


_WHERE_NOTHING_IS_WRITTEN = {
    "--head": "The commit to compare with.  [default: HEAD]",
    "--vector-store-name": "The name of the store.  [default: the manifest's, or the source]",
    "--commit/--no-commit": "Read the manifest from its branch of the clone.  [default: from the file]",
    "--push/--no-push": "Read manifest and seal from the remote `origin`.  [default: from this machine]",
}
"""The help of options that mean something else for a command that only reads."""


def shared_options(json_help: str, *, hidden: Collection[str] = (), reading: bool = False) -> Callable[[F], F]:
    """All shared options. The command's help does not list those in `hidden`. `reading`: the command writes nothing."""

    def apply(function: F) -> F:
        output = (
            option("--json", "as_json", heading=OUTPUT, is_flag=True, help=json_help),
            option(
                "-v",
                "--verbose",
                heading=OUTPUT,
                is_flag=True,
                help="Show every operation, and the tracebacks of errors.",
            ),
        )
        shared = [found.decorator(hidden=found.names[0] in hidden, reading=reading) for found in _EVERY]
        for decorator in reversed([*shared, *output]):
            function = decorator(function)
        return function

    return apply


def shared(name: str) -> _Shared:
    """The shared option of that name, for a command that takes few of them."""
    return next(found for found in _EVERY if found.names[0] == name)
