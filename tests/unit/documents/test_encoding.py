"""Text in other encodings becomes text only where its encoding is sure."""

from __future__ import annotations

import pytest
from charset_normalizer.utils import iana_name
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents import encoding_guess
from vsync.documents.encoding import Decoded, decode, looks_binary
from vsync.documents.encoding_guess import CODECS

TEXTS = {
    "french": "Le dépôt est prêt. Les fichiers que vous avez modifiés sont gardés dans le répertoire où il a été créé.\n",
    "german": "Die Dateien werden nicht gelöscht, und für die Änderung ist ein eigener Schlüssel nötig. Das heißt: später.\n",
    "polish": "Nie można usunąć pliku, jeśli nie jest to możliwe. Gałąź jest już źródłem i została włączona do repozytorium.\n",
    "russian": "Репозиторий содержит файлы, которые были изменены. Сохраните изменения и отправьте их на сервер.\n",
    "japanese": "このファイルは、リポジトリの使い方を説明しています。変更を保存してから送信してください。\n",
    "chinese": "这个文件说明了如何使用这个系统。请在安装之前先阅读所有的文件，然后输入命令来更新数据。\n",
    "taiwanese": "這個檔案說明了如何使用這個系統。請在安裝之前先閱讀所有的檔案，然後輸入指令來更新資料。\n",
    "korean": "이 파일은 저장소를 사용하는 방법에 대해 설명합니다. 변경된 내용을 저장하고 서버로 보내는 방법을 알아봅니다.\n",
}
ENCODINGS = {
    "french": "cp1252 latin_1 iso8859_15",
    "german": "cp1252 latin_1 iso8859_15 cp1250",
    "polish": "cp1250 iso8859_2",
    "russian": "cp1251 koi8_r iso8859_5 cp866",
    "japanese": "cp932 euc_jp iso2022_jp",
    "chinese": "gb18030 gbk",
    "taiwanese": "big5",
    "korean": "euc_kr",
}
WIDE = "utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be".split()


@pytest.mark.parametrize(
    ("language", "encoding"), [(name, codec) for name, codecs in ENCODINGS.items() for codec in codecs.split()]
)
def test_prose_in_a_usual_encoding_is_decoded(language: str, encoding: str) -> None:
    found = decode((TEXTS[language] * 2).encode(encoding))
    assert found is not None
    assert found.text == TEXTS[language] * 2


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("encoding", WIDE)
def test_wide_text_is_decoded_without_its_mark(language: str, encoding: str) -> None:
    found = decode(TEXTS[language].encode(encoding))
    assert found is not None
    assert found.text == TEXTS[language]


@pytest.mark.parametrize("text", ["", "plain\n", "grün\n", "\ufeffmarked\n"])
def test_utf_8_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()) == Decoded(text, "utf-8")


QUOTING = {
    "german": (
        "Öffnen Sie das Menü „Einstellungen“ und wählen Sie „Übernehmen“, um die Änderungen zu speichern.\n"
        "Der Schlüssel ‚größe‘ ist nicht nötig; es gilt § 12, siehe die Hinweise¹ und die Fußnoten².\n",
        "cp1252",
    ),
    "austrian": (
        "Öffnen Sie das Menü »Einstellungen«, und wählen Sie bei ›Größe‹ den Wert aus, der für Sie paßt.\n"
        "Der Preis für die Änderung ist 25 €, und bei 40 °C wird das Gerät auf einer Fläche von 3 m² kühl.\n",
        "cp1252",
    ),
    "swedish": ("Öppna menyn ”Inställningar”. Nyckeln ’storlek’ är inte det som du har att ändra på.\n", "cp1252"),
    "spanish": (
        "La 1.ª máquina y el 2.º año: ¿cómo se cambia la «contraseña»? Véanse las notas¹ del apéndice.\n",
        "cp1252",
    ),
    "dutch": ("Kies “Bewaren” in het menu van de coördinatie. Foto’s² en ‘één’ auto zijn niet op de foto.\n", "cp1252"),
    "czech": (
        "V\xa0nabídce zvolte „Nastavení“ a potom ‚Uložit‘, aby se nic neztratilo, pokud je to na disku.\n",
        "cp1250",
    ),
    "slovene": (
        "Odprite meni »Nastavitve« in izberite ‚Shrani‘, da se spremembe ne izgubijo, če so za vse.\n",
        "cp1250",
    ),
    "lithuanian": (
        "Meniu pasirinkite „Nustatymai“ ir ‚Išsaugoti‘, kad pakeitimai nedingtų, tai yra būtina su visais.\n",
        "cp1257",
    ),
    "turkish": (
        "Verileri silmek için “İleri” ve ‘Değiştir’ seçilir, ya da bu bir gün İstanbul’da kadar sürer.\n",
        "cp1254",
    ),
}
"""Texts with the quotation marks and other signs of a language, each with its usual encoding."""


@pytest.mark.parametrize("language", QUOTING)
def test_the_signs_of_a_language_are_no_reason_to_doubt_its_text(language: str) -> None:
    text, codec = QUOTING[language]
    for length in (1, 30):
        found = decode((text * length).encode(codec))
        assert found is not None
        assert found.text == text * length


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (
            'Atslēgu iestatījumi\n======\n\n"Nav atrasts" nozīmē, ka ceļš nepastāv vai ka jums nav tiesību ar to strādāt.\n',
            "iso8859_4",
        ),
        ("Žr. taisyklių § 12 ir pastabas priede, kur viskas yra gerai.\n", "iso8859_4"),
        (
            "> 40 °C üzerinde cihaz kapanır; parça 25 € tutar ve önceden sipariş edilmesi gerekir.\n\n"
            "Yönetmeliğin § 12 maddesine ve ekteki notlara¹ bakın; her şey orada açıklanmıştır.\n",
            "cp1254",
        ),
    ],
    ids=["latvian", "lithuanian", "turkish"],
)
def test_a_short_text_is_not_told_by_letters_of_several_languages(text: str, codec: str) -> None:
    found = decode(text.encode(codec))
    assert found is None or found.text == text


def test_a_sign_that_begins_a_question_stands_before_a_word() -> None:
    text = "Öffnen Sie das Menü und wählen Sie aus. Der Schlüssel ist nicht nötig.\n\n© 2024 - die Rechte der Übersetzung\n"
    assert decode(text.encode("cp775")) is None


@pytest.mark.parametrize("codec", ["cp1255", "iso8859_8"])
@pytest.mark.parametrize(
    "text",
    [
        "# הגדרות\n\n(c) 2024 הוצאת ספרים כהן ובניו. כל הזכויות שמורות, גם על התרגום.\n",
        "> מעל 40 מעלות המכשיר נכבה; החלק עולה 25 EUR ויש להזמין אותו מראש.\n\n`vsync sync`\nראו בתקנון.\n",
        "מבוא\n======\n\nראו 12 בתקנון ואת ההערות בנספח, שבהן הכול מוסבר היטב.\n",
    ],
    ids=["rights", "device", "introduction"],
)
def test_hebrew_is_not_taken_for_cyrillic(text: str, codec: str) -> None:
    assert decode(text.encode(codec)) is None


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04\x14\0\0\0", b"\x1f\x8b\x08\0\xff"])
def test_binary_data_is_no_text(data: bytes) -> None:
    assert decode(data) is None
    assert looks_binary(data)


@pytest.mark.parametrize(
    "data",
    [
        b"caf\xe9",
        b"\xe9",
        "Peña".encode("cp1252"),
        "слово".encode("cp1251"),
        b"\xff" * 999,
        b"\xff" * 10_000,
        b"\xff\n" * 5_000,
        b"\xd6\xd0" * 99,
    ],
)
def test_too_little_text_has_no_sure_encoding(data: bytes) -> None:
    assert decode(data) is None
    assert not looks_binary(data)


@pytest.mark.parametrize("codec", ["cp1255", "cp1256", "cp874", "johab", "cp855"])
def test_an_encoding_that_vsync_does_not_know_is_taken_for_no_other(codec: str) -> None:
    texts = {
        "cp1255": "זהו מסמך שמסביר כיצד להשתמש במערכת ואיך לשמור את השינויים במאגר\n",
        "cp1256": "هذا المستند يشرح كيفية استخدام النظام وكيفية حفظ التغييرات في المستودع\n",
        "cp874": "เอกสารนี้อธิบายวิธีการใช้งานระบบและวิธีบันทึกการเปลี่ยนแปลง\n",
        "johab": TEXTS["korean"],
        "cp855": TEXTS["russian"],
    }
    assert decode((texts[codec] * 3).encode(codec)) is None


def test_damaged_utf_8_is_taken_for_no_other_encoding() -> None:
    for text in TEXTS.values():
        assert decode(text.encode() + b"\xff\n" + text.encode()) is None


def test_japanese_escapes_without_japanese_text_are_no_sure_text() -> None:
    assert decode(b"\x1b$B!#\x1b(B\n") is None
    assert decode(b"\x1b[31mred\x1b[0m\n") == Decoded("\x1b[31mred\x1b[0m\n", "utf-8")


def test_a_large_text_is_told_by_a_sample_and_decoded_as_a_whole() -> None:
    data = (TEXTS["russian"] * 6000).encode("koi8_r")
    assert decode(data) == Decoded(TEXTS["russian"] * 6000, "koi8-r")
    assert decode((TEXTS["french"] * 6000 + "plain words\n" * 90_000).encode("latin_1")) is not None


def test_the_letters_of_older_encodings_are_no_signs_of_a_newer_one() -> None:
    for text, codec in (
        ("ve de un proyecto que se usa para esto y es una específica\n", "mac_roman"),
        ("este comando irá falhar se o total de linhas não for um dos que\n", "cp850"),
    ):
        found = decode(text.encode(codec))
        assert found is None or found.text == text


def test_text_of_which_a_small_part_is_foreign_is_told_by_that_part() -> None:
    text = "plain words stand here\n" * 3_000 + TEXTS["polish"] * 20
    assert decode(text.encode("cp1250")) == Decoded(text, "windows-1250")


def test_a_large_text_without_lines_is_told_by_its_words() -> None:
    text = TEXTS["french"].replace("\n", " ") * 400
    found = decode(text.encode("cp1252"))
    assert found is not None
    assert found.text == text


def test_a_page_is_decoded_by_what_it_declares() -> None:
    page = f"<html><meta charset='iso-8859-2'><p>{TEXTS['polish']}</p></html>"
    assert decode(page.encode("iso8859_2")) == Decoded(page, "iso-8859-2")


def test_a_page_that_declares_another_encoding_is_decoded_by_its_text() -> None:
    page = f"<html><meta charset='iso-8859-1'><p>{TEXTS['russian'] * 2}</p></html>"
    assert decode(page.encode("koi8_r")) == Decoded(page, "koi8-r")


def test_without_the_library_s_consent_no_encoding_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charset_normalizer.from_bytes", lambda *_, **__: [])
    assert decode(TEXTS["russian"].encode("koi8_r")) is None


def test_without_evidence_in_the_text_the_library_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("koi8-r", "koi8-u"):
        monkeypatch.setitem(encoding_guess._EVIDENCE, name, lambda _: False)
    assert decode(TEXTS["russian"].encode("koi8_r")) is None


def test_the_library_knows_every_encoding_by_the_same_name() -> None:
    assert [iana_name(codec) for codec in CODECS.values()] == list(CODECS.values())


def test_text_holds_no_nul() -> None:
    assert decode(b"a\0b") is None
    assert decode("a\0b".encode("utf-16")) is None


@given(st.binary(max_size=300))
def test_no_bytes_raise_and_the_answer_stays(data: bytes) -> None:
    assert decode(data) == decode(data)
    looks_binary(data)


@given(
    st.sampled_from([(name, codec) for name, codecs in ENCODINGS.items() for codec in [*codecs.split(), *WIDE]]),
    st.integers(0, 80),
    st.integers(1, 120),
)
def test_a_text_is_decoded_as_it_was_or_not_at_all(case: tuple[str, str], start: int, length: int) -> None:
    language, codec = case
    text = TEXTS[language][start : start + length]
    found = decode(text.encode(codec))
    # A few wide letters can be characters of UTF-8, which always counts first.
    assert found is None or found.text == text or found.encoding == "utf-8"
