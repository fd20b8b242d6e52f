"""The customer's file: what changes it, what is masked, where facts came from;
identifiers in their one written form.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from customer_profile.customer import domain, use_cases
from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import CustomerChanged, TooManyIdentifiers
from customer_profile.customer.rows import row_of
from customer_profile.customer.sensitive import sensitive_names
from customer_profile.customer.source import MOST_SOURCES, SourceKind
from customer_profile.identifier.domain import masked
from customer_profile.testing import AT, FakeCustomers, a_customer, a_source, an_identifier
from hypothesis import given
from hypothesis import strategies as st
from service_kit.words.not_readable import IdentifierNotReadable

LATER = AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("(010) 8888-6666", "+861088886666"),
        ("01088886666转123", "+861088886666;ext=123"),
        ("+44 20 7946 0000", "+442079460000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("10086", "10086"),
        ("8888", "8888"),
    ],
)
def test_a_phone_is_written_as_e164_or_as_it_is_dialed(written: str, number: str) -> None:
    assert an_identifier("phone", written).value == number


@pytest.mark.parametrize(
    ("kind", "value", "system"),
    [
        ("phone", "call me", ""),
        ("phone", "1", ""),
        ("email", "nobody", ""),
        ("email", "a@b", ""),
        ("external", "C-1", ""),
        ("external", "", "erp"),
        ("external", "C-1", "ERP!"),
        ("government_id", "12", ""),
        ("wechat", "a b", ""),
    ],
)
def test_what_cannot_be_an_identifier_is_refused(kind: str, value: str, system: str) -> None:
    with pytest.raises(IdentifierNotReadable):
        an_identifier(kind, value, system=system)


def test_a_government_id_is_kept_masked_with_a_key_that_equal_numbers_share() -> None:
    one = an_identifier("government_id", "440103 19900203 123x")
    other = an_identifier("government_id", "44010319900203123X")

    assert one.value == "44**************3X"
    assert one.key == other.key
    assert one == other
    assert "19900203" not in one.value


@given(st.text(alphabet="0123456789ABCX", min_size=4, max_size=32))
def test_a_mask_shows_at_most_four_characters(number: str) -> None:
    shown = masked(number)

    assert len(shown) == len(number)
    assert sum(letter != "*" for letter in shown) <= 4
    assert shown.count("*") >= 2


async def test_a_new_file_drops_repeats_and_tells_where_its_facts_came_from() -> None:
    customers = FakeCustomers()
    phone = an_identifier("phone", "13800138000")
    wanted = a_customer(
        identifiers=(phone, phone),
        tags=("vip", "vip"),
        facts={"basic": {"birth_date": "1990-02-03", "sex": None}},
    )

    made = await use_cases.create(customers, wanted, a_source())

    assert (made.identifiers, made.tags) == ((phone,), ("vip",))
    assert made.facts["basic"] == {"birth_date": "1990-02-03"}
    assert [(source.kind, source.facts) for source in made.sources] == [
        (SourceKind.CARD, ("basic.birth_date",))
    ]
    assert made.birthday == 203
    assert len(customers.told) == 1


async def test_a_change_that_changes_nothing_is_not_told() -> None:
    file = a_customer()
    customers = FakeCustomers(file)

    after = await use_cases.change(
        customers, file, replace(file), a_source(), told=facts_of.NO_FACTS, at=LATER
    )

    assert after is file
    assert customers.told == []


async def test_a_fact_told_again_is_confirmed_by_its_second_source() -> None:
    told = {"basic": {"sex": "female"}}
    file = domain.created(a_customer(facts=told), a_source())
    customers = FakeCustomers(file)

    after = await use_cases.change(
        customers, file, file, a_source(SourceKind.VISIT, at=LATER), told=told, at=LATER
    )

    assert [source.kind for source in after.sources] == [SourceKind.CARD, SourceKind.VISIT]
    assert after.version == file.version + 1
    (event,) = customers.told
    assert isinstance(event, CustomerChanged)
    assert event.fields == ()


def test_the_source_of_a_fact_that_is_gone_goes_too() -> None:
    file = domain.created(a_customer(facts={"basic": {"sex": "female"}}), a_source())

    after, names = file.revised(
        replace(file, facts={"basic": {}}), a_source(SourceKind.VISIT), told=(), at=LATER
    )

    assert names == ("basic.sex",)
    assert after.sources == ()


def test_facts_are_sensitive_by_nature_or_because_their_source_says_so() -> None:
    facts = {
        "basic": {"profession": "judge", "sex": "male"},
        "characteristics": {"religion": "none", "hobbies": "chess"},
    }

    plain = domain.created(a_customer(facts=facts), a_source())
    declared = domain.created(a_customer(facts=facts), a_source(is_sensitive=True))

    assert sensitive_names(row_of(plain)) == ["characteristics.religion"]
    assert set(sensitive_names(row_of(declared))) == set(facts_of.names(facts))


def test_more_than_a_file_keeps_is_refused() -> None:
    with pytest.raises(TooManyIdentifiers):
        domain.tidied(a_customer(tags=tuple(f"tag-{number}" for number in range(101))))


def test_only_so_many_sources_are_kept_and_the_newest_are_among_them() -> None:
    facts = {"basic": {"sex": "male"}}
    file = domain.created(a_customer(facts=facts), a_source())

    for day in range(60):
        file = domain.with_source(
            file, a_source(SourceKind.VISIT, at=AT + timedelta(days=day)), ("basic.sex",)
        )

    assert len(file.sources) == MOST_SOURCES
    assert file.sources[-1].recorded_at == AT + timedelta(days=59)


def test_the_last_source_of_a_fact_stays_however_old_it_is() -> None:
    facts = {"basic": {"sex": "male", "profession": "judge"}}
    file = domain.created(a_customer(facts=facts), a_source())

    for day in range(60):
        file = domain.with_source(
            file, a_source(SourceKind.VISIT, at=AT + timedelta(days=day)), ("basic.sex",)
        )

    assert len(file.sources) == MOST_SOURCES
    assert file.sources[0].facts == ("basic.sex", "basic.profession")


names = st.sampled_from(["a", "b", "c"])
groups = st.dictionaries(names, st.one_of(st.none(), st.integers(), st.text(max_size=3)))


@given(
    st.dictionaries(st.sampled_from(facts_of.GROUPS), groups),
    st.dictionaries(st.sampled_from(facts_of.GROUPS), groups),
)
def test_a_merge_patch_sets_what_it_names_deletes_nulls_and_keeps_the_rest(
    before: dict, patch: dict
) -> None:
    after = facts_of.merged(facts_of.merged(facts_of.NO_FACTS, before), patch)

    for group in facts_of.GROUPS:
        for name in ("a", "b", "c"):
            expected = (
                patch[group][name]
                if name in patch.get(group, {})
                else before.get(group, {}).get(name)
            )
            assert after[group].get(name) == expected
            assert after[group].get(name, "absent") is not None
