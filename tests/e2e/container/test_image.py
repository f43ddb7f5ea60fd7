"""The image, run as GitHub's runner does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.container.engine import docker

OWNER = os.getuid() or 12345
"""Whose the workspace is: never the container's root."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout that belongs to another user than the container's."""
    folder = tmp_path / "workspace"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs/a.md").write_text("# A\n")
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "1"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OWNER, -1, follow_symlinks=False)
    return folder


def run_action(image: str, workspace: Path, commands: Path) -> subprocess.CompletedProcess[str]:
    commands.mkdir(exist_ok=True)
    for name in ("output", "summary"):
        (commands / name).write_text("")
    environ = {
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_REPOSITORY": "acme/docs",
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_OUTPUT": "/github/file_commands/output",
        "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
        "INPUT_COMMAND": "sync",
        "INPUT_VECTOR-STORE-ID": "",
        "VSYNC_LOCAL": "/github/file_commands/store.db",
    }
    variables = [word for name, value in environ.items() for word in ("-e", f"{name}={value}")]
    mounts = ["-v", f"{workspace}:/github/workspace", "-v", f"{commands}:/github/file_commands"]
    return docker("run", "--rm", "--network", "none", *mounts, *variables, image)


def test_the_action_syncs_a_workspace_of_another_user_and_leaves_nothing_to_root(
    image: str, workspace: Path, tmp_path: Path
) -> None:
    commands = tmp_path / "commands"
    done = run_action(image, workspace, commands)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+1 in " in (commands / "summary").read_text()
    assert [path for path in workspace.rglob("*") if path.lstat().st_uid != OWNER] == []
    again = run_action(image, workspace, commands)
    assert "Nothing changed since" in again.stdout


def test_the_image_is_the_command_line_too(image: str) -> None:
    assert docker("run", "--rm", image, "vsync", "--version").stdout.startswith("vsync, version ")
    assert docker("run", "--rm", "--entrypoint", "vsync", image, "plan", "--help").returncode == 0


def test_the_image_trusts_the_systems_certificates(image: str) -> None:
    script = "import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 50)"
    assert docker("run", "--rm", "--entrypoint", "python", image, "-c", script).stdout.strip() == "True"
