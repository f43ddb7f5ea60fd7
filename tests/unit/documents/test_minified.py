"""Files that a machine packed are told by their lines, and pages by their words."""

from __future__ import annotations

import pytest

from vsync.documents.inspection import Looks, inspect_content
from vsync.documents.minified import is_minified

CODE = "function a(b,c){return b+c}var d=a(1,2);if(d>3){e(d)}" * 100
PROSE = "The store indexes each document as soon as it has been uploaded by a run. " * 60
STYLE = ".a{margin:0;padding:1px 2px}#b>.c:hover{color:#fff}" * 100
MARKUP = '<div class="a"><span id="b"></span><i data-x="1"></i></div>' * 100


@pytest.mark.parametrize(
    ("path", "text", "minified"),
    [
        ("app.js", CODE, True),
        ("app.mjs", CODE, True),
        ("app.js", CODE.replace("}", "}\n"), False),
        ("app.min.js", CODE + "\n" + "var x = 1;\n" * 200, True),
        ("app.js", f"{CODE[:1000]}\n" + "var x = 1;\n" * 600, False),
        ("a.css", STYLE, True),
        ("a.css", STYLE.replace("}", "}\n"), False),
        ("data.json", '{"a":[1,2,3],"b":"c"},' * 200, True),
        ("data.json", '{"a": [1, 2, 3]},\n' * 200, False),
        ("a.json", '{"a":1}', False),
        ("a.svg", MARKUP, True),
        ("a.html", MARKUP, True),
        ("a.html", f"<html><script>{CODE}</script><style>{STYLE}</style><p>{PROSE[:80]}</p></html>", True),
        ("a.html", f"<html><!-- {PROSE} -->{MARKUP}</html>", True),
        ("a.html", f"<html><body><p>{PROSE}</p></body></html>", False),
        ("a.html", f"<html><script>{CODE}</script><p>{PROSE}</p></html>", False),
        ("a.html", "<p>" + "これは文書の使い方を説明するページです。" * 200 + "</p>", False),
        ("a.html", f"<script>{CODE}", True),
        ("a.md", CODE, False),
        ("a.txt", PROSE, False),
        ("a.rst", CODE, False),
        ("a.py", CODE, False),
    ],
)
def test_long_lines_without_prose_are_packed(path: str, text: str, minified: bool) -> None:
    assert is_minified(path, text) is minified


def test_a_packed_file_is_skipped_only_where_it_is_looked_for() -> None:
    assert inspect_content("a.html", [MARKUP.encode()], Looks(minified=True)).reason == "minified"
    assert inspect_content("a.html", [MARKUP.encode()], Looks()).reason is None
