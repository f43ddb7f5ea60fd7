"""One report of each kind, with every fact filled in that its kind has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.builders import COMMIT, HEAD
from vsync.errors import ApiUnavailable, LimitExceeded
from vsync.plan.comparison import Comparison
from vsync.report.body import Estimate, Orphan, Planned, Synced, changed_nothing
from vsync.report.documents import Documents, FailedItem, Lines
from vsync.report.last_sync import LastSync
from vsync.report.of_plan import overtaken
from vsync.report.report import Body, Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.verification import Drift, Foreign, Taken, Verification

DOCUMENTS = Documents(
    added=("docs/new.md", "docs/ü.md"),
    updated=("docs/edit.md",),
    renamed=(("docs/old.md", "docs/moved.md"),),
    retagged=("docs/tag.md",),
    removed=("docs/gone.md",),
    unchanged=1_234,
    skipped=(("docs/empty.md", "empty"), ("link.md", "symlink")),
    failed=(
        FailedItem(path="docs/bad.pdf", code="invalid_file", message="could not be parsed"),
        FailedItem(path="docs/slow.md", code="index-timeout", message="took too long"),
    ),
    sizes={"docs/new.md": 1_500, "docs/edit.md": 2_000_000},
)
SIZES = StoreSizes(StoreSize(1_240, 9_000_000, 17_000_000), StoreSize(1_241, 9_500_000, 18_000_000))
HINT = "Not selected, but looks like documentation: 3 .md in vendor/. Include patterns can select them."
PLANNED = Planned(
    DOCUMENTS, Estimate(4, 2_003_000, 3, tokens=500_000, chunks=1_249, other=1), store=SIZES, hints=(HINT,)
)
SYNCED = Synced(
    PLANNED,
    DOCUMENTS,
    SIZES,
    bytes_uploaded=2_003_000,
    orphans=(Orphan("file-7", "docs/lost.md", 12, "listed", "another run may have made it"),),
)
WITHOUT_FAILURES = replace(SYNCED, documents=replace(DOCUMENTS, failed=()))
NO_WORK = Estimate(0, 0, 0)
PULL_HEAD = "9" * 40
NOTHING = Synced(Planned(estimate=NO_WORK), Documents(unchanged=7))
SYNCED_BEFORE = LastSync(COMMIT, "2026-11-28 14:03 UTC")
REFUSED = "The plan deletes 3 of 4 documents, which is more than half."
REFUSAL = changed_nothing(replace(PLANNED, refused=REFUSED))
DRIFT = (
    Drift("missing", "docs/a.md", "file-1", "the manifest names this entry, and the store does not list it"),
    Drift("left-over", None, "file-2", "an entry of ours that the manifest does not name"),
)
FOREIGN = (
    Foreign("file-3", "old/x.md", "x.md", "not put there by vsync"),
    Foreign("file-4", None, "y.md", "of acme/other, target default", of_vsync=True),
)


def made(body: Body, **facts: Any) -> Report:
    return Report(
        target="docs",
        comparison=Comparison("diff", "git diff since the last synced commit cccccccccccc"),
        body=body,
        source="acme/docs",
        vector_store_id="vs_1",
        base=COMMIT,
        head=HEAD,
        warnings=("Mind this.",),
        requests={"POST /files": 4, "GET /vector_stores/{id}": 1},
        duration_s=1.23456,
        manifest=".vsync/manifest.json",
        started_by="the push is to main",
        repository_url="https://github.com/acme/docs",
        **facts,
    )


CLOSED = Report(
    target="docs",
    source="acme/docs",
    head=HEAD,
    started_by="the event is pull_request (closed)",
    comparison=Comparison("diff", "pull request #7 was closed without being merged"),
    body=Planned(),
    manifest=".vsync/manifest.json",
)
LIMIT = LimitExceeded(REFUSED, "Nothing was changed.")

EXAMPLES: dict[str, Report] = {
    "plan": made(PLANNED),
    "plan refused": made(replace(PLANNED, refused=REFUSED)),
    "plan that changes nothing": made(Planned(Documents(unchanged=7), NO_WORK), last_sync=SYNCED_BEFORE),
    "plan of a pull request": made(
        replace(
            PLANNED,
            documents=replace(DOCUMENTS, lines={"docs/new.md": Lines(12, 0), "docs/edit.md": Lines(3, 1_400)}),
            backlog="Not counted here: 2 uploads.",
            of_pull_request=True,
        ),
        files_at=PULL_HEAD,
    ),
    "plan of a pull request that changes nothing": made(
        Planned(Documents(unchanged=7), NO_WORK, of_pull_request=True), last_sync=SYNCED_BEFORE
    ),
    "pull request closed": CLOSED,
    "plan overtaken": overtaken(made(PLANNED), dry_run=True),
    "sync": made(SYNCED, manifest_commit="e" * 40),
    "sync without failures": made(WITHOUT_FAILURES, manifest_commit="e" * 40),
    "sync of nothing": made(NOTHING, last_sync=SYNCED_BEFORE),
    "sync of nothing, from a listing": made(
        replace(NOTHING, listed=True, store=StoreSizes(SIZES.after, SIZES.after)), last_sync=SYNCED_BEFORE
    ),
    "sync with nothing selected": made(Synced(Planned(estimate=NO_WORK))),
    "sync that only removes": made(Synced(Planned(estimate=Estimate(0, 0, 1)), Documents(removed=("docs/gone.md",)))),
    "sync refused": made(REFUSAL, error=LIMIT),
    "sync overtaken": overtaken(made(PLANNED)),
    "sync not finished": made(
        replace(SYNCED, left=2), manifest_commit="e" * 40, error=ApiUnavailable("Out of reach.", "Run again.")
    ),
    "verification": made(
        Verification(
            DRIFT,
            FOREIGN,
            sound=1_230,
            refused_before=DOCUMENTS.failed,
            take_over=("old/**",),
            taken=(Taken(FOREIGN[0], "listed"),),
            kept_back=1,
        )
    ),
    "verification without drift": made(Verification(sound=7)),
    "verification without a manifest": made(Verification(compared=False, foreign=FOREIGN)),
    "verification of a manifest made again": made(Verification(DRIFT[:1], sync=PLANNED, sound=1_234, rebuilt=True)),
    "verification mended": made(
        Verification(mended=DRIFT, foreign=FOREIGN, sync=WITHOUT_FAILURES), manifest_commit="e" * 40
    ),
    "verification mended with failures": made(
        Verification(
            drift=DRIFT[:1],
            mended=DRIFT[1:],
            sync=SYNCED,
            rebuilt=True,
            take_over=("old/**",),
            taken=(Taken(FOREIGN[0], "deleted"), Taken(FOREIGN[1], "left", "it is gone already")),
        ),
        manifest_commit="e" * 40,
    ),
    "verification refused": made(Verification(DRIFT, sync=REFUSAL), error=LIMIT),
    "verification overtaken": made(Verification(sync=changed_nothing(PLANNED)), superseded=True),
}
