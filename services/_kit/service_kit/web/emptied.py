"""What is left of an answer when a person in it is erased:
it still fits its schema, and no free word is in it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
# Ids, moments and the words of a list say what happened and to what; they are on the books.
KEPT_FORMATS = ("uuid", "date-time")
# Where a resource lies says nothing of who is in it.
UNIT = "unit"
# What a text becomes: the first of these that its schema takes.
BLANKS = ("", "-")
NO_VALUE = {"type": "null"}
KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


def emptied(value: Any, schema: Schema, document: Schema) -> Any:
    """The value without what somebody wrote into it;
    `document` holds the definitions that the schema refers to.
    """
    schema = _resolved(schema, document)
    if "anyOf" in schema or "oneOf" in schema:
        return _emptied_choice(
            value, [*schema.get("anyOf", ()), *schema.get("oneOf", ())], document
        )
    if isinstance(value, dict):
        return _emptied_object(value, schema, document)
    if isinstance(value, list):
        return _emptied_list(value, schema.get("items", {}), document)
    if isinstance(value, str):
        return _emptied_text(value, schema)
    # A number or a truth that no schema describes stood in a place that takes anything.
    return value if "type" in schema or "enum" in schema or "const" in schema else None


def _emptied_choice(value: Any, options: Sequence[Schema], document: Schema) -> Any:
    resolved = [_resolved(option, document) for option in options]
    fitting = next(
        (option for option in resolved if option != NO_VALUE and _fits(value, option)), None
    )
    left = None if fitting is None else emptied(value, fitting, document)
    is_personal = fitting is None or left != value or fitting.get("format") == "date"
    return (
        None if is_personal and any(option.get("type") == "null" for option in resolved) else left
    )


def _emptied_object(value: Mapping[str, Any], schema: Schema, document: Schema) -> dict[str, Any]:
    members = schema.get("properties", {})
    left = {
        name: each if name == UNIT else emptied(each, members[name], document)
        for name, each in value.items()
        if name in members
    }
    if len(left) < schema.get("minProperties", 0):
        # A map that may not be empty is one of languages or of codes.
        extra = schema.get("additionalProperties", {})
        left |= {
            name: emptied(each, extra, document)
            for name, each in value.items()
            if name not in members
        }
    return left


def _emptied_list(value: Sequence[Any], items: Schema, document: Schema) -> list[Any]:
    left = [emptied(each, items, document) for each in value]
    return [each for each in left if each is not None and each not in BLANKS]


def _emptied_text(value: str, schema: Schema) -> str:
    if schema.get("format") in KEPT_FORMATS or "enum" in schema or "const" in schema:
        return value
    # A text that can be none of the blanks is a code, a sum or a unit.
    return next((blank for blank in BLANKS if _takes(schema, blank)), value)


def _takes(schema: Schema, text: str) -> bool:
    return (
        len(text) >= schema.get("minLength", 0)
        and "format" not in schema
        and re.search(schema.get("pattern", ""), text) is not None
    )


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value is of this branch:
    its kind, and for objects the members that tell branches apart.
    """
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if "type" in schema and not isinstance(value, KINDS.get(schema["type"], object)):
        return False
    if not isinstance(value, dict):
        return True
    members = schema.get("properties", {})
    marks = {name: member["const"] for name, member in members.items() if "const" in member}
    return set(schema.get("required", ())) <= value.keys() and all(
        value.get(name) == mark for name, mark in marks.items()
    )


def _resolved(schema: Schema, document: Schema) -> Schema:
    """The schema behind a reference, with what stands beside it."""
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found.get(part, {})
        schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema
