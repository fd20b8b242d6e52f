"""`python -m <service> serve | work | migrate | verify | openapi`."""

import asyncio
import gc
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeVar

import typer
import uvicorn
from pydantic import ValidationError
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError

from service_kit.process import logs
from service_kit.process.settings import ServiceSettings
from service_kit.process.signals import Signals
from service_kit.service import Service
from service_kit.store.migrations import DatabaseTooOld, SchemaOfAnotherRelease, migrate, role_of
from service_kit.store.sqlstates import DatabaseUnavailable, TransactionRolledBack
from service_kit.verify_command import run_verification

Settings = TypeVar("Settings", bound=ServiceSettings)


def command_line(
    *,
    name: str,
    settings: Callable[..., Settings],
    compose: Callable[[Settings], Service],
    migrations: Path,
    tables: MetaData | None = None,
) -> typer.Typer:
    """The commands of one service."""
    cli = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        help=f"The {name} service.",
        pretty_exceptions_enable=False,
    )

    @cli.command()
    def serve() -> None:
        """Serve the API (and do the background work too, unless GUANXI_WORK is false)."""
        chosen = _keyed(_read(settings))
        logs.configure(service=name, level=chosen.log_level)
        run_server(compose(chosen))

    @cli.command()
    def work() -> None:
        """Do the background work alone;
        /livez, /readyz and /metrics are served for whoever watches.
        """
        chosen = _keyed(_read(settings)).model_copy(update={"work": True})
        logs.configure(service=name, level=chosen.log_level)
        service = compose(chosen)
        service.withdraw_routes()
        run_server(service)

    @cli.command(name="migrate")
    def migrate_() -> None:
        """Bring the schema to this release; safe while the previous release serves."""
        chosen = _read(settings)
        try:
            taken = asyncio.run(migrate_as(chosen, migrations, tables))
        except (
            DatabaseUnavailable,
            TransactionRolledBack,
            DatabaseTooOld,
            SchemaOfAnotherRelease,
        ) as error:
            raise _stopped(f"{name}: {error}") from error
        except DBAPIError as error:
            raise _stopped(
                f"{name}: a step failed and may be repeated: {str(error.orig).splitlines()[0]}"
            ) from error
        typer.echo(f"{name}: {len(taken)} migrations" + (f" ({', '.join(taken)})" if taken else ""))

    @cli.command()
    def verify(
        take_in: Annotated[
            bool,
            typer.Option(help="First seal what no seal knows, as the previous release leaves it."),
        ] = False,
    ) -> None:
        """Prove the audit and all that is sealed:
        0 when it holds, 1 with the rows that do not, 2 when it cannot be looked at.
        """
        raise SystemExit(
            run_verification(
                name, lambda: _keyed(_read(settings)), tables or MetaData(), is_taking_in=take_in
            )
        )

    @cli.command()
    def openapi(
        events: Annotated[bool, typer.Option(help="Only the schemas of the events.")] = False,
    ) -> None:
        """Print the contract, OpenAPI 3.1 as JSON."""
        document = compose(contract_settings(settings)).openapi()
        typer.echo(
            json.dumps(
                document["webhooks"] if events else document,
                indent=2,
                ensure_ascii=False,
                sort_keys=False,
            )
        )

    return cli


async def migrate_as(
    chosen: ServiceSettings, migrations: Path, tables: MetaData | None
) -> list[str]:
    """Migrate with the role that owns the schema,
    and give the running role its rights on the tables.
    """
    url = chosen.migration_database_url or chosen.database_url
    role = await role_of(chosen.database_url) if chosen.migration_database_url else None
    return await migrate(url, chosen.database_schema, str(migrations), tables=tables, role=role)


def contract_settings(settings: Callable[..., Settings]) -> Settings:
    """Settings for writing the contract: the same everywhere, whatever the environment says."""
    return settings(
        database_schema="contract",
        issuer="http://127.0.0.1:8000",
        database_url="postgresql://localhost/contract",
    )


def run_server(service: Service) -> None:
    """Serve until SIGTERM or SIGINT;
    open requests may finish, streams are ended after `stop_seconds`.
    """
    chosen = service.settings
    config = uvicorn.Config(
        service.app,
        host=chosen.host,
        port=chosen.port,
        uds=chosen.uds,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=4096,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=chosen.stop_seconds,
    )
    server = Server(config, service.database.signals, at_stop=service.stop_work)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    service.at_start(collect_less)
    server.run()
    if not server.started:
        raise SystemExit(1)


class Server(uvicorn.Server):
    """Says that it stops as soon as it is asked to, so that long polls end at once instead of
    holding up the stop.

    What is awaited `at_stop` ends beside the open requests, so that both together take no longer
    than the requests may.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        signals: Signals,
        *,
        at_stop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._signals = signals
        self._at_stop = at_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(_ended(self._at_stop))
        await super().shutdown(sockets)
        await ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals.is_stopping = True
        super().handle_exit(sig, frame)


async def _ended(action: Callable[[], Awaitable[None]] | None) -> None:
    if action is not None:
        await action()


async def collect_less() -> None:
    """Take what a started process holds out of the garbage collector's sight:
    pauses of tens of milliseconds become rare and short.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _read(settings: Callable[..., Settings]) -> Settings:
    try:
        return settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"GUANXI_{str(fault['loc'][0]).upper()}: {fault['msg']}"
            for fault in error.errors()
            if fault["loc"]
        )
        raise _stopped(f"settings: {wrong}") from error


def _keyed(chosen: Settings) -> Settings:
    if not chosen.secret_key.get_secret_value():
        raise _stopped(
            "settings: GUANXI_SECRET_KEY: must be set, the same in all replicas; nothing is sealed"
            " or signed without it"
        )
    return chosen


def _stopped(line: str) -> SystemExit:
    print(line, file=sys.stderr)
    return SystemExit(1)
