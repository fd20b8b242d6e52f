"""The launcher as a user meets it:
everything started, kept running and stopped, on a real PostgreSQL.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from guanxi_local.parts import PARTS
from guanxi_local.testing import (
    Started,
    answers,
    environment_at,
    free_port,
    own_database,
    processes_of,
    wait_until,
)


def test_everything_is_started_and_nothing_is_left_after_sigterm(started: Started) -> None:
    process = started.start_until_ready()
    assert set(started.processes()) == {"launcher", "postgres", *(part.name for part in PARTS)}

    process.send_signal(signal.SIGTERM)

    assert started.ended() == (0, "")
    assert processes_of(started.folder) == []


def test_ctrl_c_twice_stops_as_orderly_as_once(started: Started) -> None:
    process = started.start_until_ready()

    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)

    assert started.ended() == (0, "")
    assert processes_of(started.folder) == []


def test_nothing_is_left_when_the_launcher_itself_is_killed(started: Started) -> None:
    process = started.start_until_ready()

    process.kill()
    wait_until(lambda: processes_of(started.folder) == [])

    assert processes_of(started.folder) == []


def test_the_credentials_are_for_their_owner_only_and_name_the_administrator(
    started: Started,
) -> None:
    started.start_until_ready()

    credentials = json.loads((started.home / "credentials.json").read_text())

    assert (started.home / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert (started.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert set(credentials) == {"base_url", "token_url", "client_id", "client_secret"}
    assert credentials["token_url"] == f"http://127.0.0.1:{started.port}/oauth/token"


def test_every_program_is_told_its_own_database_role_schema_and_client(fresh: Started) -> None:
    fresh.start_until_ready(GUANXI_TIME_ZONE="Asia/Urumqi")

    told = {
        name: environment_at(one["url"]) for name, one in fresh.processes().items() if "url" in one
    }

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
    assert any(
        "--all-scopes --approval-limit 1000000000.00 CNY" in command for command in registered
    )


def test_nothing_is_left_of_forked_programs_when_the_launcher_is_killed(started: Started) -> None:
    process = started.start_until_ready(GUANXI_PRELOAD="1")
    assert "nursery" in started.processes()

    process.kill()

    wait_until(lambda: processes_of(started.folder) == [])


def test_forked_programs_outlive_the_nursery_and_are_forked_again_by_the_next(
    started: Started,
) -> None:
    started.start_until_ready(GUANXI_PRELOAD="1")
    before = started.processes()

    os.kill(before["nursery"]["pid"], signal.SIGKILL)
    os.kill(before["scoring"]["pid"], signal.SIGKILL)

    wait_until(lambda: started.processes()["scoring"]["pid"] != before["scoring"]["pid"])
    after = started.processes()
    wait_until(lambda: answers(after["scoring"]["url"]))
    assert after["nursery"]["pid"] != before["nursery"]["pid"]
    assert after["complaints"] == before["complaints"]


@pytest.mark.parametrize(
    ("victim", "preload"),
    [("complaints", "1"), ("complaints", "0"), ("gateway", "1"), ("postgres", "0")],
)
def test_what_is_killed_is_started_again_without_help(
    started: Started, victim: str, preload: str
) -> None:
    started.start_until_ready(GUANXI_PRELOAD=preload)
    before = started.processes()

    os.kill(before[victim]["pid"], signal.SIGKILL)

    wait_until(lambda: started.processes()[victim]["pid"] != before[victim]["pid"])
    after = started.processes()
    assert {name for name in after if after[name] != before[name]} == {victim}
    if victim != "postgres":
        wait_until(lambda: answers(after[victim]["url"]))


def test_a_home_that_cannot_be_written_ends_nothing_and_is_tried_again(started: Started) -> None:
    process = started.start_until_ready()
    before = started.processes()
    in_the_way = started.home / "processes.json.new"
    in_the_way.mkdir()

    os.kill(before["scoring"]["pid"], signal.SIGKILL)
    wait_until(lambda: not answers(before["scoring"]["url"]))
    wait_until(lambda: answers(before["scoring"]["url"]))
    assert started.processes() == before
    assert process.poll() is None

    in_the_way.rmdir()
    wait_until(lambda: started.processes()["scoring"]["pid"] != before["scoring"]["pid"])
    process.send_signal(signal.SIGTERM)
    assert started.ended()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_was_ignored_before_the_start_stays_ignored(
    started: Started, number: signal.Signals
) -> None:
    """As with nohup, and with a job that a script puts into the background."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        process = started.start_until_ready()
    finally:
        signal.signal(number, before)

    status = Path(f"/proc/{process.pid}/status").read_text()
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)

    assert ignored >> (number - 1) & 1
    process.send_signal(signal.SIGTERM)
    assert started.ended() == (0, "")


def test_two_instances_run_side_by_side(started: Started) -> None:
    started.start_until_ready()
    second = Started(
        started.folder, free_port(), settings={"GUANXI_HOME": str(started.folder / "other")}
    )

    process = second.start_until_ready()

    assert answers(f"http://127.0.0.1:{started.port}")
    assert answers(f"http://127.0.0.1:{second.port}")
    process.send_signal(signal.SIGTERM)
    assert second.ended() == (0, "")
    assert answers(f"http://127.0.0.1:{started.port}")


def test_a_database_of_ones_own_is_used_and_left_running(fresh: Started) -> None:
    owner = Started(
        fresh.folder, free_port(), settings={"GUANXI_HOME": str(fresh.folder / "owner")}
    )
    with own_database(owner.home.parent / "own") as url:
        process = fresh.start_until_ready(GUANXI_DATABASE_URL=url)
        assert "postgres" not in fresh.processes()
        told = environment_at(f"http://127.0.0.1:{fresh.port}")
        process.send_signal(signal.SIGTERM)
        assert fresh.ended() == (0, "")

        assert "mine_gateway:" in told["GUANXI_DATABASE_URL"]
        second = Started(
            fresh.folder, free_port(), settings={"GUANXI_HOME": str(fresh.folder / "second")}
        )
        second.start(GUANXI_DATABASE_URL=url)
        code, said = second.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "belongs to another home" in said


def test_stop_ends_the_instance_of_its_home(started: Started) -> None:
    process = started.start_until_ready()
    environment = {**os.environ, "GUANXI_HOME": str(started.home)}

    stopped = subprocess.run(
        [sys.executable, "-m", "guanxi_local", "stop"], env=environment, timeout=90, check=False
    )

    assert stopped.returncode == 0
    assert process.wait(30) == 0
