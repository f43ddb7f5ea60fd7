"""What a commit changes in the results on a branch, where other runs publish too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.batch.branch_changes import Changes, Pair, Pairs, Verdict, decide, judge, pairs_of
from vsync.batch.result_places import kept_path, summary_path
from vsync.batch.summary_file import MergedBatch, Summary

PLACE = "batch-results/a/b.jsonl"
OLD = "0" * 64
KEPT = kept_path(PLACE, OLD)


def summary(*batches: str, sha256: str = OLD, created: int = 1) -> Summary:
    merged = tuple(
        MergedBatch(batch, "completed", "/v1/embeddings", "m", created, None, 1, None, None, None) for batch in batches
    )
    return Summary("batches/a/b.jsonl", sha256, 1, 1, 0, 0, "1" * 64, 10, True, merged, (), 0)


def decided(ours: Pairs, theirs: Pairs, known: Pairs | None = None, verdict: Verdict | None = None) -> Changes:
    def judged(place: str) -> Verdict:
        assert verdict is not None, f"{place} needs no look"
        return verdict

    return decide(ours, theirs, known or {}, judged, lambda place: OLD)


# --- Pairs ----------------------------------------------------------------------------------------------------


def test_results_and_their_summary_are_one_pair() -> None:
    found = pairs_of({PLACE: "r", summary_path(PLACE): "s", "batch-results/c.jsonl": "x"})
    assert found == {PLACE: Pair("r", "s"), "batch-results/c.jsonl": Pair("x", None)}


def test_a_summary_without_results_is_a_pair_as_well() -> None:
    assert pairs_of({summary_path(PLACE): "s"}) == {PLACE: Pair(None, "s")}


def test_a_long_name_and_its_summary_are_one_pair_although_they_are_shortened_differently() -> None:
    place = f"batch-results/{'n' * 228}.jsonl"
    assert pairs_of({place: "r", summary_path(place): "s"}) == {place: Pair("r", "s")}


@given(st.dictionaries(st.sampled_from(["a", "a.summary", "b/a", "b/é"]), st.sampled_from(["r", "s", "rs"])))
def test_the_files_of_all_pairs_are_the_files(stems: dict[str, str]) -> None:
    files: dict[str, str] = {}
    for stem, parts in stems.items():
        place = f"batch-results/{stem}.jsonl"
        files.update({place: "1"} if "r" in parts else {})
        files.update({summary_path(place): "2"} if "s" in parts else {})
    again: dict[str, str] = {}
    for place, pair in pairs_of(files).items():
        again.update(pair.files(place))
    assert again == files


# --- Which results are better ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (summary("1"), summary("1"), "theirs"),
        (summary("1"), summary("1", "2"), "theirs"),
        (summary("1", "2"), summary("1"), "ours"),
        (summary("1", "2"), summary("2", "3"), "unclear"),
        (summary("1", sha256="a" * 64, created=5), summary("2", created=4), "both"),
        (summary("1", sha256="a" * 64, created=4), summary("2", created=4), "older"),
        (summary("1", sha256="a" * 64, created=3), summary("2", created=4), "older"),
        (None, summary("1"), "unclear"),
        (summary("1"), None, "unclear"),
    ],
)
def test_the_batches_say_which_results_are_better(ours: Summary, theirs: Summary, verdict: Verdict) -> None:
    assert judge(ours, theirs) == verdict


# --- What is committed ----------------------------------------------------------------------------------------


def test_what_the_branch_has_not_is_added_with_its_summary() -> None:
    changes = decided({PLACE: Pair("r", "s")}, {})
    assert changes.files == {PLACE: "r", summary_path(PLACE): "s"}
    assert changes.put == (PLACE,)


def test_what_the_branch_has_already_changes_nothing() -> None:
    assert decided({PLACE: Pair("r", "s")}, {PLACE: Pair("r", "s")}) == Changes()


def test_what_this_run_began_with_is_replaced_without_a_look() -> None:
    old, new = Pair("r", "s"), Pair("r2", "s2")
    assert decided({PLACE: new}, {PLACE: old}, {PLACE: old}).put == (PLACE,)


def test_what_another_run_published_meanwhile_is_compared() -> None:
    old, new, others = Pair("r", "s"), Pair("r2", "s2"), Pair("r3", "s3")
    assert decided({PLACE: new}, {PLACE: others}, {PLACE: old}, "ours").put == (PLACE,)
    assert decided({PLACE: new}, {PLACE: others}, {PLACE: old}, "theirs") == Changes()


@pytest.mark.parametrize(("verdict", "why"), [("older", "is newer"), ("unclear", "neither older nor newer")])
def test_results_that_are_not_better_stay_here_and_are_told(verdict: Verdict, why: str) -> None:
    changes = decided({PLACE: Pair("r", "s")}, {PLACE: Pair("x", "y")}, verdict=verdict)
    assert not changes.files
    assert [*changes.left_out] == [PLACE]
    assert why in changes.left_out[PLACE]


def test_older_results_of_another_content_are_kept_under_their_own_name() -> None:
    changes = decided({PLACE: Pair("r", "s")}, {PLACE: Pair("x", "y")}, verdict="both")
    assert changes.files == {PLACE: "r", summary_path(PLACE): "s", KEPT: "x", summary_path(KEPT): "y"}
    assert changes.put == (PLACE,)


def test_they_are_not_kept_twice() -> None:
    theirs = {PLACE: Pair("x", "y"), KEPT: Pair("x", "y")}
    assert decided({PLACE: Pair("r", "s")}, theirs, verdict="both").files == {PLACE: "r", summary_path(PLACE): "s"}


def test_nothing_is_overwritten_where_other_results_have_the_name_to_keep_them() -> None:
    theirs = {PLACE: Pair("x", "y"), KEPT: Pair("z", "z")}
    changes = decided({PLACE: Pair("r", "s")}, theirs, verdict="both")
    assert not changes.files
    assert [*changes.left_out] == [PLACE]


def test_what_is_missing_here_stays_on_the_branch() -> None:
    pair = Pair("r", "s")
    assert decided({}, {PLACE: pair}, {PLACE: pair}) == Changes()


@pytest.mark.parametrize("half", [Pair(None, "s2"), Pair("r2", None)])
def test_half_of_a_pair_replaces_no_whole_pair(half: Pair) -> None:
    pair = Pair("r", "s")
    assert decided({PLACE: half}, {PLACE: pair}, {PLACE: pair}) == Changes()


def test_a_summary_alone_is_not_published() -> None:
    assert decided({PLACE: Pair(None, "s")}, {}) == Changes()


def test_results_that_were_moved_here_are_moved_on_the_branch() -> None:
    pair = Pair("r", "s")
    changes = decided({KEPT: pair}, {PLACE: pair}, {PLACE: pair})
    assert changes.files == {KEPT: "r", summary_path(KEPT): "s", PLACE: None, summary_path(PLACE): None}


def test_results_that_were_moved_and_replaced_are_both_there() -> None:
    pair, new = Pair("r", "s"), Pair("r2", "s2")
    changes = decided({KEPT: pair, PLACE: new}, {PLACE: pair}, {PLACE: pair})
    assert changes.files == {KEPT: "r", summary_path(KEPT): "s", PLACE: "r2", summary_path(PLACE): "s2"}


def test_results_that_were_moved_here_stay_where_another_run_has_changed_them() -> None:
    pair = Pair("r", "s")
    changes = decided({KEPT: pair}, {PLACE: Pair("x", "y")}, {PLACE: pair})
    assert changes.files == {KEPT: "r", summary_path(KEPT): "s"}


def test_results_that_were_moved_to_another_folder_are_moved_on_the_branch() -> None:
    pair, other = Pair("r", "s"), "batch-results/other/b.jsonl"
    changes = decided({other: Pair("r", "s2")}, {PLACE: pair}, {PLACE: pair})
    assert changes.files == {other: "r", summary_path(other): "s2", PLACE: None, summary_path(PLACE): None}
    assert PLACE not in decided({other: pair}, {PLACE: pair}, {}).files


_BLOB = st.sampled_from(["1", "2", "3"])
_PAIR = st.builds(Pair, st.none() | _BLOB, st.none() | _BLOB).filter(lambda pair: pair != Pair())
_PAIRS = st.dictionaries(st.sampled_from([PLACE, KEPT, "batch-results/c.jsonl"]), _PAIR)


def committed(changes: Changes, theirs: Pairs) -> dict[str, Pair]:
    files = {path: blob for place, pair in theirs.items() for path, blob in pair.files(place).items()}
    files.update({path: blob for path, blob in changes.files.items() if blob is not None})
    return pairs_of({path: blob for path, blob in files.items() if changes.files.get(path, "") is not None})


@given(_PAIRS, _PAIRS, _PAIRS, st.sampled_from(["ours", "theirs", "both", "older", "unclear"]))
def test_no_results_are_lost_but_those_that_better_ones_replace(
    ours: Pairs, theirs: Pairs, known: Pairs, verdict: Verdict
) -> None:
    changes = decided(ours, theirs, known, verdict)
    after = committed(changes, theirs)
    held = {pair.results for pair in after.values()}
    for place, pair in theirs.items():
        replaced = place in changes.put and (verdict == "ours" or known.get(place) == pair)
        assert pair.results in {None, *held} or replaced


@given(_PAIRS, _PAIRS, _PAIRS)
def test_a_second_commit_changes_nothing(ours: Pairs, theirs: Pairs, known: Pairs) -> None:
    changes = decided(ours, theirs, known, "ours")
    after = committed(changes, theirs)
    assert decided(ours, after, {**known, **{place: ours[place] for place in changes.put}}, "theirs").files == {}
