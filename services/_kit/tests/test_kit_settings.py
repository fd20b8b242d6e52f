"""What a process refuses to start with: told in one line that names the variable."""

from pathlib import Path

import pytest
from service_kit.command import command_line
from service_kit.process.secrets import SecretKeyMissing
from service_kit.testing import notes
from typer.testing import CliRunner


def started(command: str, **environment: str) -> tuple[int, str]:
    cli = command_line(
        name="notes", settings=notes.Settings, compose=notes.compose, migrations=notes.MIGRATIONS
    )
    ended = CliRunner().invoke(cli, [command], env=environment)
    return ended.exit_code, ended.stderr


@pytest.mark.parametrize(
    "zone", ["Asia/Shangai", "Asia", "../etc/passwd", "/etc/localtime", "Nowhere"]
)
def test_a_time_zone_that_does_not_exist_is_named_at_start(zone):
    code, said = started("serve", GUANXI_TIME_ZONE=zone, GUANXI_SECRET_KEY="test")

    assert (code, said.count("\n")) == (1, 1)
    assert "GUANXI_TIME_ZONE" in said


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Europe/Berlin"])
def test_a_time_zone_that_exists_is_taken(zone):
    assert notes.Settings(time_zone=zone).time_zone == zone


@pytest.mark.parametrize("command", ["serve", "work"])
def test_without_a_secret_key_nothing_is_started(command):
    code, said = started(command, GUANXI_SECRET_KEY="")

    assert (code, said.count("\n")) == (1, 1)
    assert "GUANXI_SECRET_KEY" in said


async def test_a_service_without_a_secret_key_neither_runs_nor_seals():
    service = notes.compose(notes.Settings())

    with pytest.raises(SecretKeyMissing):
        async with service.running(work=False):
            pass
    with pytest.raises(SecretKeyMissing):
        service.sealer.seal(b"x", purpose="test")


def test_the_contract_is_written_without_a_secret_key():
    assert started("openapi", GUANXI_SECRET_KEY="")[0] == 0


def test_every_setting_is_in_the_readme():
    readme = (Path(__file__).parents[1] / "README.md").read_text()

    missing = [
        name for name in notes.Settings.model_fields if f"| `GUANXI_{name.upper()}` |" not in readme
    ]
    assert missing == []
