"""The files in docs/hosting start the service as it is: its command, its port, its health, its variables."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT
from vsync.cli.main import main
from vsync.cli.serve import serve_command
from vsync.config.variables import unheard

HOSTING = ROOT / "docs/hosting"
SERVICE: dict[str, Any] = yaml.safe_load((HOSTING / "compose.yaml").read_text())["services"]["api"]
BLUEPRINT: dict[str, Any] = yaml.safe_load((HOSTING / "render.yaml").read_text())
[RENDER] = BLUEPRINT["services"]
EXPOSED = re.findall(r"(?m)^EXPOSE (\d+)$", (ROOT / "Dockerfile").read_text())

FIELDS = {
    "type",
    "name",
    "runtime",
    "dockerfilePath",
    "dockerContext",
    "dockerCommand",
    "plan",
    "numInstances",
    "autoDeployTrigger",
    "healthCheckPath",
    "envVars",
}
"""Fields of Render's blueprints, as https://render.com/docs/blueprint-spec describes them."""


def options(command: list[str]) -> dict[str, Any]:
    """The options of a `vsync serve …`."""
    assert command[:2] == ["vsync", "serve"]
    # The command keeps the names of the help option that it sees first, so it is asked as a part of the whole.
    whole = main.make_context("vsync", command[1:])
    return serve_command.make_context("serve", command[2:], parent=whole).params


@pytest.mark.parametrize(
    "command", [SERVICE["command"], shlex.split(RENDER["dockerCommand"])], ids=["compose", "render"]
)
def test_the_service_listens_where_its_host_looks_for_it(command: list[str]) -> None:
    assert options(command)["host"] == "0.0.0.0"


def test_the_port_of_the_image_is_the_one_that_compose_publishes_for_this_machine_alone() -> None:
    assert [str(options(SERVICE["command"])["port"])] == EXPOSED
    assert SERVICE["ports"] == [f"127.0.0.1:{EXPOSED[0]}:{EXPOSED[0]}"]


def test_render_passes_calls_to_the_port_that_the_service_takes() -> None:
    variables = {entry["key"]: entry for entry in RENDER["envVars"]}
    assert variables["PORT"]["value"] == str(options(shlex.split(RENDER["dockerCommand"]))["port"])


def test_the_blueprint_has_only_fields_that_render_knows() -> None:
    assert set(BLUEPRINT) == {"services"}
    assert set(RENDER) == FIELDS
    assert (ROOT / RENDER["dockerfilePath"]).is_file()
    assert isinstance(RENDER["autoDeployTrigger"], str)  # YAML would read off as false


def test_each_variable_is_one_that_the_service_hears() -> None:
    names = [*SERVICE["environment"], *(entry["key"] for entry in RENDER["envVars"])]
    assert unheard(dict.fromkeys(names, "a-long-enough-secret")) == ()


def test_no_secret_stands_in_a_file_and_none_may_be_left_out() -> None:
    assert SERVICE["environment"]["VSYNC_TOKEN"].startswith("${VSYNC_TOKEN:?")
    assert [entry for entry in RENDER["envVars"] if entry["key"] == "VSYNC_TOKEN"] == [
        {"key": "VSYNC_TOKEN", "generateValue": True}
    ]


def test_the_container_has_no_rights_that_the_service_does_not_need() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert not SERVICE["user"].startswith("0")
