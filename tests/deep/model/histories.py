"""Random histories of a repository, its store and its runs. A model of them checks each step.

The real code runs over a real repository and the embedded store. The model knows what each commit holds and which Files are
other people's. It knows nothing of how vsync works.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.control import currently_in_test_context
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.deep.faults.audit import is_of_the_run_that_closed
from tests.deep.model.clockwork import chance
from tests.deep.model.faults import DEAD, Death, Trouble, deaths, full_disk, troubles
from tests.deep.model.source import (
    OFFICE,
    Commit,
    Rules,
    Tree,
    after,
    broken,
    changes,
    named_in_store,
    rules,
    sha256,
)
from tests.deep.notes import Told
from tests.deep.product import Timed
from tests.support.gitrepo import Content, Repo
from tests.support.shared import BRANCH, Shared
from tests.support.wire import Fault, Forward, Sent, Wire, World
from vsync.config.origin import Origin
from vsync.embedded import EmbeddedStore
from vsync.errors import SealHeld, VsyncError
from vsync.report.report import Report
from vsync.state import remote as remote_publication
from vsync.state.manifest import TargetState, blob_id, content_id
from vsync.state.manifest_parser import parse_manifest
from vsync.state.seal import Seal, parse_seal, trust
from vsync.system.stop import Stop

TARGETS = ["default", "staging"]
FINAL = {"invalid_file", "unsupported_file"}


_ONE_WAY_S = 0.05


class Clock:
    """The server's clock. Each request takes `tick` seconds."""

    def __init__(self, tick: int) -> None:
        self.now, self.tick = 1_700_000_000, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


class TimedWire(Wire):
    """Each request takes a while on its way, so that other requests are sent in the meantime."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path)
        self.clock = clock

    def _fault(self, sent: Sent) -> Fault:
        fault = super()._fault(sent)

        async def on_its_way(sent: Sent, forward: Forward) -> httpx2.Response:
            await asyncio.sleep(_ONE_WAY_S)
            answered = await fault(sent, forward)
            await asyncio.sleep(_ONE_WAY_S)
            return answered

        return on_its_way

    @property
    def store(self) -> EmbeddedStore:
        if self._store is None:
            self._store = EmbeddedStore(self._path, clock=self.clock)
        return self._store


class TimedWorld(Timed, World):
    pass


class TimedShared(Timed, Shared):
    pass


@dataclass(frozen=True)
class Theirs:
    """Somebody else's File: its name, and the attributes under which each store lists it."""

    name: str
    entries: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Look:
    """Everything that the server holds: Files by id with their names, entries by store and id."""

    files: dict[str, str]
    entries: dict[str, dict[str, Any]]

    def attached(self) -> set[str]:
        return {file_id for entries in self.entries.values() for file_id in entries}


Result = Report | VsyncError
_contents: dict[str, bytes] = {}


class Histories(RuleBasedStateMachine):
    """The state is in files of the repository. When the machine is lost, these files are lost too."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Commit] = []
        self.newest: dict[str, int] = {}
        """The newest workflow run of each target that came to its end."""
        self.manifests: list[bytes] = []
        """The manifests that were published, oldest first."""

    # --- The beginning ------------------------------------------------------------------------------------------

    def make_world(self) -> TimedWorld | TimedShared:
        return TimedWorld(self.folder)

    @initialize(one_store=st.booleans(), tick=st.sampled_from([0, 1]), change=changes)
    def begin(self, one_store: bool, tick: int, change: dict[str, Content]) -> None:
        _contents.clear()
        chance.begin("history")
        self.folder = Path(tempfile.mkdtemp(prefix="vsync-history-"))
        self.told = Told(self.folder / "told")
        self.clock = Clock(tick)
        self.world = self.timed_world()
        self.chosen = dict.fromkeys(TARGETS, Rules())
        self.theirs: dict[str, Theirs] = {}
        self.run_number = 100
        self.violations: list[str] = []
        self.excused: set[str] = set()
        self.listed: set[str] = set()
        self.inferred: set[str] = set()
        self.given_store = self.world.make_store("everybody's") if one_store else None
        self.elsewhere = self.world.make_store("another")
        self.add_commit(after({}, change))

    def timed_world(self) -> World:
        world = self.make_world()
        world.clock = self.clock
        world.wire = TimedWire(world.folder / "store.db", self.clock)
        return world

    # --- Commits ------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Commit:
        return self.history[-1]

    def add_commit(self, tree: Tree) -> None:
        old = self.history[-1].tree if self.history else {}
        gone: dict[str, Content] = {path: None for path in old if path not in tree}
        new = {path: content for path, content in tree.items() if old.get(path) != content}
        made = self.world.repo.commit({**gone, **new})
        self.history.append(Commit(made, tree))
        self.push()

    def push(self) -> None:
        """Pushes the branch where the state is on a remote."""

    @rule(change=changes)
    def commit(self, change: dict[str, Content]) -> None:
        note(f"commit {change}")
        self.add_commit(after(self.head.tree, change))

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        if not self.head.tree:
            return
        old = data.draw(st.sampled_from(sorted(self.head.tree)))
        tree = dict(self.head.tree)
        content = tree.pop(old)
        self.add_commit(tree | {data.draw(st.sampled_from(["moved.md", "docs/moved.txt"])): content})

    @precondition(lambda self: len(self.history) > 1)
    @rule(back=st.integers(1, 3))
    def force_push(self, back: int) -> None:
        del self.history[max(1, len(self.history) - back) :]
        self.world.repo.git("update-ref", "refs/heads/main", self.head.id)
        self.world.repo.forget("main")
        self.push()

    @rule(whose=st.sampled_from(TARGETS), new=rules)
    def change_settings(self, whose: str, new: Rules) -> None:
        self.chosen[whose] = new

    # --- Runs ---------------------------------------------------------------------------------------------------

    @rule(whose=st.sampled_from(TARGETS), numbered=st.booleans())
    def run(self, whose: str, numbered: bool) -> None:
        with self.watched(whose, self.head):
            result = self.sync(whose, number=self.next_number() if numbered else None)
        self.ended_well(whose, self.head, result)

    @rule(whose=st.sampled_from(TARGETS), faults=st.lists(troubles, min_size=1, max_size=2), numbered=st.booleans())
    def run_in_trouble(self, whose: str, faults: list[Trouble], numbered: bool) -> None:
        for fault in faults:
            fault.into(self.world.wire)
        with self.watched(whose, self.head):
            result = self.sync(whose, number=self.next_number() if numbered else None)
        self.ended(whose, self.head, result)

    @rule(whose=st.sampled_from(TARGETS), number=st.integers(1, 6))
    def run_on_a_full_disk(self, whose: str, number: int) -> None:
        real: Any = os.fsync
        os.fsync = cast(Any, full_disk(number))
        try:
            with self.watched(whose, self.head):
                result = self.sync(whose)
        finally:
            os.fsync = real
        self.ended(whose, self.head, result)

    @rule(whose=st.sampled_from(TARGETS), request=st.integers(1, 12), answered=st.booleans())
    def run_that_is_stopped(self, whose: str, request: int, answered: bool) -> None:
        stop = Stop()
        self.meanwhile(request, answered, lambda: stop.request(signal.SIGINT))
        with self.watched(whose, self.head):
            result = self.sync(whose, stop=stop)
        self.ended(whose, self.head, result)

    places: tuple[str, ...] = ("write",)

    @rule(whose=st.sampled_from(TARGETS), data=st.data(), faults=st.lists(troubles, max_size=1))
    def run_that_is_killed(self, whose: str, data: st.DataObject, faults: list[Trouble]) -> None:
        death = data.draw(deaths(*self.places))
        before = self.searchable(whose)
        code = self.sync_and_die(whose, death, faults)
        event(f"killed: {code == DEAD}")
        assert code in {DEAD, *range(20, 30)}, f"the run ended by itself, with {code}"
        self.clock.now += 1_000
        self.still_searchable(whose, self.head, before)

    @precondition(lambda self: self.newest)
    @rule(data=st.data())
    def late_run(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(sorted(self.newest)))
        old = self.history[data.draw(st.integers(0, len(self.history) - 1))]
        look = self.look()
        result = self.sync(target, number=self.newest[target] - 1, commit=old)
        assert isinstance(result, Report), result
        assert (result.superseded, result.exit_code) == (True, 0), result
        assert self.look() == look

    @precondition(lambda self: self.manifests)
    @rule()
    def machine_lost(self) -> None:
        self.world.forget_manifest()
        self.world.forget_seal()
        self.newest.clear()
        look = self.look()
        self.excused |= look.files.keys() - look.attached()
        self.manifests.clear()

    # --- Meanwhile ----------------------------------------------------------------------------------------------

    @rule(
        whose=st.sampled_from(TARGETS),
        request=st.integers(1, 10),
        answered=st.booleans(),
        what=st.sampled_from(["person", "person", "edit", "other target", "second run"]),
        data=st.data(),
    )
    def run_while_something_happens(
        self, whose: str, request: int, answered: bool, what: str, data: st.DataObject
    ) -> None:
        (other,) = [name for name in TARGETS if name != whose]
        seen: list[tuple[str, Result]] = []
        acts: dict[str, Callable[[], None]] = {
            "person": lambda: self.person(data),
            "edit": lambda: self.edit_manifest(data),
            "other target": lambda: seen.append((other, self.in_thread(other))),
            "second run": lambda: seen.append((whose, self.in_thread(whose))),
        }
        self.meanwhile(request, answered, acts[what])
        with self.watched(whose, self.head):
            result = self.sync(whose, number=self.next_number())
        for name, second in seen:
            event(f"meanwhile {what}: {type(second).__name__}")
            if name == whose:
                assert isinstance(second, SealHeld), second
            else:
                self.ended_well(name, self.head, second, again=False)
        if what == "edit":
            self.ended(whose, self.head, result, strict=False)
        else:
            self.ended_well(whose, self.head, result)

    @rule(
        whose=st.sampled_from(TARGETS),
        request=st.integers(1, 12),
        answered=st.booleans(),
        lost=st.booleans(),
        change=st.one_of(st.none(), changes),
    )
    def run_that_is_overtaken(
        self, whose: str, request: int, answered: bool, lost: bool, change: dict[str, Content] | None
    ) -> None:
        """The process is stopped for so long that another run takes over. Then it goes on."""
        old, seen, moments = self.head, [], []

        def overtake() -> None:
            if change is not None:
                self.add_commit(after(old.tree, change))
            seen.append(self.in_thread(whose, overtaking=True))
            self.ended_well(whose, self.head, seen[0], again=False)
            moments.append(len(self.world.wire.sent))

        self.meanwhile(request, answered, overtake, lost=lost)
        before = self.searchable(whose)
        result = self.sync(whose, number=self.next_number(), commit=old)
        event(f"overtaken: {type(result).__name__ if seen else 'no'}")
        assert not self.violations, "\n".join(self.violations)
        if not seen:
            self.world.wire.calm()
            self.ended_well(whose, old, result)
            return
        went_on = writes(self.world.wire, moments[0])
        assert not went_on, f"it went on after it was overtaken: {went_on}"
        self.world.wire.calm()
        self.strangers_are_untouched()
        self.still_searchable(whose, self.head, before)

    def meanwhile(self, number: int, answered: bool, act: Callable[[], None], *, lost: bool = False) -> None:
        """Does something at this request, before or after the server answers. The answer may be lost."""

        def guarded() -> None:
            try:
                act()
            except BaseException as error:  # the SDK would take it for a broken connection
                self.violations.append("".join(traceback.format_exception(error)))

        async def fault(_: Sent, forward: Forward) -> httpx2.Response:
            if not answered:
                guarded()
                if lost:
                    raise httpx2.ReadError("Connection reset by peer")
            found = await forward()
            if answered:
                guarded()
                if lost:
                    raise httpx2.ReadError("Connection reset by peer")
            return found

        checked: Fault = fault
        self.world.wire.when(lambda sent: True, checked, skip=number - 1, times=1)

    def in_thread(self, target: str, *, overtaking: bool = False) -> Result:
        """A whole run in another thread, while the run of this thread stands still."""
        results: list[Result | BaseException] = []
        world = self.timed_world()
        if overtaking:
            self.silence(target)

        def go() -> None:
            try:
                results.append(self.sync(target, number=self.next_number(), world=world, alive=not overtaking))
            except BaseException as error:
                results.append(error)

        thread = threading.Thread(target=go)
        thread.start()
        thread.join(60)
        world.wire.close()
        (result,) = results
        if not isinstance(result, Report | VsyncError):
            raise result
        return result

    def silence(self, target: str) -> None:
        """Makes the seal look as if its holder has been silent for long."""
        for path in (self.world.repo.root / ".git" / "vsync").glob(f"{target}-*.seal.json"):
            os.utime(path, (1, 1))

    # --- People -------------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def person(self, data: st.DataObject) -> None:
        """Somebody uploads a File, perhaps with the name and the bytes of one of our documents."""
        documents = {**self.chosen["default"].documents(self.head.tree), "theirs.md": b"# theirs\n"}
        path = data.draw(st.sampled_from(sorted(documents)))
        name = named_in_store(path)
        file_id = self.world.upload(name, documents[path] if path != OFFICE else b"theirs")
        entries: dict[str, Any] = {}
        store = data.draw(st.sampled_from([None, None, self.elsewhere, *self.our_stores().values()]))
        if store is not None:
            attributes = data.draw(
                st.sampled_from(
                    [
                        {},
                        {"path": name},
                        {"path": name, "owner": "somebody", "target": "default", "source": "other/docs"},
                    ]
                )
            )
            sent = {"file_id": file_id, "attributes": attributes}
            entries[store] = self.world.ask("POST", f"/vector_stores/{store}/files", sent)["attributes"]
        self.theirs[file_id] = Theirs(name, entries)
        tell(f"theirs: {file_id} {name} {entries}")

    @rule(data=st.data())
    def edit_manifest(self, data: st.DataObject) -> None:
        """Somebody rewinds the manifest, merges it badly, deletes it, or writes ids of other people's Files into it."""
        content = self.manifest_bytes()
        if content is None or any(self.seal(name) is None for name in parse_manifest(content, "m").targets):
            return
        how = data.draw(st.sampled_from(["rewind", "merge", "ids", "pending", "delete"]))
        event(f"manifest: {how}")
        tell(f"manifest: {how}")
        if how == "delete":
            self.write_manifest(None)
            return
        edited = json.loads(content)
        target = data.draw(st.sampled_from(sorted(edited["targets"])))
        old = json.loads([*self.manifests, content][data.draw(st.integers(0, len(self.manifests)))])
        state = edited["targets"][target]
        files = state["files"]
        if how == "rewind":
            edited = old
        elif how == "merge" and target in old["targets"]:
            for path, entry in old["targets"][target]["files"].items():
                if data.draw(st.booleans()):
                    files[path] = entry
        elif how == "ids" and files and self.theirs:
            path = data.draw(st.sampled_from(sorted(files)))
            files[path]["file_id"] = data.draw(st.sampled_from(sorted(self.theirs)))
        elif how == "pending" and self.theirs:
            state["pending_delete"] = [
                *state.get("pending_delete", []),
                data.draw(st.sampled_from(sorted(self.theirs))),
            ]
        self.write_manifest((json.dumps(edited, indent=1) + "\n").encode())

    # --- How a run is made --------------------------------------------------------------------------------------

    def next_number(self) -> int:
        self.run_number += 10
        return self.run_number

    def sync(
        self,
        target: str,
        *,
        number: int | None = None,
        commit: Commit | None = None,
        world: World | None = None,
        alive: bool = False,
        **more: Any,
    ) -> Result:
        world = world or self.world
        commit = commit or self.head
        origin = Origin("acme/docs", "1", None if number is None else str(number))
        try:
            with self.checked_out(world, commit, alive) as given:
                report = world.sync(origin=origin, observer=self.told, **self.options(target), **given, **more)
        except VsyncError as error:
            tell(f"run {number} of {target}: {error!r}")
            return error
        tell(f"run {number} of {target}: {report.exit_code} {report.error!r}")
        for item in report.to_json().get("leftovers", ()):
            (self.inferred if item["verdict"] == "deleted" else self.listed).add(item["file_id"])
        if report.exit_code in {0, 1} and not report.superseded and number is not None and self.noted(report):
            self.newest[target] = max(number, self.newest.get(target, 0))
        return report

    def noted(self, report: Report) -> bool:
        """Whether later runs know of this run. In files, a run that finds nothing to do leaves no mark."""
        return bool(report.requests)

    def options(self, target: str) -> dict[str, Any]:
        return {
            "target": target,
            "force": True,
            "index_timeout": "20",
            "lock_timeout": "0",
            "vector_store_id": self.given_store,
            **self.chosen[target].options(),
        }

    @contextlib.contextmanager
    def checked_out(self, world: World, commit: Commit, alive: bool) -> Iterator[dict[str, Any]]:
        """Checks the commit out. Gives the further arguments of its run."""
        if commit is not self.head:
            world.repo.git("update-ref", "refs/heads/main", commit.id)
        try:
            yield {}
        finally:
            if commit is not self.head:
                world.repo.git("update-ref", "refs/heads/main", self.head.id)

    def sync_and_die(self, target: str, death: Death, faults: list[Trouble]) -> int:
        """A run that is to die, in a process of its own. Gives DEAD when it died, else 20 plus its exit code."""
        self.world.wire.close()
        number = self.next_number()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests; the child uses none of them
            child = os.fork()
        if child == 0:
            code = 1
            chance.begin("dying run", number)  # what it draws must not be drawn again after it
            try:
                for fault in faults:
                    fault.into(self.world.wire)
                death.prepare(self.world.wire)
                with self.watched(target, self.head):
                    result = self.sync(target, number=number)
                code = 20 + result.exit_code if result.exit_code < 10 else 29
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        self.world.wire.calm()
        inferred, listed = self.told.leftovers()
        self.inferred |= inferred
        self.listed |= listed
        return os.waitstatus_to_exitcode(status)

    # --- What must be true --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def watched(self, target: str, commit: Commit) -> Iterator[None]:
        """Checks at each deletion and at the end that no wanted document is missing."""
        before = self.searchable(target)

        def watch(sent: Sent) -> None:
            if sent.method == "DELETE" and sent.status is not None and not self.violations:
                try:
                    self.still_searchable(target, commit, before)
                except AssertionError as error:
                    self.violations.append(f"{sent}: {error}")

        self.world.wire.watchers.append(watch)
        yield
        self.world.wire.calm()
        assert not self.violations, "\n".join(self.violations)
        self.still_searchable(target, commit, before)

    def ended_well(self, target: str, commit: Commit, result: Result, *, again: bool = True) -> None:
        """Checks a run without faults: only documents that cannot be indexed may have failed."""
        assert isinstance(result, Report), result
        assert result.error is None, result.error
        wanted = self.chosen[target].documents(commit.tree)
        assert {item["path"] for item in result.documents.failed} <= broken(wanted), result.documents.failed
        self.ended(target, commit, result, again=again)

    def ended(self, target: str, commit: Commit, result: Result, *, again: bool = True, strict: bool = True) -> None:
        """Checks a run that says it ended well: the store holds what the commit holds, and nothing is left to do."""
        self.strangers_are_untouched()
        if not isinstance(result, Report) or result.error is not None:
            return
        wanted = self.chosen[target].documents(commit.tree)
        failed = {item["path"] for item in result.documents.failed}
        if (
            not failed <= broken(wanted)
            or any(item["code"] not in FINAL for item in result.documents.failed)
            or (not wanted and self.state(target) is None)
        ):
            return
        self.store_equals(target, wanted, failed)
        if not strict:
            return
        self.state_equals_store(target)
        content = self.manifest_bytes()
        if content is not None and content not in self.manifests:
            self.manifests.append(content)
        if again:
            self.nothing_left_to_do(target, commit)

    def store_equals(self, target: str, wanted: Mapping[str, bytes], failed: set[str]) -> None:
        entries = self.ours(target)
        paths = Counter(entry["attributes"]["path"] for entry in entries)
        found = {path: count for path, count in paths.items() if path not in failed}
        assert found == {path: 1 for path in wanted if path not in failed}, (found, sorted(wanted), failed)
        chunk_size = self.chosen[target].chunk_size
        for entry in entries:
            attributes = entry["attributes"]
            path = attributes["path"]
            assert entry["status"] == "completed", entry
            if path in failed:
                continue
            assert self.content(entry["id"]) == wanted[path], path
            assert attributes["sha256"] == sha256(wanted[path])
            for key in ("team",):
                assert attributes.get(key) == dict(self.chosen[target].attributes).get(key), entry
            assert entry["chunking_strategy"]["static"]["max_chunk_size_tokens"] == (chunk_size or 800), entry

    def state_equals_store(self, target: str) -> None:
        state, seal, look = self.state(target), self.seal(target), self.look()
        if state is None:
            assert self.ours(target) == []
            return
        assert {path: entry.file_id for path, entry in state.files.items()} == {
            entry["attributes"]["path"]: entry["id"] for entry in self.ours(target)
        }
        assert not set(state.pending_delete) & (look.files.keys() - self.theirs.keys())
        if seal is not None:
            assert seal.state == "closed", f"the seal is {seal.state}"

    def nothing_left_to_do(self, target: str, commit: Commit) -> None:
        self.world.wire.calm()
        content = self.manifest_bytes()
        result = self.sync(target, commit=commit)
        assert isinstance(result, Report), result
        assert (result.error, result.changed) == (None, False), result
        sent = [str(sent) for sent in self.world.wire.sent]
        assert sent == [], sent
        assert self.manifest_bytes() == content

    def still_searchable(self, target: str, commit: Commit, before: Mapping[str, Any]) -> None:
        now = self.searchable(target)
        missing = before.keys() & self.chosen[target].documents(commit.tree).keys() - now.keys()
        assert not missing, f"not searchable any more: {missing}"

    def strangers_are_untouched(self) -> None:
        look = self.look()
        for file_id, theirs in list(self.theirs.items()):
            if file_id not in look.files and not theirs.entries and file_id in self.inferred:
                event("a coincidence: somebody's File was taken for ours, and named in the report")
                del self.theirs[file_id]
                continue
            assert look.files.get(file_id) == theirs.name, f"{file_id} is gone"
            listed = {
                store: entries[file_id]["attributes"] for store, entries in look.entries.items() if file_id in entries
            }
            assert listed == theirs.entries, file_id

    def teardown(self) -> None:
        if not self.history:
            return
        try:
            if sys.exc_info()[0] is None:  # a step that failed is told, and not what follows from it
                self.converges()
        finally:
            self.world.wire.close()
            self.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Undoes what the history changed outside its folder."""

    def converges(self) -> None:
        """The faults are over. Every target comes to rest at the head as it is, and then at a new head."""
        self.world.wire.calm()
        self.comes_to_rest()
        self.add_commit({path: content for path, content in self.head.tree.items() if path != OFFICE})
        self.comes_to_rest()
        self.no_file_is_forgotten()

    def comes_to_rest(self) -> None:
        """Two runs without faults are allowed. One is enough: the second has nothing to do and makes no request."""
        for target in TARGETS:
            self.clock.now += 100
            self.ended_well(target, self.head, self.sync(target), again=False)
        for target in TARGETS:
            self.at_rest(target)
            self.nothing_left_to_do(target, self.head)

    def at_rest(self, target: str) -> None:
        """Store, manifest, seal and journals say that nothing is left to do."""
        wanted = self.chosen[target].documents(self.head.tree)
        if not wanted and self.state(target) is None:
            return  # nothing is selected and nothing is recorded: such a run says so and does nothing
        self.store_equals(target, wanted, broken(wanted))
        self.state_equals_store(target)
        content, seal = self.manifest_bytes(), self.seal(target)
        if content is not None and self.state(target) is not None and (seal is not None or self.always_sealed):
            assert seal is not None, "there is no seal"
            manifest = parse_manifest(content, "the manifest")
            vouched = trust(blob_id(content), seal, content_id(manifest, target))
            assert vouched == "sealed", f"the seal does not vouch for the manifest: {vouched}, {seal}"
        left = [path for path in self.journals(target) if seal is None or not is_of_the_run_that_closed(path, seal)]
        assert not left, "a journal is left"

    always_sealed = False
    """Whether every manifest has its seal. In files, a seal may be lost with its machine."""

    def journals(self, target: str) -> list[Path]:
        return list((self.world.repo.root / ".git" / "vsync").glob(f"{target}-*journal-*.json"))

    def no_file_is_forgotten(self) -> None:
        """A File that no store lists is somebody else's, or a run has named it."""
        look = self.look()
        left = look.files.keys() - look.attached() - self.theirs.keys() - self.excused - self.listed
        names = self.told.unanswered()
        left = {file_id for file_id in left - self.told.stopped() if look.files[file_id] not in names}
        assert not left, f"nobody was told of {left}"

    # --- What is there ------------------------------------------------------------------------------------------

    def look(self) -> Look:
        files = self.world.uploaded()
        stores = [store["id"] for store in self.world.stores()]
        return Look(
            files, {store: {e["id"]: e for e in self.world.pages(f"/vector_stores/{store}/files")} for store in stores}
        )

    def our_stores(self) -> dict[str, str]:
        """The store of each target that has a store."""
        if self.given_store is not None:
            return dict.fromkeys(TARGETS, self.given_store)
        names = {"acme/docs": "default", "acme/docs (staging)": "staging"}
        found = [(names[store["name"]], store["id"]) for store in self.world.stores() if store["name"] in names]
        assert len(dict(found)) == len(found), "a store has a twin"
        return dict(found)

    def ours(self, target: str) -> list[Any]:
        store = self.our_stores().get(target)
        entries = self.world.pages(f"/vector_stores/{store}/files") if store else iter(())
        return [e for e in entries if e["id"] not in self.theirs and e["attributes"].get("target") == target]

    def searchable(self, target: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for entry in self.ours(target):
            if entry["status"] == "completed":
                found.setdefault(entry["attributes"]["path"], []).append(entry["id"])
        return found

    def content(self, file_id: str) -> bytes:
        if file_id not in _contents:
            _contents[file_id] = self.world.content(file_id)
        return _contents[file_id]

    def manifest_bytes(self) -> bytes | None:
        path = self.world.manifest_path
        return path.read_bytes() if path.exists() else None

    def write_manifest(self, content: bytes | None) -> None:
        if content is None:
            self.world.forget_manifest()
        else:
            self.world.manifest_path.write_bytes(content)

    def state(self, target: str) -> TargetState | None:
        content = self.manifest_bytes()
        return parse_manifest(content, "the manifest").targets.get(target) if content else None

    def seal(self, target: str) -> Seal | None:
        found = list((self.world.repo.root / ".git" / "vsync").glob(f"{target}-*.seal.json"))
        return parse_seal(found[0].read_bytes()) if found else None


def tell(text: str) -> None:
    """Gives Hypothesis a note. In another thread it takes none."""
    if currently_in_test_context():
        note(text)


def writes(wire: Wire, since: int) -> list[str]:
    """The requests after the first `since` that change a store. A delete of a File that was detached before is left out."""
    detached = {
        sent.path.rpartition("/")[2] for sent in wire.sent[:since] if sent.is_("DELETE /vector_stores/*/files/*")
    }
    return [
        str(sent)
        for sent in wire.sent[since:]
        if (sent.method == "DELETE" and sent.path.rpartition("/")[2] not in detached)
        or (sent.method == "POST" and sent.path != "/files")
    ]


class RemoteHistories(Histories):
    """The state is on a git remote. Every run has a machine of its own."""

    places = ("push",)
    always_sealed = True

    def make_world(self) -> TimedWorld | TimedShared:
        return TimedShared(self.folder)

    @property
    def shared(self) -> Shared:
        assert isinstance(self.world, Shared)
        return self.world

    def push(self) -> None:
        self.shared.push()

    @contextlib.contextmanager
    def checked_out(self, world: World, commit: Commit, alive: bool) -> Iterator[dict[str, Any]]:
        assert isinstance(world, Shared)
        clone = world.clone("--no-checkout")
        if commit is not self.head:
            clone.git("update-ref", "refs/heads/main", commit.id)
        try:
            yield {"clone": clone, "is_dead": not alive}
        finally:
            shutil.rmtree(clone.root, ignore_errors=True)

    def noted(self, report: Report) -> bool:
        return self.seal(report.target) is not None

    def silence(self, target: str) -> None:
        now = remote_publication._now
        remote_publication._now = lambda: now() + 200.0  # so much has passed for the run that stands still

    def close(self) -> None:
        remote_publication._now = _real_now

    def machine_lost(self) -> None:
        """There is no machine to lose."""

    def manifest_bytes(self) -> bytes | None:
        return self.shared.manifest_bytes if BRANCH in self.shared.refs() and self._has_manifest() else None

    def _has_manifest(self) -> bool:
        return bool(self.shared.bare.git("ls-tree", "-r", BRANCH, ".vsync/manifest.json"))

    def write_manifest(self, content: bytes | None) -> None:
        bare: Repo = self.shared.bare
        bare.forget("vsync-manifest")
        bare.commit({".vsync/manifest.json": content, "note": b"%d" % len(self.manifests)}, branch="vsync-manifest")

    def seal(self, target: str) -> Seal | None:
        ref = f"refs/vsync/{target}"
        if ref not in self.shared.refs():
            return None
        return parse_seal(self.shared.bare.show(ref, "seal.json"))


_real_now = remote_publication._now
