"""Puts one fault into one run in this process; then come the runs without faults and the audit."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2

from tests.deep.faults import kinds, over_http
from tests.deep.faults.audit import Ended, Others, Watch
from tests.deep.faults.rest import after_the_fault, comes_to_rest, run_once, watched
from tests.deep.faults.results import Result
from tests.deep.faults.scenarios import SCENARIOS, Machines, Surrounded, in_a_hurry, ready
from tests.deep.notes import Told
from tests.support.wire import Forward, Sent, World, die
from vsync.documents.document import upload_filename

KILLED = {"killed before": False, "killed after": True}
"""Whether the server does what the last request asked before the process is killed."""

STORE_GONE = ("store deleted", "store expired")
LEFT_OUT = "left out of its batch"
STALE = {"killed, then 1 stale list": 1, "killed, then 2 stale lists": 2}


@dataclass(frozen=True, order=True)
class Case:
    """The fault at request `at` of the scenario's run. `fresh`: each run has a new machine, and the state is on a git remote."""

    scenario: str
    fault: str
    at: int
    fresh: bool = False

    @property
    def kind(self) -> str:
        return f"{self.fault}{_on(self)}"

    @property
    def place(self) -> int:
        return self.at

    def __str__(self) -> str:
        return f"{self.scenario}: {self.fault} at request {self.at}{_on(self)}"


@dataclass(frozen=True, order=True)
class Storm:
    """Random faults and deaths in three runs that follow each other."""

    scenario: str
    seed: int

    @property
    def kind(self) -> str:
        return "storm"

    @property
    def place(self) -> int:
        return 0

    def __str__(self) -> str:
        return f"{self.scenario}: storm {self.seed}"


def _on(case: object) -> str:
    return ", fresh machines" if getattr(case, "fresh", False) else ""


def requests_of(scenario: str) -> list[Sent]:
    """The requests that the scenario's run sends when it meets no fault."""
    with in_a_hurry(), ready(scenario) as world:
        assert world.sync().exit_code == 0
        return list(world.wire.sent)


def run_case(case: Case | Storm) -> Result:
    """Runs one case: the run with the fault, then the phase without faults."""
    if isinstance(case, Storm):
        return _run_storm(case)
    result = Result(case)
    with in_a_hurry(), ready(case.scenario, Machines if case.fresh else Surrounded) as world:
        others = Others.of(world)
        run = _faulty(case.fault)
        with watched(world, result):
            ended = run(world, case, result)
        if result.met:
            result.runs += 1
            after_the_fault(world, result, ended, others)
            comes_to_rest(world, result, others, [] if ended is None else [ended])
    return result


Run = Callable[[Surrounded, Case, Result], Ended | None]
"""One run with a fault. Gives how the run ended, or None when it could not report."""


def _faulty(name: str) -> Run:
    if name in KILLED:
        return _killed
    if name in STALE:
        return _killed_then_stale
    if name in STORE_GONE:
        return _store_gone
    if name == LEFT_OUT or name in kinds.INDEXING:
        return _badly_indexed
    if name in over_http.KINDS:
        return _over_http
    if name == "answer lost, no Date":
        return _lost_without_dates
    return _with_a_kind


def _with_a_kind(world: Surrounded, case: Case, result: Result) -> Ended | None:
    kind = kinds.KINDS[case.fault]
    met = kinds.put(world, kind, case.at)
    about_the_api = case.fault.split(",")[0] not in {"400", "404"}
    given = dict(world.settings)
    if kind.lasting and not about_the_api:
        # Such an answer does not end the run. If it comes to every look at the documents, the run waits until the timeout.
        world.settings["index_timeout"] = "1"
    ended = run_once(world)
    world.settings = given
    result.met = bool(met)
    if kind.passes and ended.exit_code != 0:
        result.add([f"the fault should pass, but the run ends with {ended}"])
    deletes = [sent for sent in world.wire.sent if sent.method == "DELETE"]
    if about_the_api and ended.reason in {"api", "credentials", "permission"} and met:
        # Deletes run side by side: a delete that had begun may end its own tries after another one has failed.
        begun = any(sent.number <= met[0].number for sent in deletes)
        after = [] if begun else [str(sent) for sent in deletes]
        result.add(f"{sent} after the API refused or was out of reach" for sent in after)
    return ended


def _lost_without_dates(world: Surrounded, case: Case, result: Result) -> Ended | None:
    world.wire.when(lambda _: True, kinds.undated())
    met = kinds.put(world, kinds.Kind(case.fault, lambda: kinds.undated(kinds.KINDS["answer lost"].make())), case.at)
    ended = run_once(world)
    result.met = bool(met)
    return ended


def _store_gone(world: Surrounded, case: Case, result: Result) -> Ended | None:
    def end(sent: Sent) -> None:
        if sent.number == case.at and sent.status is None and world.own_stores:
            result.met = True
            if (
                world.repairs
            ):  # the repair makes another store, and nothing tells it which Files only the old store listed
                result.excused |= {entry.file_id for entry in world.ours()}
            world.wire.watchers.clear()
            if case.fault == "store expired":
                kinds.expire(world, world.store_id)
            else:
                world.ask("DELETE", f"/vector_stores/{world.store_id}")

    world.wire.watchers[:] = [end]
    ended = run_once(world)
    if result.met and ended.exit_code == 0:
        if _must_notice(world, case.at) and not world.repairs:
            result.add(["exit 0, though the store is gone"])
        world.repairs = True  # nothing tells the next run that the store is gone; a person who misses documents repairs
    return None


def _must_notice(world: Surrounded, at: int) -> bool:
    """Whether the run sent a request that only a store that still exists can answer."""
    asked = ("GET /vector_stores/*", "POST /vector_stores/*/*", "GET /vector_stores/*/file_batches/*")
    return any(sent.number >= at and any(map(sent.is_, asked)) for sent in world.wire.sent)


def _badly_indexed(world: Surrounded, case: Case, result: Result) -> Ended | None:
    """Here `at` counts the documents of the run, not its requests."""
    changed = [path for path in sorted(world.files) if world.files[path] != world.synced.get(path)]
    path = [*world.taken_away, *changed][case.at - 1]
    indexing = kinds.INDEXING.get(case.fault, kinds.Indexing(LEFT_OUT, "", passes=True))
    met = (
        kinds.spoil(world, upload_filename(path), indexing)
        if indexing.status
        else kinds.leave_out(world, upload_filename(path))
    )
    world.settings["index_timeout"] = "1"
    ended = run_once(world)
    result.met = bool(met)
    if met and ended.exit_code != (0 if indexing.passes else 1):
        result.add([f"the run ends with {ended}"])
    if met and indexing.final:
        _refused_for_good(world, path, result)
    return ended


def _refused_for_good(world: Surrounded, path: str, result: Result) -> None:
    """The next run reports the document again and does not try it again. When the document changes, it is tried."""
    world.wire.sent.clear()
    again = run_once(world)
    result.runs += 1
    if again.exit_code != 1 or again.failed != {path}:
        result.add([f"the run after a final refusal ends with {again}"])
    if any(sent.method != "GET" for sent in world.wire.sent):
        result.add([f"the run after a final refusal does {', '.join(map(str, world.wire.sent))}"])
    world.wire.calm()
    world.commit({path: world.files[path] + b"And more.\n"})


def _over_http(world: Surrounded, case: Case, result: Result) -> Ended | None:
    (watch,) = world.wire.watchers
    with over_http.served(world, watch) as door:
        door.meets(case.fault, case.at)
        ended = run_once(world)
    result.met = door.met
    if door.met and ended.exit_code != 0:
        result.add([f"the fault should pass, but the run ends with {ended}"])
    return ended


def _killed(world: Surrounded, case: Case, result: Result) -> Ended | None:
    after = KILLED[case.fault]
    result.met = world.sync_and_die(lambda world: _die_at(world, case.at, after=after), **_given(world))
    return None


def _killed_then_stale(world: Surrounded, case: Case, result: Result) -> Ended | None:
    lists = kinds.stale(world, STALE[case.fault])
    if not world.sync_and_die(lambda world: _die_at(world, case.at, after=True), **_given(world)):
        return None
    world.wire.calm()
    world.wire.when("GET /vector_stores/*/files", lists)
    result.met = True
    result.runs += 1
    return run_once(world)


def _given(world: Surrounded) -> dict[str, object]:
    return {"clone": world.clone()} if isinstance(world, Machines) else {}


def _die_at(world: World, number: int, *, after: bool) -> None:
    world.wire.watchers.clear()
    world.wire.when(lambda sent: sent.number == number, die(answered=after))


# --- Many faults at once ------------------------------------------------------------------------------------------


def _run_storm(storm: Storm) -> Result:
    result = Result(storm, met=True)
    with in_a_hurry(), ready(storm.scenario) as world:
        others = Others.of(world)
        watch = Watch(world)
        notes = Told(world.folder / "notes")
        for turn in range(3):
            code = world.sync_apart(functools.partial(_blow, storm, turn), observer=notes)
            world.wire.close()
            watch.look(f"the end of run {turn + 1}")
            result.runs += 1
            result.endings.append(f"run {turn + 1} ended with {code}")
            if code not in {0, 3, 137}:
                result.add([f"run {turn + 1} ended with a traceback"])
        result.add(watch.violations)
        after_the_fault(world, result, None, others)
        comes_to_rest(world, result, others, named=notes.leftovers()[1])
    return result


SINGLE = tuple(name for name, kind in kinds.KINDS.items() if not kind.lasting)


def weather(storm: Storm, turn: int, what: str, number: int) -> str | None:
    """What becomes of a run's request: the name of a fault, or None. The same arguments always give the same.

    No delete gets a 404: it would say that the File is gone, and nobody could know that this is wrong.
    `what` is the request without ids, `number` which of these requests it is: requests that leave side by side may
    change places, and each of them meets what is meant for it all the same.
    """
    chance = random.Random(f"{storm} {turn} {what} {number}")
    draw = chance.random()
    if draw < 0.04:
        return chance.choice(tuple(KILLED))
    fitting = [name for name in SINGLE if not (what.startswith("DELETE") and name.startswith("404"))]
    return chance.choice(fitting) if draw < 0.25 else None


def _blow(storm: Storm, turn: int, world: World) -> None:
    numbers: Counter[str] = Counter()

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        what = _ID.sub("*", str(sent))
        numbers[what] += 1
        name = weather(storm, turn, what, numbers[what])
        if name is None:
            return await forward()
        made = die(answered=KILLED[name]) if name in KILLED else kinds.KINDS[name].make()
        return await made(sent, forward)

    world.wire.when(lambda _: True, fault)


_ID = re.compile(r"(?<=/)(file-|vs_|vsfb_)\w+")


# --- All of them --------------------------------------------------------------------------------------------------

_ON_FRESH_MACHINES = (
    *KILLED,
    "killed, then 1 stale list",
    "answer lost",
    "done, and 502",
    "half an answer",
    "503, for good",
    "401, for good",
)
_STORMS = 40


def every(*scenarios: str) -> Iterator[Case | Storm]:
    """Every fault at every request of these scenarios, or of all; and of random faults a fixed number of storms."""
    for name in scenarios or SCENARIOS:
        places = range(1, len(requests_of(name)) + 1)
        at_requests = (
            *kinds.KINDS,
            *over_http.KINDS,
            *KILLED,
            *STALE,
            *STORE_GONE,
            "answer lost, no Date",
        )
        yield from (Case(name, fault, at) for fault in at_requests for at in places)
        documents = range(1, SCENARIOS[name].uploads + 1)
        yield from (Case(name, fault, at) for fault in (*kinds.INDEXING, LEFT_OUT) for at in documents)
        yield from (Case(name, fault, at, fresh=True) for fault in _ON_FRESH_MACHINES for at in places)
        yield from (Storm(name, seed) for seed in range(_STORMS))
