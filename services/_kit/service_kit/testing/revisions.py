"""`python -m service_kit.testing.revisions <package> "<message>"`:
drafts the migration from the last revision to the code's tables.
"""

import asyncio
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, text

from service_kit.postgres.server import PostgresServer
from service_kit.store.connection import connect
from service_kit.store.migrations import comparison, engine_for, migrate, script_directory

FILE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
SCHEMA = "drafted"


async def difference(url: str, schema: str, metadata: MetaData) -> list[Any]:
    """What the tables of the code have and the migrated schema lacks, or the other way round;
    empty when they agree.
    """
    return list(
        await _with_context(url, schema, lambda context: compare_metadata(context, metadata))
    )


async def _with_context(url: str, schema: str, ask: Any) -> Any:
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f'SET search_path = "{schema}"'))
            return await connection.run_sync(lambda sync: ask(comparison(sync)))
    finally:
        await engine.dispose()


async def draft(package: str, message: str) -> Path:
    """Write the draft into the package's migrations and return its path;
    read it before you commit it.
    """
    metadata: MetaData = importlib.import_module(f"{package}.tables").metadata
    migrations = Path(str(importlib.import_module(package).__file__)).parent / "migrations"
    script = script_directory(str(migrations))
    with tempfile.TemporaryDirectory(prefix="guanxi-draft-") as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(Path(folder) / "pg", durable=False) as server:
            await _execute(server.url(), f'CREATE SCHEMA "{SCHEMA}"')
            if script.get_current_head():
                await migrate(server.url(), SCHEMA, str(migrations))
            made = await _with_context(
                server.url(), SCHEMA, lambda context: _rendered(context, metadata)
            )
    number = len(list(script.walk_revisions())) + 1
    revision = f"{number:04d}"
    path = migrations / "versions" / f"{revision}_{'_'.join(message.lower().split())}.py"
    path.write_text(
        FILE.format(
            message=message,
            revision=revision,
            down_revision=script.get_current_head(),
            upgrade=made[0],
            downgrade=made[1],
        )
    )
    return path


def _rendered(context: MigrationContext, metadata: MetaData) -> tuple[str, str]:
    script = produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    return _code(script.upgrade_ops, context), _code(script.downgrade_ops, context)


def _code(operations: Any, context: MigrationContext) -> str:
    code = render_python_code(operations, migration_context=context)
    return "\n    ".join(
        line.strip() if line.startswith("    ") else line
        for line in code.splitlines()
        if not line.strip().startswith("#")
    )


async def _execute(url: str, statement: str) -> None:
    connection = await connect(url, within=10.0)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


if __name__ == "__main__":
    print(asyncio.run(draft(sys.argv[1], sys.argv[2])))
