"""Where a run begins to read. The index records the place behind the last acknowledged line; a run may go on from there."""

from __future__ import annotations

import os
from collections.abc import Callable

from vsync.records.index import Index
from vsync.records.job import StreamJob
from vsync.records.lines import Lines
from vsync.records.place import Place, digest
from vsync.records.splitter import Line


def fact_of(job: StreamJob) -> str:
    """The fact that holds the place in the input. Each file has one of its own, by its path."""
    path = "" if job.settings.input is None else os.path.realpath(job.settings.input)
    return f"place {digest(os.fsencode(path))}"


def place_to_go_on(job: StreamJob, index: Index) -> Place | None:
    """The place where the run may begin, if the file still is the one of the place. None: it begins at the beginning."""
    settings = job.settings
    if settings.rebuild or settings.resume is False:
        index.mark(**{fact_of(job): ""})  # a run that dies before its first acknowledgement begins anew as well
        return None
    if not settings.resumes:
        return None
    place = Place.from_text(index.fact(fact_of(job)))
    if place is not None and settings.resume is None and place.options != options_of(job):
        job.note(f"The options are not those of the run before: {settings.input} is read from its beginning.")
        return None
    return place


def tell(job: StreamJob, place: Place | None, lines: Lines) -> list[str]:
    """Says where the run begins, unless that is clear. Returns what the report must say as well."""
    if lines.begins_behind:
        then = (
            "" if lines.former is None else f", which was called {job.settings.input} before; that one comes behind it"
        )
        job.note(f"Going on behind line {lines.begins_behind:,} of {lines.former or job.settings.input}{then}.")
    elif place is not None and lines.is_there:
        unread = (
            f"{job.settings.input} is not as the run before left it: it is read from its beginning. If it was rotated, what stood "
            f"behind line {place.line:,} of the file before is not read."
        )
        job.note(unread)
        return [unread]
    return []


def recorder(job: StreamJob, index: Index) -> Callable[[Line], None]:
    """What records the place behind an acknowledged line. It is never called for a line that is not acknowledged."""
    options, fact = options_of(job), fact_of(job)

    def record(line: Line) -> None:
        if line.file is None:
            return
        raw = b"" if line.fault is not None else line.raw  # of a line that is too long, only the beginning is there
        index.mark(**{fact: Place.behind(line.file, line.number, raw, line.end, options).to_text()})

    return record


def options_of(job: StreamJob) -> str:
    """A fingerprint of the options that decide what the records make of the documents."""
    settings, target = job.settings, job.target
    wanted = (
        *(settings.format, settings.raw, settings.key_field, settings.delete_field, settings.order, settings.rules),
        *(sorted(target.attributes.items()), target.chunking),
    )
    return digest(repr(wanted).encode("utf-8", "surrogatepass"))
