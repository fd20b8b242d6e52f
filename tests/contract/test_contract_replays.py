"""Whatever is repeated for an Idempotency-Key is repeated to whom it was answered,
and shows no more than a read would.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest
from pydantic import TypeAdapter
from pydantic_core import to_json
from service_kit.web import idempotency
from service_kit.web.emptied import emptied

from tests.contract.asking import path_of, query_of, sample, with_texts
from tests.contract.rooms import HERE, THERE, Door, Operation, Room, operations

KEEP = """

INSERT INTO {schema}.idempotency_record (client_id, method, path, key, fingerprint, created_at,
status, headers, body, unit)
VALUES ($1, 'POST', $2, $3, $4, now(), 201, '{{"etag": "\\"7\\""}}', $5, $6)
"""
ANSWERED = b'{"shown":"to the one who asked"}'
WORD = "王小明"


def with_key(room: Room) -> list[Operation]:
    """The operations that honor a key;
    those that take forms make fingerprints of their own and have tests of their own.
    """
    return [
        operation
        for operation in operations(room.package)
        if "Idempotency-Key" in operation.parameters
        and (operation.media_type is None or operation.reads_json)
    ]


def claims(token: str) -> Mapping[str, Any]:
    part = token.split(".")[1]
    told: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


def body_of(operation: Operation) -> bytes:
    if operation.media_type is None:
        return b""
    return to_json(
        sample(
            operation.described["requestBody"]["content"][operation.media_type]["schema"],
            operation.document,
        )
    )


async def ask(door: Door, operation: Operation, *, who: str, key: str) -> httpx2.Response:
    headers = {
        "Idempotency-Key": key,
        **({"Content-Type": operation.media_type} if operation.media_type else {}),
    }
    return await door.request(
        "POST",
        path_of(operation),
        who=who,
        headers=headers,
        params=query_of(operation),
        content=body_of(operation),
    )


async def keep(door: Door, operation: Operation, *, owner: str, key: str, unit: str | None) -> None:
    """An answer as it is kept for who owns the key."""
    print_ = idempotency.fingerprint(operation.media_type or "", body_of(operation))
    async with door.service.database.transaction() as tx:
        statement = KEEP.format(schema=door.service.settings.database_schema)
        await tx.connection.execute(
            statement, owner, path_of(operation), key, print_, ANSWERED, unit
        )


def own(door: Door, who: str) -> str:
    told = claims(door.token(who))
    return idempotency.owner_of(told["client_id"], told["sub"])


@pytest.mark.parametrize("unit", [HERE, f"{HERE}.gz", "", None], ids=repr)
async def test_every_operation_repeats_what_it_answered_within_the_units_of_the_caller(
    room: Room, door: Door, unit: str | None
):
    found = []
    for operation in with_key(room):
        await keep(door, operation, owner=own(door, "person"), key="k", unit=unit)
        answer = await ask(door, operation, who="person", key="k")
        if (answer.status_code, answer.content, answer.headers.get("etag")) != (
            201,
            ANSWERED,
            '"7"',
        ):
            found.append(f"{operation}: {answer.status_code} {answer.text[:200]}")
        if answer.headers.get("idempotency-replayed") != "true":
            found.append(f"{operation} does not say that it was repeated")

    assert not found, "\n".join(found)


@pytest.mark.parametrize("unit", [THERE, "cn", "cn.gdx", "*", f"{HERE} {THERE}"])
async def test_no_operation_repeats_what_lies_outside_the_units_of_the_caller(
    room: Room, door: Door, unit: str
):
    found = []
    for operation in with_key(room):
        await keep(door, operation, owner=own(door, "person"), key="k", unit=unit)
        answer = await ask(door, operation, who="person", key="k")
        if (
            answer.status_code < 400
            or b"shown" in answer.content
            or "idempotency-replayed" in answer.headers
        ):
            found.append(f"{operation}: {answer.status_code} {answer.text[:200]}")

    assert not found, "\n".join(found)


async def test_no_operation_repeats_what_was_answered_to_somebody_else_behind_the_same_client(
    room: Room, door: Door
):
    client = claims(door.token("person"))["client_id"]
    found = []
    for operation in with_key(room):
        for owner in {idempotency.owner_of(client, "somebody else"), own(door, "colleague")}:
            await keep(door, operation, owner=owner, key="k", unit=HERE)
        answer = await ask(door, operation, who="person", key="k")
        if b"shown" in answer.content or "idempotency-replayed" in answer.headers:
            found.append(f"{operation}: {answer.status_code} {answer.text[:200]}")

    assert not found, "\n".join(found)


async def test_two_people_with_one_key_make_two_resources_each_in_their_own_unit(
    room: Room, door: Door
):
    found, made = [], 0
    for operation in with_key(room):
        first = await ask(door, operation, who="person", key="same")
        if first.status_code >= 300:
            continue
        made += 1
        second = await ask(door, operation, who="colleague", key="same")
        again = await ask(door, operation, who="person", key="same")
        if "idempotency-replayed" in second.headers or (
            second.is_success and ids(second) & ids(first)
        ):
            found.append(f"{operation}: {second.status_code} {second.text[:300]}")
        if again.headers.get("idempotency-replayed") != "true" or again.headers.get(
            "location"
        ) != first.headers.get("location"):
            found.append(f"{operation} again: {again.status_code} {again.text[:300]}")

    assert not found, "\n".join(found)
    # In these rooms nothing can be made without a neighbor or a customer.
    assert made or room.package in ("complaints", "scoring", "contact_center")


def ids(answer: httpx2.Response) -> set[str]:
    told = answer.json() if answer.content else {}
    return {told["id"]} if isinstance(told, dict) and "id" in told else set()


async def test_what_is_left_of_an_answer_after_an_erasure_fits_the_contract(own_room: Room):
    found, compared = [], 0
    for operation in with_key(own_room):
        model = operation.route.response_model
        if model is None:
            continue
        adapter, answer = TypeAdapter[Any](model), _success(operation)
        schema = adapter.json_schema(mode="serialization")
        written = with_texts(answer, operation.document, WORD, only_free=True)
        left = emptied(written, schema, schema)
        if not fits(adapter, written):
            # Names of a map that have a form of their own, such as the languages of a template,
            # take no word.
            continue
        compared += 1
        # Where something lies is kept.
        if WORD in json.dumps(left, ensure_ascii=False).replace(f'"unit": "{WORD}"', ""):
            found.append(f"{operation} still says {left}")
        if not fits(adapter, left):
            found.append(f"{operation}: {left}")

    assert not found, "\n".join(found)
    assert compared >= len(with_key(own_room)) - 3


def fits(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_json(to_json(value))
    except ValueError:
        return False
    return True


def _success(operation: Operation) -> Mapping[str, Any]:
    status = min(status for status in operation.answers if status.startswith("2"))
    content: Sequence[Mapping[str, Any]] = list(operation.answers[status]["content"].values())
    found: Mapping[str, Any] = content[0]["schema"]
    return found
