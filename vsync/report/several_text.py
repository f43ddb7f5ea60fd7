"""The reports of several targets in plain text, for the terminal and the log. Pure."""

from __future__ import annotations

from vsync.report.several import Reports, Shared, exit_code
from vsync.report.several_headline import total
from vsync.report.text import Line, Tone, summary_lines
from vsync.system.redaction import printable


def several_lines(reports: Reports) -> list[Line]:
    """What each target did, under its name, and then the total. One report has neither its name nor a total."""
    if len(reports) == 1:
        return summary_lines(reports[0])
    shared = Shared.of(reports)
    lines: list[Line] = []
    for report in map(shared.taken_from, reports):
        lines += [
            Line(f"Target {printable(report.target)}:"),
            *(Line(f"  {text}", tone) for text, tone in summary_lines(report)),
        ]
        if report.error is not None:
            lines.append(Line(f"  {printable(str(report.error))}", "bad"))
    lines += [Line(f"Warning: {printable(text)}", "warn") for text in shared.warnings]
    said = total(reports)
    tone: Tone = "good" if said.mark == "✅" else "bad" if exit_code(reports) or said.mark == "🛑" else "plain"
    prefix = "Plan: " if said.command == "plan" else "Verify: " if said.command == "verify" else "Sync: "
    return [*lines, Line(f"{prefix}{said.sentence}", tone)]
