"""Which names a call takes, as the description of the API says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Allowed = Mapping[str, Sequence[str]]
"""The names by the place that takes them: `query`, `body`, and the schemas that the body holds (`StoresInBody`)."""


def allowed_names(description: Mapping[str, Any], path: str, method: str) -> Allowed:
    """The names that one call takes. Of a path or method that is not described, only those of the schemas are known."""
    schemas = description.get("components", {}).get("schemas", {})
    found = {name: list(schema.get("properties", ())) for name, schema in schemas.items()}
    call = description.get("paths", {}).get(path, {}).get(method.lower(), {})
    found["query"] = [each["name"] for each in call.get("parameters", ()) if each.get("in") == "query"]
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    found["body"] = found.get(str(body.get("$ref", "")).rpartition("/")[2], [])
    return found
