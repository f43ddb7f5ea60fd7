"""How a run authenticates at the API: with a key, or without a key, by a workload identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vsync.errors import ConfigurationError
from vsync.system.utf8 import check_utf8

DEFAULT_AUDIENCE = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """Access without a key: OpenAI's identity provider and service account for this job. Nothing here is secret."""

    provider_id: str
    service_account_id: str
    audience: str = DEFAULT_AUDIENCE


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach the API: with a key or a workload identity, never with both. `repr` does not show the key."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    organization: str | None = None
    project: str | None = None
    identity: WorkloadIdentity | None = None


def credentials(environ: Mapping[str, str]) -> Credentials:
    """The credentials in the OPENAI_… variables. Raises ConfigurationError when half of a workload identity is missing.

    An empty variable counts as unset: the SDK would send an empty header. A workload identity is preferred to a key.
    """

    def get(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        shown = f"{name} (in a workflow: its input)"
        _check_printable(shown, get(name) or "")
        if name != "OPENAI_BASE_URL":
            check_header(shown, get(name) or "")
    identity = _workload_identity(
        get("OPENAI_IDENTITY_PROVIDER_ID"), get("OPENAI_SERVICE_ACCOUNT_ID"), get("OPENAI_WIF_AUDIENCE")
    )
    return Credentials(
        get("OPENAI_API_KEY") if identity is None else None,
        get("OPENAI_BASE_URL"),
        get("OPENAI_ORG_ID"),
        get("OPENAI_PROJECT_ID"),
        identity,
    )


def _check_printable(name: str, value: str) -> None:
    if not value.isprintable():
        raise ConfigurationError(
            f"{name} holds a line break or another character that cannot be sent.",
            "Give one value on one line. A secret with two lines was perhaps pasted twice.",
        )


def check_header(name: str, value: str) -> None:
    """Raises ConfigurationError for a key, token or id that no header of a request can carry. `name` is how the message calls it.

    The value is not shown: it may be secret.
    """
    _check_printable(name, value)
    if not value.isascii() or " " in value:
        raise ConfigurationError(
            f"{name} holds {'a blank' if value.isascii() else 'a character that is not ASCII'}, which no key and no id holds.",
            "Copy the value once more, without anything around it.",
        )
    if value[:1] in {'"', "'"} and value[:1] == value[-1:]:
        raise ConfigurationError(
            f"{name} has quotes around it, which would be sent as a part of it.", "Leave them out."
        )


def _workload_identity(provider: str | None, account: str | None, audience: str | None) -> WorkloadIdentity | None:
    if provider is None and account is None:
        return None
    if provider is None or account is None:
        there, lacking = (
            ("service-account-id (OPENAI_SERVICE_ACCOUNT_ID)", "identity-provider-id (OPENAI_IDENTITY_PROVIDER_ID)")
            if provider is None
            else (
                "identity-provider-id (OPENAI_IDENTITY_PROVIDER_ID)",
                "service-account-id (OPENAI_SERVICE_ACCOUNT_ID)",
            )
        )
        raise ConfigurationError(
            f"Keyless access needs two ids: there is {there}, but no {lacking}.",
            "Give both. The variable for the second one may be missing or empty here.",
        )
    for name, value in (("identity-provider-id", provider), ("service-account-id", account)):
        check_utf8(name, value)
    check_utf8("identity-audience", audience or "")
    return WorkloadIdentity(provider, account, audience or DEFAULT_AUDIENCE)
