"""The people of the story:
a dozen customers in two languages, and the staff behind the frontends.
"""

from dataclasses import dataclass, field
from typing import Any

SYSTEM = "demo"
UNIT = "cn.gd.gz"
HOTLINE = "10086"
VIP_PHONE = "+8613800138000"
ORDINARY_PHONE = "+8613922001100"


@dataclass(frozen=True)
class Character:
    """A customer as the partner's card describes them;
    `key` makes the external id by which a replay finds them.
    """

    key: str
    name: str
    kind: str = "individual"
    language: str = "zh-CN"
    roles: tuple[str, ...] = ("end_customer",)
    sector: str = "individual"
    unit: str = UNIT
    phone: str | None = None
    email: str | None = None
    tags: tuple[str, ...] = ()
    basic: dict[str, Any] = field(default_factory=dict)
    characteristics: dict[str, Any] = field(default_factory=dict)
    business: dict[str, Any] = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        return f"{SYSTEM}:{self.key}"

    def identifiers(self) -> list[dict[str, str]]:
        found = [{"type": "external", "system": SYSTEM, "value": self.key}]
        found += [{"type": "phone", "value": self.phone}] if self.phone else []
        return found + ([{"type": "email", "value": self.email}] if self.email else [])

    def file(self) -> dict[str, object]:
        """The file as the API takes it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "language": self.language,
            "time_zone": "Asia/Shanghai",
            "unit": self.unit,
            "roles": list(self.roles),
            "sector": self.sector,
            "identifiers": self.identifiers(),
            "tags": list(self.tags),
            "facts": {
                "basic": self.basic,
                "characteristics": self.characteristics,
                "business": self.business,
            },
            "source": {"kind": "card", "learned": "asked"},
        }


GROUP = Character(
    key="yuetong",
    name="粤通电信集团",
    kind="organization",
    sector="corporate",
    phone="+862083330000",
    email="service@yuetong.example",
    tags=("group-account", "telecom"),
    basic={
        "short_name": "粤通",
        "industry": "电信",
        "founding_date": "1999-05-17",
        "legal_form": "股份有限公司",
    },
    business={"position": "华南第二大运营商", "attitude": "支持"},
)
BRANCH = Character(
    key="yuetong-shenzhen",
    name="粤通电信深圳分公司",
    kind="organization",
    sector="corporate",
    unit="cn.gd.sz",
    phone="+8675583330000",
    tags=("group-account", "telecom"),
    basic={"short_name": "粤通深圳", "industry": "电信"},
)
VIP = Character(
    key="lin-xiaomei",
    name="林晓梅",
    phone=VIP_PHONE,
    email="lin.xiaomei@example.com",
    tags=("vip", "music"),
    basic={"sex": "female", "birth_date": "1978-11-02", "profession": "钢琴教师"},
    characteristics={"character": "温和、重承诺", "hobbies": ["古典音乐", "围棋"]},
)
ORDINARY = Character(
    key="zhang-wei",
    name="张伟",
    phone=ORDINARY_PHONE,
    email="zhang.wei@example.com",
    tags=("campus",),
    basic={"sex": "male", "birth_date": "1990-02-03", "education": "本科"},
    characteristics={"hobbies": ["围棋"]},
)
DISTRIBUTOR = Character(
    key="hengfeng",
    name="恒丰音像发行有限公司",
    kind="organization",
    sector="corporate",
    roles=("distributor",),
    phone="+862087776655",
    tags=("channel",),
    basic={"short_name": "恒丰", "industry": "音像发行", "founding_date": "2003-08-08"},
    business={"results": "年销售两千万", "credit": "A"},
)
PROSPECT = Character(
    key="he-jun",
    name="何俊",
    phone="+8613711112222",
    tags=("prospect", "exhibition-2026"),
    basic={"profession": "酒吧经营者"},
    characteristics={"potential": "每月约五十张唱片", "likes": ["爵士"]},
)
OTHERS = (
    Character(
        key="emma-clarke",
        name="Emma Clarke",
        language="en",
        phone="+442079460123",
        email="emma.clarke@example.com",
        basic={"sex": "female", "birth_date": "1985-06-21", "profession": "journalist"},
        characteristics={"hobbies": ["jazz", "hiking"]},
    ),
    Character(
        key="james-oconnor",
        name="James O'Connor",
        language="en",
        roles=("partner",),
        email="james@oconnor.example",
        basic={"profession": "record label owner"},
    ),
    Character(
        key="ouyang-qing",
        name="欧阳清",
        phone="+8613533334444",
        basic={"sex": "female", "birth_date": "1995-12-30"},
        characteristics={"likes": ["昆曲"]},
    ),
    Character(
        key="lin-zhiyuan",
        name="林志远",
        phone="+8613800138001",
        basic={"sex": "male", "birth_date": "1976-04-12"},
        tags=("household",),
    ),
    Character(
        key="xinghe",
        name="星河包装材料厂",
        kind="organization",
        sector="corporate",
        roles=("supplier",),
        phone="+8676022223333",
        basic={"industry": "包装", "founding_date": "2011-03-15"},
    ),
    Character(
        key="consumer-council",
        name="广州市消费者委员会",
        kind="organization",
        sector="government",
        roles=("stakeholder",),
        phone="+862012315000",
    ),
)
CHARACTERS = (GROUP, BRANCH, VIP, ORDINARY, DISTRIBUTOR, PROSPECT, *OTHERS)

KEY_CONTACTS: tuple[dict[str, object], ...] = (
    {
        "name": "梁国栋",
        "part": "decider",
        "stance": "supporter",
        "identifiers": [{"type": "phone", "value": "+8613600001111"}],
        "key_contact": True,
    },
    {
        "name": "Amy Wong",
        "part": "buyer",
        "stance": "neutral",
        "identifiers": [{"type": "email", "value": "amy.wong@yuetong.example"}],
        "key_contact": True,
    },
    {
        "name": "周敏",
        "part": "user",
        "stance": "supporter",
        "identifiers": [],
        "key_contact": False,
    },
)


@dataclass(frozen=True)
class Colleague:
    """One of the staff: what the frontend's token for them carries."""

    sub: str
    name: str
    scopes: tuple[str, ...]
    approval_limit: str | None = None


DESK = (
    "customers:read",
    "interactions:read",
    "consents:read",
    "scores:read",
    "tiers:read",
    "complaints:read",
    "care:read",
)
AGENT = Colleague(
    "li.na",
    "李娜",
    (
        *DESK,
        "complaints:write",
        "contacts:read",
        "contacts:write",
        "offers:read",
        "offers:write",
        "agents:read",
        "agents:write",
    ),
)
SECOND_AGENT = Colleague("wang.qiang", "王强", AGENT.scopes)
HANDLER = Colleague(
    "zhao.min",
    "赵敏",
    (*DESK, "complaints:write", "complaints:approve"),
    approval_limit="500.00 CNY",
)
MANAGER = Colleague(
    "chen.wei",
    "陈伟",
    (*DESK, "complaints:write", "complaints:approve"),
    approval_limit="20000.00 CNY",
)
