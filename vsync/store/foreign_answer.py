"""Answers that do not come from the API but from something before it: a gateway, a proxy, a firewall. Pure.

Such an answer says nothing about the key. A firewall may refuse one document for its content and let the others pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


def is_the_apis(status: int, body: object, text: str, media_type: str) -> bool:
    """Whether an error answer is the API's own.

    `text` is the whole answer. `body` is what the SDK makes of it: the object `error` of OpenAI's form, else all of it.

    | status | the API's own |
    | --- | --- |
    | 403 | only OpenAI's form, because gateways that filter requests answer `{"message": "Forbidden"}` |
    | 401 | any JSON: compatible servers have forms of their own, and no filter answers 401 |
    | any other | any JSON object |
    """
    if status == 403:
        return _has_openais_form(text)
    return isinstance(body, Mapping) or (status == 401 and bool(body) and "json" in media_type.lower())


def _has_openais_form(text: str) -> bool:
    """Whether an answer is `{"error": {"message": …}}`."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return False
    error = answer.get("error") if isinstance(answer, Mapping) else None
    return isinstance(error, Mapping) and isinstance(error.get("message"), str)


def described(status: int, words: str) -> str:
    """A refusal that is not the API's own. `words` are what its page says, perhaps nothing."""
    said = f" ({words})" if words else ""
    return f"the answer {status}{said} does not come from the API, but from something else, such as a gateway or a firewall"
