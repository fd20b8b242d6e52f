"""One connection to Postgres, and which host it is made to:
nothing is asked of the catalog, and nobody who keeps silent is waited for.
"""

import asyncio
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import asyncpg
from pydantic_core import from_json, to_json

from service_kit.store.sqlstates import TRANSLATED

# By how much we are more patient than the server, so that its own answer wins as long as it is
# alive.
GRACE_SECONDS = 1.0
# Of a ROLLBACK, and of giving a connection back: nothing is lost with a connection that takes
# longer.
LET_GO_SECONDS = 1.0
KEEPALIVE_IDLE_SECONDS = 10
KEEPALIVE_INTERVAL_SECONDS = 5
KEEPALIVE_COUNT = 3
# How long what was sent may stay unacknowledged.
UNACKNOWLEDGED_SECONDS = KEEPALIVE_IDLE_SECONDS + KEEPALIVE_INTERVAL_SECONDS
# The same for the server's end, so that it lets go of the locks of a client whose machine is gone.
SESSION = {
    "jit": "off",
    "tcp_keepalives_idle": str(KEEPALIVE_IDLE_SECONDS),
    "tcp_keepalives_interval": str(KEEPALIVE_INTERVAL_SECONDS),
    "tcp_keepalives_count": str(KEEPALIVE_COUNT),
    "tcp_user_timeout": str(UNACKNOWLEDGED_SECONDS * 1000),
}
# PostgreSQL's own array types: their object ids are fixed in its source (pg_type.dat) and the same
# on every server.
ARRAYS: Mapping[int, tuple[str, int]] = {
    199: ("json", 114),
    1000: ("bool", 16),
    1001: ("bytea", 17),
    1002: ("char", 18),
    1003: ("name", 19),
    1005: ("int2", 21),
    1007: ("int4", 23),
    1014: ("bpchar", 1042),
    1015: ("varchar", 1043),
    1016: ("int8", 20),
    1021: ("float4", 700),
    1022: ("float8", 701),
    1115: ("timestamp", 1114),
    1182: ("date", 1082),
    1183: ("time", 1083),
    1185: ("timestamptz", 1184),
    1187: ("interval", 1186),
    1231: ("numeric", 1700),
    2951: ("uuid", 2950),
    3807: ("jsonb", 3802),
}
# What asyncpg takes for the statement of its question about types: a named one, so that the
# asked-for statement stays prepared.
NOT_ASKED = SimpleNamespace(name="known beforehand")


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """Sizes and times of the pool; times in seconds."""

    smallest: int = 1
    largest: int = 10
    connect_within: float = 2.0
    acquire_within: float = 5.0
    statement_within: float = 15.0
    lock_within: float = 2.0
    # Of what waits for nothing, such as BEGIN.
    answer_within: float = 3.0
    # A process that was stopped in the middle of a transaction holds its locks no longer than this.
    pause_within: float = 60.0


class Connection(asyncpg.Connection):  # type: ignore[misc]  # The driver is untyped here.
    """asyncpg's connection, which knows PostgreSQL's array types beforehand; `host` is the
    single-host URL it was made to.

    The driver asks the catalog for array types on every new connection, with a query over seven
    catalog tables: 31 s on a distributed Postgres under load. Types that are not PostgreSQL's own
    are still asked for; a test finds statements that need it.
    """

    host = ""

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        _keep_alive(transport)

    async def _introspect_types(
        self, typeoids: Iterable[int], timeout: float | None
    ) -> tuple[Any, Any]:
        asked = list(typeoids)
        if any(oid not in ARRAYS for oid in asked):
            return await super()._introspect_types(asked, timeout)  # type: ignore[no-any-return]  # As above.
        return [_array_type(oid) for oid in asked], NOT_ASKED


def _array_type(oid: int) -> Mapping[str, object]:
    """What the catalog would say of an array type."""
    name, element = ARRAYS[oid]
    unused = dict.fromkeys(
        (
            "basetype",
            "basetype_name",
            "range_subtype",
            "range_subtype_name",
            "attrtypoids",
            "attrnames",
        )
    )
    return {
        **unused,
        "oid": oid,
        "ns": "pg_catalog",
        "name": f"_{name}",
        "kind": b"b",
        "elemtype": element,
        "elemdelim": ",",
    }


def _keep_alive(transport: Any) -> None:
    """Let the kernel find out that the other machine is gone;
    a process that is only silent is found by the deadlines.
    """
    end = transport.get_extra_info("socket")
    if end is None or end.family not in (socket.AF_INET, socket.AF_INET6):
        return
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_SECONDS),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_SECONDS),
        ("TCP_KEEPCNT", KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_SECONDS * 1000),
    ):
        if hasattr(socket, name):
            end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def teach(connection: Any) -> None:
    """Values of jsonb columns are Python's own;
    in the binary format, which COPY needs, the text stands behind a version byte.
    """
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + to_json(value),
        decoder=lambda stored: from_json(stored[1:]),
        schema="pg_catalog",
        format="binary",
    )


class Patience:
    """How long the answers on one borrowed connection are waited for:
    a connection that keeps silent longer is ended, and told of.
    """

    __slots__ = ("_doubt", "seconds")

    def __init__(self, seconds: float, doubt: Callable[[], None]) -> None:
        self.seconds = seconds
        self._doubt = doubt

    async def answer(
        self, connection: Any, asks: str, *given: Any, within: float | None = None, **options: Any
    ) -> Any:
        """What the driver's method `asks` gives, in the kit's words where it fails;
        DatabaseUnavailable when the time is over.
        """
        with TRANSLATED:
            try:
                async with asyncio.timeout(self.seconds if within is None else within):
                    return await getattr(connection, asks)(*given, **options)
            except (TimeoutError, asyncpg.ReadOnlySQLTransactionError):
                # Nothing is awaited: the driver's own way, a request to cancel on a new connection,
                # may hang as well.
                terminate(connection)
                self._doubt()
                raise


def terminate(connection: Any) -> None:
    """End a connection at once;
    one that was lost already has left the pool, and even asking it whether it is closed raises.
    """
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


async def roll_back(connection: Any) -> None:
    """ROLLBACK, or no connection any more: the server forgets the transaction with it.
    Only a cancellation is raised.
    """
    try:
        async with asyncio.timeout(LET_GO_SECONDS):
            await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        terminate(connection)
    except BaseException:
        terminate(connection)
        raise


class Hosts:
    """The hosts of a URL, the one that answered last first:
    a silent one costs its time once, not at every connection.
    """

    def __init__(self, url: str) -> None:
        self._urls = single_host_urls(url)

    async def connect(
        self, *, within: float = 2.0, session: Mapping[str, str] | None = None, **options: Any
    ) -> Connection:
        """A connection to the primary; each host is tried for `within` seconds.
        Errors as of `connect`.
        """
        failure: BaseException = ConnectionError("the database URL names no host")
        chosen = {
            "target_session_attrs": "primary",
            "server_settings": {**SESSION, **(session or {})},
            "connection_class": Connection,
        }
        for url in tuple(self._urls):
            try:
                connection: Connection = await asyncpg.connect(
                    url, timeout=within, **{**options, **chosen}
                )
            except asyncpg.TargetServerAttributeNotMatched as error:
                failure = ConnectionError(str(error))
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                failure = error
            else:
                connection.host = url
                self._move(url, to=0)
                return connection
            self._move(url, to=len(self._urls))
        with TRANSLATED:
            raise failure

    def _move(self, url: str, *, to: int) -> None:
        self._urls.remove(url)
        self._urls.insert(to, url)


async def connect(
    url: str, *, within: float = 2.0, session: Mapping[str, str] | None = None, **options: Any
) -> Any:
    """One connection to the primary among the hosts of the URL; each host is tried for `within`
    seconds.

    `session` holds settings of the server for this connection.

    Raises DatabaseUnavailable, or TransactionRolledBack when the last host refused the connection.
    """
    return await Hosts(url).connect(within=within, session=session, **options)


def single_host_urls(url: str) -> list[str]:
    """`postgresql://u:p@a:1,b:2/d` as one URL per host;
    the libpq form `postgresql:///d?host=/dir` stays one.
    """
    scheme, separator, rest = url.partition("://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    user, at, hosts = authority.rpartition("@")
    return [
        f"{scheme}{separator}{user}{at}{host}{rest.removeprefix(authority)}"
        for host in hosts.split(",")
    ]
