"""What to do when a remote refuses a push, by what the push would keep there. Pure: texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedies:
    """`permission`: the token may not push. `declined`: a rule of the repository forbids this push."""

    permission: str
    declined: str


OF_MANIFEST = Remedies(
    permission=(
        "The manifest and seal are kept on the remote: give the job `permissions: contents: write` and pass its token as "
        "github-token; or keep no manifest with `manifest: none` (each run then lists the store)."
    ),
    declined=(
        "A rule of the repository forbids it: keep the manifest on a branch of vsync's own (the default manifest-branch, "
        "vsync-manifest) and leave that and refs/vsync/ out of the rule, or let the workflow's token past it; or keep no "
        "manifest with `manifest: none` (each run then lists the store)."
    ),
)

MISSING = "Check the remote `origin`, and that the job has `permissions: contents: write` and passes its token as github-token."
DAMAGED = "Run again; if it stays so, the remote's copy of the branch may be damaged."
