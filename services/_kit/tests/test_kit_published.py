"""What tests tell is held against the published contract."""

import json
from datetime import UTC, datetime

import pytest
from service_kit.store.database import Database
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.testing.published import faults_in, faults_of
from service_kit.words.identity import new_id


@pytest.fixture
def contract(compose, tmp_path):
    path = tmp_path / "notes.json"
    path.write_text(json.dumps(compose().openapi()), "utf-8")
    return path


def a_note(**others: object) -> dict[str, object]:
    return {"note_id": str(new_id()), **others}


def test_an_event_as_it_is_published_has_no_fault(contract):
    assert faults_in(contract, "note.written", a_note()) == []


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("note.burned", a_note(), "note.burned: is not published in notes.json"),
        ("note.written", {}, '"note_id" is a required property'),
        ("note.written", a_note(note_id=4), "at /note_id"),
        ("note.written", a_note(note_id="no id"), "at /note_id"),
        ("note.written", a_note(author="Li Na"), "author"),
    ],
)
def test_an_event_that_leaves_its_contract_is_named(contract, name, data, fault):
    (found,) = faults_in(contract, name, data)

    assert fault in found


async def test_events_in_the_table_are_found_whoever_told_them(url, contract):
    database = Database(url, notes.SCHEMA)
    await database.open()
    try:
        async with database.transaction() as tx:
            tx.record(told("note.written", subject=new_id(), at=datetime.now(UTC)))
    finally:
        await database.close()

    assert [fault.split(":")[0] for fault in await faults_of(url, notes.SCHEMA, contract)] == [
        "note.written"
    ]


async def test_a_table_that_is_gone_is_no_fault(url, contract):
    assert await faults_of(url, "elsewhere", contract) == []
