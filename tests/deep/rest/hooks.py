"""What schemathesis checks besides its own checks. It imports this module in a process of its own."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode


@schemathesis.check
def only_what_no_description_can_say_is_refused(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A call that fits the description is answered with 400 only for a filter that fits everything, or an unknown path."""
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if valid and response.status_code == 400:
        assert response.json()["error"]["code"] in {"needs_all", "unknown_request_file"}, response.json()
