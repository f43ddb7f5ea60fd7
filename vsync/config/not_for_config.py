"""Keys that never come from a config, and keys that stand elsewhere in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_KEYS = {
    "openai-api-key": "the variable OPENAI_API_KEY (input openai-api-key)",
    "openai-base-url": "the variable OPENAI_BASE_URL (input openai-base-url)",
    "openai-organization": "the variable OPENAI_ORG_ID (input openai-organization)",
    "openai-project": "the variable OPENAI_PROJECT_ID (input openai-project)",
    "identity-provider-id": "the variable OPENAI_IDENTITY_PROVIDER_ID (input identity-provider-id)",
    "service-account-id": "the variable OPENAI_SERVICE_ACCOUNT_ID (input service-account-id)",
    "identity-audience": "the variable OPENAI_WIF_AUDIENCE (input identity-audience)",
    "github-token": "the variable VSYNC_GITHUB_TOKEN (input github-token)",
}
_OTHER_NAMES = {
    "api-key": "openai-api-key",
    "openai-key": "openai-api-key",
    "key": "openai-api-key",
    "secret": "openai-api-key",
    "api": "openai-base-url",
    "api-base": "openai-base-url",
    "api-url": "openai-base-url",
    "base-url": "openai-base-url",
    "endpoint": "openai-base-url",
    "organization": "openai-organization",
    "org-id": "openai-organization",
    "openai-org-id": "openai-organization",
    "project": "openai-project",
    "project-id": "openai-project",
    "openai-project-id": "openai-project",
    "openai-identity-provider-id": "identity-provider-id",
    "openai-service-account-id": "service-account-id",
    "openai-wif-audience": "identity-audience",
    "audience": "identity-audience",
    "token": "github-token",
}
_PLACES = ("manifest manifest-branch commit push local folder repo working-directory source target config").split()
_OF_A_RUN = (
    "head base full force dry-run comment fail-on-refused concurrency index-timeout lock-timeout uploads-per-minute writes-per-minute "
    "reindex expect json verbose command args"
).split()
_ONLY_INPUTS = {"comment", "fail-on-refused", "command", "args", "working-directory"}
_NO_INPUTS = {
    "push", "local", "repo", "source", "uploads-per-minute", "writes-per-minute", "reindex", "expect", "json", "verbose",
}  # fmt: skip


def _ways(name: str) -> str:
    ways = [] if name in _ONLY_INPUTS else [f"the option --{name}"]
    ways += [] if name in _NO_INPUTS else [f"the input {name}"]
    return " or ".join(ways)


def never_from_config(key: str) -> str | None:
    """Why a key never comes from a config, and how its value is given; None: it is no such key."""
    name = key.strip().lower().replace("_", "-")[:64]
    name = _OTHER_NAMES.get(name, name)
    if name in _KEYS:
        return (
            f"this never comes from the config. Give it as {_KEYS[name]}, so that a pull request cannot redirect a key."
        )
    if name in _PLACES:
        return (
            f"this never comes from the config. Give it as {_ways(name)}, so that a pull request cannot change "
            "what is read and where results go."
        )
    if name in _OF_A_RUN:
        return f"this is said of one run, and never comes from the config. Give it as {_ways(name)}."
    return None


_ELSEWHERE = {
    "chunk-size": "size below chunking",
    "chunk-overlap": "overlap below chunking",
    "size": "size below chunking",
    "overlap": "overlap below chunking",
    "max-delete": "max-delete below limits",
    "max-upload": "max-upload below limits",
    "heading": "heading below content",
    "links": "links below content",
    "comments": "comments below content",
    "mdx": "mdx below content",
    "match": "match in an item of rules",
    "question": "question in an item of checks",
    "default-root": "root",
    "store-id": "vector-store-id",
    "store-name": "vector-store-name",
    "name": "vector-store-name",
    "patterns": "include",
    "ignore": "exclude",
}


def elsewhere(key: str, allowed: Iterable[str]) -> str | None:
    """The key that was meant, where it has another name or place; None: nothing is known of it."""
    meant = _ELSEWHERE.get(key.strip().lower().replace("_", "-")[:64])
    return None if meant is None or ("below" not in meant and " in " not in meant and meant not in allowed) else meant
