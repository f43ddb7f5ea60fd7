"""Whether a gateway refuses one document or all of them, from the answers to a run's documents."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import CredentialsRefused, GatewayRefused, VsyncError
from vsync.store.api_errors import BY_GATEWAY, Refused
from vsync.transfer.gateway import Gateway, Step

PAGE = Refused(403, BY_GATEWAY, "the answer 403 (Access denied) does not come from the API", by_api=False)
OWN = Refused(400, "invalid", "no")


class Way:
    """A way to the API, and how often it was asked without a document."""

    def __init__(self, error: VsyncError | None = None, *, few: bool = False) -> None:
        self.asked = 0
        self.error = error
        self.gateway = Gateway(self._check, few=few)

    async def _check(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    def judge(self, step: Step, path: str, error: Refused = PAGE) -> None:
        asyncio.run(self.gateway.judge(step, path, error))


def test_a_refusal_of_the_api_itself_asks_nothing() -> None:
    way = Way()
    way.judge("upload", "a.md", OWN)
    assert way.asked == 0
    assert way.gateway.verdict() is None


def test_a_refused_document_beside_one_that_got_through_is_its_own_failure() -> None:
    way = Way()
    way.judge("upload", "a.md")
    way.gateway.answered("upload")
    way.gateway.answered("attach")
    assert way.asked == 1
    assert way.gateway.verdict() is None


def test_a_refused_document_beside_one_that_the_api_refused_is_its_own_failure() -> None:
    way = Way()
    way.judge("upload", "a.md")
    way.judge("upload", "b.md", OWN)
    assert way.gateway.verdict() is None


def test_a_refused_retag_beside_a_document_that_got_through_is_its_own_failure() -> None:
    way = Way()
    way.judge("retag", "a.md")
    way.gateway.answered("upload")
    way.gateway.answered("attach")
    assert way.gateway.verdict() is None


@pytest.mark.parametrize("step", ["upload", "attach", "retag"])
@pytest.mark.parametrize("number", [1, 3])
def test_when_no_document_gets_through_the_verdict_names_one_and_what_cannot_be_told(step: Step, number: int) -> None:
    way = Way()
    if step == "attach":
        way.gateway.answered("upload")
    for index in range(number):
        way.judge(step, f"{index}.md")
    verdict = way.gateway.verdict()
    assert verdict is not None
    assert "'0.md'" in verdict.message
    assert ("and 2 other documents" in verdict.message) is (number == 3)
    for cause in ("the key", "the gateway", "the network", "content"):
        assert cause in verdict.message


def test_few_documents_that_are_refused_after_others_got_through_say_what_is_not_known() -> None:
    way = Way(few=True)
    way.judge("upload", "a.md")
    assert way.gateway.verdict() is None
    assert "the cause may also be the key or the network" in way.gateway.reason(PAGE)
    assert way.gateway.reason(OWN) == "no"
    assert Way().gateway.reason(PAGE) == PAGE.message


def test_a_gateway_that_refuses_a_request_without_a_document_ends_the_run() -> None:
    way = Way(GatewayRefused("no", "x"))
    way.gateway.answered("upload")
    with pytest.raises(GatewayRefused) as raised:
        way.judge("upload", "a.md")
    assert "'a.md'" in raised.value.message
    assert "cannot tell" in raised.value.message


def test_an_api_that_refuses_the_key_after_a_gateways_refusal_is_believed() -> None:
    way = Way(CredentialsRefused("no", "x"))
    with pytest.raises(CredentialsRefused):
        way.judge("upload", "a.md")


def test_after_many_refusals_without_an_answer_the_others_are_not_tried() -> None:
    way = Way()
    for index in range(49):
        way.judge("upload", f"{index}.md")
    with pytest.raises(GatewayRefused, match="and 49 other documents"):
        way.judge("upload", "49.md")


def test_after_one_answer_every_document_is_tried() -> None:
    way = Way()
    way.gateway.answered("upload")
    for index in range(60):
        way.judge("upload", f"{index}.md")


STEPS = st.sampled_from(["upload", "attach", "retag"])


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=12))
def test_no_verdict_is_passed_on_a_run_in_which_a_document_got_through(events: list[tuple[Step, bool]]) -> None:
    way = Way()
    for step, answered in events:
        if answered:
            way.gateway.answered(step)
        else:
            way.judge(step, "a.md")
    refused = [step for step, answered in events if not answered]
    through = any(answered and step != "upload" for step, answered in events)
    verdict = way.gateway.verdict()
    assert (verdict is None) or (bool(refused) and not through)
    if refused and not any(answered for _, answered in events):
        assert verdict is not None
