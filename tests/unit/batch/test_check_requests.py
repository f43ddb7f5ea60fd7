"""A request file is checked whole before anything is uploaded: every mistake, by line, in bounded memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.request_lines import LEFT_OUT, request, request_file
from vsync.batch import check_requests as module
from vsync.batch.check_requests import MAX_FAULTY_LINES, MOST_MISTAKES, Checked, check_requests
from vsync.batch.limits import ENDPOINTS, MAX_BYTES, MAX_LINE_BYTES
from vsync.batch.request_lines import lines_of


def check(*lines: bytes, endpoint: str | None = None) -> Checked:
    return check_requests(io.BytesIO(request_file(*lines)), endpoint=endpoint)


def found(checked: Checked) -> list[tuple[int | None, str]]:
    return [(mistake.line, mistake.code) for mistake in checked.mistakes]


def test_a_sound_file_has_no_mistakes() -> None:
    content = request_file(request(1), request(2))
    assert check_requests(io.BytesIO(content)) == Checked(
        hashlib.sha256(content).hexdigest(), len(content), 2, "/v1/responses", "gpt-5-mini"
    )


def test_line_breaks_of_windows_are_no_mistake() -> None:
    checked = check_requests(io.BytesIO(request(1) + b"\r\n" + request(2) + b"\r\n"))
    assert (found(checked), checked.requests) == ([], 2)


def test_the_last_line_may_lack_its_line_break() -> None:
    checked = check_requests(io.BytesIO(request(1) + b"\n" + request(2)))
    assert (found(checked), checked.requests) == ([], 2)


def test_the_file_is_read_from_its_beginning() -> None:
    file = io.BytesIO(request_file(request(1)))
    file.read()
    assert check_requests(file).requests == 1


def test_an_empty_file_is_a_mistake_of_the_whole_file() -> None:
    assert found(check()) == [(None, "empty-file")]


@pytest.mark.parametrize("line", [b"", b"  \t", b"\r"])
def test_a_line_that_is_empty_is_named(line: bytes) -> None:
    checked = check(request(1), line, request(2))
    assert (found(checked), checked.requests) == ([(2, "empty-line")], 2)


def test_each_mistake_of_each_line_is_named_in_order() -> None:
    checked = check(
        request(1),
        request(2, method="GET", body=LEFT_OUT),
        b"{",
        request(4, custom_id=""),
    )
    assert found(checked) == [(2, "wrong-method"), (2, "no-member"), (3, "not-json"), (4, "empty-text")]


def test_a_custom_id_that_two_requests_have_names_the_line_of_the_first() -> None:
    checked = check(request(1), request(2), request(1), request(1))
    assert found(checked) == [(3, "duplicate-custom-id"), (4, "duplicate-custom-id")]
    assert checked.mistakes[1].message == (
        "The custom_id 'request-1' is that of line 1 too. Give each request its own."
    )


def test_a_custom_id_is_the_same_however_it_is_spelled() -> None:
    spelled = request(1).replace(b"request-1", rb"r\u0065quest-1")
    assert found(check(request(1), spelled)) == [(2, "duplicate-custom-id")]


def test_the_custom_id_of_a_request_with_other_mistakes_counts() -> None:
    assert found(check(request(1, method="GET"), request(1))) == [(1, "wrong-method"), (2, "duplicate-custom-id")]


def test_requests_of_one_file_go_to_one_endpoint() -> None:
    checked = check(request(1), request(2, url="/v1/chat/completions"), request(3))
    assert found(checked) == [(2, "other-url")]
    assert "line 1 has /v1/responses" in checked.mistakes[0].message
    assert checked.endpoint == "/v1/responses"


def test_requests_go_to_the_endpoint_that_was_asked_for() -> None:
    checked = check(request(1), request(2), endpoint="/v1/embeddings")
    assert found(checked) == [(None, "other-url")], "one mistake of the file, and not one of each line"
    assert checked.mistakes[0].message.startswith("2 requests of the file have another url than /v1/embeddings")
    assert "line 1 with /v1/responses" in checked.mistakes[0].message
    assert found(check(request(1), endpoint="/v1/responses")) == []


def test_requests_of_one_file_have_one_model() -> None:
    checked = check(request(1), request(2, body={"model": "other", "input": "x"}))
    assert found(checked) == [(2, "other-model")]
    assert "The model is 'other', but line 1 names 'gpt-5-mini'." in checked.mistakes[0].message


def test_a_model_that_some_requests_leave_to_the_api_is_no_mistake() -> None:
    bodies = [{"input": "x"}, {"model": "omni", "input": "x"}, {"input": "x"}]
    checked = check(*(request(n, url="/v1/moderations", body=body) for n, body in enumerate(bodies)))
    assert (found(checked), checked.model) == ([], "omni")


def test_the_inputs_of_all_embedding_requests_count_together() -> None:
    def line(number: int, inputs: int) -> bytes:
        return request(number, url="/v1/embeddings", body={"model": "m", "input": ["x"] * inputs})

    assert found(check(line(1, 30_000), line(2, 20_000))) == []
    checked = check(line(1, 30_000), line(2, 20_000), line(3, 1))
    assert found(checked) == [(None, "too-many-inputs")]
    assert "50,001" in checked.mistakes[0].message


def test_more_requests_than_a_batch_takes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REQUESTS", 5)
    lines = [request(number) for number in range(5)]
    assert found(check(*lines)) == []
    checked = check(*lines, request(0), b"{")
    assert (found(checked), checked.requests) == ([(None, "too-many-requests")], 7)
    assert checked.mistakes[0].message.startswith("The file has 7 requests. A batch takes 5: ")


def test_behind_too_many_requests_nothing_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REQUESTS", 2)
    content = request_file(request(1), b"", request(2), request(3), b"{", b"", request(4))
    checked = check_requests(io.BytesIO(content))
    assert (found(checked), checked.requests) == ([(None, "too-many-requests"), (2, "empty-line")], 5)
    assert (checked.sha256, checked.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize("faulty", [b"", b"x", b"  "])
def test_behind_too_many_faulty_lines_nothing_is_checked(monkeypatch: pytest.MonkeyPatch, faulty: bytes) -> None:
    monkeypatch.setattr(module, "MAX_FAULTY_LINES", 3)
    content = request_file(request(1), faulty, faulty, faulty, request(2), b"{", request(2))
    checked = check_requests(io.BytesIO(content))
    (whole, *lines) = checked.mistakes
    assert (whole.line, whole.code) == (None, "too-many-mistakes")
    assert whole.message.startswith("3 lines have mistakes, so the lines from 5 on were not checked. ")
    assert [mistake.line for mistake in lines] == [2, 3, 4]
    assert checked.requests == 4 + 3 * bool(faulty.strip())
    assert (checked.sha256, checked.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_line_with_several_mistakes_is_one_faulty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FAULTY_LINES", 2)
    assert found(check(b"{}", request(2), b"{")) == [(1, "no-member")] * 4 + [(3, "not-json")]


def test_a_file_that_ends_with_the_last_faulty_line_was_checked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FAULTY_LINES", 2)
    assert found(check(b"{", b"{")) == [(1, "spread-over-lines")]
    assert found(check(b"x", b"x")) == [(1, "not-json"), (2, "not-json")]


def test_a_file_of_millions_of_empty_lines_is_not_looked_at_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given_lines = []

    def counted(*given: Any) -> Iterator[Any]:
        for each in lines_of(*given):
            given_lines.append(each[0])
            yield each

    monkeypatch.setattr(module, "lines_of", counted)
    checked = check_requests(io.BytesIO(b"\n" * 5_000_000))
    assert (found(checked)[0], checked.bytes) == ((None, "too-many-mistakes"), 5_000_000)
    assert len(given_lines) == MAX_FAULTY_LINES + 1


class Told(Exception):
    pass


@pytest.mark.parametrize("line", [request(1), b"", b"["])
def test_a_check_ends_soon_after_it_was_told_to_stop(line: bytes) -> None:
    content = io.BytesIO(request_file(*[line] * (1_200_000 // (len(line) + 1))))
    asked = iter([None, None, Told()])

    def stop() -> None:
        if error := next(asked):
            raise error

    with pytest.raises(Told):
        check_requests(content, stop=stop)
    assert content.tell() < 1_000_000


class Sparse(io.RawIOBase):
    """A file of a size that nobody reads."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return MAX_BYTES + 1 if whence == io.SEEK_END else offset

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was read")


def test_a_file_that_is_too_large_is_not_read() -> None:
    file: IO[bytes] = Sparse()  # type: ignore[assignment]  # mypy: RawIOBase is no IO[bytes], though it has what is used
    checked = check_requests(file)
    assert (found(checked), checked.bytes, checked.sha256) == ([(None, "file-too-large")], MAX_BYTES + 1, "")


def test_a_file_that_grows_without_an_end_is_left() -> None:
    class Growing(io.BytesIO):
        def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
            return 0

        def read(self, size: int | None = -1) -> bytes:
            return b"x" * (size or 0)

    assert found(check_requests(Growing())) == [(None, "file-too-large")]


def test_a_line_that_is_too_long_is_named_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lines_of", partial(lines_of, most=200))
    assert found(check(request(1).ljust(201), request(2, method="GET"))) == [(1, "line-too-long"), (2, "wrong-method")]
    assert found(check(request(1).ljust(200), request(2))) == []


def test_a_line_of_fifty_megabytes_is_checked() -> None:
    assert found(check(request(1).ljust(MAX_LINE_BYTES), b"")) == [(2, "empty-line")]


def test_a_byte_order_mark_is_a_mistake_and_the_line_behind_it_is_checked() -> None:
    assert found(check(b"\xef\xbb\xbf" + request(1, method="GET"))) == [(1, "byte-order-mark"), (1, "wrong-method")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_in_utf_16_is_one_mistake(encoding: str) -> None:
    content = "\ufeff" * (encoding != "utf-16") + "\n".join([request(1).decode()] * 5)
    assert found(check_requests(io.BytesIO(content.encode(encoding)))) == [(None, "not-utf-8")]


@pytest.mark.parametrize("start", [b"[", b"  [ ", b"[" + request(1) + b",", b"\n["])
def test_a_json_array_is_one_mistake(start: bytes) -> None:
    checked = check(start, *[b'  {"custom_id": 1},'] * 5, b"]")
    (mistake,) = [each for each in checked.mistakes if each.code != "empty-line"]
    assert mistake.code == "json-array"
    assert "not JSON Lines" in mistake.message


def test_requests_that_are_spread_over_lines_are_one_mistake() -> None:
    assert found(check(b"{", b'  "custom_id": "a",', b"}", b"{", b"}")) == [(1, "spread-over-lines")]


def test_of_many_mistakes_the_first_are_kept_and_the_others_counted() -> None:
    checked = check(*[b"x"] * 3_000)
    assert (len(checked.mistakes), checked.more) == (MOST_MISTAKES, 3_000 - MOST_MISTAKES)
    assert [mistake.line for mistake in checked.mistakes] == list(range(1, MOST_MISTAKES + 1))


def test_requests_that_disagree_are_counted_as_well() -> None:
    checked = check(*[request(1)] * (MOST_MISTAKES + 11))
    assert (len(checked.mistakes), checked.more) == (MOST_MISTAKES, 10)
    assert {mistake.code for mistake in checked.mistakes} == {"duplicate-custom-id"}


def test_a_mistake_of_the_whole_file_is_kept_before_those_of_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REQUESTS", MOST_MISTAKES)
    checked = check(*[b"x"] * (MOST_MISTAKES + 1))
    assert found(checked)[:2] == [(None, "too-many-requests"), (1, "not-json")]
    assert (len(checked.mistakes), checked.more) == (MOST_MISTAKES, 1)


def test_what_somebody_wrote_is_shortened_and_printable_in_messages() -> None:
    evil = "\x1b[31m\u202e::error::" + "x" * 1_000
    body = {"model": evil, "input": "x"}
    checked = check(
        request(1), request(2, custom_id=evil), request(3, custom_id=evil), request(4, url=evil), request(5, body=body)
    )
    assert [code for _, code in found(checked)] == ["duplicate-custom-id", "wrong-url", "other-model"]
    assert all(mistake.message.isprintable() and len(mistake.message) < 400 for mistake in checked.mistakes)


IDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=2, max_size=8, unique=True
)
ENDPOINT = st.sampled_from(ENDPOINTS)


def sound(ids: list[str], endpoint: str) -> list[bytes]:
    body = {"model": "m", "input": ["a", "b"]}
    return [request(custom_id=each, url=endpoint, body=body) for each in ids]


@given(ids=IDS, endpoint=ENDPOINT, last=st.booleans(), windows=st.booleans())
def test_a_sound_file_has_no_mistakes_whatever_its_custom_ids_are(
    ids: list[str], endpoint: str, last: bool, windows: bool
) -> None:
    line_break = b"\r\n" if windows else b"\n"
    content = line_break.join(sound(ids, endpoint)) + line_break * last
    checked = check_requests(io.BytesIO(content))
    assert checked == Checked(hashlib.sha256(content).hexdigest(), len(content), len(ids), endpoint, "m")


FAULTS = {
    "empty-line": b"",
    "not-json": b'{"custom_id": "a",',
    "not-utf-8": b'{"custom_id": "\xff"}',
    "not-an-object": b"3",
    "no-member": request(custom_id="none of these", body={"model": "m", "input": []}, method=LEFT_OUT),
}


@given(ids=IDS, data=st.data(), fault=st.sampled_from(sorted(FAULTS)))
def test_a_mistake_in_one_line_is_named_for_that_line_and_for_no_other(
    ids: list[str], data: st.DataObject, fault: str
) -> None:
    lines = sound(ids, "/v1/responses")
    at = data.draw(st.integers(0, len(lines)))
    lines.insert(at, FAULTS[fault])
    assert found(check(*lines)) == [(at + 1, fault)]


@given(content=st.binary(max_size=300) | st.text(alphabet='{}[]":,\n\r\\u0d8a ').map(str.encode))
def test_whatever_the_file_holds_it_is_checked_to_its_end(content: bytes) -> None:
    checked = check_requests(io.BytesIO(content))
    assert checked.sha256 == hashlib.sha256(content).hexdigest()
    assert checked.bytes == len(content)
    assert checked.mistakes
