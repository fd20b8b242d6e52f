"""Databases for tests:
made once from the migrations, emptied and used again by the tests that come after.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service_kit.store.connection import connect
from service_kit.store.migrations import migrate
from service_kit.testing.published import contract_of, faults_of
from service_kit.words.identity import new_id

# Rows that migrations themselves put in are kept aside, so that an emptied database can be given
# them again.
SEED = "test_seed"
SHAPE = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
  SELECT 'c' || oid || '.' || xmin AS part FROM pg_class WHERE oid >= 16384 AND
  relnamespace::regnamespace::text NOT LIKE 'pg\\_%'
  UNION ALL SELECT 'n' || oid || '.' || xmin FROM pg_namespace WHERE oid >= 16384 AND nspname NOT
  LIKE 'pg\\_%'
  UNION ALL SELECT 'p' || oid || '.' || xmin FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 't' || oid || '.' || xmin FROM pg_trigger
  UNION ALL SELECT 'k' || oid || '.' || xmin FROM pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 's' || setrole || '.' || xmin FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS parts
"""
TABLES = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> ALL (ARRAY['pg_catalog',"
    " 'information_schema', $1])"
)
OTHERS = (
    "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity WHERE datname ="
    " current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Template:
    """What databases are copied from;
    `shape` tells whether a test has changed more than rows, `empty` takes the rows away.
    """

    name: str
    shape: str
    empty: str


@dataclass(frozen=True)
class Lent:
    name: str
    url: str
    template: Template
    schema: str
    migrations: str


class Databases:
    """Lends migrated databases of one server.
    What a test gives back is emptied, not dropped: making one takes ten times longer.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._templates: dict[tuple[str, str], Template] = {}
        self._idle: defaultdict[str, list[Lent]] = defaultdict(list)
        self._lent: list[Lent] = []

    async def lend(self, migrations: str, schema: str) -> str:
        """The URL of a database that holds what the migrations made, and nothing else."""
        key = (migrations, schema)
        if key not in self._templates:
            self._templates[key] = await _template(self._server, migrations, schema)
        template = self._templates[key]
        found = await self._found(template) or await _copied(
            self._server, template, migrations, schema
        )
        self._lent.append(found)
        return found.url

    async def _found(self, template: Template) -> Lent | None:
        idle = self._idle[template.name]
        while idle:
            found = idle.pop()
            if await _emptied(found):
                return found
            await _drop(self._server, [found.name])
        return None

    async def faults(self) -> list[str]:
        """What is wrong with the events that were told in the lent databases,
        by the published contracts.
        """
        return [
            fault
            for each in self._lent
            for fault in await faults_of(each.url, each.schema, contract_of(each.migrations))
        ]

    def take_back(self) -> None:
        """Every lent database may be lent again."""
        for each in self._lent:
            self._idle[each.template.name].append(each)
        self._lent.clear()

    async def drop(self) -> None:
        self.take_back()
        await _drop(self._server, [each.name for idle in self._idle.values() for each in idle])
        await _drop(self._server, [template.name for template in self._templates.values()])


async def _template(server: str, migrations: str, schema: str) -> Template:
    name = f"template_{new_id().hex}"
    await run(server, f'CREATE DATABASE "{name}"')
    url = url_of(server, name)
    await run(url, f'CREATE SCHEMA "{schema}"')
    await migrate(url, schema, migrations)
    connection = await connect(url, within=10.0)
    try:
        tables = await connection.fetch(TABLES, SEED)
        empty = await _kept_seed(connection, [f'"{table[0]}"."{table[1]}"' for table in tables])
        return Template(name, await connection.fetchval(SHAPE), empty)
    finally:
        await connection.close()


async def _copied(server: str, template: Template, migrations: str, schema: str) -> Lent:
    name = f"t_{new_id().hex}"
    await run(server, f'CREATE DATABASE "{name}" TEMPLATE "{template.name}"')
    return Lent(name, url_of(server, name), template, schema, migrations)


async def _kept_seed(connection: Any, tables: Sequence[str]) -> str:
    """Keep aside what the migrations put in,
    and give the statement that brings the tables back to it.
    """
    await connection.execute(f'CREATE SCHEMA "{SEED}"')
    statements = ["SET session_replication_role = replica"]
    for number, table in enumerate(tables):
        statements.append(f"DELETE FROM {table}")  # noqa: S608 - the names come from the catalog
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):  # noqa: S608 - as above
            await connection.execute(f'CREATE TABLE "{SEED}".t{number} AS TABLE {table}')
            statements.append(f'INSERT INTO {table} SELECT * FROM "{SEED}".t{number}')  # noqa: S608 - as above
    return "; ".join(statements)


async def _emptied(found: Lent) -> bool:
    """Empty it; False when the last test changed its shape, or may have."""
    connection = await connect(found.url, within=10.0)
    try:
        await connection.execute(OTHERS)
        if not await connection.fetchval(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ):
            return False
        if await connection.fetchval(SHAPE) != found.template.shape:
            return False
        await connection.execute(found.template.empty)
        return True
    finally:
        await connection.close()


async def _drop(server: str, names: Sequence[str]) -> None:
    for name in names:
        await run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def run(url: str, statement: str) -> None:
    connection = await connect(url, within=10.0)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def url_of(server: str, database: str) -> str:
    """The server's URL with another database."""
    address, question, options = server.partition("?")
    return f"{address.rpartition('/')[0]}/{database}{question}{options}"
