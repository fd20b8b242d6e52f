"""What to do or to offer, by rule:
its group, whether it is lit for this customer, and what it says with its cautions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contact_center.languages import MESSAGES

Group = Literal["person", "complaint", "care"]
SERVED_BY_A_MANAGER_FROM = 4
SERVED_BY_A_DEDICATED_AGENT_FROM = 6


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A complaint, a care task or an agent, with what is said of it."""

    type: str
    id: UUID
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What is known of the customer at this moment.

    `has_manager` is None while the file is not at hand; `open_count` may be known where the cases
    themselves are not.
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
    """One recommendation;
    `cautions` are codes of texts, and one that is not lit must not be offered now.
    """

    group: Group
    code: str
    is_lit: bool
    cautions: tuple[str, ...] = ()
    subject: Subject | None = None

    def text(self, language: str) -> str:
        about = (
            self.subject.about
            if self.subject is not None and self.subject.about
            else recommended("unnamed_complaint", language)
        )
        return recommended(self.code, language).replace("{about}", about)


def recommendations(grounds: Grounds) -> Iterator[Recommendation]:
    """What is to be done for the customer's own matter first,
    then what may be offered unless something speaks against it.
    """
    yield from _of_complaints(grounds)
    yield from _of_persons(grounds)
    cautions = _against_offers(grounds)
    for task in grounds.due_tasks:
        yield Recommendation(
            group="care", code="do_care_task", is_lit=not cautions, cautions=cautions, subject=task
        )


def _of_complaints(grounds: Grounds) -> Iterator[Recommendation]:
    for case in grounds.open_cases:
        yield Recommendation(
            group="complaint", code="settle_open_complaint", is_lit=True, subject=case
        )
    if grounds.open_count and not grounds.open_cases:
        yield Recommendation(group="complaint", code="settle_open_complaint", is_lit=True)


def _of_persons(grounds: Grounds) -> Iterator[Recommendation]:
    tier = grounds.tier or 0
    if grounds.dedicated_agent_id is not None:
        if grounds.dedicated_agent_id != grounds.serving_agent_id:
            subject = Subject(type="agent", id=grounds.dedicated_agent_id)
            yield Recommendation(
                group="person", code="bring_to_dedicated_agent", is_lit=True, subject=subject
            )
    elif tier >= SERVED_BY_A_DEDICATED_AGENT_FROM:
        yield Recommendation(group="person", code="name_dedicated_agent", is_lit=True)
    if tier >= SERVED_BY_A_MANAGER_FROM and grounds.has_manager is False:
        cautions = ("do_not_contact",) if grounds.do_not_contact else ()
        yield Recommendation(
            group="person", code="name_account_manager", is_lit=not cautions, cautions=cautions
        )


def _against_offers(grounds: Grounds) -> tuple[str, ...]:
    reasons = {
        "do_not_contact": grounds.do_not_contact,
        "complaint_is_open": grounds.open_count > 0,
    }
    return tuple(code for code, holds in reasons.items() if holds)


def recommended(code: str, language: str) -> str:
    return MESSAGES.label(f"recommendation.{code}", language)
