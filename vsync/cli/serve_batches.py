"""The options of `vsync serve` with which an operator offers request files to the callers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from vsync.cli import completers
from vsync.cli.batch_options import DEFAULT_RESULTS
from vsync.cli.batch_settings import folders, source_name
from vsync.cli.context import Context, git_access
from vsync.config.origin import origin
from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.serve.rest.offered_batches import BatchFolders

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = ("source_folder", "results_folder", "source_name")


def batch_options(function: F) -> F:
    """The options. `--source` has no variable: VSYNC_SOURCE is the name of a repository."""
    for decorate in reversed((
        click.option(
            "--source",
            "source_folder",
            metavar="DIR",
            shell_complete=completers.folders,
            help="Offer the request files of this folder as batches. Every caller may submit them, and write their results: so "
            "this needs VSYNC_TOKEN, except on an address of this machine.",
        ),
        click.option(
            "--results",
            "results_folder",
            metavar="DIR",
            shell_complete=completers.folders,
            help=f"With --source: the folder for the results.  [default: {DEFAULT_RESULTS} in the repository]",
        ),
        click.option(
            "--source-name",
            metavar="NAME",
            help="With --source: the name by which the batches of the repository are known.  [default: owner/repo, or the "
            "folder]",
        ),
    )):  # fmt: skip
        function = decorate(function)
    return function


def offered_folders(
    context: Context, options: dict[str, Any], *, has_token: bool, only_here: bool
) -> BatchFolders | None:
    """The folders that the options name; None: none are offered. Takes its options out of the others.

    Raises ConfigurationError when they cannot be used, or when anybody could reach them.
    """
    given = {name: (options.pop(name) or "").strip() for name in _NAMES}
    if not given["source_folder"]:
        _refuse_alone(given)
        return None
    if not has_token and not only_here:
        raise ConfigurationError(
            "--source offers request files to everybody who reaches this server, and each caller writes results into the "
            "repository.",
            "Set VSYNC_TOKEN, which each call must bring then, or listen on 127.0.0.1.",
        )
    source = Path.cwd() / given["source_folder"]
    if not source.is_dir():
        raise ConfigurationError(f"--source is {given['source_folder']!r}, which is no folder.", "Give a folder.")
    root = _top(source, context)
    results = Path.cwd() / given["results_folder"] if given["results_folder"] else root / DEFAULT_RESULTS
    requests, answers = folders(root, str(source), str(results))
    from vsync.batch.request_files import find_requests
    from vsync.batch.results_folder import ResultsFolder
    from vsync.serve.rest.offered_batches import BatchFolders

    find_requests(root, requests, answers)
    ResultsFolder(root, answers).check_writable()
    name = source_name(given["source_name"] or None, root, git_access(context, {}), origin(context.environ))
    return BatchFolders(root, requests, answers, name)


def _refuse_alone(given: Mapping[str, str]) -> None:
    """Raises ConfigurationError for an option that does nothing. (The variables are meant for `vsync batch` as well.)"""
    here = click.get_current_context()
    for name, option in (("results_folder", "--results"), ("source_name", "--source-name")):
        if given[name] and here.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise ConfigurationError(
                f"{option} is given without --source, so it has no effect.",
                "Give --source with the folder of the request files, or leave it out.",
            )


def _top(source: Path, context: Context) -> Path:
    """The top folder of the repository that holds the folder; else the folder around it."""
    from vsync.git.discovery import checked_top, is_in_repository

    with contextlib.suppress(OSError):
        source = Path(os.path.realpath(source, strict=True))
    return checked_top(source, context.trusted) if is_in_repository(source) else source.parent
