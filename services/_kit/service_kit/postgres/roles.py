"""Databases, roles and schemas on a PostgreSQL server:
what an administrator makes before a service may start.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from service_kit.store.grants import quoted

OLDEST_VERSION = 150_000


class PostgresServerError(Exception):
    """What was asked cannot be done; the message is one line that names the place and the cure."""


async def ensure_database(admin_url: str, name: str) -> None:
    """Makes a database in which PostgreSQL's presents to everybody (connect, temporary tables,
    public) are taken back.
    """
    admin = await connect_supported(admin_url)
    try:
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await admin.execute(f"CREATE DATABASE {quoted(name)}")
        for database in (name, "postgres", "template1"):
            await admin.execute(f"REVOKE ALL ON DATABASE {quoted(database)} FROM PUBLIC")
    finally:
        await admin.close()
    inside = await connect_supported(url_as(admin_url, database=name))
    try:
        await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    finally:
        await inside.close()


async def ensure_owner_and_runner(
    admin_url: str, *, owner: tuple[str, str], runner: tuple[str, str], schema: str
) -> None:
    """Makes two roles, each a name with its password: one that owns the schema and migrates it, one
    that runs the service in it.

    Neither has a right in another's schema. The administrator need not be a superuser: CREATEROLE
    and CREATE on the database are enough. What the running role owned in an earlier release goes to
    the owner; `migrate` gives the running role its rights on the tables.
    """
    admin = await connect_supported(admin_url)
    try:
        # Step by step, each of which may be repeated: the other nodes of a distributed Postgres
        # know a role or a schema only once it is committed.
        async with admin.transaction():
            for role, password in (owner, runner):
                await _ensure_role(admin, role, password, schema)
        async with admin.transaction():
            await admin.execute(f"REASSIGN OWNED BY {quoted(runner[0])} TO {quoted(owner[0])}")
            await _ensure_schema(admin, schema, owner=owner[0])
        async with admin.transaction():
            # Granting what belongs to the owner is the owner's to do, whoever the administrator is.
            await admin.execute(f"SET LOCAL ROLE {quoted(owner[0])}")
            await admin.execute(f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM {quoted(runner[0])}")
            await admin.execute(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(runner[0])}")
    finally:
        await admin.close()


async def _ensure_role(admin: Any, role: str, password: str, schema: str) -> None:
    name, verifier = quoted(role), scram_verifier(password)
    exists = await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    await admin.execute(
        f"{'ALTER' if exists else 'CREATE'} ROLE {name} LOGIN PASSWORD '{verifier}'"
    )
    await _become_able_to_give_to(admin, role)
    database = quoted(await admin.fetchval("SELECT current_database()"))
    await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {name}")
    await admin.execute(
        f"ALTER ROLE {name} IN DATABASE {database} SET search_path = {quoted(schema)}"
    )


async def _ensure_schema(admin: Any, schema: str, *, owner: str) -> None:
    await admin.execute(
        f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)} AUTHORIZATION {quoted(owner)}"
    )
    await admin.execute(f"ALTER SCHEMA {quoted(schema)} OWNER TO {quoted(owner)}")
    await admin.execute(f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM PUBLIC")


async def connect_supported(url: str, *, within: float = 10.0) -> Any:
    """A connection to a PostgreSQL that is reachable and not too old."""
    place = urlsplit(url).hostname or dict(parse_qsl(urlsplit(url).query)).get("host", "")
    try:
        connection = await asyncpg.connect(url, timeout=within)
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        ValueError,
    ) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PostgresServerError(f"Cannot connect to the database at {place}: {why}") from error
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < OLDEST_VERSION:
        await connection.close()
        raise PostgresServerError(
            f"The database at {place} is PostgreSQL {version // 10_000}; {OLDEST_VERSION // 10_000}"
            " is the oldest accepted."
        )
    return connection


def url_as(
    admin_url: str, *, role: str | None = None, password: str = "", database: str | None = None
) -> str:
    """The same server for another role or another database;
    every other word of the address is kept.
    """
    parts = urlsplit(admin_url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    who, _, hosts = parts.netloc.rpartition("@")
    if role is not None:
        query = [(name, value) for name, value in query if name not in ("user", "password")]
        who = f"{quote(role, safe='')}:{quote(password, safe='')}"
    path = parts.path if database is None else f"/{quote(database, safe='')}"
    return urlunsplit((parts.scheme, f"{who}@{hosts}", path, urlencode(query), ""))


def scram_verifier(password: str, *, salt: bytes | None = None, rounds: int = 4096) -> str:
    """What PostgreSQL stores of a password (RFC 5803),
    made here so that no server log ever shows the password.
    """
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    served = hmac.digest(salted, b"Server Key", "sha256")
    written = [base64.b64encode(part).decode() for part in (salt, stored, served)]
    return f"SCRAM-SHA-256${rounds}:{written[0]}${written[1]}:{written[2]}"


async def _become_able_to_give_to(admin: Any, role: str) -> None:
    """An administrator who is no superuser must be able to act as a role before
    giving it a schema.
    """
    if await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return
    is_newer = int(await admin.fetchval("SHOW server_version_num")) >= 160_000
    way = " WITH SET TRUE" if is_newer else ""
    await admin.execute(f"GRANT {quoted(role)} TO CURRENT_USER{way}")
