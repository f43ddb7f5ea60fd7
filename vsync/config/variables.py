"""The `VSYNC_…` variables: which there are, and which of those that are set nobody hears. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vsync.config.settings import NAMES, PREFIX, variable
from vsync.network.address import is_on_this_machine
from vsync.system.nearest import nearest
from vsync.system.redaction import MIN_SECRET_CHARACTERS, printable
from vsync.system.wording import count

OPTIONS = (
    "dry-run",
    "json",
    "verbose",
    "repair",
    "rebuild",
    "take-over",
    "yes",
    "n",
    "filter",
    "host",
    "port",
    "token",
    "allow-origin",
    "allow-host",
    "max-body",
    "max-ids",
    "max-calls",
    "calls-per-minute",
    "exit-code",
    "chunks",
    "name",
    "metadata",
    "status",
    "purpose",
    "older-than",
    "newer-than",
    "unused-since",
    "larger-than",
    "empty",
    "owned",
    "attached",
    "in-store",
    "attribute",
    "sort",
    "limit",
    "jsonl",
    "usage",
    "files",
    "names",
    "description",
    "expires-after-days",
    "with-files",
    "shared",
    "all",
    "missing-ok",
    "deletes-per-minute",
    "format",
    "raw",
    "key-field",
    "delete-field",
    "follow",
    "order",
    "content-field",
    "template",
    "name-template",
    "text-ending",
    "state",
    "dead-letter",
    "on-error",
    "batch-size",
    "batch-delay",
    "rate",
    "burst",
    "workers",
    "resume",
    "results",
    "source-name",
    "endpoint",
    "window",
    "again",
    "pending",
    "results-branch",
    "wait",
    "wait-timeout",
    "resubmit-failed",
    "clean",
    "workflow",
    "no-input",
)
"""Options that are no settings: each belongs to some of the commands."""

TOKEN = "VSYNC_GITHUB_TOKEN"  # noqa: S105 - a variable's name
"""The token for the remote, on the command line. It is no option, since an option can be seen in a list of processes."""

_IN_A_WORKFLOW = {
    "VSYNC_REPO": "Use the input working-directory.",
    "VSYNC_PUSH": "Use the input commit.",
    "VSYNC_JSON": "The output report names the report as JSON.",
    "VSYNC_VERBOSE": "The log of the step shows the operations.",
    TOKEN: "Use the input github-token.",
    **{
        variable(name): f"It is only an input: use the input {name}."
        for name in ("args", "command", "comment", "working-directory")
    },
}
"""What to say of a variable that the action's commands sync, plan and verify do not hear."""

_ON_THE_COMMAND_LINE = {"VSYNC_BRANCH": "To sync another commit than HEAD, use --head."}


_USUAL_KEY_CHARACTERS = 8


def short_key(environ: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence about a key that is so short that vsync cannot hide it well. A server on this machine may take any word."""
    size = len(environ.get("OPENAI_API_KEY", "").strip())
    address = environ.get("OPENAI_BASE_URL", "").strip()
    if not 0 < size < _USUAL_KEY_CHARACTERS or not address or is_on_this_machine(address):
        return ()
    what = "does not hide it" if size < MIN_SECRET_CHARACTERS else "hides that word wherever it stands"
    return (f"OPENAI_API_KEY has only {count(size, 'character')}, so vsync {what}. Use a longer key if it is secret.",)


def unheard(environ: Mapping[str, str], *, workflow: bool = False) -> tuple[str, ...]:
    """Sentences about each `VSYNC_…` variable that is set and that nobody hears. An empty variable counts as unset."""
    where, said = ("in a workflow", _IN_A_WORKFLOW) if workflow else ("on the command line", _ON_THE_COMMAND_LINE)
    heard = {TOKEN, *map(variable, (*NAMES, *OPTIONS))} - said.keys()
    given = sorted(name for name, value in environ.items() if name.startswith(PREFIX) and value.strip())
    return tuple(
        f"{name} has no effect {where}. {said[name]}" if name in said else _unknown(name, heard)
        for name in given
        if name not in heard
    )


def _unknown(name: str, heard: Collection[str]) -> str:
    meant = nearest(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in heard])
    remedy = f"Did you mean {PREFIX}{meant}?" if meant else "docs/configuration.md lists the settings."
    return f"{printable(name)} is not a variable of vsync, and has no effect. {remedy}"
