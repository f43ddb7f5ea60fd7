"""The options that several commands share."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


# --- Options ------------------------------------------------------------------------------------------------


def options_of(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


class WithArgument(click.Command):
    """A command with an argument beside `--local [FILE]`: what follows --local is FILE only when it is a store's file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [
            "--local=true" if word == "--local" and not _is_store_file(following) else word
            for word, following in itertools.zip_longest(args, args[1:], fillvalue="")
        ]
        return super().parse_args(ctx, words)


def _is_store_file(name: str) -> bool:
    if name.endswith((".db", ".sqlite", ".sqlite3")):
        return True
    try:
        with Path(name).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except (OSError, ValueError):
        return False


where_options = options_of(
    click.option("--repo", metavar="DIR", help="The folder of the repository.  [default: .]"),
    click.option("--folder", metavar="DIR", help="A plain folder as the source, instead of a repository."),
    click.option(
        "--source", metavar="NAME", help="The readable name of the source.  [default: owner/repo, or the folder]"
    ),
    click.option("--target", metavar="NAME", help="The name of the target in the manifest.  [default: default]"),
    click.option("--vector-store-id", metavar="ID", help="The id of the vector store.  [default: the manifest's]"),
    click.option(
        "--vector-store-name",
        metavar="NAME",
        help="The name of the store. sync makes the store if there is none.  [default: the source]",
    ),
    click.option("--config", metavar="FILE", hidden=True),
    click.option(
        "--manifest",
        metavar="PATH",
        help="The path of the manifest in the repository; `none`: keep no manifest.  [default: .vsync/manifest.json; "
        "with --local beside its FILE]",
    ),
    click.option(
        "--manifest-branch",
        metavar="NAME",
        help="With --commit or --push: the branch that holds the manifest.  [default: vsync-manifest]",
    ),
    click.option(
        "--commit/--no-commit",
        default=None,
        help="Commit the manifest to this branch of the clone.  [default: only a file]",
    ),
    click.option(
        "--push/--no-push", default=None, help="Keep manifest and seal on the remote `origin`, for runs on any machine."
    ),
    click.option(
        "--local",
        metavar="[FILE]",
        is_flag=False,
        flag_value="true",
        help="Use the embedded store, which needs no key.  [default FILE: .vsync/local.db]",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Show every operation, and the tracebacks of errors."),
)

what_options = options_of(
    click.option(
        "--include",
        metavar="GLOB",
        multiple=True,
        help="Sync these files (a gitignore pattern; repeatable).  [default: documentation]",
    ),
    click.option(
        "--exclude", metavar="GLOB", multiple=True, help="Do not sync these files (a gitignore pattern; repeatable)."
    ),
    click.option(
        "--allow-secrets",
        metavar="GLOB",
        multiple=True,
        help="Sync these files although they seem to hold secrets (a gitignore pattern; repeatable).",
    ),
    click.option("--head", metavar="REV", help="The commit to sync.  [default: HEAD]"),
    click.option(
        "--base", metavar="REV", help="The commit where the comparison starts.  [default: the manifest's commit]"
    ),
    click.option(
        "--full", is_flag=True, default=None, help="Compare the whole tree, not only what git says has changed."
    ),
    click.option("--attributes", metavar="K=V", multiple=True, help="An attribute for every document (repeatable)."),
    click.option("--chunk-size", metavar="N", help="Tokens in a chunk, 100 to 4096.  [default: the server's, 800]"),
    click.option(
        "--chunk-overlap",
        metavar="N",
        help="Tokens that two chunks share, at most half of a chunk.  [default: the server's, 400]",
    ),
    click.option(
        "--max-delete",
        metavar="N|P%",
        help="Refuse a plan that deletes more documents.  [default: not all, not more than half of 10 or more]",
    ),
    click.option(
        "--max-upload",
        metavar="N|SIZE",
        help="Refuse a plan that uploads more: a number of documents, a size, or both.  [default: 2000,500MB]",
    ),
    click.option("--force", is_flag=True, default=None, help="Ignore both limits."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout, and nothing else there."),
)

how_options = options_of(
    click.option("--concurrency", metavar="N", help="How many uploads run at once.  [default: 16]"),
    click.option("--index-timeout", metavar="S", help="Seconds to wait until a document is indexed.  [default: 600]"),
    click.option(
        "--lock-timeout", metavar="S", help="Seconds to wait for another run on the same target.  [default: 600]"
    ),
    click.option(
        "--uploads-per-minute",
        metavar="N",
        help="Uploads in a minute.  [default: 1000, the API's limit; with --local no limit]",
    ),
    click.option(
        "--writes-per-minute",
        metavar="N",
        help="Changes of the store in a minute.  [default: 300, the API's limit; with --local no limit]",
    ),
    click.option("--branch", metavar="NAME", hidden=True),
)


def stores_options(function: F) -> F:
    return options_of(
        click.option(
            "--local",
            metavar="[FILE]",
            is_flag=False,
            flag_value="true",
            help="Use the embedded store, which needs no key.  [default FILE: .vsync/local.db]",
        ),
        click.option("--repo", metavar="DIR", hidden=True),
        click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout."),
        click.option("-v", "--verbose", is_flag=True, help="Show the tracebacks of errors."),
    )(function)
