"""What every contract says of the texts that bodies hold:
a NUL, which no column can keep, fits none of them.
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.contract.rooms import Room, composed, operations

WITHOUT_NUL = frozenset({"date", "date-time", "uuid", "email", "uri", "binary"})
# RFC 6749 has servers ignore the parameters that they do not know.
OPEN_FORMS = frozenset({"application/x-www-form-urlencoded"})
WITH_NUL = ("\0", "a\0", "\0a", "a\0b", "1\0", "a b\0c")


def test_no_text_of_a_body_may_hold_a_nul(room: Room):
    schemas = composed(room.package).openapi()["components"]["schemas"]
    found: list[str] = []
    for operation in operations(room.package):
        content = operation.described.get("requestBody", {}).get("content", {})
        for media_type, body in content.items():
            if media_type not in OPEN_FORMS:
                found += [
                    f"{operation}: {place}"
                    for place in texts_with_nul(body["schema"], schemas, place="", seen=set())
                ]

    assert not found, "\n".join(sorted(found))


def texts_with_nul(
    schema: Any, schemas: dict[str, Any], *, place: str, seen: set[str]
) -> Iterator[str]:
    """The places of a schema, its parts included,
    whose text or whose members' names admit a NUL.
    """
    if isinstance(schema, bool):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            yield from texts_with_nul(schemas[name], schemas, place=name, seen=seen)
        return
    kinds = schema.get("type", [])
    if "string" in kinds and admits_nul(schema):
        yield place
    if "object" in kinds and schema.get("additionalProperties") is not False:
        names = schema.get("propertyNames", {})
        if "$ref" not in names and admits_nul(names):
            yield f"{place}, its members' names"
    for part, where in parts_of(schema, place):
        yield from texts_with_nul(part, schemas, place=where, seen=seen)


def parts_of(schema: dict[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    for word in ("anyOf", "oneOf", "allOf"):
        yield from ((part, place) for part in schema.get(word, ()))
    yield from ((part, f"{place}.{name}") for name, part in schema.get("properties", {}).items())
    yield from (
        (schema[word], f"{place}[]") for word in ("items", "additionalProperties") if word in schema
    )


def admits_nul(schema: dict[str, Any]) -> bool:
    if "enum" in schema or "const" in schema or schema.get("format") in WITHOUT_NUL:
        return False
    pattern = schema.get("pattern")
    return pattern is None or any(re.search(pattern, text) for text in WITH_NUL)
