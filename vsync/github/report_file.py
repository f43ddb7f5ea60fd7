"""The JSON report as a file of the workspace."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vsync.errors import ConfigurationError, RepositoryError
from vsync.git.discovery import repository_at
from vsync.github import commands
from vsync.github.inputs import working_directory
from vsync.github.step import Step
from vsync.report.report import Report
from vsync.report.several import to_json
from vsync.system.atomic_write import keep_out_of_git, write_durably

_REPORT = ".vsync/report.json"


def workspace_folder(step: Step, root: Path) -> Path:
    """The folder of the job. `root` is the folder of the source, which counts where the runner names no workspace."""
    return Path(step.environ.get("GITHUB_WORKSPACE") or root).resolve()


def repository_root(step: Step) -> Path:
    """The root of the repository in the working directory, or the working directory where there is no repository."""
    folder = working_directory(step.given, step.environ)
    with contextlib.suppress(RepositoryError):
        return repository_at(folder)
    return folder


def write_report(reports: Sequence[Report], step: Step, root: Path) -> str:
    """Writes the report below `root`, of several targets as a list, and gives its path relative to the workspace.

    A report that cannot be written is a warning: the run is over, and its result must be shown all the same.
    """
    return write_data(to_json(reports), root, workspace_folder(step, root))


def write_data(data: Mapping[str, Any] | Sequence[Any], root: Path, workspace: Path) -> str:
    """Writes a report's JSON below `root`, and gives its path relative to the workspace. Empty: it cannot be written."""
    path = root / _REPORT
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    try:
        keep_out_of_git(path.parent)
        write_durably(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, ConfigurationError) as error:
        commands.warning("Report", f"The report {_REPORT} cannot be written ({error}); the job summary has it all.")
        return ""
    return os.path.relpath(path, workspace)
