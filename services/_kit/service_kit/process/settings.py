"""Environment variables into frozen settings; every service starts from these and adds its own."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Each field is the environment variable GUANXI_<FIELD>;
    a wrong value stops the process at start with its name.
    """

    model_config = SettingsConfigDict(
        env_prefix="GUANXI_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    database_url: str = Field(
        default="postgresql://localhost/guanxi",
        description=(
            "URL of the service's own Postgres (15 or newer); several hosts may be named, the"
            " primary is found."
        ),
    )
    migration_database_url: str = Field(
        default="",
        description=(
            "URL with the role that owns the schema, for `migrate` alone; empty: the role of"
            " GUANXI_DATABASE_URL owns it too."
        ),
    )
    database_schema: str = Field(
        pattern=r"^[a-z_][a-z0-9_]{0,62}$", description="Name of the schema that the service owns."
    )
    database_pool_size: int = Field(
        default=10,
        ge=1,
        le=500,
        description="Largest number of database connections of one process.",
    )
    database_statement_seconds: float = Field(
        default=15, gt=0, description="Deadline of one SQL statement, in seconds."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    uds: str | None = Field(
        default=None, description="Unix socket to listen on, instead of host and port."
    )
    issuer: str = Field(
        default="http://127.0.0.1:8000",
        description="Public URL of the gateway: issuer of the access tokens.",
    )
    audience: str = Field(default="guanxi", description="Audience that access tokens must name.")
    gateway_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where services reach the gateway (keys, tokens).",
    )
    customer_profile_url: str = Field(
        default="http://127.0.0.1:8001", description="Where customer-profile is reached."
    )
    complaints_url: str = Field(
        default="http://127.0.0.1:8002", description="Where complaints is reached."
    )
    scoring_url: str = Field(
        default="http://127.0.0.1:8003", description="Where scoring is reached."
    )
    contact_center_url: str = Field(
        default="http://127.0.0.1:8004", description="Where contact-center is reached."
    )
    client_id: str = Field(
        default="", description="The service's own OAuth client, for its calls to other services."
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret of the service's own OAuth client."
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "Key for secrets at rest and signed cursors; the same in all replicas of a service."
        ),
    )
    time_zone: str = Field(
        default="Asia/Shanghai", description="Time zone of the company: its days and months."
    )
    language: str = Field(
        default="en",
        pattern="^(en|zh-CN)$",
        description="Language when the request names none: en or zh-CN.",
    )
    phone_region: str = Field(
        default="CN",
        pattern="^[A-Z]{2}$",
        description="Country of phone numbers that are written without their country code.",
    )
    work: bool = Field(
        default=True, description="Whether `serve` also runs the background work in its process."
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least level that is logged.",
    )
    request_log: bool = Field(
        default=True, description="Whether every request is logged as one line."
    )
    route_plan: bool = Field(
        default=True,
        description=(
            "Whether routes are called by the kit's plan; `off`: by FastAPI's own machinery, which"
            " costs more CPU."
        ),
    )
    largest_body_bytes: int = Field(
        default=2_000_000, ge=1_000, description="Largest JSON body, in bytes."
    )
    largest_upload_bytes: int = Field(
        default=200_000_000, ge=1_000, description="Largest uploaded file, in bytes."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins of browsers that may call, separated by commas."
    )
    otlp_endpoint: str = Field(
        default="", description="OTLP/HTTP collector for traces; empty means no traces are sent."
    )
    feed_days: int = Field(
        default=90, ge=1, description="How long events can be replayed, in days."
    )
    idempotency_hours: int = Field(
        default=72,
        ge=1,
        description="How long answers are kept for their idempotency keys, in hours.",
    )
    stop_seconds: int = Field(
        default=10, ge=1, description="How long open requests may go on after SIGTERM, in seconds."
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(origin.strip(' []"') for origin in value.split(",") if origin.strip(' []"'))

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                "must be a time zone of the IANA database, such as Asia/Shanghai"
            ) from error
        return value
