"""No statement needs what a distributed Postgres refuses,
and none makes a new connection ask for types.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest
import service_kit
from service_kit.store.connection import Connection, Hosts, teach
from service_kit.store.migrations import migrate
from service_kit.store.statements import Compiled, takes_columns
from service_kit.testing.distributed import refusals, volatile_of
from service_kit.testing.wire import Wire
from sqlalchemy import Delete, Insert, Update
from sqlalchemy.sql.selectable import SelectBase

from tests.contract.rooms import Room
from tests.contract.test_contract_migrations import (
    DEFINES,
    own_database,  # noqa: F401 - a fixture
    sent_definitions,
)

KINDS = (SelectBase, Insert, Update, Delete)
CHANGES = ("INSERT", "UPDATE", "DELETE", "WITH")
UNTESTED = ("testing", "__main__", "migrations", "bench")


def modules_of(package: str) -> Iterator[ModuleType]:
    """Every module of a package but those that only tests and command lines need."""
    root = importlib.import_module(package)
    yield root
    for found in pkgutil.walk_packages(getattr(root, "__path__", []), f"{package}."):
        if not any(part in UNTESTED for part in found.name.split(".")):
            yield importlib.import_module(found.name)


def statements_in(value: object) -> Iterator[Any]:
    """Statements that a module holds by name, or in a mapping, a list or a class by name."""
    if isinstance(value, KINDS):
        yield value
    elif isinstance(value, Mapping):
        yield from (each for each in value.values() if isinstance(each, KINDS))
    elif isinstance(value, list | tuple):
        yield from (each for each in value if isinstance(each, KINDS))
    elif isinstance(value, type) and value.__module__.split(".")[0] != "sqlalchemy":
        yield from (each for each in vars(value).values() if isinstance(each, KINDS))


def compiled_of(*packages: str, schema: str) -> dict[str, str]:
    """The SQL of all statements at module level, by where one stands."""
    found: dict[str, str] = {}
    for module in (module for package in packages for module in modules_of(package)):
        for name, value in vars(module).items():
            for statement in statements_in(value):
                columns = sorted(statement.table.c.keys()) if takes_columns(statement) else None
                found.setdefault(
                    Compiled(statement, schema, columns).sql, f"{module.__name__}.{name}"
                )
    return {where: sql for sql, where in found.items()}


def of_room(room: Room) -> dict[str, str]:
    packages = ["service_kit", *([] if room.package == "notes" else [room.package])]
    return compiled_of(*packages, schema=room.package)


async def test_no_statement_needs_what_a_distributed_postgres_refuses(
    room: Room, postgres_url: str
):
    statements = of_room(room)
    volatile = await volatile_of(postgres_url, statements.values())

    found = [
        f"{where}: {why}"
        for where, sql in statements.items()
        for why in refusals(sql, schema=room.package, volatile=volatile)
    ]

    assert len(statements) > 40
    assert not found, "\n".join(found)


async def test_no_migration_says_what_a_distributed_postgres_refuses(room: Room, own_database: str):  # noqa: F811 - the fixture
    with sent_definitions((*DEFINES, *CHANGES)) as said:
        await migrate(own_database, room.package, str(room.migrations))

    found = [f"{sql[:200]}: {why}" for sql in said for why in refusals(sql, schema=room.package)]

    assert said
    assert not found, "\n".join(found)


async def test_no_statement_makes_a_new_connection_ask_for_types(room: Room, make_database):
    url = await make_database(room.migrations, room.package)
    async with Wire(url) as wire:
        connection = await Hosts(wire.url).connect(within=10.0)
        await teach(connection)
        for sql in of_room(room).values():
            await connection.prepare(sql)
        await connection.close()

    asked = bytes(wire.heard)
    assert b"SELECT" in asked
    assert b"pg_type" not in asked
    assert b"typeinfo" not in asked


async def test_a_type_that_is_not_known_beforehand_is_noticed_by_that_test(postgres_url: str):
    """The measure of the test before: a type of somebody's own makes the driver ask."""
    async with Wire(postgres_url) as wire:
        connection: Connection = await Hosts(wire.url).connect(within=10.0)
        await connection.prepare("SELECT NULL::regclass[]")
        await connection.close()

    assert b"typeinfo" in bytes(wire.heard)


VOLATILE = ("clock_timestamp", "gen_random_uuid", "random")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (
            "UPDATE notes.lease SET expires_at=clock_timestamp() WHERE notes.lease.name = $1",
            "clock_timestamp() in a change",
        ),
        (
            "UPDATE notes.lease AS l SET epoch=1 WHERE l.expires_at < clock_timestamp()",
            "clock_timestamp() in a change",
        ),
        (
            "DELETE FROM notes.timer WHERE notes.timer.due_at < clock_timestamp()",
            "clock_timestamp() in a change",
        ),
        (
            "INSERT INTO notes.a (x) VALUES ($1) ON CONFLICT (x) DO UPDATE SET y = random()",
            "random() in a change",
        ),
        (
            "WITH done AS (UPDATE notes.a SET x = gen_random_uuid() RETURNING 1) SELECT 1",
            "gen_random_uuid() in a change",
        ),
        ("SELECT a.x FROM scoring.a JOIN notes.b ON true", "the schema scoring"),
        ("SELECT * FROM notes.a, scoring.b WHERE true", "the schema scoring"),
        ('INSERT INTO "scoring".a (x) VALUES ($1)', "the schema scoring"),
        ("SELECT public.similarity($1, $2)", "the schema public"),
        (
            "ALTER TABLE notes.a ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES scoring.b (id)",
            "the schema scoring",
        ),
        ("SELECT pg_try_advisory_xact_lock($1)", "an advisory lock"),
        ("SELECT pg_advisory_lock($1, $2)", "an advisory lock"),
        ("CREATE TRIGGER t AFTER INSERT ON notes.a EXECUTE FUNCTION notes.f()", "a trigger"),
        (
            (
                "CREATE OR REPLACE CONSTRAINT TRIGGER t AFTER INSERT ON notes.a EXECUTE FUNCTION"
                " notes.f()"
            ),
            "a trigger",
        ),
        ("CREATE TABLE notes.a (id BIGSERIAL PRIMARY KEY)", "a serial or a sequence"),
        ("ALTER TABLE notes.a ALTER x SET DEFAULT nextval('notes.s')", "a serial or a sequence"),
        ("CREATE TABLE notes.a (id bigint GENERATED BY DEFAULT AS IDENTITY)", "an identity"),
        (
            (
                "INSERT INTO notes.a (x) SELECT x FROM unnest($1::INT[]) AS r(x) ON CONFLICT (x) DO"
                " UPDATE SET x = excluded.x - $2"
            ),
            "a parameter behind ON CONFLICT of INSERT ... SELECT",
        ),
        (
            (
                "INSERT INTO notes.a (x) SELECT 'no. ' || row_number() OVER (PARTITION BY y ORDER"
                " BY z) FROM notes.b"
            ),
            "a value computed from a window function inside INSERT ... SELECT",
        ),
        (
            (
                "INSERT INTO notes.a (x) SELECT y FROM (SELECT rank() OVER (ORDER BY z)::text AS y"
                " FROM notes.b) AS ranked"
            ),
            "a value computed from a window function inside INSERT ... SELECT",
        ),
    ],
)
def test_what_is_refused_is_noticed(sql: str, why: str):
    assert why in refusals(sql, schema="notes", volatile=VOLATILE)


@pytest.mark.parametrize(
    "sql",
    [
        (
            "SELECT notes.lease.epoch, clock_timestamp() AS now FROM notes.lease WHERE"
            " notes.lease.name = $1 FOR NO KEY UPDATE"
        ),
        (
            "INSERT INTO notes.event (subject, at) VALUES ($1, clock_timestamp()) ON CONFLICT DO"
            " NOTHING"
        ),
        (
            "UPDATE notes.lease SET expires_at=$1, name=lower($2) WHERE notes.lease.name ="
            " 'clock_timestamp()'"
        ),
        "SELECT pg_catalog.lower($1), e.x FROM notes.event AS e, notes.job AS j WHERE e.id = j.id",
        (
            "INSERT INTO notes.a (x) SELECT r.x FROM unnest($1::INT[]) AS r(x) ON CONFLICT (x) DO"
            " UPDATE SET x = excluded.x"
        ),
        "INSERT INTO notes.a (x) VALUES ($1) ON CONFLICT (x) DO UPDATE SET x = notes.a.x + $2",
        (
            "INSERT INTO notes.a (x) SELECT y FROM (SELECT y, row_number() OVER (ORDER BY z) AS n"
            " FROM notes.b) AS r WHERE n = 1"
        ),
        (
            "WITH r AS MATERIALIZED (SELECT 1 + row_number() OVER (ORDER BY z) AS y FROM notes.b)"
            " INSERT INTO notes.a (x) SELECT y FROM r"
        ),
    ],
)
def test_what_is_taken_is_not_refused(sql: str):
    assert refusals(sql, schema="notes", volatile=VOLATILE) == []


def test_statements_are_found_wherever_a_module_keeps_them():
    found = compiled_of("service_kit", schema="notes")

    assert {
        "service_kit.store.leases.TAKE",
        "service_kit.work.jobs.CLAIM",
        "service_kit.store.outbox.WRITE",
    } <= found.keys()
    assert len(list(modules_of(service_kit.__name__))) > 50
