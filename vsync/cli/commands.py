"""The commands by their names. A run needs one of them, and each is imported when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

_PLACES = {
    "sync": "vsync.cli.sync:sync_command",
    "plan": "vsync.cli.sync:plan_command",
    "verify": "vsync.cli.verify:verify_command",
    "status": "vsync.cli.status:status_command",
    "check": "vsync.cli.check:check_command",
    "search": "vsync.cli.search:search_command",
    "stores": "vsync.cli.stores:stores_group",
    "files": "vsync.cli.files:files_group",
    "records": "vsync.cli.records:records_command",
    "batch": "vsync.cli.batch:batch_group",
    "serve": "vsync.cli.serve:serve_command",
    "schema": "vsync.cli.schema:schema_command",
    "init": "vsync.cli.init:init_command",
    "completion": "vsync.cli.completion:completion_command",
}


class Commands(MutableMapping[str, click.Command]):
    """All commands. Names alone import nothing: importing all of them takes longer than a run that has nothing to do."""

    def __init__(self) -> None:
        self._imported: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._imported:
            module, _, command = _PLACES[name].partition(":")
            self._imported[name] = getattr(import_module(module), command)
        return self._imported[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("a command stands in _PLACES")

    def __delitem__(self, name: str) -> None:
        raise TypeError("a command stands in _PLACES")

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)
