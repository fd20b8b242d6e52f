"""The matcher against a slow reading of the laws of routing, on what chance thinks up."""

from dataclasses import replace
from random import Random
from uuid import UUID

from contact_center.routing.domain import (
    SECOND,
    Agent,
    Match,
    Overflow,
    Preference,
    QueueRules,
    Relaxation,
    Skills,
    Waiting,
)
from contact_center.routing.matcher import Matcher
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = 1_000 * SECOND
QUEUES = [UUID(int=number) for number in range(1, 4)]
AGENTS = [UUID(int=1_000 + number) for number in range(4)]
SKILLS = ["billing", "claims"]
CHANNELS = ["voice", "chat"]
SPANS = [0, 1, 5, 20, 60, 120]


def offers_by_the_laws(contacts: list[Waiting], agents: list[Agent], now: int) -> list[Match]:
    """Every contact in order of rank looks at every agent:
    slow, and without any index to go wrong.
    """
    present = {agent.id: agent for agent in agents}
    matches = []
    for contact in sorted(contacts, key=lambda one: one.rank(now)):
        able = [agent for agent in present.values() if may_take(agent, contact, now)]
        if able:
            best = min(
                able,
                key=lambda agent: (
                    agent.id in contact.asked_last(now),
                    goodness(agent, contact, now),
                ),
            )
            present[best.id] = best.given(contact.channel, at=now)
            matches.append(Match(contact.id, best.id))
    return matches


def may_take(agent: Agent, contact: Waiting, now: int) -> bool:
    if agent.free.get(contact.channel, 0) < 1 or agent.id in contact.spared(now):
        return False
    fits = agent.meets(contact.stage(now))
    return fits or any(
        one.is_personal for one in contact.preferences_at(now) if one.agent_id == agent.id
    )


def goodness(agent: Agent, contact: Waiting, now: int) -> tuple[int, int, int, int, UUID]:
    preferred = [
        place
        for place, one in enumerate(contact.preferences_at(now))
        if one.agent_id == agent.id and (one.is_personal or agent.meets(contact.stage(now)))
    ]
    speaks, levels = agent.match(contact.asked, contact.wished_language)
    return (preferred[0] if preferred else 9, -speaks, -levels, agent.idle_since, agent.id)


class Chance:
    """Contacts and agents such as chance brings them, from a small world in which much meets."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.number = 0

    def span(self) -> int:
        return self.random.choice(SPANS) * SECOND

    def skills(self) -> Skills:
        named = self.random.sample(SKILLS, self.random.choice([0, 0, 1, 2]))
        return tuple(sorted((name, self.random.randint(1, 3)) for name in named))

    def language(self) -> str | None:
        return self.random.choice([None, None, "zh-CN", "en"])

    def agent(self) -> Agent:
        return Agent(
            self.random.choice(AGENTS),
            frozenset(self.random.sample(QUEUES, self.random.randint(1, 3))),
            dict(self.skills()),
            frozenset(self.random.sample(["zh-CN", "en"], self.random.randint(0, 2))),
            {"voice": self.random.randint(0, 1), "chat": self.random.randint(0, 3)},
            NOW - self.span(),
        )

    def rules(self) -> QueueRules:
        own, other = self.random.sample(QUEUES, 2)
        steps = tuple(
            Relaxation(self.span(), (), self.random.random() < 0.5)
            for _ in range(self.random.randint(0, 2))
        )
        return QueueRules(
            own,
            self.skills(),
            steps,
            Overflow(self.span(), other) if self.random.random() < 0.3 else None,
        )

    def preference(self, agent_id: UUID, since: int) -> Preference:
        return Preference(
            agent_id, since + self.random.choice([1, 60, 240]) * SECOND, self.random.random() < 0.5
        )

    def contact(self, now: int) -> Waiting:
        self.number += 1
        rules, own, since = self.rules(), self.skills(), now - self.span()
        preferring = self.random.sample(AGENTS, self.random.choice([0, 0, 1, 2]))
        return Waiting(
            UUID(int=100_000 + self.number),
            self.random.choice(CHANNELS),
            since - self.span(),
            since,
            rules.stages(own, self.language()),
            self.span(),
            self.random.choice([None, self.span()]),
            rules.asked(own),
            self.language(),
            tuple(self.preference(agent_id, since) for agent_id in preferring),
            {
                agent_id: now + self.span()
                for agent_id in self.random.sample(AGENTS, self.random.choice([0, 0, 1, 2, 4]))
            },
        )


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_the_matcher_offers_what_the_laws_say(seed: int) -> None:
    chance = Chance(seed)
    agents = {
        agent.id: agent for agent in (chance.agent() for _ in range(chance.random.randint(0, 6)))
    }
    contacts = [chance.contact(NOW) for _ in range(chance.random.randint(0, 12))]
    matcher = Matcher()
    for agent in agents.values():
        matcher.put_agent(agent)
    for contact in contacts:
        matcher.put_contact(contact)

    assert matcher.match(NOW) == offers_by_the_laws(contacts, list(agents.values()), NOW)


class World:
    """A matcher that changes step by step, beside a plain memory of what it was told."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.now = NOW
        self.matcher = Matcher()
        self.contacts: dict[UUID, Waiting] = {}
        self.agents: dict[UUID, Agent] = {}

    def contact_comes(self) -> None:
        contact = self.chance.contact(self.now)
        self.matcher.put_contact(contact)
        self.contacts[contact.id] = contact

    def contact_goes(self) -> None:
        if self.contacts:
            contact_id = self.chance.random.choice(sorted(self.contacts))
            self.matcher.remove_contact(contact_id)
            del self.contacts[contact_id]

    def agent_comes_or_changes(self) -> None:
        agent = self.chance.agent()
        self.matcher.put_agent(agent)
        self.agents[agent.id] = agent

    def agent_becomes_free(self) -> None:
        if self.agents:
            agent = self.agents[self.chance.random.choice(sorted(self.agents))]
            free = {**agent.free, self.chance.random.choice(CHANNELS): 1}
            self.agents[agent.id] = replace(agent, free=free, idle_since=self.now)
            self.matcher.put_agent(self.agents[agent.id])

    def agent_leaves(self) -> None:
        agent_id = self.chance.random.choice(AGENTS)
        self.matcher.remove_agent(agent_id)
        self.agents.pop(agent_id, None)

    def time_passes(self) -> None:
        self.now += self.chance.random.choice([1, 10, 60]) * SECOND

    def offers_are_made(self) -> None:
        limit = self.chance.random.choice([1, 2, 10_000])
        expected = offers_by_the_laws(
            list(self.contacts.values()), list(self.agents.values()), self.now
        )[:limit]

        assert self.matcher.match(self.now, limit) == expected

        for match in expected:
            contact = self.contacts.pop(match.contact_id)
            self.agents[match.agent_id] = self.agents[match.agent_id].given(
                contact.channel, at=self.now
            )


@given(st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_the_matcher_keeps_to_the_laws_while_everything_changes(seed: int) -> None:
    world = World(seed)
    steps = [
        world.contact_comes,
        world.contact_goes,
        world.agent_comes_or_changes,
        world.agent_becomes_free,
        world.agent_leaves,
        world.time_passes,
        world.offers_are_made,
    ]

    for _ in range(300):
        world.chance.random.choices(steps, [6, 1, 3, 3, 1, 3, 6])[0]()

    left = offers_by_the_laws(list(world.contacts.values()), list(world.agents.values()), world.now)
    assert world.matcher.match(world.now, 10_000) == left
