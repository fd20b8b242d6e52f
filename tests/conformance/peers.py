"""Two clients of a running instance whose units are not those of the other."""

from dataclasses import dataclass
from typing import Any

import httpx2

UNITS = {"south": "cn.gd", "north": "cn.bj"}


@dataclass(frozen=True)
class Peer:
    """A client with every scope, in one unit."""

    name: str
    token: str


def registered(credentials: dict[str, str]) -> list[Peer]:
    """Make the clients with the administrator's credentials, and a token for each."""
    with httpx2.Client(base_url=credentials["base_url"], timeout=30) as http:
        administrator = granted(http, credentials["client_id"], credentials["client_secret"])
        return [peer(http, administrator, name, unit) for name, unit in UNITS.items()]


def granted_token(credentials: dict[str, str]) -> str:
    """A token with all that the administrator may do."""
    with httpx2.Client(base_url=credentials["base_url"], timeout=30) as http:
        return str(
            granted(http, credentials["client_id"], credentials["client_secret"])["access_token"]
        )


def peer(http: httpx2.Client, administrator: dict[str, Any], name: str, unit: str) -> Peer:
    asked = {"name": name, "scopes": str(administrator["scope"]).split(), "units": [unit]}
    made = http.post(
        "/v1/clients",
        json=asked,
        headers={"Authorization": f"Bearer {administrator['access_token']}"},
    )
    made.raise_for_status()
    client = made.json()
    return Peer(
        name, str(granted(http, client["client_id"], client["client_secret"])["access_token"])
    )


def granted(http: httpx2.Client, client_id: str, client_secret: str) -> dict[str, Any]:
    answer = http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, client_secret)
    )
    answer.raise_for_status()
    token: dict[str, Any] = answer.json()
    return token
