"""A document that goes from one target to another in the same store is never missing from it meanwhile."""

from __future__ import annotations

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import world as world
from vsync.config.targets import Target
from vsync.report.report import Report
from vsync.state.publication import Published
from vsync.sync import run as sync_run
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

FILES = {"a/1.md": b"# 1\n", "b/2.md": b"# 2\n", "m/x.md": b"# X\n"}


def _config(a: str, b: str, more: str = "") -> bytes:
    shared = "vector-store-name: shared"
    return f"version: 1\ntargets:\n  a: {{{shared}, include: {a}}}\n  b: {{{shared}, include: {b}{more}}}\n".encode()


BEFORE = _config("[a/**, m/**]", "[b/**]")
AFTER = _config("[a/**]", "[b/**, m/**]")


def _synced(world: World, files: dict[str, bytes] = FILES) -> str:
    world.repo.commit({**files, ".vsync.yml": BEFORE})
    return str(world.sync()[0]["vector_store_id"])


def _owners(world: World, store: str, path: str = "m/x.md") -> list[str]:
    """The targets whose document the store has at that path."""
    with client(world.db) as api:
        attributes = [dict(entry.attributes or {}) for entry in api.vector_stores.files.list(store, limit=100)]
    return sorted(str(found["target"]) for found in attributes if found["path"] == path)


def test_the_target_that_takes_a_document_over_runs_before_the_one_that_deletes_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _synced(world)
    world.repo.commit({".vsync.yml": AFTER})
    seen: list[tuple[str, list[str]]] = []
    real = sync_run.run

    def run(target: Target, ports: Ports, context: RunContext, published: Published | None = None) -> Report:
        report = real(target, ports, context, published)
        seen.append((report.target, _owners(world, store)))
        return report

    monkeypatch.setattr(sync_run, "run", run)
    a, b = world.sync()
    assert (a["target"], a["removed"], b["target"], b["added"]) == ("a", ["m/x.md"], "b", ["m/x.md"])
    assert seen == [("b", ["a", "b"]), ("a", ["b"])]


def test_a_plan_shows_what_the_run_does(world: World) -> None:
    _synced(world)
    world.repo.commit({".vsync.yml": AFTER})
    plans = world.plan()
    assert [(plan["added"], plan["removed"], plan["warnings"]) for plan in plans] == [
        ([], ["m/x.md"], []),
        (["m/x.md"], [], []),
    ]
    reports = world.sync()
    assert [report["plan_id"] for report in reports] == [plan["plan_id"] for plan in plans]


def test_a_document_stays_where_it_is_until_the_other_target_has_it(world: World) -> None:
    store = _synced(world)
    world.repo.commit(
        {"a/3.md": b"# 3\n", ".vsync.yml": _config("[a/**]", "[b/**, m/**]", ', limits: {max-upload: "1B"}')}
    )
    a, b = world.sync(code=4)
    assert b["refused"]
    assert (a["added"], a["removed"]) == (["a/3.md"], [])
    assert a["warnings"] == [
        "m/x.md stays in the store as a document of this target until the target 'b', which takes it over, has it."
    ]
    assert _owners(world, store) == ["a"]
    world.repo.commit({".vsync.yml": AFTER})
    a, b = world.sync()
    assert (a["removed"], b["added"]) == (["m/x.md"], ["m/x.md"])
    assert _owners(world, store) == ["b"]
    assert [report["comparison"]["mode"] for report in world.sync()] == ["diff", "diff"]


def test_a_target_that_runs_alone_keeps_what_another_one_shall_have(world: World) -> None:
    store = _synced(world)
    world.repo.commit({".vsync.yml": AFTER})
    before = world.manifest.read_bytes()
    report = world.sync("--target", "a")
    assert (report["removed"], len(report["warnings"])) == ([], 1)
    assert world.plan("--target", "a")["removed"] == []
    assert (_owners(world, store), world.manifest.read_bytes()) == (["a"], before)
    assert world.sync("--target", "b")["added"] == ["m/x.md"]
    report = world.sync("--target", "a")
    assert (report["removed"], report["warnings"]) == (["m/x.md"], [])
    assert _owners(world, store) == ["b"]


def test_what_another_target_takes_over_is_no_loss_that_a_limit_refuses(world: World) -> None:
    store = _synced(world, {**FILES, **{f"m/{number}.md": b"# %d\n" % number for number in range(12)}})
    world.repo.commit({".vsync.yml": AFTER})
    a, b = world.sync()
    assert (len(a["removed"]), len(b["added"])) == (13, 13)
    assert len(world.audit(store)) == len(FILES) + 12


def test_a_document_that_the_other_target_cannot_have_is_removed(world: World) -> None:
    store = _synced(world)
    world.repo.commit({"m/x.md": b"\0binary", ".vsync.yml": AFTER})
    a, b = world.sync()
    assert (a["removed"], b["added"], [item["path"] for item in b["skipped"]]) == (["m/x.md"], [], ["m/x.md"])
    assert _owners(world, store) == []


def test_targets_that_swap_documents_have_each_once_after_a_second_run(world: World) -> None:
    store = _synced(world)
    world.repo.commit({".vsync.yml": _config("[a/**, b/**]", "[m/**]")})
    a, b = world.sync()
    assert (a["added"], a["removed"], b["added"], b["removed"]) == (["b/2.md"], [], ["m/x.md"], ["b/2.md"])
    assert "m/x.md stays in the store" in a["warnings"][0]
    a, b = world.sync()
    assert (a["removed"], a["warnings"], b["added"]) == (["m/x.md"], [], [])
    assert (_owners(world, store), _owners(world, store, "b/2.md")) == (["b"], ["a"])


def test_targets_with_stores_of_their_own_run_in_the_order_of_the_config(world: World) -> None:
    world.repo.commit({**FILES, ".vsync.yml": BEFORE.replace(b"vector-store-name: shared, ", b"")})
    world.sync()
    world.repo.commit({".vsync.yml": AFTER.replace(b"vector-store-name: shared, ", b"")})
    result = world.vsync("sync")
    assert result.out.index("=== a ===") < result.out.index("=== b ===")
    assert world.state("a")["files"].keys() == {"a/1.md"}
