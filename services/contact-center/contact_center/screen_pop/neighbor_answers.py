"""What the neighbors say for a screen pop, read into words;
what cannot be read is a ValueError, a KeyError or a TypeError.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contact_center.screen_pop.schemas import TrailEntry

Json = Mapping[str, Any]
MOST_SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class Card:
    """The customer's file, and what of it the screen pop goes by."""

    file: Json
    unit: str | None
    stars: int | None
    behavior: str | None
    tags: frozenset[str]
    account_manager: str | None
    do_not_contact: bool


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The scores as they are, the tier, and how probable it is that the customer leaves."""

    scores: Sequence[Json]
    stars: int | None
    churn_risk: float | None


@dataclass(frozen=True, kw_only=True)
class Case:
    """An open case."""

    id: UUID
    number: str
    shown: Json


@dataclass(frozen=True, kw_only=True)
class CareTask:
    """Something that is to be done for the customer."""

    id: UUID
    due_at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the neighbors said;
    what is None or empty may be so because its service is in `degraded`, or the part in `withheld`.
    """

    card: Card | None = None
    timeline: Sequence[TrailEntry] = ()
    consents: Sequence[Json] = ()
    care_tasks: Sequence[CareTask] = ()
    scored: Scored | None = None
    open_cases: Sequence[Case] = ()
    degraded: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


async def card(asked: Awaitable[Json | None]) -> Card | None:
    said = await asked
    if said is None:
        return None
    file = dict(said)
    characteristics = (file.get("facts") or {}).get("characteristics") or {}
    behavior = characteristics.get("behavior")
    return Card(
        file=file,
        unit=file.get("unit"),
        stars=_stars(file),
        behavior=behavior if isinstance(behavior, str) else None,
        tags=frozenset(map(str, file.get("tags") or ())),
        account_manager=file.get("account_manager"),
        do_not_contact=bool(file.get("do_not_contact")),
    )


async def scored(asked: Awaitable[Json | None]) -> Scored | None:
    said = await asked
    if said is None:
        return None
    scores = [dict(score) for score in said["scores"]][:MOST_SHOWN]
    risks = [float(score["value"]) for score in scores if score.get("name") == "churn_risk"]
    return Scored(scores=scores, stars=_stars(said), churn_risk=risks[0] if risks else None)


async def trail(asked: Awaitable[Sequence[Json]]) -> list[TrailEntry]:
    return [
        TrailEntry.model_validate({name: entry[name] for name in TrailEntry.model_fields})
        for entry in await asked
    ]


async def objects(asked: Awaitable[Sequence[Json]]) -> Sequence[Json]:
    return [dict(each) for each in await asked][:MOST_SHOWN]


async def cases(asked: Awaitable[Sequence[Json]]) -> list[Case]:
    return [
        Case(id=UUID(case["id"]), number=str(case["number"])[:100], shown=dict(case))
        for case in await asked
    ][:MOST_SHOWN]


async def care_tasks(asked: Awaitable[Sequence[Json]]) -> list[CareTask]:
    return [
        CareTask(
            id=UUID(task["id"]),
            due_at=datetime.fromisoformat(task["due_at"]),
            text=str(task["text"])[:20_000],
        )
        for task in await asked
    ]


def _stars(said: Json) -> int | None:
    tier = said.get("tier")
    if not tier:
        return None
    stars = int(tier["stars"])
    if not 1 <= stars <= 6:
        raise ValueError(f"there is no tier of {stars} stars")
    return stars
