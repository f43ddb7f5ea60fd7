"""What the options of `vsync batch` ask for, checked before any request file is read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vsync.auth.api_address import api_address
from vsync.cli.batch_options import DEFAULT_CONCURRENCY
from vsync.cli.context import Context, connection_of, git_access, resolved
from vsync.config.origin import Origin, origin
from vsync.config.settings import variable
from vsync.errors import ConfigurationError, MissingCredentials, RepositoryError
from vsync.git.changes import show_path
from vsync.network.address import is_on_this_machine
from vsync.state.identity import identify

if TYPE_CHECKING:
    from vsync.batch.job import BatchJob
    from vsync.batch.results_branch import ResultsBranch
    from vsync.cli.batch_progress import TerminalProgress
    from vsync.config.settings import Settings
    from vsync.store.connect import Connect, IfMissing
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.sync.git_access import GitAccess

Options = Mapping[str, Any]

_LONGEST_NAME = 256
"""As of a sync. The metadata of a batch take twice as many characters."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A job, and how its results reach a branch."""

    job: BatchJob
    settings: Settings
    access: GitAccess


def opened(
    context: Context,
    options: dict[str, Any],
    progress: TerminalProgress,
    *,
    paths: Sequence[str] = (),
    if_missing: IfMissing = "refuse",
    dry_run: bool = False,
) -> Opened:
    """The job that the options describe. Raises ConfigurationError and MissingCredentials before anything is read.

    `if_missing`: what becomes of an embedded store whose file is not there. "empty": a key is not needed either.
    """
    from vsync.batch.job import BatchJob
    from vsync.git.discovery import checked_top
    from vsync.store.rate_limit import make_rates
    from vsync.sync.embedded_place import embedded_file_of

    settings = resolved(context, with_defaults(options, context.environ))
    access = git_access(context, options)
    if not Path(settings.repo).is_dir():
        raise RepositoryError(f"There is no folder {settings.repo}.", "Give the repository's folder with --repo.")
    root = checked_top(Path(settings.repo), context.trusted)
    source, results = folders(root, options["source_folder"], options["results_folder"])
    name = source_name(options["source_name"] or settings.target.source, root, access, origin(context.environ))
    embedded = embedded_file_of(settings, context.trusted)
    connect = _connection(context, settings, embedded, progress, if_missing, optional=if_missing == "empty")
    address = api_address(context.credentials, embedded=embedded is not None)
    rates = make_rates(
        settings.uploads_per_minute,
        settings.writes_per_minute,
        context.stop.pause,
        progress.note,
        unlimited=embedded is not None or (address is not None and is_on_this_machine(address)),
    )
    job = BatchJob(
        root=root,
        source_folder=source,
        results_folder=results,
        source=name,
        connect=connect,
        rates=rates,
        concurrency=settings.concurrency,
        stop=context.stop,
        secrets=context.secrets,
        note=progress.note,
        progress=progress,
        embedded=embedded is not None,
        paths=tuple(path_from_top(word, root, Path.cwd(), source) for word in paths),
        dry_run=dry_run,
        source_optional=_nobody_named("source_folder"),
    )
    return Opened(job, settings, access)


@contextlib.contextmanager
def results_branch(
    opened: Opened, name: str | None, note: Callable[[str], None], *, only_named: bool = False
) -> Iterator[ResultsBranch | None]:
    """The branch for the results; None: they stay files of the working tree. `note` takes what a report must say of it.

    `only_named`: only a branch that somebody names gets them. The one that all jobs share is read, and stays as it is. Raises
    ConfigurationError and RepositoryError.
    """
    from vsync.batch.results_branch import DEFAULT_RESULTS_BRANCH, open_results_branch

    settings, job = opened.settings, opened.job
    committed = settings.commit or settings.push
    if name is not None and not committed:
        raise ConfigurationError(
            "--results-branch is given, but the results are not committed.",
            "Give --push or --commit as well (in a workflow: `commit: true`), or leave it out.",
        )
    if not committed or job.dry_run:
        yield None
        return
    only_reads = only_named and name in {None, DEFAULT_RESULTS_BRANCH}
    if only_reads:
        note(
            f"The results were not published: this event changes nothing on {DEFAULT_RESULTS_BRANCH}, which all jobs share. "
            "Name another branch with --results-branch, such as the head branch of the pull request."
        )
    branch = open_results_branch(
        job.root,
        job.results_folder,
        branch=name,
        commit=settings.commit,
        push=settings.push,
        access=opened.access,
        secrets=job.secrets,
        only_reads=only_reads,
        log=note,
    )
    with contextlib.nullcontext() if branch is None else branch:
        yield branch


def with_defaults(options: Options, environ: Mapping[str, str]) -> dict[str, Any]:
    """The options, with the number of files at once where neither an option nor a variable gives it."""
    given = options.get("concurrency") or environ.get(variable("concurrency"), "").strip()
    return {**options} if given else {**options, "concurrency": DEFAULT_CONCURRENCY}


def _connection(
    context: Context,
    settings: Settings,
    embedded: EmbeddedFile | None,
    progress: TerminalProgress,
    if_missing: IfMissing,
    *,
    optional: bool,
) -> Connect | None:
    """How to reach the API. None: there is no key, and none is needed."""
    try:
        return connection_of(context, settings, embedded, if_missing=if_missing, stop=context.stop, log=progress.note)
    except MissingCredentials:
        if optional:
            return None
        raise


def _nobody_named(option: str) -> bool:
    """Whether the value of an option of the present command is its default."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.DEFAULT


# --- Folders and names --------------------------------------------------------------------------------------


def folders(root: Path, source: str, results: str) -> tuple[str, str]:
    """The folders of the requests and of the results, relative to the top folder. Raises ConfigurationError.

    The results may lie below the requests. Where the requests lay in the results, a result would become a request.
    """
    requests, answers = _below(root, source, "--source"), _below(root, results, "--results")
    if requests == answers:
        raise ConfigurationError(
            f"--source and --results name the same folder, {requests}.",
            "Give the results a folder of their own: every .jsonl file of the source is a request file.",
        )
    if answers == "." or PurePosixPath(requests).is_relative_to(answers):
        raise ConfigurationError(
            f"The source folder {requests} lies in the results folder {answers}.",
            "Give the results a folder of their own with --results (VSYNC_RESULTS).",
        )
    return requests, answers


def _below(root: Path, given: str, option: str) -> str:
    """The folder's path from the top folder. Raises ConfigurationError when it leads out of it, or into git's own folder."""
    path = Path(os.path.normpath(root / given))
    if not path.is_relative_to(root):  # an absolute path may name the top folder by a link
        path = Path(os.path.realpath(path))
    if not path.is_relative_to(root):
        raise ConfigurationError(
            f"{option} is {given!r}, which does not lie below {root}.",
            "Give the folder's path from the top folder of the repository.",
        )
    found = path.relative_to(root).as_posix()
    if any(part.lower() == ".git" for part in PurePosixPath(found).parts):
        raise ConfigurationError(f"{option} is {given!r}, which is git's own folder.", "Give another folder.")
    if "\0" in found or not found.isprintable():
        raise ConfigurationError(f"{option} is {given!r}, which holds a control character.", "Give another folder.")
    return found


def path_from_top(word: str, root: Path, here: Path, source: str) -> str:
    """A path or pattern of the command line, relative to the top folder.

    What exists in the current folder is meant first. A pattern counts from the current folder where that lies in the source
    folder. Everything else stays as it is given: it counts from the top folder or from the source folder.
    """
    here = here.resolve()
    found = Path(os.path.normpath(here / word))
    if not found.is_relative_to(root) or "\0" in word:
        return word
    is_pattern = any(char in word for char in "*?[")
    if Path(word).is_absolute() or os.path.lexists(found) or (is_pattern and here.is_relative_to(root / source)):
        return found.relative_to(root).as_posix()
    return word


def source_name(given: str | None, root: Path, access: GitAccess, where: Origin) -> str:
    """The name by which the batches of this repository are known: as a sync names it."""
    from vsync.git.discovery import is_in_repository

    url = None
    if is_in_repository(root):
        with contextlib.closing(access.repository(root)) as repository:
            url = repository.origin_url()
    folder = show_path(os.fsencode(root.name)).removesuffix(".git")
    name = identify(given, where.repository, where.repository_id, url, folder).name
    if len(name) > _LONGEST_NAME:
        raise ConfigurationError(
            f"The name of the repository has {len(name)} characters.",
            f"Give one of at most {_LONGEST_NAME} with --source-name (VSYNC_SOURCE_NAME).",
        )
    return name
