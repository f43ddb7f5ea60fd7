"""How well a text that was decoded by guess fits a language: the evidence for its encoding. Pure.

A wrong encoding turns letters into others. So a guess is tested by what the bytes above 127 became:

- A sign between two letters, or a capital letter after a small one, is no text in any language.
- Words in ASCII tell the language, whatever the encoding is. Other letters must be letters of this language.
- Of Russian, Greek, Chinese, Japanese and Korean, the most frequent letters must be frequent.
"""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType

from vsync.documents.patterns import lazily

ENGLISH = "en"

_LANGUAGES = {
    ENGLISH: ("the of and to is in that for with this you are it on be as from by or can your will", ""),
    "de": ("der die und das ist nicht ein eine den von zu mit im auf sie auch werden wird des dem oder", "äöüßéàè"),
    "fr": ("le la les des et est une un du que dans pour pas vous qui sur en ce avec ou par", "àâæçéèêëîïôœùûüÿ"),
    "es": ("el la los las de que en un una por con para es se del al como su lo puede", "áéíóúüñªº"),
    "pt": ("o os as de que em um uma para com por se do da dos na no ao pode ou", "áâãàçéêíóôõúüªº"),
    "it": ("il la di che un una per con del non si le gli della nel sono da puoi come", "àèéìîòóùªº"),
    "ca": ("el la els les de que un una per amb en del al si es com aquest", "àèéíïòóúüçªº"),
    "nl": ("de het een en van is dat niet op te voor met zijn aan bij ook je naar", "éëïóöüáèêí"),
    "sv": ("och att det som en inte med den ett av till kan du om har eller", "åäöéàü"),
    "da": ("og at det er ikke en et med den til af kan du som der har eller fra i hvor hvis", "æøåéöü"),
    "no": ("og at det er ikke en et med den til av kan du som har eller fra i hvor hvis", "æøåéòôêü"),
    "fi": ("ja on ei se joka kun voit tai sen ovat mutta jos mukaan niin kuin sitten", "äöåéšž"),
    "is": ("og er ekki sem um eru fyrir til af en", "áðéíóúýþæö"),
    "pl": ("i w z na do nie jest to jak od po przez lub aby dla jej czy", "ąćęłńóśźż"),
    "cs": ("a v je na se to do pro ze si jako lze nebo pokud jen", "áčďéěíňóřšťúůýž"),
    "sk": ("a v je na sa to do pre ako alebo si ktor", "áäčďéíĺľňóôŕšťúýž"),
    "hu": ("a az egy hogy nem is ez vagy ha csak meg akkor de", "áéíóöőúüű"),
    "ro": ("de la un cu pe este nu sau din pentru care ca mai fi", "ăâîșțşţ"),
    "hr": ("je u na se da za od ili su koji kao sa kako ne treba", "čćđšž"),
    "sl": ("je in na se da za ali so ki ne pri tudi kot iz bo", "čćđšž"),
    "tr": ("bir ve bu ile da de olarak ya ne var daha gibi kadar veya her sonra olan ise en", "çğıİöşüâîû"),
    "id": ("yang dan di untuk dengan dari ini itu pada akan atau dapat anda tidak", ""),
    "et": ("ja on ei kui see ning siis et", "äöõüšž"),
    "lt": ("ir kad yra su tai arba iki", "ąčęėįšųūž"),
    "lv": ("un ir par ar no vai uz kas ka lai tas nav", "āčēģīķļņšūž"),
}
LETTERS_OF = MappingProxyType({language: frozenset(letters) for language, (_, letters) in _LANGUAGES.items()})
_LANGUAGES_OF_WORD: dict[str, list[str]] = {}
for _language, (_words, _) in _LANGUAGES.items():
    for _word in _words.split():
        _LANGUAGES_OF_WORD.setdefault(_word, []).append(_language)

_WORD = lazily(r"[^\W\d_]+")
_ASCII_WORD = lazily(r"(?<![\x80-\xff])\b[A-Za-z]+\b(?![\x80-\xff])")
_CONTRACTION = lazily(
    r"(?i)\b(?:do|does|did|is|are|was|were|wo|ca|could|should|would|have|has)n[^\W\d_a-z]t\b"
    r"|\b(?:it|that|let|there|what|here|you|we|they|i)[^\W\d_a-z](?:s|re|ve|ll|m|d)\b"
)
"""English words in which another letter stands for the apostrophe."""

_QUOTATIONS = tuple(
    lazily(rf"(?<![^\W_]){begin}(?=[^\s{begin}{end}])([^{begin}{end}]{{1,300}}?)(?<=\S){end}(?![^\W_])")
    for begin, end in ("„“", "„”", "“”", "””", "‚‘", "‚’", "‘’", "’’", "»«", "»»", "›‹", "‹›")
)
"""Quotations as languages write them. `“` and `‘` end some and begin others."""

_TIED = lazily(r"(?<![^\W_])([A-Za-z]|[A-Za-z]{1,4}\.)\xa0")
"""A short word, or an abbreviation, that a space without a break ties to the next word."""

_MEASURE = lazily(r"(?<=\d)([ \xa0]?)(?:[kcdm]?m[²³]|µ[A-Za-z]{1,2})(?![^\W_])")
_ORDINAL = lazily(r"(?:(?<=\d)|(?<=\d\.)|(?<=\b[Nn])|(?<=\b[Nn]\.))[ªº](?![^\W_])")
_NOTES = frozenset("¹²³")
"""Footnotes. They follow a word at once, as letters of some languages do when their encoding is taken for another."""

_INSTEAD_OF_NOTES = frozenset("ąčł")
_BEGINS_NOTHING = lazily(r"[¿¡](?!\S)")

_TWO_CAPITALS = lazily(r"(?<!\w)(?=[^\x00-\x7f])[^\W\d_][A-Z][a-z]")
_SIGNS = frozenset("\xa0¡£§©«®°±²³·¹»¼½¾¿×÷–—‘’‚“”„•…€™")
"""Signs outside of ASCII that text in Latin letters holds. Others are what letters of another encoding become."""

_APOSTROPHES = frozenset({ENGLISH, "fr", "it", "ca", "nl", "tr"})
"""Languages that have an apostrophe inside of words."""

_FREQUENT_CYRILLIC = frozenset("оеаинтсрвлкмдпуіяј")
_CYRILLIC_LETTERS = tuple(
    frozenset(letters)
    for letters in (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    )
)
_CYRILLIC_WORD, _CYRILLIC_VOWEL = lazily("[а-яёєіїј]{3,}"), lazily("[аеёиоуъыэюяєіїр]")
_NOT_HEBREW = lazily("[А-ЯЁЄІЇЉЊЋЏЃЅЌЎыьяёєіїјљњћџђ]")
"""Hebrew that is read as Cyrillic has no capitals, few vowels, and no letter from the end of the alphabet."""

_FREQUENT_GREEK = frozenset("αοιετσνηυρπκμλςίάέόή")
_GREEK, _GREEK_ACCENTED = lazily("[\u0386-\u03ce]"), lazily("[άέήίόύώ]")
"""Nearly every Greek word has an accent. Hebrew that is read as Greek has none."""

_FREQUENT_HAN = frozenset(
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没"
    "日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理"
    "这個來國說們為時會過學對裡後麼沒於還發當開經頭從動兩長樣現將與進實檔案們使用文件指令名称稱字符系统統程序式安装裝目录錄"
    "設設置默认認输輸入出版本更新命令列表参參数數显顯示网網络絡路服务務器操作执執行信息資訊机機请請者及其或由"
)
_FREQUENT_HANGUL = frozenset(
    "이다는에의가을를은로한고하지사기도어서리시자수나라인그해들니일정부만과있대여으게보아면것스전할제용"
)

_HIRAGANA, _KATAKANA, _HALF_KATAKANA = "\u3041-\u3096", "\u30a1-\u30fe", "\uff66-\uff9f"
_HAN, _HANGUL = "\u4e00-\u9fff", "\uac00-\ud7a3"
_COUNTED = {
    name: lazily(f"[{characters}]")
    for name, characters in {
        "hiragana": _HIRAGANA,
        "katakana": _KATAKANA,
        "half": _HALF_KATAKANA,
        "han": _HAN,
        "hangul": _HANGUL,
        "strange": r"\u3400-\u4dbf\ue000-\uf8ff\uf900-\ufaff\ufffd\U00010000-\U0010ffff\u0080-\u009f\u0400-\u04ff\u2500-\u257f",
    }.items()
}


def languages_of(data: bytes) -> frozenset[str]:
    """The languages that the ASCII words of a text fit about as well as the best. Empty: too few words tell."""
    counted: Counter[str] = Counter()
    for word in _ASCII_WORD().findall(data.decode("latin-1")):
        for language in _LANGUAGES_OF_WORD.get(word.lower(), ()):
            counted[language] += 1
    best = max(counted.values(), default=0)
    if best < 3:
        return frozenset()
    return frozenset(language for language, hits in counted.items() if hits >= max(3, best * 0.7))


def has_words(data: bytes) -> bool:
    """Whether some words of ASCII letters stand in the text."""
    return len([word for word in _ASCII_WORD().findall(data.decode("latin-1")) if len(word) >= 3]) >= 5


def fits_latin(text: str, languages: frozenset[str]) -> bool:
    """Whether text can be of these languages in Latin letters.

    With English alone, whose texts hold names of all countries, it may hold any Latin letters. Without a language they
    must be letters of one.
    """
    text = _without_well_placed(text)
    others = {character for character in text if character > "\x7f"}
    letters = {character for character in others if character.isalpha()}
    signs = others - letters
    if signs - _SIGNS or any(letter > "\u024f" or letter in "ªµº" for letter in letters):
        return False
    if _misplaced_letters(text, letters) or _misplaced_signs(text, letters, signs, languages):
        return False
    if sum(map(text.count, letters)) > 0.35 * sum(character.isalpha() for character in text):
        return False
    foreign = languages - {ENGLISH}
    small = {letter.lower() if len(letter.lower()) == 1 else letter for letter in letters}
    if foreign:
        return any(small <= LETTERS_OF[language] for language in foreign)
    if not languages and not any(small <= known for known in LETTERS_OF.values()):
        return False
    return all(_is_name(word) for word in _WORD().findall(text) if not word.isascii())


def _without_well_placed(text: str) -> str:
    """The text without the signs that stand where they do in text alone: at both ends of a quotation, say."""
    text = _ORDINAL().sub("", _MEASURE().sub(r"\1", text))
    if any(character > "\x7f" and character.isalpha() for character in text):
        text = _TIED().sub(r"\1 ", text)
        for quotation in _QUOTATIONS:
            text = quotation().sub(r"\1", text)
    return text


def _is_name(word: str) -> bool:
    """Whether a word can be a name in a text of another language: at least half of it is ASCII."""
    return 2 * sum(letter.isascii() for letter in word) >= len(word) and any("a" <= letter <= "z" for letter in word)


def _misplaced_letters(text: str, letters: set[str]) -> bool:
    """Whether a capital letter follows a small one, or a small one stands among capitals."""
    capitals = "".join(letter for letter in letters if letter.isupper())
    small = "".join(letter for letter in letters if not letter.isupper())
    if capitals and re.search(f"[a-z{small}][{capitals}]", text):
        return True
    if small and re.search(f"[A-Z{capitals}]{{2}}[{small}]|[{small}][A-Z]", text):
        return True
    return _CONTRACTION().search(text) is not None or _TWO_CAPITALS().search(text) is not None


def _misplaced_signs(text: str, letters: set[str], signs: set[str], languages: frozenset[str]) -> bool:
    """Whether signs stand where none can. They have to prove more where no letter does."""
    total = sum(map(text.count, letters))
    word = f"[a-zA-Z{''.join(letters)}]"
    english = not languages - {ENGLISH}
    inside = signs - {"\xa0"}
    if english or languages & _APOSTROPHES:
        inside -= {"’"}
    if english:
        inside -= {"—", "–"}
    before = signs & set("¡¿£§¶©±×÷¼½¾²³¹‚„“‘")
    after = signs & set("»”¼½¾²³¹")
    if not total or not languages:
        before |= signs & set("«" if english else "…—–«")
    if not languages & _APOSTROPHES and text.count("’") != text.count("‘"):
        before |= signs & {"’"}
    if not english and not any(LETTERS_OF[language] & _INSTEAD_OF_NOTES for language in languages):
        before -= _NOTES
    misplaced = 0
    for found, pattern in (
        (inside, "{word}[{signs}]{word}"),
        (before, "{word}[{signs}]"),
        (after - {"»"} if text.count("»") == text.count("«") else after, "[{signs}]{word}"),
        (signs & {"\xa0"}, r"(?:^|[^«\d—–])[{signs}]{word}"),
    ):
        if found:
            misplaced += len(re.findall(pattern.format(word=word, signs="".join(sorted(found))), text))
    if _BEGINS_NOTHING().search(text) or misplaced > (0 if english else total // 50):
        return True
    return not total and bool(signs & set("«»“”„‚")) and not _balanced(text)


def _balanced(text: str) -> bool:
    """Whether as many quotations end as begin, but for a few that the text cuts."""
    count = text.count
    if count("‚") > count("‘") + count("’") or re.search("[„‚“][„‚“]", text):
        return False
    double = count("„") + count("“") + count("”")
    return abs(count("«") - count("»")) <= max(1, count("«") // 10) and not (
        double > 1 and max(count("„"), count("“"), count("”")) > 0.7 * double
    )


_DIVERSE = 8
"""So many different letters are in text. Data may repeat a few bytes."""


def _is_diverse(text: str) -> bool:
    return len({letter for letter in text if letter > "\x7f" and letter.isalpha()}) >= _DIVERSE


def fits_alphabet(
    text: str, first: str, last: str, frequent: frozenset[str], alphabets: tuple[frozenset[str], ...] = ()
) -> bool:
    """Whether the words outside of ASCII are words in one alphabet: with small letters first of all, and frequent ones."""
    words = [word for word in _WORD().findall(text) if not word.isascii()]
    own = [word for word in words if all(first <= letter <= last for letter in word)]
    letters = "".join(own)
    if len(letters) < 20 or len(own) < 0.97 * len(words):
        return False
    well = sum(word.islower() or word.isupper() or word[1:].islower() for word in own)
    small = sum(letter.islower() for letter in letters)
    if well < 0.97 * len(own) or small < 0.6 * len(letters):
        return False
    counted = Counter(letters.lower())
    if len(counted) < _DIVERSE or sum(counted[letter] for letter in frequent) < 0.6 * len(letters):
        return False
    if {sign for sign in set(text) if sign > "\x7f" and not sign.isalpha()} - _SIGNS - {"№"}:
        return False
    if re.search(f"[{first}-{last}][^\\w\\s\0-\x7f’»”…–—\xad\xa0]+[{first}-{last}]", text):
        return False
    if re.search(f"(?:^|\\s)[—–][{first}-{last}]", text):
        return False
    return not alphabets or any(
        sum(counted[letter] for letter in alphabet) >= 0.995 * len(letters) for alphabet in alphabets
    )


def fits_cyrillic(text: str) -> bool:
    words = _CYRILLIC_WORD().findall(text)
    silent = sum(not _CYRILLIC_VOWEL().search(word) for word in words)
    if silent > 0.05 * len(words) or not _NOT_HEBREW().search(text):
        return False
    return fits_alphabet(text, "\u0401", "\u0491", _FREQUENT_CYRILLIC, _CYRILLIC_LETTERS)


def fits_greek(text: str) -> bool:
    accented = len(_GREEK_ACCENTED().findall(text))
    letters = len(_GREEK().findall(text))
    return 0.04 * letters <= accented <= 0.25 * letters and fits_alphabet(text, "\u0386", "\u03ce", _FREQUENT_GREEK)


def _counts(text: str) -> dict[str, int]:
    return {name: len(pattern().findall(text)) for name, pattern in _COUNTED.items()}


def fits_japanese(text: str) -> bool:
    counts = _counts(text)
    kana = counts["hiragana"] + counts["katakana"]
    letters = kana + counts["han"]
    return (
        letters >= 10
        and _is_diverse(text)
        and counts["hiragana"] >= 0.15 * letters
        and counts["half"] <= 0.05 * letters
        and counts["hangul"] == 0
        and counts["strange"] <= 0.01 * letters
    )


def fits_chinese(text: str) -> bool:
    counts = _counts(text)
    frequent = sum(text.count(letter) for letter in _FREQUENT_HAN)
    return (
        counts["han"] >= 12
        and _is_diverse(text)
        and frequent >= 0.3 * counts["han"]
        and counts["hiragana"] + counts["katakana"] + counts["half"] + counts["hangul"] <= 0.02 * counts["han"]
        and counts["strange"] <= 0.01 * counts["han"]
    )


def fits_korean(text: str) -> bool:
    counts = _counts(text)
    frequent = sum(text.count(letter) for letter in _FREQUENT_HANGUL)
    return (
        counts["hangul"] >= 12
        and _is_diverse(text)
        and frequent >= 0.35 * counts["hangul"]
        and counts["han"] <= 0.1 * counts["hangul"]
        and counts["hiragana"] + counts["katakana"] + counts["half"] <= 0.02 * counts["hangul"]
        and counts["strange"] <= 0.01 * counts["hangul"]
    )
