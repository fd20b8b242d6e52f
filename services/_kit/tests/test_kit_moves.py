"""If-Match on moves: compared when it is sent, and owed to whoever sends it."""

from typing import Annotated

import pytest
from fastapi import Response
from service_kit.testing import serving
from service_kit.web import preconditions
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires
from service_kit.words.errors import PreconditionFailed
from service_kit.words.fields import Output


class Moved(Output):
    """Whether it was moved."""

    moved: bool


router = Router(tags=["moves"])


@router.post("/v1/things/{thing_id}/move", response_model=Moved)
async def move_thing(thing_id: str, call: Annotated[Call, requires("notes:write")]) -> Response:
    """Move a thing, which is of version 7."""
    async with call.transaction():
        call.honor_match(7)
        return call.answer(Moved(moved=True))


@router.post("/v1/things/{thing_id}/forgetful-move", response_model=Moved)
async def forget_thing(thing_id: str, call: Annotated[Call, requires("notes:write")]) -> Response:
    """Move a thing without a look at what the caller had seen."""
    async with call.transaction():
        return call.answer(Moved(moved=True))


@router.post("/v1/things/{thing_id}/parts", status_code=201, response_model=Moved)
async def add_part(thing_id: str, call: Annotated[Call, requires("notes:write")]) -> Response:
    """Create something below a thing: no move of the thing itself."""
    async with call.transaction():
        return call.answer(Moved(moved=True), status=201)


@pytest.fixture
async def api(compose, signing_keys):
    async with serving(compose(router, work=False), signing_keys) as api:
        yield api


async def moved(api, path: str, *tags: str) -> int:
    headers = [("Authorization", f"Bearer {api.token}"), *(("If-Match", tag) for tag in tags)]
    return (await api.client.request("POST", f"/v1/things/1/{path}", headers=headers)).status_code


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ((), 200), (('"7"',), 200), (("*",), 200), (('"1", "7"',), 200), (('"1"', '"7"'), 200),
        (('"7.zh-CN"',), 200), (('"6"',), 412), (('W/"7"',), 412), (("7",), 412), (("",), 412),
        (('"1"', '"2"'), 412), (('"77"',), 412),
    ],
)  # fmt: skip
async def test_a_move_honors_if_match_when_it_is_sent(api, tags, status):
    assert await moved(api, "move", *tags) == status


async def test_a_move_that_forgets_to_compare_writes_nothing_for_who_sent_it(api):
    assert [await moved(api, "forgetful-move"), await moved(api, "forgetful-move", '"7"')] == [
        200,
        500,
    ]


async def test_what_creates_something_is_no_move(api):
    described = api.service.openapi()["paths"]

    moves = {
        path
        for path, item in described.items()
        if path.startswith("/v1/things")
        and {"$ref": "#/components/parameters/IfMatchOfMove"} in item["post"]["parameters"]
    }
    assert sorted(moves) == [
        "/v1/things/{thing_id}/forgetful-move",
        "/v1/things/{thing_id}/move",
    ]
    assert await moved(api, "parts", '"1"') == 201


def test_what_has_no_version_is_matched_by_the_asterisk_alone():
    preconditions.honor_match("*", None)
    preconditions.honor_match(None, None)

    with pytest.raises(PreconditionFailed):
        preconditions.honor_match('"None"', None)
