"""Laws of bulk deletes, over random projects: stores, Files and entries of several owners, and random wishes.

Whatever is wished: nothing goes that the plan does not show, nothing that somebody else uses or the manifest names goes
unasked, all that was asked for is accounted for, and a job that is cut anywhere comes to the same end when it runs again.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.project import DAY, Project, of_vsync, project_in
from tests.support.wire import Sent
from vsync.errors import StoreConflict, VsyncError
from vsync.manage.bulk_report import BulkReport, Deleted
from vsync.manage.chosen import Rules
from vsync.manage.delete_files import FilesWanted
from vsync.manage.delete_stores import StoresWanted
from vsync.manage.detach_files import EntriesWanted
from vsync.manage.filters import Age, EntryFilter, FileFilter, StoreFilter
from vsync.manage.owner import Whose
from vsync.manage.protected import Protected
from vsync.manage.unfinished import Unfinished
from vsync.system.stop import Stop

Wanted: TypeAlias = StoresWanted | FilesWanted | EntriesWanted

SOURCES = ("acme/docs", "acme/api")
NAMES = ("docs", "api", "docs-old")
FILE_NAMES = ("a.md", "b.md", "c.txt")


# --- Projects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spec:
    """A project by numbers. `entries`: the store, the File, and the source of the entry (None: it is not vsync's).

    `named` are the stores that the manifest names; the Files of their entries are its documents.
    """

    stores: list[tuple[str, str | None]]
    files: list[tuple[str, int]]
    entries: list[tuple[int, int, str | None]]
    named: frozenset[int]


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    owner = st.none() | st.sampled_from(SOURCES)
    stores = draw(st.lists(st.tuples(st.sampled_from(NAMES), owner), max_size=4))
    files = draw(st.lists(st.tuples(st.sampled_from(FILE_NAMES), st.sampled_from([0, 3, 40])), max_size=6))
    entries: list[tuple[int, int, str | None]] = []
    if stores and files:
        pairs = st.tuples(st.integers(0, len(stores) - 1), st.integers(0, len(files) - 1), owner)
        entries = draw(st.lists(pairs, max_size=10, unique_by=lambda pair: pair[:2]))
    named = draw(st.frozensets(st.integers(0, len(stores) - 1), max_size=2)) if stores else frozenset[int]()
    return Spec(stores, files, entries, named)


class Built:
    """The project of a spec, and what stands for its numbers."""

    def __init__(self, spec: Spec, project: Project) -> None:
        self.project = project
        begin = project.now
        self.files = []
        for name, days in spec.files:
            project.now = begin - days * DAY
            self.files.append(project.file(name))
        project.now = begin - 10 * DAY
        self.stores = [
            project.store(name, owner=(source, "default") if source else None) for name, source in spec.stores
        ]
        project.now = begin
        for store, file, source in spec.entries:
            project.attach(self.stores[store], self.files[file], **(of_vsync(source) if source else {}))
        for store_id in self.stores:
            project.entries(store_id)  # now all is indexed
        self.protected = Protected(
            {self.stores[store]: ("default",) for store in spec.named},
            {self.files[file]: "a document" for store, file, _ in spec.entries if store in spec.named},
        )

    def state(self) -> tuple[dict[int, set[int]], set[int]]:
        """What there is, by numbers: the Files of each store, and all Files."""
        stores, files = self.project.stores(), self.project.files()
        return (
            {
                number: {self.files.index(file) for file in self.project.entries(store)}
                for number, store in enumerate(self.stores)
                if store in stores
            },
            {number for number, file in enumerate(self.files) if file in files},
        )

    def number(self, item: str) -> str:
        """An id as it is in every project of the spec; any other word as it is."""
        if item in self.stores:
            return f"store {self.stores.index(item)}"
        return f"file {self.files.index(item)}" if item in self.files else item


@contextlib.contextmanager
def built(spec: Spec) -> Iterator[Built]:
    with tempfile.TemporaryDirectory() as folder, project_in(Path(folder)) as project:
        yield Built(spec, project)


# --- Wishes -------------------------------------------------------------------------------------------------

Wish: TypeAlias = Callable[[Built], Wanted]
"""What is wanted, once the ids are known."""

numbers = st.integers(0, 5)
whose = st.sampled_from([Whose(), Whose(owned=True), Whose(owned=False), Whose(source=SOURCES[0])])
ages = st.sampled_from([Age(), Age(older_than_s=5 * DAY), Age(newer_than_s=5 * DAY)])
rules = st.builds(Rules, every=st.just(False), force=st.booleans(), missing_ok=st.booleans(), names=st.just(True))


def some(items: list[str], chosen: list[int]) -> list[str]:
    return [items[number % len(items)] for number in chosen] if items else []


@st.composite
def store_wishes(draw: st.DrawFn, *, filters: bool = True) -> Wish:
    with_files, shared, how = draw(st.booleans()), draw(st.booleans()), draw(rules)
    if filters and draw(st.booleans()):
        names = draw(st.sampled_from([(), ("docs*",), ("api", "docs")]))
        chosen = StoreFilter(names=names, age=draw(ages), empty=draw(st.booleans()), whose=draw(whose))
        how = dataclasses.replace(how, every=draw(st.booleans()) or chosen.is_empty)
        return lambda _: StoresWanted(None, chosen, how, with_files, shared)
    ids, words = draw(st.lists(numbers, max_size=4)), draw(words_beside(NAMES, "vs_none"))
    return lambda made: StoresWanted([*some(made.stores, ids), *words], StoreFilter(), how, with_files, shared)


@st.composite
def file_wishes(draw: st.DrawFn, *, filters: bool = True) -> Wish:
    how = draw(rules)
    if filters and draw(st.booleans()):
        names = draw(st.sampled_from([(), ("*.md",)]))
        attached = draw(st.none() | st.booleans())
        chosen = FileFilter(names=names, age=draw(ages), attached=attached, whose=draw(whose))
        how = dataclasses.replace(how, every=draw(st.booleans()) or chosen.is_empty)
        return lambda _: FilesWanted(None, chosen, how)
    ids, words = draw(st.lists(numbers, max_size=5)), draw(words_beside(FILE_NAMES, "file-none"))
    return lambda made: FilesWanted([*some(made.files, ids), *words], FileFilter(), how)


@st.composite
def entry_wishes(draw: st.DrawFn) -> Wish:
    with_files, shared, missing_ok = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    store, ids = draw(numbers), draw(st.none() | st.lists(numbers, max_size=5))
    chosen = EntryFilter(age=draw(ages), whose=draw(whose))
    every = draw(st.booleans()) or chosen.is_empty

    def wish(made: Built) -> Wanted:
        place = made.stores[store % len(made.stores)] if made.stores else "vs_none"
        given = None if ids is None else [*some(made.files, ids), "file-none"]
        how = Rules(names=False, missing_ok=missing_ok, every=every and given is None)
        return EntriesWanted(place, given, EntryFilter() if given is not None else chosen, how, with_files, shared)

    return wish


def words_beside(names: tuple[str, ...], none: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*names, none, "", "a/b"]), max_size=2)


wishes = store_wishes() | file_wishes() | entry_wishes()


def done_by(made: Built, wish: Wish, **given: Any) -> BulkReport | VsyncError:
    """The report, or why the job was refused."""
    try:
        return made.project.delete(wish(made), protected=made.protected, **given)
    except VsyncError as error:
        return error


def parts(report: BulkReport) -> list[Deleted]:
    return [report.deleted, *([report.files] if report.files else [])]


# --- Laws ---------------------------------------------------------------------------------------------------


@given(specs(), wishes)
def test_what_the_plan_shows_is_what_goes_and_nothing_else(spec: Spec, wish: Wish) -> None:
    with built(spec) as made:
        before = made.state()
        shown = done_by(made, wish, dry_run=True)
        assert made.state() == before
        wanted = wish(made)
        done = done_by(made, wish)
        if isinstance(shown, VsyncError):
            assert type(done) is type(shown)
            assert made.state() == before
            return
        assert isinstance(done, BulkReport)
        shows, does = shown.to_json(), done.to_json()
        for name in ("success", "failed", "spared", "files", "bytes", "breaks"):
            assert shows.get(name) == does.get(name), name
        stores, files = made.state()
        gone = {made.number(item) for part in parts(shown) for item in part.success}
        if isinstance(wanted, EntriesWanted):
            gone = {made.number(item) for item in (shown.files.success if shown.files else ())}
            left = {made.number(item) for item in shown.deleted.success}
            place = made.stores.index(wanted.store_id)
            assert {f"file {file}" for file in stores[place]} == {f"file {file}" for file in before[0][place]} - left
        assert {f"store {number}" for number in stores} == {f"store {number}" for number in before[0]} - gone
        assert {f"file {number}" for number in files} == {f"file {number}" for number in before[1]} - gone
        for number, entries in stores.items():
            if not (isinstance(wanted, EntriesWanted) and made.stores[number] == wanted.store_id):
                assert entries == before[0][number] & files


@given(specs(), wishes)
def test_all_that_was_asked_for_is_accounted_for_once(spec: Spec, wish: Wish) -> None:
    with built(spec) as made:
        wanted = wish(made)
        report = done_by(made, wish)
        assume(isinstance(report, BulkReport))
        assert isinstance(report, BulkReport)
        for part in parts(report):
            told = [*part.success, *(failure.id for failure in part.failed), *(spared.id for spared in part.spared)]
            assert len(told) == len(set(told))
        told = [
            *report.deleted.success,
            *(failure.id for failure in report.deleted.failed),
            *(spared.id for spared in report.deleted.spared),
        ]
        if wanted.given is not None:
            names = {name: made.stores[place] for place, (name, _) in enumerate(spec.stores)}
            names |= {name: made.files[place] for place, (name, _) in enumerate(spec.files)}
            ids = {*made.stores, *made.files}
            assert set(told) == {word if word in ids else names.get(word, word) for word in wanted.given}


@given(specs(), wishes)
def test_what_others_use_and_the_manifest_names_stays_unasked(spec: Spec, wish: Wish) -> None:
    with built(spec) as made:
        wanted = wish(made)
        if isinstance(wanted, EntriesWanted):
            made.protected = Protected()
        before = made.state()
        report = done_by(made, wish)
        stores, files = made.state()
        if isinstance(wanted, StoresWanted | EntriesWanted) and not wanted.shared:
            for number, entries in stores.items():
                if not isinstance(wanted, EntriesWanted) or made.stores[number] != wanted.store_id:
                    assert entries == before[0][number], "a File went that another store lists"
        if isinstance(wanted, StoresWanted | FilesWanted) and not wanted.rules.force:
            assert made.protected.stores.keys() <= {made.stores[number] for number in stores}
            assert made.protected.files.keys() <= {made.files[number] for number in files}
        if isinstance(wanted, StoresWanted | FilesWanted) and wanted.given is None and isinstance(report, BulkReport):
            of = wanted.filter.whose
            if of.source is not None:
                for number in before[1] - files:
                    sources = {source for _, file, source in spec.entries if file == number}
                    assert sources == {of.source} or (
                        sources - {of.source} and isinstance(wanted, StoresWanted) and wanted.shared
                    )


@given(specs(), store_wishes() | file_wishes())
def test_a_dry_run_only_reads(spec: Spec, wish: Wish) -> None:
    with built(spec) as made:
        done_by(made, wish, dry_run=True)
        assert {sent.method for sent in made.project.wire.sent} <= {"GET"}


# --- Jobs that are cut --------------------------------------------------------------------------------------


def resumed(made: Built, wish: Wish, home: Path, cut: Callable[[Built, Stop], None]) -> BulkReport | VsyncError | None:
    """The report of the second run, after a first one that was cut."""
    wanted = wish(made)
    assert isinstance(wanted, StoresWanted | FilesWanted)
    words = wanted.given or ()
    stop = Stop()
    cut(made, stop)
    with Unfinished(home, "job", "api", words) as first, contextlib.suppress(asyncio.CancelledError):
        done_by(made, wish, stop=stop, begun=first.note, earlier=first.done, concurrency=2)
    made.project.wire.calm()
    with Unfinished(home, "job", "api", words) as second:
        return done_by(made, wish, begun=second.note, earlier=second.done)


def stopped_at(at: int) -> Callable[[Built, Stop], None]:
    """A signal comes when that request is sent."""

    def cut(made: Built, stop: Stop) -> None:
        def watch(sent: Sent) -> None:
            if sent.number == at and sent.status is None:
                stop.request(signal.SIGTERM)

        made.project.wire.watchers.append(watch)

    return cut


def dead_at(at: int, *, answered: bool) -> Callable[[Built, Stop], None]:
    """The job ends at that request: before the server has it, or when the server has done it."""

    def cut(made: Built, _: Stop) -> None:
        made.project.wire.when(lambda sent: sent.number >= at, made.project.death(answered=answered))

    return cut


cuts = st.builds(stopped_at, st.integers(1, 20)) | st.builds(dead_at, st.integers(1, 20), answered=st.booleans())


@given(specs(), store_wishes() | file_wishes(filters=False), cuts)
def test_a_job_that_is_cut_and_run_again_ends_as_one_that_is_not(
    spec: Spec, wish: Wish, cut: Callable[[Built, Stop], None]
) -> None:
    with built(spec) as whole, built(spec) as made, tempfile.TemporaryDirectory() as home:
        uncut = done_by(whole, wish)
        assume(isinstance(uncut, BulkReport))
        assert isinstance(uncut, BulkReport)
        again = resumed(made, wish, Path(home), cut)
        assert made.state() == whole.state()
        if wish(made).given is not None:
            assert isinstance(again, BulkReport), again
            failed = {made.number(failure.id) for failure in again.deleted.failed}
            assert failed == {whole.number(failure.id) for failure in uncut.deleted.failed}


@given(specs(), file_wishes(), st.integers(1, 20))
def test_a_job_by_any_filter_that_is_stopped_and_run_again_ends_as_one_that_is_not(
    spec: Spec, wish: Wish, at: int
) -> None:
    with built(spec) as whole, built(spec) as made, tempfile.TemporaryDirectory() as home:
        uncut = done_by(whole, wish)
        assume(isinstance(uncut, BulkReport))
        resumed(made, wish, Path(home), stopped_at(at))
        assert made.state() == whole.state()


@given(specs(), store_wishes(filters=False))
def test_a_name_of_several_stores_changes_nothing(spec: Spec, wish: Wish) -> None:
    with built(spec) as made:
        before = made.state()
        if isinstance(done_by(made, wish), StoreConflict):
            assert made.state() == before
