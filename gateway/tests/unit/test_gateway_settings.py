"""The gateway's own settings are checked at start, by name."""

import pytest
from gateway.settings import Settings
from pydantic import ValidationError


@pytest.mark.parametrize("proxies", ["foo", "10.0.0.0/99", "10.0.0.1, proxy.internal"])
def test_a_trusted_proxy_that_is_no_network_is_refused_by_name(monkeypatch, proxies):
    monkeypatch.setenv("GUANXI_TRUSTED_PROXIES", proxies)

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert [fault["loc"] for fault in refused.value.errors()] == [("trusted_proxies",)]


def test_trusted_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("GUANXI_TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16, fd00::/8,")

    assert Settings().trusted_proxies == ("10.0.0.1", "192.168.0.0/16", "fd00::/8")
