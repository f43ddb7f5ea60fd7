"""Takes the workflows out of the documentation, and the shell scripts out of workflows, so that linters can read them.

    extract.py DIRECTORY FILE…

Every fenced `yaml` block of a Markdown file that has jobs becomes DIRECTORY/github/*.yml, every one that is a GitLab
job DIRECTORY/gitlab/*.yml; file and heading give the name. The `run:` scripts of all workflows, those and the ones given
as files, become DIRECTORY/scripts/*.sh. Blocks that are neither are pieces, and left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_PART = re.compile(r"(?ms)^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w*)\n(?P<text>.*?)^```$")

_SHELL = "#!/bin/bash\nset -eo pipefail\n"
"""As GitHub starts `shell: bash`."""


def blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """Each fenced yaml block: the heading it stands under as a word, numbered from the second on, and its text."""
    heading, number = "top", 0
    for part in _PART.finditer(markdown):
        if part["heading"]:
            heading, number = re.sub(r"[^a-z0-9]+", "-", part["heading"].lower()).strip("-"), 0
        elif part["language"] in {"yaml", "yml"}:
            number += 1
            yield (heading if number == 1 else f"{heading}-{number}"), part["text"]


def kind(text: str) -> str | None:
    """`github` for a whole workflow, `gitlab` for a whole GitLab file, None for a piece."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(data, dict):
        return None
    if "jobs" in data:
        return "github"
    return "gitlab" if any(isinstance(job, dict) and "script" in job for job in data.values()) else None


def scripts(workflow: str) -> Iterator[tuple[str, str]]:
    """Each `run:` script of a workflow: a name, and its text."""
    jobs: dict[str, Any] = (yaml.safe_load(workflow) or {}).get("jobs", {})
    for name, job in jobs.items():
        for number, step in enumerate(job.get("steps", []), 1):
            if "run" in step:
                yield f"{name}-{number}", step["run"]


def main(arguments: list[str]) -> int:
    out = Path(arguments[0])
    for folder in ("github", "gitlab", "scripts"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    workflows: list[tuple[str, str]] = []
    for file in map(Path, arguments[1:]):
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".md":
            workflows.append((file.stem, text))
            continue
        for heading, block in blocks(text):
            if found := kind(block):
                name = f"{file.stem}.{heading}"
                (out / found / f"{name}.yml").write_text(block, encoding="utf-8")
                if found == "github":
                    workflows.append((name, block))
    for name, workflow in workflows:
        for place, script in scripts(workflow):
            (out / "scripts" / f"{name}-{place}.sh").write_text(_SHELL + script, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
