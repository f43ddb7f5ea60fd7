"""What a release decides: which tags, which version, which text, and how action.yml comes to name an image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.places import ROOT
from tests.support.scripts import load

release = load("release")

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"ghcr.io/acme/vsync@{DIGEST}"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-21

### Added

- A thing.

## [1.2.2] - 2026-10-01

- An older thing.

[1.2.3]: https://example.invalid/1.2.3
"""


def test_the_action_of_a_release_runs_the_image_by_digest_and_is_else_unchanged() -> None:
    before = (ROOT / "action.yml").read_text()
    after = release.pin(before, IMAGE)
    was = yaml.safe_load(before)
    assert yaml.safe_load(after) == {**was, "runs": {**was["runs"], "image": f"docker://{IMAGE}"}}
    assert len(before.splitlines()) == len(after.splitlines())
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [f"  image: docker://{IMAGE}"]


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/acme/vsync:v1.2.3",
        "ghcr.io/acme/vsync",
        f"ghcr.io/Acme/vsync@{DIGEST}",
        f"vsync@{DIGEST}",
        f"ghcr.io/acme/vsync@{DIGEST[:-1]}",
        f"{IMAGE}\nentrypoint: sh",
        "",
    ],
)
def test_an_image_that_is_not_named_by_digest_is_refused(image: str) -> None:
    with pytest.raises(release.Refused, match="does not name an image by digest"):
        release.pin("runs:\n  image: Dockerfile\n", image)


def test_an_action_that_is_pinned_already_is_refused() -> None:
    pinned = release.pin((ROOT / "action.yml").read_text(), IMAGE)
    with pytest.raises(release.Refused, match="has 0 lines"):
        release.pin(pinned, IMAGE)


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1", "v1.2.3-rc.1", "v01.2.3", "v1.2.3 ", "v1.2.3\n", "main"])
def test_only_a_full_version_is_a_release_tag(tag: str) -> None:
    with pytest.raises(release.Refused, match="not a release tag"):
        release.version(tag)


def test_tag_code_and_changelog_must_agree() -> None:
    release.check("v1.2.3", '__version__ = "1.2.3"\n', CHANGELOG)
    with pytest.raises(release.Refused, match=r"The tag is v1\.2\.3, but .* says 1\.2\.2"):
        release.check("v1.2.3", '__version__ = "1.2.2"\n', CHANGELOG)
    with pytest.raises(release.Refused, match="says nothing"):
        release.check("v1.2.3", "", CHANGELOG)
    with pytest.raises(release.Refused, match=r"CHANGELOG\.md says nothing under \[1\.2\.4\]"):
        release.check("v1.2.4", '__version__ = "1.2.4"\n', CHANGELOG)


def test_the_notes_are_the_changelogs_section_alone() -> None:
    assert release.notes("v1.2.3", CHANGELOG) == "### Added\n\n- A thing."
    assert release.notes("v1.2.2", CHANGELOG) == "- An older thing."
    assert release.notes("v1.2", CHANGELOG) == ""


@pytest.mark.parametrize(
    ("tag", "tags", "moved"),
    [
        ("v1.0.0", [], "v1"),
        ("v1.2.3", ["v1", "v1.2.2", "v1.2.3", "v2.0.0", "vsync-manifest"], "v1"),
        ("v1.10.0", ["v1.9.0", "v1.10.0"], "v1"),
        ("v1.2.4", ["v1.3.0", "v1.2.3"], ""),
        ("v0.9.1", ["v1.0.0", "v0.9.0"], "v0"),
    ],
)
def test_the_moving_tag_follows_the_newest_release_of_its_major_version_only(
    tag: str, tags: list[str], moved: str
) -> None:
    assert release.major(tag, tags) == moved


def test_the_command_rewrites_action_yml_in_place(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci/release.py"
    script.write_text((ROOT / ".ci/release.py").read_text())
    (tmp_path / "action.yml").write_text("name: a\nruns:\n  using: docker\n  image: Dockerfile\n")
    done = subprocess.run([sys.executable, script, "pin", IMAGE], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "action.yml").read_text() == f"name: a\nruns:\n  using: docker\n  image: docker://{IMAGE}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["pin", "vsync:latest"], 1, "by digest"),
        (["check", "main"], 1, "not a release tag"),
        ([], 2, "Usage"),
        (["publish"], 2, "Usage"),
    ],
)
def test_a_refusal_is_an_exit_code_and_a_sentence(arguments: list[str], code: int, says: str) -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci/release.py", *arguments], capture_output=True, text=True)
    assert done.returncode == code
    assert says in done.stderr


def test_tags_arrive_on_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci/release.py", "major", "v1.2.3"],
        input="v1\nv1.2.3\n",
        capture_output=True,
        text=True,
    )
    assert done.stdout == "v1"
