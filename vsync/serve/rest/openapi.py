"""The OpenAPI description: what the framework writes, and what it does not know. Pure."""

from __future__ import annotations

from typing import Any

from vsync.serve.rest.answers import EXAMPLES, ITEMS
from vsync.serve.rest.batch_answers import BATCH_EXAMPLES
from vsync.serve.rest.bodies import IDS
from vsync.serve.rest.caller import AUTHORIZATION, KEY, ORGANIZATION, PROJECT, TOKEN
from vsync.serve.rest.limits import Limits

TITLE = "vsync: stores and files in bulk"

SUMMARY = "List and delete vector stores and Files of an OpenAI project, many at a time."

DESCRIPTION = f"""\
Each call works on the OpenAI project of **your own key**. Send the key in the header `{KEY}`, or as `Authorization: Bearer`.
The server does not store the key, and no log and no answer shows it. The optional headers `{ORGANIZATION}` and `{PROJECT}`
are passed on.

- A **filter** chooses by name, age, owner and other properties. Patterns are those of a shell: `docs-*`. Ages are `30d`,
  `12h`, `45m`.
- `?dry_run=true` shows what a delete would do, and changes nothing.
- A delete answers **200** when everything was done, and **207** when a part failed. The body says what became of each id.
- Every answer has the header `X-Request-Id`. Send your own with the call, and it is used.
"""

ON_BATCHES = """\
- The calls on **batches** work on the request files of this server, and write results beside them. The batches belong to the
  project of your key, which pays for them.
"""

_STORES = [
    {"name": "vector stores", "description": "The vector stores of the project."},
    {"name": "files of a store", "description": "The files that one vector store lists, and detaching them."},
    {"name": "files", "description": "The Files of the project, in a store or in none."},
]
_BATCHES = {"name": "batches", "description": "Request files of this server that OpenAI's Batch API runs."}
_HEALTH = {"name": "health", "description": "For those who watch over the server. No key is needed."}


def tags(*, batches: bool) -> list[dict[str, Any]]:
    """The groups of calls, in their order. `batches`: whether the server offers batches."""
    return [*_STORES, *([_BATCHES] if batches else []), _HEALTH]


_WITHOUT_KEY = {"health"}
"""Tags of calls that need no key."""

_ID = {"type": "string", "pattern": "^[!-~]{0,512}$"}
"""An empty header counts as none: programs send it for a setting that is not set."""

# Without examples: the page /docs would send them.
_PARAMETERS = {
    "Organization": {
        "name": ORGANIZATION,
        "in": "header",
        "description": "The OpenAI organization that is billed. Needed only by keys of several organizations.",
        "schema": _ID,
    },
    "Project": {
        "name": PROJECT,
        "in": "header",
        "description": "The OpenAI project. Needed only by keys of several projects.",
        "schema": _ID,
    },
}

_HEADERS = {
    "RequestId": {
        "description": "The id of this call: the caller's own, if it sent one of 1 to 64 letters, digits, `.`, `_`, `-`.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "RetryAfter": {
        "description": "After how many seconds another try may succeed.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}


def completed(description: dict[str, Any], limits: Limits, *, has_token: bool) -> dict[str, Any]:
    """The description with security, limits, shared headers and parameters. It changes the description that it is given."""
    parts = description.setdefault("components", {})
    parts["securitySchemes"] = _schemes(has_token=has_token)
    parts["parameters"] = _PARAMETERS
    parts["headers"] = _HEADERS
    for path in description.get("paths", {}).values():
        for operation in path.values():
            _complete(operation, has_token=has_token)
    schemas = parts.get("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model, example in {
        **EXAMPLES,
        **BATCH_EXAMPLES,
    }.items():  # here, since the framework leaves nulls out of examples
        if model in schemas:
            schemas[model]["example"] = example
    for schema in schemas.values():
        for name in IDS:
            if name in schema.get("properties", {}):
                schema["properties"][name]["maxItems"] = limits.max_ids
    return description


def _complete(operation: dict[str, Any], *, has_token: bool) -> None:
    needs_key = not _WITHOUT_KEY & set(operation.get("tags", ()))
    for response in operation.get("responses", {}).values():
        _show_both_lists(response)
        response.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/RequestId"}
    if not needs_key:
        operation["security"] = []
        return
    operation["security"] = _security(has_token=has_token)
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "dry_run":
            parameter["example"] = (
                True  # the page /docs offers it, so that one click deletes nothing. The default stays false
            )
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS]
    operation["parameters"] = [*operation.get("parameters", []), *shared]


def _show_both_lists(response: dict[str, Any]) -> None:
    """Gives the answer of a list two examples: what it is without `details=true`, and with it."""
    content = response.get("content", {}).get("application/json", {})
    model = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    if model not in ITEMS:
        return
    item = EXAMPLES[ITEMS[model]]
    assert isinstance(item, dict)
    content["examples"] = {
        "ids": {"summary": "Ids", "value": [item["id"]]},
        "objects": {"summary": "Objects, with details=true", "value": [item]},
    }


def _schemes(*, has_token: bool) -> dict[str, Any]:
    schemes: dict[str, Any] = {
        "OpenAIKey": {
            "type": "apiKey",
            "in": "header",
            "name": KEY,
            "description": "Your OpenAI API key. With a server that was started with `--local`, any word.",
        },
        "Bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": f"Your OpenAI API key as `{AUTHORIZATION.title()}: Bearer`, in place of `{KEY}`.",
        },
    }
    if has_token:
        schemes["ServerToken"] = {
            "type": "apiKey",
            "in": "header",
            "name": TOKEN,
            "description": "This server's own token. Its operator gives it to you. It is no OpenAI key.",
        }
    return schemes


def _security(*, has_token: bool) -> list[dict[str, list[str]]]:
    """The combinations that are taken; one of them is enough."""
    ways: list[dict[str, list[str]]] = [{"OpenAIKey": []}, {"Bearer": []}]
    return [{**way, "ServerToken": []} for way in ways] if has_token else ways
