"""The settings of the contact center: what an operator may change, each with its default.

What is fixed is a constant in the module that applies it; one that goes with a setting names it.
"""

from pydantic import Field
from service_kit.process.settings import ServiceSettings


class Settings(ServiceSettings):
    """Each field is the environment variable GUANXI_<FIELD>."""

    database_schema: str = Field(
        default="contact_center",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Name of the schema that the service owns.",
    )
    unit: str = Field(
        default="cn", description="Unit of resources whose creator names none and is kept to none."
    )
    screen_pop_seconds: float = Field(
        default=0.3,
        gt=0,
        le=10,
        description=(
            "Deadline for all questions of a screen pop to other services together, in seconds."
        ),
    )
    router_lease_seconds: float = Field(
        default=3,
        ge=1,
        le=60,
        description="After how many seconds of silence another replica's router takes over.",
    )
    stream_heartbeat_seconds: float = Field(
        default=15,
        gt=0,
        le=300,
        description="Seconds between two signs of life in a stream that has nothing to tell.",
    )
