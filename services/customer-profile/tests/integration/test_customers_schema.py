"""The schema, the contract and the plans of the hot statements."""

import re
from pathlib import Path
from typing import Any

import customer_profile
import pytest
from customer_profile.app import compose
from customer_profile.customer.listing import listing, searching
from customer_profile.customer.store import BEFORE_ALL, BEHIND_ALL, FIND
from customer_profile.search.keys import query
from customer_profile.settings import Settings
from customer_profile.tables import metadata
from customer_profile.timeline.store import reading
from service_kit.process.settings import ServiceSettings
from service_kit.store.database import Database
from service_kit.testing.revisions import difference
from service_kit.words.fields import EARLIEST, LATEST
from sqlalchemy import UniqueConstraint

FILL = """

INSERT INTO customer_profile.customer (id, version, kind, name, language, time_zone, unit, roles,
identifiers, tags, facts, sources,
    sensitive, tier, do_not_contact, birthday, created_at, updated_at)
SELECT gen_random_uuid(), 1, 'individual', 'N' || n, 'zh-CN', 'Asia/Shanghai', 'cn.u' || n % 50,
'{}', '[]', '{}', '{}', '[]', '{}',
    n % 6 + 1, false, 101 + n % 28, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO customer_profile.customer_search SELECT id, unit, ARRAY['t' || md5(id::text), 'all'],
repeat(' ' || name || ' ', 12)
    FROM customer_profile.customer;
INSERT INTO customer_profile.identifier_holder SELECT 'phone:+86' || row_number() OVER (), id, id,
false FROM customer_profile.customer;
INSERT INTO customer_profile.timeline_entry SELECT (SELECT min(id::text)::uuid FROM
customer_profile.customer),
    now() - n * interval '1 hour', gen_random_uuid(), 'voice', 'interaction', 'x', '', '{}',
    'interaction', gen_random_uuid()
    FROM generate_series(1, 4000) n;
"""
EVERYTHING: dict[str, Any] = {"units": None, "limit": 51}
FOUND = query("t0", region="CN")
ANY_SEARCH = {
    "tokens": ["t" + "0" * 32],
    "parts": ["%t0%"],
    "whole": ["% t0 %"],
    "begins": ["% t0%"],
    "after_rank": -1,
    "after": BEFORE_ALL,
}
NO_FILTERS = {"keys": 0, "tag": False, "tier": False, "unit": False}


@pytest.fixture
async def filled(settings: Settings) -> Any:
    database = Database(settings.database_url, settings.database_schema)
    await database.open()
    async with database.transaction() as tx:
        await tx.connection.execute(FILL)
    async with database.reading() as reader:
        await reader.connection.execute("VACUUM ANALYZE")
    yield database
    await database.close()


async def plan_of(database: Database, statement: Any, *, mode: str, **given: Any) -> str:
    """How Postgres runs a statement as it is prepared by the pool, with a plan of either kind."""
    compiled = database.statements.compiled(statement, given)
    async with database.transaction() as tx:
        await tx.connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        rows = await tx.connection.fetch(f"EXPLAIN {compiled.sql}", *compiled.arguments(given))
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_hot_reads_use_their_indexes_whatever_the_plan(filled: Database, mode: str) -> None:
    async with filled.reading() as reader:
        row = await reader.connection.fetchrow(
            "SELECT min(id::text)::uuid AS id FROM customer_profile.customer"
        )
    some = row["id"]
    by_phone = listing(**(NO_FILTERS | {"keys": 1}), scoped=False)
    hot = {
        "by id": (FIND, {"id": some, "units": None}, "pk_customer"),
        "by phone": (
            by_phone,
            {"keys_0": ["phone:+861", "phone:+861;ext"], "before": BEHIND_ALL, "limit": 51},
            "pk_identifier_holder",
        ),
        "list": (
            listing(**NO_FILTERS, scoped=False),
            {"before": BEHIND_ALL, "limit": 51},
            "pk_customer",
        ),
        "search": (searching(**NO_FILTERS), EVERYTHING | ANY_SEARCH, "ix_customer_search_tokens"),
        "two days": (
            reading(channel=False),
            EVERYTHING
            | {
                "customer_id": some,
                "since": EARLIEST,
                "before_at": LATEST,
                "before": BEHIND_ALL,
                "kinds": ["interaction"],
            },
            "pk_timeline_entry",
        ),
    }

    for name, (statement, given, index) in hot.items():
        plan = await plan_of(filled, statement, mode=mode, **given)
        assert index in plan, f"{name}:\n{plan}"
        assert "Seq Scan" not in plan, f"{name}:\n{plan}"


async def test_the_first_page_of_a_list_is_read_in_order_without_sorting(filled: Database) -> None:
    statement = listing(**NO_FILTERS, scoped=False)

    plan = await plan_of(filled, statement, mode="force_generic_plan", before=BEHIND_ALL, limit=51)

    assert "Index Scan Backward" in plan
    assert "Sort" not in plan


async def test_the_schema_is_the_one_of_the_migrations(settings: Settings) -> None:
    assert await difference(settings.database_url, settings.database_schema, metadata) == []


def test_every_table_begins_its_primary_key_with_its_root_and_has_no_other_unique_constraint() -> (
    None
):
    roots = {
        "id",
        "customer_id",
        "key",
        "import_id",
        "subject",
        "name",
        "source",
        "issuer",
        "client_id",
        "version_num",
    }
    for table in metadata.sorted_tables:
        first = next(iter(table.primary_key.columns))
        assert first.name in roots, table.name
        assert not [each for each in table.constraints if isinstance(each, UniqueConstraint)], (
            table.name
        )
        for index in table.indexes:
            if index.unique:
                assert next(iter(index.columns)).name == first.name, index.name


def test_every_setting_of_its_own_is_in_the_readme() -> None:
    readme = (Path(str(customer_profile.__file__)).parent.parent / "README.md").read_text(
        encoding="utf-8"
    )
    for name in set(Settings.model_fields) - set(ServiceSettings.model_fields):
        assert f"`GUANXI_{name.upper()}`" in readme, name
        assert Settings.model_fields[name].description


def test_the_contract_bounds_every_string_and_names_every_scope() -> None:
    document = compose(Settings()).openapi()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 35
    for operation in operations:
        assert "security" in operation, operation["operationId"]
    for name, schema in document["components"]["schemas"].items():
        for field, property_ in schema.get("properties", {}).items():
            for shape in property_.get("anyOf", [property_]):
                if shape.get("type") == "string":
                    assert {"maxLength", "enum", "const", "format"} & set(shape), f"{name}.{field}"
                if shape.get("type") == "array":
                    assert "maxItems" in shape, f"{name}.{field}"
                if shape.get("type") == "integer":
                    assert {"minimum", "maximum", "format"} <= set(shape), f"{name}.{field}"


def test_events_carry_no_field_that_names_a_person() -> None:
    events = compose(Settings()).events
    for model in events:
        personal = [
            field
            for field in model.model_fields
            if re.search(r"name|phone|mail|subject|text|note|proof", field)
        ]
        assert personal == [], model.event_type
