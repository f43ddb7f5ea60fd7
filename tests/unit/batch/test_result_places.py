"""Where results stand follows from the request file's path and content, whatever its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.batch.result_places import (
    foreign_path,
    kept_path,
    kept_paths,
    result_path,
    results_among,
    safe_path,
    summary_path,
)

SHA = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("batches/a/b.jsonl", "batches", "out/a/b.jsonl"),
        ("batches/b.jsonl", "batches", "out/b.jsonl"),
        ("x/y/b.jsonl", "x/y", "out/b.jsonl"),
        ("a/b.jsonl", ".", "out/a/b.jsonl"),
        ("a/b.jsonl", "", "out/a/b.jsonl"),
        ("old/b.jsonl", "batches", "out/old/b.jsonl"),
        ("batches2/b.jsonl", "batches", "out/batches2/b.jsonl"),
        ("batches/b.c.jsonl", "batches", "out/b.c.jsonl"),
    ],
)
def test_results_stand_in_the_results_folder_as_the_requests_do_in_theirs(path: str, source: str, found: str) -> None:
    assert result_path(path, source, "out") == found


def test_what_belongs_to_results_stands_beside_them() -> None:
    assert summary_path("out/a/b.jsonl") == "out/a/b.summary.json"
    assert kept_path("out/a/b.jsonl", SHA) == "out/a/b.0123456789ab.jsonl"
    assert summary_path(kept_path("out/a/b.jsonl", SHA)) == "out/a/b.0123456789ab.summary.json"
    assert foreign_path("out/a/b.jsonl", SHA) == "out/a/b.kept-0123456789ab.jsonl"
    assert foreign_path("b.jsonl", SHA, 64) == f"b.kept-{SHA}.jsonl"


def test_kept_results_have_other_names_where_the_first_is_taken() -> None:
    assert kept_paths("out/a/b.jsonl", SHA, "out") == (
        "out/a/b.0123456789ab.jsonl",
        f"out/a/b.{SHA}.jsonl",
        f"out/a~b.{SHA}.jsonl",
    )
    long = kept_paths(f"out/{'x' * 200}/{'y' * 200}.jsonl", SHA, "out")
    assert max(len(part) for path in long for part in path.split("/")) <= 235


def test_a_summary_is_found_with_its_results_and_one_that_is_alone_tells_their_name() -> None:
    assert [*results_among(["out/a.jsonl", "out/a.summary.json", "out/b.summary.json", "out/c.txt"])] == [
        "out/a.jsonl",
        "out/b.jsonl",
    ]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255)


@given(NAMES, NAMES, st.integers(0, 3))
def test_law_names_are_short_enough_and_long_ones_stay_different(one: str, other: str, repeat: int) -> None:
    found = []
    for stem in (one * 4**repeat, other * 4**repeat):
        results = result_path(f"batches/{stem}.jsonl", "batches", "out")
        places = [results, summary_path(results), kept_path(results, SHA), summary_path(kept_path(results, SHA))]
        assert all(place.startswith("out/") and len(place.removeprefix("out/").encode()) <= 235 for place in places)
        assert len(set(places)) == 4
        found.append(places)
    assert one == other or not set(found[0][:2]) & set(found[1][:2])


@given(NAMES, st.integers(0, 3))
def test_law_a_summary_of_results_with_any_name_is_no_other_results(stem: str, repeat: int) -> None:
    results = result_path(f"batches/{stem * 4**repeat}.jsonl", "batches", "out")
    places = [results, kept_path(results, SHA)]
    assert [*results_among([*places, *map(summary_path, places)])] == places


@pytest.mark.parametrize(
    "text", ["a.jsonl", "batches/a.jsonl", "batches/ü b/a'\"$(x).jsonl", ".github/b/a.jsonl", "out2/a.jsonl"]
)
def test_the_path_of_a_request_file_is_taken(text: str) -> None:
    assert safe_path(text, "out") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".jsonl",
        "a/.jsonl",
        "a.json",
        "a.jsonl/",
        "/a.jsonl",
        "/etc/a.jsonl",
        "a//b.jsonl",
        "./a.jsonl",
        "a/./b.jsonl",
        "../a.jsonl",
        "a/../../b.jsonl",
        "a/..",
        ".git/a.jsonl",
        "x/.GIT/hooks/a.jsonl",
        "out/a.jsonl",
        "a\n.jsonl",
        "a\0.jsonl",
        "a\x1b[2J.jsonl",
        "a\x7f.jsonl",
        "a\x9b.jsonl",
        "a\ud800.jsonl",
        "a" * 256 + ".jsonl",
        "é" * 130 + ".jsonl",
        "a/" * 2_100 + "b.jsonl",
    ],
)
def test_a_path_that_may_lead_elsewhere_is_not_taken(text: str) -> None:
    assert safe_path(text, "out") is None


@given(st.text(st.sampled_from("./ab\\\n"), max_size=12))
def test_law_a_safe_path_stays_beneath_the_results(text: str) -> None:
    path = safe_path(f"{text}.jsonl", "out")
    if path is not None:
        found = result_path(path, "a", "out")
        assert found.startswith("out/")
        assert not {"", ".", ".."} & set(found.split("/"))
