"""The figures of the parts that were run: one small file a part, and the sum over them.

A figure counts for the commit that it was measured on. The files stand in `.faults/`, which git ignores.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deep.faults.parts import Part
from tests.deep.faults.results import Result
from tests.support.places import ROOT

FOLDER = ROOT / ".faults"
_NAMED = "Files named and not deleted"


@dataclass(frozen=True, order=True)
class Figures:
    """What came of one part. `commit` ends in `+changes` where tracked files differed from the commit."""

    commit: str
    of: int
    part: int
    cases: int
    faults: int
    runs: int
    violations: int
    named: int
    seconds: float

    @property
    def command(self) -> str:
        return command(f"--part {self.part}/{self.of}")


def command(options: str) -> str:
    """What a person types to have the tool run with these options."""
    return f'make faults ARGS="{options}"'


def measured(part: Part, commit: str, results: Sequence[Result], seconds: float) -> Figures:
    met = [result for result in results if result.met]
    return Figures(
        commit=commit,
        of=part.of,
        part=part.number,
        cases=len(results),
        faults=len(met),
        runs=sum(result.runs for result in met),
        violations=sum(bool(result.violations) for result in results),
        named=sum(result.named for result in met),
        seconds=round(seconds, 1),
    )


def keep(figures: Figures, folder: Path = FOLDER) -> None:
    """Writes a part's figures. They replace those of an earlier run of the same part at the same commit."""
    path = folder / figures.commit / f"{figures.part}-of-{figures.of}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(figures), indent=1) + "\n")


def kept(folder: Path = FOLDER) -> list[Figures]:
    return sorted(Figures(**json.loads(path.read_text())) for path in folder.glob("*/*.json"))


def current_commit() -> str:
    """The commit that is checked out. `unknown` outside a git repository."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return "unknown"
    return f"{commit}+changes" if _git("status", "--porcelain", "--untracked-files=no") else commit


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def summed(every: Iterable[Figures], commit: str) -> str:
    """The parts of this commit with the command that makes each figure, their sum, and what is not in it."""
    mine = [figures for figures in every if figures.commit == commit]
    lines = [f"Parts of the fault matrix at commit {commit}:"] if mine else [f"No part was run at commit {commit}."]
    for of in sorted({figures.of for figures in mine}):
        lines += _table([figures for figures in mine if figures.of == of], of)
    others = Counter(figures.commit for figures in every if figures.commit != commit)
    if others:
        told = ", ".join(f"{other} ({number})" for other, number in sorted(others.items()))
        lines.append(f"Not in the sum, for they are of other commits: {told}.")
    return "\n".join(lines)


def _table(parts: Sequence[Figures], of: int) -> list[str]:
    head = f"{'part':>7} {'faults':>7} {'runs':>7} {'violations':>10} {_NAMED:>27} {'seconds':>8}"
    rows = [_row(f"{item.part}/{of}", [item]) + f"  {item.command}" for item in parts]
    missing = sorted(set(range(1, of + 1)) - {item.part for item in parts})
    rest = f"Not run: {_spans(missing)} of {of}." if missing else f"All {of} parts were run: the whole matrix."
    return [f"{head}  command", *rows, _row("sum", parts), rest]


def _row(name: str, parts: Sequence[Figures]) -> str:
    faults, runs = sum(item.faults for item in parts), sum(item.runs for item in parts)
    violations, named = sum(item.violations for item in parts), sum(item.named for item in parts)
    seconds = sum(item.seconds for item in parts)
    return f"{name:>7} {faults:7,} {runs:7,} {violations:10,} {named:27,} {seconds:8,.0f}"


def _spans(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as `1-3, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join("-".join(map(str, span)) for span in spans)
