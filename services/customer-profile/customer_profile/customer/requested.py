"""The customer that a request asks for;
GUANXI_DEFAULT_LANGUAGE, GUANXI_TIME_ZONE and GUANXI_DEFAULT_UNIT fill what it leaves out.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import unit_for

from customer_profile.call import Call
from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import Customer, SourceGiven
from customer_profile.customer.facts import Facts
from customer_profile.customer.schemas import CustomerChange, FactsIn, NewCustomer, SourceIn
from customer_profile.customer.source import Learned, Source, SourceKind
from customer_profile.identifier.domain import Vault, replaced
from customer_profile.identifier.schemas import identifiers_of
from customer_profile.settings import Settings


def new_customer(body: NewCustomer, call: Call, vault: Vault, *, id: UUID) -> Customer:
    """The file that a request asks for."""
    settings: Settings = call.settings
    return Customer(
        id=id,
        kind=body.kind,
        name=body.name,
        language=body.language or settings.default_language,
        time_zone=body.time_zone or settings.time_zone,
        unit=unit_for(call.caller, body.unit, default=settings.default_unit),
        roles=tuple(body.roles),
        sector=body.sector,
        identifiers=identifiers_of(body.identifiers, vault, region=settings.phone_region),
        tags=tuple(body.tags),
        facts=facts_of.merged(facts_of.NO_FACTS, facts_given(body.facts)),
        account_manager=body.account_manager,
        do_not_contact=body.do_not_contact,
        created_at=call.at,
        updated_at=call.at,
    )


def wanted_customer(
    before: Customer, body: CustomerChange, call: Call, vault: Vault, *, sees_hidden: bool
) -> Customer:
    """The file as a merge patch wants it: only the fields that were sent count, null empties."""
    sent: dict[str, Any] = {
        name: getattr(body, name) for name in body.model_fields_set - {"facts", "source"}
    }
    for name in ("roles", "tags"):
        if name in sent:
            sent[name] = tuple(sent[name] or ())
    if "identifiers" in sent:
        given = identifiers_of(body.identifiers or [], vault, region=call.settings.phone_region)
        sent["identifiers"] = replaced(before.identifiers, given, sees_hidden=sees_hidden)
    if "unit" in sent:
        sent["unit"] = unit_for(call.caller, body.unit, default=before.unit)
    if "facts" in body.model_fields_set:
        sent["facts"] = patched_facts(before.facts, body.facts)
    return replace(before, **sent)


def patched_facts(before: Facts, facts: FactsIn | None) -> Facts:
    """The facts after a merge patch; null deletes a fact, a group, or all."""
    if facts is None:
        return facts_of.NO_FACTS
    emptied = {group for group in facts.model_fields_set if getattr(facts, group) is None}
    kept = {group: {} if group in emptied else members for group, members in before.items()}
    return facts_of.merged(kept, facts_given(facts))


def facts_given(facts: FactsIn | None) -> Facts:
    """The facts that were sent, as they are stored; null stays null."""
    if facts is None:
        return facts_of.NO_FACTS
    groups = {group: getattr(facts, group) for group in facts_of.GROUPS}
    return {
        group: members.model_dump(mode="json", exclude_unset=True) if members else {}
        for group, members in groups.items()
    }


def source_given(source: SourceIn | None, *, at: datetime) -> SourceGiven:
    """The source of a request's facts;
    a request that names none comes from a partner who was told.
    """
    kind = source.kind if source else SourceKind.PARTNER
    learned = source.learned if source else Learned.ASKED
    confirmed_at = (source.confirmed_at if source else None) or at
    purposes = tuple(dict.fromkeys(source.purposes)) if source else ()
    return SourceGiven(
        source=Source(
            kind=kind, learned=learned, recorded_at=at, confirmed_at=confirmed_at, purposes=purposes
        ),
        is_sensitive=source is not None and source.sensitivity == "sensitive",
    )
