"""Which refs of a remote show a record of a target, and when a run asks for them."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.builders import state
from vsync.errors import GitUnavailable, ManifestError
from vsync.sync.second_record import Doubt, check_no_second_record, record_in

SEAL, BRANCH = "refs/vsync/default", "refs/heads/vsync-manifest"


@pytest.mark.parametrize(
    ("refs", "branch", "found"),
    [
        ([], "vsync-manifest", []),
        ([SEAL], "vsync-manifest", [SEAL]),
        ([SEAL, BRANCH], "vsync-manifest", [SEAL]),
        (["refs/vsync/code", BRANCH], "vsync-manifest", []),  # of another target
        (["refs/vsync/default/more"], "vsync-manifest", []),
        ([BRANCH], "vsync-manifest", [BRANCH]),  # a copy of the repository without its seals
        (["refs/heads/main"], "main", []),  # everybody has that branch
    ],
)
def test_a_seal_of_the_target_is_a_record_and_so_is_vsyncs_own_branch_without_any_seal(
    refs: list[str], branch: str, found: list[str]
) -> None:
    assert record_in(refs, "default", branch) == found


class Origin:
    """A remote with these refs. None: it does not answer."""

    def __init__(self, *refs: str, answers: bool = True) -> None:
        self.refs = refs
        self.answers = answers
        self.asked = 0

    def __call__(self, names: Collection[str]) -> Collection[str]:
        self.asked += 1
        if not self.answers:
            raise GitUnavailable("git cannot read from https://git.test/acme/docs: timed out.")
        return self.refs


def check(origin: Origin, **given: Any) -> Doubt | None:
    chosen: dict[str, Any] = {"state": None, "push": False, "embedded": None, "unread": None, "keeps": True} | given
    ports: Any = SimpleNamespace(embedded=chosen["embedded"], origin_refs=origin)
    settings = SimpleNamespace(push=chosen["push"], manifest_branch="vsync-manifest")
    context: Any = SimpleNamespace(settings=settings, unread_manifest=chosen["unread"], keeps_manifest=chosen["keeps"])
    recorded: Any = SimpleNamespace(state=chosen["state"], target="default")
    return check_no_second_record(ports, context, recorded)


def test_a_remote_without_a_record_lets_the_run_go_on() -> None:
    origin = Origin("refs/vsync/code")
    assert check(origin) is None
    assert origin.asked == 1


@pytest.mark.parametrize(
    "given", [{"state": state(["a.md"])}, {"push": True}, {"embedded": object()}], ids=["record", "push", "embedded"]
)
def test_a_run_with_a_record_of_its_own_asks_no_remote(given: dict[str, Any]) -> None:
    origin = Origin(SEAL)
    assert check(origin, **given) is None
    assert origin.asked == 0


def test_the_refusal_names_the_ref_and_three_ways_on() -> None:
    with pytest.raises(ManifestError) as refused:
        check(Origin(SEAL))
    assert refused.value.exit_code == 2
    assert SEAL in refused.value.message
    for way in ("--push (input commit: true)", "--target (input target)", f"git push origin --delete {SEAL}"):
        assert way in refused.value.remedy


def test_a_run_that_keeps_no_manifest_is_told_to_keep_it_on_the_remote() -> None:
    with pytest.raises(ManifestError, match="Leave out --manifest none"):
        check(Origin(SEAL), keeps=False)


def test_a_remote_that_does_not_answer_holds_up_nobody_and_the_doubt_is_told() -> None:
    doubt = check(Origin(answers=False))
    assert doubt is not None
    assert "timed out" in str(doubt)
    assert "--push" in str(doubt)


def test_a_record_that_the_clone_has_fetched_counts_when_the_remote_does_not_answer() -> None:
    with pytest.raises(ManifestError, match="as far as this clone knows"):
        check(Origin(answers=False), unread="vsync-manifest")
