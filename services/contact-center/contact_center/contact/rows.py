"""A contact as a row of Postgres, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.running import Record

from contact_center.contact.domain import Contact, State
from contact_center.flow.domain import Journey, Visit
from contact_center.flow.nodes import Wording
from contact_center.routing.domain import skills_of

# Columns that carry a field of the same name and form.
PLAIN = [
    name
    for name in Contact.__dataclass_fields__
    if name not in {"state", "journey", "waited_seconds", "held_seconds", "declined"}
]


def row_of(contact: Contact, *, at: datetime) -> dict[str, object]:
    """All columns of a contact."""
    return {
        **{name: getattr(contact, name) for name in PLAIN},
        **_journey_row(contact.journey),
        "state": contact.state.value,
        "waited_seconds": contact.waited_seconds,
        "held_seconds": contact.held_seconds,
        "declined": {
            str(agent_id): until.isoformat() for agent_id, until in contact.declined.items()
        },
        "updated_at": at,
    }


def _journey_row(journey: Journey) -> dict[str, object]:
    return {
        "flow_node": journey.node or None,
        "flow_tries": journey.tries,
        "trail": [
            {
                "node": visit.node,
                "kind": visit.kind,
                "at": visit.at.isoformat(),
                "seconds": visit.seconds,
            }
            for visit in journey.visits
        ],
        "says": [{"zh": say.zh, "en": say.en} for say in journey.says],
        "collected": dict(journey.collected),
        "needed_skills": dict(skills_of(journey.skills)),
        "needed_language": journey.language,
        "priority_seconds": journey.priority_seconds,
    }


def contact_of(row: Record) -> Contact:
    return Contact(
        **{name: row[name] for name in PLAIN},
        state=State(row["state"]),
        journey=_journey_of(row),
        waited_seconds=float(row["waited_seconds"]),
        held_seconds=float(row["held_seconds"]),
        declined=declined_of(row["declined"]),
    )


def declined_of(stored: Mapping[str, str]) -> dict[UUID, datetime]:
    return {UUID(agent_id): datetime.fromisoformat(until) for agent_id, until in stored.items()}


def _journey_of(row: Record) -> Journey:
    return Journey(
        node=row["flow_node"] or "",
        tries=row["flow_tries"],
        visits=tuple(visits_of(row["trail"])),
        says=tuple(Wording(**say) for say in row["says"]),
        skills=row["needed_skills"],
        priority_seconds=row["priority_seconds"],
        language=row["needed_language"],
        collected=row["collected"],
        has_ended=row["state"] != State.IN_FLOW.value,
    )


def visits_of(trail: list[dict[str, Any]]) -> list[Visit]:
    return [
        Visit(
            node=visit["node"],
            kind=visit["kind"],
            at=datetime.fromisoformat(visit["at"]),
            seconds=visit["seconds"],
        )
        for visit in trail
    ]
