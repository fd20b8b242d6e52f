"""The launcher as a user meets it, with a real PostgreSQL and small stand-ins for the five programs it starts."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from guanxi_local.parts import PARTS

PROGRAM = """
import http.server, os, pathlib, sys

def serve():
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(repr(sorted(os.environ.items())).encode())
        def log_message(self, *words): pass
    if os.environ.get("FAILING_PART") == {name!r}:
        sys.exit("error: the neighbors are too loud")
    http.server.ThreadingHTTPServer((os.environ["GUANXI_HOST"], int(os.environ["GUANXI_PORT"])), Answer).serve_forever()

with open(os.environ["COMMANDS"], "a") as commands:
    commands.write({name!r} + " " + " ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "serve":
    serve()
elif sys.argv[1] == "migrate" and os.environ.get("SLOW_MIGRATION"):
    import time
    time.sleep(60)
"""


@dataclass
class Started:
    """A launcher in a folder of its own, talked to as a user would."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, *, disk: str | None = None, **settings: str) -> "subprocess.Popen[str]":
        """Starts the launcher; `disk` gives its home a disk of that size of its own, which ends with it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")}
        asked = {
            "GUANXI_HOME": str(self.home),
            "GUANXI_PORT": str(self.port),
            "DEMO": "0",
            "GUANXI_PRELOAD": "0",
            **self.settings,
            **settings,
        }
        path = os.pathsep.join([str(self.folder / "programs"), *filter(None, [os.environ.get("PYTHONPATH")])])
        where = {"PYTHONPATH": path, "COMMANDS": str(self.folder / "commands")}
        self.process = subprocess.Popen(
            [*(_with_disk(self.home, disk) if disk else []), sys.executable, "-m", "guanxi_local", "run"],
            env={**inherited, **where, **asked},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def start_until_ready(self, **settings: str) -> "subprocess.Popen[str]":
        process = self.start(**settings)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready"):
                return process
        raise AssertionError(process.stderr.read() if process.stderr else "")

    def processes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads((self.home / "processes.json").read_text())
        return found

    def ended(self) -> tuple[int, str]:
        assert self.process is not None
        _, said = self.process.communicate(timeout=90)
        return self.process.returncode, said


@contextmanager
def launcher() -> Iterator[Started]:
    """A launcher in a temporary folder; whatever happens, nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in PARTS:
            package = folder / "programs" / part.package
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "__main__.py").write_text(PROGRAM.format(name=part.name))
        made = Started(folder, _free_port())
        yield made
        if made.process is not None and made.process.poll() is None:
            made.process.kill()
            made.process.communicate()
        _wait_until(lambda: _processes_of(folder) == [])


@pytest.fixture
def fresh() -> Iterator[Started]:
    """A launcher whose home is yet to be made."""
    with launcher() as made:
        yield made


@pytest.fixture(scope="module")
def prepared_home() -> Iterator[Path]:
    """A home after its first start, to be copied: making a database takes longer than most tests."""
    with launcher() as made:
        made.start_until_ready().send_signal(signal.SIGTERM)
        assert made.ended() == (0, "")
        yield made.home


@pytest.fixture
def started(prepared_home: Path) -> Iterator[Started]:
    """A launcher whose home was started before."""
    with launcher() as made:
        subprocess.run(["cp", "-a", str(prepared_home), str(made.home)], check=True)
        yield made


def test_everything_is_started_and_nothing_is_left_after_sigterm(started: Started) -> None:
    process = started.start_until_ready()
    assert set(started.processes()) == {"launcher", "postgres", *(part.name for part in PARTS)}

    process.send_signal(signal.SIGTERM)

    assert started.ended() == (0, "")
    assert _processes_of(started.folder) == []


def test_ctrl_c_twice_stops_as_orderly_as_once(started: Started) -> None:
    process = started.start_until_ready()

    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)

    assert started.ended() == (0, "")
    assert _processes_of(started.folder) == []


def test_nothing_is_left_when_the_launcher_itself_is_killed(started: Started) -> None:
    process = started.start_until_ready()

    process.kill()

    _wait_until(lambda: _processes_of(started.folder) == [])


def test_the_credentials_are_for_their_owner_only_and_name_the_administrator(started: Started) -> None:
    started.start_until_ready()

    credentials = json.loads((started.home / "credentials.json").read_text())

    assert (started.home / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert (started.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert set(credentials) == {"base_url", "token_url", "client_id", "client_secret"}
    assert credentials["token_url"] == f"http://127.0.0.1:{started.port}/oauth/token"


def test_every_program_is_told_its_own_database_role_schema_and_client(fresh: Started) -> None:
    fresh.start_until_ready(GUANXI_TIME_ZONE="Asia/Urumqi")

    told = {name: _environment_at(one["url"]) for name, one in fresh.processes().items() if "url" in one}

    for part in PARTS:
        assert told[part.name]["GUANXI_DATABASE_SCHEMA"] == part.schema
        assert f"guanxi_{part.schema}:" in told[part.name]["GUANXI_DATABASE_URL"]
        assert told[part.name]["GUANXI_TIME_ZONE"] == "Asia/Urumqi"
    for secret in ("GUANXI_DATABASE_URL", "GUANXI_CLIENT_SECRET"):
        assert len({environment[secret] for environment in told.values()}) == len(PARTS)


def test_a_second_start_finds_its_data_and_repeats_no_preparation(fresh: Started) -> None:
    process = fresh.start_until_ready()
    secrets_before = (fresh.home / "secrets.json").read_bytes()
    process.send_signal(signal.SIGTERM)
    fresh.ended()
    commands_before = (fresh.folder / "commands").read_text().splitlines()

    fresh.start_until_ready()

    commands = (fresh.folder / "commands").read_text().splitlines()[len(commands_before) :]
    assert sorted(commands) == sorted(f"{part.name} serve" for part in PARTS)
    assert (fresh.home / "secrets.json").read_bytes() == secrets_before


def test_a_first_start_migrates_everything_and_registers_the_clients(fresh: Started) -> None:
    fresh.start_until_ready()

    commands = (fresh.folder / "commands").read_text().splitlines()

    assert {f"{part.name} migrate" for part in PARTS} <= set(commands)
    registered = [command for command in commands if command.startswith("gateway ensure-client")]
    assert len(registered) == 1 + len(PARTS)
    assert any("--all-scopes --approval-limit 1000000000.00 CNY" in command for command in registered)


def test_nothing_is_left_of_forked_programs_when_the_launcher_is_killed(started: Started) -> None:
    process = started.start_until_ready(GUANXI_PRELOAD="1")
    assert "nursery" in started.processes()

    process.kill()

    _wait_until(lambda: _processes_of(started.folder) == [])


def test_forked_programs_outlive_the_nursery_and_are_forked_again_by_the_next(started: Started) -> None:
    started.start_until_ready(GUANXI_PRELOAD="1")
    before = started.processes()

    os.kill(before["nursery"]["pid"], signal.SIGKILL)
    os.kill(before["scoring"]["pid"], signal.SIGKILL)

    _wait_until(lambda: started.processes()["scoring"]["pid"] != before["scoring"]["pid"])
    after = started.processes()
    _wait_until(lambda: _answers(after["scoring"]["url"]))
    assert after["nursery"]["pid"] != before["nursery"]["pid"]
    assert after["complaints"] == before["complaints"]


def test_a_forked_program_that_dies_at_start_is_named_with_its_last_words(started: Started) -> None:
    started.start(GUANXI_PRELOAD="1", FAILING_PART="scoring")

    code, said = started.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "scoring stopped at start (exit 1): error: the neighbors are too loud" in said
    assert _processes_of(started.folder) == []


@pytest.mark.parametrize(("victim", "preload"), [("complaints", "1"), ("complaints", "0"), ("gateway", "1"), ("postgres", "0")])
def test_what_is_killed_is_started_again_without_help(started: Started, victim: str, preload: str) -> None:
    started.start_until_ready(GUANXI_PRELOAD=preload)
    before = started.processes()

    os.kill(before[victim]["pid"], signal.SIGKILL)

    _wait_until(lambda: started.processes()[victim]["pid"] != before[victim]["pid"])
    after = started.processes()
    assert {name for name in after if after[name] != before[name]} == {victim}
    if victim != "postgres":
        _wait_until(lambda: _answers(after[victim]["url"]))


def test_a_program_that_dies_at_start_is_named_with_its_last_words(fresh: Started) -> None:
    fresh.start(FAILING_PART="scoring")

    code, said = fresh.ended()

    assert code == 1
    assert said.count("\n") == 1
    assert "scoring stopped at start (exit 1): error: the neighbors are too loud" in said
    assert _processes_of(fresh.folder) == []


def test_a_taken_port_is_told_before_anything_is_started(fresh: Started) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", fresh.port))
        taker.listen()
        fresh.start()
        code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert f"Port {fresh.port} on 127.0.0.1 is taken" in said
    assert not (fresh.home / "postgres").exists()


def test_a_home_in_use_is_refused_and_its_holder_goes_on(started: Started) -> None:
    holder = started.start_until_ready()

    second = Started(started.folder, _free_port())
    second.start()
    code, said = second.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert f"is in use by process {holder.pid}" in said
    assert _answers(f"http://127.0.0.1:{started.port}")


def test_two_instances_run_side_by_side(started: Started) -> None:
    started.start_until_ready()
    second = Started(started.folder, _free_port(), settings={"GUANXI_HOME": str(started.folder / "other")})

    process = second.start_until_ready()

    assert _answers(f"http://127.0.0.1:{started.port}")
    assert _answers(f"http://127.0.0.1:{second.port}")
    process.send_signal(signal.SIGTERM)
    assert second.ended() == (0, "")
    assert _answers(f"http://127.0.0.1:{started.port}")


def test_an_interrupted_first_start_is_taken_up_by_the_next(fresh: Started) -> None:
    process = fresh.start(SLOW_MIGRATION="1")
    _wait_until((fresh.folder / "commands").exists, within=30)
    process.send_signal(signal.SIGINT)
    assert fresh.ended() == (0, "")
    assert _processes_of(fresh.folder) == []

    fresh.start_until_ready()

    assert _answers(f"http://127.0.0.1:{fresh.port}")


def test_a_database_of_ones_own_is_used_and_left_running(fresh: Started) -> None:
    owner = Started(fresh.folder, _free_port(), settings={"GUANXI_HOME": str(fresh.folder / "owner")})
    with _own_database(owner.home.parent / "own") as url:
        process = fresh.start_until_ready(GUANXI_DATABASE_URL=url)
        assert "postgres" not in fresh.processes()
        told = _environment_at(f"http://127.0.0.1:{fresh.port}")
        process.send_signal(signal.SIGTERM)
        assert fresh.ended() == (0, "")

        assert "mine_gateway:" in told["GUANXI_DATABASE_URL"]
        second = Started(fresh.folder, _free_port(), settings={"GUANXI_HOME": str(fresh.folder / "second")})
        second.start(GUANXI_DATABASE_URL=url)
        code, said = second.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "belongs to another home" in said


def test_an_unreachable_database_is_one_line(fresh: Started) -> None:
    fresh.start(GUANXI_DATABASE_URL=f"postgresql://a:b@127.0.0.1:{_free_port()}/none")

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "Cannot connect to the database at 127.0.0.1" in said
    assert _processes_of(fresh.folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("size", ["64k", "20m"])
def test_a_full_disk_is_one_line(fresh: Started, size: str) -> None:
    fresh.start(disk=size)

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "No space left on device" in said
    assert _processes_of(fresh.folder) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GUANXI_PORT", "eighty"), ("GUANXI_PORT", "70000"), ("GUANXI_DATABASE_URL", "mysql://x/y"), ("DEMO", "perhaps")],
)
def test_a_setting_that_makes_no_sense_is_named(fresh: Started, variable: str, value: str) -> None:
    fresh.start(**{variable: value})

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"error: {variable} is not usable")


def test_stop_ends_the_instance_of_its_home(started: Started) -> None:
    process = started.start_until_ready()
    environment = {**os.environ, "GUANXI_HOME": str(started.home)}

    stopped = subprocess.run([sys.executable, "-m", "guanxi_local", "stop"], env=environment, timeout=90, check=False)

    assert stopped.returncode == 0
    assert process.wait(30) == 0


def _with_disk(home: Path, size: str) -> list[str]:
    home.mkdir()
    script = 'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && shift 2 && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", size, str(home)]


def _own_database(folder: Path) -> Any:
    from service_kit.postgres_server import PostgresServer

    @contextmanager
    def running() -> Iterator[str]:
        with PostgresServer(folder, durable=False, loopback=True) as server:
            program = (
                "import asyncio, sys; from service_kit.postgres_roles import ensure_database\n"
                "asyncio.run(ensure_database(sys.argv[1], 'mine'))"
            )
            subprocess.run([sys.executable, "-c", program, server.url()], check=True)
            yield server.url("mine")

    return running()


def _environment_at(url: str) -> dict[str, str]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        import ast

        return dict(ast.literal_eval(answer.read().decode()))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def _processes_of(folder: Path) -> list[int]:
    """Every process that names the folder in its command or its environment, this one and its own tests aside."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until(is_so: Callable[[], bool], *, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
