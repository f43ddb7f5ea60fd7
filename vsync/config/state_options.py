"""The options with which another command finds the same source, manifest and store. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.config.settings import DEFAULT_MANIFEST_BRANCH, Settings


def state_options(settings: Settings, *, in_workflow: bool = False) -> tuple[str, ...]:
    """Words for a command line. In a workflow the repository is a folder of the runner, and a reader has another clone."""
    return tuple(_options(settings, in_workflow=in_workflow))


def _options(settings: Settings, *, in_workflow: bool) -> Iterator[str]:
    if settings.folder is not None:
        yield from ("--folder", settings.folder)
    elif settings.repo != "." and not in_workflow:
        yield from ("--repo", settings.repo)
    if settings.target.source:
        yield from ("--source", settings.target.source)
    if settings.local is not None:
        yield from ("--local", *([settings.local] if settings.local else []))
    if settings.manifest is not None:
        yield from ("--manifest", settings.manifest)
    if settings.local is None and (settings.push or settings.commit):
        yield "--push" if settings.push else "--commit"
        if settings.manifest_branch != DEFAULT_MANIFEST_BRANCH:
            yield from ("--manifest-branch", settings.manifest_branch)
