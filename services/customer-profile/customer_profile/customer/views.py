"""Customers as the API shows them, masked for whoever may not see everything."""

from collections.abc import Iterable

from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import Customer
from customer_profile.customer.schemas import CustomerView, FactSources, FactsOut, SourceOut, TierOut
from customer_profile.identifier.domain import Vault
from customer_profile.identifier.schemas import identifier_out


def file_view(customer: Customer, *, vault: Vault | None, with_sources: bool = False) -> CustomerView:
    """The whole file. With a vault everything is shown; without, sensitive facts are left out and named in `masked`."""
    hidden = () if vault is not None else masked_names(customer)
    shown = facts_of.without(customer.facts, frozenset(hidden)) if hidden else customer.facts
    return CustomerView(
        id=customer.id,
        kind=customer.kind,
        name=customer.name,
        language=customer.language,
        time_zone=customer.time_zone,
        unit=customer.unit,
        roles=list(customer.roles),
        sector=customer.sector,
        identifiers=[identifier_out(identifier, vault) for identifier in customer.identifiers],
        tags=list(customer.tags),
        facts=FactsOut.model_validate({group: shown.get(group, {}) for group in facts_of.GROUPS}),
        masked=list(hidden),
        tier=None if customer.tier is None else TierOut(stars=customer.tier),
        account_manager=customer.account_manager,
        do_not_contact=customer.do_not_contact,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        sources=list(fact_sources(customer, facts_of.names(shown))) if with_sources else None,
    )


def masked_names(customer: Customer) -> tuple[str, ...]:
    """What only the sensitive scope may see."""
    hidden_identifiers = {f"identifiers.{identifier.type}": None for identifier in customer.identifiers if identifier.is_sensitive}
    return (*customer.hidden_facts, *hidden_identifiers)


def fact_sources(customer: Customer, shown: Iterable[str]) -> Iterable[FactSources]:
    sensitive = frozenset(customer.hidden_facts)
    for name in shown:
        yield FactSources(
            fact=name,
            is_sensitive=name in sensitive,
            sources=[
                SourceOut(
                    kind=source.kind,
                    learned=source.learned,
                    recorded_at=source.recorded_at,
                    confirmed_at=source.confirmed_at,
                    purposes=list(source.purposes),
                )
                for source in customer.sources
                if name in source.facts
            ],
        )
