"""The workflows of the documentation and of this repository say what the action understands, and ask for no more."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.places import ROOT
from tests.support.scripts import load
from vsync.cli.batch import batch_fetch, batch_submit
from vsync.cli.records import records_command
from vsync.cli.stores import stores_delete
from vsync.cli.verify import parse_verify
from vsync.config.config_parser import parse_config
from vsync.config.settings import resolve
from vsync.config.starter_place import Place
from vsync.config.starter_workflow import workflow_text
from vsync.config.survey import Survey
from vsync.documents.selection import Rules, Selector
from vsync.github import inputs

extract = load("extract")

RECIPES = (ROOT / "docs/recipes.md").read_text()
INPUTS = set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
OUTPUTS = set(yaml.safe_load((ROOT / "action.yml").read_text())["outputs"])
VSYNC = re.compile(r"OWNER/vsync@.+|\./")


BATCH = {"batch submit": batch_submit, "batch fetch": batch_fetch}


class Workflow(NamedTuple):
    name: str
    text: str
    data: Any

    @property
    def jobs(self) -> dict[str, Any]:
        jobs: dict[str, Any] = self.data["jobs"]
        return jobs

    def steps(self) -> list[dict[str, Any]]:
        return [step for job in self.jobs.values() for step in job.get("steps", [])]

    def ours(self) -> list[dict[str, Any]]:
        return [step for step in self.steps() if VSYNC.fullmatch(step.get("uses", ""))]


def workflow(name: str, text: str) -> Workflow:
    # YAML 1.1 reads the key `on` as true.
    return Workflow(name, text, {{True: "on"}.get(key, key): value for key, value in yaml.safe_load(text).items()})


def documented(path: Path) -> list[Workflow]:
    found = extract.blocks(path.read_text())
    return [workflow(f"{path.name}: {heading}", text) for heading, text in found if extract.kind(text) == "github"]


IN_DOCS = [entry for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) for entry in documented(path)]
OWN = [workflow(path.name, path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]
E2E = [workflow(path.name, path.read_text()) for path in sorted((ROOT / "tests/e2e/workflows").glob("*.yml"))]
WRITTEN = [workflow("init", workflow_text(Survey(lfs=(".pdf",)), Place("docs")))]
"""What `vsync init` writes."""
ALL = [*IN_DOCS, *OWN, *WRITTEN]


def each(entries: list[Workflow]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", entries, ids=[entry.name for entry in entries])


def test_every_block_of_the_recipes_is_a_whole_file() -> None:
    kinds = {heading: extract.kind(text) for heading, text in extract.blocks(RECIPES)}
    assert set(kinds.values()) == {"github", "gitlab", None}
    assert [heading for heading, found in kinds.items() if found == "gitlab"] == ["gitlab"]
    assert RECIPES.count("```yaml") == len(kinds)
    configs = [text for _, text in extract.blocks(RECIPES) if extract.kind(text) is None]
    assert all(parse_config(text.encode(), ".vsync.yml").named for text in configs)


def test_every_recipe_is_in_the_list_above_them_and_no_other() -> None:
    listed = re.findall(r"\(#([a-z-]+)\)", RECIPES)
    headings = [heading.lower().replace(" ", "-") for heading in re.findall(r"(?m)^## (.+)$", RECIPES)]
    assert listed == headings


@each(IN_DOCS)
def test_a_documented_workflow_uses_the_action(entry: Workflow) -> None:
    assert entry.ours()


@each([entry for entry in [*ALL, *E2E] if entry.ours()])
def test_a_workflow_gives_only_inputs_that_exist(entry: Workflow) -> None:
    assert {name for step in entry.ours() for name in step.get("with", {})} <= INPUTS


@each([entry for entry in [*ALL, *E2E] if entry.ours()])
def test_a_workflow_reads_only_outputs_that_exist(entry: Workflow) -> None:
    ids = {step["id"] for step in entry.ours() if "id" in step}
    read = re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", entry.text)
    assert {output for step, output in read if step in ids} <= OUTPUTS


@each([entry for entry in ALL if entry.ours()])
def test_the_inputs_of_a_workflow_mean_something(entry: Workflow) -> None:
    for step in entry.ours():
        if step.get("continue-on-error"):
            continue
        given = {name: str(value) for name, value in step.get("with", {}).items() if "${{" not in str(value)}
        resolve({name: value for name, value in given.items() if name in inputs.SETTING_INPUTS}, {})
        assert given.get("dry-run", "auto") in {"auto", "true", "false"}
        assert given.get("comment", "auto") in {"auto", "true", "false"}
        command = given.get("command", "sync")
        assert command in {"sync", "plan", "verify", "check", "stores delete", "records", *BATCH}
        if command == "verify":
            parse_verify(shlex.split(given.get("args", "")), {})
        if command == "stores delete":
            words = shlex.split(step["with"]["args"].replace("${{ ", "").replace(" }}", ""))
            # click remembers the names of the help option from the first context
            stores_delete.make_context("stores delete", words, help_option_names=["-h", "--help"])
        if command == "records":
            words = shlex.split(step["with"]["args"])
            records_command.make_context("records", words, help_option_names=["-h", "--help"])
        if command in BATCH:
            words = shlex.split(given.get("args", ""))
            BATCH[command].make_context(command, words, help_option_names=["-h", "--help"])


@each(ALL)
def test_a_workflow_has_no_rights_but_those_its_jobs_name(entry: Workflow) -> None:
    assert entry.data["permissions"] == {}
    assert all("permissions" in job for job in entry.jobs.values())


@each(ALL)
def test_no_expression_stands_in_a_script(entry: Workflow) -> None:
    assert [step["run"] for step in entry.steps() if "${{" in step.get("run", "")] == []


@each(ALL)
def test_a_checkout_leaves_no_token_behind(entry: Workflow) -> None:
    checkouts = [step for step in entry.steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each(ALL)
def test_every_other_action_is_named_by_commit_and_version(entry: Workflow) -> None:
    uses = re.findall(r"uses: (\S+)(.*)", entry.text)
    others = [(name, rest) for name, rest in uses if not re.fullmatch(r"OWNER/vsync@.+|\./\S*", name)]
    assert others
    for name, rest in others:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", rest), name


def test_an_action_has_the_same_commit_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for entry in ALL:
        for name, commit in re.findall(r"uses: ([\w/-]+)@([0-9a-f]{40} # \S+)", entry.text):
            commits.setdefault(name, set()).add(commit)
    assert {name: found for name, found in commits.items() if len(found) > 1} == {}


@each([entry for entry in ALL if not entry.name.startswith("README")])
def test_every_job_ends_by_itself(entry: Workflow) -> None:
    assert [name for name, job in entry.jobs.items() if "timeout-minutes" not in job and "uses" not in job] == []


def plans_only(entry: Workflow, job: dict[str, Any]) -> bool:
    return "pull_request" in entry.data["on"] and job.get("if") == "github.event_name == 'pull_request'"


def jobs_with_vsync(*, plans: bool) -> list[Any]:
    return [
        pytest.param(job, id=f"{entry.name}-{name}")
        for entry in ALL
        if entry.name not in {"ci.yml"}
        for name, job in entry.jobs.items()
        if any(VSYNC.fullmatch(step.get("uses", "")) for step in job.get("steps", []))
        and plans_only(entry, job) == plans
    ]


def ours_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in job["steps"] if VSYNC.fullmatch(step.get("uses", ""))]


def keeps_no_manifest(job: dict[str, Any]) -> bool:
    """Whether the job only deletes, applies records, submits batches, or commits no results: it has nothing to push."""
    return all(
        step["with"].get("command") in {"stores delete", "records", "batch submit"}
        or step["with"].get("commit") == "false"
        for step in ours_of(job)
    )


def checks_requests(job: dict[str, Any]) -> bool:
    return all(step.get("with", {}).get("command") == "batch submit" for step in ours_of(job))


def test_the_clean_up_deletes_only_what_vsync_made_for_this_repository() -> None:
    entry = recipe("nightly-clean-up")
    job = entry.jobs["clean-up"]
    assert keeps_no_manifest(job)
    assert job["permissions"] == {"contents": "read"}
    for step in entry.ours():
        words = shlex.split(step["with"]["args"])
        assert "--owned" in words
        assert words[words.index("--source") + 1 : words.index("--source") + 4] == ["${{", "github.repository", "}}"]
        assert "--force" not in words


def test_a_job_that_applies_records_is_never_cut_and_started_by_no_pull_request() -> None:
    entry = recipe("records-of-an-export")
    job = entry.jobs["records"]
    assert job["permissions"] == {"contents": "read"}
    assert job["concurrency"]["cancel-in-progress"] is False
    assert not [event for event in entry.data["on"] if event.startswith("pull_request")]


def test_a_job_that_submits_batches_is_never_cut_and_may_push_nothing() -> None:
    job = recipe("submit-batch-jobs").jobs["submit"]
    assert job["permissions"] == {"contents": "read"}
    assert job["concurrency"]["cancel-in-progress"] is False


def test_results_that_only_an_artifact_keeps_are_not_deleted_at_the_api() -> None:
    entry = recipe("batch-results-as-an-artifact")
    [step] = entry.ours()
    assert step["with"]["commit"] == "false"
    assert "--clean" not in step["with"]["args"]


@pytest.mark.parametrize(
    "job", [found for found in jobs_with_vsync(plans=False) if not keeps_no_manifest(found.values[0])]
)
def test_a_job_that_syncs_may_push_the_manifest_and_is_never_cut(job: dict[str, Any]) -> None:
    assert job["permissions"]["contents"] == "write"
    assert job["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("job", jobs_with_vsync(plans=True))
def test_a_job_that_plans_pull_requests_has_no_key_and_writes_comments_alone(job: dict[str, Any]) -> None:
    comment = {} if checks_requests(job) else {"pull-requests": "write"}
    assert job["permissions"] == {"contents": "read", **comment}
    assert "secrets." not in str(job)
    assert "environment" not in job


def recipe(heading: str) -> Workflow:
    return next(entry for entry in IN_DOCS if entry.name == f"recipes.md: {heading}")


def test_the_monorepos_rules_choose_what_the_recipe_says() -> None:
    parts = recipe("monorepo").jobs["sync"]["strategy"]["matrix"]["include"]
    tree = [
        "README.md",
        "services/api/docs/a.md",
        "services/api/docs/drafts/b.md",
        "services/api/openapi.yaml",
        "services/api/main.py",
        "services/web/README.md",
        "services/web/guide/deep/c.md",
        "services/web/guide/CHANGELOG.md",
        "services/web/index.ts",
        "shared/glossary.md",
        "shared/other.md",
    ]
    chosen = {}
    for part in parts:
        selector = Selector(Rules(include=tuple(part["documents"].splitlines())))
        verdicts = [selector.decide(path.encode(), "100644") for path in tree]
        chosen[part["target"]] = [verdict.path for verdict in verdicts if verdict.skipped is None and verdict.path]
    assert chosen == {
        "api": ["services/api/docs/a.md", "services/api/openapi.yaml", "shared/glossary.md"],
        "web": ["services/web/README.md", "services/web/guide/deep/c.md", "shared/glossary.md"],
    }


def test_the_keyless_recipe_has_no_secret() -> None:
    entry = recipe("without-a-key")
    assert "secrets." not in entry.text
    assert entry.jobs["sync"]["permissions"]["id-token"] == "write"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on: push\njobs: {}\n", "github"),
        ("a:\n  script: [make]\n", "gitlab"),
        ("with:\n  a: b\n", None),
        ("- a\n", None),
        ("a: [\n", None),
    ],
)
def test_a_block_is_known_by_what_it_holds(text: str, found: str | None) -> None:
    assert extract.kind(text) == found


def test_blocks_are_named_after_their_headings() -> None:
    markdown = (
        "```yaml\na: 1\n```\n# Über `x`: two\n```yaml\n# no heading\nb: 2\n```\n```sh\n# c\n```\n```yml\nd: 4\n```\n"
    )
    assert list(extract.blocks(markdown)) == [
        ("top", "a: 1\n"),
        ("ber-x-two", "# no heading\nb: 2\n"),
        ("ber-x-two-2", "d: 4\n"),
    ]


def test_the_linters_see_every_workflow_and_script(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One\n```yaml\njobs: { b: { steps: [{ uses: x }, { run: echo hi }] } }\n```\n")
    (tmp_path / "c.yml").write_text("jobs: { d: { steps: [{ run: echo ho }] }, e: { uses: ./f.yml } }\n")
    extract.main([str(tmp_path / "out"), str(tmp_path / "a.md"), str(tmp_path / "c.yml")])
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert found == {"github/a.one.yml", "scripts/a.one-b-2.sh", "scripts/c-d-1.sh"}
    assert (tmp_path / "out/scripts/c-d-1.sh").read_text() == "#!/bin/bash\nset -eo pipefail\necho ho"
