"""How a verification is told: as text, as the job summary, as JSON. Nothing in names or messages acts."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.support.reports import synced_report, texts, with_body
from tests.unit.report.test_summary import plain, raw
from vsync.github.results import outputs
from vsync.plan.comparison import Comparison
from vsync.report.body import Synced
from vsync.report.documents import Documents, FailedItem
from vsync.report.remedies import remedy
from vsync.report.report import Report
from vsync.report.summary import MAX_BYTES, summary
from vsync.report.text import summary_lines
from vsync.report.verification import KINDS, Drift, Foreign, Taken, Verification
from vsync.system.redaction import redacted

EVIL = "<img src=x onerror=y>|`@all`\n::error::x\x1b[31m #1 https://evil.example \u202e"
MISSING = Drift("missing", "docs/a.md", "file-1", "not listed")


def report(found: Verification, **facts: Any) -> Report:
    given = {"comparison": Comparison("full", "compared"), "vector_store_id": "vs_1", "head": "f" * 40, **facts}
    return with_body(found, given)


def test_the_headline_is_the_title_and_stands_at_the_end_of_the_text() -> None:
    made = report(Verification(drift=(MISSING,), sound=7))
    title = "Drift: 1 difference between the manifest and the store"
    lines = texts(summary_lines(made))
    assert lines[lines.index(title) :] == [
        title,
        "  acme/docs → vs_1, 0.0 s",
        "  7 documents as they should be",
        "  missing 1",
        "Next: vsync verify --repair",
    ]
    assert plain(summary(made)).splitlines()[0] == f"## ❌ vsync verify: {title}"
    assert outputs([made], "r.json")["failure-reason"] == "drift"


def test_one_of_a_thing_is_told_as_one() -> None:
    made = report(Verification(take_over=("x",), kept_back=1, sound=1), requests={"GET /files": 1})
    told = "\n".join(texts(summary_lines(made)))
    assert "1 document as it should be" in told
    assert "1 more entry matches, but another vsync put it there" in told
    text = plain(summary(made))
    assert "1 document is in the store as the manifest says." in text
    assert "1 request to the API" in text
    assert "1 more entry matches" in text


def test_every_kind_is_counted_with_what_to_do_about_it() -> None:
    made = report(Verification(drift=tuple(Drift(kind, "a.md", "f", "why") for kind in KINDS)))
    lines = texts(summary_lines(made))
    assert "  " + " · ".join(f"{kind} 1" for kind in KINDS) in lines
    text = plain(summary(made))
    for kind in KINDS:
        assert any(line.startswith(f"  {kind}: ") and "--repair" in line for line in lines)
        assert f"- <code>{kind}</code> (1): " in text


def test_drift_stands_before_everything_else_with_a_command_to_copy() -> None:
    refused = FailedItem(path="z.pdf", code="invalid_file", message="refused for good")
    made = report(
        Verification(drift=(MISSING,), refused_before=(refused,)),
        warnings=("mind this",),
        options=("--push", "--vector-store-name", "help docs"),
    )
    text = plain(summary(made))
    command = "```sh\nvsync verify --repair --push --vector-store-name 'help docs'\n```\n"
    places = [text.index(part) for part in ("**Drift**", command, "z.pdf", "could not parse", "mind this", "<details>")]
    assert places == sorted(places)


def test_what_failed_in_a_repair_is_listed_with_what_to_do() -> None:
    item = FailedItem(path="z.pdf", code="invalid_file", message="no text")
    text = plain(summary(report(Verification(mended=(MISSING,), sync=Synced(documents=Documents(failed=(item,)))))))
    failed = text[text.index("**Failed**") :]
    assert "<code>z.pdf</code>" in failed
    assert "could not parse" in failed


def hostile() -> Report:
    foreign = Foreign(EVIL, EVIL, EVIL, EVIL)
    return report(
        Verification(
            drift=(Drift("failed", EVIL, EVIL, EVIL),),
            mended=(Drift("missing", EVIL, EVIL, EVIL),),
            foreign=(foreign,),
            take_over=(EVIL,),
            taken=(Taken(dataclasses.replace(foreign, file_id="other"), "left", EVIL),),
            kept_back=2,
            sync=Synced(
                documents=Documents(added=(EVIL,), failed=(FailedItem(path=EVIL, code="server_error", message=EVIL),))
            ),
        ),
        warnings=(EVIL,),
        started_by=EVIL,
    )


def test_hostile_names_and_messages_stay_text() -> None:
    text = summary(hostile())
    for active in ("<img", "@all", "::error", "\x1b", "\u202e", "https://evil", "`@"):
        assert active not in raw(text)
    for line in texts(summary_lines(hostile())):
        assert line.isprintable()


def test_secrets_in_what_a_server_said_are_cut() -> None:
    leaky = "the key sk-abcdefghijklmnop was used"
    entry = Foreign("f", "p", "n", "d")
    made = report(
        Verification(
            drift=(Drift("failed", "a", "b", leaky),),
            mended=(Drift("failed", "a", "b", leaky),),
            taken=(Taken(entry, "left", leaky),),
        )
    )
    assert "sk-abc" not in str(made.mapped(lambda text: redacted(text, ())).to_json())


def test_a_summary_of_a_broken_store_fits() -> None:
    drift = tuple(Drift("missing", f"docs/{EVIL}{number}.md", f"file-{number}", "x" * 300) for number in range(5_000))
    foreign = tuple(Foreign(f"f{number}", f"{EVIL}{number}", "", "x") for number in range(5_000))
    text = summary(report(Verification(drift=drift, foreign=foreign)))
    assert len(text.encode()) < MAX_BYTES
    assert "more, which stand in the JSON report" in text
    assert len(summary_lines(report(Verification(drift=drift, foreign=foreign)))) < 100


def test_what_is_to_be_taken_over_is_not_listed_as_untouched_too() -> None:
    theirs, other = Foreign("f1", "old/a.md", "", "d"), Foreign("f2", "x.md", "", "d")
    made = report(Verification(foreign=(theirs, other), take_over=("old/",), taken=(Taken(theirs, "listed"),)))
    lines = texts(summary_lines(made))
    assert "To take over, matching old/ (1):" in lines
    assert "Not ours, and never touched without --take-over (1):" in lines
    assert "  would go: old/a.md (f1)" in lines
    text = plain(summary(made))
    assert "With `--yes`" in text
    assert "**To take over**" in text
    none = report(Verification(take_over=("old/",), kept_back=3))
    assert "To take over: no entry of others matches old/." in texts(summary_lines(none))
    assert any("another vsync" in line for line in texts(summary_lines(none)))


def test_what_others_put_there_names_the_way_to_take_it_over() -> None:
    theirs, vsyncs = Foreign("f1", "a.md", "", "d"), Foreign("f2", "b.md", "", "d", of_vsync=True)
    for foreign, title in (
        ((theirs, vsyncs), "Not ours, and never touched without --take-over"),
        ((vsyncs,), "Not ours, and never touched"),
    ):
        made = report(Verification(foreign=foreign))
        assert f"{title} ({len(foreign)}):" in texts(summary_lines(made))
        assert f"**{title}**" in plain(summary(made))


def test_the_json_adds_what_verify_found_to_that_of_a_sync() -> None:
    entry = Foreign("f1", None, "n", "d")
    data = report(
        Verification(drift=(MISSING,), foreign=(entry,), take_over=("x",), taken=(Taken(entry, "listed"),))
    ).to_json()
    assert data["drift"] == [{"kind": "missing", "path": "docs/a.md", "file_id": "file-1", "detail": "not listed"}]
    assert data["foreign"] == [{"file_id": "f1", "path": None, "filename": "n", "detail": "d"}]
    assert (data["mended"], data["rebuilt"]) == ([], False)
    assert data["take_over"] == {
        "patterns": ["x"],
        "entries": [{"file_id": "f1", "path": None, "filename": "n", "result": "listed", "detail": ""}],
        "kept_back": 0,
    }
    assert "take_over" not in report(Verification()).to_json()
    assert "drift" not in synced_report().to_json()


def test_what_earlier_runs_were_refused_comes_with_its_remedy() -> None:
    made = report(Verification(refused_before=(FailedItem(path="a.md", code="invalid_file", message="refused"),)))
    assert f"  invalid_file (1): {remedy('invalid_file')}" in texts(summary_lines(made))
    assert "Mend it, or exclude it" in plain(summary(made))
