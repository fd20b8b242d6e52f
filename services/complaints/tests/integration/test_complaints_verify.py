"""`verify` over a case as it was walked:
every way to tamper with its steps is found, and an erasure is none.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from complaints.settings import Settings
from complaints.tables import complaint_step, metadata
from complaints.testing import CustomerFiles, Desk
from service_kit.process.secrets import Sealer
from service_kit.store.database import connect
from service_kit.store.verification import Findings, verify_all
from service_kit.testing import Api

VALUES = {
    "complaint_id": "complaint_id",
    "number": "number + 50",
    "record": "'{}'",
    "at": "at + interval '1 second'",
}
PUT_BACK = "DELETE FROM complaint_step; INSERT INTO complaint_step SELECT * FROM kept"


@pytest.fixture
async def raw(settings: Settings) -> AsyncIterator[Any]:
    connection = await connect(settings.database_url)
    await connection.execute("SET search_path = complaints")
    yield connection
    await connection.close()


async def found(api: Api, settings: Settings) -> Findings:
    return await verify_all(
        api.service.database, Sealer(settings.secret_key.get_secret_value()), metadata
    )


async def all_sealed(raw: Any) -> None:
    async with asyncio.timeout(20):
        while await raw.fetchval("SELECT count(*) FROM audit_unsealed") > 0:  # noqa: ASYNC110 - another connection's work
            await asyncio.sleep(0.1)


async def test_every_changed_removed_or_added_step_is_found(
    api: Api, desk: Desk, raw: Any, settings: Settings
):
    await desk.walk(await desk.record(), through="summary")
    await all_sealed(raw)
    assert (await found(api, settings)).faults == []
    await raw.execute("CREATE TABLE kept AS TABLE complaint_step")
    last = await raw.fetchval("SELECT max(number) FROM complaint_step")
    changes = {
        f"{column.name} = {VALUES.get(column.name, _other(column))}": (
            f"UPDATE complaint_step SET {column.name} = "
            f"{VALUES.get(column.name, _other(column))} WHERE number = 2"
        )
        for column in complaint_step.columns
        if column.name != "complaint_id"
    }
    changes |= {
        f"removed {number}": f"DELETE FROM complaint_step WHERE number = {number}"
        for number in (1, 2, last)
    }
    changes["all removed"] = "DELETE FROM complaint_step"
    changes["emptied"] = (
        """UPDATE complaint_step SET record = '{"erased": true}', salt = NULL WHERE number = 2"""
    )
    names = ", ".join(column.name for column in complaint_step.columns)
    added = names.replace("number", str(last + 1))
    changes["added"] = (
        f"INSERT INTO complaint_step ({names}) SELECT {added} FROM complaint_step WHERE number ="
        f" {last}"
    )

    unnoticed = []
    for name, change in changes.items():
        await raw.execute(change)
        if not any(fault.kind == "complaint_step" for fault in (await found(api, settings)).faults):
            unnoticed.append(name)
        await raw.execute(PUT_BACK)

    assert unnoticed == []
    assert (await found(api, settings)).faults == []


def _other(column: Any) -> str:
    if column.name in ("salt", "digest"):
        return "'x'"
    return "'acknowledgement'" if column.name == "move" else "'other'"


async def test_an_erasure_is_found_to_be_one(
    api: Api, desk: Desk, files: CustomerFiles, raw: Any, settings: Settings
):
    customer_id = files.add()
    complaint = await desk.walk(await desk.record(customer_id=customer_id), through="summary")
    files.tell("customer.erased", customer_id, customer_id=str(customer_id))
    async with asyncio.timeout(20):
        while (await desk.read(complaint))["narrative"] is not None:  # noqa: ASYNC110 - the feed is read by a worker
            await asyncio.sleep(0.05)

    assert (await found(api, settings)).faults == []
    emptied = await raw.fetchval(
        "SELECT count(*) FROM complaint_step WHERE complaint_id = $1 AND salt IS NULL",
        UUID(complaint["id"]),
    )
    assert emptied > 0
