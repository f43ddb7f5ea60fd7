"""A git remote over smart HTTP, as GitHub is one: real repositories, real git behind it, GitHub's way with tokens.

`git http-backend` does the work; what stands here is the CGI around it, who may do what, a record of every request, and
the faults that a test wants.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping
from http.client import parse_headers
from io import BytesIO
from pathlib import Path
from typing import Literal

from tests.support.gitrepo import Repo, environment
from tests.support.servers.recording import Answer, HttpServer, Recorded

Rights = Literal["none", "read", "write"]
_RANK: dict[Rights, int] = {"none": 0, "read": 1, "write": 2}

_NO_CREDENTIALS = "Invalid username or token. Password authentication is not supported for Git operations."
_NO_RIGHTS = "Write access to repository not granted."
_FLUSH = b"0000"
"""What git sends first, to be asked for credentials before it sends a large pack."""


class GitServer(HttpServer):
    """Serves the bare repositories below `root`, e.g. `acme/docs.git`, with and without `.git` in the address.

    `tokens` maps a token to its rights. A token comes as the password of Basic authentication, under any user's name.
    `anonymous` is what may be done without one.
    """

    def __init__(
        self,
        root: Path,
        *,
        tokens: Mapping[str, Rights] | None = None,
        anonymous: Rights = "none",
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.root = root
        self.tokens: dict[str, Rights] = dict(tokens or {})
        self.anonymous: Rights = anonymous
        self._push_lock = threading.Lock()
        self._before_push: list[Callable[[], object]] = []
        super().__init__(host, port)

    # --- Repositories ---------------------------------------------------------------------------------------------

    def make(self, name: str, *, atomic: bool = True) -> Path:
        """Makes an empty bare repository, its branch `main` unborn, e.g. `acme/docs`. Without `atomic`, it does not
        offer pushes that take all refs or none."""
        path = Repo.make(self.repository(name), "--bare").root
        with (path / "config").open("a") as config:
            config.write("[http]\n\treceivepack = true\n")
            config.write("[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n")
            config.write(f"[receive]\n\tadvertiseAtomic = {str(atomic).lower()}\n")
        return path

    def repository(self, name: str) -> Path:
        return self.root / f"{name.removesuffix('.git')}.git"

    def url(self, name: str) -> str:
        """The address of a repository as actions/checkout writes it: without `.git`."""
        return f"{self.address}/{name}"

    def git(self, name: str, *arguments: str) -> str:
        """The output of a git command in a repository of the server, on its disk."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.repository(name), env=environment(), capture_output=True, check=True
        )
        return os.fsdecode(done.stdout).rstrip("\n")

    # --- Faults ---------------------------------------------------------------------------------------------------

    def refuse_push(self, name: str, refs: str, message: str = "Protected branch update failed.") -> None:
        """Lets the repository refuse updates of these refs, e.g. `refs/heads/*`, while others are taken.

        Replaces what was refused before; a pattern that matches no ref refuses nothing.
        """
        if not re.fullmatch(r"[\w./*?-]+", refs):
            raise ValueError(f"not a pattern of refs: {refs!r}")
        hook = self.repository(name) / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f'#!/bin/sh\ncase "$1" in {refs}) echo {shlex.quote(message)} >&2; exit 1 ;; esac\n')
        hook.chmod(0o755)

    def before_push(self, *callbacks: Callable[[], object]) -> None:
        """Calls each of these before one receive-pack, in this order: so a test can move a branch meanwhile."""
        with self._push_lock:
            self._before_push.extend(callbacks)

    # --- Answers --------------------------------------------------------------------------------------------------

    def respond(self, request: Recorded) -> Answer:
        pushes = "git-receive-pack" in request.target
        refusal = self._refusal(request, "write" if pushes else "read")
        if refusal is not None:
            return refusal
        name, service = _address(request.path)
        if not name or not self.repository(name).is_dir():
            return _text(404, "Repository not found.")
        if request.method == "POST" and pushes and request.content != _FLUSH:
            self._call_before_push()
        return self._backend(request, f"/{name}.git/{service}")

    def _refusal(self, request: Recorded, needed: Rights) -> Answer | None:
        """What is answered to who may not do this; None to who may."""
        if "authorization" not in request.headers:
            return None if _RANK[self.anonymous] >= _RANK[needed] else _unauthorized()
        rights = self.tokens.get(request.basic_password or "")
        if rights is None:
            return _unauthorized()
        if max(_RANK[rights], _RANK[self.anonymous]) < _RANK[needed]:
            return _text(403, _NO_RIGHTS)
        return None

    def _call_before_push(self) -> None:
        with self._push_lock:
            callback = self._before_push.pop(0) if self._before_push else None
        if callback is not None:
            callback()

    def _backend(self, request: Recorded, path: str) -> Answer:
        """The answer of git's CGI program. See git-http-backend(1), RFC 3875."""
        variables = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REQUEST_METHOD": request.method,
            "PATH_INFO": path,
            "QUERY_STRING": request.query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_USER": "x-access-token",
        }
        done = subprocess.run(
            ["git", "http-backend"], env=environment(**variables), input=request.body, capture_output=True
        )
        stream = BytesIO(done.stdout)
        fields = dict(parse_headers(stream).items())
        if not fields:
            return _text(500, f"git http-backend gave no answer: {done.stderr.decode(errors='replace')}")
        status = int(fields.pop("Status", "200").split()[0])
        return Answer(status, stream.read(), fields)


def _address(path: str) -> tuple[str, str]:
    """The repository's name and git's part of a path: `/acme/docs.git/info/refs` is `acme/docs`, `info/refs`."""
    found = re.fullmatch(r"/([\w.-]+/[\w.-]+?)(?:\.git)?/(info/refs|git-(?:upload|receive)-pack)", path)
    return (found[1], found[2]) if found and ".." not in path else ("", "")


def _unauthorized() -> Answer:
    return _text(401, _NO_CREDENTIALS, {"WWW-Authenticate": 'Basic realm="GitHub"'})


def _text(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error whose text git shows as the remote's."""
    return Answer(status, f"{message}\n".encode(), {"Content-Type": "text/plain; charset=UTF-8", **(headers or {})})
