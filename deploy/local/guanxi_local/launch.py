"""Starts everything in order, keeps it running, and stops it in the opposite order."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from service_kit.postgres.roles import PostgresServerError

from guanxi_local import first_start
from guanxi_local.child import Child
from guanxi_local.database import LocalDatabase
from guanxi_local.environment import FRUGAL, addresses, environment_of
from guanxi_local.forks import Nursery, can_fork, reap_orphans
from guanxi_local.home import Home
from guanxi_local.parts import GATEWAY, PARTS, SERVICES
from guanxi_local.ports import free_ports, require_free
from guanxi_local.refusals import LauncherError, StopRequested
from guanxi_local.settings import LocalSettings
from guanxi_local.supervisor import POLL, Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(settings: LocalSettings, console: Console) -> None:
    """Serves until it is asked to stop;
    everything that was started is stopped, however this ends.
    """
    home = Home(settings.absolute_home)
    home.prepare()
    with stop_on_signals(), home.locked(), ExitStack() as running:
        try:
            instance = Instance(settings, home, console)
            instance.start(running)
            instance.keep_serving()
        finally:
            _ignore_signals()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turns the first request to stop into StopRequested; later ones do not disturb the stop."""

    def stop(number: int, _: FrameType | None) -> None:
        _ignore_signals()
        raise StopRequested(signal.Signals(number).name)

    # What was ignored before us stays so: `nohup make run &` outlives its terminal.
    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    except StopRequested:
        # The process ends now: a second Ctrl-C must not disturb its last steps either.
        return
    except BaseException:
        _restore(before)
        raise
    _restore(before)


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Instance:
    """PostgreSQL, four services, the gateway and, while it plays, the demo."""

    def __init__(self, settings: LocalSettings, home: Home, console: Console) -> None:
        self._settings = settings
        self._home = home
        self._console = console
        self._began = time.monotonic()
        self._database = LocalDatabase(settings, home)
        self._nursery = (
            Nursery({**FRUGAL, **os.environ}) if settings.preload and can_fork() else None
        )
        self._demo: Child | None = None
        self._is_published = False
        self._supervisor = Supervisor(tell=self._warn, changed=self._changed, clock=time.monotonic)

    def start(self, running: ExitStack) -> None:
        settings, home = self._settings, self._home
        require_free(settings.host, settings.port)
        if self._nursery is not None:
            running.callback(self._nursery.stop)
            self._nursery.start()
        self._tell(self._database.what_starts)
        self._database.start(running)
        database = self._database.prepare(PARTS)
        is_new = home.recall("demo") is None
        environments = self._environments()
        migrating = {
            part.name: {
                **environments[part.name],
                "GUANXI_MIGRATION_DATABASE_URL": self._database.owner_url_of(part),
            }
            for part in PARTS
        }
        if migrated := first_start.migrate(
            PARTS,
            home=home,
            environments=migrating,
            database=database,
            nursery=self._nursery,
            tell=self._tell,
        ):
            self._tell(f"Migrated {', '.join(migrated)}")
        if first_start.register_clients(
            home=home, environments=environments, database=database, nursery=self._nursery
        ):
            self._tell("Registered the administrator's client and one for each service")
        home.write_credentials(settings.base_url, client_id=first_start.ADMINISTRATOR)
        self._serve(environments, running)
        self._announce()
        self._begin_demo(is_new, running)

    def keep_serving(self) -> None:
        chores = (
            self._restart_the_database,
            self._supervisor.restart_the_dead,
            self._publish,
            self._notice_the_end_of_the_demo,
        )
        while True:
            for chore in chores:
                self._attempt(chore)
            reap_orphans(self._known_processes())
            time.sleep(POLL)

    def _attempt(self, chore: Callable[[], None]) -> None:
        """What cannot be done now, such as on a full disk, is tried again:
        it must not end what runs.
        """
        try:
            chore()
        except (LauncherError, PostgresServerError) as error:
            self._warn(f"{error} Trying again.")
            time.sleep(1)

    def _environments(self) -> Mapping[str, Mapping[str, str]]:
        ports = dict(zip([part.name for part in SERVICES], free_ports(len(SERVICES)), strict=True))
        self._urls = addresses(self._settings, ports)
        return {
            part.name: environment_of(
                part,
                settings=self._settings,
                home=self._home,
                database=self._database,
                urls=self._urls,
            )
            for part in PARTS
        }

    def _serve(self, environments: Mapping[str, Mapping[str, str]], running: ExitStack) -> None:
        """Starts the four services and the gateway; at the stop the gateway goes first."""
        children = [
            Child(
                part.name,
                part.package,
                ["serve"],
                environment=environments[part.name],
                log=self._home.logs / f"{part.name}.log",
                url=self._urls[part.name],
                nursery=self._nursery,
            )
            for part in PARTS
        ]
        running.callback(self._stop_children)
        self._tell("Starting the four services and the gateway")
        self._supervisor.start(children)
        self._publish()
        self._supervisor.wait_until_ready(within=self._settings.start_seconds)

    def _stop_children(self) -> None:
        self._console.print("Stopping.", style="dim")
        within = self._settings.stop_seconds + 2
        self._supervisor.stop([GATEWAY.name], within=within)
        self._supervisor.stop([part.name for part in SERVICES], within=within)
        try:
            self._home.publish_processes({})
        except LauncherError as error:
            self._warn(str(error))

    def _announce(self) -> None:
        took = time.monotonic() - self._began
        self._console.print(f"[bold green]Ready[/] after {took:.1f} s.")
        self._console.print(
            f"  API and its documentation  [link]{self._settings.base_url}/docs[/link]"
        )
        self._console.print(
            f"  credentials                {self._home.credentials}", soft_wrap=True
        )
        self._console.print(f"  logs                       {self._home.logs}", soft_wrap=True)
        self._console.print("  Ctrl-C, or `make stop` elsewhere, stops everything.")

    def _begin_demo(self, is_new: bool, running: ExitStack) -> None:
        if not is_new:
            return
        self._home.remember(demo="begun" if self._settings.demo else "declined")
        if not self._settings.demo:
            self._console.print("The data are empty (DEMO=0); `make demo` plays the story.")
            return
        environment = {**os.environ, "GUANXI_HOME": str(self._home.folder)}
        self._demo = Child("demo", "guanxi_local", ["demo"], environment=environment, log=None)
        running.callback(self._demo.ensure_stopped, within=0)
        self._demo.start()

    def _notice_the_end_of_the_demo(self) -> None:
        if self._demo is None or self._demo.is_running:
            return
        if self._demo.exit_code == 0:
            self._home.remember(demo="played")
            self._console.print(
                f"The story is told; {self._settings.base_url} keeps serving. Ctrl-C stops"
                " everything."
            )
        else:
            self._warn(
                "The demo failed; the services keep serving, and `make demo` plays it again."
            )
        self._demo = None

    def _restart_the_database(self) -> None:
        if self._database.restart_if_dead():
            self._warn("PostgreSQL ended; it was started again.")
            self._changed()

    def _known_processes(self) -> frozenset[int]:
        server = self._database.server
        pids = [child.pid for child in self._supervisor.children]
        pids += [
            self._demo.pid if self._demo else None,
            server.pid if server else None,
            self._nursery.pid if self._nursery else None,
        ]
        return frozenset(pid for pid in pids if pid is not None)

    def _changed(self) -> None:
        self._is_published = False

    def _publish(self) -> None:
        """Tell other programs which processes run, when that has changed."""
        if self._is_published:
            return
        server = self._database.server
        self._home.publish_processes(
            {
                "launcher": {"pid": os.getpid()},
                **({"nursery": {"pid": self._nursery.pid}} if self._nursery else {}),
                **({"postgres": {"pid": server.pid}} if server else {}),
                **{child.name: child.facts() for child in self._supervisor.children},
            }
        )
        self._is_published = True

    def _tell(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/] {text}")

    def _warn(self, text: str) -> None:
        self._console.print(f"[yellow]{text}[/]", soft_wrap=True, highlight=False)


def stop_running(settings: LocalSettings, *, within: float = 60.0) -> bool:
    """Asks the launcher that holds the home to stop, and waits for it;
    False when nothing runs there.
    """
    home = Home(settings.absolute_home)
    holder = home.holder()
    if holder is None:
        return False
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + within
    while home.holder() is not None:
        if time.monotonic() > deadline:
            raise LauncherError(f"Process {holder} did not stop within {within:g} s.")
        time.sleep(0.1)
    return True
