"""Every move of every room honors the If-Match that comes with it:
swept over all POSTs that move something named in their path.
"""

from collections.abc import Sequence

import httpx2
from service_kit.store.tables import audit_entry
from sqlalchemy import bindparam, func, select

from tests.contract.asking import body_schema, faults, sample
from tests.contract.begun import BEGUN
from tests.contract.rooms import Door, Operation, Room, operations

# A version that is over, a weak tag, which If-Match never matches, several tags, another
# representation's, no tag at all, and none.
STALE: Sequence[Sequence[str]] = (
    ('"0"',),
    ('W/"1"',),
    ('"0", W/"1", "01"',),
    ('"0.zh-CN"',),
    ("1",),
    ("",),
    ('"0"', '"x"'),
)
WRITTEN = select(func.count()).where(audit_entry.c.request_id == bindparam("request_id"))


def moves(room: Room) -> list[Operation]:
    return [
        operation
        for operation in operations(room.package)
        if operation.method == "POST" and "{" in operation.path and "201" not in operation.answers
    ]


def place_of(operation: Operation) -> str:
    return operation.path.partition("/{")[0]


async def make(door: Door, operation: Operation, id: str, tags: Sequence[str]) -> httpx2.Response:
    name = operation.path.partition("{")[2].partition("}")[0]
    path = operation.path.replace(f"{{{name}}}", id)
    body = sample(body_schema(operation), operation.document) if operation.reads_json else None
    headers = [("If-Match", tag) for tag in tags]
    token = {"Authorization": f"Bearer {door._authorization['everything']}"}
    if door.service.name == "gateway" and path.startswith("/v1/parked"):
        path += "?source=gateway"
    return await door.client.request("POST", path, json=body, headers=[*token.items(), *headers])


def test_every_move_says_in_its_contract_that_it_honors_if_match(room: Room):
    found = [
        str(each)
        for each in moves(room)
        if "If-Match" not in each.parameters or "412" not in each.answers
    ]

    assert not found, "\n".join(found)


def test_only_a_decision_about_somebody_else_s_words_demands_it(own_room: Room):
    demanding = [each.path for each in moves(own_room) if "428" in each.answers]

    assert demanding == (
        ["/v1/complaints/{complaint_id}/approval"] if own_room.name == "complaints" else []
    )


async def test_a_move_based_on_another_version_writes_nothing(room: Room, door: Door):
    begun: dict[str, str] = {}
    found = []
    for operation in moves(room):
        place = place_of(operation)
        if place not in begun:
            begun[place] = await BEGUN[place](door)
        for tags in STALE:
            answer = await make(door, operation, begun[place], tags)
            found += faults(answer, 412, asked=f"{operation} with {tags}")
            async with door.service.database.reading() as reader:
                if await reader.fetch_value(WRITTEN, request_id=answer.headers["x-request-id"]):
                    found.append(f"{operation} with {tags} wrote")

    assert not found, "\n".join(found)


async def test_a_move_based_on_whatever_there_is_passes_the_condition(room: Room, door: Door):
    begun: dict[str, str] = {}
    found = []
    for operation in moves(room):
        place = place_of(operation)
        if place not in begun:
            begun[place] = await BEGUN[place](door)
        answer = await make(door, operation, begun[place], ("*",))
        if answer.status_code in (412, 428) or answer.status_code >= 500:
            found.append(f"{operation}: {answer.status_code} {answer.text[:200]}")

    assert not found, "\n".join(found)
