"""When the branch that is to be synced is looked up, and what is said when there is none."""

from __future__ import annotations

from typing import cast

import pytest

from vsync.errors import GitUnavailable, PushRefused
from vsync.git.remote import Remote
from vsync.github.branch import missing_branch
from vsync.github.mode import Event

PUSH = Event("push", ref="refs/heads/feature", default_branch="main")


class FakeRemote:
    """A remote with these branches, or one that answers with an error. `asked` are the names that were listed."""

    def __init__(self, *branches: str, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._refs = {f"refs/heads/{branch}": "a" * 40 for branch in branches}
        self._error = error

    def refs(self, *names: str) -> dict[str, str]:
        self.asked += names
        if self._error is not None:
            raise self._error
        return {ref: sha for ref, sha in self._refs.items() if any(ref == name or name.endswith("*") for name in names)}


def check(branch: str | None, remote: FakeRemote | None, event: Event = PUSH) -> str | None:
    return missing_branch(branch, event, cast("Remote | None", remote))


@pytest.mark.parametrize("branch", [None, "feature", "main"])
def test_a_branch_that_is_not_given_or_that_the_event_names_is_not_looked_up(branch: str | None) -> None:
    remote = FakeRemote()
    assert check(branch, remote) is None
    assert remote.asked == []


def test_a_branch_that_is_there_takes_one_request() -> None:
    remote = FakeRemote("release")
    assert check("release", remote) is None
    assert remote.asked == ["refs/heads/release"]


def test_a_branch_that_is_missing_is_named_with_the_nearest() -> None:
    said = check("relaese", FakeRemote("release", "main"))
    assert said is not None
    assert "no branch 'relaese'" in said
    assert "Did you mean 'release'?" in said


def test_without_a_remote_nothing_is_said() -> None:
    assert check("release", None) is None


@pytest.mark.parametrize("error", [GitUnavailable("down"), PushRefused("no")])
def test_a_remote_that_does_not_answer_is_no_warning(error: Exception) -> None:
    assert check("release", FakeRemote(error=error)) is None
