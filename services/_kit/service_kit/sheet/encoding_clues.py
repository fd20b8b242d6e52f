"""What speaks for an encoding: words that sheets have in their headings,
and whether a text looks like names in letters of the West.
"""

import unicodedata
from collections.abc import Mapping

# Parts of headings, as each encoding of the East can write them: four bytes that mean a word in one
# of them mean none in another.
SIMPLIFIED = (
    "姓名 名称 名字 手机 电话 号码 公司 单位 企业 客户 联系 邮箱 邮件 性别 生日 日期 地址 编号 会员"
    " 备注 职务 部门 类型 标签 角色 "
    "行业 金额 订单 时间 产品 商品 渠道 币种 身份证 微信 城市 省份 年龄"
)
TRADITIONAL = (
    "姓名 名稱 名字 手機 電話 號碼 公司 單位 企業 客戶 聯絡 聯繫 電郵 郵箱 郵件 性別 生日 日期 地址"
    " 編號 會員 備註 職務 部門 類型 "
    "標籤 角色 行業 金額 訂單 時間 產品 商品 身份證 城市 年齡"
)
JAPANESE = (
    "氏名 名前 電話 会社 住所 番号 顧客 性別 生年月日 日付 金額 備考 メール 部署 会員 注文 商品"
)
KOREAN = "이름 성명 전화 회사 주소 번호 고객 성별 생년월일 날짜 금액 비고 메일 부서 회원 주문 상품"
HEADINGS: Mapping[str, str] = {
    "gb18030": SIMPLIFIED, "big5hkscs": TRADITIONAL, "cp932": JAPANESE, "euc_jp": JAPANESE,
    "cp949": KOREAN,
}  # fmt: skip
HEADING_LINES = 12
# Names whose letters are other ones in the encodings of other regions; read so, they are no words
# there.
NAMES = (
    "françois françoise noël noëlle zoë chloë raphaël michaël joël joëlle gaël gaëlle anaïs loïc"
    " benoît jérôme côté gonçalves gonçalo lourenço conceição joão sebastião simão magalhães"
    " guimarães inês luís antónio vítor garcía martínez rodríguez hernández fernández gonzález"
    " sánchez álvarez díaz ramírez gutiérrez domínguez jiménez velázquez suárez vázquez núñez muñoz"
    " peña ibáñez ordóñez maría jesús raúl sofía lucía ángel ángela ángeles martín tomás nicolás"
    " matías agustín joaquín valentín rubén iván adrián julián cristóbal inés begoña íñigo"
    " söderström åsa åse åke björn bjørn søren jørgen håkon håkan mårten pål ståle ångström"
    " sjöström nyström åberg østergaard sørensen jørgensen brønte strauß weiß"
)
WESTERN = frozenset(NAMES.split())
# Encodings of the West that only tell that a text may be theirs: what is read by guess is none of
# them.
RIVALS = (
    "cp1250", "iso8859_2", "iso8859_15", "cp1254", "cp1257", "cp1258", "cp850", "cp437", "cp852",
    "cp775", "mac_roman", "mac_latin2",
)  # fmt: skip
OTHER_SCRIPTS = {"koi8_r": "CYRILLIC", "cp1251": "CYRILLIC", "cp1253": "GREEK"}
# A mark inside a word is an apostrophe; the others stand at its edges.
INSIDE, EDGES = "’", "‘’–—“”«»…"
LAST_LATIN = "\u024f"
ACCENTS = "\u0300\u0301\u0303\u0309\u0323"


def headings_in(text: str, name: str) -> bool:
    """Whether the first lines have a word that sheets in this encoding have."""
    head = "\n".join(text.splitlines()[:HEADING_LINES])
    return any(word in head for word in HEADINGS[name].split())


def western_share(text: str) -> float:
    """How much of what is not ASCII stands where it stands in names of the West:
    letters among letters of ASCII, marks at their edges.
    """
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return sum(_is_western(text, place) for place in places) / max(len(places), 1)


def script_share(text: str, script: str) -> float:
    """How much of what is not ASCII are letters of a script,
    large ones at the beginnings of words alone.
    """
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return sum(_is_of_script(text, place, script) for place in places) / max(len(places), 1)


def is_mixed(text: str) -> bool:
    """Whether all that is not ASCII are rare letters beside those of another script:
    letters of other encodings may look so in UTF-8.
    """
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return bool(places) and all(
        "\u0250" <= text[place] <= "\u07ff" and _is_stray(text, place) for place in places
    )


def _is_stray(text: str, place: int) -> bool:
    beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    is_greek = "\u0370" <= text[place] <= "\u03ff"
    return any(
        _script(each) != _script(text[place])
        and not (each.isascii() and (is_greek or not each.isalpha()))
        for each in beside
    )


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


def differing_words(text: str, other: str) -> set[str]:
    """The words of a text that are other ones in another reading of the same bytes,
    one character a byte.
    """
    return {word for start, word in _words(text) if other[start : start + len(word)] != word}


def is_known(word: str) -> bool:
    """Whether people have this name for certain."""
    return word.lower() in WESTERN


def _words(text: str) -> list[tuple[int, str]]:
    """The words with a character that is not ASCII, and where they begin."""
    found, start = list[tuple[int, str]](), 0
    for place, character in enumerate(f"{text}\n"):
        if character.isascii() and not character.isalpha():
            word = text[start:place]
            found += [] if word.isascii() else [(start, word)]
            start = place + 1
    return found


def _is_western(text: str, place: int) -> bool:
    before, here, after = (
        text[place - 1 : place] or " ",
        text[place],
        text[place + 1 : place + 2] or " ",
    )
    if here in EDGES:
        return here in INSIDE or not (before.isalpha() and after.isalpha())
    if here in ACCENTS:
        return before.isalpha()
    is_latin = "\u00c0" <= here <= LAST_LATIN and here.isalpha()
    return (
        is_latin
        and _is_beside_ascii(text, place)
        and not _changes_case(before, here)
        and not _changes_case(here, after)
    )


def _is_of_script(text: str, place: int, script: str) -> bool:
    here = text[place]
    is_letter = here.isalpha() and unicodedata.name(here, "").startswith(script)
    return (
        is_letter
        and not _is_beside_ascii(text, place)
        and not _changes_case(text[place - 1 : place], here)
    )


def _is_beside_ascii(text: str, place: int) -> bool:
    beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return any(each.isascii() and each.isalpha() for each in beside)


def _changes_case(one: str, next_one: str) -> bool:
    return one.islower() and next_one.isupper()
