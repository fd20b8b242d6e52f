"""Rows of contacts and agents as the matcher's facts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from service_kit.store.running import Record

from contact_center.agent.domain import Agent
from contact_center.agent.work import Work
from contact_center.contact.rows import declined_of
from contact_center.routing.domain import (
    NAMED_FIRST_FOR,
    SECOND,
    Preference,
    QueueRules,
    Treatment,
    Waiting,
    skills_of,
)
from contact_center.routing.domain import Agent as ReadyAgent
from contact_center.treatment.domain import treatment_for

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """A moment as the matcher counts it."""
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds


def moment(micros_: int) -> datetime:
    return datetime.fromtimestamp(micros_ // SECOND, UTC).replace(microsecond=micros_ % SECOND)


def waiting_of(row: Record, rules: QueueRules, treatments: Mapping[str, Treatment]) -> Waiting:
    """A queued contact."""
    treatment = treatment_for(treatments, row["tier"], is_key_contact=row["is_key_contact"])
    own = skills_of(row["needed_skills"])
    return Waiting(
        id=row["id"],
        channel=row["channel"],
        arrived_at=micros(row["arrived_at"]),
        waiting_since=micros(row["waiting_since"]),
        stages=rules.stages(own, row["needed_language"]),
        head_start=treatment.head_start + row["priority_seconds"] * SECOND,
        longest_wait=treatment.longest_wait,
        asked=rules.asked(own),
        wished_language=row["needed_language"] or row["language"],
        preferences=preferences_of(row, treatment),
        declined={
            agent_id: micros(until) for agent_id, until in declined_of(row["declined"]).items()
        },
    )


def preferences_of(row: Record, treatment: Treatment) -> tuple[Preference, ...]:
    """The agent named in a transfer, then the dedicated one,
    then the last-known one; each counts once.
    """
    since = micros(row["queued_at"])
    preferred = since + treatment.preferred_for
    found: dict[UUID, Preference] = {}
    for name, first_until, is_personal in (
        ("target_agent_id", since + NAMED_FIRST_FOR, True),
        ("dedicated_agent_id", preferred, True),
        ("last_agent_id", preferred, False),
    ):
        if row[name] is not None:
            found.setdefault(row[name], Preference(row[name], first_until, is_personal))
    return tuple(found.values())


def ready_of(agent: Agent, works: Sequence[Work]) -> ReadyAgent | None:
    """An agent as the matcher sees it; None for one who is not on the queue."""
    if not agent.takes_offers:
        return None
    free = dict(agent.profile.capacity)
    for work in works:
        free[work.channel] = free.get(work.channel, 0) - 1
    idle_since = max((agent.idle_since, *(work.since for work in works)))
    return ReadyAgent(
        id=agent.id,
        queues=frozenset(agent.profile.queues),
        skills=agent.profile.skills,
        languages=frozenset(agent.profile.languages),
        free=free,
        idle_since=micros(idle_since),
    )


def free_slot(channel: str, works: Sequence[Work]) -> int:
    """The lowest place of the channel that nobody holds."""
    taken = {work.slot for work in works if work.channel == channel}
    return next(slot for slot in range(1, len(taken) + 2) if slot not in taken)
