"""The GitHub Action: a composition root. Reads inputs and event, runs the job, tells GitHub, gives the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .assemble import make_job, open_place
from .errors import ConfigurationError, VsyncError
from .github import commands
from .github.event import read_event
from .markdown import failure, summary
from .mode import Mode, choose_mode
from .observer import Observer
from .publish import keep_out_of_git, write_durably
from .reporting import Report
from .settings import Credentials, Settings, boolean, credentials, origin, resolve
from .stop import Stop
from .text import plan_lines, redacted, summary_lines

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
    "identity-provider-id": "OPENAI_IDENTITY_PROVIDER_ID",
    "service-account-id": "OPENAI_SERVICE_ACCOUNT_ID",
    "identity-audience": "OPENAI_WIF_AUDIENCE",
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


def _sync(
    given: Mapping[str, str], keys: Credentials, environ: Mapping[str, str], stop: Stop, *, plan_only: bool
) -> int:
    mode = _mode(given, environ, plan_only=plan_only)
    commands.say(f"vsync {'plans' if mode.dry_run else 'syncs'}: {mode.reason}.")
    settings = _settings(given, environ)
    observer = ActionObserver()
    place = open_place(settings, origin(environ))
    with contextlib.closing(place.source):
        job = make_job(settings, keys, origin(environ), place, observer, stop, dry_run=mode.dry_run)
        from .sync import run as run_job

        report = run_job(job)
        workspace = Path(environ.get("GITHUB_WORKSPACE") or place.root).resolve()
        path = _write_report(report, place.root, workspace)
        if report.manifest is not None:
            report = replace(report, manifest=os.path.relpath(place.root / report.manifest, workspace))
    _tell(report, path, environ, keys)
    return report.exit_code


def _mode(given: Mapping[str, str], environ: Mapping[str, str], *, plan_only: bool) -> Mode:
    event, problem = read_event(environ)
    if problem:
        commands.warning("Event", problem)
    if plan_only:
        return Mode(True, "the command is plan")
    return choose_mode(event, wanted=_dry_run(given.get("dry-run", "auto")), branch=given.get("branch"))


def _dry_run(text: str) -> bool | None:
    if text.strip().lower() == "auto":
        return None
    try:
        return boolean(text.strip())
    except ValueError:
        raise ConfigurationError(f"The input dry-run is {text!r}.", "Use auto, true or false.") from None


def _settings(given: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    folder = _working_directory(given, environ)
    chosen: dict[str, str] = {name: given[name] for name in SETTING_INPUTS if name in given}
    if "folder" in chosen:
        chosen["folder"] = str(folder / chosen["folder"])
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


def _tell(report: Report, report_path: str, environ: Mapping[str, str], keys: Credentials) -> None:
    """Log, annotations, outputs and summary of a run that has a report."""
    for line in summary_lines(report):
        commands.say(redacted(line, (keys.api_key,)))
    for text in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", redacted(text, (keys.api_key,)))
    _annotate(report, keys)
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(redacted(summary(report), (keys.api_key,)), environ)


def _annotate(report: Report, keys: Credentials) -> None:
    """One error for the run and one for each failed document, as many as GitHub shows."""
    room = commands.MAX_ANNOTATIONS
    if report.error is not None:
        commands.error("vsync", redacted(str(report.error), (keys.api_key,)))
        room -= 1
    shown = report.failed if len(report.failed) <= room else report.failed[: room - 1]
    for item in shown:
        message = redacted(f"Not synced ({item['code']}): {item['message']}", (keys.api_key,))
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
