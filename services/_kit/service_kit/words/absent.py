"""Null in a body that creates or moves means "not given", in every operation."""

from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import CoreSchema, PydanticUseDefault, core_schema


def null_as_absent(model: type[BaseModel], schema: CoreSchema) -> CoreSchema:
    """The schema of a model whose members with a default take null for it.

    A member without a default stays required, and one that holds null itself keeps it.
    """
    for name, field in _fields(schema).items():
        given = field["schema"]
        if given["type"] == "default" and not _holds_null(model.model_fields[name].annotation):
            given["schema"] = core_schema.no_info_after_validator_function(
                _given, core_schema.nullable_schema(given["schema"])
            )
    return schema


def _given(value: object) -> object:
    if value is None:
        raise PydanticUseDefault
    return value


def _holds_null(annotation: object) -> bool:
    return annotation is Any or type(None) in get_args(annotation)


def _fields(schema: Any) -> dict[str, Any]:
    """The members within whatever validators of the model lie around them."""
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    fields: dict[str, Any] = schema["fields"]
    return fields
