"""What each process is told through its environment."""

import os
from collections.abc import Mapping

from guanxi_local.database import LocalDatabase
from guanxi_local.home import Home
from guanxi_local.parts import GATEWAY, PARTS, Part
from guanxi_local.settings import LocalSettings

LAUNCHER_ONLY = (
    "GUANXI_HOME",
    "GUANXI_START_SECONDS",
    "GUANXI_PRELOAD",
    "GUANXI_MIGRATION_DATABASE_URL",
    "DEMO",
)
FRUGAL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
WEBHOOKS_TO_THIS_MACHINE = {"GUANXI_WEBHOOKS_ALLOW_LOOPBACK": "true"}


def addresses(settings: LocalSettings, ports: Mapping[str, int]) -> dict[str, str]:
    """Where each part is reached, by its name."""
    return {
        part.name: settings.base_url if part is GATEWAY else f"http://127.0.0.1:{ports[part.name]}"
        for part in PARTS
    }


def environment_of(
    part: Part,
    *,
    settings: LocalSettings,
    home: Home,
    database: LocalDatabase,
    urls: Mapping[str, str],
) -> dict[str, str]:
    """The caller's own environment with the words of this instance over it,
    so that every other setting stays usable.
    """
    kept = {name: value for name, value in os.environ.items() if name not in LAUNCHER_ONLY}
    port = urls[part.name].rpartition(":")[2]
    key = (
        settings.secret_key.get_secret_value() if settings.secret_key else home.secret("secret key")
    )
    return {
        **FRUGAL,
        **WEBHOOKS_TO_THIS_MACHINE,
        **kept,
        "GUANXI_DATABASE_URL": database.url_of(part),
        "GUANXI_DATABASE_SCHEMA": part.schema,
        "GUANXI_HOST": settings.host if part is GATEWAY else "127.0.0.1",
        "GUANXI_PORT": port,
        "GUANXI_ISSUER": settings.base_url,
        **{other.url_variable: urls[other.name] for other in PARTS},
        "GUANXI_CLIENT_ID": part.client_id,
        "GUANXI_CLIENT_SECRET": home.secret(f"client {part.client_id}"),
        "GUANXI_SECRET_KEY": key,
    }
