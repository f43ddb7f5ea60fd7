from __future__ import annotations

import pytest

from vsync.batch.chosen import check_words, chooser
from vsync.errors import ConfigurationError

PATHS = ["batches/a.jsonl", "batches/sub/b.jsonl", "batches/sub/[x].jsonl"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], PATHS),
        (["batches/a.jsonl"], PATHS[:1]),
        (["./batches/a.jsonl"], PATHS[:1]),
        (["a.jsonl"], PATHS[:1]),
        (["sub"], PATHS[1:]),
        (["batches/sub/"], PATHS[1:]),
        (["*.jsonl"], PATHS),
        (["sub/[x].jsonl"], PATHS[2:]),
        (["a.jsonl", "sub/b*"], PATHS[:2]),
        (["b.jsonl"], []),
    ],
)
def test_words_are_paths_folders_or_patterns_from_the_repository_or_the_source_folder(
    words: list[str], wanted: list[str]
) -> None:
    assert list(filter(chooser(words, "batches"), PATHS)) == wanted


def test_a_word_that_means_nothing_is_refused_with_the_nearest_path() -> None:
    with pytest.raises(ConfigurationError, match=r"batchs/a.jsonl.*no request file.*Did you mean 'batches/a.jsonl'"):
        check_words(["batches/a.jsonl", "batchs/a.jsonl"], PATHS, "batches")


def test_words_that_mean_something_pass() -> None:
    check_words(["a.jsonl", "sub/*"], PATHS, "batches")
