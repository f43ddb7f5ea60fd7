"""The GitHub Action: a composition root. Reads inputs and event, runs the job, tells GitHub, gives the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .assemble import GitAccess, Place, make_job, open_place
from .durable import keep_out_of_git, write_durably
from .errors import ConfigurationError, GitUnavailable, PushRefused, RepositoryError, VsyncError
from .github import commands
from .github.event import read_event
from .markdown import failure, summary
from .mode import Event, Mode, PullRequest, choose_mode
from .observer import Observer
from .planning import Comparison
from .publish import Published
from .reporting import Report
from .settings import Credentials, Origin, Settings, boolean, credentials, origin, repository_url, resolve
from .stop import Stop
from .text import plan_lines, redacted, summary_lines

if TYPE_CHECKING:
    from .sync import Job

SETTING_INPUTS = (
    "vector-store-id", "vector-store-name", "target", "include", "exclude", "folder", "manifest", "manifest-branch",
    "commit", "branch", "base", "head", "full", "attributes", "chunk-size", "chunk-overlap", "concurrency",
    "max-delete", "max-upload", "force", "index-timeout", "lock-timeout",
)  # fmt: skip
"""Inputs that are settings, under the same names."""

CREDENTIAL_INPUTS = {
    "openai-api-key": "OPENAI_API_KEY",
    "openai-base-url": "OPENAI_BASE_URL",
    "openai-organization": "OPENAI_ORG_ID",
    "openai-project": "OPENAI_PROJECT_ID",
}
OTHER_INPUTS = ("command", "dry-run", "comment", "github-token", "working-directory", "args")
OUTPUTS = (
    "vector-store-id", "added", "updated", "renamed", "retagged", "removed", "unchanged", "skipped", "failed", "changed",
    "dry-run", "superseded", "base", "head", "manifest-path", "manifest-commit", "failure-reason", "report",
)  # fmt: skip

_REPORT = ".vsync/report.json"
_LINE_EVERY_S = 10.0


def inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are set. GitHub keeps hyphens in the variables' names, and passes an empty string for none."""
    names = (*SETTING_INPUTS, *CREDENTIAL_INPUTS, *OTHER_INPUTS)
    found = {name: environ.get(f"INPUT_{name.upper()}", "") for name in names}
    return {name: value for name, value in found.items() if value.strip()}


def run(environ: Mapping[str, str], stop: Stop) -> int:
    """Runs the action and gives the exit code."""
    given = inputs(environ)
    keys = _credentials(given, environ)
    commands.mask(keys.api_key)
    commands.mask(given.get("github-token"))
    try:
        command = given.get("command", "sync").strip()
        if command in {"sync", "plan"} and "args" in given:
            raise ConfigurationError(
                f"The input args is not for {command}.",
                "Give its settings as inputs of their own; see docs/configuration.md.",
            )
        if command not in {"sync", "plan"}:
            return _other_command(command, given, keys, environ)
        return _sync(given, keys, environ, stop, plan_only=command == "plan")
    except VsyncError as error:
        return _failed(error, keys, environ)


def _credentials(given: Mapping[str, str], environ: Mapping[str, str]) -> Credentials:
    named = {variable: given[name] for name, variable in CREDENTIAL_INPUTS.items() if name in given}
    return credentials({**environ, **named})


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the action: what it was given, and what started it."""

    given: Mapping[str, str]
    environ: Mapping[str, str]
    keys: Credentials
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
    def secrets(self) -> tuple[str | None, ...]:
        return (self.keys.api_key, self.token)


def _sync(
    given: Mapping[str, str], keys: Credentials, environ: Mapping[str, str], stop: Stop, *, plan_only: bool
) -> int:
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    step = Step(given, environ, keys, event, _mode(event, given, plan_only=plan_only), stop)
    commands.say(f"vsync {'plans' if step.mode.dry_run else 'syncs'}: {step.mode.reason}.")
    if step.mode.warning:
        commands.warning("Event", step.mode.warning)
    settings = _settings(given, environ)
    comment = _three_way("comment", given.get("comment", "auto"))
    pull = event.pull_request if step.mode.dry_run and settings.folder is None else None
    if pull is not None and pull.state != "open":
        report = _closed(settings, pull)
        _tell(report, _write_report(report, *_folders(step)), step)
    else:
        report = _run(step, settings, pull)
    if pull is not None and comment is not False:
        _comment(step, pull, report, create=comment is True or (pull.state == "open" and _worth_telling(report)))
    return report.exit_code


def _run(step: Step, settings: Settings, pull: PullRequest | None) -> Report:
    """Syncs or plans, and tells of it."""
    observer = ActionObserver()
    optional = "commit" not in step.given
    place = open_place(settings, step.origin, GitAccess(step.environ, step.token, optional=optional))
    with contextlib.closing(place):
        job = make_job(settings, step.keys, step.origin, place, observer, step.stop, dry_run=step.mode.dry_run)
        job = replace(job, branch=settings.branch or step.event.branch)
        if step.mode.dry_run:
            job = _readable(job, place, pull)
        report = _report(job, place, pull)
        report = replace(report, mode=step.mode.reason, repository_url=repository_url(step.environ))
        root, workspace = _folders(step, place)
        path = _write_report(report, root, workspace)
        if report.manifest is not None and place.remote is None:
            report = replace(report, manifest=os.path.relpath(place.root / report.manifest, workspace))
    _tell(report, path, step)
    return report


def _readable(job: Job, place: Place, pull: PullRequest | None) -> Job:
    """The job of a plan, with the manifest read: a remote that does not answer is a warning here, and not an error."""
    try:
        published = job.publication.read()
    except (GitUnavailable, PushRefused) as error:
        warning = f"What was synced last could not be read, so the plan shows all as new. {error}"
        return replace(job, published=Published(None, None), warnings=(*job.warnings, warning))
    if pull is not None and place.remote is None and place.repository is not None and job.keep_manifest:
        # The file in the workspace is the pull request's, which may say what it likes.
        base = job.brief.base or pull.base
        known = base is not None and place.repository.has_commit(base)
        published = Published(place.repository.file(base, job.publication.name) if base and known else None, None)
    return replace(job, published=published)


def _report(job: Job, place: Place, pull: PullRequest | None) -> Report:
    """Runs the job; for a pull request tells what that would change, or when its base cannot be found the whole plan."""
    from .sync import run as run_job

    if pull is None or place.repository is None or job.source.head is None:
        return run_job(job)
    from .pull_request import find_trees, propose, sources

    try:
        trees = find_trees(pull, place.repository, job.source.head, job.brief.base, place.remote)
        with sources(trees, place.repository, place.remote) as (base, head):
            return propose(replace(job, source=head), base, trees)
    except RepositoryError as error:
        warning = f"The plan is of all that the store lacks, not of this pull request alone. {error}"
        return run_job(replace(job, warnings=(*job.warnings, warning)))


def _closed(settings: Settings, pull: PullRequest) -> Report:
    """A pull request that is no longer open changes nothing, and nothing is compared."""
    how = "was merged" if pull.state == "merged" else "was closed without being merged"
    return Report(
        target=settings.target,
        comparison=Comparison("diff", f"pull request #{pull.number} {how}: there is nothing to plan"),
        vector_store_id=settings.vector_store_id,
        dry_run=True,
    )


def _worth_telling(report: Report) -> bool:
    """Whether a pull request that has no comment yet gets one."""
    return report.changed or bool(report.refused)


def _folders(step: Step, place: Place | None = None) -> tuple[Path, Path]:
    """Where the report is written, and the workspace."""
    root = place.root if place is not None else _working_directory(step.given, step.environ)
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


def _settings(given: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    folder = _working_directory(given, environ)
    chosen: dict[str, str] = {name: given[name] for name in SETTING_INPUTS if name in given}
    if "folder" in chosen:
        chosen["folder"] = str(folder / chosen["folder"])
    chosen.setdefault("commit", "true")
    chosen["push"] = chosen["commit"]  # a commit that stays in the runner's clone is lost with it
    return resolve({"repo": str(folder), **chosen}, environ)


def _working_directory(given: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()) / given.get("working-directory", ".").strip()
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder {folder}.", "Check the input working-directory.")
    return folder


def _other_command(command: str, given: Mapping[str, str], keys: Credentials, environ: Mapping[str, str]) -> int:
    """Any other command is the command line, with the input `args` behind it."""
    from .cli import run as run_command_line

    try:
        arguments = shlex.split(given.get("args", ""))
    except ValueError as error:
        raise ConfigurationError(f"The input args cannot be read: {error}.", "Check its quotes.") from None
    named = {variable: given[name] for name, variable in CREDENTIAL_INPUTS.items() if name in given}
    os.chdir(_working_directory(given, environ))
    failures: list[VsyncError] = []
    with commands.no_commands():
        code = run_command_line([*shlex.split(command), *arguments], {**environ, **named}, failures.append)
    for failed in failures:
        _show_failure(failed, keys, environ)
    return code


def _write_report(report: Report, root: Path, workspace: Path) -> str:
    """Writes the JSON report and gives its path, relative to the workspace."""
    path = root / _REPORT
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
    keep_out_of_git(path.parent)
    write_durably(path, text.encode("utf-8", "backslashreplace"))
    return os.path.relpath(path, workspace)


def _tell(report: Report, report_path: str, step: Step) -> None:
    """Log, annotations, outputs and summary of a run that has a report."""
    for line in summary_lines(report):
        commands.say(redacted(line, step.secrets))
    for text in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", redacted(text, step.secrets))
    _annotate(report, step.secrets)
    commands.set_outputs(outputs(report, report_path), step.environ)
    commands.append_summary(redacted(summary(report), step.secrets), step.environ)


def _annotate(report: Report, secrets: tuple[str | None, ...]) -> None:
    """One error for the run and one for each failed document, as many as GitHub shows."""
    room = commands.MAX_ANNOTATIONS
    if report.error is not None:
        commands.error("vsync", redacted(str(report.error), secrets))
        room -= 1
    shown = report.failed if len(report.failed) <= room else report.failed[: room - 1]
    for item in shown:
        message = redacted(f"Not synced ({item['code']}): {item['message']}", secrets)
        commands.error(item["path"], message, file=item["path"])
    if len(shown) < len(report.failed):
        commands.error("vsync", f"{len(report.failed) - len(shown)} more documents failed: see the job summary.")


def outputs(report: Report, report_path: str) -> dict[str, str]:
    """The action's outputs. Pure."""
    return {
        "vector-store-id": report.vector_store_id or "",
        "added": str(len(report.added)),
        "updated": str(len(report.updated)),
        "renamed": str(len(report.renamed)),
        "retagged": str(len(report.retagged)),
        "removed": str(len(report.removed)),
        "unchanged": str(report.unchanged),
        "skipped": str(len(report.skipped)),
        "failed": str(len(report.failed)),
        "changed": _bool(report.changed),
        "dry-run": _bool(report.dry_run),
        "superseded": _bool(report.superseded),
        "base": report.base or "",
        "head": report.head or "",
        "manifest-path": report.manifest or "",
        "manifest-commit": report.manifest_commit or "",
        "failure-reason": report.failure_reason or "",
        "report": report_path,
    }


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _failed(error: VsyncError, keys: Credentials, environ: Mapping[str, str]) -> int:
    _show_failure(error, keys, environ)
    return error.exit_code


def _show_failure(error: VsyncError, keys: Credentials, environ: Mapping[str, str]) -> None:
    """Tells of a run that ended before there was a report."""
    message, remedy = (redacted(text, (keys.api_key,)) for text in (error.message, error.remedy))
    commands.error("vsync", f"{message} {remedy}".strip())
    commands.set_outputs({"failure-reason": error.reason}, environ)
    commands.append_summary(failure(error.reason, message, remedy), environ)


class ActionObserver(Observer):
    """The action's log: the plan folded, and a line of progress now and then."""

    def __init__(self) -> None:
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._last = time.monotonic()

    def note(self, text: str) -> None:
        commands.say(text)

    def planned(self, report: Report) -> None:
        title, *lines = plan_lines(report, 1_000)
        commands.group(title, lines)

    def stage(self, name: str, total: int) -> None:
        self._total[name] = self._total.get(name, 0) + total
        self._done.setdefault(name, 0)

    def advance(self, name: str) -> None:
        self._done[name] = self._done.get(name, 0) + 1
        if time.monotonic() - self._last >= _LINE_EVERY_S:
            self._last = time.monotonic()
            told = (f"{stage} {done}/{self._total.get(stage, 0)}" for stage, done in self._done.items())
            commands.say(", ".join(told))

    def failed(self, path: str, code: str, message: str) -> None:
        commands.say(f"failed: {path}: {code}: {message}")


def _comment(step: Step, pull: PullRequest, report: Report, *, create: bool) -> None:
    """Placeholder."""
