"""What the options of `vsync records` ask for, checked before anything is opened or asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vsync.cli.context import RECORDS
from vsync.cli.records_files import refuse_one_file_for_two
from vsync.config.settings import variable
from vsync.documents.attributes import MAX_ATTRIBUTES, RESERVED_ATTRIBUTES
from vsync.errors import ConfigurationError
from vsync.git.changes import show_path
from vsync.network.address import is_on_this_machine
from vsync.system.regular_file import read_text

if TYPE_CHECKING:
    from vsync.config.targets import Target
    from vsync.records.described import Rules
    from vsync.records.job import StreamSettings
    from vsync.records.templates import Template

Options = Mapping[str, Any]

_STATE = Path(".vsync/records.db")
_DEAD_LETTERS = Path(".vsync/records.dead.jsonl")
_LARGEST_TEMPLATE = 1_000_000
_MOST_ATTRIBUTES = MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES) - 1
"""How many attributes fit beside vsync's own. `position` is one more than those of a sync."""


class Place(NamedTuple):
    """Where the files of a stream stand. `top` is the folder that holds `.vsync`."""

    state: Path
    dead_letter: Path
    top: Path
    named: bool

    @property
    def source(self) -> str:
        """The name of a stream whose source nobody names. The default state has the same name when it is named by hand."""
        named = self.named and self.state.absolute() != (self.top / _STATE).absolute()
        return show_path(os.fsencode(self.state.stem if named else self.top.name))


def place_of(options: Options, top: Path, here: Path) -> Place:
    """The files of the stream. Where only the state is named, its dead letters stand beside it. `here`: the current folder."""
    named, letters = options["state"], options["dead_letter"]
    folder = Path() if top == here else top  # messages name short paths
    state = Path(named) if named else folder / _STATE
    beside = Path(f"{state}.dead.jsonl") if named else folder / _DEAD_LETTERS
    return Place(state, Path(letters) if letters else beside, top, bool(named))


def stream_settings(file: str | None, options: Options, place: Place, store: Sequence[Path] = ()) -> StreamSettings:
    """What the user asks for. Raises ConfigurationError that names what contradicts itself or cannot be read.

    `store` are the files of the embedded store, where there is one.
    """
    from vsync.records.formats import reader
    from vsync.records.job import StreamSettings

    source = None if file in {None, "-"} else Path(file or "")
    if options["follow"] and source is None:
        raise ConfigurationError(
            "--follow is given without a FILE. Standard input is read to its end in any case.",
            "Give the FILE that grows, or leave out --follow.",
        )
    _check_resume(source, options["resume"])
    template = Path(options["template"]) if options["template"] else None
    refuse_one_file_for_two(source, template, place.state, place.dead_letter, store)
    reader(options["format"], raw=options["raw"], key_field=options["key_field"], delete_field=options["delete_field"])
    return StreamSettings(
        input=source,
        follow=options["follow"],
        format=options["format"],
        raw=options["raw"],
        key_field=options["key_field"],
        delete_field=options["delete_field"],
        rules=_rules(options),
        batch_size=options["batch_size"],
        batch_delay_s=options["batch_delay"],
        rate=options["rate"],
        burst=options["burst"],
        workers=options["workers"],
        state=place.state,
        dead_letter=place.dead_letter,
        on_error=options["on_error"],
        order=options["order"],
        rebuild=options["rebuild"],
        resume=options["resume"],
    )


def stream_target(target: Target, options: Options, place: Place, repository: str | None) -> Target:
    """The target with its source: the given one, else the workflow's repository, else what the files are called."""
    _check_attributes(target, options)
    return replace(target, source=target.source or repository or place.source)


_DEFAULTS = {"target": RECORDS, "lock_timeout": "10"}
"""Settings whose defaults are not those of a sync: a stream may hold its lock for days, so nobody waits long for it."""


def with_defaults(options: Options, environ: Mapping[str, str]) -> dict[str, Any]:
    """The options, with the defaults of this command where neither an option nor a variable says anything."""
    unsaid = {
        name: default
        for name, default in _DEFAULTS.items()
        if not options[name] and not environ.get(variable(name.replace("_", "-")), "").strip()
    }
    # What sync calls --concurrency is the number of workers here.
    return {**options, **unsaid, "concurrency": str(options["workers"])}


def without_limits(address: str | None, *, embedded: bool) -> bool:
    """Whether a store has no limits of its own on requests: the embedded store, and an API on this machine."""
    return embedded or (address is not None and is_on_this_machine(address))


# --- What is checked ----------------------------------------------------------------------------------------


def _rules(options: Options) -> Rules:
    from vsync.records.described import Rules, checked_attributes
    from vsync.records.fields import parse_field
    from vsync.records.templates import parse_template

    field, template, name = options["content_field"], options["template"], options["name_template"]
    if field and template:
        raise ConfigurationError(
            "--content-field and --template contradict each other.",
            "Give one of them: {field} in a template is the field.",
        )
    return Rules(
        content_field=parse_field(field) if field else None,
        template=_template(template) if template else None,
        name_template=parse_template(name, "--name-template") if name else None,
        extension=options["text_ending"],
        attributes=checked_attributes(options["field_attributes"]),
    )


def _template(name: str) -> Template:
    from vsync.records.templates import parse_template

    try:
        return parse_template(read_text(Path(name), _LARGEST_TEMPLATE), name)
    except OSError as error:
        raise ConfigurationError(
            f"The template {name} cannot be read: {error.strerror}.", "Correct --template and run again."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The template {name} is not UTF-8.", "Save it as UTF-8 and run again.") from error


def _check_attributes(target: Target, options: Options) -> None:
    """Refuses attributes that do not fit together: --attributes gives fixed values, --attribute those of fields."""
    fixed, of_fields = set(target.attributes), {name for name, _ in options["field_attributes"]}
    twice = sorted(fixed & of_fields)
    if twice:
        raise ConfigurationError(
            f"The attribute {twice[0]!r} is given by --attributes and by --attribute.", "Give it once."
        )
    if "position" in fixed:
        raise ConfigurationError("The attribute 'position' is set by vsync itself.", "Choose another name.")
    number = len(fixed | of_fields)
    if number > _MOST_ATTRIBUTES:
        raise ConfigurationError(
            f"{number} attributes are given; {_MOST_ATTRIBUTES} fit beside vsync's own.", "Remove some."
        )


def _check_resume(source: Path | None, resume: bool | None) -> None:
    """Refuses --resume where nothing could be found again."""
    from vsync.records.compressed import is_compressed

    if not resume:
        return
    if source is None:
        raise ConfigurationError(
            "--resume is given without a FILE. The lines of standard input that were read before do not come again.",
            "Give the FILE, or leave out --resume (VSYNC_RESUME).",
        )
    if is_compressed(source) or source.is_fifo():
        what = "a pipe" if source.is_fifo() else "compressed"
        raise ConfigurationError(
            f"--resume cannot go on inside {source}: it is {what}, and is always read from its beginning.",
            "Leave out --resume (VSYNC_RESUME), or give a plain file.",
        )
