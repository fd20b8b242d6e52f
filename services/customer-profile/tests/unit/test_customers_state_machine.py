"""Whatever happens to a file, in any order, it stays one that can be stored, searched and shown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from customer_profile.customer import domain
from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import Customer, TooManyIdentifiers
from customer_profile.customer.file_json import file_json
from customer_profile.customer.rows import customer_of, row_of
from customer_profile.customer.schemas import CustomerView
from customer_profile.customer.sensitive import sensitive_names
from customer_profile.customer.source import SourceKind
from customer_profile.testing import AT, PlainVault, a_customer, a_source, an_identifier
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

NAMES = st.sampled_from(["张伟", "Ann", "华南电信有限公司", "José", "尉迟恭"])
FACTS = st.dictionaries(
    st.sampled_from(["birth_date", "hobbies", "religion", "short_name"]),
    st.sampled_from(["1990-02-28", "2000-02-29", None]),
)
PHONES = st.integers(0, 3).map(lambda number: an_identifier("phone", f"1380013800{number}"))
EXTERNALS = st.integers(0, 3).map(
    lambda number: an_identifier("external", f"C-{number}", system="erp")
)
GOVERNMENT_IDS = st.just(an_identifier("government_id", "440103199002031234"))
IDENTIFIERS = st.lists(st.one_of(PHONES, EXTERNALS, GOVERNMENT_IDS), max_size=6)


class Files(RuleBasedStateMachine):
    """One file and its changes."""

    @initialize(name=NAMES, identifiers=IDENTIFIERS)
    def created(self, name: str, identifiers: list[Any]) -> None:
        self.clock = AT
        self.file = domain.created(
            a_customer(name=name, identifiers=tuple(identifiers)), a_source()
        )

    def revise(
        self, told: tuple[str, ...] = (), *, is_sensitive: bool = False, **wanted: Any
    ) -> None:
        self.clock += timedelta(minutes=1)
        before: Customer = self.file
        source = a_source(SourceKind.VISIT, at=self.clock, is_sensitive=is_sensitive)
        after, fields = before.revised(replace(before, **wanted), source, told=told, at=self.clock)
        assert (after is before) is (fields == ())
        assert after.version - before.version == bool(fields)
        self.file = after

    @rule(name=NAMES)
    def rename(self, name: str) -> None:
        self.revise(name=name)

    @rule(identifiers=IDENTIFIERS)
    def add_identifiers(self, identifiers: list[Any]) -> None:
        self.revise(identifiers=(*self.file.identifiers, *identifiers))

    @rule(identifiers=IDENTIFIERS)
    def replace_identifiers(self, identifiers: list[Any]) -> None:
        self.revise(identifiers=tuple(identifiers))

    @rule(group=st.sampled_from(facts_of.GROUPS), facts=FACTS, is_sensitive=st.booleans())
    def tell_facts(self, group: str, facts: dict[str, Any], is_sensitive: bool) -> None:
        told = {group: facts}
        self.revise(
            facts_of.names(told),
            is_sensitive=is_sensitive,
            facts=facts_of.merged(self.file.facts, told),
        )

    @rule(tags=st.lists(st.sampled_from(["vip", "campus", "gold"]), max_size=5))
    def tag(self, tags: list[str]) -> None:
        self.revise(tags=(*self.file.tags, *tags))

    @rule()
    def too_many_tags(self) -> None:
        with pytest.raises(TooManyIdentifiers):
            self.revise(tags=tuple(f"t{number}" for number in range(101)))

    @rule(stars=st.one_of(st.none(), st.integers(1, 6)))
    def rate(self, stars: int | None) -> None:
        self.file = replace(
            self.file, tier=stars, version=self.file.version + 1, updated_at=self.clock
        )

    @invariant()
    def holds_every_identifier_and_tag_once(self) -> None:
        keys = [identifier.key for identifier in self.file.identifiers]
        assert len(set(keys)) == len(keys)
        assert len(set(self.file.tags)) == len(self.file.tags)

    @invariant()
    def speaks_only_of_facts_that_are_there(self) -> None:
        present = set(facts_of.names(self.file.facts))
        assert {name for source in self.file.sources for name in source.facts} <= present
        assert self.file.sensitive <= present
        assert all(source.facts for source in self.file.sources)

    @invariant()
    def comes_back_from_its_row_as_it_was(self) -> None:
        assert customer_of(row_of(self.file)) == self.file  # type: ignore[arg-type]  # A row is read by names alone.

    @invariant()
    def is_shown_without_what_is_sensitive(self) -> None:
        row = row_of(self.file)
        masked = CustomerView.model_validate_json(file_json(row, vault=None, with_sources=True))
        whole = CustomerView.model_validate_json(file_json(row, vault=PlainVault()))
        assert "religion" not in masked.facts.characteristics
        assert set(masked.masked) == set(sensitive_names(row))
        assert whole.masked == []
        assert "440103199002031234" not in masked.model_dump_json()


TestFiles = Files.TestCase
