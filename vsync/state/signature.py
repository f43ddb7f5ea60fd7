"""The store's signature over a target's part of a manifest. Pure.

Whoever may push can write any manifest, and the seal that vouches for it. A store that vsync made has a random value in
its metadata, which only those can read who may ask the API for the store. With it a run signs what it publishes. So a
later run knows which Files a run of vsync has recorded, and need not ask for each of them.

| what a forger does | why the signature does not fit |
| --- | --- |
| changes a manifest, or makes one | it covers the whole part of the target, with the store's id |
| takes another repository's manifest, with its owner and its store | it covers the name and the id of the repository |
| takes another target's part | it covers the target's name |
| brings back an older manifest of this repository | it fits: all its Files were put there by this repository |
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Iterable

from vsync.state.manifest import Manifest, target_data


def signed(manifest: Manifest, target: str, secret: str | None) -> Manifest:
    """The manifest with the target's part signed; without a signature when there is no secret."""
    state = manifest.targets[target]
    signature = _signature(manifest, target, secret, manifest.source, manifest.repository_id) if secret else ""
    return manifest.with_target(target, dataclasses.replace(state, signature=signature))


def is_signed(manifest: Manifest | None, target: str, secret: str | None, formerly: Iterable[str] = ()) -> bool:
    """Whether this store's secret has signed the target's part. `formerly` are earlier names of the repository.

    A manifest that was written where the repository's id was not known is signed without the id.
    """
    state = manifest.targets.get(target) if manifest is not None else None
    if manifest is None or state is None or not state.signature or not secret:
        return False
    written = {(name, manifest.repository_id) for name in (manifest.source, *formerly)} | {(manifest.source, None)}
    return any(
        hmac.compare_digest(
            state.signature.encode(), _signature(manifest, target, secret, name, repository_id).encode()
        )
        for name, repository_id in written
    )


def _signature(manifest: Manifest, target: str, secret: str, source: str, repository_id: str | None) -> str:
    part = target_data(dataclasses.replace(manifest.targets[target], signature=""))
    content = json.dumps(["vsync manifest 1", manifest.owner, source, repository_id, target, part], sort_keys=True)
    return hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()
