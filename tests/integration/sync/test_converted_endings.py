"""Endings that a config says are text (`convert`): under which names documents are in the store, and what a change takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wire import World, die, once
from vsync.report.report import Report

CONFIG = b"""\
version: 1
types: any
front-matter: [title]
convert: {".log": ".txt", ".foo": ".txt", ".yaml": ".md"}
"""
FILES = {
    "run.log": b"The run of today.\n",
    "a.foo": b"---\ntitle: A\n---\nText of a.\n",
    "conf.yaml": b"# The heading\n",
    "b.md": b"# B\n",
    "c.rst": b"C\n=\n",
}


@pytest.fixture
def converted(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Documents of endings that the config says, in the store."""
    made = once("documents with converted endings", tmp_path_factory, _documents).copy(tmp_path / "world")
    yield made
    made.wire.close()


def _documents(world: World) -> None:
    world.commit({".vsync.yml": CONFIG, **FILES})
    assert world.sync().exit_code == 0


def names(world: World) -> dict[str, str]:
    return {str(entry.attributes["path"]): entry.filename for entry in world.entries()}


def changed(world: World, config: bytes) -> Report:
    world.wire.calm()
    world.commit({".vsync.yml": config})
    report = world.sync()
    assert report.exit_code == 0
    assert world.plan(full=True).plan.is_empty
    return report


def test_documents_are_uploaded_under_the_endings_that_the_config_says(converted: World) -> None:
    assert names(converted) == {
        "run.log": "run.log.txt",
        "a.foo": "a.foo.txt",
        "conf.yaml": "conf.yaml.md",
        "b.md": "b.md",
        "c.rst": "c.rst.txt",
    }
    assert converted.sync(full=True).plan.is_empty


def test_the_ending_tells_the_markup_of_a_document(converted: World) -> None:
    titles = {str(entry.attributes["path"]): entry.attributes.get("title") for entry in converted.entries()}
    assert (titles["conf.yaml"], titles["a.foo"]) == ("The heading", "A")


def test_a_change_of_a_converted_document_replaces_it_alone(converted: World) -> None:
    converted.commit({"a.foo": b"Text of a, changed.\n"})
    plan, report = converted.plan(), converted.sync()
    assert plan.documents.updated == report.documents.updated == ("a.foo",)
    assert converted.plan(full=True).plan.is_empty


def test_another_ending_uploads_the_documents_that_have_it(converted: World) -> None:
    report = changed(converted, CONFIG.replace(b'".foo": ".txt"', b'".foo": ".md"'))
    assert (report.documents.updated, report.documents.retagged) == (("a.foo",), ())
    assert names(converted)["a.foo"] == "a.foo.md"


def test_an_ending_that_no_longer_counts_leaves_the_store(converted: World) -> None:
    report = changed(converted, CONFIG.replace(b', ".foo": ".txt"', b""))
    assert report.documents.removed == ("a.foo",)
    assert ("a.foo", "unsupported-type") in report.documents.skipped


def test_an_ending_counts_as_documentation_where_its_new_ending_does(converted: World) -> None:
    report = changed(converted, CONFIG.replace(b"types: any\n", b""))
    assert not report.changed
    report = changed(converted, b"version: 1\n")
    assert report.documents.removed == ("a.foo", "conf.yaml", "run.log")


def test_a_lost_manifest_is_made_again_without_an_upload(converted: World) -> None:
    converted.forget_manifest()
    converted.wire.calm()
    report = converted.sync()
    assert (report.exit_code, report.changed, converted.wire.of("POST /files")) == (0, False, [])


def test_the_lost_upload_of_a_converted_document_is_found_by_its_name(converted: World) -> None:
    converted.commit({"new.foo": b"A new text.\n"})
    assert converted.sync_and_die(lambda dying: dying.wire.when("POST /files", die(answered=True)))
    assert list(converted.uploaded().values()).count("new.foo.txt") == 1
    converted.wire.calm()
    assert converted.sync().exit_code == 0
    assert list(converted.uploaded().values()).count("new.foo.txt") == 1
