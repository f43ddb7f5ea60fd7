"""What every place for manifest and seal promises a run: the same, whether they are files or stand on a git remote."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.gitrepo import environment
from vsync.errors import SealHeld
from vsync.git.remote import Remote
from vsync.state import remote as remote_module
from vsync.state.figures import Figures
from vsync.state.local import LocalPublication
from vsync.state.manifest import blob_id
from vsync.state.publication import STALE_AFTER_S, Publication, Published
from vsync.state.remote import RemotePublication
from vsync.state.seal import Seal

SINCE = "2024-01-02T03:04:05+00:00"
NAME = ".vsync/manifest.json"
LONG_AGO_S = STALE_AFTER_S + 5


class Kind(Protocol):
    """A place for manifests and seals."""

    def run(self, target: str = "default") -> Publication:
        """A run of its own, on whatever machine."""

    def seal_bytes(self) -> bytes: ...

    def write_seal(self, content: bytes) -> None: ...

    def take_long_ago(self, publication: Publication, seal: Seal) -> None:
        """Takes the seal as a run that has not been heard of since for longer than it may be silent."""

    def end(self) -> None: ...


class Files:
    def __init__(self, folder: Path) -> None:
        self._manifest = folder / NAME
        self._seals = folder / ".git" / "vsync"
        (folder / ".git").mkdir()
        self._made: list[Publication] = []

    def run(self, target: str = "default") -> Publication:
        made = LocalPublication(self._manifest, self._seals, target, NAME)
        self._made.append(made)
        return made

    def _seal(self) -> Path:
        (found,) = self._seals.glob("default-*.seal.json")
        return found

    def seal_bytes(self) -> bytes:
        return self._seal().read_bytes()

    def write_seal(self, content: bytes) -> None:
        self._seal().write_bytes(content)

    def take_long_ago(self, publication: Publication, seal: Seal) -> None:
        publication.take(seal, 0, never)
        then = time.time() - LONG_AGO_S
        os.utime(self._seal(), (then, then))

    def end(self) -> None:
        for publication in self._made:
            publication.release()


class OnRemote:
    def __init__(self, folder: Path) -> None:
        self._bare = folder / "remote.git"
        subprocess.run(["git", "init", "-q", "--bare", "--template=", self._bare], check=True, env=environment())
        self.remotes: dict[int, Remote] = {}

    def run(self, target: str = "default", name: str = NAME) -> Publication:
        remote = Remote(str(self._bare), None, os.environ, pause=lambda _: None)
        made = RemotePublication(remote, name, "vsync-manifest", target, shared=False)
        self.remotes[id(made)] = remote
        return made

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=self._bare, env=environment(), input=stdin, capture_output=True, check=True
        ).stdout

    def seal_bytes(self) -> bytes:
        return self._git("cat-file", "blob", "refs/vsync/default:seal.json")

    def write_seal(self, content: bytes) -> None:
        blob = self._git("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        tree = self._git("mktree", stdin=f"100644 blob {blob}\tseal.json\n".encode()).decode().strip()
        commit = self._git("commit-tree", tree, "-m", "seal").decode().strip()  # in the year 2024
        self._git("update-ref", "refs/vsync/default", commit)

    def take_long_ago(self, publication: Publication, seal: Seal) -> None:
        remote = self.remotes[id(publication)]
        remote.environment["GIT_COMMITTER_DATE"] = f"{time.time() - remote_module._LONG_AGO_S - 5:.0f} +0000"
        publication.take(seal, 0, never)
        del remote.environment["GIT_COMMITTER_DATE"]

    def end(self) -> None:
        for remote in self.remotes.values():
            remote.close()


@pytest.fixture(params=[Files, OnRemote], ids=["files", "remote"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = request.param(tmp_path)
    yield made
    made.end()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets the time pass in which a run need not look whether another one has taken over."""

    def pass_time() -> None:
        now = remote_module._now()
        monkeypatch.setattr(remote_module, "_now", lambda: now + LONG_AGO_S)

    return pass_time


def never(text: str) -> None:
    raise AssertionError(f"nobody had to wait: {text}")


def taken(kind: Kind, run: str = "first", target: str = "default", owner: str | None = "o") -> Publication:
    publication = kind.run(target)
    publication.read()
    publication.take(Seal("open", run, SINCE, "head", owner=owner), 0, never)
    return publication


def seal(kind: Kind, target: str = "default") -> Seal:
    found = kind.run(target).read().seal
    assert found is not None
    return found


DEEDS: dict[str, Callable[[Publication], object]] = {
    "renew": lambda publication: publication.renew(),
    "check": lambda publication: publication.check(),
    "publish": lambda publication: publication.publish(b"never", 9),
    "publish_and_close": lambda publication: publication.publish_and_close(b"never", 9),
    "claim_owner": lambda publication: publication.claim_owner("other", sure=True),
    "close": lambda publication: publication.close(),
    "tell_clock": lambda publication: publication.tell_clock(900),
    "abandon": lambda publication: publication.abandon(),
}


# --- One run --------------------------------------------------------------------------------------------------


def test_nothing_stands_there_before_the_first_run(kind: Kind) -> None:
    found = kind.run().read()
    assert found == Published(None, None)
    assert found.blob is None


def test_taking_opens_the_seal_under_the_runs_name(kind: Kind) -> None:
    assert kind.run().take(Seal("open", "run 1", SINCE, "head", owner="o"), 0, never) is None
    assert seal(kind) == Seal("open", "run 1", SINCE, "head", owner="o")


def test_publishing_vouches_for_the_manifest_while_the_seal_stays_open(kind: Kind) -> None:
    taken(kind).publish(b"the manifest\n", 7, "content")
    found = kind.run().read()
    assert found.manifest == b"the manifest\n"
    assert found.seal == Seal("open", "first", SINCE, "head", 7, blob_id(b"the manifest\n"), "content", "o")


def test_closing_keeps_what_the_seal_vouches_for(kind: Kind) -> None:
    publication = taken(kind)
    publication.publish(b"1", 1)
    publication.publish(b"2", 2)
    publication.close()
    assert seal(kind) == Seal("closed", "first", SINCE, "head", 2, blob_id(b"2"), None, "o")


def test_publishing_and_closing_are_one_when_nothing_is_left_to_do(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 3, "content")
    assert seal(kind) == Seal("closed", "first", SINCE, "head", 3, blob_id(b"1"), "content", "o")


def test_the_seal_is_the_json_of_the_contract(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 5, "content")
    content = kind.seal_bytes()
    data = json.loads(content)
    data.pop("place", None)  # on a remote one seal could be taken for that of another manifest
    assert data == {
        "state": "closed",
        "run": "first",
        "since": SINCE,
        "head": "head",
        "serial": 5,
        "manifest": blob_id(b"1"),
        "content": "content",
        "owner": "o",
    }
    assert content.endswith(b"}\n")


def test_the_seal_that_a_run_of_another_target_left_open_is_known(kind: Kind) -> None:
    run = taken(kind, target="other")
    publication = kind.run()
    publication.read()
    assert publication.left_open((), may_ask=True) == {}  # it may still be at work
    run.release()
    publication.read()
    found = publication.left_open((), may_ask=True)
    assert {target: (seal.run, seal.head) for target, seal in found.items()} == {"other": ("first", "head")}
    assert publication.left_open({"other"}, may_ask=True) == {}
    of_other = kind.run("other")
    of_other.read()
    assert of_other.left_open((), may_ask=True) == {}


def test_seals_of_other_targets_on_a_remote_are_read_only_where_git_may_be_asked(tmp_path: Path) -> None:
    remote = OnRemote(tmp_path)
    dead = remote.run("other")
    remote.take_long_ago(dead, Seal("open", "first", SINCE))
    publication = remote.run()
    publication.read()
    seals = publication.left_open((), may_ask=True)
    assert seals.keys() == {"other"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Remote, "_git", lambda *_, **__: pytest.fail("git was asked"))
        patched.setattr(Remote, "_network", lambda *_, **__: pytest.fail("the remote was asked"))
        assert publication.left_open(()) == {}
        assert publication.left_open((), {"other"}, may_ask=True) == {}
    remote.end()


def test_the_open_seal_of_another_manifest_says_nothing_of_this_one(tmp_path: Path) -> None:
    remote = OnRemote(tmp_path)
    run = remote.run("other", name="another.json")
    run.read()
    run.take(Seal("open", "first", SINCE), 0, never)
    run.release()
    publication = remote.run()
    publication.read()
    assert publication.left_open((), may_ask=True) == {}
    remote.end()


def test_no_seal_of_another_target_is_left_open_where_its_run_has_closed_it(kind: Kind) -> None:
    taken(kind, target="other").publish_and_close(b"1", 1)
    publication = kind.run()
    publication.read()
    assert publication.left_open((), may_ask=True) == {}


def test_the_next_run_keeps_vouching_for_the_manifest_until_it_publishes(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 1, "content")
    publication = kind.run()
    replaced = publication.take(Seal("open", "second", SINCE), 0, never)
    assert (replaced.state, replaced.run) == ("closed", "first") if replaced else None
    found = seal(kind)
    assert (found.state, found.run, found.manifest, found.content) == ("open", "second", blob_id(b"1"), "content")


def test_the_next_run_keeps_the_owner_that_the_last_one_knew(kind: Kind) -> None:
    taken(kind, owner="o").close()
    kind.run().take(Seal("open", "second", SINCE), 0, never)
    assert seal(kind).owner == "o"


def test_abandoning_the_first_run_leaves_no_seal(kind: Kind) -> None:
    taken(kind).abandon()
    assert kind.run().read() == Published(None, None)


def test_abandoning_restores_the_seal_to_the_byte_and_frees_it(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 1)
    before = kind.seal_bytes()
    taken(kind, "second").abandon()
    assert kind.seal_bytes() == before
    taken(kind, "third").close()


def test_abandoning_keeps_the_last_sign_of_life_of_the_run_before(kind: Kind) -> None:
    kind.take_long_ago(kind.run(), Seal("open", "first", SINCE))
    before = seal(kind)
    taken(kind, "second").abandon()
    found = seal(kind)
    assert (found.state, found.run, found.seen) == ("open", "first", before.seen)


def test_abandoning_keeps_the_doubt_that_another_run_left(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 1)
    kind.run().doubt()
    assert seal(kind).state == "open"
    taken(kind, "second").abandon()
    assert seal(kind).state == "open"


def test_doubt_opens_the_seal_until_a_run_has_ended_well(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 1)
    kind.run().doubt()
    kind.run().doubt()
    assert seal(kind).state == "open"
    publication = kind.run()
    replaced = publication.take(Seal("open", "second", SINCE), 0, never)
    assert replaced is not None
    assert replaced.state == "open"
    publication.read()
    publication.publish_and_close(b"2", 2)
    assert seal(kind).state == "closed"


def test_doubt_does_not_hide_that_a_run_came_to_its_end(kind: Kind) -> None:
    taken(kind, "120").publish_and_close(b"1", 1)
    kind.run().doubt()
    assert (seal(kind).state, seal(kind).ended) == ("open", "120")
    taken(kind, "local").publish_and_close(b"2", 2)
    assert seal(kind).ended == "120"


def test_doubt_that_comes_while_another_run_is_at_work_outlasts_it(kind: Kind) -> None:
    publication = taken(kind)
    kind.run().doubt()
    publication.publish_and_close(b"1", 1)
    assert seal(kind).state == "open"


@pytest.mark.parametrize("deed", DEEDS)
def test_a_run_that_has_not_taken_the_seal_may_do_nothing(kind: Kind, deed: str) -> None:
    taken(kind, "other").publish_and_close(b"1", 1)
    before = kind.run().read()
    publication = kind.run()
    publication.read()
    with pytest.raises(SealHeld):
        DEEDS[deed](publication)
    assert kind.run().read() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_a_run_that_has_closed_may_do_nothing_more(kind: Kind, deed: str) -> None:
    publication = taken(kind)
    publication.publish_and_close(b"1", 1)
    before = kind.run().read()
    with pytest.raises(SealHeld):
        DEEDS[deed](publication)
    assert kind.run().read() == before


def test_letting_go_is_harmless_however_often(kind: Kind) -> None:
    kind.run().release()
    publication = taken(kind)
    publication.release()
    publication.release()
    assert seal(kind).state == "open"


# --- Several runs ---------------------------------------------------------------------------------------------


def test_a_second_run_waits_says_so_once_and_gets_it_when_the_first_closes(kind: Kind) -> None:
    first = taken(kind)
    told: list[str] = []
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            first.publish_and_close(b"by the first", 1)

    second = kind.run()
    replaced = second.take(Seal("open", "second", SINCE), 20, told.append, pause)
    assert len(pauses) == 2
    assert len(told) == 1
    assert SINCE in told[0]
    assert "20 s" in told[0]
    assert replaced is not None
    assert (replaced.run, replaced.manifest) == ("first", blob_id(b"by the first"))
    assert (seal(kind).run, seal(kind).manifest) == ("second", blob_id(b"by the first"))


def test_a_second_run_gives_up_after_its_time_and_changes_nothing(kind: Kind) -> None:
    first = taken(kind)
    before = kind.run().read()
    with pytest.raises(SealHeld) as caught:
        kind.run().take(Seal("open", "second", SINCE), 0.2, lambda _: None)
    assert SINCE in str(caught.value)
    assert "--lock-timeout" in str(caught.value)
    assert kind.run().read() == before
    first.publish_and_close(b"still mine", 1)


def test_who_only_looks_waits_as_long_and_takes_nothing(kind: Kind) -> None:
    first = taken(kind)
    told: list[str] = []
    pauses: list[float] = []
    before = kind.seal_bytes()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert kind.seal_bytes() == before
        if len(pauses) == 2:
            first.publish_and_close(b"by the first", 1)

    found = kind.run().wait(20, told.append, pause)
    assert (len(pauses), len(told)) == (2, 1)
    assert found == kind.run().read()
    assert (found.manifest, found.seal and found.seal.run) == (b"by the first", "first")


def test_who_only_looks_gives_up_after_its_time(kind: Kind) -> None:
    first = taken(kind)
    with pytest.raises(SealHeld, match="Another run is at work"):
        kind.run().wait(0, never)
    first.publish_and_close(b"still mine", 1)


def test_who_only_looks_at_a_seal_of_nobody_need_not_wait(kind: Kind) -> None:
    assert kind.run().wait(0, never) == Published(None, None)
    kind.take_long_ago(kind.run(), Seal("open", "first", SINCE))
    found = kind.run().wait(0, never)
    assert found.seal is not None
    assert (found.seal.state, found.seal.run) == ("open", "first")


def test_a_wrong_clock_is_told_in_the_seal_until_the_run_ends(kind: Kind) -> None:
    first = taken(kind)
    first.tell_clock(900)
    first.renew()
    first.publish(b"1", 1)
    assert seal(kind).clock == 900
    first.release()
    second = taken(kind, "second")
    found = seal(kind)
    assert (found.clock, [run.clock for run in found.unfinished]) == (0, [900])
    second.publish_and_close(b"2", 2)


def test_a_run_that_let_go_of_an_open_seal_is_taken_over_at_once(kind: Kind) -> None:
    publication = taken(kind)
    publication.publish(b"1", 1)
    publication.release()
    replaced = kind.run().take(Seal("open", "second", SINCE), 0, never)
    assert replaced is not None
    assert (replaced.state, replaced.run, replaced.manifest) == ("open", "first", blob_id(b"1"))


def test_a_holder_that_was_not_heard_of_for_long_is_taken_over(kind: Kind) -> None:
    kind.take_long_ago(kind.run(), Seal("open", "first", SINCE))
    taken(kind, "second")
    assert seal(kind).run == "second"


def test_a_holder_that_renews_is_not_taken_over(kind: Kind) -> None:
    first = kind.run()
    kind.take_long_ago(first, Seal("open", "first", SINCE))
    first.renew()
    with pytest.raises(SealHeld):
        kind.run().take(Seal("open", "second", SINCE), 0, lambda _: None)
    assert seal(kind).run == "first"


@pytest.mark.parametrize("deed", DEEDS)
def test_a_run_that_was_taken_over_may_change_nothing(kind: Kind, deed: str, later: Callable[[], None]) -> None:
    first = kind.run()
    first.read()
    kind.take_long_ago(first, Seal("open", "first", SINCE, owner="o"))
    second = taken(kind, "second")
    before = kind.run().read()
    later()
    if deed == "abandon":
        give_back(first)
    else:
        with pytest.raises(SealHeld):
            DEEDS[deed](first)
    assert kind.run().read() == before
    second.publish_and_close(b"by the second", 1)
    first.release()
    found = kind.run().read()
    assert found.manifest == b"by the second"
    assert found.seal is not None
    assert found.seal.state == "closed"


def give_back(publication: Publication) -> None:
    """Files know before that they are another's; a push is told so."""
    try:
        publication.abandon()
    except SealHeld:
        return


def test_a_run_that_was_taken_over_and_lets_go_does_not_free_its_successors_seal(kind: Kind) -> None:
    first = kind.run()
    kind.take_long_ago(first, Seal("open", "first", SINCE))
    taken(kind, "second")
    first.release()
    with pytest.raises(SealHeld):
        kind.run().take(Seal("open", "third", SINCE), 0, lambda _: None)


def test_of_many_runs_at_once_one_gets_the_seal(kind: Kind) -> None:
    start = threading.Barrier(4)
    answers: list[str | None] = []

    def take(name: str) -> None:
        publication = kind.run()
        start.wait()
        try:
            publication.take(Seal("open", name, SINCE), 0, lambda _: None)
        except SealHeld:
            answers.append(None)
        else:
            answers.append(name)

    threads = [threading.Thread(target=take, args=(f"run {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [name for name in answers if name is not None]
    assert len(answers) == 4
    assert seal(kind).run == winner


def test_targets_share_the_manifest_and_have_a_seal_each(kind: Kind) -> None:
    one, other = taken(kind, "a", "one"), taken(kind, "b", "other")
    one.publish_and_close(b"1", 1)
    assert other.read().manifest == b"1"
    other.publish_and_close(b"2", 1)
    assert (seal(kind, "one").run, seal(kind, "other").run) == ("a", "b")
    assert kind.run("one").read().manifest == b"2"


def test_first_runs_of_two_targets_agree_on_one_owner(kind: Kind) -> None:
    one, other = taken(kind, "a", "one", owner=None), taken(kind, "b", "other", owner=None)
    assert one.claim_owner("owner of one", sure=False) == "owner of one"
    assert other.claim_owner("owner of other", sure=False) == "owner of one"
    assert (seal(kind, "one").owner, seal(kind, "other").owner) == ("owner of one", "owner of one")


def test_an_owner_that_is_known_for_sure_is_kept(kind: Kind) -> None:
    assert taken(kind).claim_owner("known", sure=True) == "known"
    assert seal(kind).owner == "known"


def test_a_seal_that_cannot_be_read_counts_as_open_and_can_be_taken(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 1)
    kind.write_seal(b'{"state": "clo')
    assert seal(kind).state == "open"
    taken(kind, "second")
    assert (seal(kind).run, seal(kind).manifest) == ("second", None)


def test_a_run_with_nothing_to_do_may_say_so_at_any_time(kind: Kind) -> None:
    publication = kind.run()
    publication.read()
    publication.note("9", "head")
    assert kind.run().read() == Published(None, None)
    taken(kind).publish_and_close(b"1", 1, "content")
    publication.read()
    publication.note("9", "head 9")
    found = seal(kind)
    assert (found.state, found.manifest, found.content) == ("closed", blob_id(b"1"), "content")


# What the store shows

FIGURES = Figures(others=2, usage=70, marks="m", beside=4)


def test_a_closed_seal_keeps_what_the_store_shows(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 3, "content", figures=FIGURES)
    found = seal(kind)
    assert found is not None
    assert found.figures == FIGURES


def test_figures_can_come_with_the_closing(kind: Kind) -> None:
    publication = taken(kind)
    publication.publish(b"1", 3)
    publication.close(FIGURES)
    found = seal(kind)
    assert found is not None
    assert found.figures == FIGURES


def test_figures_of_another_manifest_do_not_outlive_it(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 3, figures=FIGURES)
    second = taken(kind)
    second.publish(b"2", 4)
    second.close()
    found = seal(kind)
    assert found is not None
    assert found.figures is None


def test_figures_outlive_a_run_that_publishes_nothing(kind: Kind) -> None:
    taken(kind).publish_and_close(b"1", 3, figures=FIGURES)
    taken(kind).close()
    taken(kind).abandon()
    found = seal(kind)
    assert found is not None
    assert (found.state, found.figures) == ("closed", FIGURES)
