"""Asks GitHub whether another workflow run has ended. Its seal can then be taken over at once. By PyGithub.

https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
"""

from __future__ import annotations

import time
from collections.abc import Callable

_ASK_EVERY_S = 30.0
_TIMEOUT_S = 5


def run_is_over(
    token: str | None,
    api_url: str,
    repository: str | None,
    log: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    *,
    verify: str | bool = True,
) -> Callable[[str], bool]:
    """A function that takes a run's id and says whether GitHub confirms that the run has ended.

    `verify` is the path of the certificates to trust, or True.

    Without `actions: read` GitHub does not answer. The seal is then taken over when its holder is silent for three minutes.
    """
    asked: dict[str, float] = {}
    warned: set[str] = set()

    def ended(run: str) -> bool:
        if token is None or repository is None or not run.isdecimal() or len(run) > 18:
            return False
        if clock() - asked.get(run, -_ASK_EVERY_S) < _ASK_EVERY_S:
            return False
        asked[run] = clock()
        try:
            status = _status(token, api_url, repository, int(run), verify)
        except Exception as error:  # PyGithub raises whatever requests, urllib3 and JSON raise
            if run not in warned:
                warned.add(run)
                log(
                    f"GitHub does not tell whether run {run} has ended ({type(error).__name__}; the job may lack "
                    "`permissions: actions: read`): its seal is taken over when it is silent for three minutes."
                )
            return False
        if status == "completed":
            log(f"Run {run} has ended without closing the seal, so nobody waits for it.")
        return status == "completed"

    return ended


def _status(token: str, api_url: str, repository: str, run: int, verify: str | bool) -> str:
    import github

    with github.Github(
        auth=github.Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=_TIMEOUT_S,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        verify=verify,
    ) as client:
        return str(client.get_repo(repository).get_workflow_run(run).status)
