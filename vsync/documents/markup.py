"""What a reader sees of HTML, by its text alone: parts that show nothing, parts that show code, and words. Pure.

All of it takes time in proportion to the text, whatever the text is.
"""

from __future__ import annotations

from vsync.documents.patterns import lazily

_TAG = lazily(r"<[^<>]*>")
_UNSEEN = lazily(r"(?i)<!--|<(?:script|style|svg)\b")
_UNSEEN_OR_CODE = lazily(r"(?i)<!--|<(?:script|style|svg|pre|code|textarea|samp|kbd|xmp|tt)\b")
_WORD = lazily(r"[^\W\d_]+")
_GAP = lazily(r"[,;:]?\s{1,3}")
_SENTENCE = 6
"""So many words in a row are prose."""

_IDEOGRAPHS = lazily(r"[\u3041-\u30fe\u4e00-\u9fff]{8,}")
"""Scripts without blanks between their words."""


def words_of(markup: str) -> str:
    """The text between the tags, without comments, scripts, styles and drawings."""
    return _TAG().sub(" ", _without(markup, code=False))


def without_code(markup: str) -> str:
    """The markup without what shows nothing, and without what shows code."""
    return _without(markup, code=True)


def _without(markup: str, *, code: bool) -> str:
    pattern = _UNSEEN_OR_CODE() if code else _UNSEEN()
    low = markup.lower()
    kept, at = [], 0
    while found := pattern.search(markup, at):
        kept.append(markup[at : found.start()])
        name = found.group()[1:].lower()
        ending = "-->" if name == "!--" else f"</{name}"
        end = low.find(ending, found.end())
        if end < 0:
            return " ".join(kept)
        at = end + len(ending)
    return " ".join([*kept, markup[at:]])


def prose(text: str) -> int:
    """How many characters stand in runs of words, as they do in sentences."""
    total = sum(len(run.group()) for run in _IDEOGRAPHS().finditer(text))
    words, start, end = 0, 0, 0
    for word in _WORD().finditer(text):
        if not words or word.start() - end > 4 or not _GAP().fullmatch(text, end, word.start()):
            total += end - start if words >= _SENTENCE else 0
            words, start = 0, word.start()
        words, end = words + 1, word.end()
    return total + (end - start if words >= _SENTENCE else 0)
