"""What every contract says of the texts that bodies and queries hold:
a NUL, which no column can keep, fits none of them, and no name holds what cannot be seen.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from service_kit.words import identifiers

from tests.contract.rooms import Room, composed, operations

WITHOUT_NUL = frozenset({"date", "date-time", "uuid", "email", "uri", "binary"})
# RFC 6749 has servers ignore the parameters that they do not know.
OPEN_FORMS = frozenset({"application/x-www-form-urlencoded"})
# Control characters, widths and joiners, directions, fillers, tags, and blanks at the ends.
UNSEEN = (
    *("a\u200bb", "a\u200db", "a\u2060b", "a\ufeffb", "a\u00adb", "a\u3164b"),
    *("a\u202eb", "a\u2066b", "a\u200fb", "a\u2028b", "a\x01b", "a\x1bb", "a\x7fb", "a\x85b"),
    *("a\nb", "a\tb", " ab", "ab ", "\u3000ab", "ab\u00a0", "\u200b", "\u2800"),
)
# What is longer is prose.
LONGEST_NAME = 500
# What is searched for, however it is typed.
WORDS = frozenset({"q"})
# These are read by the kit, which leaves out what cannot be seen.
READ = identifiers.FORMS
WITH_NUL = ("\0", "a\0", "\0a", "a\0b", "1\0", "a b\0c")


def test_no_text_of_a_body_may_hold_a_nul(room: Room):
    found = faulty(room, admits_nul)

    assert not found, "\n".join(sorted(found))


def test_no_name_holds_what_cannot_be_seen(room: Room):
    schemas = composed(room.package).openapi()["components"]["schemas"]
    found = faulty(room, admits_unseen)
    found += [
        f"{operation}: {name}"
        for operation in operations(room.package)
        for name, parameter in operation.parameters.items()
        if parameter["in"] == "query"
        and name not in WORDS
        and any(
            texts_admitting(admits_unseen, parameter["schema"], schemas, place=name, seen=set())
        )
    ]

    assert not found, "\n".join(sorted(found))


def faulty(room: Room, admits: Callable[[dict[str, Any]], bool]) -> list[str]:
    """The places of all bodies of a room that admit what they should not."""
    schemas = composed(room.package).openapi()["components"]["schemas"]
    return [
        f"{operation}: {place}"
        for operation in operations(room.package)
        for media_type, body in operation.described.get("requestBody", {})
        .get("content", {})
        .items()
        if media_type not in OPEN_FORMS
        for place in texts_admitting(admits, body["schema"], schemas, place="", seen=set())
    ]


def texts_admitting(
    admits: Callable[[dict[str, Any]], bool],
    schema: Any,
    schemas: dict[str, Any],
    *,
    place: str,
    seen: set[str],
) -> Iterator[str]:
    """The places of a schema, its parts included,
    whose text or whose members' names admit what they should not.
    """
    if isinstance(schema, bool):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            yield from texts_admitting(admits, schemas[name], schemas, place=name, seen=seen)
        return
    kinds = schema.get("type", [])
    if "string" in kinds and admits(schema):
        yield place
    if "object" in kinds and schema.get("additionalProperties") is not False:
        names = schema.get("propertyNames", {})
        if "$ref" not in names and admits(names):
            yield f"{place}, its members' names"
    for part, where in parts_of(schema, place):
        yield from texts_admitting(admits, part, schemas, place=where, seen=seen)


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


def admits_unseen(schema: dict[str, Any]) -> bool:
    """Whether a name, label, code or reason of this schema may hold what cannot be seen."""
    if "enum" in schema or "const" in schema or schema.get("format") in WITHOUT_NUL:
        return False
    pattern = schema.get("pattern")
    if schema.get("maxLength", 0) > LONGEST_NAME or pattern in READ:
        return False
    return pattern is None or any(re.search(pattern, text) for text in UNSEEN)
