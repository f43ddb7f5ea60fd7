"""Where a run takes place: the repository and the workflow run that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vsync.network.address import web_address


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run takes place, as far as the environment tells: `owner/repo`, its id, this run's id and web page.

    `in_workflow`: whether it is a job of GitHub Actions. `page`: where a person can look at the repository.
    """

    repository: str | None = None
    repository_id: str | None = None
    run_id: str | None = None
    run_url: str | None = None
    in_workflow: bool = False
    page: str | None = None


def origin(environ: Mapping[str, str]) -> Origin:
    """What GitHub's runner says of this run; nothing elsewhere."""

    def get(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    repository, run = get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID")
    page = repository_url(environ)
    url = f"{page}/actions/runs/{run}" if page and run else None
    in_workflow = (get("GITHUB_ACTIONS") or "").lower() == "true"
    return Origin(repository, get("GITHUB_REPOSITORY_ID"), run, url, in_workflow, page)


def repository_url(environ: Mapping[str, str]) -> str | None:
    """Where a person can look at the repository. It is recorded and shown, so nothing secret of the server's address is in it."""
    server = web_address(environ.get("GITHUB_SERVER_URL", "").strip())
    repository = environ.get("GITHUB_REPOSITORY", "").strip()
    return f"{server.rstrip('/')}/{repository}" if server and repository else None
