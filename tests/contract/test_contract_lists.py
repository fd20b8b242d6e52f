"""Every list has the same pages: a limit, a signed cursor, and no other list's cursor."""

import pytest

from tests.contract.asking import faults, path_of, query_of, resolved
from tests.contract.rooms import Door, Operation, Room, composed, operations

WRONG_LIMITS = ("0", "-1", "201", "1.5", "abc", "", "1e2", "９", "99999999999999999999")
WRONG_CURSORS = ("a", "AAAA", "x" * 1_001, "../..", "eyJhIjoxfQ", "%00", "")


def lists(room: Room) -> list[Operation]:
    """The operations that answer `{"items": [...], "next_cursor": ...}`."""
    document = composed(room.package).openapi()
    return [
        operation
        for operation in operations(room.package)
        for body in operation.answers.get("200", {}).get("content", {}).values()
        if {"items", "next_cursor"}
        <= resolved(body["schema"], document).get("properties", {}).keys()
    ]


def test_every_list_has_a_limit_and_a_cursor(room: Room):
    found = []
    for operation in lists(room):
        if not {"limit", "cursor"} <= operation.parameters.keys():
            found.append(f"{operation} lacks limit or cursor")
        limit = operation.parameters.get("limit", {}).get("schema", {})
        if (limit.get("minimum"), limit.get("maximum"), limit.get("default")) != (1, 200, 50):
            found.append(f"{operation} has another limit: {limit}")

    assert lists(room)
    assert not found, "\n".join(found)


def test_every_collection_that_can_be_read_is_a_list(room: Room):
    """A GET whose path ends in a plural noun is paged,
    unless it is one of those that are something else.
    """
    paged = {str(operation) for operation in lists(room)}
    others = (
        "/v1/events",
        "/stream",
        "/figures",
        "/scores",
        "/overview",
        "/screen-pop",
        "-results",
    )
    found = [
        str(operation)
        for operation in operations(room.package)
        if operation.method == "GET"
        and operation.path.endswith("s")
        and not operation.path.endswith(others)
        and str(operation) not in paged
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("name", "values"), [("limit", WRONG_LIMITS), ("cursor", WRONG_CURSORS)])
async def test_a_wrong_limit_or_cursor_is_422(
    room: Room, door: Door, name: str, values: tuple[str, ...]
):
    found = []
    for operation in lists(room):
        for value in values:
            answer = await door.request(
                "GET", path_of(operation), params={**query_of(operation), name: value}
            )
            found += faults(answer, 422, asked=f"{operation} {name}={value[:30]}")

    assert not found, "\n".join(found)


async def test_another_list_s_cursor_is_422(room: Room, door: Door):
    foreign = door.service.sealer.signed(b"another!" + b'["a","b","c"]', purpose="cursor")
    found = []
    for operation in lists(room):
        answer = await door.request(
            "GET", path_of(operation), params={**query_of(operation), "cursor": foreign}
        )
        found += faults(answer, 422, asked=operation)

    assert not found, "\n".join(found)
