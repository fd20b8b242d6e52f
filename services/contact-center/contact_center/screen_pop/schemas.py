"""The screen pop as the API shows it."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema
from service_kit.words.fields import FREE_JSON, Id, Output, Timestamp

from contact_center.words import Stars

# What another service said is shown as it said it, however large: it was checked where it came in.
Said = Annotated[dict[str, Any], WithJsonSchema({**FREE_JSON})]
Many = Annotated[list[Said], Field(max_length=500)]
Names = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)]
Group = Literal["person", "complaint", "care"]


class TierOut(Output):
    """The star tier."""

    stars: Stars


class TrailEntry(Output):
    """Something that happened in the last two days, on any channel;
    contacts show the IVR nodes with their seconds in `details`.
    """

    id: Id
    occurred_at: Timestamp
    channel: Annotated[str, Field(max_length=20)]
    kind: Annotated[str, Field(max_length=20)]
    title: Annotated[str, Field(max_length=1_000)]
    details: Said
    ref: Said


class AdviceOut(Output):
    """A piece of advice in the language of the request."""

    code: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(max_length=1_000)]


class SubjectOut(Output):
    """What a recommendation is about."""

    type: Annotated[str, Field(max_length=20, examples=["complaint"])]
    id: Id


class RecommendationOut(Output):
    """Something to do or to offer: its group, whether it is lit for this customer, and what it says
    with its cautions.

    What is not lit does not apply now, or must not be offered; `cautions` say why.
    """

    group: Group
    code: Annotated[str, Field(max_length=40)]
    lit: bool
    text: Annotated[str, Field(max_length=21_000)]
    cautions: Annotated[list[AdviceOut], Field(max_length=10)]
    subject: SubjectOut | None


class ScreenPop(Output):
    """What the agent sees: the card, tier and scores, open cases, consents, advice,
    recommendations, and the trail of two days.

    `degraded` names the services that did not answer in time: what they know is missing. `withheld`
    names the parts that the token may not see, in whole or, as the trail, in part.
    """

    contact_id: Id
    customer_id: Id | None
    customer: Said | None
    tier: TierOut | None
    scores: Many
    open_cases: Many
    open_case_count: Annotated[
        int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"})
    ]
    trail: Annotated[list[TrailEntry], Field(max_length=500)]
    advice: Annotated[list[AdviceOut], Field(max_length=20)]
    consents: Many
    recommendations: Annotated[list[RecommendationOut], Field(max_length=50)]
    degraded: Names
    withheld: Names
