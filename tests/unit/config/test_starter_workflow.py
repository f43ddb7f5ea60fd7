"""The workflow beside a first config. `tests/unit/project/test_recipes.py` checks it with those of the documentation."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.places import ROOT
from vsync.config.starter_place import Place
from vsync.config.starter_workflow import workflow_text
from vsync.config.survey import Survey

README = (ROOT / "README.md").read_text()


def branches(branch: str) -> list[str]:
    data = yaml.safe_load(workflow_text(Survey(), Place("x", branch)))
    found: list[str] = data[True]["push"]["branches"]  # YAML 1.1 reads the key `on` as true
    assert set(data) == {"name", True, "permissions", "jobs"}
    return found


def test_it_names_the_actions_as_the_readme_does() -> None:
    text = workflow_text(Survey(), Place("x"))
    assert set(re.findall(r"- uses: .*", text)) == set(re.findall(r"- uses: .*", README))


def test_the_config_says_what_is_synced_and_the_key_comes_from_a_secret() -> None:
    jobs = yaml.safe_load(workflow_text(Survey(), Place("x")))["jobs"]
    assert "with" not in jobs["plan"]["steps"][-1]
    assert jobs["sync"]["steps"][-1]["with"] == {"openai-api-key": "${{ secrets.OPENAI_API_KEY }}"}


def test_the_checkout_fetches_what_the_documents_need() -> None:
    def options(survey: Survey) -> list[object]:
        jobs = yaml.safe_load(workflow_text(survey, Place("x")))["jobs"]
        return [job["steps"][0]["with"] for job in jobs.values()]

    assert options(Survey()) == [{"persist-credentials": False}] * 2
    assert options(Survey(lfs=(".pdf",))) == [{"persist-credentials": False, "lfs": True}] * 2
    assert "# submodules: true" in workflow_text(Survey(submodules=("x",)), Place("x"))
    assert "# fetch-depth: 0" in workflow_text(Survey(), Place("x"))


@pytest.mark.parametrize(
    ("branch", "pattern"), [("main", "main"), ("release/1.x", "release/1.x"), ("c++", r"c\+\+"), ("yes", "yes")]
)
def test_pushes_to_the_default_branch_sync(branch: str, pattern: str) -> None:
    assert branches(branch) == [pattern]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_a_branch_of_any_name_adds_nothing(branch: str) -> None:
    assert len(branches(branch)) == 1
