"""The laws of routing:
who goes first, who may take whom, and what a contact needs as it waits longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

SECOND = 1_000_000
"""All moments in this room are whole microseconds since 1970,
so that comparing two of them costs nothing.
"""

ASKED_LAST_FOR = 29 * SECOND
"""For this long at the end of a refusal its agent is asked again,
where nobody else can take the contact.
"""

NAMED_FIRST_FOR = 60 * SECOND
"""How long an agent named in a transfer goes first."""

Skills = tuple[tuple[str, int], ...]
"""Names with their levels, by name; a tuple, so that equal needs are one key."""

Rank = tuple[int, int, int, UUID]
"""Lower goes first: past its longest wait or not, virtual arrival, arrival, id."""


def skills_of(levels: Mapping[str, int]) -> Skills:
    """The skills as one comparable value."""
    return tuple(sorted(levels.items()))


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the contacts of one tier are served; spans in microseconds."""

    head_start: int = 0
    longest_wait: int | None = None
    preferred_for: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What a contact needs once it has waited for `after`:
    one of these queues, all of these skills, this language.
    """

    after: int
    queues: frozenset[UUID]
    skills: Skills
    language: str | None


@dataclass(frozen=True, slots=True)
class Preference:
    """An agent who goes before all others until `first_until`. Nobody waits for that agent beside
    others who can take the contact.

    A personal one (dedicated agent, named in a transfer) holds whatever the queue and the skills
    say.
    """

    agent_id: UUID
    first_until: int
    is_personal: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact that waits for an agent;
    `declined` says until when who did not take it, or passed it on, goes after all others.
    """

    id: UUID
    channel: str
    arrived_at: int
    waiting_since: int
    stages: tuple[Stage, ...]
    head_start: int = 0
    longest_wait: int | None = None
    asked: Skills = ()
    wished_language: str | None = None
    preferences: tuple[Preference, ...] = ()
    declined: Mapping[UUID, int] = field(default_factory=dict)

    def is_overdue(self, now: int) -> bool:
        """Whether it has passed the longest wait of its tier."""
        return self.longest_wait is not None and now - self.waiting_since >= self.longest_wait

    def rank(self, now: int) -> Rank:
        """Its place: everybody's waiting grows alike,
        so the effective priority is a fixed virtual arrival.
        """
        return (
            0 if self.is_overdue(now) else 1,
            self.waiting_since - self.head_start,
            self.arrived_at,
            self.id,
        )

    def stage(self, now: int) -> Stage:
        """What it needs by now."""
        waited = now - self.waiting_since
        reached = [stage for stage in self.stages if stage.after <= waited]
        return reached[-1] if reached else self.stages[0]

    def preferences_at(self, now: int) -> tuple[Preference, ...]:
        """The preferences that still count, in their order."""
        return tuple(one for one in self.preferences if now < one.first_until)

    def asked_last(self, now: int) -> frozenset[UUID]:
        """Who is asked only where nobody else can take it, those who are spared included."""
        return frozenset(agent_id for agent_id, until in self.declined.items() if until > now)

    def spared(self, now: int) -> frozenset[UUID]:
        """Who is not asked at all: a refusal is not answered with the same question at once."""
        return frozenset(
            agent_id for agent_id, until in self.declined.items() if until - ASKED_LAST_FOR > now
        )

    def next_change(self, now: int) -> int | None:
        """When the next of its needs, rights or refusals changes with time alone."""
        moments = [self.waiting_since + stage.after for stage in self.stages]
        if self.longest_wait is not None:
            moments.append(self.waiting_since + self.longest_wait)
        moments += [preference.first_until for preference in self.preferences]
        for until in self.declined.values():
            moments += (until - ASKED_LAST_FOR, until)
        return min((moment for moment in moments if moment > now), default=None)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent who is on the queue: free places per channel, and since when without new work."""

    id: UUID
    queues: frozenset[UUID]
    skills: Mapping[str, int]
    languages: frozenset[str]
    free: Mapping[str, int]
    idle_since: int

    def meets(self, stage: Stage) -> bool:
        """Whether queue, skills and language fit;
        an agent without stated languages takes every language.
        """
        if self.queues.isdisjoint(stage.queues):
            return False
        if stage.language is not None and self.languages and stage.language not in self.languages:
            return False
        levels = self.skills
        return all(levels.get(name, 0) >= level for name, level in stage.skills)

    def match(self, asked: Skills, wished_language: str | None) -> tuple[int, int]:
        """How well this agent fits, more is better:
        speaks the wished language, then the levels in what was asked at first.
        """
        speaks = 1 if wished_language is not None and wished_language in self.languages else 0
        return speaks, sum(self.skills.get(name, 0) for name, _ in asked)

    def is_free(self, channel: str) -> bool:
        return self.free.get(channel, 0) > 0

    def given(self, channel: str, *, at: int) -> Self:
        """The agent with one place less, at the end of the line of the idle."""
        return replace(
            self, free={**self.free, channel: self.free.get(channel, 0) - 1}, idle_since=at
        )


@dataclass(frozen=True, slots=True)
class Match:
    """A contact and the agent it shall be offered to."""

    contact_id: UUID
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Relaxation:
    """From `after` on, these skills replace what was needed before."""

    after: int
    skills: Skills
    any_language: bool = False


@dataclass(frozen=True, slots=True)
class Overflow:
    """From `after` on, agents of that queue may take the contact too."""

    after: int
    queue_id: UUID


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a queue asks for, and what it lets go as time passes."""

    id: UUID
    skills: Skills = ()
    relaxation: tuple[Relaxation, ...] = ()
    overflow: Overflow | None = None

    def asked(self, own: Skills) -> Skills:
        """The queue's needs together with those of the contact itself,
        the higher level where both name a skill.
        """
        levels = dict(self.skills)
        for name, level in own:
            levels[name] = max(level, levels.get(name, 0))
        return skills_of(levels)

    def stages(self, own: Skills, language: str | None) -> tuple[Stage, ...]:
        """The needs of a contact of this queue over its waiting time, from the start on."""
        moments = {0, *(step.after for step in self.relaxation)}
        if self.overflow is not None:
            moments.add(self.overflow.after)
        return tuple(self._stage(after, own, language) for after in sorted(moments))

    def _stage(self, after: int, own: Skills, language: str | None) -> Stage:
        skills = self.asked(own)
        for step in self.relaxation:
            if step.after <= after:
                skills = step.skills
                language = None if step.any_language else language
        return Stage(after, self._queues(after), skills, language)

    def _queues(self, after: int) -> frozenset[UUID]:
        overflow = self.overflow
        if overflow is None or after < overflow.after:
            return frozenset((self.id,))
        return frozenset((self.id, overflow.queue_id))
