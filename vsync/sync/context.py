"""The circumstances of one run: who asked for it, from where, and who listens."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.config.origin import Origin
from vsync.config.settings import NO_MANIFEST, Settings
from vsync.config.state_options import state_options
from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.report.observer import Observer
from vsync.state.identity import SourceIdentity
from vsync.sync.config_targets import ConfigTargets
from vsync.sync.handover import Taker
from vsync.system.stop import Stop


@dataclass(frozen=True, slots=True)
class RunContext:
    """The settings of a run that are not a target's, and what the run learned before it began.

    | field | meaning |
    | --- | --- |
    | `branch` | the branch whose push started the run; the manifest records it |
    | `base` | the commit of the setting `base` |
    | `warnings` | what goes into the report |
    | `unread_manifest` | the branch of the remote that has a manifest, where this run keeps its own manifest in a file |
    | `shallow` | whether the source may lack a part of its history |
    | `configured` | the targets of the config, where this run is to tell what others have in the stores; else None |
    | `beside` | targets of the config that do not run |
    | `takers` | targets that run as well, and put their documents into the same store |
    """

    settings: Settings
    identity: SourceIdentity
    origin: Origin
    observer: Observer
    stop: Stop
    branch: str | None = None
    base: str | None = None
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    unread_manifest: str | None = None
    shallow: bool = True
    configured: ConfigTargets | None = None
    beside: tuple[Target, ...] = ()
    takers: tuple[Taker, ...] = ()

    @property
    def keeps_manifest(self) -> bool:
        """Whether there is a manifest at all: False for `--manifest none`."""
        return self.settings.manifest != NO_MANIFEST

    @property
    def state_options(self) -> tuple[str, ...]:
        """The options with which another command finds the same source, manifest and store."""
        return state_options(self.settings, in_workflow=self.origin.in_workflow)

    def owned_by(self, owner: str, target: str, formerly: tuple[str, ...] = ()) -> Identity:
        """The identity under which a target's entries stand in a store. `formerly` are earlier names of the source."""
        return Identity(owner, target, self.identity.name, formerly)
