"""The gateway's settings: what an operator may change, with its default;
what is fixed is a constant in the module that applies it.
"""

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode
from service_kit.process.settings import ServiceSettings

from gateway.limit.domain import Policy


class Settings(ServiceSettings):
    """What the gateway takes from the environment beside what every service takes."""

    database_schema: str = Field(
        default="gateway",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Name of the schema that the gateway owns.",
    )
    token_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="Lifetime of access tokens, in seconds."
    )
    signing_key_days: int = Field(
        default=90, ge=1, le=3650, description="How long one key signs access tokens, in days."
    )
    client_webhook_endpoints: int = Field(
        default=100, ge=1, le=100_000, description="How many webhook endpoints one client may have."
    )
    client_api_keys: int = Field(
        default=200, ge=1, le=100_000, description="How many valid API keys one client may have."
    )
    client_children: int = Field(
        default=200,
        ge=1,
        le=100_000,
        description="How many clients one client may have registered.",
    )
    ticket_seconds: int = Field(
        default=60, ge=5, le=600, description="How long a stream ticket may be used, in seconds."
    )
    rate_limit_requests: int = Field(
        default=300_000,
        ge=1,
        le=100_000_000,
        description="Requests that a client may send per window, unless it has a limit of its own.",
    )
    rate_limit_seconds: int = Field(
        default=60, ge=1, le=86_400, description="Length of the window of the limits, in seconds."
    )
    anonymous_limit_requests: int = Field(
        default=30_000,
        ge=1,
        le=100_000_000,
        description="Requests without a token that one address may send per window.",
    )
    answer_seconds: float = Field(
        default=30,
        gt=0,
        le=3600,
        description=(
            "How long a service may take to begin its answer once it has the request, in seconds."
        ),
    )
    upload_seconds: float = Field(
        default=900,
        gt=0,
        le=86_400,
        description=(
            "How long a caller may take to send a body, and a service to answer an upload, in"
            " seconds."
        ),
    )
    idle_seconds: float = Field(
        default=120,
        gt=0,
        le=3600,
        description="Longest pause in a body that arrives or in a streamed answer, in seconds.",
    )
    overview_seconds: float = Field(
        default=2,
        gt=0,
        le=60,
        description="Deadline of each part of the customer overview, in seconds.",
    )
    openapi_dir: str = Field(
        default="",
        description=(
            "Folder with the contracts that routing goes by; empty means the folder `openapi`"
            " beside the sources."
        ),
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by"
            " commas."
        ),
    )
    webhooks_allow_loopback: bool = Field(
        default=False,
        description="Whether webhooks may be sent to this machine itself; for local development.",
    )
    webhooks_allow_http: bool = Field(
        default=False,
        description="Whether webhooks may be sent over plain HTTP to public addresses.",
    )
    webhook_attempt_seconds: float = Field(
        default=15, gt=0, le=60, description="Deadline of one webhook attempt, in seconds."
    )
    webhook_concurrency: int = Field(
        default=256,
        ge=1,
        le=10_000,
        description="Webhook attempts under way at once in one process.",
    )
    webhook_log_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long finished webhook deliveries are kept, in days.",
    )

    @property
    def limit_of_all(self) -> Policy:
        """The limit of every client that has none of its own."""
        return Policy(quota=self.rate_limit_requests, window=self.rate_limit_seconds)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(network.strip() for network in value.split(",") if network.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value
