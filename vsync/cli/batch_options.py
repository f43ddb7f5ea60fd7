"""The options of `vsync batch`. `--source` is a folder here: the repository's readable name is `--source-name`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from vsync.batch.limits import ENDPOINTS, WINDOW
from vsync.cli import completers
from vsync.cli.amounts import wait_of
from vsync.cli.headings import CHOICE, LIMITS, OUTPUT, REQUESTS, RESULTS
from vsync.cli.options import option, shared
from vsync.cli.values import WORD, Parsed

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_SOURCE = "batches"
DEFAULT_RESULTS = "batch-results"
DEFAULT_WAIT = "25h"
DEFAULT_CONCURRENCY = "4"

_WAIT = Parsed("time", wait_of)


def _pattern(text: str) -> str:
    """Raises ValueError for an option that stands where a pattern is missing: `--again --local`."""
    if text.startswith("--"):
        raise ValueError("--again needs a pattern of request files behind it, such as batches/a.jsonl or '*'")
    return str(WORD.convert(text, None, None))


_PATTERN = Parsed("word", _pattern)


def _all_of(decorators: Sequence[Callable[[Any], Any]]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


# --- One command --------------------------------------------------------------------------------------------


def submit_options(function: F) -> F:
    return _all_of([
        option("--endpoint", heading=REQUESTS, metavar="PATH", type=click.Choice(ENDPOINTS),
                help="The endpoint of every request, such as /v1/responses. A file for another one is an error.  [default: "
                "what each file says]"),
        option("--window", heading=REQUESTS, metavar="TIME", type=click.Choice([WINDOW]), default=WINDOW, show_default=True,
                help="Within which time the API runs a batch. It has only this one."),
        option("--limit", heading=REQUESTS, metavar="N", type=click.IntRange(1),
                help="Make at most N batches. The next run makes the others."),
        option("--again", heading=REQUESTS, metavar="GLOB", multiple=True, type=_PATTERN, by_variable=False,
                help="Submit these request files once more, and pay for them again (a pattern or `*`; repeatable)."),
        option("--dry-run", heading=OUTPUT, is_flag=True,
                help="Only show what would be submitted. Without a key the files are only validated."),
    ])(function)  # fmt: skip


def fetch_options(function: F) -> F:
    return _all_of([
        option("--wait", heading=REQUESTS, is_flag=True, help="Wait until every batch of this source has ended."),
        option("--wait-timeout", heading=REQUESTS, metavar="TIME", type=_WAIT, default=DEFAULT_WAIT, show_default=True,
                help="With --wait: at most so long, such as 45m or 25h. Then exit with 1."),
        option("--resubmit-failed", heading=REQUESTS, is_flag=True,
                help="Make a batch of just the requests that failed. They are paid for again."),
        option("--clean", heading=REQUESTS, is_flag=True,
                help="Delete the Files of batches at the API whose results are in the results folder."),
        option("--commit/--no-commit", heading=RESULTS, default=None,
                help="Commit the results folder to a branch of the clone.  [default: only files]"),
        option("--push/--no-push", heading=RESULTS, default=None,
                help="Commit the results folder to a branch of the remote `origin`."),
        option("--results-branch", heading=RESULTS, metavar="NAME", type=WORD,
                help="With --commit or --push: the branch that holds the results.  [default: vsync-batch-results]"),
        option("--dry-run", heading=OUTPUT, is_flag=True, help="Only show what would be fetched."),
    ])(function)  # fmt: skip


def status_options(function: F) -> F:
    return option("--all", "everybody", heading=CHOICE, is_flag=True,
                  help="Show also the batches of other sources, and those that vsync did not make.")(function)  # fmt: skip


def cancel_options(function: F) -> F:
    return _all_of([
        option("--pending", heading=CHOICE, is_flag=True, by_variable=False,
                help="Every batch of this source that has not ended."),
        option("-y", "--yes", heading=CHOICE, is_flag=True, by_variable=False,
                help="Do not ask. Needed where nobody can answer."),
    ])(function)  # fmt: skip


# --- Every command ------------------------------------------------------------------------------------------


def common_options(json_help: str, *, transfers: bool = False) -> Callable[[F], F]:
    """Where the files are, and which API is meant. `transfers`: the command uploads or downloads."""
    rates = [
        option("--concurrency", heading=LIMITS, metavar="N",
                help=f"How many files are uploaded or downloaded at once.  [default: {DEFAULT_CONCURRENCY}]"),
        shared("--uploads-per-minute").decorator(hidden=False),
    ]  # fmt: skip
    return _all_of([
        option("--source", "source_folder", heading=REQUESTS, metavar="DIR", type=WORD, default=DEFAULT_SOURCE,
                show_default=True, shell_complete=completers.folders,
                help="The folder of the repository with the request files. (The name of the repository is --source-name.)"),
        option("--results", "results_folder", heading=RESULTS, metavar="DIR", type=WORD, default=DEFAULT_RESULTS,
                show_default=True, shell_complete=completers.folders,
                help="The folder of the repository for the results."),
        option("--source-name", heading=REQUESTS, metavar="NAME", type=WORD,
                help="The readable name by which the batches of this repository are known.  [default: owner/repo, or the "
                "folder]"),
        shared("--repo").decorator(hidden=False),
        shared("--local").decorator(hidden=False),
        *(rates if transfers else []),
        option("--json", "as_json", heading=OUTPUT, is_flag=True, help=json_help),
        option("-v", "--verbose", heading=OUTPUT, is_flag=True, help="Show every file, and the tracebacks of errors."),
    ])  # fmt: skip
