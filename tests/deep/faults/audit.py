"""What must hold of a store, of its state and of a report. Each check gives a sentence for everything that does not hold."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deep.faults.scenarios import Surrounded
from tests.support.shared import Shared
from tests.support.wire import Sent
from vsync.errors import VsyncError
from vsync.report.report import Report
from vsync.state.journal_record import parse_journal
from vsync.state.manifest import blob_id, content_id
from vsync.state.seal import Seal, trust

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """How a run ended: with a report, or with an error before there was a report."""

    exit_code: int
    reason: str | None
    report: dict[str, Any] | None

    @classmethod
    def of(cls, report: Report | VsyncError) -> Ended:
        if isinstance(report, VsyncError):
            return cls(report.exit_code, report.reason, None)
        return cls(report.exit_code, report.failure_reason, report.to_json())

    @property
    def failed(self) -> set[str]:
        return {item["path"] for item in self.report["failed"]} if self.report else set()

    @property
    def brought(self) -> set[str]:
        """The paths of the documents that the report says this run put into the store."""
        if self.report is None:
            return set()
        return {*self.report["added"], *self.report["updated"], *(pair["to"] for pair in self.report["renamed"])}

    def leftovers(self, verdict: str) -> set[str]:
        found = (self.report or {}).get("leftovers", [])
        return {item["file_id"] for item in found if item["verdict"] == verdict}

    def __str__(self) -> str:
        what = (self.report or {}).get("error") or {}
        return f"exit {self.exit_code} ({self.reason}), failed {sorted(self.failed)}, {what.get('message', '')}"


# --- The store ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Others:
    """Other people's Files and entries, with their contents."""

    files: Mapping[str, tuple[str, bytes]]
    entries: Mapping[tuple[str, str], Attributes]

    @classmethod
    def of(cls, world: Surrounded) -> Others:
        """Reads them as they are now."""
        names = world.uploaded()
        there = {file_id for file_id in world.strangers if file_id in names}
        entries = {
            (store["id"], entry["id"]): {"attributes": entry["attributes"], "status": entry["status"]}
            for store in world.stores()
            for entry in world.pages(f"/vector_stores/{store['id']}/files")
            if entry["id"] in world.strangers
        }
        return cls({file_id: (names[file_id], world.content(file_id)) for file_id in there}, entries)

    def touched(self, world: Surrounded) -> Iterator[str]:
        now = Others.of(world)
        for file_id, (name, _) in self.files.items():
            if now.files.get(file_id) != self.files[file_id]:
                yield f"somebody else's File {file_id} ({name}) was touched"
        stores = {store["id"] for store in world.stores() if store["status"] != "expired"}
        for (store, file_id), entry in self.entries.items():
            if store in stores and now.entries.get((store, file_id)) != entry:
                yield f"somebody else's entry {file_id} in {store} was touched"


def store_is_the_source(world: Surrounded) -> Iterator[str]:
    """Each document of the head is in the store once, with its bytes and their hash, and nothing else of ours."""
    if len(world.own_stores) != 1:
        yield f"there are {len(world.own_stores)} stores of ours"
        return
    entries = world.ours()
    for path, number in (Counter(entry.path for entry in entries)).items():
        if number > 1 or path not in world.files:
            yield f"{path} is in the store {number} times, and should be {int(path in world.files)} times"
    for path in world.files.keys() - {entry.path for entry in entries}:
        yield f"{path} is not in the store"
    for entry in entries:
        if entry.status != "completed":
            yield f"{entry.path} is {entry.status}"
        if entry.content != world.files.get(entry.path, entry.content):
            yield f"{entry.path} has other bytes than the head"
        if entry.attributes["sha256"] != hashlib.sha256(entry.content).hexdigest():
            yield f"{entry.path} has the hash of other bytes"


def at_rest(world: Surrounded) -> Iterator[str]:
    """The store is the source, and what vsync keeps of it says that nothing is left to do."""
    yield from store_is_the_source(world)
    content, manifest, seal = state_bytes(world), world.manifest, world.seal
    state = manifest.targets.get("default") if manifest else None
    if content is None or manifest is None or state is None:
        yield "there is no manifest of the target"
        return
    if state.commit != world.repo.git("rev-parse", "HEAD"):
        yield f"the manifest is of the commit {state.commit}, not of the head"
    recorded = {path: entry.file_id for path, entry in state.files.items()}
    if recorded != {entry.path: entry.file_id for entry in world.ours()}:
        yield "the manifest names other Files than the store has"
    if set(state.pending_delete) & world.uploaded().keys():
        yield f"the manifest still wants to delete {', '.join(state.pending_delete)}"
    if seal is None or seal.state != "closed":
        yield "the seal is not closed" if seal else "there is no seal"
    elif trust(blob_id(content), seal, content_id(manifest, "default")) != "sealed":
        yield "the seal vouches for another manifest"
    for path in journals(world):
        if seal is None or not is_of_the_run_that_closed(path, seal):
            yield f"the journal {path.name} is left"


def state_bytes(world: Surrounded) -> bytes | None:
    """The published manifest, byte for byte."""
    if isinstance(world, Shared):
        return world.manifest_bytes
    return world.manifest_path.read_bytes() if world.manifest_path.exists() else None


def journals(world: Surrounded) -> list[Path]:
    """The journals on the machine that lives on. A machine with a fresh clone has none."""
    return sorted((world.repo.root / ".git" / "vsync").glob("*.journal-*.json"))


def is_of_the_run_that_closed(journal: Path, seal: Seal) -> bool:
    """A run may be killed after it closed the seal and before it removed its journal. Nothing of it is left to do then."""
    record = parse_journal(journal.read_bytes())
    key = f"{seal.run} since {seal.since}"
    return seal.state == "closed" and record is not None and record.runs[:1] == (key,)


def journaled(world: Surrounded) -> set[str]:
    """The Files that these journals prove to be ours."""
    records = [parse_journal(path.read_bytes()) for path in journals(world)]
    return {file_id for record in records if record is not None for file_id in record.uploaded}


def unattached(world: Surrounded) -> set[str]:
    """Our Files that no store lists."""
    attached = {entry["id"] for store in world.stores() for entry in world.pages(f"/vector_stores/{store['id']}/files")}
    return world.uploaded().keys() - attached - world.strangers.keys()


# --- What a report says ----------------------------------------------------------------------------------


def report_is_true(world: Surrounded, ended: Ended) -> Iterator[str]:
    """Every claim of the report is true, and no failure is called a success."""
    current = {
        entry.path
        for store in world.own_stores
        for entry in world.entries(store)
        if entry.file_id not in world.strangers
        and entry.status == "completed"
        and entry.content == world.files.get(entry.path)
    }
    for path in ended.brought - current:
        yield f"the report says that {path} was brought, and it is not there"
    if ended.exit_code == 0:
        yield from (f"exit 0, but {text}" for text in store_is_the_source(world))
    elif ended.exit_code == 1:
        missing = world.files.keys() - current
        if not ended.failed and not (ended.report or {}).get("drift"):
            yield "exit 1 without a failed document"
        for path in missing - ended.failed:
            yield f"exit 1, and {path}, which is not there, is not among the failed"
    yield from _confirmed_nothing_else(world)


def _confirmed_nothing_else(world: Surrounded) -> Iterator[str]:
    manifest = world.manifest
    state = manifest.targets.get("default") if manifest else None
    if state is None or state.vector_store_id not in world.own_stores:
        return
    there = {entry.file_id: entry for entry in world.entries(state.vector_store_id)}
    for path, recorded in state.files.items():
        entry = there.get(recorded.file_id)
        if entry is None:
            if world.taken_away.get(path) == recorded.file_id:
                continue  # not by this run
            yield f"the manifest confirms {path} as {recorded.file_id}, and there is no such entry"
        elif entry.status != "completed" or hashlib.sha256(entry.content).hexdigest() != recorded.sha256:
            yield f"the manifest confirms {path} with other bytes than {recorded.file_id} has"


# --- During a run ------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Watch:
    """Looks at the store before and after each request. No document may become missing, and deletes come last."""

    world: Surrounded
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._found = self._searchable()
        self._moved = {
            old: [new for new in self.world.files if self.world.files[new] == content]
            for old, content in self.world.synced.items()
            if old not in self.world.files
        }
        self._deleting = False

    def __call__(self, sent: Sent) -> None:
        if sent.status is None:
            self._check_order(sent)
        self.look(str(sent))

    def look(self, when: str) -> None:
        now = self._searchable()
        for path in self._found - now:
            instead = self._moved.get(path)
            if path in self.world.files or (instead and not now & set(instead)):
                self._tell(f"{path} cannot be found any more at {when}")

    def _searchable(self) -> set[str]:
        return {
            entry["attributes"].get("path")
            for store in self.world.own_stores
            for entry in self.world.pages(f"/vector_stores/{store}/files", filter="completed")
            if entry["id"] not in self.world.strangers
        }

    def _check_order(self, sent: Sent) -> None:
        if sent.method == "DELETE":
            self._deleting = True
            file_id = sent.path.rpartition("/")[2]
            if file_id in self.world.strangers:
                self._tell(f"{sent} of somebody else's")
            manifest = self.world.manifest
            state = manifest.targets.get("default") if manifest else None
            if state is not None and file_id in {entry.file_id for entry in state.files.values()}:
                self._tell(f"{sent} of a File that the published manifest names")
        elif self._deleting and sent.method == "POST":
            self._tell(f"{sent} after the first delete")

    def _tell(self, text: str) -> None:
        if text not in self.violations:
            self.violations.append(text)


def of_http(method: str, target: str, status: int | None) -> Sent:
    """A server's request in the form in which the wire shows requests."""
    return Sent(0, method, target.partition("?")[0].removeprefix("/v1"), {}, {}, b"", status)


def json_report(stdout: str) -> dict[str, Any] | None:
    """The report on stdout. None when the run ended before it had a report, and printed only its error."""
    try:
        found: dict[str, Any] = json.loads(stdout)
    except ValueError:
        return None
    return found if "failed" in found else None
