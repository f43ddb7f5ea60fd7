"""What a run touches of the world, as one value. Tests put fakes in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vsync.auth.credentials import Credentials
from vsync.errors import MissingCredentials
from vsync.source.base import Source
from vsync.state.journal import Journal
from vsync.state.publication import Publication
from vsync.store.connect import Connect, missing
from vsync.store.embedded_file import EmbeddedFile
from vsync.store.rate_limit import Rates


@dataclass(frozen=True, slots=True)
class Ports:
    """The source, the place of manifest and seal, the journal, and the way to the store.

    `connect` is None without a way to authenticate; `missing` says what is missing. `check_network` raises
    ConfigurationError when the environment lets no connection be made. `embedded` is the embedded store's
    file; None: the run uses another store. The targets of a run share `rates`. `at` opens the source at another commit;
    it gives None where that commit cannot be had. `origin_refs` gives those of these refs that the remote `origin` has, and
    raises when the remote does not answer. `now` is the clock.
    """

    source: Source
    publication: Publication
    connect: Connect | None
    missing: MissingCredentials | None = None
    check_network: Callable[[], None] = lambda: None
    embedded: EmbeddedFile | None = None
    journal: Journal = field(default_factory=Journal)
    rates: Rates = field(default_factory=Rates)
    at: Callable[[str], Source | None] = lambda commit: None
    origin_refs: Callable[[Collection[str]], Collection[str]] = lambda names: ()
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def connection(self) -> Connect:
        """The way to the store. Raises MissingCredentials and ConfigurationError."""
        if self.connect is None:
            raise self.missing or missing(Credentials())
        self.check_network()
        return self.connect
