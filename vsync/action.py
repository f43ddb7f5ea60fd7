"""The GitHub Action: a composition root. Reads inputs and event, runs the job, tells GitHub, gives the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .assemble import GitAccess, Place, make_job, open_place
from .comment import body, marker, worth_creating
from .confidential import Secrets
from .durable import keep_out_of_git, write_durably
from .errors import ConfigurationError, GitUnavailable, PushRefused, RepositoryError, VsyncError
from .git import Repository
from .github import commands
from .github.event import read_event
from .github.identity import token_source
from .github.runs import run_is_over
from .github.telling import ActionObserver, tell, tell_closed, tell_failure
from .logs import guarded, internal, traceback_lines
from .mode import Event, Mode, PullRequest, choose_mode
from .planning import Comparison
from .publish import Published
from .reporting import Report
from .settings import (
    DEFAULT_MANIFEST,
    NO_MANIFEST,
    Credentials,
    Origin,
    Settings,
    boolean,
    credentials,
    origin,
    repository_url,
    resolve,
)
from .stop import Stop
from .text import redacted, redacted_report

if TYPE_CHECKING:
    from .sync import Job

SETTING_INPUTS = (
    "vector-store-id", "vector-store-name", "target", "include", "exclude", "allow-secrets", "folder", "manifest", "manifest-branch",
    "commit", "branch", "base", "head", "full", "attributes", "chunk-size", "chunk-overlap", "concurrency",
    "max-delete", "max-upload", "force", "index-timeout", "lock-timeout",
)  # fmt: skip
"""Inputs that are settings, under the same names."""

CREDENTIAL_INPUTS = {
    "openai-api-key": "OPENAI_API_KEY",
    "openai-base-url": "OPENAI_BASE_URL",
    "openai-organization": "OPENAI_ORG_ID",
    "openai-project": "OPENAI_PROJECT_ID",
    "identity-provider-id": "OPENAI_IDENTITY_PROVIDER_ID",
    "service-account-id": "OPENAI_SERVICE_ACCOUNT_ID",
    "identity-audience": "OPENAI_WIF_AUDIENCE",
}
OTHER_INPUTS = ("command", "dry-run", "comment", "github-token", "working-directory", "args")

_REPORT = ".vsync/report.json"


def inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are set. GitHub keeps hyphens in the variables' names, and passes an empty string for none."""
    names = (*SETTING_INPUTS, *CREDENTIAL_INPUTS, *OTHER_INPUTS)
    found = {name: environ.get(f"INPUT_{name.upper()}", "") for name in names}
    return {name: value for name, value in found.items() if value.strip()}


def run(environ: Mapping[str, str], stop: Stop) -> int:
    """Runs the action and gives the exit code. `stop` listens to signals already."""
    given = inputs(environ)
    secrets = Secrets(told=commands.mask)
    for key in (given.get("openai-api-key"), environ.get("OPENAI_API_KEY"), given.get("github-token")):
        secrets.add((key or "").strip())
    with guarded(secrets):
        return _run_command(given, environ, stop, secrets)


def _run_command(given: Mapping[str, str], environ: Mapping[str, str], stop: Stop, secrets: Secrets) -> int:
    try:
        keys = _credentials(given, environ)
        command = given.get("command", "sync").strip()
        if command == "verify":
            return _verify(given, keys, environ, stop, secrets)
        if command not in {"sync", "plan"}:
            return _other_command(command, given, secrets, environ, stop)
        _refuse_arguments(command, given)
        return _sync(given, keys, environ, stop, secrets, plan_only=command == "plan")
    except VsyncError as error:
        cause = stop.cause(error)
        tell_failure(cause, secrets, environ)
        return cause.exit_code
    except Exception as error:
        defect = internal(error, secrets)
        tell_failure(defect, secrets, environ)
        commands.group("Traceback", traceback_lines(error, secrets))
        return defect.exit_code


def _refuse_arguments(command: str, given: Mapping[str, str]) -> None:
    if "args" in given:
        raise ConfigurationError(
            f"The input args is not for {command}.",
            "Give its settings as inputs of their own; see docs/configuration.md.",
        )


def _credentials(given: Mapping[str, str], environ: Mapping[str, str]) -> Credentials:
    """A key from the environment gives way to a workload identity; one given as input is a contradiction."""
    found = credentials({**environ, **_named(given)})
    if found.identity is not None and "openai-api-key" in given:
        raise ConfigurationError(
            "Both a key and a workload identity are given.",
            "Give either the input openai-api-key, or identity-provider-id and service-account-id.",
        )
    return found


def _named(given: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are credentials, under the names of their variables."""
    return {variable: given[name] for name, variable in CREDENTIAL_INPUTS.items() if name in given}


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the action: what it was given, and what started it."""

    given: Mapping[str, str]
    environ: Mapping[str, str]
    keys: Credentials
    secrets: Secrets
    event: Event
    mode: Mode
    stop: Stop

    @property
    def token(self) -> str | None:
        return self.given.get("github-token", "").strip() or None

    @property
    def origin(self) -> Origin:
        return origin(self.environ)

    @property
    def api_url(self) -> str:
        return self.environ.get("GITHUB_API_URL", "").strip() or "https://api.github.com"


def _sync(
    given: Mapping[str, str],
    keys: Credentials,
    environ: Mapping[str, str],
    stop: Stop,
    secrets: Secrets,
    *,
    plan_only: bool,
) -> int:
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = _mode(event, given, plan_only=plan_only)
    commands.say(f"vsync {'plans' if mode.dry_run else 'syncs'}: {mode.reason}.")
    if mode.warning:
        commands.warning("Event", mode.warning)
    step = Step(given, environ, keys, secrets, event, mode, stop)
    settings = _settings(given, environ)
    comment = _three_way("comment", given.get("comment", "auto"))
    pull = event.pull_request if mode.dry_run and settings.folder is None else None
    if pull is not None and pull.state == "closed":
        report, told = _closed(step, settings, pull), True
        tell_closed(report, _write_report(report, *_folders(step)), environ)
    else:
        report, told = _run(step, settings, lambda job, place, access: _report(job, place, pull, access))
    if pull is not None and comment is not False:
        _comment(step, settings, pull, report if told or comment else None, comment)
    elif comment and mode.dry_run and event.pull_request is not None:
        why = "with a folder as source, what the pull request alone changes is not known"
        commands.warning("Pull request comment", f"No comment was written: {why}. The plan stands in the job summary.")
    return report.exit_code


def _verify(
    given: Mapping[str, str], keys: Credentials, environ: Mapping[str, str], stop: Stop, secrets: Secrets
) -> int:
    """Compares manifest and store, and mends where the arguments ask for it and the event may write."""
    from .cli import parse_verify
    from .verification import run as verify

    arguments, wish = parse_verify(_arguments(given))
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    mode = _mode(event, given, plan_only=False)
    if wish.writes and mode.dry_run:
        raise ConfigurationError(
            f"Nothing is repaired, rebuilt or taken over here: {mode.reason}.",
            "Run it on a schedule or by workflow_dispatch, or leave out --repair, --rebuild and --yes.",
        )
    commands.say("vsync verifies: manifest and store are compared.")
    mode = replace(mode, dry_run=False, reason=mode.reason.replace("it syncs the", "it verifies the"))
    step = Step(given, environ, keys, secrets, event, mode, stop)
    settings = _settings(given, environ, arguments)
    report, _ = _run(step, settings, lambda job, place, access: (verify(job, wish), False))
    return report.exit_code


Work = Callable[["Job", Place, GitAccess], tuple[Report, bool]]
"""What a job is for: gives its report, and whether that is of a pull request alone."""


def _run(step: Step, settings: Settings, work: Work) -> tuple[Report, bool]:
    """Does the work, and tells of it. Also gives whether the report is of the pull request alone."""
    observer = ActionObserver()
    access = GitAccess(
        step.environ,
        step.token,
        optional="commit" not in step.given,
        is_dead=run_is_over(step.token, step.api_url, step.origin.repository, commands.say),
        found=step.secrets.add,
        stopped=lambda: step.stop.requested_for,
    )
    place = open_place(settings, step.origin, access)
    with contextlib.closing(place):
        identity = step.keys.identity
        job = make_job(
            settings,
            step.keys,
            step.origin,
            place,
            observer,
            step.stop,
            dry_run=step.mode.dry_run,
            token=token_source(step.environ, identity.audience, step.secrets.add) if identity else None,
            secrets=step.secrets,
        )
        job = replace(job, branch=settings.branch or step.event.branch)
        report, alone = work(job, place, access)
        report = replace(report, mode=step.mode.reason, repository_url=repository_url(step.environ))
        report = redacted_report(report, step.secrets)
        root, workspace = _folders(step, place)
        path = _write_report(report, root, workspace)
        if report.manifest is not None and place.remote is None:
            report = replace(report, manifest=os.path.relpath(place.root / report.manifest, workspace))
    tell(report, path, step.environ)
    return report, alone


def _readable(job: Job, place: Place, pull: PullRequest | None) -> Job:
    """The job of a plan, with the manifest read: a remote that does not answer is a warning here, and not an error."""
    try:
        published = job.publication.read()
    except (GitUnavailable, PushRefused) as error:
        warning = f"What was synced last could not be read, so the plan shows all as new. {error}"
        return replace(job, published=Published(None, None), warnings=(*job.warnings, warning))
    if pull is not None and place.remote is None and place.repository is not None and job.keep_manifest:
        # The file in the workspace is the pull request's, which may say what it likes.
        published = Published(None, None)
    return replace(job, published=published)


def _report(job: Job, place: Place, pull: PullRequest | None, access: GitAccess) -> tuple[Report, bool]:
    """Runs the job; for a pull request tells what that alone would change, or when its base cannot be found the whole plan."""
    from .sync import run as run_job

    if pull is not None and place.repository is not None and job.source.head is not None:
        from .pull_request import plan

        try:
            return plan(job, pull, place, access), True
        except RepositoryError as error:
            if not job.keep_manifest and job.connect is None:
                raise  # only the store could say more, and nobody may ask it
            warning = f"The plan is of all that the store lacks, not of this pull request alone. {error}"
            job = replace(job, warnings=(*job.warnings, warning))
    return run_job(_readable(job, place, pull) if job.dry_run else job), False


def _closed(step: Step, settings: Settings, pull: PullRequest) -> Report:
    """A pull request that was closed changes nothing, and nothing is compared."""
    return Report(
        target=settings.target,
        source=settings.source or step.origin.repository or "",
        head=pull.head,
        mode=step.mode.reason,
        repository_url=repository_url(step.environ),
        comparison=Comparison("diff", f"pull request #{pull.number} was closed without being merged"),
        manifest=settings.manifest if settings.manifest != NO_MANIFEST else None,
        vector_store_id=settings.vector_store_id,
        dry_run=True,
    )


def _folders(step: Step, place: Place | None = None) -> tuple[Path, Path]:
    """Where the report is written, and the workspace."""
    if place is not None:
        root = place.root
    else:
        root = _working_directory(step.given, step.environ)
        with contextlib.suppress(RepositoryError):
            root = Repository(root).root
    return root, Path(step.environ.get("GITHUB_WORKSPACE") or root).resolve()


def _mode(event: Event, given: Mapping[str, str], *, plan_only: bool) -> Mode:
    if plan_only:
        return Mode(True, "the command is plan")
    return choose_mode(
        event,
        wanted=_three_way("dry-run", given.get("dry-run", "auto")),
        branch=given.get("branch", "").strip() or None,
    )


def _three_way(name: str, text: str) -> bool | None:
    """True, false, or None for auto."""
    if text.strip().lower() == "auto":
        return None
    try:
        return boolean(text.strip())
    except ValueError:
        raise ConfigurationError(f"The input {name} is {text!r}.", "Use auto, true or false.") from None


def _settings(
    given: Mapping[str, str], environ: Mapping[str, str], arguments: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of the inputs; what stands in the input `args` goes before them."""
    folder = _working_directory(given, environ)
    chosen: dict[str, Any] = {name: given[name] for name in SETTING_INPUTS if name in given}
    chosen |= {name: value for name, value in (arguments or {}).items() if value is not None and value != ()}
    if "folder" in chosen:
        chosen["folder"] = str(folder / chosen["folder"])
    if "repo" in chosen:
        chosen["repo"] = str(folder / chosen["repo"])
    chosen.setdefault("commit", "true")
    chosen["push"] = chosen["commit"]  # a commit that stays in the runner's clone is lost with it
    return resolve({"repo": str(folder), **chosen}, environ)


def _working_directory(given: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()) / given.get("working-directory", ".").strip()
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder {folder}.", "Check the input working-directory.")
    return folder


def _arguments(given: Mapping[str, str]) -> list[str]:
    try:
        return shlex.split(given.get("args", ""))
    except ValueError as error:
        raise ConfigurationError(f"The input args cannot be read: {error}.", "Check its quotes.") from None


def _other_command(
    command: str, given: Mapping[str, str], secrets: Secrets, environ: Mapping[str, str], stop: Stop
) -> int:
    """Any other command is the command line, with the input `args` behind it."""
    from .cli import run as run_command_line

    arguments = _arguments(given)
    os.chdir(_working_directory(given, environ))
    failures: list[VsyncError] = []
    with commands.no_commands() as mask:
        hidden = Secrets(*secrets, told=mask)
        line = [*shlex.split(command), *arguments]
        code = run_command_line(line, _as_variables(given, environ), failures.append, hidden, stop)
    for failed in failures:
        tell_failure(failed, hidden, environ)
    return code


def _as_variables(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as the variables that the command line reads: it finds the manifest where the action keeps it."""
    settings = {name: given[name] for name in SETTING_INPUTS if name in given}
    settings["push"] = settings.setdefault("commit", "true")
    variables = {"VSYNC_" + name.upper().replace("-", "_"): value for name, value in settings.items()}
    token = {"VSYNC_GITHUB_TOKEN": given["github-token"]} if "github-token" in given else {}
    return {**environ, **_named(given), **variables, **token}


def _write_report(report: Report, root: Path, workspace: Path) -> str:
    """Writes the JSON report and gives its path, relative to the workspace."""
    path = root / _REPORT
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        keep_out_of_git(path.parent)
        write_durably(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, ConfigurationError) as error:
        # The run has been made: that a folder of the repository is in the way of its report must not hide how it went.
        commands.warning("Report", f"The report {_REPORT} cannot be written ({error}); the job summary has it all.")
        return ""
    return os.path.relpath(path, workspace)


def _comment(step: Step, settings: Settings, pull: PullRequest, report: Report | None, wanted: bool | None) -> None:
    """Brings the pull request's comment up to date. That it cannot be written is a warning: the summary has it all.

    Without a report (None: what the pull request alone changes is not known) the comment stays as it is.
    """
    from .github.comments import CannotComment, connect, upsert

    if report is None:
        commands.say(f"Comment on pull request #{pull.number}: left as it is, since this plan is not of it alone.")
        return
    run_id = step.origin.run_id
    place = _comments_place(step, settings)
    text = body(
        report,
        state=pull.state,
        run_url=step.origin.run_url,
        run_id=int(run_id) if run_id and run_id.isdecimal() else None,
        place=place,
    )
    create = pull.state == "open" and (wanted is True or worth_creating(report))
    try:
        with connect(step.token or "", step.api_url, step.origin.repository or "") as session:
            posted = upsert(session, pull.number, text, marker(report.target, place), create=create)
    except CannotComment as error:
        commands.warning("Pull request comment", redacted(f"No comment was written. {error}", step.secrets))
        return
    commands.say(
        f"Comment on pull request #{pull.number}: {_POSTED[posted.action]}{f' ({posted.url})' if posted.url else ''}"
    )


_POSTED = {
    "created": "written",
    "updated": "brought up to date",
    "unchanged": "up to date already",
    "superseded": "left as it is, since a newer run wrote it",
    "absent": "there is none, and none is needed",
}


def _comments_place(step: Step, settings: Settings) -> str:
    """What sets apart the comments of two targets of one name. From inputs alone: a closed pull request has nothing else."""
    manifest = "" if settings.manifest in {DEFAULT_MANIFEST, NO_MANIFEST} else settings.manifest
    place = os.path.normpath(Path(step.given.get("working-directory", "").strip()) / manifest)
    return "" if place == "." else place
