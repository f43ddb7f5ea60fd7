"""Ids in a file: lines, JSON and reports."""

from __future__ import annotations

import json

import pytest

from vsync.manage.given_ids import ids_in


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("\n# nothing\n\n", []),
        ("vs_1\n  my docs  \r\n# vs_2\nvs_3", ["vs_1", "my docs", "vs_3"]),
        ("\ufeffvs_1\n", ["vs_1"]),
        ('["vs_1", "vs_2"]', ["vs_1", "vs_2"]),
        ("[]", []),
        ('[{"id": "vs_1", "name": "x"}]', ["vs_1"]),
        ('{"id": "vs_1"}', ["vs_1"]),
        ('{"id": "vs_1"}\n{"id": "vs_2"}\n', ["vs_1", "vs_2"]),
        ('{"success": ["vs_1"], "failed": [{"id": "vs_2"}], "dry_run": true}', ["vs_1"]),
        ('{"success": ["vs_1"], "failed": [{"id": "vs_2"}], "dry_run": false}', ["vs_2"]),
    ],
)
def test_each_form_gives_its_ids(text: str, ids: list[str]) -> None:
    assert ids_in(text) == ids


@pytest.mark.parametrize(
    "text",
    ["[1]", '[{"name": "x"}]', "[", '{"id": "a"}\n{broken', '{"id": ""}', "[null]", '{"success": 5, "dry_run": true}'],
)
def test_what_holds_no_ids_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ids_in(text)


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_a_name_is_one_name_whatever_it_holds_but_a_line_break(odd: str) -> None:
    assert ids_in(f"docs{odd}prod\nnext\r\n") == [f"docs{odd}prod", "next"]
    lines = [json.dumps({"id": f"vs_{number}", "name": f"a{odd}vs_9{odd}b"}, ensure_ascii=False) for number in (1, 2)]
    assert ids_in("\n".join(lines)) == ["vs_1", "vs_2"]


def test_three_hundred_thousand_ids_are_read() -> None:
    assert len(ids_in("\n".join(f"file-{number:027}" for number in range(300_000)))) == 300_000
