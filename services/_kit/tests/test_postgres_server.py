"""The server of one's own: what it makes, how it starts again, and what it refuses in one line."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from service_kit.postgres import reach as postgres_reach
from service_kit.postgres.programs import installed_binaries
from service_kit.postgres.reach import copy_binaries
from service_kit.postgres.roles import (
    PostgresServerError,
    connect_supported,
    ensure_database,
    ensure_owner_and_runner,
    scram_verifier,
    url_as,
)
from service_kit.postgres.server import PostgresServer

AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root starts PostgreSQL under another account"
)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged account can enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="kit-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def server(open_folder: Path) -> Iterator[PostgresServer]:
    with PostgresServer(open_folder / "shared", durable=False) as running:
        yield running


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_the_server_sorts_by_code_point_and_stores_scram_passwords(
    server: PostgresServer,
) -> None:
    async with connected(server.url()) as admin:
        provider = await admin.fetchrow(
            "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname='postgres'"
        )
        stored = await admin.fetchval(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'"
        )

    assert tuple(provider) == ("b", "C.UTF-8")
    assert stored.startswith("SCRAM-SHA-256$")


async def test_nobody_is_trusted_without_the_password(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url_as(server.url(), role="postgres", password="wrong"))


def test_the_superuser_password_is_for_the_owner_only(server: PostgresServer) -> None:
    assert (server.home / "superuser-password").stat().st_mode & 0o777 == 0o600
    assert (server.home / "data").stat().st_mode & 0o777 == 0o700


async def test_a_killed_server_starts_again_with_what_was_committed(open_folder: Path) -> None:
    with PostgresServer(open_folder / "killed") as server:
        async with connected(server.url()) as admin:
            await admin.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        _wait_until(lambda: not server.is_running)

        server.start()

        async with connected(server.url()) as admin:
            assert await admin.fetchval("SELECT n FROM kept") == 7


def test_a_stale_pid_file_that_names_a_living_process_does_not_hinder_a_start(
    open_folder: Path,
) -> None:
    server = PostgresServer(open_folder / "stale", durable=False)
    server.start()
    server.stop()
    stale = (
        f"{os.getpid()}\n{server.folder}\n{int(time.time())}\n5432\n{server.home}\n\n 1 1\nready\n"
    )
    (server.folder / "postmaster.pid").write_text(stale)

    server.start()

    assert server.is_running
    server.stop()
    assert not server.is_running


def test_a_second_server_in_the_same_home_is_refused(server: PostgresServer) -> None:
    with pytest.raises(PostgresServerError, match="already runs"):
        PostgresServer(server.home).start(within=0.2)


def test_an_interrupted_first_start_leaves_nothing_that_hinders_the_next(open_folder: Path) -> None:
    home = open_folder / "interrupted"
    (home / "data.new" / "data").mkdir(parents=True)
    (home / "superuser-password").write_text("half")

    with PostgresServer(home, durable=False) as server:
        assert server.is_running
        assert server.password != "half"

    assert not (home / "data.new").exists()


def test_a_home_deeper_than_a_socket_path_may_be_still_works(open_folder: Path) -> None:
    home = open_folder / ("deep" * 20) / "home"

    with PostgresServer(home, durable=False) as server:
        assert server.is_running
        assert str(home) not in server.url()


async def test_a_server_may_listen_on_loopback_alone(open_folder: Path) -> None:
    with PostgresServer(open_folder / "loopback", durable=False, loopback=True) as server:
        async with connected(server.url()) as admin:
            assert await admin.fetchval("SHOW listen_addresses") == "127.0.0.1"


def test_a_server_ends_when_its_parent_is_killed(open_folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from service_kit.postgres.server import"
        " PostgresServer\nserver = PostgresServer(Path(sys.argv[1]), durable=False);"
        " server.start()\nprint(server.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(open_folder / "orphan")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    _wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_what_the_server_says_when_it_cannot_start_is_one_line(open_folder: Path) -> None:
    server = PostgresServer(
        open_folder / "unwilling", durable=False, settings={"shared_buffers": "nonsense"}
    )

    with pytest.raises(PostgresServerError, match="shared_buffers") as refused:
        server.start()

    assert "\n" not in str(refused.value)
    assert not server.is_running


@AS_ROOT
def test_as_root_the_server_runs_under_an_unprivileged_account(server: PostgresServer) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert server.folder.stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid


@pytest.fixture
def closed(open_folder: Path) -> Iterator[Path]:
    """A folder of mode 700 that root owns, as /root is."""
    with tempfile.TemporaryDirectory(prefix="closed-", dir=open_folder) as name:
        yield Path(name)


@AS_ROOT
async def test_a_home_in_a_closed_folder_keeps_its_data_and_changes_no_mode(closed: Path) -> None:
    home = closed / "deep" / "home"
    with PostgresServer(home, durable=False) as server:
        async with connected(server.url()) as admin:
            await admin.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with PostgresServer(home, durable=False) as again:
        async with connected(again.url()) as admin:
            assert await admin.fetchval("SELECT answer FROM kept") == 42

    assert closed.stat().st_mode & 0o777 == 0o700
    assert (home / "data").stat().st_mode & 0o777 == 0o700


@AS_ROOT
async def test_a_home_that_was_moved_or_copied_in_closed_folders_is_a_home_of_its_own(
    closed: Path,
) -> None:
    with PostgresServer(closed / "first", durable=False) as server:
        async with connected(server.url()) as admin:
            await admin.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await asyncio.to_thread(
        subprocess.run, ["cp", "-a", str(closed / "first"), str(closed / "copy")], check=True
    )
    (closed / "first").rename(closed / "moved")

    with (
        PostgresServer(closed / "moved", durable=False) as moved,
        PostgresServer(closed / "copy", durable=False) as copied,
    ):
        async with connected(moved.url()) as admin:
            await admin.execute("UPDATE kept SET answer = 1")
        async with connected(copied.url()) as admin:
            assert await admin.fetchval("SELECT answer FROM kept") == 42


@AS_ROOT
def test_programs_that_the_account_cannot_reach_are_copied_once_to_where_it_can(
    open_folder: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_narrowly(closed / "installed", monkeypatch)
    place = open_folder / "system"
    monkeypatch.setattr(postgres_reach, "SYSTEM_PLACES", (place,))

    for home in (closed / "home", open_folder / "other"):
        with PostgresServer(home, durable=False) as server:
            assert Path(f"/proc/{server.pid}/exe").resolve().is_relative_to(place)

    assert len(list(place.iterdir())) == 1
    assert all(
        path.lstat().st_uid == 0 and not path.lstat().st_mode & 0o022
        for path in (place, *place.rglob("*"))
        if not path.is_symlink()
    )


@AS_ROOT
def test_a_place_that_others_may_write_to_is_passed_over(
    open_folder: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_narrowly(closed / "installed", monkeypatch)
    everybodys, elsewhere = open_folder / "everybodys", open_folder / "elsewhere"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    linked = open_folder / "linked"
    linked.symlink_to(everybodys)
    monkeypatch.setattr(
        postgres_reach, "SYSTEM_PLACES", (everybodys, linked, Path("/proc/guanxi"), elsewhere)
    )

    with PostgresServer(closed / "home", durable=False) as server:
        assert Path(f"/proc/{server.pid}/exe").resolve().is_relative_to(elsewhere)

    assert list(everybodys.iterdir()) == []


@AS_ROOT
def test_without_a_place_for_the_programs_every_refusal_is_told_in_one_line(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_narrowly(closed / "installed", monkeypatch)
    monkeypatch.setattr(postgres_reach, "SYSTEM_PLACES", (Path("/proc/guanxi"),))

    with pytest.raises(PostgresServerError, match="/proc/guanxi") as refused:
        PostgresServer(closed / "home", durable=False).start()

    assert "\n" not in str(refused.value)


def _install_narrowly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs as an installation with a narrow umask leaves them."""
    package = installed_binaries().parent
    copy_binaries(package / "pginstall", folder)
    folder.chmod(0o700)
    monkeypatch.setattr(
        postgres_reach, "installed_binaries", lambda: folder / package.name / "pginstall"
    )


async def _ensure_owned(admin_url: str, role: str, password: str, *, schema: str) -> None:
    """A role that owns a schema, as the launcher makes it;
    another one beside it runs the service.
    """
    await ensure_owner_and_runner(
        admin_url, owner=(role, password), runner=(f"{role}_running", password), schema=schema
    )


async def test_a_role_owns_its_schema_and_has_no_right_in_another(server: PostgresServer) -> None:
    await ensure_database(server.url(), "guarded")
    admin_url = server.url("guarded")
    for name in ("left", "right"):
        await _ensure_owned(admin_url, f"guarded_{name}", f"secret-{name}", schema=name)

    async with connected(url_as(admin_url, role="guarded_left", password="secret-left")) as left:
        await left.execute("CREATE TABLE thing (n int)")
        assert (
            await left.fetchval("SELECT schemaname FROM pg_tables WHERE tablename = 'thing'")
            == "left"
        )
        for refused in (
            'CREATE TABLE "right".thing (n int)',
            "CREATE TABLE public.thing (n int)",
            "CREATE SCHEMA third",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await left.execute(refused)
    async with connected(url_as(admin_url, role="guarded_right", password="secret-right")) as right:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await right.fetch('SELECT * FROM "left".thing')


async def test_a_role_may_connect_only_to_its_own_database(server: PostgresServer) -> None:
    await ensure_database(server.url(), "mine")
    await _ensure_owned(server.url("mine"), "mine_alone", "secret", schema="alone")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(
            url_as(server.url(), role="mine_alone", password="secret", database="postgres")
        )


async def test_making_a_role_again_changes_its_password_and_keeps_its_tables(
    server: PostgresServer,
) -> None:
    await ensure_database(server.url(), "again")
    admin_url = server.url("again")
    await _ensure_owned(admin_url, "again_one", "first", schema="one")
    async with connected(url_as(admin_url, role="again_one", password="first")) as one:
        await one.execute("CREATE TABLE kept AS SELECT 1 AS n")

    await _ensure_owned(admin_url, "again_one", "second", schema="one")

    async with connected(url_as(admin_url, role="again_one", password="second")) as one:
        assert await one.fetchval("SELECT n FROM kept") == 1


async def test_an_administrator_who_is_no_superuser_can_make_roles(server: PostgresServer) -> None:
    await ensure_database(server.url(), "modest")
    async with connected(server.url()) as admin:
        await admin.execute(
            f"CREATE ROLE modest LOGIN CREATEROLE PASSWORD '{scram_verifier('modest')}'"
        )
        await admin.execute("GRANT CONNECT, CREATE ON DATABASE modest TO modest WITH GRANT OPTION")
    modest_url = url_as(server.url("modest"), role="modest", password="modest")

    for _ in range(2):
        await _ensure_owned(modest_url, "modest_service", "secret", schema="service")

    async with connected(url_as(modest_url, role="modest_service", password="secret")) as service:
        assert await service.execute("CREATE TABLE IF NOT EXISTS thing (n int)") == "CREATE TABLE"


async def test_an_unreachable_database_is_told_in_one_line(open_folder: Path) -> None:
    with pytest.raises(PostgresServerError, match="Cannot connect") as refused:
        await connect_supported(f"postgresql://nobody:x@/nothing?host={open_folder}/none", within=1)

    assert "\n" not in str(refused.value)


async def test_a_database_that_is_too_old_is_refused_by_its_version(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service_kit.postgres.roles.OLDEST_VERSION", 990_000)

    with pytest.raises(PostgresServerError, match="is PostgreSQL 18; 99 is the oldest accepted"):
        await connect_supported(server.url())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a:b@one:1,two:2/db?target_session_attrs=primary",
         "postgresql://r:p%2Fw@one:1,two:2/other?target_session_attrs=primary"),
        ("postgresql:///db?host=/run/pg&user=a&password=b", "postgresql://r:p%2Fw@/other?host=%2Frun%2Fpg"),
    ],
)  # fmt: skip
def test_an_address_for_another_role_keeps_every_other_word(url: str, expected: str) -> None:
    assert url_as(url, role="r", password="p/w", database="other") == expected


def _wait_until(is_so: Callable[[], bool], *, within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
