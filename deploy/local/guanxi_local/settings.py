"""The launcher's environment:
where it lives, where the gateway listens, whose PostgreSQL it uses.
"""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from guanxi_local.refusals import LauncherError

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, never listened on by default


class LocalSettings(BaseSettings):
    """Each field is the environment variable GUANXI_<FIELD>; DEMO alone has no prefix."""

    model_config = SettingsConfigDict(
        env_prefix="GUANXI_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
    )

    home: Path = Field(
        default=Path(".guanxi"), description="Folder of the data, keys, credentials and logs."
    )
    host: str = Field(default="127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port that the gateway listens on.")
    database_url: SecretStr | None = Field(
        default=None,
        description=(
            "An administrator's URL of a PostgreSQL (15 or newer) to use instead of our own."
        ),
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key for secrets at rest; made and kept in the home when it is not given.",
    )
    start_seconds: float = Field(
        default=120, gt=0, description="How long everything may take to be ready, in seconds."
    )
    stop_seconds: int = Field(
        default=10, ge=1, description="How long open requests may go on at a stop, in seconds."
    )
    preload: bool = Field(
        default=True,
        description=(
            "Whether what the five share is loaded once and forked, which saves time and memory."
        ),
    )
    demo: bool = Field(
        default=True,
        validation_alias="DEMO",
        description="Whether the demo is played when the data are new.",
    )

    @field_validator("database_url")
    @classmethod
    def _is_a_postgres_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, _, rest = value.get_secret_value().partition("://")
        if scheme.partition("+")[0] not in ("postgresql", "postgres") or not urlsplit(
            f"//{rest}"
        ).path.strip("/"):
            raise ValueError("must be postgresql://user:password@host/database")
        return SecretStr(f"postgresql://{rest}")

    @classmethod
    def from_environment(cls) -> Self:
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]).upper()
            variable = name if name == "DEMO" else f"GUANXI_{name}"
            raise LauncherError(f"{variable} is not usable: {first['msg']}.") from error

    @property
    def base_url(self) -> str:
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def absolute_home(self) -> Path:
        return self.home.expanduser().absolute()
