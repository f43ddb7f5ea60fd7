"""Results are joined with their requests: the law is that line n of the results belongs to line n of the requests."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.results import bad, expired, good, lines
from vsync.batch import result_index
from vsync.batch.custom_ids import digest
from vsync.batch.join import Joined, write_joined
from vsync.batch.result_index import Best, good_digests, index_results


def joined(
    asked: list[str] | None, *files: bytes, status: str = "completed", **options: Any
) -> tuple[list[bytes], Joined]:
    """What is written for requests with these custom_ids, and the lines of it. Each file is of a batch: batch-1, batch-2…"""
    best = Best()
    for number, file in enumerate(files, 1):
        index_results(io.BytesIO(file), best, batch_id=f"batch-{number}")
    out = io.BytesIO()
    order = None if asked is None else enumerate(asked, 1)
    found = write_joined(order, best, out, status=status, batch_id="batch-last", **options)
    assert found.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert found.bytes == len(out.getvalue())
    return out.getvalue().splitlines(), found


def test_line_n_of_the_results_belongs_to_line_n_of_the_requests() -> None:
    written, found = joined(["a", "b", "c"], lines(good("c"), good("a")), lines(bad("b")))
    assert written == [good("a"), bad("b"), good("c")]
    assert (found.requests, found.completed, found.failed, found.in_input_order) == (3, 2, 1, True)


def test_a_result_is_copied_byte_for_byte() -> None:
    line = (
        b'  {"custom_id" :"a", "response":{"status_code":200,"body":{"t":"\\u00fc\xc3\xbc", "n":1.50}},"new":{} }\t\r'
    )
    assert joined(["a"], lines(line))[0] == joined(["a"], line)[0] == [line.removesuffix(b"\r")]
    out = io.BytesIO()
    best = Best()
    index_results(io.BytesIO(line), best)
    write_joined([(1, "a")], best, out, status="completed")
    assert out.getvalue() == line + b"\n"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("completed", "completed without a result"),
        ("expired", "expired before"),
        ("cancelled", "was cancelled before"),
        ("odd", "ended without a result"),
    ],
)
def test_a_request_without_a_result_has_a_line_that_says_why(status: str, says: str) -> None:
    written, found = joined(["a", 'b"\n\u2028'], lines(good("a")), status=status)
    line = json.loads(written[1])
    assert list(line) == ["id", "custom_id", "response", "error"]
    assert (line["id"], line["custom_id"], line["response"]) == (None, 'b"\n\u2028', None)
    assert line["error"]["code"] == "no_result"
    assert says in line["error"]["message"]
    (failure,) = found.failures
    assert (failure.line, failure.code, failure.batch_id) == (2, "no_result", "batch-last")
    assert (found.failed, found.unanswered) == (1, 1)


def test_a_failure_is_told_with_its_line_its_reason_and_its_batch() -> None:
    _, found = joined(["a", "b", "c"], lines(good("a"), bad("b", 429, None, "Slow\ndown.")), lines(expired("c")))
    assert [(each.line, each.custom_id, each.code, each.message, each.batch_id) for each in found.failures] == [
        (2, "b", "http_429", "Slow down.", "batch-1"),
        (3, "c", "batch_expired", "This request could not be executed in time.", "batch-2"),
    ]
    assert found.unanswered == 0


def test_secrets_are_taken_out_of_messages() -> None:
    _, found = joined(["a"], lines(bad("a", message="key abc")), hidden=lambda text: text.replace("abc", "***"))
    assert found.failures[0].message == "key ***"


def test_secrets_that_stand_at_a_cut_leave_no_part_behind() -> None:
    secret = "0123456789" * 3
    for length in (490, 500, 505, 512, 520):
        line = bad("x" * length + secret, message="y" * length + secret)
        _, found = joined(["x" * length + secret], lines(line), hidden=lambda text: text.replace(secret, "***"))
        failure = found.failures[0]
        assert "0" not in failure.custom_id + failure.message
        assert len(failure.custom_id) <= 512
        assert len(failure.message) <= 500


def test_a_good_result_replaces_a_failure_and_no_failure_replaces_a_good_result() -> None:
    for files in ((lines(bad("a")), lines(good("a"))), (lines(good("a")), lines(bad("a")))):
        assert joined(["a"], *files)[0] == [good("a")]


def test_a_later_result_replaces_an_earlier_one_of_its_kind() -> None:
    assert joined(["a"], lines(good("a", "1")), lines(good("a", "2")))[0] == [good("a", "2")]
    assert joined(["a"], lines(bad("a", 500)), lines(bad("a", 400)))[0] == [bad("a", 400)]


def test_any_result_replaces_the_line_of_a_request_without_one() -> None:
    written, _ = joined(["a", "b"], b"", status="expired")
    base = lines(*written)
    assert joined(["a", "b"], base, lines(bad("a")))[0] == [bad("a"), written[1]]
    assert joined(["a", "b"], lines(bad("a")), base)[0] == [bad("a"), written[1]]


def test_failures_of_an_earlier_run_keep_their_batch() -> None:
    best = Best()
    index_results(io.BytesIO(lines(bad("a"), bad("b"))), best, batch_ids={"a": "batch-0"})
    found = write_joined(enumerate(["a", "b"], 1), best, io.BytesIO(), status="completed")
    assert [each.batch_id for each in found.failures] == ["batch-0", None]


def test_results_that_nobody_asked_for_stand_at_the_end_and_are_counted() -> None:
    written, found = joined(["a"], lines(good("x"), bad("y"), good("a")))
    assert written[0] == good("a")
    assert sorted(written[1:]) == sorted([good("x"), bad("y")])
    assert (found.extra, found.requests, found.completed, found.failed) == (2, 1, 1, 0)


UNREADABLE = [b"{", b"null", b'{"custom_id": 1}', b'{"custom_id":"\xff"}']


def test_lines_of_nobody_stand_at_the_very_end_and_empty_ones_are_left_out() -> None:
    written, found = joined(["a"], b"\n  \n" + lines(*UNREADABLE, good("x"), good("a")), lines(*UNREADABLE[:2]))
    assert written[:2] == [good("a"), good("x")]
    assert sorted(written[2:]) == sorted(UNREADABLE)
    assert (found.unreadable, found.requests, found.extra) == (4, 1, 1)
    assert joined(["a"], lines(*written))[0] == written
    assert joined(None, lines(*UNREADABLE))[1].unreadable == 4


def test_a_result_that_is_not_strict_json_is_the_answer_to_its_request() -> None:
    odd = good("b").replace(b"an answer", b"\\ud83d")
    worse = bad("c").replace(b"400", b"NaN")
    written, found = joined(["a", "b", "c"], lines(odd, worse, good("a")))
    assert written == [good("a"), odd, worse]
    assert (found.completed, found.failures[0].code, found.unreadable) == (2, "bad_thing", 0)
    assert good_digests(io.BytesIO(lines(*written))) == {digest("a"), digest("b")}


def test_unreadable_lines_that_come_again_can_be_forgotten() -> None:
    best = Best()
    index_results(io.BytesIO(lines(b"{", b"[")), best)
    index_results(io.BytesIO(lines(b"[", b"}", b"]")), best)
    best.forget_unreadable(2)
    out = io.BytesIO()
    found = write_joined([], best, out, status="completed")
    assert sorted(out.getvalue().splitlines()) == [b"[", b"{"]
    assert (found.unreadable, found.forgotten) == (2, 2)


def test_without_requests_the_results_keep_their_order() -> None:
    written, found = joined(None, lines(good("c"), bad("a"), good("b")), lines(good("a")))
    assert written == [good("c"), good("a"), good("b")]
    assert (found.requests, found.in_input_order) == (3, False)
    _, found = joined(None, lines(bad("a")))
    assert (found.failures[0].line, found.failures[0].custom_id) == (None, "a")


def test_the_first_thousand_failures_are_kept() -> None:
    asked = [str(number) for number in range(1_200)]
    _, found = joined(asked, lines(*map(bad, asked[:1_100])))
    assert [each.line for each in found.failures] == list(range(1, 1_001))
    assert (found.failed, found.more_failures) == (1_200, 200)


def test_a_server_that_answers_without_an_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_index, "MOST_RESULTS", 3)
    written, found = joined(["a"], lines(good("a", "1"), good("x"), good("y"), good("z"), good("a", "2")))
    assert written[0] == good("a", "2")
    assert (found.extra, found.beyond) == (2, 1)
    _, found = joined(["a"], lines(b"1", b"2", b"3", b"4"))
    assert (found.unreadable, found.beyond) == (3, 1)


def test_what_has_a_good_result_is_known_so_that_only_the_rest_runs_again() -> None:
    written, _ = joined(["a", "b", "c"], lines(good("a"), bad("b")))
    assert good_digests(io.BytesIO(lines(*written))) == {digest("a")}


def test_results_that_become_shorter_meanwhile_are_an_error() -> None:
    file, best = io.BytesIO(lines(good("a"))), Best()
    index_results(file, best)
    file.truncate(5)
    with pytest.raises(OSError, match="became shorter"):
        write_joined([(1, "a")], best, io.BytesIO(), status="completed")


def test_what_is_odd_about_results_is_told() -> None:
    assert joined(["a"], lines(good("a")))[1].oddities() == []
    _, found = joined(["a"], lines(good("x"), b"{", b"["))
    assert found.oddities() == [
        "Results that belong to no request of the file stand at its end: 1.",
        "Lines of results that cannot be read stand at its very end, as they came: 2.",
    ]
    forgotten, beyond = dataclasses.replace(found, unreadable=0, extra=0, forgotten=3, beyond=1_000).oddities()
    assert "asked for again: 3" in forgotten
    assert "1,000" in beyond


# --- Laws ---------------------------------------------------------------------------------------------------

IDS = st.text(min_size=1, max_size=4).filter(lambda text: text.isprintable())
KINDS: st.SearchStrategy[Callable[[str], bytes]] = st.sampled_from([good, bad, expired])
ASKED = st.lists(IDS, unique=True, max_size=12)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[str], list[bytes]]:
    """Requests, and results of some of them and of others, in any order."""
    asked = draw(ASKED)
    answered = draw(st.lists(st.sampled_from(asked), unique=True)) if asked else []
    others = draw(st.lists(IDS.filter(lambda each: each not in asked), unique=True, max_size=3))
    return asked, draw(st.permutations([draw(KINDS)(each) for each in (*answered, *others)]))


@given(runs())
def test_law_line_n_has_the_custom_id_of_request_n(run: tuple[list[str], list[bytes]]) -> None:
    asked, found = run
    written, _ = joined(asked, lines(*found))
    assert [json.loads(line)["custom_id"] for line in written[: len(asked)]] == asked
    assert sorted(line for line in written if b"no_result" not in line) == sorted(found)


@given(runs(), st.randoms(use_true_random=False))
def test_law_the_order_of_the_results_does_not_matter(run: tuple[list[str], list[bytes]], random: Any) -> None:
    asked, found = run
    other = list(found)
    random.shuffle(other)
    middle = random.randrange(len(other) + 1)
    assert joined(asked, lines(*found))[0] == joined(asked, lines(*other[:middle]), lines(*other[middle:]))[0]


@given(runs(), runs())
def test_law_merging_twice_changes_nothing(
    first: tuple[list[str], list[bytes]], second: tuple[list[str], list[bytes]]
) -> None:
    asked, found = first
    once, _ = joined(asked, lines(*found), lines(*second[1]))
    assert joined(asked, lines(*once), lines(*found), lines(*second[1]))[0] == once
    assert joined(asked, lines(*once), lines(*second[1]))[0] == once
