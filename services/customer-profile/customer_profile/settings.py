"""The settings of customer-profile: what an operator may change has its default here;
what is fixed stands where it is applied.
"""

from datetime import time
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode
from service_kit.process.settings import ServiceSettings
from service_kit.words.fields import UNIT

from customer_profile.contact_rules import ContactRules, QuietHours
from customer_profile.touch import Purpose

CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


class Settings(ServiceSettings):
    """Each field is the environment variable GUANXI_<FIELD>."""

    database_schema: str = Field(
        default="customer_profile",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Name of the owned schema.",
    )
    default_unit: str = Field(
        default="cn",
        pattern=UNIT,
        description=(
            "Organization unit of new customers when neither the request nor the token names one."
        ),
    )
    default_language: str = Field(
        default="zh-CN",
        description="Language of new customers when the request names none (BCP 47).",
    )
    consent_first: Annotated[tuple[Purpose, ...], NoDecode] = Field(
        default=(Purpose.SALE, Purpose.MARKETING, Purpose.SURVEY, Purpose.NEWSLETTER),
        description=(
            "Purposes, separated by commas, that need a consent before any contact; all others are"
            " allowed until refused."
        ),
    )
    quiet_hours: str = Field(
        default="21:00-08:00",
        pattern=f"^{CLOCK}-{CLOCK}$",
        description="When customers are not disturbed, in the local time of each customer.",
    )
    touches_per_month: int = Field(
        default=8,
        ge=0,
        le=1_000,
        description="Largest number of touches on our initiative per customer and calendar month.",
    )
    import_largest_bytes: int = Field(
        default=100_000_000, ge=1_000, description="Largest file of a customer import, in bytes."
    )
    import_batch_rows: int = Field(
        default=1_000,
        ge=1,
        le=10_000,
        description="Rows of an import that are written in one transaction.",
    )
    import_most_problems: int = Field(
        default=10_000, ge=1, description="How many row errors of one import are kept for download."
    )

    @field_validator("consent_first", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def contact_rules(self) -> ContactRules:
        start, _, end = self.quiet_hours.partition("-")
        return ContactRules(
            consent_first=frozenset(self.consent_first),
            quiet=QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end)),
            touches_per_month=self.touches_per_month,
        )
