"""Requests made from the contract:
paths with ids, bodies that fit a schema, and what every refusal looks like.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from tests.contract.rooms import Operation

AN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
FORMATS = {
    "uuid": AN_ID,
    "date-time": "2026-01-31T09:30:00+08:00",
    "date": "2026-01-31",
    "email": "zw@example.com",
    "uri": "https://example.com/x",
    "uri-reference": "/x",
    "binary": "x",
    "time": "09:00:00",
}
SAMPLES = (
    "a",
    "1",
    "12.50",
    "CNY",
    "cn.gd",
    "+8613800138000",
    "2026-01-31",
    "09:00",
    "https://example.com/x",
    "zh-CN",
    "Asia/Shanghai",
    "a:b",
    "/v1/x",
)
DEEPEST = 6


def path_of(operation: Operation) -> str:
    """The path with something that fits in each place."""

    def filled(match: re.Match[str]) -> str:
        return str(sample(operation.parameters[match[1]]["schema"], operation.document))

    return re.sub(r"\{(\w+)\}", filled, operation.path)


def query_of(operation: Operation) -> dict[str, str]:
    """The query parameters that the operation cannot do without."""
    return {
        name: str(sample(parameter["schema"], operation.document))
        for name, parameter in operation.parameters.items()
        if parameter["in"] == "query" and parameter.get("required")
    }


def properties_of(schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """The names of all members that a body of this schema may have,
    whichever of its alternatives it is.
    """
    if "$ref" in schema:
        return properties_of(
            document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document
        )
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    return [
        *schema.get("properties", ()),
        *(name for each in alternatives for name in properties_of(each, document)),
    ]


def body_schema(operation: Operation) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = operation.described["requestBody"]["content"][operation.media_type][
        "schema"
    ]
    return schema


def resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(schema: Mapping[str, Any], document: Mapping[str, Any], *, depth: int = 0) -> Any:
    """A value that fits the schema, with all of its members down to a depth."""
    schema = resolved(schema, document)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return sample(schema[word][0], document, depth=depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    kind = schema.get("type", "object")
    # What may be null is asked with the other of its two types.
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return _sample_object(schema, document, depth)
    if kind == "array":
        items = schema.get("items", {})
        return (
            [sample(items, document, depth=depth + 1)]
            if depth < DEEPEST or schema.get("minItems")
            else []
        )
    if kind in ("integer", "number"):
        fitting = max(schema.get("minimum", 1), min(1, schema.get("maximum", 1)))
        return int(fitting) if kind == "integer" else fitting
    return {"boolean": True, "null": None}.get(kind) if kind != "string" else _sample_text(schema)


def _sample_object(
    schema: Mapping[str, Any], document: Mapping[str, Any], depth: int
) -> dict[str, Any]:
    members = schema.get("properties", {})
    required = set(schema.get("required", ()))
    wanted = members if depth < DEEPEST else required & members.keys()
    made = {
        name: sample(members[name], document, depth=depth + 1) for name in members if name in wanted
    }
    if len(made) < schema.get("minProperties", 0):
        name = str(
            sample(schema.get("propertyNames", {"type": "string"}), document, depth=depth + 1)
        )
        made[name] = sample(schema.get("additionalProperties", {}), document, depth=depth + 1)
    return made


def _sample_text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    pattern = re.compile(schema.get("pattern", ""))
    shortest = schema.get("minLength", 0)
    fitting = (text.ljust(shortest, "a") for text in SAMPLES)
    return next(
        (
            text
            for text in fitting
            if pattern.search(text) and len(text) <= schema.get("maxLength", len(text))
        ),
        "a" * max(1, shortest),
    )


def is_free_text(schema: Mapping[str, Any]) -> bool:
    """Whether a schema takes any text: no values, no format, and a pattern that any word fits."""
    if (
        schema.get("type") not in ("string", ["string", "null"])
        or {"enum", "const", "format"} & schema.keys()
    ):
        return False
    return re.search(schema.get("pattern", ""), "<é中>") is not None


def with_texts(
    schema: Mapping[str, Any], document: Mapping[str, Any], text: str, *, only_free: bool
) -> Any:
    """A body as `sample` makes it, with this text in every place that takes text."""
    return _replaced(sample(schema, document), schema, document, text, only_free=only_free)


def _replaced(
    value: Any,
    schema: Mapping[str, Any],
    document: Mapping[str, Any],
    text: str,
    *,
    only_free: bool,
) -> Any:
    schema = resolved(schema, document)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return _replaced(value, schema[word][0], document, text, only_free=only_free)
    if isinstance(value, dict):
        members = schema.get("properties", {})
        kept = {
            name: _replaced(each, members[name], document, text, only_free=only_free)
            for name, each in value.items()
            if name in members
        }
        return kept or ({text[:200]: text} if schema.get("additionalProperties") else {})
    if isinstance(value, list):
        return [
            _replaced(each, schema.get("items", {}), document, text, only_free=only_free)
            for each in value
        ]
    if isinstance(value, str) and (is_free_text(schema) or not only_free):
        return text
    return value


def leaves(
    schema: Mapping[str, Any], document: Mapping[str, Any], *, depth: int = 0
) -> Iterator[str]:
    """The names of all members of a schema, however deep."""
    schema = resolved(schema, document)
    if depth > DEEPEST:
        return
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(word, ()):
            yield from leaves(branch, document, depth=depth + 1)
    for name, member in schema.get("properties", {}).items():
        yield name
        yield from leaves(member, document, depth=depth + 1)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from leaves(schema[word], document, depth=depth + 1)


def faults(answer: httpx2.Response, *statuses: int, asked: object) -> list[str]:
    """What is wrong with a refusal: its status, or its problem document."""
    told = f"{asked}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code not in statuses:
        return [f"{told} instead of {' or '.join(map(str, statuses))}"]
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"{told} is {answer.headers.get('content-type')}"]
    problem = answer.json()
    if missing := {"type", "title", "status", "detail", "instance"} - problem.keys():
        return [f"{told} lacks {', '.join(sorted(missing))}"]
    if (
        problem["status"] != answer.status_code
        or problem["instance"] != answer.headers["x-request-id"]
    ):
        return [f"{told} does not agree with its status or request id"]
    if answer.status_code == 422 and not problem.get("errors") and "errors" not in problem:
        return [f"{told} has no errors"]
    if answer.status_code in (429, 503) and "retry-after" not in answer.headers:
        return [f"{told} has no Retry-After"]
    return []
