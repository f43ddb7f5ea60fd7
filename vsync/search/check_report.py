"""How the checks of a target went, as a value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, VsyncError, worst_exit_code
from vsync.report.report import error_data
from vsync.search.checks import CheckResult

REASON = "check"
"""The `failure-reason` of a run in which a check failed."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The results of a target's checks, in the order of the config. `error`: why the checks were not all run."""

    target: str
    results: tuple[CheckResult, ...] = ()
    vector_store_id: str | None = None
    warnings: tuple[str, ...] = ()
    error: VsyncError | None = None

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return EXIT_INCOMPLETE if self.failed else EXIT_OK

    @property
    def failure_reason(self) -> str:
        """The action's word for it. Empty: no check failed."""
        if self.error is not None:
            return self.error.reason
        return REASON if self.failed else ""

    def mapped(self, change: Callable[[str], str]) -> CheckReport:
        """The same report with every text changed but the target's name."""
        return replace(
            self,
            results=tuple(result.mapped(change) for result in self.results),
            vector_store_id=None if self.vector_store_id is None else change(self.vector_store_id),
            warnings=tuple(map(change, self.warnings)),
            error=None if self.error is None else self.error.mapped(change),
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "target": self.target,
            "vector_store_id": self.vector_store_id,
            "passed": len(self.results) - len(self.failed),
            "failed": len(self.failed),
            "checks": [result.to_json() for result in self.results],
            "warnings": list(self.warnings),
        }
        return data if self.error is None else {**data, "error": error_data(self.error)}


def exit_code(reports: Sequence[CheckReport]) -> int:
    """The exit code of all targets."""
    return worst_exit_code([report.exit_code for report in reports])


def failure_reason(reports: Sequence[CheckReport]) -> str:
    """The reason of the first target with the exit code of all. Empty: nothing failed."""
    code = exit_code(reports)
    return next(report.failure_reason for report in reports if report.exit_code == code)


def to_json(reports: Sequence[CheckReport]) -> Any:
    """An object of one target; of several targets a list."""
    data = [report.to_json() for report in reports]
    return data if len(data) > 1 else data[0]
