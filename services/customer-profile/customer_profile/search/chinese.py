"""How Chinese names sound and look:
pinyin with the readings that surnames have, simplified forms of traditional characters.
"""

import os
import unicodedata
from functools import cache
from typing import Protocol

# Characters that are read otherwise as a surname.
SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "朴": "piao",
    "任": "ren", "盖": "ge", "乐": "yue", "翟": "zhai", "覃": "qin", "召": "shao", "华": "hua",
    "缪": "miao", "宓": "fu", "佴": "nai", "秘": "bi", "冼": "xian", "洗": "xian", "黑": "he",
    "盛": "sheng", "种": "chong", "折": "she", "繁": "po", "祭": "zhai", "员": "yun", "贠": "yun",
    "谌": "chen", "隗": "wei", "晟": "cheng", "乜": "nie", "郇": "xun", "逄": "pang", "都": "du",
    "哈": "ha", "那": "na", "能": "nai", "句": "gou", "车": "che", "幺": "yao", "阚": "kan",
    "燕": "yan", "应": "ying", "干": "gan", "纪": "ji", "过": "guo", "曲": "qu", "薄": "bo",
    "卜": "bu", "石": "shi", "沈": "shen", "宿": "su", "尹": "yin", "俞": "yu", "邵": "shao",
    "藏": "zang", "臧": "zang", "訾": "zi", "适": "kuo", "尧": "yao", "相": "xiang",
}  # fmt: skip
DOUBLE_SURNAMES = {
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "令狐": ("ling", "hu"),
    "单于": ("chan", "yu"), "澹台": ("tan", "tai"), "夏侯": ("xia", "hou"), "鲜于": ("xian", "yu"),
    "宇文": ("yu", "wen"), "呼延": ("hu", "yan"),
}  # fmt: skip
# Words of company names whose characters are read otherwise alone.
WORDS = {
    "银行": ("yin", "hang"), "行业": ("hang", "ye"), "商行": ("shang", "hang"),
    "车行": ("che", "hang"), "琴行": ("qin", "hang"), "重庆": ("chong", "qing"),
    "长沙": ("chang", "sha"), "长春": ("chang", "chun"), "长江": ("chang", "jiang"),
    "长城": ("chang", "cheng"), "长安": ("chang", "an"), "长虹": ("chang", "hong"),
    "音乐": ("yin", "yue"), "厦门": ("xia", "men"), "大厦": ("da", "sha"), "会计": ("kuai", "ji"),
    "成都": ("cheng", "du"), "首都": ("shou", "du"), "都市": ("du", "shi"), "调度": ("diao", "du"),
    "便宜": ("pian", "yi"), "番禺": ("pan", "yu"), "蚌埠": ("beng", "bu"), "六安": ("lu", "an"),
    "台州": ("tai", "zhou"), "乐清": ("yue", "qing"), "大连": ("da", "lian"),
    "朝阳": ("chao", "yang"), "重组": ("chong", "zu"), "传媒": ("chuan", "mei"),
    "校验": ("jiao", "yan"), "宝藏": ("bao", "zang"), "西藏": ("xi", "zang"),
    "单车": ("dan", "che"),
}  # fmt: skip


@cache
def simplified(character: str) -> str:
    """The simplified form of one character."""
    if character < "\u2e80":
        return character
    return str(_converter().convert(character))


@cache
def syllable(character: str) -> str:
    """The most frequent reading of one Chinese character, without its tone;
    empty for anything else.
    """
    readings = _table().get(ord(character))
    return toneless(readings.partition(",")[0]) if readings else ""


def toneless(reading: str) -> str:
    """zhāng -> zhang, lǜ -> lv (as it is typed)."""
    letters = unicodedata.normalize("NFD", reading.replace("ü", "v").translate(UMLAUTS))
    return "".join(letter for letter in letters if "a" <= letter <= "z")


UMLAUTS = str.maketrans(dict.fromkeys("ǖǘǚǜü", "v"))


def syllables(text: str) -> list[str]:
    """How a run of Chinese characters is read; its beginning as a surname, known words as words."""
    double = DOUBLE_SURNAMES.get(text[:2])
    if double and len(text) <= 4:
        return [*double, *_read(text[2:])]
    if len(text) <= 4 and text[0] in SURNAMES:
        return [SURNAMES[text[0]], *_read(text[1:])]
    return _read(text)


def _read(text: str) -> list[str]:
    read: list[str] = []
    position = 0
    while position < len(text):
        word = WORDS.get(text[position : position + 2])
        if word:
            read.extend(word)
            position += 2
        else:
            read.append(syllable(text[position]))
            position += 1
    return [sound for sound in read if sound]


def is_han(character: str) -> bool:
    """Whether it is a Chinese character, the rare planes included."""
    return (
        "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


class Converter(Protocol):
    """The part of opencc.OpenCC that is used; the package is untyped."""

    def convert(self, text: str) -> str: ...


@cache
def _converter() -> Converter:
    # Loaded with the first Chinese name: 6 MB that an idle process need not carry.
    import opencc

    converter: Converter = opencc.OpenCC("t2s")
    return converter


@cache
def _table() -> dict[int, str]:
    # The phrase dictionary would cost 45 MB; names are read character by character, with the tables
    # above.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin.constants import PINYIN_DICT

    table: dict[int, str] = PINYIN_DICT
    return table
