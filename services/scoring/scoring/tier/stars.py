"""How many stars a customer has."""

from typing import Annotated

from pydantic import Field

Stars = Annotated[int, Field(ge=1, le=6, json_schema_extra={"format": "int32"})]
