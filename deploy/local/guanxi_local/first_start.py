"""What a first start, or the first start of a new release, does before anything serves:
migrations and clients.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from guanxi_local.child import Child
from guanxi_local.forks import Nursery
from guanxi_local.home import Home
from guanxi_local.parts import GATEWAY, PARTS, Part
from guanxi_local.refusals import LauncherError

ADMINISTRATOR = "administrator"
ADMINISTRATOR_LIMIT = "1000000000.00 CNY"
SIMULTANEOUS = max(2, os.cpu_count() or 2)

Environments = Mapping[str, Mapping[str, str]]


def migrate(
    parts: Iterable[Part],
    *,
    home: Home,
    environments: Environments,
    database: str,
    nursery: Nursery | None,
    tell: Callable[[str], None],
) -> list[str]:
    """Migrates the schemas whose release changed since the last start here; returns their names."""
    done: dict[str, str] = home.recall("migrated") or {}
    wanted = {part.name: _release_of(part, database) for part in parts}
    due = [part for part in parts if done.get(part.name) != wanted[part.name]]
    commands = [
        Child(
            part.name,
            part.package,
            ["migrate"],
            environment=environments[part.name],
            log=home.logs / f"{part.name}.log",
            nursery=nursery,
        )
        for part in due
    ]
    if due:
        tell(f"Migrating {len(due)} schemas (some seconds)")
    _run_together(commands, doing="migrate")
    home.remember(migrated=wanted)
    return [part.name for part in due]


def register_clients(
    *, home: Home, environments: Environments, database: str, nursery: Nursery | None
) -> bool:
    """Makes the administrator's client and one for each part, with the gateway's own command;
    False when they are there.
    """
    commands = [
        _administrator_command(),
        *(_client_command(part.client_id, name=part.name, scopes=part.scopes) for part in PARTS),
    ]
    secrets = [
        home.secret(f"client {command[command.index('--client-id') + 1]}") for command in commands
    ]
    wanted = _digest(database, *secrets, *(" ".join(command) for command in commands))
    if home.recall("clients") == wanted:
        return False
    children = [
        Child(
            GATEWAY.name,
            GATEWAY.package,
            command,
            environment={**environments[GATEWAY.name], "GUANXI_NEW_CLIENT_SECRET": secret},
            log=home.logs / "gateway.log",
            nursery=nursery,
        )
        for command, secret in zip(commands, secrets, strict=True)
    ]
    _run_together(children, doing="register a client")
    home.remember(clients=wanted)
    return True


def _administrator_command() -> list[str]:
    asked = _client_command(ADMINISTRATOR, name="Administrator of this machine", scopes=())
    return [*asked, "--all-scopes", "--approval-limit", ADMINISTRATOR_LIMIT]


def _client_command(client_id: str, *, name: str, scopes: Sequence[str]) -> list[str]:
    command = ["ensure-client", "--client-id", client_id, "--name", name]
    return command + [word for scope in scopes for word in ("--scope", scope)]


def _run_together(children: Sequence[Child], *, doing: str) -> None:
    """Runs commands to their end, a few at a time."""
    for first in range(0, len(children), SIMULTANEOUS):
        batch = children[first : first + SIMULTANEOUS]
        with _all_stopped(batch):
            for child in batch:
                child.start()
            for child in batch:
                if child.wait() != 0:
                    raise LauncherError(
                        f"{child.name} could not {doing}: {child.last_words()} (log: {child.log})"
                    )


@contextmanager
def _all_stopped(children: Sequence[Child]) -> Iterator[None]:
    try:
        yield
    finally:
        for child in children:
            child.ensure_stopped(within=0)


def _release_of(part: Part, database: str) -> str:
    """A digest of a part's migrations and of the database they went to."""
    spec = find_spec(part.package)
    if spec is None or spec.origin is None:
        raise LauncherError(f"The package {part.package} is not installed.")
    folder = Path(spec.origin).parent / "migrations"
    files = sorted(folder.rglob("*.py"))
    return _digest(database, *(f"{file.relative_to(folder)} {file.read_text()}" for file in files))


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
