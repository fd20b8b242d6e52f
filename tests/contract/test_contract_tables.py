"""Every table is owned, begins with its aggregate's id,
and needs nothing that a distributed Postgres lacks.
"""

from sqlalchemy import Uuid

from tests.contract.catalog import CONSTRAINTS, OTHERS, ROWS, UNIQUE, asked, rows_of
from tests.contract.rooms import Room

OUR_PREFIXES = ("pk_", "uq_", "ck_", "fk_", "ix_", "ex_")


async def test_every_table_of_the_schema_is_in_the_code(room: Room, make_database):
    url = await make_database(room.migrations, room.package)

    assert set(await asked(url, ROWS, room.package)) == {
        *room.metadata.tables,
        "schema_version",
        "schema_fingerprint",
    }


async def test_a_schema_has_no_sequence_trigger_procedure_view_type_or_extension(
    room: Room, make_database
):
    url = await make_database(room.migrations, room.package)

    assert list(await asked(url, OTHERS, room.package)) == []


async def test_every_constraint_has_a_name_of_ours(room: Room, make_database):
    url = await make_database(room.migrations, room.package)

    names = [
        line.split(" ")[1]
        for line in await asked(url, CONSTRAINTS, room.package)
        if not line.startswith("schema_")
    ]

    # From PostgreSQL 18 on, NOT NULL is a constraint with a name that it makes itself.
    assert [
        name
        for name in names
        if not name.startswith(OUR_PREFIXES) and not name.endswith("_not_null")
    ] == []


def test_every_primary_key_begins_with_an_id_or_is_the_value_that_is_looked_up(room: Room):
    found = []
    for table in room.metadata.sorted_tables:
        first = next(iter(table.primary_key.columns))
        is_id = isinstance(first.type, Uuid)
        is_value = not any(
            isinstance(column.type, Uuid) for column in table.primary_key.columns
        ) or not first.name.endswith("id")
        if not is_id and not is_value:
            found.append(f"{table.name}: {[column.name for column in table.primary_key.columns]}")

    assert not found, "\n".join(found)


async def test_what_is_unique_is_unique_within_its_aggregate(room: Room, make_database):
    """A distributed Postgres can only promise what holds among the rows of one root;
    the rest has a lookup table of its own.
    """
    url = await make_database(room.migrations, room.package)
    indexes = await rows_of(url, UNIQUE, room.package)
    roots = {row["relname"]: row["columns"][0] for row in indexes if row["is_primary"]}

    found = [
        f"{row['relname']}: {row['index']} {row['columns']}"
        for row in indexes
        if roots[row["relname"]] not in row["columns"]
    ]

    assert not found, "\n".join(found)


def test_foreign_keys_stay_inside_the_aggregate(room: Room):
    found = []
    for table in room.metadata.sorted_tables:
        root = next(iter(table.primary_key.columns)).name
        for constraint in table.foreign_key_constraints:
            referred = next(iter(constraint.referred_table.primary_key.columns)).name
            pairs = {(element.parent.name, element.column.name) for element in constraint.elements}
            if (root, referred) not in pairs:
                found.append(f"{table.name}: {constraint.name} {sorted(pairs)}")

    assert not found, "\n".join(found)


def test_every_text_column_has_a_limit(room: Room):
    """By its type, or by a check on its length."""
    found = []
    for table in room.metadata.sorted_tables:
        checks = " ".join(
            str(getattr(constraint, "sqltext", "")) for constraint in table.constraints
        )
        for column in table.columns:
            is_unbounded = (
                column.type.__class__.__name__ in {"Text", "String"}
                and getattr(column.type, "length", None) is None
            )
            if is_unbounded and column.name not in checks and table.name != "parked_event":
                found.append(f"{table.name}.{column.name}")

    assert not found, "\n".join(found)
