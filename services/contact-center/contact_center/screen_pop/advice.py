"""Short advice on how to talk to a customer, in both languages, by what is known at the moment of the call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Types of behavior and moods as the handbook names them, then what the moment asks for.
TEXTS: Mapping[str, Mapping[str, str]] = {
    "eagle": {
        "zh-CN": "鹰型客户：直接、果断。先说结论，再给选择，不绕圈子。",
        "en": "An eagle: direct and decisive. Say the result first, offer a choice, do not beat about the bush.",
    },
    "peacock": {
        "zh-CN": "孔雀型客户：开朗、重感受。热情回应，多谈好处，记下约定。",
        "en": "A peacock: open and led by feeling. Answer warmly, talk of benefits, write down what you agree.",
    },
    "dove": {
        "zh-CN": "鸽型客户：友善、犹豫。放慢语速，给予安心，帮助做出决定。",
        "en": "A dove: friendly and hesitant. Slow down, reassure, help with the decision.",
    },
    "owl": {
        "zh-CN": "猫头鹰型客户：谨慎、重事实。准备好数据和步骤，逐条说明。",
        "en": "An owl: careful and factual. Have figures and steps at hand and go through them one by one.",
    },
    "demanding": {
        "zh-CN": "要求较高：先听完，再明确说明能做什么、何时做到。",
        "en": "Demanding: hear them out, then say clearly what can be done and by when.",
    },
    "confused": {
        "zh-CN": "感到困惑：用简单的话，一次说一步，请对方复述确认。",
        "en": "Confused: use plain words, one step at a time, and have them repeat it.",
    },
    "agitated": {
        "zh-CN": "情绪激动：保持平静，先道歉并表示理解，再谈解决办法。",
        "en": "Agitated: stay calm, apologize and show that you understand, then talk of the remedy.",
    },
    "open_complaint": {
        "zh-CN": "有未结投诉：主动提起编号和进度，不要让客户重复叙述。",
        "en": "A complaint is open: name its number and how it stands yourself; do not have the story told again.",
    },
    "top_tier": {
        "zh-CN": "高星级客户：称呼姓名，感谢长期信任，优先给出方案。",
        "en": "A customer of the upper tiers: greet by name, thank for the loyalty, offer a solution at once.",
    },
    "long_wait": {
        "zh-CN": "等待较久：先为等待道歉。",
        "en": "They waited long: apologize for the wait first.",
    },
    "at_risk": {
        "zh-CN": "有流失风险：询问满意程度，留意不满的迹象，必要时请客户经理跟进。",
        "en": "At risk of leaving: ask how satisfied they are, listen for discontent, bring in the account manager if needed.",
    },
    "unknown_caller": {
        "zh-CN": "未识别的来电：礼貌询问姓名和需求，并关联或新建客户资料。",
        "en": "Not recognized: ask politely for name and wish, then link the file or make one.",
    },
}
TOP_TIER_FROM = 4
LONG_WAIT_SECONDS = 120
CHURN_RISK_FROM = 0.5


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when the agent picks up."""

    is_known: bool
    behavior: str | None = None
    tags: frozenset[str] = field(default_factory=frozenset)
    tier: int | None = None
    open_cases: int = 0
    waited_seconds: float = 0.0
    churn_risk: float | None = None


def advice_codes(situation: Situation) -> Iterator[str]:
    """What to bear in mind, the most pressing first."""
    if not situation.is_known:
        yield "unknown_caller"
    if situation.waited_seconds >= LONG_WAIT_SECONDS:
        yield "long_wait"
    if situation.open_cases:
        yield "open_complaint"
    if (situation.tier or 0) >= TOP_TIER_FROM:
        yield "top_tier"
    if situation.churn_risk is not None and situation.churn_risk >= CHURN_RISK_FROM:
        yield "at_risk"
    yield from (mood for mood in ("agitated", "confused", "demanding") if mood in situation.tags)
    if situation.behavior in ("eagle", "peacock", "dove", "owl"):
        yield situation.behavior


def advice_text(code: str, language: str) -> str:
    texts = TEXTS[code]
    return texts.get(language, texts["en"])
