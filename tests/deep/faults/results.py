"""What came of one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Result:
    """What came of one case.

    | field | meaning |
    | --- | --- |
    | `met` | whether the run met its fault: a run may end before it sends the request that the fault waits for |
    | `runs` | how many runs of vsync the case took |
    | `rested_after` | how many runs without faults it took until nothing was left to do |
    | `named` | how many Files are left that vsync named in a report and did not delete |
    | `endings` | how each run ended, in words |
    | `excused` | Files that were in a store until somebody deleted that store: the manifest that knew them went with it |
    """

    case: object
    met: bool = False
    runs: int = 0
    rested_after: int = 0
    named: int = 0
    violations: list[str] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)

    def add(self, violations: Iterable[str]) -> None:
        self.violations += violations
