"""`vsync init`: writes a first config that fits the repository, and a workflow beside it."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from vsync.cli import completers
from vsync.cli.context import Context, git_access, pass_context, resolved
from vsync.cli.headings import OUTPUT, STORE, HeadedCommand
from vsync.cli.init_output import FILES, WORKFLOW, find, show_next, write
from vsync.cli.options import option, shared
from vsync.cli.question import ask_text, ask_unless_no, terminal
from vsync.cli.terminal import put
from vsync.config.origin import origin
from vsync.config.settings import DEFAULT_CONFIG, DEFAULT_MANIFEST, DEFAULT_MANIFEST_BRANCH, Settings
from vsync.errors import EXIT_INCOMPLETE, ConfigurationError
from vsync.system.redaction import printable
from vsync.system.wording import count

if TYPE_CHECKING:
    from vsync.cli.init_files import RepositoryFiles
    from vsync.config.starter_place import Place
    from vsync.config.survey import Survey
    from vsync.git.repository import Repository

_OTHER_HOSTS = re.compile(r"gitlab|bitbucket|codeberg|gitea|dev\.azure|visualstudio", re.IGNORECASE)
_ALL, _THESE = "all", "these"
_MOST_SHOWN = 10
_LONGEST_NAME = 100


class _Wanted(NamedTuple):
    """What is to be written, and the survey and the place that it follows."""

    survey: Survey
    place: Place
    files: tuple[str, ...]


@click.command("init", cls=HeadedCommand)
@shared("--repo").decorator(hidden=False)
@option(
    "--vector-store-name",
    heading=STORE,
    metavar="NAME",
    help="The name of the store.  [default: the repository's name with -docs]",
    shell_complete=completers.store_names,
)
@option(
    "--workflow/--no-workflow",
    heading=OUTPUT,
    default=None,
    help="Write a workflow of GitHub Actions as well, or none.  [default: write one, unless the repository is on another host]",
)
@option("--dry-run", heading=OUTPUT, is_flag=True, help="Print what would be written, and write nothing.")
@option("--yes", heading=OUTPUT, is_flag=True, help="Ask nothing: take what vsync suggests.")
@option("--no-input", heading=OUTPUT, is_flag=True, help="The same as --yes.")
@option("-v", "--verbose", heading=OUTPUT, is_flag=True, help="Show the tracebacks of errors.")
@pass_context
def init_command(
    context: Context, /, workflow: bool | None, dry_run: bool, yes: bool, no_input: bool, **options: Any
) -> None:
    """Write a first .vsync.yml, and a workflow of GitHub Actions beside it.

    vsync looks at the repository: where its documentation stands, what its front matter holds, which site it is published
    on. The config says what applies, and has comments for what might apply. On a terminal vsync asks first; Enter takes
    what it suggests. A file that is there stays as it is.
    """
    settings = resolved(context, options)
    with contextlib.closing(git_access(context, options).repository(Path(settings.repo))) as repository:
        found = find(repository, settings)
        for path in sorted(found.there):
            put(sys.stdout, f"{path} is there already, and stays as it is.")
        missing = [path for path in FILES if path not in found.there and (path != WORKFLOW or workflow is not False)]
        ask = None if yes or no_input or dry_run else terminal()
        wanted = _wanted(context, settings, repository, missing, workflow=workflow, ask=ask) if missing else None
    texts = {} if wanted is None else _texts(wanted)
    if dry_run:
        for path, text in texts.items():
            put(sys.stdout, f"--- {path}\n{text}")
        return
    if ask is not None and texts and not _agreed(ask, texts):
        put(sys.stdout, "Nothing was written.")
        context.exit_code = EXIT_INCOMPLETE
        return
    write(found.here, texts)
    show_next(found, texts)


# --- What is wanted -----------------------------------------------------------------------------------------


def _wanted(
    context: Context,
    settings: Settings,
    repository: Repository,
    missing: Sequence[str],
    *,
    workflow: bool | None,
    ask: IO[str] | None,
) -> _Wanted:
    from vsync.cli.init_files import read_files
    from vsync.config.survey import survey

    files = read_files(repository)
    for path in missing:
        if path in files.blobs and (path == DEFAULT_CONFIG or workflow is not False):
            raise ConfigurationError(
                f"{path} is in the last commit, but not in the working tree.",
                f"Bring it back with `git checkout HEAD -- {path}`.",
            )
    found = survey(files.paths, files.sample)
    place, on_another_host = _place(context, settings, repository, files)
    why = _why_no_workflow(found, on_another_host=on_another_host) if WORKFLOW in missing and workflow is None else ""
    if why:
        put(sys.stdout, f"{why} So no workflow is written without --workflow.")
    if ask is not None and DEFAULT_CONFIG in missing:
        found = _ask_folders(ask, files, found)
        if not place.synced:
            place = replace(place, store=ask_text(ask, "Name of the vector store?", printable(place.store)))
    with_workflow = not why
    if ask is not None and WORKFLOW in missing and workflow is None and with_workflow:
        with_workflow = ask_unless_no(ask, "Write a workflow of GitHub Actions as well?")
    chosen = tuple(path for path in missing if path != WORKFLOW or with_workflow)
    return _Wanted(found, place, chosen)


def _why_no_workflow(found: Survey, *, on_another_host: bool) -> str:
    """Why a workflow would be of no use; empty: it would be."""
    if found.workflow:
        return f"{printable(found.workflow)} uses vsync already."
    return "This repository is not on GitHub." if on_another_host or found.other_ci else ""


def _place(context: Context, settings: Settings, repository: Repository, files: RepositoryFiles) -> tuple[Place, bool]:
    """Where the repository stands, and whether its host is known to be another one than GitHub."""
    from vsync.config.starter_place import Place
    from vsync.state.identity import identify, web_page

    url = repository.origin_url()
    run = origin(context.environ)
    name = identify(None, run.repository, None, url, repository.root.name).name.rpartition("/")[2]
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-")[:_LONGEST_NAME] or "my"
    named = plain if plain.lower().endswith(("docs", "doc")) else f"{plain}-docs"
    synced = DEFAULT_MANIFEST in files.paths or bool(
        repository.refs(f"refs/remotes/origin/{DEFAULT_MANIFEST_BRANCH}", most=1)
    )
    given = settings.target.vector_store_name
    on_github = run.repository is not None or web_page(url) is not None
    place = Place(given or named, repository.default_branch() or "main", synced and given is None, on_github)
    return place, not on_github and _OTHER_HOSTS.search(url or "") is not None


def _ask_folders(out: IO[str], files: RepositoryFiles, found: Survey) -> Survey:
    """Asks which folders hold the documents, until the answer names folders with documents."""
    from vsync.config.survey import survey

    default = _THESE if found.places.folders else _ALL
    suggested = " vsync suggests:" if found.places.folders else ""
    put(out, f"This repository has {count(found.documents, 'document')}.{suggested}")
    for folder in found.places.chosen[:_MOST_SHOWN]:
        put(out, f"  {printable(folder.pattern)} ({count(folder.documents, 'document')})")
    while True:
        answer = ask_text(out, "Which folders (names with blanks between them, or all)?", default)
        if answer == default:
            return found
        folders = [] if answer == _ALL else _words(answer)
        chosen = survey(files.paths, files.sample, folders)
        unknown = sorted(set(folders) - chosen.places.folders)
        if not unknown:
            return chosen
        put(out, f"No document is below {', '.join(map(printable, unknown))}.")


def _words(answer: str) -> list[str]:
    """The folders that a person named. A name with a blank stands in quotes."""
    try:
        words = shlex.split(answer)
    except ValueError:  # a quote that nothing closes
        words = answer.split()
    return [word.removeprefix("./").strip("/") for word in words]


# --- Writing ------------------------------------------------------------------------------------------------


def _texts(wanted: _Wanted) -> dict[str, str]:
    """The files as text. Raises ConfigurationError where the store's name that a person gave is none."""
    from vsync.config.config_parser import parse_config
    from vsync.config.starter import config_text
    from vsync.config.starter_workflow import workflow_text

    makers = {DEFAULT_CONFIG: config_text, WORKFLOW: workflow_text}
    texts = {path: makers[path](wanted.survey, wanted.place) for path in wanted.files}
    if DEFAULT_CONFIG in texts:
        parse_config(texts[DEFAULT_CONFIG].encode(), DEFAULT_CONFIG)
    return texts


def _agreed(out: IO[str], texts: Mapping[str, str]) -> bool:
    """Shows the config, and asks whether to write. The workflow is the same in every repository, but for a few lines."""
    if DEFAULT_CONFIG in texts:
        put(out, f"\n{texts[DEFAULT_CONFIG]}")
    return ask_unless_no(out, f"Write {' and '.join(texts)}?")
