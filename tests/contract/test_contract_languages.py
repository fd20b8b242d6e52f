"""Every refusal of every operation speaks the language that the request wishes for."""

import json
from collections.abc import Iterator
from typing import Any

from tests.contract.asking import body_schema, path_of, properties_of, query_of
from tests.contract.rooms import Door, Operation, Room, operations

FIRST_IDEOGRAPH, LAST_IDEOGRAPH = "\u4e00", "\u9fff"
# What no field takes, or only a few: each is put into every field of a body at once.
WRONG = (
    5,
    -1.5,
    True,
    "",
    " ",
    "x" * 20_001,
    "no\u0000where",
    [],
    [[]],
    {},
    {"colour": None},
    None,
    "2026-02-30",
    "9999-01-01T00:00:00Z",
)


def texts_of(problem: dict[str, Any]) -> Iterator[str]:
    yield problem["title"]
    yield problem["detail"]
    yield from (fault["detail"] for fault in problem.get("errors", ()))


def is_chinese(text: str) -> bool:
    return any(FIRST_IDEOGRAPH <= letter <= LAST_IDEOGRAPH for letter in text)


def wrong(answer: Any, language: str, asked: Operation) -> list[str]:
    """What speaks another language than the asked one."""
    said = answer.headers.get("content-language")
    found = [] if said == language else [f"{asked} says Content-Language: {said}"]
    return found + [
        f"{asked}: {text}"
        for text in texts_of(answer.json())
        if is_chinese(text) != (language == "zh-CN")
    ]


async def refusals(door: Door, operation: Operation, language: str) -> Iterator[Any]:
    """The operation without a token, without rights, with a parameter too many,
    and with a body that is none.
    """
    wish = {"Accept-Language": f"{language}, fr;q=0.5"}
    path, query = path_of(operation), query_of(operation)
    asks: list[dict[str, Any]] = [{"params": {**query, "colour": "red"}, "headers": wish}]
    if not operation.is_open:
        callers = ("nobody", "nothing") if operation.route.scopes else ("nobody",)
        asks += [{"params": query, "headers": wish, "who": who} for who in callers]
    if operation.route.body_field is not None:
        asks.append(
            {"params": query, "headers": {**wish, "Content-Type": "text/csv"}, "content": b"{"}
        )
    return iter([await door.request(operation.method, path, **asked) for asked in asks])


async def test_refusals_speak_the_language_of_the_request(room: Room, door: Door):
    found = [
        fault
        for operation in operations(room.package)
        for language in ("zh-CN", "en")
        for answer in await refusals(door, operation, language)
        for fault in wrong(answer, language, operation)
    ]

    assert not found, "\n".join(found)


def wrong_bodies(operation: Operation) -> list[bytes]:
    """Empty, with a field too many, and with the same wrong value in every field."""
    names = properties_of(body_schema(operation), operation.document)
    return [
        json.dumps(body).encode()
        for body in ({}, {"colour": 5}, [], *(dict.fromkeys(names, value) for value in WRONG))
    ]


async def test_faults_of_a_body_speak_the_language_of_the_request(room: Room, door: Door):
    found = []
    for operation in (each for each in operations(room.package) if each.reads_json):
        for body in wrong_bodies(operation):
            headers = {"Content-Type": str(operation.media_type), "Accept-Language": "zh-CN"}
            answer = await door.request(
                operation.method,
                path_of(operation),
                params=query_of(operation),
                content=body,
                headers=headers,
            )
            if answer.status_code >= 400:
                found += [f"{fault} ({body[:60]!r})" for fault in wrong(answer, "zh-CN", operation)]

    assert not found, "\n".join(found)


async def test_a_path_that_is_not_there_is_said_in_chinese(door: Door):
    answer = await door.request("GET", "/v1/not/there/at/all", headers={"Accept-Language": "zh"})

    assert all(is_chinese(text) for text in texts_of(answer.json()))
