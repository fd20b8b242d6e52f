"""Ports that a restarted service finds free again, and settings that are all documented."""

import re
import socket
from pathlib import Path

import pytest
from guanxi_local import ports
from guanxi_local.refusals import LauncherError
from guanxi_local.settings import LocalSettings
from pydantic import SecretStr

README = Path(__file__).parents[1] / "README.md"


def test_free_ports_are_different_and_lie_below_those_of_outgoing_connections() -> None:
    found = ports.free_ports(4)

    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(found)) == 4
    assert all(ports.LOWEST <= port < max(first, ports.LOWEST + 1_000) for port in found)


def test_a_port_in_use_is_not_called_free() -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        with pytest.raises(LauncherError, match="is taken"):
            ports.require_free("127.0.0.1", taker.getsockname()[1])


def test_every_setting_is_described_and_stands_in_the_readme() -> None:
    named = {
        "DEMO" if name == "demo" else f"GUANXI_{name.upper()}": field
        for name, field in LocalSettings.model_fields.items()
    }

    assert all(field.description for field in named.values())
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README.read_text(), re.MULTILINE)) == set(named)


def test_a_gateway_that_listens_everywhere_is_addressed_on_loopback() -> None:
    assert LocalSettings(host="0.0.0.0", port=81).base_url == "http://127.0.0.1:81"
    assert LocalSettings(host="::1", port=81).base_url == "http://[::1]:81"


def test_a_database_url_of_sqlalchemy_is_taken_as_well() -> None:
    settings = LocalSettings(database_url=SecretStr("postgresql+asyncpg://a:b@host/db"))

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://a:b@host/db"
