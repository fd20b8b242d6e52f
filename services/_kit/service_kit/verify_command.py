"""The command `verify`: what it says, and the code that it ends with."""

import asyncio
from collections.abc import Callable

import asyncpg
import typer
from rich.console import Console
from sqlalchemy import MetaData

from service_kit.process.secrets import Sealer
from service_kit.process.settings import ServiceSettings
from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.store.verification import Findings, take_in, verify_all
from service_kit.words.errors import Refusal

HOLDS, BROKEN, CANNOT_LOOK = 0, 1, 2


def run_verification(
    name: str, chosen: Callable[[], ServiceSettings], tables: MetaData, *, is_taking_in: bool
) -> int:
    """Verify, say what was found, and give the exit code."""
    try:
        found = asyncio.run(_verified(name, chosen(), tables, is_taking_in=is_taking_in))
    except SystemExit:
        return CANNOT_LOOK
    except (
        Refusal,
        TransactionRolledBack,
        OutcomeUnknown,
        asyncpg.PostgresError,
        OSError,
    ) as error:
        typer.echo(f"{name}: cannot look: {error or type(error).__name__}", err=True)
        return CANNOT_LOOK
    for fault in found.faults:
        typer.echo(f"{name}: {fault}")
    if found.faulty > len(found.faults):
        typer.echo(f"{name}: and {found.faulty - len(found.faults)} more")
    typer.echo(f"{name}: {summary(found)}")
    return BROKEN if found.faulty else HOLDS


def summary(found: Findings) -> str:
    """One line: what was looked at, and how it came out."""
    walked = (
        f"{found.rows} rows of {found.subjects} subjects, {found.seals} seals, {found.unsealed}"
        " rows not sealed yet"
    )
    later = f", {found.found_later} found there when seals began" if found.found_later else ""
    return f"{walked}{later}: {f'{found.faulty} do not hold' if found.faulty else 'all hold'}"


async def _verified(
    name: str, chosen: ServiceSettings, tables: MetaData, *, is_taking_in: bool
) -> Findings:
    database = Database(chosen.database_url, chosen.database_schema)
    await database.open()
    try:
        if is_taking_in:
            await take_in(database, (await _walked(name, chosen, tables, database)).lacking)
        return await _walked(name, chosen, tables, database)
    finally:
        await database.close()


async def _walked(
    name: str, chosen: ServiceSettings, tables: MetaData, database: Database
) -> Findings:
    with Console(stderr=True).status(f"{name}: looking at the first rows") as status:
        return await verify_all(
            database,
            Sealer(chosen.secret_key.get_secret_value()),
            tables,
            tell=lambda rows: status.update(f"{name}: {rows} rows") if rows % 1_000 == 0 else None,
        )
