"""Laws of the tracker, over random orders of what can happen to Files."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import CHUNKING, document
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store.entries import NewEntry
from vsync.transfer.tracker import MAX_TRIES, Pending, Tracker

PATHS = ["a.md", "b.md", "c.md", "d.md"]


@dataclass(frozen=True)
class Event:
    what: str
    number: int


EVENTS = st.lists(
    st.builds(
        Event,
        st.sampled_from(["confirm", "confirm", "reject", "server_error", "invalid_file", "cancelled", "round"]),
        st.integers(0, 5),
    ),
    max_size=40,
)


def pending(path: str, file_id: str) -> Pending:
    wanted = document(path)
    operation = Operation("upload", path, wanted)
    return Pending(operation, wanted, file_id, "5" * 64, 3, wanted.blob, NewEntry(file_id, {}, CHUNKING), 600.0)


@given(st.lists(st.sampled_from(PATHS), unique=True), EVENTS)
def test_every_file_ends_confirmed_or_discarded_and_every_document_in_one_way(
    paths: list[str], events: list[Event]
) -> None:
    tracker = Tracker(Observer())
    uploaded: list[Pending] = []

    def upload(path: str) -> None:
        uploaded.append(pending(path, f"file-{len(uploaded)}"))
        tracker.uploaded(uploaded[-1])

    for path in paths:
        upload(path)
    for step in events:
        item = uploaded[step.number % len(uploaded)] if uploaded else None
        if step.what == "round":
            for operation in tracker.to_try_again():
                upload(operation.path)
        elif item is None:
            continue
        elif step.what == "confirm":
            tracker.confirm(item)
        elif step.what == "reject":
            tracker.reject(item, "code", "message")
        else:
            tracker.unindexed(item, step.what, "message", 1.0)
    outcome = tracker.outcome(paths)

    confirmed = [entry.file_id for entry in outcome.confirmed.values()]
    assert sorted([*confirmed, *outcome.discarded]) == sorted(item.file_id for item in uploaded)
    assert outcome.confirmed.keys().isdisjoint(outcome.failed)
    assert outcome.unfinished is bool(set(paths) - outcome.confirmed.keys() - outcome.failed.keys())
    for path in paths:
        assert len([item for item in uploaded if item.document.path == path]) <= MAX_TRIES
