"""What the codes of failed requests, refused batches and ended states mean, and what to do about them. Pure, and data."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_LONGEST_PATH = 200


class Explanation(NamedTuple):
    """`meaning` says what happened, `remedy` what to do. Both are sentences; `remedy` may be empty."""

    meaning: str
    remedy: str


AGAIN = "Run `vsync batch fetch --resubmit-failed`: it submits only the requests that failed."
"""Of a failure that another try may not have."""

RESUBMIT = "--resubmit-failed"
"""Is in the remedy of each failure that another try may not have."""

_CORRECT = "Correct these requests in the request file and submit it: a changed file is a new batch."
_LIMITS = "the limits of the project (https://platform.openai.com/settings/organization/limits)"
_BUSY = Explanation("The API failed while it ran the request.", AGAIN)
_TOO_MANY = Explanation(
    "The API had too much to do for this project or model while the batch ran.",
    f"{AGAIN} If it happens again, submit fewer requests at a time (`vsync batch submit --limit N`).",
)
_QUOTA = Explanation(
    "The project has no credit left, or has reached its spending limit.",
    f"Add credit, or raise the limit. {AGAIN}",
)
_KEY = Explanation("The key with which the batch was made was no longer valid.", f"Give a valid key. {AGAIN}")
_MODEL = Explanation(
    "There is no such model, or this project may not use it.",
    f"Correct the model's name, or let the project use the model. {_CORRECT}",
)
_CONTENT = Explanation(
    "The API's content filter refused the request or its answer.",
    "Change the text of these requests. A request that is sent again as it is will most likely be refused again.",
)
_TOO_LONG = Explanation(
    "The request is longer than the model takes.",
    f"Shorten these requests, or choose a model with a longer context. {_CORRECT}",
)
_STORE = Explanation(
    "A vector store or File that the request names is not there, or belongs to another project.",
    f"Check the ids in these requests (`vsync stores list`, `vsync files list`). {_CORRECT}",
)

REQUESTS: Mapping[str, Explanation] = MappingProxyType(
    {
        "no_result": Explanation("The batch ended without a result for this request.", AGAIN),
        "batch_expired": Explanation(
            "The request was not run within the 24 hours of its batch. It is not billed.", AGAIN
        ),
        "batch_cancelled": Explanation("The batch was cancelled before the request was run. It is not billed.", AGAIN),
        "unreadable": Explanation("The result has neither a status nor an error that vsync can read.", AGAIN),
        "content_filter": _CONTENT,
        "content_policy_violation": _CONTENT,
        "context_length_exceeded": _TOO_LONG,
        "string_above_max_length": _TOO_LONG,
        "model_not_found": _MODEL,
        "vector_store_not_found": _STORE,
        "file_not_found": _STORE,
        "rate_limit_exceeded": _TOO_MANY,
        "insufficient_quota": _QUOTA,
        "billing_hard_limit_reached": _QUOTA,
        "billing_not_active": _QUOTA,
        "invalid_api_key": _KEY,
        "server_error": _BUSY,
        "invalid_request_error": Explanation("The API does not take the request as it is.", _CORRECT),
        "http_400": Explanation("The API does not take the request as it is.", _CORRECT),
        "http_401": _KEY,
        "http_403": Explanation(
            "The project may not do what the request asks for.",
            f"Let the project use the model and the tools that these requests name. {AGAIN}",
        ),
        "http_404": Explanation(
            "Something that the request names is not there: a model, a File or a vector store.",
            f"Check the names and ids in these requests. {_CORRECT}",
        ),
        "http_408": Explanation("The API took too long for the request.", AGAIN),
        "http_409": Explanation("Another change was under way at the same time.", AGAIN),
        "http_413": Explanation("The request is too large.", f"Shorten these requests. {_CORRECT}"),
        "http_422": Explanation("The API cannot work with a value in the request.", _CORRECT),
        "http_429": _TOO_MANY,
    }
)
"""By the code of a failed request: the API's own, or `http_` and the status. See `of_request`."""

_ONE_MODEL = Explanation(
    "The requests of the file name different models.", "Use one model in each request file. Split the file."
)
_ONE_URL = Explanation(
    "The `url` of a request is not the endpoint of the batch, or no endpoint that the Batch API has.",
    "Give each request of the file the same `url`, such as /v1/responses.",
)

REFUSALS: Mapping[str, Explanation] = MappingProxyType(
    {
        "token_limit_exceeded": Explanation(
            "The project has as many tokens in unfinished batches of this model as it may have.",
            f"Wait until other batches have ended, then run `vsync batch submit` again. Or submit fewer request files at a time "
            f"(--limit), or split large ones. See {_LIMITS}.",
        ),
        "billing_hard_limit_reached": Explanation(
            "The project has reached its spending limit.",
            f"Raise it in {_LIMITS}, then run `vsync batch submit` again.",
        ),
        "insufficient_quota": Explanation(
            "The project has no credit left.", "Add credit, then run `vsync batch submit` again."
        ),
        "billing_not_active": Explanation(
            "The account has no active billing.", "Set up billing, then run `vsync batch submit` again."
        ),
        "rate_limit_exceeded": Explanation(
            "The project made too many batches within an hour.", "Run `vsync batch submit` again later."
        ),
        "server_error": Explanation("The API failed while it checked the batch.", "Run `vsync batch submit` again."),
        "duplicate_custom_id": Explanation(
            "Several requests of the file have the same custom_id.", "Give each request a custom_id of its own."
        ),
        "invalid_json_line": Explanation("A line of the file is no JSON object.", "Correct the line."),
        "mismatched_model": _ONE_MODEL,
        "model_mismatch": _ONE_MODEL,
        "model_not_found": Explanation(
            "There is no such model, or this project may not use it, or the Batch API does not run it.",
            "Correct the model's name and run `vsync batch submit` again. If you let the project use the model instead, run "
            "`vsync batch submit --again PATH`.",
        ),
        "missing_url": Explanation("A request has no `url`.", "Give each request the `url` of its endpoint."),
        "invalid_url": _ONE_URL,
        "url_mismatch": _ONE_URL,
        "missing_custom_id": Explanation("A request has no `custom_id`.", "Give each request a custom_id of its own."),
        "missing_body": Explanation("A request has no `body`.", "Give each request a `body`."),
        "invalid_method": Explanation("The `method` of a request is not POST.", "Write `POST` in each request."),
        "empty_file": Explanation("The file has no requests.", "Write requests into the file, or delete it."),
        "too_many_tasks": Explanation(
            "The file has more than 50,000 requests, or more than 50,000 inputs of embeddings.", "Split the file."
        ),
        "invalid_file": Explanation("The API cannot read the uploaded file.", "Run `vsync batch submit --again PATH`."),
        "file_not_found": Explanation(
            "The uploaded file is no longer at the API: somebody deleted it, or it has expired.",
            "Run `vsync batch submit` again: it uploads the file again.",
        ),
    }
)
"""By the code of a refused batch (state `failed`). See `of_refusal`."""

_MAY_PASS = frozenset(
    "token_limit_exceeded billing_hard_limit_reached billing_not_active insufficient_quota rate_limit_exceeded "
    "server_error file_not_found".split()
)

STATES: Mapping[str, Explanation] = MappingProxyType(
    {
        "validating": Explanation("The API checks the request file before it runs the batch.", ""),
        "in_progress": Explanation("The batch is running. It has 24 hours.", ""),
        "finalizing": Explanation("All requests were run. The API prepares the results.", ""),
        "completed": Explanation("The batch has ended. Single requests may have failed.", "Run `vsync batch fetch`."),
        "failed": Explanation(
            "The API refused the request file. No request was run, and nothing was paid.",
            "Correct what the errors name, and run `vsync batch submit` again.",
        ),
        "expired": Explanation(
            "The batch did not finish within 24 hours. Results up to then are there, and are paid.",
            "Run `vsync batch fetch --resubmit-failed`: it fetches what is there and submits the rest again.",
        ),
        "cancelling": Explanation(
            "The batch was told to stop. That takes up to ten minutes. Requests that are under way finish, and are paid.",
            "",
        ),
        "cancelled": Explanation(
            "Somebody cancelled the batch. Results up to then are there, and are paid.",
            "Run `vsync batch fetch` for these. `--resubmit-failed` submits the rest again.",
        ),
    }
)
"""By the state of a batch. See `of_state`."""


def path_in_command(path: str) -> str:
    """A path as a word of a command in a remedy, as a shell reads it; `PATH`, where it could not be read there."""
    is_plain = path.isprintable() and "`" not in path and not path.startswith("-") and len(path) <= _LONGEST_PATH
    return shlex.quote(path) if is_plain else "PATH"


def of_request(code: str, status: int | None = None) -> Explanation:
    """About a failed request, from its code; where nobody knows the code, from the status of its response."""
    for name in (code, f"http_{status}"):
        if name in REQUESTS:
            return REQUESTS[name]
        if name.startswith("http_5"):
            return _BUSY
    return Explanation(
        "The API's message beside the request says why it failed.",
        "If the request itself is wrong, correct it in the request file and submit that. Otherwise run "
        "`vsync batch fetch --resubmit-failed`: it submits only the requests that failed.",
    )


def of_refusal(code: str, path: str = "PATH", *, partly: bool = False) -> Explanation:
    """About a refused batch, from the code of its first error; empty: it has none. `path` is that of its request file.

    `partly`: other requests of the file have run, so `submit` would make no batch of it, or one that pays for them again.
    """
    found = REFUSALS.get(code) or Explanation(
        "The API refused the request file. Its own message says why."
        if code
        else "The API refused the request file without a reason.",
        "Correct the file and run `vsync batch submit` again. If the file is right as it is, run "
        "`vsync batch submit --again PATH`.",
    )
    remedy = found.remedy
    if partly:
        remedy = remedy.replace("`vsync batch submit --again PATH`", f"`vsync batch fetch {RESUBMIT} PATH`")
        if may_pass(code):
            remedy = remedy.replace("`vsync batch submit`", f"`vsync batch fetch {RESUBMIT}`")
    return found._replace(remedy=remedy.replace("PATH`", f"{path_in_command(path)}`"))


def of_state(status: str) -> Explanation:
    """About the state of a batch."""
    return STATES.get(status) or Explanation("The API does not say more about this state.", "")


def may_pass(code: str) -> bool:
    """Whether the same file may be taken at another time: the reason for the refusal is not in the file."""
    return code in _MAY_PASS
