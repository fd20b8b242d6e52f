"""The database behind the services:
our own PostgreSQL or the user's, with a role and a schema for each part.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import ExitStack
from urllib.parse import urlsplit

import asyncpg
from service_kit.postgres.roles import (
    connect_supported,
    ensure_database,
    ensure_owner_and_runner,
    url_as,
)
from service_kit.postgres.server import PostgresServer

from guanxi_local.home import Home
from guanxi_local.parts import Part
from guanxi_local.refusals import LauncherError
from guanxi_local.settings import LocalSettings

OWN_DATABASE = "guanxi"
LONGEST_NAME = 63
OWNER = "_owner"
IDENTITY = """SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || oid
              FROM pg_database WHERE datname = current_database()"""


class LocalDatabase:
    """Where the parts keep what they know;
    `server` is None when the user brought a PostgreSQL of their own.
    """

    def __init__(self, settings: LocalSettings, home: Home) -> None:
        self._home = home
        self._given = settings.database_url.get_secret_value() if settings.database_url else None
        self.server = (
            None if self._given else PostgresServer(home.postgres, log=home.logs / "postgres.log")
        )

    @property
    def what_starts(self) -> str:
        """What `start` is about to do, for whoever waits for it."""
        if self.server is None:
            return "Using the PostgreSQL of GUANXI_DATABASE_URL"
        return (
            "Starting PostgreSQL"
            if self.server.folder.exists()
            else "Making the database and starting PostgreSQL (some seconds)"
        )

    def start(self, running: ExitStack) -> None:
        if self.server is not None:
            running.callback(self.server.stop)
            self.server.start()

    def restart_if_dead(self) -> bool:
        """Starts our own server again when somebody killed it."""
        if self.server is None or self.server.is_running:
            return False
        self.server.start(within=30)
        return True

    def prepare(self, parts: Iterable[Part]) -> str:
        """Makes what is missing of database, roles and schemas;
        returns what identifies this very database.
        """
        try:
            return asyncio.run(self._prepare(tuple(parts)))
        except asyncpg.PostgresError as error:
            raise LauncherError(
                f"The database {self._name} refused to be prepared: {error}."
            ) from error

    def url_of(self, part: Part) -> str:
        return url_as(
            self._admin_url,
            role=self._role(part),
            password=self._home.secret(secret_name(self._role(part))),
        )

    def owner_url_of(self, part: Part) -> str:
        """For the migration alone:
        a process that serves never sees the role that owns its tables.
        """
        return url_as(
            self._admin_url,
            role=self._owner(part),
            password=self._home.secret(secret_name(self._owner(part))),
        )

    @property
    def _admin_url(self) -> str:
        return self._given or self._own_server.url(OWN_DATABASE)

    @property
    def _own_server(self) -> PostgresServer:
        if self.server is None:
            raise LauncherError("There is no PostgreSQL of our own here.")
        return self.server

    @property
    def _name(self) -> str:
        return urlsplit(self._admin_url).path.strip("/")

    def _role(self, part: Part) -> str:
        """Roles belong to the whole server,
        so the database's name keeps two instances on one server apart.
        """
        role = f"{self._name}_{part.schema}"
        if len(role) + len(OWNER) > LONGEST_NAME:
            raise LauncherError(
                f"The name of the database {self._name} is too long to begin the names of the roles"
                " with."
            )
        return role

    def _owner(self, part: Part) -> str:
        return self._role(part) + OWNER

    def _credentials(self, role: str) -> tuple[str, str]:
        return role, self._home.secret(secret_name(role))

    async def _prepare(self, parts: tuple[Part, ...]) -> str:
        if self.server is not None:
            await ensure_database(self.server.url(), OWN_DATABASE)
        identity = await self._require_unclaimed(parts)
        pairs = [
            (part.schema, self._credentials(self._owner(part)), self._credentials(self._role(part)))
            for part in parts
        ]
        passwords = [password for _, *roles in pairs for _, password in roles]
        prepared = hashlib.sha256("\n".join([identity, *passwords]).encode()).hexdigest()
        if self._home.recall("prepared") != prepared:
            for schema, owner, runner in pairs:
                await ensure_owner_and_runner(
                    self._admin_url, owner=owner, runner=runner, schema=schema
                )
            self._home.remember(prepared=prepared)
        return identity

    async def _require_unclaimed(self, parts: tuple[Part, ...]) -> str:
        """Refuses a database whose roles another home made:
        new passwords would lock that one's services out.
        """
        admin = await connect_supported(self._admin_url)
        try:
            identity = str(await admin.fetchval(IDENTITY))
            for role in [name for part in parts for name in (self._role(part), self._owner(part))]:
                is_there = await admin.fetchval(
                    "SELECT true FROM pg_roles WHERE rolname = $1", role
                )
                if is_there and not self._home.has_secret(secret_name(role)):
                    raise LauncherError(
                        f"The role {role} belongs to another home: use that home, another database,"
                        " or drop the role."
                    )
            return identity
        finally:
            await admin.close()


def secret_name(role: str) -> str:
    return f"database role {role}"
