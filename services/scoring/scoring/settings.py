"""The environment of this service as frozen settings: what an operator may change has its default
here.

What is fixed is a constant in the module that applies it.
"""

from pydantic import Field
from service_kit.process.settings import ServiceSettings


class Settings(ServiceSettings):
    """The settings of scoring, beside those of every service."""

    database_schema: str = "scoring"
    customer_question_seconds: float = Field(
        default=2.0,
        gt=0,
        description="Deadline for asking customer-profile which customer is meant, in seconds.",
    )
    import_wait_seconds: float = Field(
        default=900,
        gt=0,
        description="How long an import waits for customer-profile before it fails, in seconds.",
    )
    score_chunk: int = Field(
        default=5_000,
        ge=10,
        le=100_000,
        description="Customers scored in one transaction of a run.",
    )
    critical_words: str = Field(
        default="complaint,lawyer,never again,terrible,refund,cancel,投诉,律师,再也不,太差,退款,骗",
        description=(
            "Words that make a survey remark critical, separated by commas; case does not matter."
        ),
    )
