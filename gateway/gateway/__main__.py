"""`python -m gateway serve | work | migrate | verify | openapi`, and the commands for clients,
keys and the public contract.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from service_kit.command import command_line, contract_settings
from service_kit.process.origin import Origin
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Refusal
from service_kit.words.identity import clock, new_id
from service_kit.words.money import Money

from gateway.app import MIGRATIONS, Gateway, compose
from gateway.client import use_cases
from gateway.client.domain import Client, require_strong
from gateway.client.store import ClientStore
from gateway.contract.documents import read_contracts
from gateway.contract.merge import merge
from gateway.contract.paths import PathClaimedTwice
from gateway.rights.domain import SCOPES, Rights, known_scopes
from gateway.services import GATEWAY
from gateway.settings import Settings
from gateway.signing_key.ring import KeyRing
from gateway.tables import metadata

GIVEN_IN = "GUANXI_NEW_CLIENT_SECRET"
TRIES = 10
cli = command_line(
    name=GATEWAY, settings=Settings, compose=compose, migrations=MIGRATIONS, tables=metadata
)


@cli.command()
def ensure_client(
    client_id: Annotated[str, typer.Option(help="The client's id.")],
    name: Annotated[str, typer.Option(help="The client's name.")],
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    all_scopes: Annotated[bool, typer.Option(help="All scopes there are.")] = False,
    unit: Annotated[
        list[str] | None,
        typer.Option(help="An organization unit; may be repeated. None: the whole company."),
    ] = None,
    approval_limit: Annotated[
        str, typer.Option(help='Such as "500.00 CNY"; nothing means zero.')
    ] = "",
) -> None:
    """Register a client, or bring it into this shape;
    its secret is read from GUANXI_NEW_CLIENT_SECRET.
    """
    try:
        rights = Rights(
            scopes=frozenset(SCOPES) if all_scopes else known_scopes(scope or ()),
            units=tuple(unit) if unit else None,
            approval_limit=Money.parse(approval_limit) if approval_limit else None,
        )
        secret = require_strong(os.environ.get(GIVEN_IN, ""))
        client = asyncio.run(_ensured(compose(Settings()), client_id, name, rights, secret))
    except (Refusal, ValidationError, ValueError, OutcomeUnknown, TransactionRolledBack) as error:
        raise _stopped(f"ensure-client: {error}") from error
    typer.echo(f"{client.client_id}: {len(client.rights.scopes)} scopes")


@cli.command()
def rotate_signing_key(
    compromised: Annotated[
        bool,
        typer.Option(
            help=(
                "Sign with the new key at once and refuse what the old ones signed: here within"
                " seconds, in the services within a minute."
            )
        ),
    ] = False,
) -> None:
    """Make the next signing key;
    it is published now and signs in an hour, without a single refusal.
    """
    try:
        kid = asyncio.run(_rotated(compose(Settings()), is_compromised=compromised))
    except (Refusal, ValidationError, OutcomeUnknown, TransactionRolledBack) as error:
        raise _stopped(f"rotate-signing-key: {error}") from error
    typer.echo(kid)


@cli.command()
def public_openapi(
    folder: Annotated[Path, typer.Argument(help="Folder with the contracts of the services.")],
) -> None:
    """Print the contract of the whole API, merged from those of the gateway and the services."""
    own = compose(_contract_settings()).openapi()
    try:
        merged = merge(own, read_contracts(folder))
    except PathClaimedTwice as error:
        raise _stopped(f"public-openapi: {error}") from error
    typer.echo(json.dumps(merged, indent=2, ensure_ascii=False))


def _contract_settings() -> Settings:
    chosen = contract_settings(Settings)
    assert isinstance(chosen, Settings), "the kit makes what it is given the class of"
    return chosen


async def _ensured(
    gateway: Gateway, client_id: str, name: str, rights: Rights, secret: str
) -> Client:
    await gateway.database.open()
    try:
        for attempt in range(1, TRIES + 1):
            try:
                async with gateway.database.transaction(origin=Origin(actor="ensure-client")) as tx:
                    return await use_cases.ensure(
                        ClientStore(tx),
                        id=new_id(),
                        client_id=client_id,
                        name=name,
                        rights=rights,
                        secret=secret,
                        default=gateway.settings.limit_of_all,
                        at=clock(),
                    )
            except (Refusal, TransactionRolledBack):
                # Two commands for one client at once: the later one finds it the next time.
                if attempt == TRIES:
                    raise
                await asyncio.sleep(0.1 * attempt)
        raise AssertionError("the last try returns or raises")
    finally:
        await gateway.database.close()


async def _rotated(gateway: Gateway, *, is_compromised: bool) -> str:
    await gateway.database.open()
    try:
        key = await gateway.parts[KeyRing].rotate(is_compromised=is_compromised)
        return key.kid
    finally:
        await gateway.database.close()


def _stopped(line: str) -> SystemExit:
    typer.echo(line, err=True)
    return SystemExit(1)


if __name__ == "__main__":
    cli()
