"""Which encoding a text has that is not UTF-8 and has no byte order mark, where that is sure. Pure.

`encoding` says what must agree. This module is imported only when a file needs it.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Callable

from vsync.documents import encoding_evidence as evidence
from vsync.documents.decoded import Decoded, strictly
from vsync.documents.patterns import lazily

_SAMPLE_BYTES = 8 * 1024
_DECLARED_WITHIN = 1024
_WORDS = 16
"""So many words stand for a line where lines are long."""
_THRESHOLD = 0.35
"""How much of a text may look odd to charset-normalizer. With its own 0.2 it knows fewer Asian texts, and is wrong no less often."""

_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_ASCII = bytes(range(128))
_UTF_8_CHARACTER = functools.cache(
    lambda: re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
)

CODECS = {
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "gb18030": "gb18030",
    "big5": "cp950",
    "euc-kr": "cp949",
    "windows-1251": "cp1251",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "iso-8859-5": "iso8859_5",
    "x-mac-cyrillic": "mac_cyrillic",
    "ibm866": "cp866",
    "windows-1253": "cp1253",
    "iso-8859-7": "iso8859_7",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin_1",
    "iso-8859-15": "iso8859_15",
    "windows-1250": "cp1250",
    "iso-8859-2": "iso8859_2",
    "windows-1254": "cp1254",
    "windows-1257": "cp1257",
    "iso-8859-13": "iso8859_13",
    "iso-8859-4": "iso8859_4",
    "macintosh": "mac_roman",
    "ibm850": "cp850",
    "ibm852": "cp852",
    "x-mac-ce": "mac_latin2",
}
"""The codec of each encoding. The first ones are preferred as names of the same text."""

_OLD = frozenset({"macintosh", "ibm850", "ibm852", "x-mac-ce"})
"""In these encodings the signs of English text in the others are letters."""


_AS_BROWSERS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc_kr": "cp949",
}
"""Encodings that pages declare, with those that are meant: https://encoding.spec.whatwg.org/#names-and-labels."""

_DECLARED = functools.cache(
    lambda: re.compile(
        rb"<(?:meta\s[^<>]{0,200}?charset\s*=|\?xml\s[^<>]{0,100}?encoding\s*=)\s*[\"']?\s*([a-z0-9_.:-]{1,40})",
        re.IGNORECASE,
    )
)

_EVIDENCE: dict[str, Callable[[str], bool]] = {
    "shift_jis": evidence.fits_japanese,
    "euc-jp": evidence.fits_japanese,
    "gb18030": evidence.fits_chinese,
    "big5": evidence.fits_chinese,
    "euc-kr": evidence.fits_korean,
    "windows-1251": evidence.fits_cyrillic,
    "koi8-r": evidence.fits_cyrillic,
    "koi8-u": evidence.fits_cyrillic,
    "iso-8859-5": evidence.fits_cyrillic,
    "x-mac-cyrillic": evidence.fits_cyrillic,
    "ibm866": evidence.fits_cyrillic,
    "windows-1253": evidence.fits_greek,
    "iso-8859-7": evidence.fits_greek,
}
"""What the text must be in these encodings. In the others it is in Latin letters."""


def is_japanese(text: str) -> bool:
    """Whether the text fits Japanese."""
    return evidence.fits_japanese(text)


_ODD = lazily(
    r"[\0-\x08\x0e-\x19\x1c-\x1f\x7f-\x9f\u02b0-\u036f\u0700-\u08ff\u1000-\u1dff\u2400-\u245f\u2800-\u2fff\u3100-\u4dbf"
    r"\ua000-\uabff\ud7b0-\uf8ff\ufe20-\ufe2f\ufff0-\uffff\U00020000-\U0010ffff]"
)
_COMMON = lazily(r"[\t\n\r -~]")


def without_mark(data: bytes) -> Decoded | None:
    """Text in UTF-16 or UTF-32 without a byte order mark."""
    fitting = []
    for encoding in _WIDE:
        if len(data) % (4 if "32" in encoding else 2) == 0:
            text = strictly(data, encoding)
            if text is not None and len(text) >= 8 and not _ODD().search(text):
                common = len(_COMMON().findall(text))
                asian = evidence.fits_chinese(text) or evidence.fits_japanese(text) or evidence.fits_korean(text)
                if asian or (common >= 0.05 * len(text) and (" " in text or "\n" in text)):
                    fitting.append((len(text) if asian else common, Decoded(text, encoding)))
    fitting.sort(reverse=True)
    if not fitting or (len(fitting) > 1 and fitting[1][0] > 0.1 * fitting[0][0]):
        return None
    return fitting[0][1]


def of_bytes(data: bytes) -> Decoded | None:
    sample = _sample(data)
    if len(sample) > 4 * _SAMPLE_BYTES or _is_nearly_utf_8(sample):
        return None
    declared = _declared(sample)
    names = _fitting(sample, declared) if declared else []
    names = names or _fitting(sample, [*CODECS])
    return _agreed(data, names) if names else None


def _declared(sample: bytes) -> list[str]:
    """The encoding that a page declares, as browsers take it. Empty: none, or vsync does not know it."""
    found = _DECLARED().search(sample, 0, _DECLARED_WITHIN)
    if found is None:
        return []
    try:
        codec = codecs.lookup(found[1].decode()).name
    except LookupError:
        return []
    codec = _AS_BROWSERS.get(codec, codec)
    return [name for name, known in CODECS.items() if codecs.lookup(known).name == codec]


def _fitting(sample: bytes, names: list[str]) -> list[str]:
    """Those of the encodings in which the text fits a language. Empty, too, where charset-normalizer takes none of them."""
    from charset_normalizer import from_bytes

    texts = {name: text for name in names if (text := strictly(sample, CODECS[name])) is not None}
    languages = evidence.languages_of(sample)
    fitting = [name for name, text in texts.items() if name in _EVIDENCE and _EVIDENCE[name](text)]
    if not fitting:
        others = [name for name in texts if name not in _EVIDENCE]
        latin = [name for name in others if evidence.fits_latin(texts[name], languages)]
        usual = [name for name in latin if name not in _OLD]
        if languages == {evidence.ENGLISH}:
            fitting = usual or latin
        elif languages or (usual and evidence.has_words(sample)):
            fitting = latin
    isolated = [CODECS[name] for name in names]
    matches = from_bytes(
        sample, threshold=_THRESHOLD, cp_isolation=isolated, preemptive_behaviour=False, enable_fallback=False
    )
    taken = {codec for match in matches for codec in match.could_be_from_charset}
    return fitting if any(CODECS[name] in taken for name in fitting) else []


def _is_nearly_utf_8(data: bytes) -> bool:
    """Whether most bytes above 127 are characters of UTF-8: a damaged text, which no other encoding mends."""
    high = data.translate(None, _ASCII)
    broken = _UTF_8_CHARACTER().sub(b"", data).translate(None, _ASCII)
    return len(high) >= 4 and len(broken) < 0.3 * len(high)


def _agreed(data: bytes, names: list[str]) -> Decoded | None:
    """The text that all these encodings give. None: they do not give one text."""
    texts = {strictly(data, CODECS[name]) for name in names}
    text = texts.pop()
    if texts or text is None or _ODD().search(text) or text.encode(CODECS[names[0]]) != data:
        return None
    return Decoded(text, names[0])


def _sample(data: bytes) -> bytes:
    """So much of the bytes that their encoding can be told: the head, and lines with bytes above 127 from all over."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    end = data.rfind(b"\n", 0, _DECLARED_WITHIN) + 1
    pieces = data[end:].split(b"\n")
    if max(map(len, pieces)) > _SAMPLE_BYTES // 4:
        words = data[end:].split(b" ")
        pieces = [b" ".join(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]
    pieces = [piece for piece in pieces if not piece.isascii()]
    size = sum(map(len, pieces))
    return data[:end] + b"\n".join(pieces[:: max(1, -(-size // _SAMPLE_BYTES))])
