"""Settings of this service, beside those that every service has."""

from pydantic import Field
from service_kit.process.settings import ServiceSettings
from service_kit.words.fields import UNIT


class Settings(ServiceSettings):
    """Each field is the environment variable GUANXI_<FIELD>."""

    database_schema: str = Field(
        default="complaints",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Name of the schema that the service owns.",
    )
    company_name: str = Field(
        default="Guanxi", max_length=200, description="Name of the company on its letters."
    )
    default_unit: str = Field(
        default="cn",
        pattern=UNIT,
        description=(
            "Unit of a complaint whose customer cannot be asked for theirs and whose recorder"
            " belongs to none."
        ),
    )
    customer_seconds: float = Field(
        default=0.8,
        gt=0,
        description=(
            "Deadline for asking customer-profile; past it the complaint is recorded all the same,"
            " in seconds."
        ),
    )
    compensation_days: int = Field(
        default=30,
        ge=0,
        le=3_650,
        description=(
            "How many days what a customer was given in other cases counts against approval limits."
        ),
    )
    letter_seconds: float = Field(
        default=20, gt=0, description="Deadline for printing one letter, in seconds."
    )
    clock_poll_seconds: float = Field(
        default=0.5, gt=0, description="How often due clocks are looked for, in seconds."
    )
    confirm_seconds: float = Field(
        default=30,
        gt=0,
        description=(
            "How long after a failed question the customer's unit is asked for again, in seconds."
        ),
    )
