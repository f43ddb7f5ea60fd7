"""The phase without faults finds a product that leaves anything to do, and storms that a seed repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.deep.faults.audit import Others, at_rest, journaled, journals, unattached
from tests.deep.faults.matrix import Storm, weather
from tests.deep.faults.rest import check_files_left, comes_to_rest
from tests.deep.faults.results import Result
from tests.deep.faults.scenarios import OLD, Surrounded, forget, in_a_hurry, ready
from tests.support.wire import die
from vsync.report.report import Report
from vsync.state.journal_record import Record, dump_journal


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    yield
    forget()


class Careless(Surrounded):
    """A broken product: after its first run it leaves something behind."""

    leave: Callable[[Surrounded], None] | None = None

    def sync(self, **given: Any) -> Report:
        report = super().sync(**given)
        leave, self.leave = self.leave, None
        if leave is not None:
            leave(self)
        return report


def _seal_open(world: Surrounded) -> None:
    assert world.seal_path is not None
    world.seal_path.write_text(world.seal_path.read_text().replace('"closed"', '"open"'))


def _seal_of_another_manifest(world: Surrounded) -> None:
    world.manifest_path.write_bytes(world.manifest_path.read_bytes().replace(b'"bytes": ', b'"bytes": 1'))


def _seal_lost(world: Surrounded) -> None:
    world.forget_seal()


def _manifest_lost(world: Surrounded) -> None:
    world.forget_manifest()


def _document_twice(world: Surrounded) -> None:
    entry = world.entry("b.md")
    twin = world.upload("b.md", entry.content)
    sent = {"file_id": twin, "attributes": dict(entry.attributes)}
    world.ask("POST", f"/vector_stores/{world.store_id}/files", sent)


def _document_lost(world: Surrounded) -> None:
    world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{world.entry('b.md').file_id}")


def _other_bytes(world: Surrounded) -> None:
    entry = world.entry("b.md")
    twin = world.upload("b.md", b"# Not B\n")
    world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{entry.file_id}")
    world.ask("DELETE", f"/files/{entry.file_id}")
    sent = {"file_id": twin, "attributes": dict(entry.attributes)}
    world.ask("POST", f"/vector_stores/{world.store_id}/files", sent)


def _file_forgotten(world: Surrounded) -> None:
    world.upload("b.md", OLD["b.md"])


def _journal_left(world: Surrounded) -> None:
    assert world.seal_path is not None
    name = world.seal_path.name.replace(".seal.json", ".journal-00000000.json")
    world.seal_path.with_name(name).write_bytes(dump_journal(Record(("run",))))


CARELESS: dict[str, tuple[Callable[[Surrounded], None], str]] = {
    "seal open": (_seal_open, "the seal is not closed"),
    "seal of another manifest": (_seal_of_another_manifest, "the seal vouches for another manifest"),
    "seal lost": (_seal_lost, "there is no seal"),
    "manifest lost": (_manifest_lost, "there is no manifest of the target"),
    "document twice": (_document_twice, "b.md is in the store 2 times, and should be 1 times"),
    "document lost": (_document_lost, "b.md is not in the store"),
    "other bytes": (_other_bytes, "b.md has other bytes than the head"),
    "File forgotten": (_file_forgotten, "is left, and no report names it"),
    "journal left": (_journal_left, ".journal-00000000.json is left"),
}


def rest(world: Surrounded) -> Result:
    result = Result("update", met=True)
    comes_to_rest(world, result, Others.of(world))
    return result


@pytest.mark.parametrize("how", CARELESS)
def test_a_product_that_leaves_something_is_found(how: str) -> None:
    leave, sentence = CARELESS[how]
    with in_a_hurry(), ready("update", Careless) as world:
        assert isinstance(world, Careless)
        world.leave = leave
        found = rest(world).violations
    assert any(sentence in text for text in found), found


def test_the_journal_of_the_run_that_closed_the_seal_may_be_left() -> None:
    with in_a_hurry(), ready("update") as world:
        assert world.sync().exit_code == 0
        _journal_left(world)
        assert [text for text in at_rest(world) if "journal" in text]
        (journal,), seal = journals(world), world.seal
        assert seal is not None
        journal.write_bytes(dump_journal(Record((f"{seal.run} since {seal.since}",))))
        assert list(at_rest(world)) == []


def test_the_product_comes_to_rest_after_one_run() -> None:
    with in_a_hurry(), ready("update", Careless) as world:
        result = rest(world)
        assert (result.violations, result.rested_after, result.runs) == ([], 1, 2)
        assert list(at_rest(world)) == []


def test_a_file_that_the_journal_proved_must_go_even_if_a_report_names_it() -> None:
    with in_a_hurry(), ready("update") as world:
        ours, doubtful = world.upload("b.md", OLD["b.md"]), world.upload("b.md", OLD["b.md"])
        result = Result("update")
        check_files_left(world, result, ours={ours}, named={ours, doubtful})
    assert result.violations == [f"the File {ours} (b.md) is left, and the journal said that it is ours"]
    assert result.named == 2


def test_the_journal_of_a_dead_run_is_read() -> None:
    with in_a_hurry(), ready("update") as world:
        batch = "POST /vector_stores/*/file_batches"
        assert world.sync_and_die(lambda world: world.wire.when(batch, die(answered=False)))
        assert journaled(world) == unattached(world)
        assert len(journaled(world)) == 3


def test_a_run_after_rest_that_makes_a_request_is_found() -> None:
    with in_a_hurry(), ready("update", Careless) as world:
        assert isinstance(world, Careless)
        world.leave = lambda world: world.settings.update(attributes=[f"turn={len(world.wire.sent)}"])
        found = rest(world).violations
    assert any("the run after it makes requests: " in text for text in found), found


def test_no_storm_says_of_a_file_that_it_is_gone() -> None:
    faults = [weather(Storm("repair", seed), 1, "DELETE /files/*", 1) or "" for seed in range(2_000)]
    assert "409" in faults
    assert not any(fault.startswith("404") for fault in faults)


def test_a_seed_repeats_a_storm_whatever_the_order_of_requests() -> None:
    requests = [(what, number) for what in ("POST /files", "GET /vector_stores/*") for number in range(1, 60)]

    def course(storm: Storm) -> dict[tuple[str, int], str | None]:
        return {request: weather(storm, 1, *request) for request in requests}

    first = course(Storm("repair", 7))
    assert any(first.values())
    assert course(Storm("repair", 7)) == first
    requests.reverse()
    assert course(Storm("repair", 7)) == first
    assert course(Storm("repair", 8)) != first
