"""The options of `vsync records`. Those that sync has as well keep their names and meaning; their defaults differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from vsync.cli import completers
from vsync.cli.amounts import rate_of, seconds_of
from vsync.cli.headings import DOCUMENTS, LIMITS, OUTPUT, RECORDS, STATE, STORE
from vsync.cli.options import option, shared
from vsync.cli.values import PAIR, WORD, Parsed
from vsync.config.settings import MAX_CONCURRENCY

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("opencdc/json", "debezium/json", "json")
ENDINGS = (".txt", ".md", ".html", ".json")

_MOST_IN_A_BATCH = 100_000
_MOST_IN_A_BURST = 1_000_000


def _ending(text: str) -> str:
    ending = f".{text.strip().lower().removeprefix('.')}"
    if ending not in ENDINGS:
        raise ValueError(f"use one of {', '.join(ENDINGS)}")
    return ending


_TIME = Parsed("time", seconds_of)
_RATE = Parsed("rate", rate_of)
_ENDING = Parsed("ending", _ending)


_RECORDS = (
    option("--format", heading=RECORDS, type=click.Choice(FORMATS), default="opencdc/json", show_default=True,
            help="The form of the records."),
    option("--raw", heading=RECORDS, type=click.Choice(["auto", "base64", "text"]), default="auto", show_default=True,
            help="What a string of a key or payload of OpenCDC is. auto: base64 where it is base64 of text, else text."),
    option("--key-field", heading=RECORDS, metavar="FIELD", type=WORD,
            help="json, debezium/json: the field with the key, such as id, or several: id,lang."),
    option("--delete-field", heading=RECORDS, metavar="FIELD", type=WORD,
            help="json: a record in which this field is true deletes its document."),
    option("--follow", heading=RECORDS, is_flag=True, help="Wait for more at the end of FILE, as `tail -F` does."),
    option("--resume/--no-resume", heading=RECORDS, default=None,
            help="Begin behind the last acknowledged line of FILE, if it is the FILE of the run before.  [default: with "
            "--follow]"),
    option("--order", heading=RECORDS, type=click.Choice(["position", "arrival"]), default="position",
            show_default=True,
            help="position: a record that is older than what was applied changes nothing. arrival: the last line wins."),
)  # fmt: skip

_DOCUMENTS = (
    option("--content-field", heading=DOCUMENTS, metavar="FIELD", type=WORD,
            help="The field that is the document.  [default: the whole payload]"),
    option("--template", heading=DOCUMENTS, metavar="FILE", type=WORD, shell_complete=completers.files,
            help="A file with text and {field}s that makes the document."),
    option("--name-template", heading=DOCUMENTS, metavar="TEXT", type=WORD,
            help="The document's file name, such as '{slug}.md'.  [default: the key and an ending]"),
    option("--text-ending", heading=DOCUMENTS, metavar="ENDING", type=_ENDING, default=".txt", show_default=True,
            help=f"The ending of a document that is text: {', '.join(ENDINGS)}."),
    option("--attribute", "field_attributes", heading=DOCUMENTS, metavar="NAME=FIELD", multiple=True, type=PAIR,
            help="An attribute of the document with the value of a field (repeatable)."),
    shared("--attributes").decorator(hidden=False),
    shared("--chunk-size").decorator(hidden=False),
    shared("--chunk-overlap").decorator(hidden=False),
)  # fmt: skip

_STORE = (
    option("--vector-store-id", heading=STORE, metavar="ID", shell_complete=completers.store_ids,
            help="The id of the vector store.  [default: the state file's]"),
    option("--vector-store-name", heading=STORE, metavar="NAME", shell_complete=completers.store_names,
            help="The name of the store. It is made if there is none.  [default: the source and the target]"),
    shared("--local").decorator(hidden=False),
    option("--source", heading=STORE, metavar="NAME",
            help="The readable name of the stream.  [default: owner/repo in a workflow, else the name of the state file or "
            "of this folder]"),
    option("--target", heading=STORE, metavar="NAME",
            help="A name for the documents of this stream in the store.  [default: records]"),
    shared("--repo").decorator(hidden=True),
)  # fmt: skip

_STATE = (
    option("--state", heading=STATE, metavar="FILE", type=WORD, shell_complete=completers.files,
            help="The file that remembers what was applied.  [default: .vsync/records.db]"),
    option("--rebuild", heading=STATE, is_flag=True, help="Make the state again from what the store holds."),
    option("--dead-letter", heading=STATE, metavar="FILE", type=WORD, shell_complete=completers.files,
            help="The file for records that cannot be applied.  [default: .vsync/records.dead.jsonl, or beside --state]"),
    option("--on-error", heading=STATE, type=click.Choice(["skip", "stop"]), default="skip", show_default=True,
            help="After a record that cannot be applied go on with the next, or end."),
)  # fmt: skip

_LIMITS = (
    option("--batch-size", heading=LIMITS, metavar="N", type=click.IntRange(0, _MOST_IN_A_BATCH), default=500,
            show_default=True, help="Records in a batch. 0 and 1: each record is a batch of its own."),
    option("--batch-delay", heading=LIMITS, metavar="TIME", type=_TIME, default="1s", show_default=True,
            help="How long a batch waits to become full: 200ms, 1s, 2m."),
    option("--rate", heading=LIMITS, metavar="N", type=_RATE, default="0", show_default=True,
            help="Records in a second. 0: no limit."),
    option("--burst", heading=LIMITS, metavar="N", type=click.IntRange(0, _MOST_IN_A_BURST), default=0,
            show_default=True,
            help="Records that may come at once; no batch is larger. 0: with --rate those of one second, else no limit."),
    option("--workers", heading=LIMITS, metavar="N", type=click.IntRange(1, MAX_CONCURRENCY), default=16,
            show_default=True, help="How many documents are uploaded at once."),
    shared("--index-timeout").decorator(hidden=False),
    option("--lock-timeout", heading=LIMITS, metavar="S",
            help="Seconds to wait for another run with the same state file.  [default: 10]"),
    option("--uploads-per-minute", heading=LIMITS, metavar="N",
            help="Uploads in a minute.  [default: 1000, the API's limit; with --local or an API on this machine no limit]"),
    option("--writes-per-minute", heading=LIMITS, metavar="N",
            help="Changes of the store in a minute.  [default: 300, the API's limit; with --local or an API on this machine "
            "no limit]"),
)  # fmt: skip

_OUTPUT = (
    option("--json", "as_json", heading=OUTPUT, is_flag=True,
            help="Print the report as the last line of stdout, behind the acknowledgements."),
    option("-v", "--verbose", heading=OUTPUT, is_flag=True,
            help="Show the tracebacks of errors."),
)  # fmt: skip


def records_options(function: F) -> F:
    for decorator in reversed((*_RECORDS, *_DOCUMENTS, *_STORE, *_STATE, *_LIMITS, *_OUTPUT)):
        function = decorator(function)
    return function
