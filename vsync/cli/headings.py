"""Commands whose help lists the options under headings. The headings are those of docs/configuration.md."""

from __future__ import annotations

from typing import Any

import click

SOURCE = "Source"
FILES = "Which files"
STORE = "Store"
STATE = "State"
LIMITS = "Limits and rates"
REPAIRS = "What to repair"
SEARCH = "What to find"
CHOICE = "Which are meant"
DELETION = "What is deleted"
OUTPUT = "Output"

_ORDER = (REPAIRS, SEARCH, CHOICE, DELETION, SOURCE, FILES, STORE, STATE, LIMITS, OUTPUT)
_FEW = 12
"""A command with fewer options needs no headings."""


class HeadedOption(click.Option):
    """An option with its heading. Without one it stands under the last heading.

    `by_variable` False: no VSYNC_… variable may give it.
    """

    def __init__(self, *arguments: Any, heading: str = OUTPUT, by_variable: bool = True, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.heading = heading
        self.by_variable = by_variable


class HeadedCommand(click.Command):
    """A command whose help has a list of options for each heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records: dict[str, list[tuple[str, str]]] = {heading: [] for heading in _ORDER}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                records[getattr(param, "heading", OUTPUT)].append(record)
        every = [record for found in records.values() for record in found]
        if len(every) < _FEW:
            records = {"Options": every}
        for heading, found in records.items():
            if found:
                with formatter.section(heading):
                    formatter.write_dl(found)
