"""COMMIT made to fail: a deferred constraint that nobody can satisfy stands behind a table;
no answer may be 2xx.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
from guanxi_local.database import OWNER, secret_name
from guanxi_local.home import Home
from service_kit.postgres.roles import url_as
from service_kit.store.connection import connect

from tests.faults.caller import Caller, History
from tests.faults.instance import Instance

# A deferred unique constraint is checked at COMMIT: a marker row that exists twice makes every
# transaction that touches it fail there.
MAKE = """
CREATE TABLE {schema}.doomed (id int, CONSTRAINT uq_doomed UNIQUE (id) DEFERRABLE INITIALLY
DEFERRED);
INSERT INTO {schema}.doomed VALUES (1);
GRANT INSERT ON {schema}.doomed TO {role};
CREATE FUNCTION {schema}.doom() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO {schema}.doomed VALUES (1); RETURN NEW; END $$;
CREATE TRIGGER doom AFTER INSERT ON {schema}.event FOR EACH ROW EXECUTE FUNCTION {schema}.doom();
"""
UNMAKE = (
    "DROP TRIGGER doom ON {schema}.event; DROP FUNCTION {schema}.doom(); DROP TABLE"
    " {schema}.doomed;"
)


async def check(instance: Instance) -> list[str]:
    """Let COMMIT fail in customer-profile, try to write, heal it, and write again."""
    mark = uuid4().hex
    body: dict[str, Any] = {
        "kind": "individual",
        "name": "Commit",
        "identifiers": [{"type": "external", "system": "commit", "value": mark}],
    }
    await _execute(instance, MAKE)
    try:
        statuses = [await _status(instance, body) for _ in range(5)]
    finally:
        await _execute(instance, UNMAKE)
    wrong = [f"answered {status} although COMMIT failed" for status in statuses if status < 500]
    caller = Caller(instance.credentials, History())
    try:
        found = await caller.get("/v1/customers", external=f"commit:{mark}")
        wrong += ["the customer is there although COMMIT failed"] if found["items"] else []
        await caller.post("/v1/customers", body)
    finally:
        await caller.close()
    return wrong


async def _status(instance: Instance, body: Mapping[str, object]) -> int:
    caller = Caller(instance.credentials, History())
    try:
        token = await caller.token()
    finally:
        await caller.close()
    async with httpx2.AsyncClient(
        base_url=instance.base_url, timeout=30.0, trust_env=False
    ) as client:
        answer = await client.post(
            "/v1/customers", json=body, headers={"Authorization": f"Bearer {token}"}
        )
    return answer.status_code


async def _execute(instance: Instance, statements: str) -> None:
    """As the owner of the schema: the role that serves makes no tables."""
    told = instance.environment("customer-profile")
    url = told["GUANXI_DATABASE_URL"]
    role = str(urlsplit(url).username)
    owner = role + OWNER
    connection = await connect(
        url_as(url, role=owner, password=Home(instance.home).secret(secret_name(owner))),
        within=10.0,
    )
    try:
        await connection.execute(
            statements.format(schema=told["GUANXI_DATABASE_SCHEMA"], role=role)
        )
    finally:
        await connection.close()
