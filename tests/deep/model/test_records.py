"""Streams that chance makes, cut anywhere and resumed, against the documents that their records ask for."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.deep.faults.kinds import INDEXING, spoil
from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import Fault, cut, die, lose, refuse, unreachable
from vsync.errors import ApiUnavailable
from vsync.records.described import Rules
from vsync.records.fields import parse_field

SOAK = settings.get_current_profile_name() == "soak"

_UPLOAD, _ATTACH, _BATCH = "POST /files", "POST /vector_stores/*/files", "POST /vector_stores/*/file_batches"
_WRITES = [_UPLOAD, _ATTACH, _BATCH, "POST /vector_stores/*/files/*", "DELETE /vector_stores/*/files/*"]
_FAULTS: dict[str, Fault] = {
    "lose": lose(),
    "cut": cut(),
    "unreachable": unreachable(),
    "429": refuse(429, "Slow down.", "rate_limit_exceeded"),
    "500": refuse(500, "The server had an error.", "server_error"),
    "503": refuse(503, "Overloaded."),
}


@dataclass(frozen=True)
class Trouble:
    """`times` requests of that kind meet a fault, after `skip` of them went well."""

    what: str
    fault: str
    skip: int
    times: int


@dataclass(frozen=True)
class Part:
    """One run: it begins `again` records before the first that is not acknowledged, and has `most` records.

    `dies` is the request at which its process dies; `answered`: when the server has done it.
    """

    again: int
    most: int
    batch_size: int
    workers: int
    dies: int | None
    answered: bool
    loses_state: bool
    troubles: list[Trouble] = field(default_factory=list)
    spoilt: tuple[str, str] | None = None
    """The name of a File, and how its indexing ends."""


troubles = st.builds(
    Trouble, st.sampled_from([*_WRITES, "DELETE /files/*", "GET /vector_stores/*/files/*"]), st.sampled_from([*_FAULTS]),
    st.integers(0, 4), st.integers(1, 3),
)  # fmt: skip
parts = st.builds(
    Part,
    again=st.integers(0, 4),
    most=st.integers(1, 15),
    batch_size=st.sampled_from([1, 2, 3, 500]),
    workers=st.sampled_from([1, 4]),
    dies=st.none() | st.integers(1, 25),
    answered=st.booleans(),
    loses_state=st.sampled_from([False, False, False, True]),
    troubles=st.lists(troubles, max_size=2),
    spoilt=st.none()
    | st.tuples(
        st.sampled_from(["a.txt", "b.txt", "c.txt", "a.json", "1.json"]),
        st.sampled_from(["server_error at the first try", "server_error at every try", "invalid_file"]),
    ),
)
contents: st.SearchStrategy[Any] = st.sampled_from(
    ["one", "two", "three", None, "", {"a": 1}, {"b": [1, "x"], "a": None}, []]
)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Lines: records of a few keys, mostly in order, some of them twice, late or bad."""
    lines: list[bytes] = []
    for number in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from(["new"] * 7 + ["late", "twice", "bad"]))
        if kind == "bad":
            lines.append(draw(st.sampled_from([b"{", b"[]", b'{"operation": "truncate"}', b"\xff", b"{}"])))
        elif kind == "twice" and lines:
            lines.append(draw(st.sampled_from(lines)))
        else:
            position = 1000 + 10 * number - (draw(st.sampled_from([15, 45, 105])) if kind == "late" else 0)
            lines.append(
                record(
                    draw(st.sampled_from(["a", "b", "c", {"id": 1}, "k" * 300])),
                    draw(contents),
                    position,
                    metadata=draw(st.sampled_from([None, {"opencdc.collection": "t"}, {"lang": "en"}, {"lang": "de"}])),
                    representation=draw(st.sampled_from(["text", "base64"])),
                )
            )
    return lines


def _run(world: StreamWorld, part: Part, lines: list[bytes]) -> None:
    def prepare(world: StreamWorld) -> None:
        world.wire.sent.clear()
        if part.spoilt is not None:
            spoil(world, part.spoilt[0], INDEXING[part.spoilt[1]])
        for trouble in part.troubles:
            world.wire.when(trouble.what, _FAULTS[trouble.fault], skip=trouble.skip, times=trouble.times)
        if part.dies is not None:
            world.wire.when(lambda sent: sent.number == part.dies, die(answered=part.answered))

    given: dict[str, Any] = {"batch_size": part.batch_size, "workers": part.workers}
    if part.dies is not None:
        world.run_and_die(prepare, lines, **given)
    else:
        prepare(world)
        with contextlib.suppress(ApiUnavailable):
            world.run(lines, **given)
    world.wire.calm()


@settings(
    max_examples=1500 if SOAK else 25,
    phases=list(Phase) if SOAK else [Phase.explicit, Phase.generate],  # to shrink takes minutes
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(lines=streams(), parts=st.lists(parts, min_size=1, max_size=4))
def test_a_stream_that_is_cut_anywhere_ends_with_the_documents_that_its_records_ask_for(
    lines: list[bytes], parts: list[Part]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)  # here processes die, not machines
        world = StreamWorld(Path(folder) / "world")
        world.settings["rules"] = Rules(attributes={"lang": parse_field("metadata.lang")})
        world.make_store("somebody's")
        begin, lost = 0, False
        for part in parts:
            if part.loses_state and world.state_path.exists():
                world.lose_state()
                begin, lost = 0, True  # a new state does not know which keys were deleted
            begin = max(0, begin - part.again)
            world.acks_path.unlink(missing_ok=True)
            _run(world, part, lines[begin : begin + part.most])
            acked = [ack["line"] for ack in world.acks]
            assert acked == list(range(1, len(acked) + 1))
            begin += len(acked)
        report = world.run(lines)
        assert report.error is None
        left = len(lines) * len(parts) if lost else 0
        world.check(lines, left=left)
        world.is_quiet(lines)
        world.check(lines, left=left)
        world.wire.close()
