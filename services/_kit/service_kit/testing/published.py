"""Holds what tests told against the published contracts:
whoever reads events reads those documents, not our code.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema_rs
from pydantic_core import from_json

from service_kit.store.connection import connect
from service_kit.store.outbox import TYPE_PREFIX, TYPE_SUFFIX

CONTRACTS = Path(__file__).parents[4] / "openapi"
# The test dropped the database or its tables, or ended the server: what it told is gone.
GONE = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidCatalogNameError,
    OSError,
    TimeoutError,
)
MOST_NAMED = 10


def contract_of(migrations: str) -> Path:
    """The contract of the package that these migrations belong to;
    the kit's own sample has none.
    """
    return CONTRACTS / f"{Path(migrations).parent.name.replace('_', '-')}.json"


async def faults_of(url: str, schema: str, contract: Path) -> list[str]:
    """What is wrong with the events in a service's own table, one line each;
    none where nothing was told or the table is gone.
    """
    if not contract.is_file():
        return []
    try:
        connection = await connect(url, within=10.0)
        try:
            told = await connection.fetch(f'SELECT DISTINCT type, payload FROM "{schema}".event')  # noqa: S608 - our own name
        finally:
            await connection.close()
    except GONE:
        return []
    faults = dict.fromkeys(
        fault
        for row in told
        for fault in faults_in(contract, row["type"], from_json(row["payload"]))
    )
    return list(faults)[:MOST_NAMED]


def faults_in(contract: Path, name: str, data: Any) -> list[str]:
    """Where the data of one event leave the schema that is published for its type."""
    schema = schemas(contract).get(f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}")
    if schema is None:
        return [f"{name}: is not published in {contract.name}"]
    return [
        f"{name}: {error.message} at /{'/'.join(map(str, error.instance_path))}"
        for error in schema.iter_errors(data)
    ]


@cache
def schemas(contract: Path) -> Mapping[str, jsonschema_rs.Draft202012Validator]:
    """The schema of the data of every event type that a contract publishes."""
    document = from_json(contract.read_bytes())
    return {
        kind: _validator(document, schema)
        for kind, schema in map(_published, document["webhooks"].values())
    }


def _published(webhook: Any) -> tuple[str, Any]:
    envelope = webhook["post"]["requestBody"]["content"]["application/cloudevents+json"]["schema"][
        "allOf"
    ][1]["properties"]
    return envelope["type"]["const"], envelope["data"]


def _validator(document: Any, schema: Any) -> jsonschema_rs.Draft202012Validator:
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
