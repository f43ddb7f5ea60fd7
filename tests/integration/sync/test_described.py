"""Documents that a config describes and prepares: what is in the store, and how many requests a change takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.notebooks import code, notebook
from tests.support.wire import World, once
from vsync.documents.attributes import RESERVED_ATTRIBUTES, AttributeValue
from vsync.report.report import Report

CONFIG = b"""\
version: 1
attributes: {team: docs, area: "{1}"}
front-matter: [title, weight]
directory: 1
url: "https://docs.example.com/{path-without-extension}"
content: {front-matter: strip}
rules:
  - match: docs/api/
    attributes: {team: api}
    chunking: {size: 400, overlap: 100}
"""
A = b"---\ntitle: First\nweight: 3\nother: x\n---\n# A\n\nText of a.\n"
B = b"# The second\n\nText of b.\n"
SENT_OF_A = b"# A\n\nText of a.\n"


@pytest.fixture
def described(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two documents that are in the store as the config describes them, and no request on record."""
    made = once("two described documents", tmp_path_factory, _two_documents).copy(tmp_path / "world")
    yield made
    made.wire.close()


def _two_documents(world: World) -> None:
    world.commit({".vsync.yml": CONFIG, "docs/a.md": A, "docs/api/b.md": B})
    assert world.sync().exit_code == 0


def attributes(world: World, path: str) -> dict[str, AttributeValue]:
    """The user's attributes of the only entry of a document."""
    (entry,) = [entry for entry in world.entries() if entry.attributes["path"] == path]
    return {name: value for name, value in entry.attributes.items() if name not in RESERVED_ATTRIBUTES}


def changed(world: World, path: str, content: bytes) -> Report:
    world.wire.calm()
    world.commit({path: content})
    plan, report = world.plan(), world.sync()
    assert report.exit_code == 0
    assert plan.documents.retagged == report.documents.retagged
    assert plan.documents.updated == report.documents.updated
    assert world.plan(full=True).plan.is_empty
    return report


def sent(world: World) -> Mapping[str, int]:
    return {
        call: len(world.wire.of(call))
        for call in ("POST /files", "POST /vector_stores/*/files/*")
        if world.wire.of(call)
    }


def test_documents_have_the_attributes_that_the_config_says(described: World) -> None:
    assert attributes(described, "docs/a.md") == {
        "team": "docs",
        "area": "docs",
        "title": "First",
        "weight": 3,
        "url": "https://docs.example.com/docs/a",
        "directory": "docs",
        "directory_1": "docs",
    }
    assert attributes(described, "docs/api/b.md") == {
        "team": "api",
        "area": "docs",
        "title": "The second",
        "url": "https://docs.example.com/docs/api/b",
        "directory": "docs/api",
        "directory_1": "docs",
    }


def test_what_is_sent_is_what_the_hooks_leave(described: World) -> None:
    contents = {str(entry.attributes["path"]): entry for entry in described.entries()}
    assert contents["docs/a.md"].content == SENT_OF_A
    assert contents["docs/a.md"].attributes["sha256"] == hashlib.sha256(SENT_OF_A).hexdigest()
    assert contents["docs/api/b.md"].content == B


def test_a_run_with_nothing_to_do_makes_no_request(described: World) -> None:
    described.wire.calm()
    report = described.sync()
    assert (report.exit_code, described.wire.sent) == (0, [])
    assert described.sync(full=True).plan.is_empty
    assert described.wire.sent == []


def test_a_chosen_key_of_stripped_front_matter_is_a_retag(described: World) -> None:
    report = changed(described, "docs/a.md", A.replace(b"weight: 3", b"weight: 4"))
    assert report.documents.retagged == ("docs/a.md",)
    assert sent(described) == {"POST /vector_stores/*/files/*": 1}
    assert attributes(described, "docs/a.md")["weight"] == 4


def test_a_key_that_nobody_chose_changes_nothing_where_front_matter_is_stripped(described: World) -> None:
    report = changed(described, "docs/a.md", A.replace(b"other: x", b"other: y"))
    assert (report.changed, described.wire.sent) == (False, [])


def test_front_matter_that_stays_in_the_document_is_uploaded(described: World) -> None:
    described.commit({".vsync.yml": CONFIG.replace(b"content: {front-matter: strip}\n", b"")})
    assert described.sync().documents.updated == ("docs/a.md",)
    report = changed(described, "docs/a.md", A.replace(b"other: x", b"other: y"))
    assert report.documents.updated == ("docs/a.md",)


def test_a_constant_of_the_config_retags_what_it_describes(described: World) -> None:
    report = changed(described, ".vsync.yml", CONFIG.replace(b"{team: api}", b"{team: core}"))
    assert report.documents.retagged == ("docs/api/b.md",)
    assert sent(described) == {"POST /vector_stores/*/files/*": 1}
    assert attributes(described, "docs/api/b.md")["team"] == "core"


def test_a_hook_uploads_what_it_changes_and_nothing_else(described: World) -> None:
    report = changed(described, ".vsync.yml", CONFIG.replace(b"content: {front-matter: strip}\n", b""))
    assert (report.documents.updated, report.documents.retagged) == (("docs/a.md",), ())
    assert sent(described) == {"POST /files": 1}
    report = changed(described, ".vsync.yml", CONFIG)
    assert (report.documents.updated, report.documents.retagged) == (("docs/a.md",), ())


def test_a_chunking_of_a_rule_uploads_what_it_matches(described: World) -> None:
    report = changed(described, ".vsync.yml", CONFIG.replace(b"size: 400", b"size: 500"))
    assert (report.documents.updated, report.documents.retagged) == (("docs/api/b.md",), ())


def test_settings_that_describe_no_document_change_nothing(described: World) -> None:
    report = changed(described, ".vsync.yml", CONFIG + b"  - match: none/\n    attributes: {x: y}\n")
    assert (report.changed, described.wire.sent) == (False, [])


def test_front_matter_that_is_not_yaml_is_told_and_the_document_is_uploaded(described: World) -> None:
    report = changed(described, "docs/a.md", b"---\ntitle: [\nweight: 1\n---\n# Broken\n")
    assert report.documents.updated == ("docs/a.md",)
    assert any("docs/a.md" in warning and "front matter" in warning for warning in report.warnings)
    assert attributes(described, "docs/a.md")["title"] == "Broken"


def test_a_lost_manifest_is_made_again_without_an_upload_or_a_retag(described: World) -> None:
    manifest = described.repo.root / ".vsync" / "manifest.json"
    manifest.unlink()
    described.wire.calm()
    report = described.sync()
    assert (report.exit_code, report.changed) == (0, False)
    assert sent(described) == {}
    described.wire.calm()
    assert described.sync(full=True).plan.is_empty


def test_an_attribute_that_somebody_changed_in_the_store_is_mended_when_it_is_listed(described: World) -> None:
    (entry,) = [entry for entry in described.entries() if entry.attributes["path"] == "docs/a.md"]
    forged = {"attributes": {**entry.attributes, "title": "Forged"}}
    described.ask("POST", f"/vector_stores/{described.store_id}/files/{entry.file_id}", forged)
    (described.repo.root / ".vsync" / "manifest.json").unlink()
    report = described.sync()
    assert report.documents.retagged == ("docs/a.md",)
    assert attributes(described, "docs/a.md")["title"] == "First"


def test_metadata_of_a_notebook_that_is_not_sent_changes_nothing(described: World) -> None:
    described.commit({".vsync.yml": b"version: 1\n", "n.ipynb": notebook(code("1 + 1"))})
    assert described.sync().exit_code == 0
    report = changed(described, "n.ipynb", notebook(code("1 + 1")) + b"\n\n")
    assert (report.changed, described.wire.sent) == (False, [])


def test_history_is_asked_once_and_its_facts_are_fixed_at_the_upload(described: World) -> None:
    described.commit({".vsync.yml": b"version: 1\ngit: [changed, author]\n"})
    assert described.sync().exit_code == 0
    facts = attributes(described, "docs/a.md")
    assert isinstance(facts["changed"], int | float)
    assert facts["author"]
    described.commit({".vsync.yml": b"version: 1\ngit: [changed, author]\nattributes: {x: y}\n"})
    report = described.sync()
    assert report.documents.retagged == ("docs/a.md", "docs/api/b.md")
    assert attributes(described, "docs/a.md") == {**facts, "x": "y"}
    described.wire.calm()
    assert described.sync(full=True).plan.is_empty


TOKEN = "gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU"


@pytest.mark.parametrize("written", [TOKEN, f'"\\x67{TOKEN[1:]}"'])
def test_a_secret_in_front_matter_is_not_sent_as_an_attribute(described: World, written: str) -> None:
    described.commit({"docs/c.md": f"---\ntitle: {written}\n---\n# C\n".encode()})
    report = described.sync()
    assert report.documents.skipped == (("docs/c.md", "secret"),)
    assert any("docs/c.md" in warning and "its attributes" in warning for warning in report.warnings)
    assert TOKEN not in str(report.to_json())


def test_a_secret_below_front_matter_that_is_stripped_is_told_with_its_line_in_the_file(described: World) -> None:
    described.commit({"docs/c.md": f"---\ntitle: C\n---\n# C\n\n{TOKEN}\n".encode()})
    assert any("docs/c.md" in warning and "line 6" in warning for warning in described.sync().warnings)


def test_a_url_that_names_the_commit_replaces_one_that_does_not(described: World) -> None:
    permalink = CONFIG.replace(
        b"https://docs.example.com/{path-without-extension}", b"https://x.example/{commit}/{path}"
    )
    head = described.commit({".vsync.yml": permalink})
    assert described.sync().documents.retagged == ("docs/a.md", "docs/api/b.md")
    first = attributes(described, "docs/a.md")["url"]
    assert first in {f"https://x.example/{commit}/docs/a.md" for commit in described.repo.git("rev-list", head).split()}
    described.commit({".vsync.yml": permalink + b"    url: https://docs.example.com/{name}\n"})
    assert described.sync().documents.retagged == ("docs/api/b.md",)
    assert attributes(described, "docs/a.md")["url"] == first


def test_a_fact_of_history_replaces_a_constant_of_that_name(described: World) -> None:
    described.commit({".vsync.yml": b"version: 1\nattributes: {author: nobody}\n"})
    assert described.sync().exit_code == 0
    described.commit({".vsync.yml": b"version: 1\ngit: [author]\n"})
    assert described.sync().documents.retagged == ("docs/a.md", "docs/api/b.md")
    assert attributes(described, "docs/a.md")["author"] not in {"nobody", None}


LEVELS = b"version: 1\nattributes: {team: docs}\nfront-matter: {title: headline, weight: team}\ngit: [author]\n"
STAFF = b"rules:\n  - match: docs/\n    attributes: {headline: Manual, team: staff, author: us}\n"
OWN = b"  - match: docs/\n    front-matter: {title: author, weight: team}\n"


def both(world: World) -> list[Mapping[str, AttributeValue]]:
    return [attributes(world, path) for path in ("docs/a.md", "docs/api/b.md")]


def test_what_a_later_rule_says_of_an_attribute_wins_by_a_retag(described: World) -> None:
    described.commit({".vsync.yml": LEVELS})
    assert described.sync().exit_code == 0
    first = both(described)
    history = {"author": first[0]["author"]}
    assert first == [{"headline": "First", "team": 3, **history}, {"headline": "The second", "team": "docs", **history}]

    every = ("docs/a.md", "docs/api/b.md")
    staff = {"headline": "Manual", "team": "staff", "author": "us"}
    assert changed(described, ".vsync.yml", LEVELS + STAFF).documents.retagged == every
    assert both(described) == [staff, staff]
    assert changed(described, ".vsync.yml", LEVELS + STAFF + OWN).documents.retagged == every
    assert both(described) == [{**staff, "team": 3, "author": "First"}, {**staff, "author": "The second"}]
    assert changed(described, "docs/a.md", A.replace(b"First", b"Another")).documents.updated == ("docs/a.md",)
    assert both(described)[0] == {**staff, "team": 3, "author": "Another"}
    assert changed(described, "docs/a.md", A).documents.updated == ("docs/a.md",)
    assert changed(described, ".vsync.yml", LEVELS).documents.retagged == every
    assert both(described) == first


def test_given_attributes_win_over_front_matter_and_history_by_a_retag(described: World) -> None:
    described.commit({".vsync.yml": LEVELS})
    assert described.sync().exit_code == 0
    first = both(described)
    given = "team=x\nauthor=y"
    described.wire.calm()
    assert described.sync(attributes=given).documents.retagged == ("docs/a.md", "docs/api/b.md")
    assert sent(described) == {"POST /vector_stores/*/files/*": 2}
    assert [found | {"team": "x", "author": "y"} for found in map(dict, first)] == both(described)
    assert described.plan(full=True, attributes=given).plan.is_empty
    described.commit({"docs/a.md": A.replace(b"weight: 3", b"weight: 4")})
    assert described.sync(attributes=given).documents.retagged == ()
    assert both(described)[0]["team"] == "x"


def test_a_lost_manifest_is_made_again_whichever_level_gives_an_attribute(described: World) -> None:
    described.commit({".vsync.yml": LEVELS + STAFF + OWN, "docs/c.txt": b"Text without a title.\n"})
    assert described.sync().exit_code == 0
    (described.repo.root / ".vsync" / "manifest.json").unlink()
    assert not described.sync().changed


def test_an_attribute_in_the_place_of_the_url_leaves_links_as_they_are(described: World) -> None:
    config = b'version: 1\nurl: "https://x.example/{path}"\ncontent: {links: absolute}\n'
    described.commit({".vsync.yml": config, "docs/a.md": b"# A\n\n[b](api/b.md)\n"})
    assert described.sync().exit_code == 0
    report = changed(described, ".vsync.yml", config + b"rules:\n  - match: '*'\n    attributes: {url: none}\n")
    assert (report.documents.retagged, report.documents.updated) == (("docs/a.md", "docs/api/b.md"), ())
    assert attributes(described, "docs/a.md") == {"url": "none"}


def test_a_history_that_is_written_anew_changes_nothing(described: World) -> None:
    config = b'version: 1\ngit: [changed, author]\nurl: "https://x.example/{commit}/{path}"\n'
    described.commit({".vsync.yml": config})
    assert described.sync().exit_code == 0
    before = [attributes(described, path) for path in ("docs/a.md", "docs/api/b.md")]
    git = described.repo.git
    tree = git("rev-parse", "HEAD^{tree}")
    git("update-ref", "HEAD", git("commit-tree", tree, "-m", "all in one"))
    described.wire.calm()
    report = described.sync()
    assert (report.changed, described.wire.sent) == (False, [])
    assert [attributes(described, path) for path in ("docs/a.md", "docs/api/b.md")] == before


@pytest.mark.parametrize("fixed", [b"git: [changed, author]\n", b'url: "https://x.example/{commit}/{path}"\n'])
def test_what_is_fixed_at_an_upload_comes_and_goes_with_its_key_by_a_retag(described: World, fixed: bytes) -> None:
    plain = b"version: 1\nattributes: {team: docs}\n"
    described.commit({".vsync.yml": plain})
    assert described.sync().exit_code == 0
    before = attributes(described, "docs/a.md")
    report = changed(described, ".vsync.yml", plain + fixed)
    assert report.documents.retagged == ("docs/a.md", "docs/api/b.md")
    assert attributes(described, "docs/a.md").keys() > before.keys()
    report = changed(described, ".vsync.yml", plain)
    assert report.documents.retagged == ("docs/a.md", "docs/api/b.md")
    assert attributes(described, "docs/a.md") == before


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "iso2022_jp", "latin-1"])
def test_a_text_in_another_encoding_is_sent_as_the_plan_says(described: World, encoding: str) -> None:
    german = "Die Größe der Bäume über dem Fluß ist für alle Gäste schön, und die Tür bleibt geöffnet.\n"
    text = 20 * ("この文書は使い方を説明します。ファイルを保存してください。\n" if encoding == "iso2022_jp" else german)
    described.commit({"docs/c.txt": text.encode(encoding)})
    plan, report = described.plan(), described.sync()
    assert report.exit_code == 0
    (entry,) = [entry for entry in described.entries() if entry.attributes["path"] == "docs/c.txt"]
    assert entry.content == text.encode()
    assert plan.documents.sizes["docs/c.txt"] == len(text.encode())
    assert "docs/c.txt" in plan.documents.converted
