"""The action's inputs as settings, credentials and arguments."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vsync.auth.credentials import Credentials, credentials
from vsync.config.settings import Settings, boolean, from_environment, resolve, variable
from vsync.config.variables import TOKEN
from vsync.errors import ConfigurationError
from vsync.git.discovery import repository_at
from vsync.github.mode import Event, Mode, choose_mode

SETTING_INPUTS = (
    "vector-store-id", "vector-store-name", "config", "target", "root", "types", "include", "exclude", "allow-secrets", "folder",
    "manifest", "manifest-branch", "commit", "branch", "base", "head", "full", "attributes", "chunk-size", "chunk-overlap", "concurrency",
    "max-delete", "max-upload", "force", "index-timeout", "lock-timeout",
)  # fmt: skip
"""Inputs that are settings of the same names."""

CREDENTIAL_INPUTS = {
    "openai-api-key": "OPENAI_API_KEY",
    "openai-base-url": "OPENAI_BASE_URL",
    "openai-organization": "OPENAI_ORG_ID",
    "openai-project": "OPENAI_PROJECT_ID",
    "identity-provider-id": "OPENAI_IDENTITY_PROVIDER_ID",
    "service-account-id": "OPENAI_SERVICE_ACCOUNT_ID",
    "identity-audience": "OPENAI_WIF_AUDIENCE",
}

COMMANDS = frozenset({"sync", "plan", "verify"})
"""The commands of the action itself. Every other command is one of the command line."""

OTHER_INPUTS = ("command", "dry-run", "comment", "fail-on-refused", "github-token", "working-directory", "args")


def inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are set. GitHub keeps hyphens in the names of the variables. An input without a value is empty."""
    names = (*SETTING_INPUTS, *CREDENTIAL_INPUTS, *OTHER_INPUTS)
    values = {name: environ.get(f"INPUT_{name.upper()}", "") for name in names}
    return {name: value for name, value in values.items() if value.strip()}


def refuse_arguments(command: str, given: Mapping[str, str]) -> None:
    if "args" in given:
        raise ConfigurationError(
            f"The input args is not for {command}.",
            "Give its settings as inputs of their own; see docs/configuration.md.",
        )


def credentials_of(given: Mapping[str, str], environ: Mapping[str, str]) -> Credentials:
    """The credentials. A workload identity overrides a key from the environment. A key that is an input contradicts it."""
    keys = credentials({**environ, **named(given)})
    if keys.identity is not None and "openai-api-key" in given:
        raise ConfigurationError(
            "Both a key and a workload identity are given.",
            "Give either the input openai-api-key, or identity-provider-id and service-account-id.",
        )
    return keys


def named(given: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are credentials, under the names of their variables."""
    return {variable: given[name] for name, variable in CREDENTIAL_INPUTS.items() if name in given}


def mode_of(
    event: Event, given: Mapping[str, str], environ: Mapping[str, str], *, plan_only: bool, branch: str | None = None
) -> Mode:
    """What the event is for. `branch` is the branch that a target names; None: only an input can name it."""
    if plan_only:
        return Mode(True, "the command is plan")
    wanted = three_way("the input dry-run", given.get("dry-run", "auto"))
    if wanted is None:
        # action.yml gives the input a default, so `auto` is also what the input is when nobody gives it.
        name = variable("dry-run")
        wanted = three_way(name, environ.get(name, "").strip() or "auto")
    return choose_mode(event, wanted=wanted, branch=branch or setting("branch", given, environ))


def setting(name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """The text of a setting that decides before the settings are read: of the input, else of the variable."""
    return given.get(name, "").strip() or from_environment(environ).get(name, "").strip() or None


def three_way(name: str, text: str) -> bool | None:
    """True, false, or None for auto."""
    if text.strip().lower() == "auto":
        return None
    try:
        return boolean(text.strip())
    except ValueError:
        raise ConfigurationError(f"{name[0].upper()}{name[1:]} is {text!r}.", "Use auto, true or false.") from None


def flag(name: str, given: Mapping[str, str]) -> bool:
    """An input that is true or false. Not given: false."""
    text = given.get(name, "false").strip()
    try:
        return boolean(text)
    except ValueError:
        raise ConfigurationError(f"The input {name} is {text!r}.", "Use true or false.") from None


def settings_of(
    given: Mapping[str, str], environ: Mapping[str, str], arguments: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of the inputs. `arguments` are the settings in the input `args`, and override the others."""
    folder = working_directory(given, environ)
    chosen: dict[str, Any] = {name: given[name] for name in SETTING_INPUTS if name in given}
    chosen |= {name: value for name, value in (arguments or {}).items() if value is not None and value != ()}
    if "folder" in chosen:
        chosen["folder"] = str(folder / chosen["folder"])
    if "repo" in chosen:
        chosen["repo"] = str(folder / chosen["repo"])
    if "folder" not in chosen and "repo" not in chosen:
        chosen |= _root_of(folder, chosen, environ)
    wanted = chosen.get("commit", setting("commit", given, environ))
    chosen["commit"] = wanted or "true"
    chosen["push"] = chosen["commit"]  # the runner's clone is deleted after the job, and a commit in it would be lost
    settings = resolve({"repo": str(folder), **chosen}, environ)
    if settings.local is not None and wanted is None:
        return replace(settings, commit=False, push=False)  # nobody asked for it, and it cannot be done
    return settings


def _root_of(folder: Path, chosen: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The default of root: the working directory, where it lies below the repository's top folder. A config's root comes first."""
    if "root" in chosen or any(environ.get(name, "").strip() for name in ("VSYNC_ROOT", "VSYNC_FOLDER")):
        return {}
    here = folder.resolve()
    top = repository_at(here)
    return {"default-root": here.relative_to(top).as_posix()} if here != top and here.is_relative_to(top) else {}


def working_directory(given: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()) / given.get("working-directory", ".").strip()
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder {folder}.", "Check the input working-directory.")
    return folder


def trusted_folder(environ: Mapping[str, str]) -> Path | None:
    """The workspace: its clone belongs to the runner's user, and the action runs as root. None: the runner names none."""
    named = environ.get("GITHUB_WORKSPACE", "").strip()
    return Path(named).resolve() if named else None


def command_of(given: Mapping[str, str]) -> list[str]:
    """The words of the input command. A command of the action is one word."""
    text = given.get("command", "sync").strip()
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigurationError(f"The input command cannot be read: {error}.", "Check its quotes.") from None
    if len(words) > 1 and words[0] in COMMANDS:
        # Its options are inputs. As options they would not be weighed against the event: a pull request could sync.
        remedy = "Put its arguments into the input args." if words[0] == "verify" else "Give its options as inputs."
        raise ConfigurationError(f"The input command is {text!r}, but {words[0]} stands alone there.", remedy)
    return words


def arguments_of(given: Mapping[str, str]) -> list[str]:
    try:
        return shlex.split(given.get("args", ""))
    except ValueError as error:
        raise ConfigurationError(f"The input args cannot be read: {error}.", "Check its quotes.") from None


_FLAGS = {"full", "force"}
_LINES = {"include", "exclude", "allow-secrets", "attributes"}
_OF_THE_RUN = {"branch", "base", "head", "commit"}


def as_options(given: Mapping[str, str], target: str | None = None) -> tuple[str, ...]:
    """The inputs as options of the command line, with which a person does the same in a clone of the repository.

    `target` is the one of several targets that is meant.
    """
    if target is not None:
        given = {**given, "target": target}
    options = [] if given.get("commit", "true").strip().lower() in {"false", "0", "no", "off"} else ["--push"]
    for name in SETTING_INPUTS:
        value = given.get(name, "").strip()
        if not value or name in _OF_THE_RUN:
            continue
        if name in _FLAGS:
            options += [f"--{name}"] if value.lower() in {"true", "1", "yes", "on"} else []
        else:
            lines = value.splitlines() if name in _LINES else [value]
            options += [word for line in lines if line.strip() and line[0] != "#" for word in (f"--{name}", line)]
    return tuple(options)


def _is_local(given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether the embedded store is meant: nothing of it is committed unless somebody asks for that."""
    if any(word.partition("=")[0] == "--local" for word in [*command_of(given), *arguments_of(given)]):
        return True
    text = environ.get(variable("local"), "").strip()
    with contextlib.suppress(ValueError):
        return bool(text) and boolean(text)
    return True


def as_variables(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as variables of the command line, so that it finds the manifest where the action keeps it."""
    settings = {name: given[name] for name in SETTING_INPUTS if name in given and name != "branch"}
    if "folder" not in settings:
        settings |= _root_of(working_directory(given, environ), settings, environ)
    default = "false" if _is_local(given, environ) else "true"
    settings["push"] = settings.setdefault("commit", setting("commit", given, environ) or default)
    if (dry_run := three_way("the input dry-run", given.get("dry-run", "auto"))) is not None:
        settings["dry-run"] = str(dry_run).lower()
    elif environ.get(variable("dry-run"), "").strip().lower() == "auto":
        settings["dry-run"] = ""  # what `auto` means is decided by the event, before the command line reads it
    variables = {variable(name): value for name, value in settings.items()}
    token = {TOKEN: given["github-token"]} if "github-token" in given else {}
    return {**environ, **named(given), **variables, **token}
