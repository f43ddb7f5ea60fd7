"""A law of transfers, over random faults at random requests: no File is forgotten, and no document is there twice."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.transfers import Ran, SickIndex, numbered
from tests.support.wire import Fault, QuickStop, Sent, World, answer, call, cut, delay, lose, refuse

COUNT = 9
KINDS = ["cut", "lose", "500", "502", "already", "unknown", "slow", "401", "page", "stop"]


@dataclass(frozen=True)
class Trouble:
    """One fault: from which request on, and for how many."""

    kind: str
    at: int
    times: int = 1

    def hits(self, sent: Sent) -> bool:
        return self.at <= sent.number < self.at + self.times


TROUBLES = st.lists(
    st.builds(Trouble, st.sampled_from(KINDS), st.integers(1, 22), st.sampled_from([1, 1, 2, 12])), max_size=4
)
SICK = st.dictionaries(st.sampled_from(sorted(numbered(COUNT))), st.sampled_from([1, 2, 9]), max_size=3)


def fault(kind: str, stop: QuickStop) -> Fault:
    return {
        "cut": cut(),
        "lose": lose(),
        "500": refuse(500, "oops"),
        "502": answer(502, "<html>Bad gateway</html>"),
        "already": refuse(400, "File file-x is already attached."),
        "unknown": refuse(404, "No such file"),
        "slow": delay(0.05),
        "401": refuse(401, "Incorrect API key provided."),
        "page": answer(200, "<html>Log in</html>"),
        "stop": call(lambda: stop.request(signal.SIGTERM)),
    }[kind]


@settings(max_examples=max(30, settings().max_examples // 20))
@given(TROUBLES, SICK, st.sampled_from([1, 4]))
@example([Trouble("lose", 10)], {}, 4)
@example([Trouble("lose", 10), Trouble("cut", 11, 12)], {"003.md": 1}, 1)
@example([Trouble("stop", 10), Trouble("lose", 10)], {}, 1)
@example([Trouble("already", 10, 12)], {"001.md": 9}, 4)
def test_whatever_fails_every_file_is_confirmed_or_known_to_be_in_vain(
    troubles: list[Trouble], sick: Mapping[str, int], concurrency: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, stop = World(Path(folder)), QuickStop()
        world.make_store("docs")
        SickIndex(world, sick)
        for trouble in troubles:
            world.wire.when(trouble.hits, fault(trouble.kind, stop))
        ran = Ran(world, numbered(COUNT), concurrency=concurrency, index_timeout_s=1.0, stop=stop)
        ran.check()
        outcome = ran.outcome
        assert outcome.defect is None
        known = {entry.file_id for entry in outcome.confirmed.values()} | set(outcome.discarded)
        assert len(outcome.discarded) == len(set(outcome.discarded))
        # Only an upload whose answer was lost may have left a File that nobody knows of, and the journal names it.
        assert len(world.uploaded().keys() - known) <= len(ran.journal.lost)
        there = [entry.path for entry in world.entries() if entry.file_id not in outcome.discarded]
        assert len(there) == len(set(there))
        if outcome.cause is None:
            assert outcome.confirmed.keys() | outcome.failed.keys() == numbered(COUNT).keys()
        if not troubles:
            assert outcome.failed.keys() == {name for name, times in sick.items() if times > 2}
        world.wire.close()
