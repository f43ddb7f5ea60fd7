"""What no run may leave behind: secrets where they do not belong, files of root, another configuration of git."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.e2e.runner import OWNER, Step
from tests.support.gitrepo import environment
from tests.support.servers.github_api import Received
from tests.support.servers.recording import Recorded


def written_forms(secret: str) -> set[bytes]:
    """How a secret may be written: as it is, and as HTTP's Basic authentication has it."""
    credentials = f"x-access-token:{secret}"
    return {form.encode() for form in (secret, *(_base64(text) for text in (secret, credentials)))}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


def leaks(places: Iterable[tuple[str, bytes]], secrets: Iterable[str]) -> list[str]:
    """The names of the places that contain a secret."""
    forms = {form for secret in secrets for form in written_forms(secret)}
    return [name for name, content in places if any(form in content for form in forms)]


def told(step: Step) -> Iterator[tuple[str, bytes]]:
    """What a run tells to who may read it."""
    yield "log", step.log.encode()
    yield "summary", step.summary.encode()
    for name, value in step.outputs.items():
        yield f"output {name}", value.encode()


def kept(step: Step) -> Iterator[tuple[str, bytes]]:
    """Every file that the run could write, and every object of the workspace's repository, which are compressed."""
    for path in sorted(step.folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()
    yield "the workspace's objects", objects(step.workspace)


def objects(repository: Path) -> bytes:
    """The content of all objects of a repository: commits with their messages, trees, files."""
    command = ["git", "-c", "safe.directory=*", "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.run(command, cwd=repository, env=environment(), check=True, capture_output=True).stdout


def sent(who: str, requests: Iterable[Recorded]) -> Iterator[tuple[str, bytes]]:
    """All that was sent to a server, but for the header that carries credentials."""
    for request in requests:
        yield f"{who}: {request.method} {request.target}", request.without_authorization()


def sent_to_github(requests: Iterable[Received]) -> Iterator[tuple[str, bytes]]:
    for request in requests:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        yield f"GitHub: {request}", repr((request.path, request.query, headers, request.body)).encode()


def of_others(workspace: Path) -> list[Path]:
    """What is in the workspace and does not belong to its owner."""
    return [path for path in [workspace, *workspace.rglob("*")] if path.lstat().st_uid != OWNER]


def changed_files(workspace: Path) -> str:
    """What `git status` says: nothing, when no file was changed and what was added is ignored."""
    command = ["git", "-c", "safe.directory=*", "status", "--porcelain"]
    variables = environment(GIT_OPTIONAL_LOCKS="0")
    done = subprocess.run(command, cwd=workspace, env=variables, check=True, capture_output=True)
    return os.fsdecode(done.stdout)
