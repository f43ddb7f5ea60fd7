"""Notebooks from short words, and what vsync uploads of them."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: str | dict[str, Any], **more: Any) -> bytes:
    """A notebook of format 4. A string is a Markdown cell."""
    listed = [cell if isinstance(cell, dict) else {"cell_type": "markdown", "source": cell} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed, **more}).encode()


def code(source: str, *printed: str) -> dict[str, Any]:
    """A code cell that has printed these texts."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in printed]
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs}
