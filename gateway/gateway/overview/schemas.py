"""The customer as a whole, as the API writes it."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import JsonObject, Output

Part = Annotated[str, Field(max_length=40)]
Things = Annotated[list[JsonObject], Field(max_length=200)]


class CustomerOverview(Output):
    """A customer as a whole. `degraded` names parts whose service did not answer in time.

    `withheld` names those that the token may not see, in whole or, as `recent`, in part.
    """

    customer: JsonObject | None
    tier: JsonObject | None
    scores: Things
    open_cases: Things
    recent: Things
    care_tasks: Things
    degraded: Annotated[list[Part], Field(max_length=10)]
    withheld: Annotated[list[Part], Field(max_length=10)]
