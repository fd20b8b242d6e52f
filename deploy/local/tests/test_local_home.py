"""The folder of one instance:
secrets that stay, locks that exclude, writes that are whole or not at all.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from guanxi_local.home import Home
from guanxi_local.parts import PARTS
from guanxi_local.refusals import LauncherError, StopRequested
from guanxi_local.testing import Started


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_a_secret_is_made_once_and_kept_from_others(home: Home) -> None:
    first = home.secret("client administrator")

    assert Home(home.folder).secret("client administrator") == first
    assert home.secret("client gateway") != first
    assert (home.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_secret_is_long_enough_that_nobody_guesses_it(home: Home) -> None:
    assert len(home.secret("anything")) >= 40


def test_what_is_remembered_is_recalled_by_the_next_start(home: Home) -> None:
    home.remember(demo="played", migrated={"scoring": "abc"})
    home.remember(demo="begun")

    again = Home(home.folder)

    assert (again.recall("demo"), again.recall("migrated"), again.recall("clients")) == (
        "begun",
        {"scoring": "abc"},
        None,
    )


def test_an_interrupted_write_leaves_the_old_content_whole(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = home.secret("kept")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LauncherError, match="No space left on device"):
        home.secret("new")
    monkeypatch.undo()

    assert Home(home.folder).secret("kept") == kept
    assert sorted(path.name for path in home.folder.iterdir()) == ["logs", "secrets.json"]


def test_a_damaged_file_is_named_instead_of_overwritten(home: Home) -> None:
    (home.folder / "secrets.json").write_text("{")

    with pytest.raises(LauncherError, match=r"Cannot read .*secrets\.json"):
        home.secret("anything")

    assert (home.folder / "secrets.json").read_text() == "{"


def test_a_home_is_held_by_one_process_and_free_when_it_has_ended(home: Home) -> None:
    program = (
        "import sys; from pathlib import Path; from guanxi_local.home import Home\nwith"
        " Home(Path(sys.argv[1])).locked(): pass"
    )
    command = [sys.executable, "-c", program, str(home.folder)]

    with home.locked():
        assert home.holder() == os.getpid()
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    taken = subprocess.run(command, capture_output=True, text=True, check=False)

    assert f"is in use by process {os.getpid()}" in refused.stderr
    assert taken.returncode == 0
    assert home.holder() is None


def test_the_credentials_name_the_place_and_the_client(home: Home) -> None:
    home.write_credentials("http://127.0.0.1:8123", client_id="administrator")

    assert json.loads(home.credentials.read_text()) == {
        "base_url": "http://127.0.0.1:8123",
        "token_url": "http://127.0.0.1:8123/oauth/token",
        "client_id": "administrator",
        "client_secret": home.secret("client administrator"),
    }


def test_a_home_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LauncherError, match="Cannot use the home") as refused:
        Home(tmp_path / "file" / "home").prepare()

    assert "\n" not in str(refused.value)


def test_a_home_tells_no_holder_after_a_stop_that_raised(home: Home) -> None:
    with pytest.raises(StopRequested), home.locked():
        raise StopRequested("SIGTERM")

    assert (home.folder / "lock").read_text() == ""


def test_what_stands_in_the_way_of_a_write_is_one_line(home: Home) -> None:
    (home.folder / "processes.json.new").mkdir()

    with pytest.raises(LauncherError, match=r"Cannot write .*processes\.json"):
        home.publish_processes({})


def test_an_instance_in_a_folder_of_mode_700_starts_stops_and_finds_its_data_again(
    fresh: Started,
) -> None:
    """As root, PostgreSQL's account cannot enter it; as anybody else it is one's own."""
    fresh.folder.chmod(0o700)
    fresh.start_until_ready().send_signal(signal.SIGTERM)
    assert fresh.ended() == (0, "")
    made = (fresh.home / "postgres" / "data" / "PG_VERSION").stat()

    fresh.start_until_ready().send_signal(signal.SIGTERM)

    assert fresh.ended() == (0, "")
    assert (fresh.home / "postgres" / "data" / "PG_VERSION").stat().st_ino == made.st_ino
    assert fresh.folder.stat().st_mode & 0o777 == 0o700
    assert (fresh.folder / "commands").read_text().count("migrate") == len(PARTS)


@pytest.mark.skipif(
    os.geteuid() != 0,
    reason="only root starts PostgreSQL under another account, which may not enter everywhere",
)
def test_in_a_folder_of_mode_700_the_database_is_not_run_by_root(fresh: Started) -> None:
    fresh.folder.chmod(0o700)
    fresh.start_until_ready()

    database = int(
        (fresh.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0]
    )

    assert Path(f"/proc/{database}").stat().st_uid != 0
    assert (fresh.home / "postgres" / "data").stat().st_uid == Path(
        f"/proc/{database}"
    ).stat().st_uid
