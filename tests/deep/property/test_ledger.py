"""Laws of the ledger, over random orders of what can be told to it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import CHUNKING, document
from vsync.errors import ApiUnavailable
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store.entries import NewEntry
from vsync.system.stop import Stop
from vsync.transfer.tracker import MAX_TRIES, Ledger, Pending

PATHS = ["a.md", "b.md", "c.md", "d.md"]


@dataclass(frozen=True)
class Told:
    what: str
    number: int


TOLD = st.lists(
    st.builds(
        Told,
        st.sampled_from(["confirm", "confirm", "reject", "server_error", "invalid_file", "cancelled", "round", "halt"]),
        st.integers(0, 5),
    ),
    max_size=40,
)


def pending(path: str, file_id: str) -> Pending:
    wanted = document(path)
    operation = Operation("upload", path, wanted)
    return Pending(operation, wanted, file_id, "5" * 64, 3, wanted.blob, NewEntry(file_id, {}, CHUNKING), 600.0)


@given(st.lists(st.sampled_from(PATHS), unique=True), TOLD)
def test_every_file_ends_confirmed_or_discarded_and_every_document_in_one_way(
    paths: list[str], told: list[Told]
) -> None:
    ledger = Ledger(Observer(), Stop())
    uploaded: list[Pending] = []

    def upload(path: str) -> None:
        uploaded.append(pending(path, f"file-{len(uploaded)}"))
        ledger.uploaded(uploaded[-1])

    for path in paths:
        upload(path)
    for step in told:
        item = uploaded[step.number % len(uploaded)] if uploaded else None
        if step.what == "halt":
            ledger.halt(ApiUnavailable("away"))
        elif step.what == "round":
            for operation in ledger.to_try_again():
                upload(operation.path)
        elif item is None:
            continue
        elif step.what == "confirm":
            ledger.confirm(item)
        elif step.what == "reject":
            ledger.reject(item, "code", "message")
        else:
            ledger.unindexed(item, step.what, "message", 1.0)
    outcome = ledger.close(paths)

    confirmed = [entry.file_id for entry in outcome.confirmed.values()]
    assert sorted([*confirmed, *outcome.discarded]) == sorted(item.file_id for item in uploaded)
    assert outcome.confirmed.keys().isdisjoint(outcome.failed)
    assert outcome.unfinished is bool(set(paths) - outcome.confirmed.keys() - outcome.failed.keys())
    for path in paths:
        assert len([item for item in uploaded if item.document.path == path]) <= MAX_TRIES
