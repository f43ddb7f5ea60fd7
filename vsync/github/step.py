"""What one run of the action starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin, origin
from vsync.github.inputs import mode_of
from vsync.github.mode import Event, Mode
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the action: its inputs (`given`), its environment, and the event that started it.

    `mode` is what the event alone says. `plan_only`: the command is `plan`.
    """

    given: Mapping[str, str]
    environ: Mapping[str, str]
    keys: Credentials
    secrets: Secrets
    event: Event
    mode: Mode
    stop: Stop
    plan_only: bool = False

    def mode_for(self, branch: str | None) -> Mode:
        """The mode of a target whose pushes to that branch sync (None: to the default branch)."""
        return mode_of(self.event, self.given, self.environ, plan_only=self.plan_only, branch=branch)

    @property
    def token(self) -> str | None:
        return self.given.get("github-token", "").strip() or None

    @property
    def origin(self) -> Origin:
        return replace(origin(self.environ), in_workflow=True)

    @property
    def api_url(self) -> str:
        return self.environ.get("GITHUB_API_URL", "").strip() or "https://api.github.com"
