"""`vsync schema`."""

from __future__ import annotations

import json
import sys

import click

from vsync.cli.terminal import put


@click.command("schema")
def schema_command() -> None:
    """Print the JSON schema of the config, .vsync.yml.

    Editors complete and check the config by it: write it to a file of the repository, and name that file in the first line
    of the config. Needs no repository and no key.

    \b
    vsync schema > vsync.schema.json
    # yaml-language-server: $schema=vsync.schema.json
    """
    from vsync.config.schema import json_schema

    put(sys.stdout, json.dumps(json_schema(), ensure_ascii=False, indent=2))
