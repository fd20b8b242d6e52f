"""Statements: compiled once for the schema, every parameter by name,
and no mistake of ours goes by in silence.
"""

import gc
from datetime import UTC, datetime
from uuid import UUID

import pytest
from service_kit.store.statements import Compiled, MissingParameters, Statements, rows
from service_kit.store.tables import job, lease, timer
from service_kit.testing.notes import note
from sqlalchemy import (
    ARRAY,
    Integer,
    String,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

AT = datetime(2026, 1, 31, tzinfo=UTC)


def a_note(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": UUID(int=number),
        "unit": "cn",
        "text": f"note {number}",
        "written_at": AT,
        "version": 1,
        **changes,
    }


def compiled(statement, **given: object) -> Compiled:
    return Statements("notes").compiled(statement, given)


async def test_the_schema_of_the_environment_is_written_into_the_statement(database):
    assert "FROM notes.note" in compiled(select(note)).sql
    assert "FROM elsewhere.note" in Statements("elsewhere").compiled(select(note), {}).sql


async def test_an_insert_writes_the_columns_that_the_call_names(database):
    async with database.transaction() as tx:
        await tx.execute(insert(note), **a_note(1))
        await tx.execute(
            insert(lease), name="with owner", epoch=1, owner=UUID(int=7), expires_at=AT
        )
        await tx.execute(insert(lease), name="without", epoch=2, expires_at=AT)

    async with database.reading() as reader:
        rows = await reader.fetch(select(lease.c.name, lease.c.owner).order_by(lease.c.epoch))
    assert [tuple(row.values()) for row in rows] == [("with owner", UUID(int=7)), ("without", None)]


async def test_an_update_without_values_sets_the_columns_that_the_call_names_and_no_others(
    database,
):
    change = update(note).where(note.c.id == bindparam("of"))
    async with database.transaction() as tx:
        await tx.execute(insert(note), **a_note(1))
        await tx.execute(change, of=UUID(int=1), text="changed")
        row = await tx.fetch_one(select(note))

    assert (row["text"], row["version"], row["unit"]) == ("changed", 1, "cn")


@pytest.mark.parametrize(
    "statement", [insert(note), update(note).where(note.c.id == bindparam("of"))]
)
def test_a_column_that_the_table_does_not_have_is_refused_and_not_dropped(statement):
    with pytest.raises(MissingParameters, match="txet"):
        compiled(statement, of=UUID(int=1), **a_note(1), txet="typed in haste")


def test_a_missing_parameter_is_named():
    statement = select(note).where(note.c.id == bindparam("id"), note.c.text == bindparam("text"))

    with pytest.raises(MissingParameters, match="'text'"):
        compiled(statement).arguments({"id": UUID(int=1)})


async def test_defaults_and_literals_of_the_statement_need_not_be_given(database):
    statement = select(
        literal("a literal"),
        literal(None),
        bindparam("kept", "its default"),
        bindparam("empty", None),
        bindparam("other", "x"),
    )
    async with database.reading() as reader:
        row = await reader.fetch_one(statement, other="given")

    assert tuple(row.values()) == ("a literal", None, "its default", None, "given")


async def test_values_and_parameters_of_the_call_go_together(database):
    statement = insert(lease).values(
        name=bindparam("name"), epoch=3, owner=None, expires_at=func.now()
    )
    async with database.transaction() as tx:
        await tx.execute(statement, name="mixed")
        row = await tx.fetch_one(select(lease))

    assert (row["name"], row["epoch"], row["owner"]) == ("mixed", 3, None)


async def test_a_list_that_the_statement_holds_is_spelled_out(database):
    statement = (
        select(note.c.text)
        .where(
            note.c.version >= bindparam("least"),
            note.c.text.in_(["note 1", "note 3", "note 4"]),
            note.c.text != bindparam("but"),
        )
        .order_by(note.c.text)
    )
    async with database.transaction() as tx:
        await tx.execute_many(insert(note), [a_note(number) for number in range(5)])
        rows = await tx.fetch(statement, least=1, but="note 4")
        none = await tx.fetch(select(note).where(note.c.text.in_([])))

    assert [row["text"] for row in rows] == ["note 1", "note 3"]
    assert none == []


def test_a_list_as_parameter_of_in_is_refused_with_the_way_to_write_it():
    with pytest.raises(MissingParameters, match="any_"):
        compiled(select(note).where(note.c.text.in_(bindparam("texts"))), texts=["a"])


async def test_a_list_as_parameter_goes_through_any(database):
    statement = (
        select(func.count())
        .select_from(note)
        .where(note.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    )
    async with database.transaction() as tx:
        await tx.execute_many(insert(note), [a_note(number) for number in range(5)])

        assert await tx.fetch_value(statement, ids=[UUID(int=1), UUID(int=4), UUID(int=9)]) == 2
        assert await tx.fetch_value(statement, ids=[]) == 0


async def test_an_upsert_reads_the_row_that_was_to_be_inserted(database):
    row = {"name": "n", "epoch": 1, "expires_at": AT}
    making = upsert(lease).values({name: bindparam(name) for name in row})
    making = making.on_conflict_do_update(
        index_elements=[lease.c.name], set_={"epoch": making.excluded.epoch + lease.c.epoch}
    )
    async with database.transaction() as tx:
        for epoch in (1, 2, 4):
            assert await tx.execute(making, **row | {"epoch": epoch}) == 1

        assert await tx.fetch_value(select(lease.c.epoch)) == 7


async def test_several_rows_of_values_go_in_one_statement(database):
    statement = insert(lease).values(
        [{"name": name, "epoch": 1, "expires_at": AT} for name in ("a", "b")]
    )
    async with database.transaction() as tx:
        assert await tx.execute(statement) == 2


async def test_insert_from_select_takes_no_columns_from_the_call(database):
    copy = insert(lease).from_select(
        ["name", "epoch", "expires_at"],
        select(
            func.concat(lease.c.name, bindparam("mark", type_=String)),
            lease.c.epoch,
            lease.c.expires_at,
        ),
    )
    async with database.transaction() as tx:
        await tx.execute(insert(lease), name="a", epoch=1, expires_at=AT)
        await tx.execute(copy, mark="+")

        assert [
            row["name"] for row in await tx.fetch(select(lease.c.name).order_by(lease.c.name))
        ] == ["a", "a+"]


async def test_a_json_null_and_an_sql_null_are_told_apart(database):
    row = {
        "id": UUID(int=1),
        "kind": "k",
        "state": "queued",
        "client_id": "c",
        "actor": "a",
        "created_at": AT,
        "done": 0,
        "attempts": 0,
    }
    row |= {
        "counts": {"当": 1.5},
        "payload": {"a": None},
        "checkpoint": [],
        "cancel_requested": False,
        "version": 1,
        "result": None,
    }
    async with database.transaction() as tx:
        await tx.execute(insert(job), **row)
        found = await tx.fetch_one(
            select(job.c.counts, job.c.payload, job.c.checkpoint, job.c.result.is_(None))
        )

    assert tuple(found.values()) == ({"当": 1.5}, {"a": None}, [], True)


def test_what_lives_at_module_level_is_compiled_once_per_set_of_columns():
    statements, statement = Statements("notes"), insert(note)

    first = statements.compiled(statement, a_note(1))

    assert statements.compiled(statement, dict(reversed(a_note(2).items()))) is first
    assert statements.compiled(statement, {"id": UUID(int=1)}) is not first


def test_what_is_built_per_call_is_forgotten_with_it():
    statements = Statements("notes")
    for number in range(5):
        statements.compiled(select(note).where(note.c.version == number), {})
    gc.collect()

    assert len(statements._compiled) <= 1


async def test_many_rows_are_written_in_one_go_and_counted(database):
    async with database.transaction() as tx:
        await tx.execute_many(insert(note), [])
        await tx.execute_many(insert(note), [a_note(number) for number in range(50)])
        touched = await tx.execute(
            update(note).where(note.c.version == bindparam("was")).values(version=bindparam("now")),
            was=1,
            now=2,
        )

    assert touched == 50


async def test_copy_takes_rows_with_json_into_the_own_schema(database):
    columns = ("subject", "kind", "key", "due_at", "payload", "attempts")
    async with database.transaction() as tx:
        await tx.copy_rows(
            "timer", columns=columns, rows=[(UUID(int=1), "k", "", AT, {"a": [1, None]}, 0)]
        )

    async with database.reading() as reader:
        assert await reader.fetch_value(select(timer.c.payload)) == {"a": [1, None]}


async def test_lists_of_parameters_are_the_rows_of_a_table(database):
    new = rows("new", id=Uuid, text=String, size=Integer)
    statement = select(new.c.id, new.c.text, new.c.size).order_by(new.c.size)

    async with database.reading() as reader:
        found = await reader.fetch(
            statement, new_id=[UUID(int=1), UUID(int=2)], new_text=["b", None], new_size=[2, 1]
        )
        nothing = await reader.fetch(statement, new_id=[], new_text=[], new_size=[])

    assert [tuple(row) for row in found] == [(UUID(int=2), None, 1), (UUID(int=1), "b", 2)]
    assert nothing == []
