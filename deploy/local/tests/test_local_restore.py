"""The runbook's backup and restore of one part, with the very commands that it names."""

import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from service_kit.postgres.programs import installed_binaries
from service_kit.postgres.roles import ensure_database, ensure_owner_and_runner, url_as
from service_kit.postgres.server import PostgresServer

RUNBOOK = Path(__file__).parents[2] / "runbook.md"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        Path(name).chmod(0o755)
        with PostgresServer(Path(name) / "pg", durable=False) as running:
            yield running


async def test_a_restored_schema_holds_what_it_held_and_belongs_to_its_role(
    server: PostgresServer, tmp_path: Path
) -> None:
    await ensure_database(server.url(), "guanxi")
    admin_url = server.url("guanxi")
    roles = {
        "owner": ("guanxi_complaints_owner", "secret"),
        "runner": ("guanxi_complaints", "hidden"),
    }
    await ensure_owner_and_runner(admin_url, schema="complaints", **roles)
    own_url = url_as(admin_url, role="guanxi_complaints_owner", password="secret")
    own = await asyncpg.connect(own_url)
    await own.execute(
        "CREATE TABLE kept AS SELECT n, n * 1.5 AS amount FROM generate_series(1, 1000) AS n"
    )
    places = {"ADMIN_URL": admin_url, "COMPLAINTS_MIGRATION_DATABASE_URL": own_url}

    _run(_command("pg_dump --format=custom --schema"), places, tmp_path)
    await own.execute("DELETE FROM kept")
    await own.close()
    admin = await asyncpg.connect(admin_url)
    await admin.execute(_command("DROP SCHEMA complaints"))
    await admin.close()
    _run(_command("pg_restore"), places, tmp_path)

    own = await asyncpg.connect(own_url)
    assert tuple(await own.fetchrow("SELECT count(*), sum(amount) FROM kept")) == (1000, 750750)
    await own.execute("INSERT INTO kept VALUES (1001, 0)")
    await own.close()


def _command(beginning: str) -> str:
    """The command of the runbook that begins like this."""
    found = re.search(rf"^ +({re.escape(beginning)}.*)$", RUNBOOK.read_text(), re.MULTILINE)
    assert found is not None, f"the runbook does not say {beginning}"
    return found[1]


def _run(command: str, places: dict[str, str], folder: Path) -> None:
    program, *words = [
        word.replace("$", "") if word.startswith("$") else word for word in shlex.split(command)
    ]
    words = [
        re.sub(r"(?<==)\$?(\w+_URL)$|^(\w+_URL)$", lambda found: places[found[1] or found[2]], word)
        for word in words
    ]
    done = subprocess.run(
        [str(installed_binaries() / "bin" / program), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
