"""Who calls a route, the plan or FastAPI, is said by the route, and both answer alike."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, File, Header, Query, Response, UploadFile
from service_kit.process.settings import ServiceSettings
from service_kit.service import Service
from service_kit.testing import ISSUER, Api, SigningKeys, notes, serving
from service_kit.web.arguments import BeyondThePlan
from service_kit.web.call import Call
from service_kit.web.routing import Router, StrictRoute, requires
from service_kit.web.wiring import PartMissing, Parts
from service_kit.words.fields import Input, Output
from typing_extensions import TypedDict

READER = Annotated[Call, requires("notes:read")]


class Filter(Input):
    """A model whose fields are query parameters."""

    word: str


class Told(TypedDict):
    word: str


async def opened() -> AsyncIterator[int]:
    yield 1


async def with_header(call: READER, x_word: Annotated[str, Header()]) -> Response: ...
async def with_tasks(call: READER, tasks: BackgroundTasks) -> Response: ...
async def with_response(call: READER, response: Response) -> Response: ...
async def with_file(call: READER, file: Annotated[UploadFile, File()]) -> Response: ...
async def with_model(call: READER, words: Annotated[Filter, Query()]) -> Response: ...
async def with_two_bodies(call: READER, one: Filter, other: Filter) -> Response: ...
async def with_yield(call: READER, one: Annotated[int, Depends(opened)]) -> Response: ...
async def of_a_view(call: READER) -> Told: ...
def in_a_thread(call: READER) -> Response: ...


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        (with_header, "a header parameter"),
        (with_tasks, "background tasks"),
        (with_response, "a response to be completed"),
        (with_file, "a form"),
        (with_model, "is a model"),
        (with_two_bodies, "several values"),
        (with_yield, "yields"),
        (of_a_view, "returns a Response"),
        (in_a_thread, "no coroutine"),
    ],
)
def test_a_route_beyond_the_plan_says_so_or_ends_the_start(endpoint: Any, reason: str):
    router = Router(tags=["things"])

    with pytest.raises(BeyondThePlan, match=reason) as refused:
        router.post("/v1/things", response_model=None)(endpoint)
    router.post("/v1/things", response_model=None, engine="fastapi")(endpoint)

    assert f"{endpoint.__name__} (/v1/things)" in str(refused.value)
    (route,) = (route for route in router.routes if isinstance(route, StrictRoute))
    assert route.plan is None


def test_a_parameter_of_several_segments_is_refused():
    with pytest.raises(TypeError, match="one segment"):
        Router(tags=["things"]).get("/v1/things/{rest:path}")(in_a_thread)


class OtherSettings(ServiceSettings):
    """Settings that the notes do not have."""


def test_a_service_with_other_settings_than_its_routes_read_does_not_start():
    router = Router(tags=["things"])

    @router.get("/v1/things")
    async def list_things(
        call: Annotated[Call[OtherSettings], requires("notes:read")],
    ) -> Response: ...

    with pytest.raises(TypeError, match="/v1/things reads OtherSettings, and notes has Settings"):
        a_service(router, secret_key="test")


def test_a_part_that_nobody_wired_is_named():
    with pytest.raises(PartMissing, match="Filter"):
        Parts()[Filter]


class Word(Output):
    word: str


def a_service(router: Router, *, keys: SigningKeys | None = None, **given: Any) -> Service:
    settings = notes.Settings(issuer=ISSUER, **given)
    return Service(
        name="notes",
        title="Notes",
        description="Notes.",
        settings=settings,
        migrations=notes.MIGRATIONS,
        routers=[router],
        events=notes.EVENTS,
        scopes=notes.SCOPES,
        event_scopes=notes.EVENT_SCOPES,
        keys=keys,
    )


def rivals() -> Router:
    """Three routes for one path, the least fixed first."""
    router = Router(tags=["things"])

    @router.get("/v1/things/{thing_id}/{part_id}", response_model=Word)
    async def read_part(thing_id: str, part_id: str, call: READER) -> Response:
        """Read a part."""
        return call.answer(Word(word="part"))

    @router.get("/v1/things/{thing_id}/stream", response_model=Word, engine="fastapi")
    async def read_stream(thing_id: str, call: READER) -> Response:
        """Read a stream."""
        return call.answer(Word(word="stream"))

    @router.get("/v1/things/new/newest", response_model=Word)
    async def read_newest(call: READER) -> Response:
        """Read the newest."""
        return call.answer(Word(word="newest"))

    @router.post("/v1/things/new/made", response_model=Word)
    async def create_made(call: READER) -> Response: ...

    return router


@pytest.mark.parametrize(
    "way", [{}, {"route_plan": False}, {"otlp_endpoint": "http://127.0.0.1:9/v1/traces"}], ids=str
)
async def test_the_same_route_is_picked_with_and_without_plan_and_traces(
    make_database, signing_keys, way: dict[str, Any]
):
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)
    service = a_service(rivals(), keys=signing_keys, database_url=url, secret_key="test", **way)
    async with serving(service, signing_keys) as api:
        found = [
            (await api.get(f"/v1/things/{rest}")).json()["word"]
            for rest in ("a/b", "a/stream", "new/newest", "new/made")
        ]
        wrong = await api.delete("/v1/things/new/made")
        head = await api.request("HEAD", "/v1/things/new/newest")

    assert found == ["part", "stream", "newest", "part"]
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")
    assert (head.status_code, head.headers["allow"]) == (405, "GET")


@pytest.fixture(params=["on", "off"])
async def api(
    request: pytest.FixtureRequest, monkeypatch, make_database, signing_keys
) -> AsyncIterator[Api]:
    monkeypatch.setenv("GUANXI_ROUTE_PLAN", request.param)
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)
    settings = notes.Settings(database_url=url, issuer=ISSUER, secret_key="test")
    assert settings.route_plan is (request.param == "on")
    async with serving(notes.compose(settings, keys=signing_keys), signing_keys) as api:
        yield api


async def test_a_note_lives_the_same_life_by_either_engine(api: Api):
    created = await api.post("/v1/notes", {"text": "a", "unit": "cn.gd"}, key="k")
    again = await api.post("/v1/notes", {"text": "a", "unit": "cn.gd"}, key="k")
    path = created.headers["location"]
    changed = await api.patch(path, {"text": "b"}, match='"1"')
    listed = await api.get("/v1/notes", params={"limit": 1})
    wrong = await api.get("/v1/notes", params={"limit": 0})
    empty = await api.post("/v1/notes", {})
    absent = await api.request(
        "POST", "/v1/notes", content=b"", headers={"Content-Type": "application/json"}
    )

    assert [
        answer.status_code for answer in (created, again, changed, listed, wrong, empty, absent)
    ] == [201, 201, 200, 200, 422, 422, 422]
    assert again.headers["idempotency-replayed"] == "true"
    assert [item["text"] for item in listed.json()["items"]] == ["b"]
    assert [answer.json()["errors"][0]["pointer"] for answer in (wrong, empty)] == [
        "query/limit",
        "/text",
    ]
