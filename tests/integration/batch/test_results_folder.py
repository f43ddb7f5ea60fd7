"""The results folder: what is there is never lost, and a run that dies leaves nothing half."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.results import bad, good, lines
from vsync.batch.result_places import kept_path, result_path, summary_path
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.summary_file import Failure, MergedBatch, Summary, dump_summary
from vsync.errors import ConfigurationError, PublicationFailed, VsyncError

PATH = "batch-results/a/b.jsonl"
OLD, MIDDLE, NEW = (hashlib.sha256(name).hexdigest() for name in (b"old", b"middle", b"new"))


def summary_of(content: bytes, sha256: str, batch_id: str = "batch-1", failed: int = 0) -> Summary:
    requests = content.count(b"\n")
    return Summary(
        path="batches/a/b.jsonl",
        sha256=sha256,
        requests=requests,
        completed=requests - failed,
        failed=failed,
        extra=0,
        results_sha256=hashlib.sha256(content).hexdigest(),
        results_bytes=len(content),
        in_input_order=True,
        batches=(MergedBatch(batch_id, "completed", "/v1/responses", "m", 1, 2, requests, None, None, None),),
        failures=tuple(Failure(line, "a", "http_400", "bad", batch_id) for line in range(1, failed + 1)),
        more_failures=0,
    )


def filled(content: bytes, sha256: str, **about: Any) -> Callable[[IO[bytes]], Summary]:
    def fill(file: IO[bytes]) -> Summary:
        file.write(content)
        return summary_of(content, sha256, **about)

    return fill


@dataclasses.dataclass
class World:
    """A repository with a results folder."""

    root: Path
    warnings: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = ResultsFolder(self.root, "batch-results", warn=self.warnings.append)

    def write(self, content: bytes, sha256: str = NEW, path: str = PATH, **about: Any) -> None:
        self.folder.write(path, sha256, filled(content, sha256, **about))

    def files(self) -> dict[str, bytes]:
        """All files below the results folder, but for summaries."""
        found = sorted(path for path in (self.root / "batch-results").rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.root / "batch-results")): path.read_bytes()
            for path in found
            if not path.name.endswith(".summary.json")
        }

    def names(self) -> list[str]:
        """All names in the folder of the results."""
        return sorted(path.name for path in (self.root / PATH).parent.iterdir())

    def base(self, sha256: str = NEW) -> bytes | None:
        file = self.folder.open_base(PATH, sha256)
        if file is None:
            return None
        with file:
            return file.read()

    def results(self, path: str = PATH) -> bytes:
        return (self.root / path).read_bytes()


@pytest.fixture(autouse=True)
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk keeps of a file is tested with `beneath`. Here, waiting for it would take long."""

    def fsync(descriptor: int) -> None:
        os.fstat(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


ONE, TWO = lines(good("a", "1")), lines(good("a", "2"), good("b"))


def test_results_and_their_summary_are_written_and_found_again(world: World) -> None:
    world.folder.check_writable()
    assert not (world.root / "batch-results").exists()
    assert world.folder.summary(PATH) is None
    world.write(ONE)
    assert world.results() == ONE
    assert world.folder.summary(PATH) == summary_of(ONE, NEW)
    assert world.folder.is_current(PATH, NEW, "batch-1")
    assert not world.folder.is_current(PATH, NEW, "batch-2")
    assert not world.folder.is_current(PATH, OLD, "batch-1")
    assert world.names() == ["b.jsonl", "b.summary.json"]
    assert stat.S_IMODE((world.root / PATH).stat().st_mode) == 0o644


def test_results_that_the_summary_does_not_describe_are_not_current_but_a_base(world: World) -> None:
    world.write(ONE)
    (world.root / PATH).write_bytes(TWO)
    assert not world.folder.is_current(PATH, NEW, "batch-1")
    assert world.base() == TWO
    assert world.base(OLD) is None
    (world.root / PATH).unlink()
    assert world.base() is None
    assert not world.folder.is_current(PATH, NEW, "batch-1")


def test_results_are_merged_into_themselves(world: World) -> None:
    world.write(ONE)

    def fill(file: IO[bytes]) -> Summary:
        content = (world.base() or b"") + TWO
        file.write(content)
        return summary_of(content, NEW)

    world.folder.write(PATH, NEW, fill)
    assert world.results() == ONE + TWO


def test_complete_means_a_good_result_for_each_request_of_this_content(world: World) -> None:
    assert not world.folder.complete(PATH, NEW)
    world.write(lines(bad("a")), failed=1)
    assert not world.folder.complete(PATH, NEW)
    world.write(ONE)
    assert world.folder.complete(PATH, NEW)
    assert not world.folder.complete(PATH, OLD)
    (world.root / PATH).write_bytes(TWO)
    assert not world.folder.complete(PATH, NEW)
    world.write(ONE)
    world.folder.keep_old(PATH)
    assert world.folder.complete(PATH, NEW)


# --- Results of another content -----------------------------------------------------------------------------


def test_results_of_another_content_are_kept(world: World) -> None:
    world.write(ONE, OLD)
    world.write(TWO, NEW)
    assert world.files() == {"a/b.jsonl": TWO, f"a/b.{OLD[:12]}.jsonl": ONE}
    assert world.folder.is_current(PATH, NEW, "batch-1")
    assert world.folder.is_current(kept_path(PATH, OLD), OLD, "batch-1")


def test_a_reverted_file_gets_its_results_back(world: World) -> None:
    world.write(ONE, OLD)
    world.write(TWO, NEW)
    assert world.folder.promote(PATH, OLD)
    assert world.files() == {"a/b.jsonl": ONE, f"a/b.{NEW[:12]}.jsonl": TWO}
    assert world.folder.is_current(PATH, OLD, "batch-1")
    assert not world.folder.promote(PATH, OLD)
    assert world.names() == sorted(["b.jsonl", "b.summary.json", f"b.{NEW[:12]}.jsonl", f"b.{NEW[:12]}.summary.json"])


def test_nothing_is_moved_where_nothing_is(world: World) -> None:
    assert world.folder.keep_old(PATH) is None
    assert not world.folder.promote(PATH, NEW)
    assert not (world.root / "batch-results").exists()


def test_a_summary_whose_results_are_nowhere_brings_nothing_back(world: World) -> None:
    world.write(ONE, OLD)
    kept = world.folder.keep_old(PATH)
    assert kept is not None
    (world.root / kept).unlink()
    assert not world.folder.promote(PATH, OLD)
    assert world.files() == {}


@pytest.mark.parametrize("stem", ["質" * 80, "x" * 223, "x" * 300], ids=["80 signs", "223 letters", "300 letters"])
def test_results_of_a_request_file_with_a_long_name_keep_their_summary(world: World, stem: str) -> None:
    path = result_path(f"batches/{stem}.jsonl", "batches", "batch-results")
    world.write(ONE, path=path)
    folder = ResultsFolder(world.root, "batch-results")
    folder.reserve([path])
    assert folder.places_of(NEW) == [path]
    assert folder.promote(path, NEW) is None
    assert folder.is_current(path, NEW, "batch-1")


@pytest.mark.parametrize("place", [PATH, summary_path(PATH)])
def test_a_folder_in_the_place_of_results_or_of_their_summary_is_named(world: World, place: str) -> None:
    (world.root / place).mkdir(parents=True)
    with pytest.raises(PublicationFailed, match=f"{place} cannot be written: Is a directory"):
        world.write(ONE)
    assert world.files() == {}


def test_kept_results_stay_where_the_path_has_results_of_this_content_already(world: World) -> None:
    world.write(ONE, OLD)
    world.folder.keep_old(PATH)
    world.write(TWO, OLD)
    assert not world.folder.promote(PATH, OLD)
    assert world.files() == {"a/b.jsonl": TWO, f"a/b.{OLD[:12]}.jsonl": ONE}


def test_better_results_that_are_kept_already_are_not_replaced_by_worse_ones(world: World) -> None:
    world.write(TWO, OLD)
    kept = world.folder.keep_old(PATH)
    world.write(lines(good("a"), bad("b")), OLD, failed=1)
    assert world.folder.keep_old(PATH) == kept
    assert world.results(kept or "") == TWO
    assert len(world.files()) == 2
    world.write(ONE + TWO, OLD)
    world.folder.keep_old(PATH)
    assert world.results(kept or "") == ONE + TWO


def test_results_without_a_summary_are_not_ours_and_are_renamed(world: World) -> None:
    (world.root / "batch-results/a").mkdir(parents=True)
    (world.root / PATH).write_bytes(b"mine\n")
    own = hashlib.sha256(b"mine\n").hexdigest()
    world.write(ONE)
    assert world.files() == {"a/b.jsonl": ONE, f"a/b.kept-{own[:12]}.jsonl": b"mine\n"}
    assert "renamed" in world.warnings[0]
    (world.root / summary_path(PATH)).unlink()
    (world.root / PATH).write_bytes(b"mine\n")
    world.write(ONE)
    assert world.files()[f"a/b.kept-{own}.jsonl"] == b"mine\n"


def test_what_stands_at_the_kept_name_of_another_content_is_not_lost(world: World) -> None:
    world.write(ONE, OLD)
    (world.root / kept_path(PATH, OLD)).write_bytes(b"mine\n")
    world.write(TWO, NEW)
    assert sorted(world.files().values()) == sorted([ONE, TWO, b"mine\n"])
    assert world.folder.is_current(kept_path(PATH, OLD), OLD, "batch-1")


# --- Results elsewhere in the folder -------------------------------------------------------------------------

ELSEWHERE = "batch-results/other/x.jsonl"


def test_results_of_a_content_are_found_wherever_they_are(world: World) -> None:
    assert world.folder.places_of(NEW) == []
    World(world.root).write(ONE, path=ELSEWHERE)
    World(world.root).write(TWO, OLD)
    other = World(world.root)
    assert other.folder.places_of(NEW) == [ELSEWHERE]
    assert other.folder.complete(PATH, NEW)
    assert other.folder.nearest(PATH, NEW) == ELSEWHERE
    assert other.folder.nearest(PATH, OLD) == PATH
    assert other.folder.is_anywhere(PATH, NEW, "batch-1")
    assert not other.folder.is_anywhere(PATH, NEW, "batch-2")
    assert other.folder.place_of_old(PATH, MIDDLE) == kept_path(PATH, MIDDLE)
    assert other.folder.place_of_old(PATH, NEW) == ELSEWHERE


def test_what_is_written_and_moved_is_found_without_reading_the_folder_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    walk = os.fwalk

    def fwalk(*args: Any, **options: Any) -> Any:
        reads.append(args)
        return walk(*args, **options)

    monkeypatch.setattr(os, "fwalk", fwalk)
    world.write(TWO, OLD)
    assert world.folder.places_of(NEW) == []
    world.write(ONE)
    assert world.folder.places_of(NEW) == [PATH]
    assert world.folder.places_of(OLD) == [kept_path(PATH, OLD)]
    (world.root / PATH).unlink()
    assert world.folder.places_of(NEW) == []
    assert len(reads) == 1


def test_the_best_results_of_a_content_come_first(world: World) -> None:
    for path, content, failed in (
        ("a", lines(good("a"), bad("b")), 1),
        ("b", TWO, 0),
        ("c", lines(*[good("x")] * 3), 0),
    ):
        World(world.root).write(content, path=f"batch-results/{path}.jsonl", failed=failed)
    (world.root / "batch-results/c.jsonl").write_bytes(b"changed\n")
    assert world.folder.places_of(NEW) == [f"batch-results/{path}.jsonl" for path in "bac"]


def test_results_are_brought_from_where_they_are_and_are_named_anew(world: World) -> None:
    world.write(ONE, path=ELSEWHERE)
    assert world.folder.promote(PATH, NEW, request="batches/new.jsonl") == ELSEWHERE
    assert world.files() == {"a/b.jsonl": ONE}
    assert world.folder.summary(ELSEWHERE) is None
    summary = world.folder.summary(PATH)
    assert summary == dataclasses.replace(summary_of(ONE, NEW), path="batches/new.jsonl")
    assert world.folder.places_of(NEW) == [PATH]


def test_results_beside_a_request_file_of_the_same_content_are_copied(world: World) -> None:
    world.write(ONE, path=ELSEWHERE)
    world.write(TWO, OLD)
    assert world.folder.promote(PATH, NEW, request="batches/new.jsonl", beside={ELSEWHERE}) == ELSEWHERE
    assert world.files() == {"a/b.jsonl": ONE, f"a/b.{OLD[:12]}.jsonl": TWO, "other/x.jsonl": ONE}
    for path in (PATH, ELSEWHERE):
        assert world.folder.is_current(path, NEW, "batch-1")


def test_links_and_what_is_odd_are_not_found(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = World(tmp_path_factory.mktemp("outside"))
    outside.write(ONE)
    folder = world.root / "batch-results"
    (folder / "deep" / "/".join(["x"] * 120)).mkdir(parents=True)
    (folder / "a").symlink_to(outside.root / "batch-results/a")
    (folder / "b.jsonl").symlink_to(outside.root / PATH)
    (folder / "b.summary.json").write_bytes(dump_summary(summary_of(ONE, NEW)))
    (folder / "c.jsonl").symlink_to(outside.root / PATH)
    (folder / "c.summary.json").symlink_to(outside.root / summary_path(PATH))
    (folder / "d.jsonl").mkdir()
    (folder / "d.summary.json").write_bytes(dump_summary(summary_of(ONE, NEW)))
    (folder / "e.jsonl").write_bytes(ONE)
    (folder / "e.summary.json").write_bytes(b"mine")
    (folder / os.fsdecode(b"f\xff.jsonl")).write_bytes(ONE)
    assert not world.folder.complete("batch-results/z.jsonl", NEW)
    assert not world.folder.is_current("batch-results/d.jsonl", NEW, "batch-1")
    assert not world.folder.is_current("batch-results/c.jsonl", NEW, "batch-1")
    assert world.warnings == []


def test_a_link_in_the_place_of_results_is_never_read_for_others(world: World, tmp_path: Path) -> None:
    (tmp_path / "outside.jsonl").write_bytes(ONE)
    (world.root / "batch-results").mkdir()
    (world.root / "batch-results/b.jsonl").symlink_to(tmp_path / "outside.jsonl")
    (world.root / "batch-results/b.summary.json").write_bytes(dump_summary(summary_of(ONE, NEW)))
    for beside in (set[str](), {"batch-results/b.jsonl"}):
        assert world.folder.promote(PATH, NEW, beside=beside) is None
    with pytest.raises(ConfigurationError, match="symbolic link"):
        world.write(ONE, path="batch-results/b.jsonl")
    assert (tmp_path / "outside.jsonl").read_bytes() == ONE


# --- Names for old results -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reserved", "results of others", "a folder", "a link"])
def test_old_results_take_no_name_that_is_anothers(world: World, how: str) -> None:
    kept = kept_path(PATH, OLD)
    if how == "results of others":
        world.write(TWO, MIDDLE, path=kept)
    world.write(ONE, OLD)
    if how == "reserved":
        world.folder.reserve({PATH, kept})
    elif how == "a folder":
        (world.root / kept).mkdir()
    elif how == "a link":
        (world.root / kept).symlink_to("nowhere")
    world.write(lines(good("new")))
    assert world.folder.places_of(OLD) == [kept_path(PATH, OLD, 64)]
    assert world.folder.complete(PATH, OLD)
    assert world.folder.complete(kept, MIDDLE) == (how == "results of others")
    assert world.folder.promote(PATH, OLD)
    assert world.results() == ONE


def test_where_a_file_stands_in_the_place_of_a_folder_old_results_go_to_the_top(world: World) -> None:
    world.write(TWO, MIDDLE, path="batch-results/a.jsonl")
    place = world.folder.place_of_old("batch-results/a.jsonl/b.jsonl", OLD)
    assert place == f"batch-results/a.jsonl~b.{OLD}.jsonl"
    world.write(ONE, OLD, path=place)
    assert world.folder.place_of_old("batch-results/a.jsonl/b.jsonl", OLD) == place
    assert World(world.root).folder.place_of_old("batch-results/a.jsonl/b.jsonl", OLD) == place
    assert world.folder.complete("batch-results/a.jsonl", MIDDLE)


# --- Hostile and damaged -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"<<<<<<< HEAD\n", b"[" * 100_000, b" " * 9_000_000])
def test_a_damaged_summary_counts_as_none_and_is_told_once(world: World, content: bytes) -> None:
    world.write(ONE)
    (world.root / summary_path(PATH)).write_bytes(content)
    assert world.folder.summary(PATH) is None
    assert not world.folder.complete(PATH, NEW)
    assert len(world.warnings) == 1
    world.write(TWO)
    assert sorted(world.files().values()) == sorted([ONE, TWO])


def test_what_a_newer_vsync_wrote_is_an_error_that_changes_nothing(world: World) -> None:
    world.write(ONE, OLD)
    newer = dump_summary(summary_of(ONE, OLD)).replace(b'"version": 1', b'"version": 2')
    (world.root / summary_path(PATH)).write_bytes(newer)
    calls: list[Callable[[ResultsFolder], object]] = [
        lambda folder: folder.reserve({PATH}),
        lambda folder: folder.complete(ELSEWHERE, NEW),
        lambda folder: folder.summary(PATH),
        lambda folder: folder.keep_old(PATH),
        lambda folder: folder.promote(PATH, NEW),
        lambda folder: folder.write(PATH, NEW, filled(TWO, NEW)),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match=r"b\.summary\.json was written by a newer vsync"):
            call(World(world.root).folder)
    assert world.files() == {"a/b.jsonl": ONE}
    assert (world.root / summary_path(PATH)).read_bytes() == newer


@pytest.mark.parametrize("place", ["batch-results", "batch-results/a", PATH, summary_path(PATH)])
def test_no_link_is_followed(world: World, tmp_path_factory: pytest.TempPathFactory, place: str) -> None:
    outside = tmp_path_factory.mktemp("outside")
    target = outside / "target"
    if place in {PATH, summary_path(PATH)}:
        target.write_bytes(b"theirs\n")
    else:
        target.mkdir()
    (world.root / place).parent.mkdir(parents=True, exist_ok=True)
    (world.root / place).symlink_to(target)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        world.write(ONE)
    if place == PATH:
        (world.root / summary_path(PATH)).write_bytes(dump_summary(summary_of(ONE, NEW)))
    with pytest.raises(ConfigurationError, match="symbolic link"):
        world.folder.complete(PATH, NEW)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        world.folder.open_base(PATH, NEW)
    assert [path.name for path in outside.rglob("*")] == ["target"]
    assert target.is_dir() or target.read_bytes() == b"theirs\n"


def test_a_link_to_nothing_is_not_followed_either(world: World, tmp_path: Path) -> None:
    (tmp_path / "batch-results").symlink_to(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="--results"):
        world.folder.check_writable()
    with pytest.raises(ConfigurationError, match="symbolic link"):
        world.write(ONE)
    assert not (tmp_path / "missing").exists()


def test_a_pipe_in_the_place_of_results_stops_nobody(world: World) -> None:
    (world.root / "batch-results/a").mkdir(parents=True)
    os.mkfifo(world.root / PATH)
    with pytest.raises(PublicationFailed, match="no regular file"):
        world.write(ONE)


def test_a_file_in_the_place_of_a_folder_is_told(world: World) -> None:
    (world.root / "batch-results").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="batch-results cannot be written: Not a directory"):
        world.folder.check_writable()
    assert world.folder.summary(PATH) is None
    with pytest.raises(PublicationFailed, match="Not a directory"):
        world.write(ONE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_before_anything_else(world: World) -> None:
    world.root.chmod(0o555)
    try:
        with pytest.raises(ConfigurationError, match="Permission denied"):
            world.folder.check_writable()
    finally:
        world.root.chmod(0o755)


def test_a_folder_that_access_refuses_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        world.folder.check_writable()


# --- Failures and deaths -------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_files_and_no_temporary_ones(world: World) -> None:
    world.write(ONE)

    def fill(file: IO[bytes]) -> Summary:
        file.write(TWO)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(PublicationFailed, match="No space left") as caught:
        world.folder.write(PATH, NEW, fill)
    assert caught.value.exit_code == 3
    assert world.files() == {"a/b.jsonl": ONE}
    assert world.folder.is_current(PATH, NEW, "batch-1")


class Killed(BaseException):
    """The run ends here."""


STEPS = ["open", "replace", "unlink", "fsync", "mkdir", "fchmod"]


@dataclasses.dataclass
class Deaths:
    """Ends a run before or after its n-th call of the system. A dead run cleans nothing up."""

    patch: pytest.MonkeyPatch
    at: int = -1
    after: bool = False
    calls: int = 0

    def __post_init__(self) -> None:
        for name in STEPS:
            self.patch.setattr(os, name, self._dying(getattr(os, name)))

    def _dying(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*args: Any, **options: Any) -> Any:
            self.calls += 1
            # A dead run does nothing more.
            if self.calls > self.at >= 0 or (self.calls == self.at and not self.after):
                raise Killed
            result = call(*args, **options)
            if self.calls == self.at:
                if call.__name__ == "open":
                    os.close(result)
                raise Killed
            return result

        return dying


def killed_at_each_step(
    tmp_path: Path, prepare: Callable[[World], None], act: Callable[[World], object]
) -> Iterator[World]:
    """Worlds in which a run of `act` died at one of its steps. The last one is the world in which it did not."""
    for after in (False, True):
        for at in range(1, 1_000):
            world = World(tmp_path / f"{at}-{after}")
            world.root.mkdir()
            prepare(world)
            with pytest.MonkeyPatch.context() as patch:
                deaths = Deaths(patch, at, after)
                with contextlib.suppress(Killed):
                    act(world)
                ended = deaths.calls < at
            yield World(world.root)
            if ended:
                break


def good_files(world: World) -> dict[str, bytes]:
    return {name: content for name, content in world.files().items() if not name.endswith(".vsync-tmp")}


def check_nothing_is_lost(world: World, *contents: bytes) -> None:
    """Each of the contents is there, and each results file has a summary of its own content."""
    found = good_files(world)
    assert set(contents) <= set(found.values())
    for name in found:
        assert world.folder.summary(f"batch-results/{name}") is not None


def test_a_first_write_that_died_is_done_again(tmp_path: Path) -> None:
    for world in killed_at_each_step(tmp_path, lambda _: None, lambda world: world.write(ONE)):
        check_nothing_is_lost(world)
        world.write(ONE)
        assert good_files(world) == {"a/b.jsonl": ONE}
        assert world.folder.is_current(PATH, NEW, "batch-1")


def test_a_merge_that_died_has_the_old_results_as_base(tmp_path: Path) -> None:
    def merge(world: World) -> None:
        world.write(TWO, batch_id="batch-2")

    for world in killed_at_each_step(tmp_path, lambda world: world.write(ONE), merge):
        assert world.base() in {ONE, TWO}
        merge(world)
        assert good_files(world) == {"a/b.jsonl": TWO}
        assert world.folder.is_current(PATH, NEW, "batch-2")


def test_a_write_over_another_content_that_died_is_done_again(tmp_path: Path) -> None:
    for world in killed_at_each_step(tmp_path, lambda world: world.write(ONE, OLD), lambda world: world.write(TWO)):
        check_nothing_is_lost(world, ONE)
        world.write(TWO)
        assert good_files(world) == {"a/b.jsonl": TWO, f"a/b.{OLD[:12]}.jsonl": ONE}
        assert world.folder.complete(PATH, OLD)


def test_a_move_to_the_kept_name_that_died_is_finished(tmp_path: Path) -> None:
    for world in killed_at_each_step(
        tmp_path, lambda world: world.write(ONE, OLD), lambda world: world.folder.keep_old(PATH)
    ):
        check_nothing_is_lost(world, ONE)
        assert world.folder.complete(PATH, OLD)
        world.folder.keep_old(PATH)
        assert good_files(world) == {f"a/b.{OLD[:12]}.jsonl": ONE}
        assert world.folder.summary(PATH) is None
        assert world.folder.is_current(kept_path(PATH, OLD), OLD, "batch-1")


def test_a_move_back_that_died_is_finished(tmp_path: Path) -> None:
    def prepare(world: World) -> None:
        world.write(ONE, OLD)
        world.write(TWO, NEW)

    for world in killed_at_each_step(tmp_path, prepare, lambda world: world.folder.promote(PATH, OLD)):
        check_nothing_is_lost(world, ONE, TWO)
        assert world.folder.complete(PATH, OLD)
        assert world.folder.complete(PATH, NEW)
        world.folder.promote(PATH, OLD)
        assert good_files(world) == {"a/b.jsonl": ONE, f"a/b.{NEW[:12]}.jsonl": TWO}
        assert world.folder.summary(kept_path(PATH, OLD)) is None


def test_a_move_from_another_place_that_died_is_finished(tmp_path: Path) -> None:
    def prepare(world: World) -> None:
        world.write(ONE, OLD, path=ELSEWHERE)
        world.write(TWO, NEW)

    for world in killed_at_each_step(tmp_path, prepare, lambda world: world.folder.promote(PATH, OLD)):
        check_nothing_is_lost(world, ONE, TWO)
        assert world.folder.complete(PATH, OLD)
        assert world.folder.complete(PATH, NEW)
        world.folder.promote(PATH, OLD)
        world.folder.promote(PATH, OLD)
        assert good_files(world) == {"a/b.jsonl": ONE, f"a/b.{NEW[:12]}.jsonl": TWO}
        assert world.folder.summary(ELSEWHERE) is None


def test_a_copy_that_died_is_made_again(tmp_path: Path) -> None:
    def copy(world: World) -> None:
        world.folder.promote(PATH, OLD, beside={ELSEWHERE})

    for world in killed_at_each_step(tmp_path, lambda world: world.write(ONE, OLD, path=ELSEWHERE), copy):
        check_nothing_is_lost(world, ONE)
        copy(world)
        assert good_files(world) == {"a/b.jsonl": ONE, "other/x.jsonl": ONE}
        assert world.folder.is_current(PATH, OLD, "batch-1")


CONTENTS = st.sampled_from([OLD, MIDDLE, NEW])
DEATHS = st.none() | st.tuples(st.integers(1, 40), st.booleans())


def fetched(world: World, sha256: str) -> None:
    """What a run does when the request file has this content: it brings old results back, and merges a result into them."""
    summary = world.folder.summary(PATH)
    if summary is not None and summary.sha256 != sha256:
        world.folder.keep_old(PATH)
    world.folder.promote(PATH, sha256)
    world.write(world.base(sha256) or lines(good(sha256)), sha256)


@given(st.lists(st.tuples(CONTENTS, DEATHS), max_size=4))
def test_law_runs_that_die_and_are_repeated_end_as_if_none_had_died(
    runs: list[tuple[str, tuple[int, bool] | None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dying, other = World(Path(folder, "dying")), World(Path(folder, "other"))
        dying.root.mkdir()
        other.root.mkdir()
        seen: set[str] = set()
        for sha256, death in runs:
            seen.add(sha256)
            if death is not None:
                with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
                    Deaths(patch, *death)
                    fetched(dying, sha256)
                dying = World(dying.root)
            fetched(dying, sha256)
            fetched(other, sha256)
            assert good_files(dying) == good_files(other)
            assert all(dying.folder.complete(PATH, each) for each in seen)


def test_what_a_killed_run_left_is_removed_by_a_later_write(world: World) -> None:
    world.write(ONE)
    left = world.root / "batch-results/a/.b.jsonl.0123abcd.vsync-tmp"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    world.write(TWO)
    assert world.files() == {"a/b.jsonl": TWO}


def test_files_belong_to_the_owner_of_their_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda name, user, group, **_: given.append((name, user, group)))
    world.write(ONE)
    owner = world.root.stat()
    assert {each[1:] for each in given} == {(owner.st_uid, owner.st_gid)}
    assert [each[0].split(".vsync-tmp")[0][:8] for each in given] == ["batch-re", "a", ".b.summa", ".b.jsonl"]


def test_the_error_of_a_fill_is_not_changed(world: World) -> None:
    def fill(file: IO[bytes]) -> Summary:
        raise VsyncError("as a test has it")

    with pytest.raises(VsyncError, match="as a test has it"):
        world.folder.write(PATH, NEW, fill)
    assert world.files() == {}


def test_a_summary_on_the_disk_is_what_was_said(world: World) -> None:
    world.write(ONE)
    assert (world.root / summary_path(PATH)).read_bytes() == dump_summary(summary_of(ONE, NEW))
