"""What a refusal says about a text that was asked for as an id."""

from __future__ import annotations

import pytest

from vsync.manage.chosen import Rules
from vsync.manage.look_up import is_unknown
from vsync.store.api_errors import BY_GATEWAY, Refused


@pytest.mark.parametrize(
    ("error", "names", "unknown"),
    [
        (Refused(400, "invalid", "expected an id"), True, True),
        (Refused(400, "invalid", "expected an id"), False, False),
        (Refused(400, BY_GATEWAY, "page", by_api=False), True, False),
        (Refused(409, "busy", "busy"), True, False),
    ],
)
def test_a_text_that_the_api_takes_for_no_id_may_be_a_name(error: Refused, names: bool, unknown: bool) -> None:
    assert is_unknown(error, Rules(names=names)) == unknown
