"""Commands whose help lists the options under headings. The headings are those of docs/configuration.md."""

from __future__ import annotations

from typing import Any

import click

SOURCE = "Source"
FILES = "Which files"
REQUESTS = "Requests"
RESULTS = "Results"
RECORDS = "Records"
DOCUMENTS = "Documents"
STORE = "Store"
STATE = "State"
LIMITS = "Limits and rates"
REPAIRS = "What to repair"
SEARCH = "What to find"
CHOICE = "Which are meant"
DELETION = "What is deleted"
OUTPUT = "Output"

_ORDER = (
    *(REPAIRS, SEARCH, CHOICE, DELETION, SOURCE, FILES, REQUESTS, RESULTS, RECORDS, DOCUMENTS, STORE, STATE, LIMITS),
    OUTPUT,
)
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


def _says_which(param: click.Parameter) -> bool:
    return isinstance(param, HeadedOption) and param.heading == CHOICE and bool(param.secondary_opts)


class HeadedCommand(click.Command):
    """A command whose help has a list of options for each heading. Options that contradict each other are refused."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = set(args[: args.index("--")] if "--" in args else args)
        for one, other in self._contradictions():
            if {one, other} <= words:
                raise click.UsageError(f"{one} and {other} contradict each other. Give one of them.", ctx)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hidden = [param for param in self.params if getattr(param, "hidden", False)]
            unlisted = {name for param in hidden for name in (*param.opts, *param.secondary_opts)}
            listed = [name for name in error.possibilities or () if name not in unlisted]
            raise click.NoSuchOption(error.option_name, possibilities=listed, ctx=error.ctx) from None

    def _contradictions(self) -> list[tuple[str, str]]:
        """Pairs of options that say opposite things about what is meant, or about the form of the output."""
        pairs = [(param.opts[0], param.secondary_opts[0]) for param in self.params if _says_which(param)]
        known = {name for param in self.params for name in param.opts}
        return [*pairs, ("--json", "--jsonl")] if {"--json", "--jsonl"} <= known else pairs

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
