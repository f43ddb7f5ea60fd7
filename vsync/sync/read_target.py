"""What is recorded of a target, once it is sure that the target and the record mean the same store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vsync.config.targets import Target
from vsync.state.identity import SourceIdentity
from vsync.state.journal import Journal
from vsync.state.manifest_parser import parse_manifest
from vsync.state.publication import Publication, Published
from vsync.sync.recorded import ParseManifest, Recorded, read_recorded
from vsync.sync.same_store import check_store, has_moved


def read_target(
    publication: Publication,
    source: SourceIdentity,
    target: Target,
    *,
    journal: Journal | None = None,
    published: Published | None = None,
    parse: ParseManifest = parse_manifest,
    options: Sequence[str] = (),
) -> Recorded:
    """`read_recorded`, checked. A record of nothing does not hold a target that has got another store.

    `options` are those with which a command finds the same manifest, for messages. Raises ManifestError.
    """
    recorded = read_recorded(publication, source, target.name, journal=journal, published=published, parse=parse)
    if has_moved(recorded.state, target):
        return replace(recorded, state=None)
    check_store(recorded.state, target, publication.title, options)
    return recorded
