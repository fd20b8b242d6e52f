"""Contact persons as rows and back."""

from typing import Any

from service_kit.store.running import Record

from customer_profile.contact_person.domain import ContactPerson, Part, Stance
from customer_profile.identifier.rows import identifiers_of, identifiers_row


def person_of(row: Record) -> ContactPerson:
    return ContactPerson(
        id=row["id"],
        customer_id=row["customer_id"],
        version=row["version"],
        name=row["name"],
        part=Part(row["part"]),
        stance=Stance(row["stance"]) if row["stance"] else None,
        position=row["position"],
        language=row["language"],
        is_key_contact=row["key_contact"],
        identifiers=identifiers_of(row["identifiers"]),
        created_at=row["created_at"],
    )


def row_of(person: ContactPerson) -> dict[str, Any]:
    return {
        "id": person.id,
        "customer_id": person.customer_id,
        "version": person.version,
        "name": person.name,
        "part": person.part.value,
        "stance": person.stance.value if person.stance else None,
        "position": person.position,
        "language": person.language,
        "key_contact": person.is_key_contact,
        "identifiers": identifiers_row(person.identifiers),
        "created_at": person.created_at,
    }
