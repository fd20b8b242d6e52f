"""What every contract says in the same way:
bounded texts, described parameters, free JSON, no titles that repeat names.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from service_kit.words.fields import FREE_JSON, JSON_TEXT

# Requests with NUL are refused whatever the field; nothing else is, where a schema has no pattern
# of its own.
WITHOUT_NUL = r"^[^\x00]*$"
LARGEST_FILE = 200_000_000
RESTRICTIONS = {"format", "pattern", "enum", "const"}
JSON_NAMES: Mapping[str, Any] = {"maxLength": JSON_TEXT, "pattern": WITHOUT_NUL}


def detailed(value: Any) -> Any:
    """A document with every schema in it completed."""
    if isinstance(value, list):
        return [detailed(member) for member in value]
    if not isinstance(value, dict):
        return value
    if is_free_json(value):
        return {**value, "propertyNames": JSON_NAMES}
    members = {
        name: detailed(member)
        for name, member in value.items()
        if not _is_derived_title(name, member, value)
    }
    if "properties" in members:
        members["properties"] = {
            name: _without_default(member) for name, member in members["properties"].items()
        }
    if "anyOf" in members:
        members = _or_null(members)
    if isinstance(members.get("description"), str):
        members["description"] = unwrapped(members["description"])
    if "contentMediaType" in members:
        members = {"maxLength": LARGEST_FILE, "format": "binary", **members}
    elif len(members.get("patternProperties", ())) == 1:
        members = keyed(members)
    elif members.get("type") == "string" and not RESTRICTIONS & members.keys():
        members["pattern"] = WITHOUT_NUL
    return members


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`string | null` as one schema with two types,
    where the other branch has a type of its own.
    """
    others = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
    if (
        len(schema["anyOf"]) != 2
        or len(others) != 1
        or not isinstance(others[0].get("type"), str)
        or {"enum", "const"} & others[0].keys()
    ):
        return schema
    beside = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**others[0], "type": [others[0]["type"], "null"], **beside}


def _without_default(schema: dict[str, Any]) -> dict[str, Any]:
    """A member's default as a sentence:
    generators take a member with `default` for one that has to be sent.
    """
    if "default" not in schema:
        return schema
    default = schema.pop("default")
    if default is None:
        return schema
    written = to_json(default).decode()
    return {
        **schema,
        "description": f"{schema.get('description', '')} `{written}` when left out.".strip(),
    }


def unwrapped(text: str) -> str:
    """A text with each paragraph on one line:
    where a docstring breaks its lines is nothing to the readers of a contract.
    """
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def keyed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A map with its keys as `propertyNames`,
    which keeps other keys out and gives generated clients a plain map.
    """
    ((pattern, members),) = schema["patternProperties"].items()
    names = {**schema.get("propertyNames", {}), "pattern": pattern}
    kept = {name: value for name, value in schema.items() if name != "patternProperties"}
    return {**kept, "propertyNames": names, "additionalProperties": members}


def is_free_json(schema: Mapping[str, Any]) -> bool:
    """Whether this is an object of any JSON and nothing else; it may have a bound of its own."""
    return "properties" not in schema and all(
        schema.get(name) == value for name, value in FREE_JSON.items() if name != "maxProperties"
    )


def _is_derived_title(name: str, title: object, schema: Mapping[str, Any]) -> bool:
    """Whether this is a title that pydantic derived from a name,
    which says nothing that the name does not.
    """
    is_schema = "type" in schema or "anyOf" in schema or "$ref" in schema
    return name == "title" and is_schema and isinstance(title, str)


def complete_parameter(parameter: dict[str, Any], path: str) -> None:
    """Describe a parameter that says nothing of itself; and no null:
    a query or a path cannot say it.
    """
    schema = parameter["schema"]
    branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1 and len(schema["anyOf"]) == 2:
        parameter["schema"] = {
            **{name: value for name, value in schema.items() if name not in ("anyOf", "title")},
            **branches[0],
        }
    if "description" not in parameter:
        parameter["description"] = parameter["schema"].pop("description", None) or described(
            parameter["name"], parameter["in"], path
        )


def described(name: str, place: str, path: str) -> str:
    """`customer_id` in a path is "Id of the customer.";
    in a query it leaves only those with that one.
    """
    before = path.partition(f"/{{{name}}}")[0].rpartition("/")[2].replace("-", " ")
    noun = (
        singular(before)
        if name in ("id", "name") and place == "path"
        else name.removesuffix("_id").replace("_", " ")
    )
    if place == "path":
        return f"{'Id' if name.endswith('id') else 'Name'} of the {noun}."
    return f"Leaves only those with this {noun}."


def singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun.removesuffix("s")
