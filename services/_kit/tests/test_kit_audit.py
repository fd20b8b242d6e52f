"""The audit: a chain per subject that proves itself,
also after personal values were erased from it.
"""

import asyncio
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_kit.digests import link_of
from service_kit.process.origin import Origin
from service_kit.store import audit
from service_kit.store.database import Database
from service_kit.store.events import Action, Told
from service_kit.store.tables import audit_entry, event
from service_kit.testing import serving
from service_kit.testing.news import told
from service_kit.words.fields import Output, written
from sqlalchemy import func, select

AT = datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)
SUBJECT = UUID(int=1)
ORIGIN = Origin(client_id="desk", actor="li", request_id="r-1", traceparent=None)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | NUMBERS | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        max_leaves=8,
    ),
    max_size=4,
)


def an_event(type_: str = "note.written", *, subject: UUID = SUBJECT, **payload: object) -> Told:
    return told(type_, subject=subject, at=AT, unit="cn", **payload)


def an_action(name: str, **values: object) -> Action:
    return Action(name=name, subject=SUBJECT, at=AT, unit="cn", values=values)


async def recorded(
    database: Database, *types: str, subject: UUID = SUBJECT, **values: object
) -> None:
    """One transaction for each type."""
    for type_ in types:
        async with database.transaction(origin=ORIGIN) as tx:
            tx.record(an_event(type_, subject=subject, note_id=str(subject)), values=values)


async def chain(database: Database, subject: UUID = SUBJECT):
    async with database.reading() as reader:
        return await audit.chain(reader, subject)


async def test_each_transaction_adds_one_sealed_row_per_subject(database):
    await recorded(database, "note.written", "note.changed", text="secret")
    rows = await chain(database)

    audit.verify(rows)

    assert [(row["sequence"], row["action"]) for row in rows] == [
        (1, "note.written"),
        (2, "note.changed"),
    ]
    assert rows[0]["values"] == {"note.written": {"note_id": str(SUBJECT), "text": "secret"}}
    assert (rows[0]["client_id"], rows[0]["actor"], rows[0]["request_id"], rows[0]["at"]) == (
        "desk",
        "li",
        "r-1",
        AT,
    )
    assert rows[0]["salt"] != rows[1]["salt"]


async def test_several_events_of_one_kind_in_one_transaction_all_keep_their_values(database):
    async with database.transaction() as tx:
        for number in (1, 2):
            tx.record(an_event("clock.warned", number=number))
        tx.record(an_event("note.changed"))
        tx.audit(an_action("note.read", why="asked", field="phone"))
        tx.record(an_event("note.written", subject=UUID(int=2)))
    rows = await chain(database)
    audit.verify(rows)

    assert rows[0]["values"] == {
        "clock.warned": {"number": 1},
        "clock.warned 2": {"number": 2},
        "note.changed": {},
        "note.read": {"why": "asked", "field": "phone"},
    }
    assert rows[0]["action"] == "clock.warned note.changed note.read"
    audit.verify(await chain(database, UUID(int=2)))


async def test_what_is_only_audited_is_told_to_nobody(database):
    async with database.transaction() as tx:
        tx.audit(an_action("note.read"))

    assert len(await chain(database)) == 1
    async with database.reading() as reader:
        assert await reader.fetch_value(select(func.count()).select_from(event)) == 0


async def test_personal_values_go_to_the_audit_alone(database):
    await recorded(database, "note.written", phone="+8613800138000")

    async with database.reading() as reader:
        assert await reader.fetch_value(select(event.c.payload)) == {"note_id": str(SUBJECT)}


async def test_erased_values_leave_a_chain_that_still_proves_itself(database):
    await recorded(database, "note.written", "note.changed", text="secret")
    await recorded(database, "note.written", subject=UUID(int=2), text="of another")
    async with database.transaction() as tx:
        erased = await audit.erase(tx, SUBJECT)
    await recorded(database, "note.erased")
    rows = await chain(database)

    audit.verify(rows)

    assert erased == 2
    assert [row["values"] is None and row["salt"] is None for row in rows] == [
        True,
        True,
        False,
        False,
    ]
    assert [row["action"] for row in rows][2:] == ["audit.erased", "note.erased"]
    assert (await chain(database, UUID(int=2)))[0]["values"]["note.written"]["text"] == "of another"


async def test_nothing_to_erase_is_nothing_erased(database):
    async with database.transaction() as tx:
        assert await audit.erase(tx) == 0
        assert await audit.erase(tx, SUBJECT) == 0


@pytest.mark.parametrize(
    ("tampering", "sequence"),
    [
        ("UPDATE audit_entry SET action = 'note.read' WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET actor = 'wang' WHERE sequence = 1", 1),
        ("UPDATE audit_entry SET client_id = 'other' WHERE sequence = 3", 3),
        ("UPDATE audit_entry SET unit = 'us' WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET unit = NULL WHERE sequence = 1", 1),
        ("UPDATE audit_entry SET request_id = NULL WHERE sequence = 3", 3),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE sequence = 2", 2),
        ("""UPDATE audit_entry SET values = '{"note.changed": {}}' WHERE sequence = 2""", 2),
        ("UPDATE audit_entry SET values = NULL WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET salt = NULL WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET digest = sha256('x') WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET hash = sha256('x') WHERE sequence = 2", 2),
        ("DELETE FROM audit_entry WHERE sequence = 1", 1),
        ("DELETE FROM audit_entry WHERE sequence = 2", 2),
        (
            (
                "DELETE FROM audit_entry WHERE sequence = 2; UPDATE audit_entry SET sequence = 2"
                " WHERE sequence = 3"
            ),
            2,
        ),
        (
            (
                "UPDATE audit_entry SET sequence = -sequence; UPDATE audit_entry SET sequence = 4 +"
                " sequence"
            ),
            1,
        ),
        ("UPDATE audit_entry SET subject = '00000000-0000-0000-0000-000000000009'", 1),
    ],
)
async def test_a_changed_row_breaks_the_chain_at_its_place(database, raw, tampering, sequence):
    await recorded(database, "note.written", "note.changed", "note.read", text="secret")
    await raw.execute(tampering)
    async with database.reading() as reader:
        rows = await reader.fetch(select(audit_entry).order_by(audit_entry.c.sequence))

    with pytest.raises(audit.ChainBroken) as broken:
        audit.verify(rows)

    assert broken.value.sequence == sequence


async def test_a_chain_without_rows_holds():
    audit.verify([])


async def test_rows_of_another_subject_do_not_continue_a_chain(database):
    await recorded(database, "note.written")
    await recorded(database, "note.written", "note.changed", subject=UUID(int=2))
    mixed = [(await chain(database))[0], (await chain(database, UUID(int=2)))[1]]

    with pytest.raises(audit.ChainBroken):
        audit.verify(mixed)


async def test_many_changes_of_one_subject_at_once_make_one_chain(compose, signing_keys):
    async with serving(compose(work=False), signing_keys) as api:
        note = (await api.post("/v1/notes", {"text": "0"})).json()
        path = f"/v1/notes/{note['id']}"
        answers = await asyncio.gather(
            *(api.patch(path, {"text": str(number)}, match="*") for number in range(12))
        )
        rows = await chain(api.service.database, UUID(note["id"]))

    audit.verify(rows)
    assert {answer.status_code for answer in answers} == {200}
    assert [row["sequence"] for row in rows] == list(range(1, 14))


@given(values=VALUES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_values_prove_themselves_after_the_way_through_a_jsonb_column(database, values):
    subject = UUID(int=abs(hash(repr(values))) % 2**120)
    await recorded(database, "note.written", subject=subject, values=values)

    audit.verify(await chain(database, subject))


class Mark(Output):
    """A model among the values."""

    weight: Decimal
    at: datetime


@pytest.mark.parametrize(
    "value",
    [
        Decimal("12.50"),
        AT,
        AT.date(),
        SUBJECT,
        ("a", 1),
        {3: "three", "1": 1},
        1e22,
        -0.0,
        1e-7,
        float(2**63),
        Mark(weight=Decimal("1.0"), at=AT),
        [Mark(weight=Decimal(2), at=AT)],
        b"bytes",
    ],
)
async def test_values_of_pythons_own_kinds_prove_themselves_too(database, value):
    await recorded(database, "note.written", value=value)

    audit.verify(await chain(database))


async def test_the_api_shows_the_chain_so_that_others_can_prove_it(compose, signing_keys):
    """With nothing but SHA-256 and JSON, as an auditor would."""
    async with serving(compose(work=False), signing_keys) as api:
        note = (await api.post("/v1/notes", {"text": "a"})).json()
        await api.patch(f"/v1/notes/{note['id']}", {"text": "b"}, match="*")
        items = (await api.get("/v1/audit-entries", params={"subject": note["id"]})).json()["items"]

    previous = b""
    for item in items:
        at = datetime.fromisoformat(item["at"])
        row = {**item, "at": at, "digest": bytes.fromhex(item["digest"])}
        previous = hashlib.sha256(previous + link_of(row)).digest()
        assert previous.hex() == item["hash"]
        assert written(at) == item["at"]
    assert len(items) == 2


async def test_an_event_that_is_only_told_has_no_audit_row(database: Database):
    async with database.transaction(origin=ORIGIN) as tx:
        tx.tell(an_event())

    async with database.reading() as reader:
        told = await reader.fetch_value(select(func.count()).select_from(event))
        audited = await reader.fetch_value(select(func.count()).select_from(audit_entry))
    assert (told, audited) == (1, 0)
