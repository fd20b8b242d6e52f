"""The file as it is shown keeps the schema of the contract,
masks what is sensitive and opens what is sealed.
"""

from typing import Any

import pytest
from customer_profile.customer import domain
from customer_profile.customer.file_json import file_json
from customer_profile.customer.rows import row_of
from customer_profile.customer.schemas import CustomerView
from customer_profile.testing import PlainVault, a_customer, a_source, an_identifier

FACTS: dict[str, Any] = {
    "basic": {
        "birth_date": "1990-02-03",
        "capital": {"amount": "1", "currency": "CNY"},
        "years": 3,
        "share": 0.5,
        "is_vip": True,
    },
    "characteristics": {"hobbies": ["围棋"], "religion": "none", "family": {"children": 2}},
    "business": {},
}


def shown(
    *, with_vault: bool, with_sources: bool = False, is_sensitive: bool = False, **fields: Any
) -> CustomerView:
    identifiers = (
        an_identifier("external", "C-1", system="erp"),
        an_identifier("government_id", "440103199002031234"),
    )
    file = domain.created(
        a_customer(facts=FACTS, identifiers=identifiers, tier=4, **fields),
        a_source(is_sensitive=is_sensitive),
    )
    vault = PlainVault() if with_vault else None
    return CustomerView.model_validate_json(
        file_json(row_of(file), vault=vault, with_sources=with_sources)
    )


@pytest.mark.parametrize("with_vault", [True, False])
@pytest.mark.parametrize("with_sources", [True, False])
def test_a_file_is_shown_as_the_contract_says(with_vault: bool, with_sources: bool) -> None:
    view = shown(with_vault=with_vault, with_sources=with_sources)

    assert view.tier is not None
    assert view.tier.stars == 4
    assert (view.sources is not None) is with_sources


def test_sensitive_facts_are_left_out_and_named() -> None:
    view = shown(with_vault=False, with_sources=True)

    assert view.masked == [
        "characteristics.religion",
        "characteristics.family",
        "identifiers.government_id",
    ]
    assert view.facts.characteristics == {"hobbies": ["围棋"]}
    assert view.identifiers[1].value == "44**************34"
    assert view.sources is not None
    assert "characteristics.religion" not in [source.fact for source in view.sources]


def test_everything_is_shown_with_the_key() -> None:
    view = shown(with_vault=True, with_sources=True)

    assert view.masked == []
    assert view.facts.characteristics == FACTS["characteristics"]
    assert view.identifiers[1].value == "440103199002031234"
    assert view.sources is not None
    assert {source.fact for source in view.sources if source.is_sensitive} == {
        "characteristics.religion",
        "characteristics.family",
    }


def test_what_a_source_calls_sensitive_is_masked_too() -> None:
    view = shown(with_vault=False, is_sensitive=True)

    assert view.facts.basic == {}
    assert "basic.birth_date" in view.masked
