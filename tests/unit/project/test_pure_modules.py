"""A module that calls itself pure is held to it: import-linter's list of pure modules names it."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests.support.places import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
(HELD,) = [contract["source_modules"] for contract in CONTRACTS if contract["type"] == "forbidden"]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_pure(path: Path) -> bool:
    """Whether the first paragraph of the module's docstring ends with the word."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return docstring.partition("\n\n")[0].endswith("Pure.")


PURE = [name_of(path) for path in sorted((ROOT / "vsync").rglob("*.py")) if is_pure(path)]


@pytest.mark.parametrize("module", PURE)
def test_a_module_that_says_that_it_is_pure_is_held_to_it(module: str) -> None:
    assert any(module == held or module.startswith(f"{held}.") for held in HELD)


def test_there_are_pure_modules() -> None:
    assert len(PURE) > 20
