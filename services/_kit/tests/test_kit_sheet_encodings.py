"""Made-up sheets in many encodings:
what is read without a name of the encoding is read rightly, or not at all.
"""

import random
from collections import Counter
from pathlib import Path

import pytest
from service_kit.sheet import encodings
from service_kit.sheet.encodings import EncodingUnknown

GIVEN_CHINESE = " ".join("伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰淼毓懿璟喆")
GIVEN_TRADITIONAL = " ".join("偉麗強傑濤蘭國華穎詠雯凱婷芳娜敏靜磊軍豔明秀霞平剛玉")
NAMES = {
    "simplified": (" ".join("张王李赵刘陈杨黄周吴徐孙马朱胡郭何"), GIVEN_CHINESE),
    "traditional": (" ".join("張陳黃劉鄭謝許蕭葉蔣盧李王林吳蔡楊"), GIVEN_TRADITIONAL),
    "kanji": ("山田 佐藤 鈴木 高橋 田中 渡辺 伊藤 中村 小林 加藤 吉田 斎藤",
        "太郎 花子 一郎 美咲 翔太 直樹 健一 恵子 由美 大輔"),
    "kana": ("山田 佐藤 鈴木 高橋 ナカムラ", "さくら ひろし タロウ みさき ケン"),
    "half-width": ("ﾔﾏﾀﾞ ｻﾄｳ ｽｽﾞｷ ﾀｶﾊｼ ﾀﾅｶ ﾜﾀﾅﾍﾞ ｲﾄｳ", "ﾀﾛｳ ﾊﾅｺ ｲﾁﾛｳ ﾐｻｷ ｼｮｳﾀ ﾅｵｷ"),
    "korean": ("김 이 박 최 정 강 조 윤 장 임", "민준 서연 지훈 하은 도윤 수빈 영희 철수"),
    "german": ("Müller Köhler Schäfer Weiß Jäger Vögel Krüger Günther",
        "Jürgen Jörg Käthe Björn Anna Uwe Zoë"),
    "french": ("Noël Lefèvre Côté Gérard Hélène Béranger Château Besançon",
        "François Zoë Élodie Benoît Anaïs Luc André"),
    "spanish": ("García Muñoz Peña Díaz López Ibáñez Núñez",
        "José María Íñigo Jesús Raúl Ana Begoña"),
    "polish": ("Wałęsa Łukaszewicz Żak Śliwa Dąbrowski Górski Nowak Kamińska",
        "Łukasz Zdzisław Małgorzata Józef Jan Grażyna"),
    "czech": ("Dvořák Novák Černý Šťastný Růžička Dušek Říha",
        "Jiří Tomáš Ondřej Lukáš Žofie Jan Anežka"),
    "hungarian": ("Nagy Szabó Tóth Horváth Kovács Fűzfa Őze",
        "László György István Zoltán Éva Ödön"),
    "baltic": ("Kęstutis Žukauskas Ozoliņš Bērziņš Lāčis Šimkūnas Kalniņa",
        "Rūta Jānis Ģirts Šarūnas Živilė Anna Mārtiņš"),
    "estonian": ("Mägi Põder Tõnisson Käär Öpik Sööt", "Jüri Ülle Märt Tõnu Anu"),
    "turkish": ("Yılmaz Öztürk Şahin Çelik Güneş Doğan", "Ayşe Çağla Mehmet Gülşen İsmail"),
    "russian": ("Иванов Смирнов Кузнецов Попов Васильев", "Иван Ольга Юля Пётр Сергей"),
    "greek": ("Παπαδόπουλος Γεωργίου Οικονόμου", "Γιώργος Μαρία Ελένη"),
}  # fmt: skip
WESTERN = ("german", "french", "spanish")
CENTRAL = ("polish", "czech", "hungarian", "german")
CASES = [
    ("gb18030", "simplified"), ("big5", "traditional"), ("cp932", "kanji"), ("cp932", "kana"),
    ("cp932", "half-width"), ("euc_jp", "kanji"), ("euc_jp", "kana"), ("cp949", "korean"),
    ("gb18030", "traditional"), ("gb18030", "kanji"),
    *[(name, each) for name in ("cp1252", "iso8859_15", "cp850", "mac_roman") for each in WESTERN],
    ("cp437", "german"), ("cp437", "spanish"), ("cp437", "french"),
    *[(name, each) for name in ("cp1250", "iso8859_2", "cp852", "mac_latin2") for each in CENTRAL],
    ("cp1257", "baltic"), ("cp1257", "estonian"), ("cp775", "baltic"), ("cp1254", "turkish"),
    ("cp857", "turkish"), ("cp1251", "russian"), ("koi8_r", "russian"), ("cp866", "russian"),
    ("cp1253", "greek"),
]  # fmt: skip
HEADERS = {
    "simplified": ("姓名,手机,公司", "客户名称,联系电话", "编号,姓名,备注"),
    "traditional": ("姓名,手機,電郵", "客戶名稱,電話", "編號,姓名"),
    "kanji": ("氏名,電話", "会社名,住所"), "kana": ("氏名,電話",), "half-width": ("氏名,電話",),
    "korean": ("이름,전화",),
}  # fmt: skip
PLAIN = ("name,phone", "id,name,city")
SIZES = (1, 2, 3, 5, 8, 13, 20, 40)
SHEETS = 208


def made(language: str, chance: random.Random, header: str, rows: int) -> str:
    first, second = (part.split() for part in NAMES[language])
    is_chinese = language in ("simplified", "traditional")
    lines = [header]
    for _ in range(rows):
        given = chance.choices(second, k=chance.choice((1, 2)) if is_chinese else 1)
        name = f"{chance.choice(first)}{'' if is_chinese else ' '}{''.join(given)}"
        lines.append(f"{name},1{chance.randrange(10**9)}")
    return "\r\n".join([*lines, ""])


def outcomes(path: Path, encoding: str, language: str, headers: tuple[str, ...]) -> Counter[str]:
    """How many sheets are read as they were written, read otherwise, and refused."""
    chance, counted = random.Random(f"{encoding} {language} {headers}"), Counter[str]()
    for number in range(SHEETS):
        content = made(language, chance, chance.choice(headers), SIZES[number % len(SIZES)]).encode(
            encoding, "ignore"
        )
        path.write_bytes(content)
        try:
            found = encodings.encoding_of(str(path)).codec
        except EncodingUnknown:
            counted["refused"] += 1
        else:
            counted["read" if content.decode(found) == content.decode(encoding) else "wrong"] += 1
    return counted


@pytest.mark.parametrize(("encoding", "language"), CASES)
def test_no_sheet_is_read_in_a_wrong_encoding(tmp_path: Path, encoding: str, language: str) -> None:
    for headers in filter(None, (HEADERS.get(language), PLAIN)):
        counted = outcomes(tmp_path / "sheet.csv", encoding, language, headers)

        assert counted["wrong"] == 0, headers


@pytest.mark.parametrize(
    ("encoding", "language", "least"),
    [("gb18030", "simplified", 0.95), ("big5", "traditional", 0.95), ("euc_jp", "kanji", 0.8)],
)
def test_short_sheets_with_the_headings_of_their_language_are_read(
    tmp_path: Path, encoding: str, language: str, least: float
) -> None:
    counted = outcomes(tmp_path / "sheet.csv", encoding, language, HEADERS[language])

    assert counted["read"] >= least * SHEETS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,phone\n山田太郎,1\n", "euc_jp"),
        ("name,phone\nMüller,1\n", "cp850"),
        ("name,phone\nMüller,1\n", "cp437"),
        ("name,phone\nZoë,1\n", "mac_roman"),
        ("name,phone\nJosé García,1\n", "mac_roman"),
        ("name,phone\nŁukasz,1\n", "cp1250"),
        ("name,phone\nŁukasz,1\n", "iso8859_2"),
        ("name,phone\nŽéšek,1\n", "iso8859_15"),
        ("name,phone\nRūta Lāčis,1\n", "cp1257"),
        ("name,phone\nﾔﾏﾀﾞ ﾀﾛｳ,1\n", "cp932"),
        ("name,phone\nRÓŻA,1\n", "cp1250"),
        ("name,phone\nŘíha Jan,1\n", "mac_latin2"),
    ],
)
def test_a_name_that_was_once_read_as_another_is_refused(
    tmp_path: Path, text: str, encoding: str
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))

    with pytest.raises(EncodingUnknown):
        encodings.encoding_of(str(path))


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("姓名,手机\n张伟,1\n", "gb18030", "gb18030"),
        ("客户编号,日期,金额\nC-1,2026-05-01,3\n", "gb18030", "gb18030"),
        ("姓名,手機,電郵,性別\n陳大文,1,a@example.com,男\n", "big5", "big5hkscs"),
        ("name,email\nJürgen Müller,1\nFrançois Noël,2\n", "cp1252", "cp1252"),
    ],
)
def test_what_its_words_make_certain_is_read(
    tmp_path: Path, text: str, encoding: str, found: str
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))

    assert encodings.encoding_of(str(path)).codec == found
