"""Says once in a contract what several operations say alike:
their parameters, their answers, and lists of values that have a name.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from service_kit.web.contract_parts import ref

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
GOOD_ANSWERS = {"200": "Answer", "201": "Created", "202": "Accepted"}
EMPTY_ANSWERS = {"204": "Nothing", "304": "NotModified"}
SHARED_AS = "x-shared-as"
PRUNED = ("responses", "parameters", "headers")


def shared(document: dict[str, Any]) -> dict[str, Any]:
    """The document with equal parameters, answers and named values said once,
    and without components that nobody refers to.
    """
    share_parameters(document)
    share_answers(document)
    named: dict[str, Any] = {}
    document = _without_named_values(document, named)
    document["components"]["schemas"] |= named
    prune(document)
    return document


def operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of a document."""
    for item in document["paths"].values():
        yield from (operation for key, operation in item.items() if key in METHODS)


def share_parameters(document: dict[str, Any]) -> None:
    """Each parameter that two operations or more write alike gets a name;
    of several that bear one name, the most frequent.
    """
    components = document["components"].setdefault("parameters", {})
    counted = Counter(
        json.dumps(parameter)
        for operation in operations(document)
        for parameter in operation.get("parameters", ())
        if "name" in parameter
    )
    named: dict[str, str] = {}
    for written, count in counted.most_common():
        name = "".join(word.capitalize() for word in json.loads(written)["name"].split("_"))
        if count > 1 and name not in components:
            components[name], named[written] = json.loads(written), name
    for operation in operations(document):
        if "parameters" in operation:
            operation["parameters"] = [
                ref("parameters", named[written])
                if (written := json.dumps(parameter)) in named
                else parameter
                for parameter in operation["parameters"]
            ]


def share_answers(document: dict[str, Any]) -> None:
    """Each good answer that two operations or more give alike gets a name,
    such as `ComplaintAnswer`.
    """
    components = document["components"].setdefault("responses", {})
    counted = Counter(
        json.dumps([status, answer])
        for operation in operations(document)
        for status, answer in operation["responses"].items()
        if "$ref" not in answer
    )
    named: dict[str, str] = {}
    for written, count in counted.most_common():
        status, answer = json.loads(written)
        name = _answer_name(status, answer)
        if count > 1 and name is not None and name not in components:
            components[name], named[written] = answer, name
    for operation in operations(document):
        operation["responses"] = {
            status: ref("responses", named[written])
            if (written := json.dumps([status, answer])) in named
            else answer
            for status, answer in operation["responses"].items()
        }


def _answer_name(status: str, answer: Mapping[str, Any]) -> str | None:
    bodies = [content["schema"].get("$ref", "") for content in answer.get("content", {}).values()]
    if not bodies:
        return EMPTY_ANSWERS.get(status)
    shown = bodies[0].rpartition("/")[2].removesuffix("View").removesuffix("Out")
    return f"{shown}{GOOD_ANSWERS[status]}" if shown and status in GOOD_ANSWERS else None


def _without_named_values(value: Any, schemas: dict[str, Any]) -> Any:
    """The value with each schema that names itself (`x-shared-as`) replaced by a
    reference to the schema of that name.
    """
    if isinstance(value, list):
        return [_without_named_values(member, schemas) for member in value]
    if not isinstance(value, dict):
        return value
    members = {key: _without_named_values(member, schemas) for key, member in value.items()}
    name = members.pop(SHARED_AS, None)
    if name is None:
        return members
    schemas[name] = members
    return ref("schemas", name)


def prune(document: dict[str, Any]) -> None:
    """Leave out the shared answers, parameters and headers that no operation takes."""
    components = document["components"]
    for section in PRUNED:
        used = set(references([document["paths"], document["webhooks"], components]))
        components[section] = {
            name: part
            for name, part in components.get(section, {}).items()
            if f"#/components/{section}/{name}" in used
        }


def renamed(
    document: dict[str, Any], new_names: Mapping[str, str], section: str = "schemas"
) -> dict[str, Any]:
    """The document with components of a section under new names, and every reference led there."""
    place = f"#/components/{section}/"
    document = _pointing(document, {place + old: place + new for old, new in new_names.items()})
    components = document["components"]
    components[section] = {
        new_names.get(name, name): body for name, body in components[section].items()
    }
    return document


def _pointing(value: Any, targets: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _pointing(member, targets) for key, member in value.items()}
    if isinstance(value, list):
        return [_pointing(member, targets) for member in value]
    return targets.get(value, value) if isinstance(value, str) else value


def references(value: Any) -> Iterator[str]:
    """Every component that is referred to in the value,
    those of a discriminator's mapping included.
    """
    if isinstance(value, str) and value.startswith("#/components/"):
        yield value
    for member in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from references(member)
