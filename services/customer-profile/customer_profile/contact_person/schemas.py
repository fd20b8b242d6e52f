"""Contact persons as callers send and receive them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Id, Input, Line, Output, Patch, Timestamp

from customer_profile.contact_person.domain import ContactPerson, Part, Stance
from customer_profile.identifier.domain import Vault
from customer_profile.identifier.schemas import IdentifierOut, Identifiers, identifier_out
from customer_profile.words import LanguageTag


class NewContactPerson(Input):
    """A person at a customer and their part in its decisions."""

    name: Line
    part: Annotated[Part, Field(strict=False)]
    stance: Annotated[Stance | None, Field(strict=False)] = None
    position: Line | None = None
    language: LanguageTag | None = None
    identifiers: Annotated[Identifiers, Field(default_factory=list)]
    key_contact: Annotated[
        bool, Field(description="Key contacts of group accounts are served before others.")
    ] = False


class ContactPersonChange(Patch):
    """A merge patch: what is left out stays, null empties; identifiers are replaced whole."""

    name: Annotated[Line, Field(default_factory=str)]
    part: Annotated[Part, Field(strict=False, default_factory=lambda: Part.USER)]
    stance: Annotated[Stance | None, Field(strict=False)] = None
    position: Line | None = None
    language: LanguageTag | None = None
    identifiers: Identifiers | None = None
    key_contact: Annotated[bool, Field(default_factory=bool)]


class ContactPersonView(Output):
    """A person at a customer. Their phones and e-mails find the customer too."""

    id: Id
    customer_id: Id
    name: Annotated[str, Field(max_length=200)]
    part: Part
    stance: Stance | None
    position: Annotated[str | None, Field(max_length=200)]
    language: Annotated[str | None, Field(max_length=20)]
    identifiers: Annotated[list[IdentifierOut], Field(max_length=50)]
    key_contact: bool
    created_at: Timestamp


def person_view(person: ContactPerson, vault: Vault | None) -> ContactPersonView:
    return ContactPersonView(
        id=person.id,
        customer_id=person.customer_id,
        name=person.name,
        part=person.part,
        stance=person.stance,
        position=person.position,
        language=person.language,
        identifiers=[identifier_out(identifier, vault) for identifier in person.identifiers],
        key_contact=person.is_key_contact,
        created_at=person.created_at,
    )
