"""What a run publishes of its target: its part of the manifest, and the seal over it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial

from vsync.documents.attributes import Identity
from vsync.errors import PublicationFailed
from vsync.state.figures import Figures
from vsync.state.manifest import Manifest, TargetState, content_id, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.state.publication import ManifestMoved, Publication
from vsync.state.signature import signed
from vsync.sync.audit import headline
from vsync.sync.context import RunContext
from vsync.sync.recorded import ParseManifest, Recorded

_MAX_PUSHES = 8


class TargetPart:
    """A target's part of the manifest: as the plan was made from it, and as it is published.

    `secret` is the store's. With it the part is signed, if all that it names is proven to be ours.
    """

    def __init__(
        self,
        publication: Publication,
        context: RunContext,
        recorded: Recorded,
        parse: ParseManifest = parse_manifest,
        *,
        secret: str | None = None,
    ) -> None:
        self._publication = publication
        self._context = context
        self._recorded = recorded
        self._parse = parse
        self._secret = secret
        self._planned_from = recorded.content

    @property
    def can_sign(self) -> bool:
        return self._secret is not None and self._context.keeps_manifest

    def publish(
        self, identity: Identity, state: TargetState, *, closing: bool, proven: bool, figures: Figures | None = None
    ) -> None:
        """Writes the target's state into the manifest as it is now: other targets may have been published meanwhile.

        `proven`: every File that the state names is ours. `closing` closes the seal as well; it then keeps `figures`,
        what the store shows now.

        Raises ManifestMoved when this target's part is not what the plan was made from, and PublicationFailed.
        """
        publication, target = self._publication, self._recorded.target
        write = partial(publication.publish_and_close, figures=figures) if closing else publication.publish
        with publication.exclusive():
            for _ in range(_MAX_PUSHES):
                manifest = self._manifest_now(identity).with_target(target, replace(state, branch=self._context.branch))
                manifest = signed(manifest, target, self._secret if proven else None)
                content = content_id(manifest, target)
                with contextlib.suppress(ManifestMoved):  # `_manifest_now` raises it again where it matters
                    write(dump_manifest(manifest), state.serial, content, summary=headline(state.run))
                    self._planned_from = content
                    return
            raise PublicationFailed(
                f"{publication.title} could not be published: other runs wrote it {_MAX_PUSHES} times in a row.",
                "Run again: the store is listed first, and nothing is lost.",
            )

    def confirm(self, state: TargetState, figures: Figures | None) -> None:
        """Closes the seal over the manifest as it is: the store holds just what the manifest says.

        `figures` is what the store shows.
        """
        published = self._recorded.published.manifest
        if published is None:
            self._publication.close(figures)
        else:
            self._publication.publish_and_close(published, state.serial, self._recorded.content, figures=figures)

    def leave_open(self, state: TargetState) -> None:
        """Leaves the manifest as it is and the seal open: the manifest is right, but not all is done."""
        published = self._recorded.published.manifest
        if published is None or self._recorded.is_current:
            self._publication.abandon()
        else:
            self._publication.publish(published, state.serial, self._recorded.content)

    def _manifest_now(self, identity: Identity) -> Manifest:
        """The manifest to publish into."""
        context, publication = self._context, self._publication
        ours = Manifest(identity.owner, context.identity.name, context.identity.repository_id)
        content = publication.read().manifest if context.keeps_manifest else None
        there = None if content is None else self._parse(content, publication.title)
        if there is not None and there.owner != identity.owner:
            raise PublicationFailed(
                f"Another first sync wrote the manifest {publication.title} meanwhile.",
                "Run again: the store is listed first, and nothing is lost.",
            )
        if context.keeps_manifest:
            now = content_id(there, self._recorded.target) if there else None
            if self._planned_from != now:
                raise ManifestMoved
        return replace(self._recorded.manifest or ours, targets=there.targets if there else {})
