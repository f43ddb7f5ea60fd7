"""The check at the end of a history fails when a product leaves anything to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deep.model.histories import Histories, Result

pytestmark = pytest.mark.usefixtures("quick")


def _leave_the_seal_open(machine: Histories) -> None:
    (path,) = (machine.world.repo.root / ".git" / "vsync").glob("default-*.seal.json")
    path.write_text(path.read_text().replace('"closed"', '"open"'))


def _leave_a_document_twice(machine: Histories) -> None:
    (entry, *_) = machine.ours("default")
    store = machine.our_stores()["default"]
    twin = machine.world.upload("a.md", machine.content(entry["id"]))
    sent = {"file_id": twin, "attributes": entry["attributes"]}
    machine.world.ask("POST", f"/vector_stores/{store}/files", sent)


def _lose_a_document(machine: Histories) -> None:
    (entry, *_) = machine.ours("default")
    machine.world.ask("DELETE", f"/vector_stores/{machine.our_stores()['default']}/files/{entry['id']}")


def _forget_a_file(machine: Histories) -> None:
    machine.world.upload("a.md", b"# forgotten\n")


def _leave_a_journal(machine: Histories) -> None:
    folder = machine.world.repo.root / ".git" / "vsync"
    (folder / "default-0123abcd.journal-00000000.json").write_text("{}")


def _change_the_manifest(machine: Histories) -> None:
    content = machine.manifest_bytes()
    assert content is not None
    machine.write_manifest(content.replace(b'"bytes": ', b'"bytes": 1'))


_CARELESS: dict[str, tuple[Callable[[Histories], None], str]] = {
    "seal open": (_leave_the_seal_open, "the seal is open"),
    "document twice": (_leave_a_document_twice, "a.md"),
    "document lost": (_lose_a_document, "a.md"),
    "File forgotten": (_forget_a_file, "nobody was told"),
    "journal left": (_leave_a_journal, "a journal is left"),
    "manifest changed": (_change_the_manifest, "does not vouch"),
}


@pytest.mark.parametrize("how", [None, *_CARELESS])
def test_a_history_ends_only_at_rest(how: str | None) -> None:
    """A product that is careless at the end of each run does not pass. The real one does."""

    class Careless(Histories):
        def sync(self, target: str, **given: Any) -> Result:
            result = super().sync(target, **given)
            if how is not None and target == "default" and self.state(target) is not None:
                _CARELESS[how][0](self)
            return result

    machine = Careless()
    machine.begin(one_store=False, tick=1, change={"a.md": b"# one\n", "b.txt": b"# two\n"})
    try:
        if how is None:
            machine.converges()
        else:
            with pytest.raises(AssertionError, match=_CARELESS[how][1]):
                machine.converges()
    finally:
        machine.history.clear()
        machine.world.wire.close()
