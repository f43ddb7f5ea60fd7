"""What documents say of themselves: the front matter and the titles of 10,000 changed documents."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

from benchmarks.figures import Figure, Measured
from benchmarks.measure import CommandFailed
from benchmarks.repositories import prose
from vsync.documents.front_matter import find, parse, value_of
from vsync.documents.title import title_of

DOCUMENTS, SIZE = 10_000, 5_000
GOAL_S = 1.0
"""Processor time of all documents."""

_BLOCK = """---
title: "{title}"
description: How to do the thing number {number}, quickly and well
weight: {number}
date: 2024-01-02
draft: false
tags:
  - guide
  - part-{number}
---

"""


def front_matter(folder: Path, times: int) -> list[Measured]:
    """Half of the documents have front matter with a title, a quarter a heading, and a quarter neither."""
    texts = [_document(number) for number in range(DOCUMENTS)]
    seconds = [_read(texts) for _ in range(times)]
    return [
        Measured(
            f"front matter and titles of {DOCUMENTS:,} documents of {SIZE / 1000:g} KB (median of {times})",
            "find, parse, value_of and title_of, in this process",
            [Figure("processor time", statistics.median(seconds), "s", GOAL_S)],
        )
    ]


def _document(number: int) -> tuple[str, str | None]:
    """The text, and the title that it has."""
    text = prose(random.Random(number), SIZE).decode()
    title = f"Page {number}"
    if number % 2:
        return _BLOCK.format(title=title, number=number) + text, title
    return (f"# {title}\n\n{text}", title) if number % 4 else (text, None)


def _read(texts: list[tuple[str, str | None]]) -> float:
    """The processor time that it takes. Raises CommandFailed where a title is wrong."""
    begin = time.process_time()
    for text, title in texts:
        block = find(text)
        values = parse(block) if block else {}
        for value in values.values():
            value_of(value)
        found = title_of(text[block.end :] if block else text, "docs/page.md", values)
        if found != title:
            raise CommandFailed(f"A document has the title {title!r}, and {found!r} was found.")
    return time.process_time() - begin
