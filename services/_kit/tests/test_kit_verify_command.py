"""`python -m <part> verify`: what it says, and the code that it ends with."""

import asyncio
from typing import Any

import pytest
from service_kit.command import command_line
from service_kit.digests import link_of
from service_kit.testing import notes
from typer.testing import CliRunner

CLI = command_line(
    name="notes",
    settings=notes.Settings,
    compose=notes.compose,
    migrations=notes.MIGRATIONS,
    tables=notes.metadata,
)
ROW = (
    "INSERT INTO audit_entry (subject, sequence, at, action, client_id, actor, digest, hash) VALUES"
    " ('00000000-0000-0000-0000-000000000001', 1, now(), 'note.written', 'desk', 'li', 'x', 'x')"
)


async def verify(*words: str, **environment: str) -> tuple[int, str]:
    """In a thread: the command has a loop of its own."""
    given = {
        f"GUANXI_{name.upper()}": value
        for name, value in {"secret_key": "test", **environment}.items()
    }
    done = await asyncio.to_thread(CliRunner().invoke, CLI, ["verify", *words], env=given)
    return done.exit_code, done.output


async def test_when_all_holds_it_says_so_in_one_line_and_ends_with_0(url: str):
    code, said = await verify(database_url=url)

    assert (code, said.splitlines()[-1]) == (
        0,
        "notes: 0 rows of 0 subjects, 0 seals, 0 rows not sealed yet: all hold",
    )


async def test_a_row_that_does_not_hold_is_named_and_it_ends_with_1(url: str, raw: Any):
    await raw.execute(ROW)

    code, said = await verify(database_url=url)

    assert code == 1
    assert "notes: audit_entry of 00000000-0000-0000-0000-000000000001, row 1: " in said
    assert said.splitlines()[-1].endswith(": 1 do not hold")


async def test_rows_of_the_previous_release_can_be_taken_in(url: str, raw: Any):
    await raw.execute(ROW)
    await raw.execute(
        "UPDATE audit_entry SET salt = '\\x01', values = '{}', digest = sha256('\\x01' ||"
        " '{}'::bytea); DELETE FROM audit_unsealed"
    )
    row = await raw.fetchrow("SELECT * FROM audit_entry")
    await raw.execute("UPDATE audit_entry SET hash = sha256($1)", link_of(row))
    before, said = await verify(database_url=url)

    after, _ = await verify("--take-in", database_url=url)

    assert (before, after) == (1, 0)
    assert "no seal knows this row" in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": ""},
        {"database_url": "postgresql://127.0.0.1:1/none"},
        {"database_schema": "none"},
    ],
)
async def test_what_cannot_be_looked_at_ends_with_2(url: str, wrong: dict[str, str]):
    code, _ = await verify(**{"database_url": url, **wrong})

    assert code == 2
