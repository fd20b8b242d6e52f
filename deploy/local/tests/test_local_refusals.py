"""What stops a start: told in one line, with nothing left running."""

import os
import signal
import socket

import pytest
from guanxi_local.testing import Started, answers, free_port, processes_of, wait_until


def test_a_forked_program_that_dies_at_start_is_named_with_its_last_words(started: Started) -> None:
    started.start(GUANXI_PRELOAD="1", FAILING_PART="scoring")

    code, said = started.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "scoring stopped at start (exit 1): error: the neighbors are too loud" in said
    assert processes_of(started.folder) == []


def test_a_program_that_dies_at_start_is_named_with_its_last_words(fresh: Started) -> None:
    fresh.start(FAILING_PART="scoring")

    code, said = fresh.ended()

    assert code == 1
    assert said.count("\n") == 1
    assert "scoring stopped at start (exit 1): error: the neighbors are too loud" in said
    assert processes_of(fresh.folder) == []


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

    second = Started(started.folder, free_port())
    second.start()
    code, said = second.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert f"is in use by process {holder.pid}" in said
    assert answers(f"http://127.0.0.1:{started.port}")


def test_an_interrupted_first_start_is_taken_up_by_the_next(fresh: Started) -> None:
    process = fresh.start(SLOW_MIGRATION="1")
    wait_until((fresh.folder / "commands").exists, within=30)
    process.send_signal(signal.SIGINT)
    assert fresh.ended() == (0, "")
    assert processes_of(fresh.folder) == []

    fresh.start_until_ready()

    assert answers(f"http://127.0.0.1:{fresh.port}")


def test_an_unreachable_database_is_one_line(fresh: Started) -> None:
    fresh.start(GUANXI_DATABASE_URL=f"postgresql://a:b@127.0.0.1:{free_port()}/none")

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "Cannot connect to the database at 127.0.0.1" in said
    assert processes_of(fresh.folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("size", ["64k", "20m"])
def test_a_full_disk_is_one_line(fresh: Started, size: str) -> None:
    fresh.start(disk=size)

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert "No space left on device" in said
    assert processes_of(fresh.folder) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GUANXI_PORT", "eighty"),
        ("GUANXI_PORT", "70000"),
        ("GUANXI_DATABASE_URL", "mysql://x/y"),
        ("DEMO", "perhaps"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(fresh: Started, variable: str, value: str) -> None:
    fresh.start(**{variable: value})

    code, said = fresh.ended()

    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"error: {variable} is not usable")
