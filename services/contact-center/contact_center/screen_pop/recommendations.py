"""What to do or to offer, by rule: its group, whether it is lit for this customer, and what it says with its cautions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Group = Literal["person", "complaint", "care"]
TEXTS: Mapping[str, Mapping[str, str]] = {
    "bring_to_dedicated_agent": {
        "zh-CN": "客户有专属坐席：征得同意后转接，或约定由专属坐席回电。",
        "en": "The customer has a dedicated agent: offer to transfer, or to be called back by that agent.",
    },
    "name_dedicated_agent": {
        "zh-CN": "六星客户尚无专属坐席：建议主管指定一位。",
        "en": "Six stars and no dedicated agent: propose one to your supervisor.",
    },
    "name_account_manager": {
        "zh-CN": "四星及以上客户应有客户经理，资料中没有：提出安排，并告诉客户何时会有人联系。",
        "en": "Four stars and above have an account manager, this file names none: ask for one, and say when they will be in touch.",
    },
    "settle_open_complaint": {
        "zh-CN": "先说明投诉 {about} 的进展和下一步时间，处理完之前不推荐其他内容。",
        "en": "First say how complaint {about} stands and when it goes on; offer nothing else before it is settled.",
    },
    "do_care_task": {
        "zh-CN": "关怀任务已到期，可在本次通话中完成并记录结果：{about}",
        "en": "A care task is due, do it in this conversation and record its outcome: {about}",
    },
    "complaint_is_open": {
        "zh-CN": "有未结投诉，此时不宜推荐。",
        "en": "A complaint is open: this is not the moment to offer it.",
    },
    "do_not_contact": {
        "zh-CN": "客户要求不被打扰：只处理客户本人的来意。",
        "en": "The customer asked not to be contacted: keep to their own matter.",
    },
}
SERVED_BY_A_MANAGER_FROM = 4
SERVED_BY_A_DEDICATED_AGENT_FROM = 6
UNNAMED = {"zh-CN": "（编号暂不可查）", "en": "(its number is not at hand)"}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A complaint, a care task or an agent, with what is said of it."""

    type: str
    id: UUID
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What is known of the customer at this moment.

    `has_manager` is None while the file is not at hand; `open_count` may be known where the cases themselves are not.
    """

    tier: int | None = None
    dedicated_agent_id: UUID | None = None
    serving_agent_id: UUID | None = None
    has_manager: bool | None = None
    open_cases: Sequence[Subject] = ()
    open_count: int = 0
    due_tasks: Sequence[Subject] = ()
    do_not_contact: bool = False


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """One recommendation; `cautions` are codes of texts, and one that is not lit must not be offered now."""

    group: Group
    code: str
    is_lit: bool
    cautions: tuple[str, ...] = ()
    subject: Subject | None = None

    def text(self, language: str) -> str:
        about = self.subject.about if self.subject is not None and self.subject.about else wording(UNNAMED, language)
        return wording(TEXTS[self.code], language).replace("{about}", about)


def recommendations(grounds: Grounds) -> Iterator[Recommendation]:
    """What is to be done for the customer's own matter first, then what may be offered unless something speaks against it."""
    yield from _of_complaints(grounds)
    yield from _of_persons(grounds)
    cautions = _against_offers(grounds)
    for task in grounds.due_tasks:
        yield Recommendation(group="care", code="do_care_task", is_lit=not cautions, cautions=cautions, subject=task)


def _of_complaints(grounds: Grounds) -> Iterator[Recommendation]:
    for case in grounds.open_cases:
        yield Recommendation(group="complaint", code="settle_open_complaint", is_lit=True, subject=case)
    if grounds.open_count and not grounds.open_cases:
        yield Recommendation(group="complaint", code="settle_open_complaint", is_lit=True)


def _of_persons(grounds: Grounds) -> Iterator[Recommendation]:
    tier = grounds.tier or 0
    if grounds.dedicated_agent_id is not None:
        if grounds.dedicated_agent_id != grounds.serving_agent_id:
            subject = Subject(type="agent", id=grounds.dedicated_agent_id)
            yield Recommendation(group="person", code="bring_to_dedicated_agent", is_lit=True, subject=subject)
    elif tier >= SERVED_BY_A_DEDICATED_AGENT_FROM:
        yield Recommendation(group="person", code="name_dedicated_agent", is_lit=True)
    if tier >= SERVED_BY_A_MANAGER_FROM and grounds.has_manager is False:
        cautions = ("do_not_contact",) if grounds.do_not_contact else ()
        yield Recommendation(group="person", code="name_account_manager", is_lit=not cautions, cautions=cautions)


def _against_offers(grounds: Grounds) -> tuple[str, ...]:
    reasons = {"do_not_contact": grounds.do_not_contact, "complaint_is_open": grounds.open_count > 0}
    return tuple(code for code, holds in reasons.items() if holds)


def wording(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts["en"])
