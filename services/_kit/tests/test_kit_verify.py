"""`verify`: every way to tamper with the audit,
its seals and what waits for one is found and named.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from service_kit.process.secrets import Sealer
from service_kit.store import audit
from service_kit.store.database import Database
from service_kit.store.seals import Seals
from service_kit.store.tables import audit_entry
from service_kit.store.verification import Findings, verify_all
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.words.identity import clock

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SEALER = Sealer("test")
FIRST, SECOND = UUID(int=1), UUID(int=2)
OF_FIRST = f"WHERE subject = '{FIRST}'"  # Of the first subject, which has three rows.
OTHER_VALUES = {
    "subject": "'00000000-0000-0000-0000-000000000009'",
    "sequence": "sequence + 7",
    "at": "at + interval '1 microsecond'",
    "salt": "'x'",
    "digest": "sha256('x')",
    "hash": "sha256('x')",
    "values": "'{}'",
}


async def written(database: Database, subject: UUID, *texts: str) -> None:
    for text in texts:
        async with database.transaction() as tx:
            tx.record(
                told("note.written", subject=subject, at=AT, unit="cn"),
                values={"text": text},
            )


async def sealed(database: Database) -> None:
    """Two seals, and rows that wait for a third."""
    seals = Seals(database, SEALER, clock=clock)
    await seals.step()
    await written(database, FIRST, "a", "b")
    await seals.step()
    await written(database, FIRST, "c")
    await written(database, SECOND, "d")
    await seals.step()


async def found(database: Database) -> Findings:
    return await verify_all(database, SEALER, notes.metadata)


def named(findings: Findings) -> list[tuple[str, int]]:
    return [(fault.kind, fault.sequence) for fault in findings.faults]


@pytest.fixture
async def audited(database: Database) -> Database:
    await sealed(database)
    return database


async def test_what_nobody_touched_holds_sealed_or_not(audited: Database):
    await written(audited, SECOND, "e")

    findings = await found(audited)

    assert findings.faults == []
    assert (findings.rows, findings.subjects, findings.seals, findings.unsealed) == (5, 2, 2, 1)


@pytest.mark.parametrize("column", [column.name for column in audit_entry.columns])
@pytest.mark.parametrize("sequence", [1, 3])
async def test_any_changed_column_is_found(audited: Database, raw: Any, column: str, sequence: int):
    value = OTHER_VALUES.get(column, "'other'")
    await raw.execute(
        f"UPDATE audit_entry SET {column} = {value} {OF_FIRST} AND sequence = {sequence}"
    )

    assert sequence in [number for _, number in named(await found(audited))]


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        (f"DELETE FROM audit_entry {OF_FIRST} AND sequence = 1", ("audit_entry", 1)),
        (f"DELETE FROM audit_entry {OF_FIRST} AND sequence = 2", ("audit_entry", 2)),
        (f"DELETE FROM audit_entry {OF_FIRST} AND sequence = 3", ("audit_entry", 3)),
        (f"DELETE FROM audit_entry {OF_FIRST}", ("audit_entry", 1)),
        (
            f"UPDATE audit_entry SET values = NULL, salt = NULL {OF_FIRST} AND sequence = 2",
            ("audit_entry", 2),
        ),
        (f"UPDATE audit_entry SET values = NULL, salt = NULL {OF_FIRST}", ("audit_entry", 1)),
        (
            (
                "INSERT INTO audit_entry SELECT subject, 4, at, action, client_id, actor, unit,"
                f" request_id, salt, digest, hash, values FROM audit_entry {OF_FIRST} AND"
                " sequence = 3"
            ),
            ("audit_entry", 4),
        ),
        ("DELETE FROM audit_seal WHERE number = 1", ("audit_seal", 2)),
        ("DELETE FROM audit_seal WHERE number = 2", ("audit_seal", 2)),
        ("DELETE FROM audit_seal", ("audit_seal", 2)),
        ("DELETE FROM audit_seal_head", ("audit_seal", 2)),
        ("UPDATE audit_seal_head SET number = 1", ("audit_seal", 2)),
        ("UPDATE audit_seal SET entries = '[]' WHERE number = 1", ("audit_seal", 1)),
        (
            "UPDATE audit_seal SET sealed_at = sealed_at + interval '1 second' WHERE number = 2",
            ("audit_seal", 2),
        ),
        ("UPDATE audit_seal SET mac = sha256('x') WHERE number = 2", ("audit_seal", 2)),
        (
            (
                "UPDATE audit_seal SET number = 3 WHERE number = 2; UPDATE audit_seal_head SET"
                " number = 3"
            ),
            ("audit_seal", 3),
        ),
    ],
)
async def test_what_is_removed_forged_or_emptied_is_found_and_named(
    audited: Database, raw: Any, tampering: str, first: tuple[str, int]
):
    await raw.execute(tampering)

    assert named(await found(audited))[0] == first


async def test_a_tail_that_is_removed_before_it_is_sealed_is_found(audited: Database, raw: Any):
    await written(audited, SECOND, "e")
    await raw.execute(f"DELETE FROM audit_entry WHERE subject = '{SECOND}' AND sequence = 2")

    assert named(await found(audited)) == [("audit_entry", 2)]


async def test_an_erasure_leaves_its_record_and_everything_holds(audited: Database, raw: Any):
    async with audited.transaction() as tx:
        await audit.erase(tx, FIRST, at=AT)

    assert (await found(audited)).faults == []

    await written(audited, FIRST, "later")
    await raw.execute(f"UPDATE audit_entry SET values = NULL, salt = NULL {OF_FIRST}")
    assert named(await found(audited)) == [("audit_entry", 4), ("audit_entry", 5)]


async def test_nobody_without_the_key_can_make_a_seal(audited: Database):
    await written(audited, SECOND, "e")
    await Seals(audited, Sealer("guessed"), clock=clock).step()

    assert ("audit_seal", 3) in named(await found(audited))


async def test_two_replicas_seal_every_row_once(database: Database):
    both = [Seals(database, SEALER, clock=clock) for _ in range(2)]
    await written(database, FIRST, *"abcdef")
    for _ in range(3):
        await asyncio.gather(*(each.step() for each in both))

    findings = await found(database)
    assert (findings.faults, findings.unsealed, findings.seals) == ([], 0, 1)


async def test_verifying_while_others_write_raises_no_false_alarm(audited: Database):
    async def writing() -> None:
        seals = Seals(audited, SEALER, clock=clock)
        for number in range(40):
            await written(audited, UUID(int=number % 5 + 1), str(number))
            await seals.step()

    task = asyncio.create_task(writing())
    while not task.done():
        assert (await found(audited)).faults == []
        await asyncio.sleep(0)
    await task
