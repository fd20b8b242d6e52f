"""Whatever is sent to whatever operation:
it is refused with a problem document or taken, and nothing ever breaks.
"""

import json

from tests.contract.asking import body_schema, is_free_text, path_of, query_of, with_texts
from tests.contract.json_texts import BROKEN, MEANINGLESS, UNEXPECTED
from tests.contract.naughty import TEXTS
from tests.contract.rooms import Door, Operation, Room, operations

SHOWN = 160
# For places where a pattern or a format refuses all but a few texts before anybody reads them.
SHORT_LIST = (
    "",
    "张伟",
    "\x01\x02",
    "'; DROP TABLE customer; --",
    "१२३",
    "-infinity",
    "x" * 10_000,
)


def writing(room: Room) -> list[Operation]:
    return [operation for operation in operations(room.package) if operation.reads_json]


async def send(door: Door, operation: Operation, body: bytes):
    headers = {"Content-Type": str(operation.media_type)}
    return await door.request(
        operation.method,
        path_of(operation),
        params=query_of(operation),
        content=body,
        headers=headers,
    )


async def test_what_is_no_json_is_400_and_what_nobody_means_is_422(room: Room, door: Door):
    found = []
    for operation in writing(room):
        is_null_allowed = {"type": "null"} in body_schema(operation).get("anyOf", ())
        for texts, statuses in (
            (BROKEN, (400, 422)),
            (MEANINGLESS, (422,)),
            (UNEXPECTED, (413, 422)),
        ):
            for name, body in texts.items():
                if name == "null" and is_null_allowed:
                    continue
                answer = await send(door, operation, body)
                if (
                    answer.status_code not in statuses
                    or answer.headers["content-type"] != "application/problem+json"
                ):
                    found.append(f"{operation} {name}: {answer.status_code} {answer.text[:SHOWN]}")

    assert not found, "\n".join(found)


async def test_no_naughty_text_breaks_any_operation(room: Room, door: Door):
    document = door.service.openapi()
    found = []
    for operation in writing(room):
        for only_free, texts in ((True, TEXTS), (False, SHORT_LIST)):
            for text in texts:
                body = with_texts(body_schema(operation), document, text, only_free=only_free)
                answer = await send(door, operation, json.dumps(body).encode())
                if answer.status_code >= 500:
                    found.append(
                        f"{operation} {text[:40]!r}: {answer.status_code} {answer.text[:SHOWN]}"
                    )

    assert not found, "\n".join(found)


async def test_no_naughty_text_in_a_query_or_path_breaks_any_operation(room: Room, door: Door):
    found = []
    for operation in operations(room.package):
        if operation.media_type is not None:
            continue
        for name, parameter in operation.parameters.items():
            if parameter["in"] != "query":
                continue
            for text in TEXTS if is_free_text(parameter["schema"]) else SHORT_LIST:
                # Longer ones are refused by the server itself.
                answer = await door.request(
                    operation.method,
                    path_of(operation),
                    params={**query_of(operation), name: text[:2_000]},
                )
                if answer.status_code >= 500:
                    found.append(
                        f"{operation} {name}={text[:40]!r}: {answer.status_code}"
                        f" {answer.text[:SHOWN]}"
                    )

    assert not found, "\n".join(found)


async def test_a_sample_body_is_no_stranger_to_its_operation(room: Room, door: Door):
    """The samples that the sweeps are made of fit their schemas:
    else the sweeps would test nothing but the schema check.
    """
    document = door.service.openapi()
    understood = 0
    for operation in writing(room):
        answer = await send(
            door,
            operation,
            json.dumps(
                with_texts(body_schema(operation), document, "Word", only_free=True)
            ).encode(),
        )
        understood += answer.status_code != 422

    assert understood >= len(writing(room)) / 3
