"""Agents as the API reads and shows them."""

from collections.abc import Sequence
from typing import Annotated, get_args

from pydantic import Field
from service_kit.web.patches import patched
from service_kit.words.fields import Id, Input, Line, Output, Patch, Timestamp, UnitPath

from contact_center.agent.domain import Agent, Profile
from contact_center.agent.work import Work
from contact_center.words import (
    Channel,
    Places,
    Presence,
    RoutingStatus,
    SkillsIn,
    SkillsOut,
    Spoken,
    absent,
    levels,
    skills_out,
)

Capacity = Annotated[dict[Channel, Places], Field(max_length=8, examples=[{"voice": 1, "chat": 3}])]
CapacityPatch = Annotated[
    dict[Channel, Places | None], Field(max_length=8, examples=[{"chat": 2, "email": None}])
]
QueueIds = Annotated[list[Id], Field(max_length=100)]
Languages = Annotated[list[Spoken], Field(max_length=20)]
WorkState = Annotated[str, Field(max_length=20, examples=["assigned"])]


def one_call() -> dict[Channel, int]:
    """What an agent can take when nobody says otherwise."""
    return {"voice": 1}


class NewAgent(Input):
    """An agent to take on.
    Empty `languages` means that any language will do; a channel without capacity is not served.
    """

    name: Line
    unit: UnitPath | None = None
    team: Line | None = None
    skills: Annotated[SkillsIn, Field(default_factory=list)]
    capacity: Annotated[
        Capacity, Field(default_factory=one_call, description="One call when left out.")
    ]
    languages: Annotated[Languages, Field(default_factory=list)]
    queues: Annotated[QueueIds, Field(default_factory=list)]

    def profile(self) -> Profile:
        return Profile(
            name=self.name,
            team=self.team,
            skills=levels(self.skills),
            capacity=dict(self.capacity.items()),
            languages=tuple(dict.fromkeys(self.languages)),
            queues=tuple(dict.fromkeys(self.queues)),
        )


class WorkOut(Output):
    """A contact that the agent has in hand."""

    contact_id: Id
    channel: Channel
    state: WorkState
    since: Timestamp
    until: Timestamp | None


class AgentView(Output):
    """An agent with what it is at."""

    id: Id
    unit: UnitPath
    name: Line
    team: Line | None
    skills: SkillsOut
    capacity: Capacity
    languages: Languages
    queues: QueueIds
    presence: Presence
    presence_since: Timestamp
    routing_status: RoutingStatus
    contacts: Annotated[list[WorkOut], Field(max_length=400)]
    created_at: Timestamp
    updated_at: Timestamp


class PresenceIn(Input):
    """What the agent is at."""

    presence: Presence


class PresenceOut(Output):
    """What the agent is at, and what routing makes of it."""

    presence: Presence
    routing_status: RoutingStatus
    since: Timestamp


class AgentPatch(Patch):
    """What changes in an agent; `team:
    null` takes the team away, null for a channel of `capacity` that channel.
    """

    name: Line = absent()
    unit: UnitPath = absent()
    team: Line | None = absent()
    skills: SkillsIn = absent()
    capacity: CapacityPatch = absent()
    languages: Languages = absent()
    queues: QueueIds = absent()

    def merged(self, agent: Agent) -> NewAgent:
        """The whole profile with the patch laid over it."""
        return patched(NewAgent, agent_view(agent, ()), self)


def agent_view(agent: Agent, works: Sequence[Work]) -> AgentView:
    profile = agent.profile
    return AgentView(
        **{
            name: getattr(agent, name)
            for name in ("id", "unit", "presence_since", "created_at", "updated_at")
        },
        name=profile.name,
        team=profile.team,
        skills=skills_out(profile.skills),
        capacity={
            channel: profile.capacity[channel]
            for channel in get_args(Channel)
            if channel in profile.capacity
        },
        languages=list(profile.languages),
        queues=list(profile.queues),
        presence=agent.presence.value,
        routing_status=agent.status(work.state for work in works).value,
        contacts=[
            WorkOut(**{name: getattr(work, name) for name in WorkOut.model_fields})
            for work in works
        ],
    )


def presence_out(agent: Agent, works: Sequence[Work]) -> PresenceOut:
    status = agent.status(work.state for work in works)
    return PresenceOut(
        presence=agent.presence.value, routing_status=status.value, since=agent.presence_since
    )
