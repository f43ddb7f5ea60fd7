"""A target: one vector store, with the rules that choose and describe its documents. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from vsync.config.limits import Limits
from vsync.documents import document
from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking
from vsync.documents.convert import MARKS as CONVERSIONS
from vsync.documents.selection import Rules

_RULES_VERSION = 3
"""Raised when the built-in rules (file types, defaults, names) change: every run then compares the whole tree once."""


@dataclass(frozen=True)
class Target:
    """What the user wants of one target.

    `source` is the readable name of the source. It is empty as long as the source is not open and the user gave none.
    `api` is the address of the API that has the store; None: it is not known, because neither an address nor credentials
    are given.
    """

    name: str = "default"
    source: str = ""
    vector_store_id: str | None = None
    vector_store_name: str | None = None
    api: str | None = None
    branch: str | None = None
    rules: Rules = field(default_factory=Rules)
    attributes: Attributes = field(default_factory=dict)
    chunking: Chunking = field(default_factory=Chunking)
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def attributes_tag(self) -> str:
        """The second half of every document's tag."""
        return document.attributes_tag(self.source, self.attributes)

    def tag(self, path: str) -> str:
        """The fingerprint of how the document of that path is uploaded and described."""
        return document.tag(path, self.chunking, self.attributes_tag)

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of all that decides which documents exist and what they contain."""
        rules = self.rules
        return document.fingerprint(
            [
                _RULES_VERSION,
                list(CONVERSIONS),
                self.source,
                self.name,
                dict(self.attributes),
                [self.chunking.size, self.chunking.overlap],
                list(rules.include),
                list(rules.exclude),
                # Only where they are given: they came later, and would have changed everybody's fingerprint.
                *([list(rules.allow_secrets)] if rules.allow_secrets else []),
                *([{"types": rules.types}] if rules.types else []),
                *([{"root": rules.root}] if rules.root else []),
            ],
            16,
        )
