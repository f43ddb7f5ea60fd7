"""What a run publishes of its target: the part of the manifest that is its own, and the seal over it."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from vsync.documents.attributes import Identity
from vsync.errors import PublicationFailed
from vsync.state.manifest import Manifest, TargetState, content_id, dump_manifest
from vsync.state.publication import ManifestMoved
from vsync.state.seal import vouches
from vsync.sync.audit import headline
from vsync.sync.run import Job, Known, read_manifest

_MAX_PUSHES = 8


class Recording:
    """A target's part of the manifest, as it was planned from and as it is published."""

    def __init__(self, job: Job, known: Known) -> None:
        self._job = job
        self._known = known
        self._planned_from = self._content()

    @property
    def vouched(self) -> bool:
        """Whether the seal knows the manifest that was planned from, or at least this target's part of it."""
        published = self._known.published
        return published.seal is not None and vouches(published.seal, published.blob, self._content())

    def publish(self, identity: Identity, state: TargetState, *, closing: bool) -> None:
        """Writes our target's state into the manifest as it is now: other targets may have been published meanwhile.

        Raises ManifestMoved when this target's part is not what the plan was made from, and PublicationFailed.
        """
        job, target = self._job, self._job.settings.target
        write = job.publication.publish_and_close if closing else job.publication.publish
        with job.publication.exclusive():
            for _ in range(_MAX_PUSHES):
                manifest = self._manifest_now(identity).with_target(target, replace(state, branch=job.branch))
                content = content_id(manifest, target)
                with contextlib.suppress(ManifestMoved):  # looked at again, and told by `_manifest_now` if it matters
                    write(dump_manifest(manifest), state.serial, content, summary=headline(state.run))
                    self._planned_from = content
                    return
            raise PublicationFailed(
                f"{job.publication.title} could not be published: others wrote it {_MAX_PUSHES} times in a row.",
                "Run again: the store is listed first, and nothing is lost.",
            )

    def vouch_again(self, state: TargetState) -> None:
        """The store holds just what the manifest says: the seal is closed over it, and the file stays as it is."""
        published = self._known.published.manifest
        if published is None:
            self._job.publication.close()
        else:
            self._job.publication.publish_and_close(published, state.serial, self._content())

    def leave_open(self, state: TargetState) -> None:
        """The manifest is right as it is, but not all is done: the next run finds the seal as this one found it."""
        published = self._known.published.manifest
        if published is None or self.vouched:
            self._job.publication.abandon()
        else:
            self._job.publication.publish(published, state.serial, self._content())

    def _manifest_now(self, identity: Identity) -> Manifest:
        """The manifest to publish into."""
        job = self._job
        ours = Manifest(identity.owner, job.identity.name, job.identity.repository_id)
        content = job.publication.read().manifest if job.keep_manifest else None
        there = None if content is None else read_manifest(job, content)
        if there is not None and there.owner != identity.owner:
            raise PublicationFailed(
                f"The manifest {job.publication.title} was written meanwhile by another first sync.",
                "Run again: the store is listed first, and nothing is lost.",
            )
        if job.keep_manifest and self._planned_from != (content_id(there, job.settings.target) if there else None):
            raise ManifestMoved
        return replace(self._known.manifest or ours, targets=there.targets if there else {})

    def _content(self) -> str | None:
        """What identifies this target's part of the manifest that is known."""
        known = self._known.manifest
        return None if known is None else content_id(known, self._job.settings.target)
