"""Every refusal of every operation speaks the language that the request wishes for."""

from collections.abc import Iterator
from typing import Any

from tests.contract.asking import path_of, query_of
from tests.contract.rooms import Door, Operation, Room, operations

FIRST_IDEOGRAPH = "\u4e00"


def texts_of(problem: dict[str, Any]) -> Iterator[str]:
    yield problem["title"]
    yield problem["detail"]
    yield from (fault["detail"] for fault in problem.get("errors", ()))


def is_chinese(text: str) -> bool:
    return any(letter >= FIRST_IDEOGRAPH for letter in text)


def wrong(answer: Any, language: str, asked: Operation) -> list[str]:
    """What speaks another language than the asked one."""
    said = answer.headers.get("content-language")
    found = [] if said == language else [f"{asked} says Content-Language: {said}"]
    return found + [f"{asked}: {text}" for text in texts_of(answer.json()) if is_chinese(text) != (language == "zh-CN")]


async def refusals(door: Door, operation: Operation, language: str) -> Iterator[Any]:
    """The operation without a token, without rights, with a parameter too many, and with a body that is none."""
    wish = {"Accept-Language": f"{language}, fr;q=0.5"}
    path, query = path_of(operation), query_of(operation)
    asks: list[dict[str, Any]] = [{"params": {**query, "colour": "red"}, "headers": wish}]
    if not operation.is_open:
        callers = ("nobody", "nothing") if operation.route.scopes else ("nobody",)
        asks += [{"params": query, "headers": wish, "who": who} for who in callers]
    if operation.route.body_field is not None:
        asks.append({"params": query, "headers": {**wish, "Content-Type": "text/csv"}, "content": b"{"})
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


async def test_a_path_that_is_not_there_is_said_in_chinese(door: Door):
    answer = await door.request("GET", "/v1/not/there/at/all", headers={"Accept-Language": "zh"})

    assert all(is_chinese(text) for text in texts_of(answer.json()))
