"""The text of a workflow that syncs a repository by its config. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vsync.config.starter_place import Place
from vsync.config.survey import Survey
from vsync.config.yaml_text import scalar

ACTION = "OWNER/vsync@main # from version 1.0.0 on: @v1"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


def workflow_text(survey: Survey, place: Place) -> str:
    """The workflow: it plans on pull requests, and syncs on pushes to the branch and by hand."""
    return "\n".join(_lines(survey, place)) + "\n"


def _lines(survey: Survey, place: Place) -> Iterator[str]:
    branch = scalar(re.sub(r"[]*+?!\[]", r"\\\g<0>", place.branch))  # GitHub takes it for a pattern
    yield from (
        "# Syncs the documents that .vsync.yml chooses to an OpenAI vector store. The sync needs the secret OPENAI_API_KEY.",
        "name: vsync",
        "on:",
        "  push:",
        f"    branches: [{branch}]",
        "  pull_request:",
        "    types: [opened, synchronize, reopened, closed] # after `closed` the comment says how it ended",
        "  workflow_dispatch: {}",
        "permissions: {}",
        "jobs:",
        "  plan: # shows what the pull request would change; needs no key",
        "    name: Plan",
        "    if: github.event_name == 'pull_request'",
        "    runs-on: ubuntu-latest",
        "    timeout-minutes: 10",
        "    permissions:",
        "      contents: read",
        "      pull-requests: write # the comment",
        "    concurrency:",
        "      group: vsync-plan-${{ github.ref }}",
        "      cancel-in-progress: true # a plan changes nothing, and only the newest counts",
        "    steps:",
        *_checkout(survey),
        f"      - uses: {ACTION}",
        "  sync:",
        "    name: Sync",
        "    if: github.event_name != 'pull_request'",
        "    runs-on: ubuntu-latest",
        "    timeout-minutes: 30",
        "    permissions:",
        "      contents: write # to push the manifest's branch and the seal",
        "    concurrency:",
        "      group: vsync",
        "      cancel-in-progress: false # nothing cancels a running sync",
        "    steps:",
        *_checkout(survey),
        f"      - uses: {ACTION}",
        "        with:",
        "          openai-api-key: ${{ secrets.OPENAI_API_KEY }}",
    )


def _checkout(survey: Survey) -> Iterator[str]:
    yield f"      - uses: {CHECKOUT}"
    yield "        with:"
    yield "          persist-credentials: false"
    if survey.lfs:
        yield "          lfs: true # Git LFS keeps documents of this repository"
    if survey.submodules:
        yield "          # submodules: true # for `submodules: true` in .vsync.yml"
    yield "          # fetch-depth: 0 # for `git` in .vsync.yml: the whole history"
