"""Keeps the comment of a pull request up to date."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from vsync.config.settings import DEFAULT_CONFIG, DEFAULT_MANIFEST, NO_MANIFEST, Settings
from vsync.github import commands
from vsync.github.mode import PullRequest
from vsync.github.step import Step
from vsync.network.certificates import for_requests
from vsync.report.comment import marker
from vsync.report.report import Report
from vsync.report.several_comment import ALL_TARGETS, comment, is_worth_creating
from vsync.system.redaction import redacted


class Done(NamedTuple):
    """The reports of a run. `named`: the config names its targets; None: no config was read.

    `alone`: the reports are of the pull request alone.
    """

    reports: list[Report]
    named: bool | None
    alone: bool = True


def update_comment(step: Step, settings: Settings, pull: PullRequest, done: Done | None, wanted: bool | None) -> None:
    """Brings the pull request's comment up to date.

    A comment that cannot be written is a warning, because the job summary shows everything too. Without `done` it is not
    known what the pull request alone changes, and the comment stays as it is.
    """
    from vsync.github.comments import CannotComment, connect, upsert

    if done is None:
        commands.say(f"Comment on pull request #{pull.number}: left as it is, since this plan is not of it alone.")
        return
    run_id = step.origin.run_id
    place = _comments_place(step, settings)
    key, *others = _keys(settings, done)
    text = comment(
        done.reports,
        key,
        state=pull.state,
        run_url=step.origin.run_url,
        run_id=int(run_id) if run_id and run_id.isdecimal() else None,
        place=place,
    )
    create = pull.state == "open" and (wanted is True or is_worth_creating(done.reports))
    try:
        trusted = for_requests(step.environ)
        with connect(step.token or "", step.api_url, step.origin.repository or "", verify=trusted) as session:
            known = tuple(marker(other, place) for other in others)
            posted = upsert(session, pull.number, text, marker(key, place), create=create, also=known)
    except CannotComment as error:
        what = "It is not known whether the comment was written." if error.perhaps else "No comment was written."
        commands.warning("Pull request comment", redacted(f"{what} {error}", step.secrets))
        return
    commands.say(
        f"Comment on pull request #{pull.number}: {_POSTED[posted.action]}{f' ({posted.url})' if posted.url else ''}"
    )
    if posted.left is not None:
        twice = "The comment is up to date, but vsync has a second comment there, and could not delete it."
        commands.warning("Pull request comment", redacted(f"{twice} {posted.left}", step.secrets))


_POSTED = {
    "created": "written",
    "updated": "brought up to date",
    "unchanged": "up to date already",
    "superseded": "left as it is, since a newer run wrote it",
    "absent": "there is none, and none is needed",
}


def _keys(settings: Settings, done: Done) -> tuple[str, ...]:
    """By what the comment is known: first as it is written now.

    A pull request may be what gives the targets their names, and then an earlier run has written under another key.
    """
    if settings.targets:
        return (",".join(settings.targets),)
    alone = settings.target.name
    return (ALL_TARGETS, alone) if done.named else (alone, ALL_TARGETS)


def _comments_place(step: Step, settings: Settings) -> str:
    """What distinguishes the comments of two targets of the same name. A closed pull request has only inputs to tell it from."""
    manifest = settings.manifest or DEFAULT_MANIFEST
    manifest = "" if manifest in {DEFAULT_MANIFEST, NO_MANIFEST} else manifest
    config = "" if settings.config in {None, DEFAULT_CONFIG} else f":{settings.config}"
    place = os.path.normpath(Path(step.given.get("working-directory", "").strip()) / manifest)
    return f"{'' if place == '.' else place}{config}"
