"""What one run of the action starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin, origin
from vsync.github.mode import Event, Mode
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the action: its inputs (`given`), its environment, and the event that started it."""

    given: Mapping[str, str]
    environ: Mapping[str, str]
    keys: Credentials
    secrets: Secrets
    event: Event
    mode: Mode
    stop: Stop

    @property
    def token(self) -> str | None:
        return self.given.get("github-token", "").strip() or None

    @property
    def origin(self) -> Origin:
        return replace(origin(self.environ), in_workflow=True)

    @property
    def api_url(self) -> str:
        return self.environ.get("GITHUB_API_URL", "").strip() or "https://api.github.com"
