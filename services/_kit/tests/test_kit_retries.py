"""Requests whose transaction did not go straight to its end:
they have one effect and a true answer all the same.
"""

import asyncio
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import File, Response, UploadFile
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.testing import serving
from service_kit.testing.news import told
from service_kit.testing.notes import note
from service_kit.testing.wire import Wire
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, Input, Line
from sqlalchemy import bindparam, func, insert, select, update

ADD = update(note).where(note.c.id == bindparam("of")).values(version=note.c.version + 1)
COUNT = select(func.count()).select_from(note)
WRITER = Annotated[Call, requires("notes:write")]


class Pair(Input):
    """Two notes to touch, in this order."""

    first: Id
    second: Id


class Words(Input):
    """What to write."""

    text: Line


async def inserted(call: Call, tx, text: str) -> None:
    await tx.execute(
        insert(note), id=call.new_id(), unit="cn", text=text, written_at=call.at, version=1
    )


@pytest.fixture
def serve(compose, signing_keys):
    def served(router: Router, **settings):
        return serving(compose(router, **settings), signing_keys)

    return served


async def texts(api) -> list[str]:
    return sorted(item["text"] for item in (await api.get("/v1/notes")).json()["items"])


async def test_two_requests_that_deadlock_both_succeed(serve):
    router = Router(tags=["notes"])
    attempts, met = [], asyncio.Barrier(2)

    @router.post("/v1/pairs", response_model=Pair)
    async def touch(body: Pair, call: WRITER) -> Response:
        """Touch two notes."""
        async with call.transaction() as tx:
            attempts.append(body.first)
            await tx.execute(ADD, of=body.first)
            if len(attempts) <= 2:
                await met.wait()
            await tx.execute(ADD, of=body.second)
            return call.answer(body)

    async with serve(router) as api:
        one, two = [
            (await api.post("/v1/notes", {"text": text})).json()["id"] for text in ("one", "two")
        ]
        pairs = [{"first": one, "second": two}, {"first": two, "second": one}]

        answers = await asyncio.gather(
            *(api.post("/v1/pairs", pair, key=pair["first"]) for pair in pairs)
        )

        versions = [item["version"] for item in (await api.get("/v1/notes")).json()["items"]]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert versions == [3, 3]
    assert len(attempts) == 3


async def test_what_is_rolled_back_again_and_again_becomes_503_and_leaves_nothing(serve):
    router = Router(tags=["notes"])
    attempts = []

    @router.post("/v1/unlucky", response_model=Words)
    async def unlucky(body: Words, call: WRITER) -> Response:
        """Never ends well."""
        async with call.transaction() as tx:
            attempts.append(call.at)
            await inserted(call, tx, body.text)
            raise TransactionRolledBack("40001")

    async with serve(router) as api:
        answer = await api.post("/v1/unlucky", {"text": "a"}, key="k")

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["content-type"] == "application/problem+json"
        assert await texts(api) == []
    assert len(attempts) == 4
    assert len(set(attempts)) == 1


async def test_an_audit_row_that_a_rival_wrote_first_makes_the_change_run_again(serve):
    """Two changes of one subject that lock no row of their own: the audit's chain orders them."""
    router = Router(tags=["notes"])
    met = asyncio.Barrier(2)
    subject, attempts = UUID(int=7), []

    @router.post("/v1/marks", response_model=Words)
    async def mark(body: Words, call: WRITER) -> Response:
        """Mark a thing."""
        async with call.transaction() as tx:
            tx.record(told("note.changed", subject=subject, at=call.at, text=body.text))
            attempts.append(body.text)
            if len(attempts) <= 2:
                await met.wait()
            return call.answer(body)

    async with serve(router) as api:
        answers = await asyncio.gather(
            *(api.post("/v1/marks", {"text": text}) for text in ("a", "b"))
        )
        audit = (await api.get("/v1/audit-entries", params={"subject": str(subject)})).json()[
            "items"
        ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [entry["sequence"] for entry in audit] == [1, 2]


async def test_a_commit_that_fails_gives_no_success(serve, raw):
    await raw.execute(
        "ALTER TABLE note ADD CONSTRAINT uq_note_text UNIQUE (text) DEFERRABLE INITIALLY DEFERRED"
    )
    async with serve(Router(tags=["notes"])) as api:
        first = await api.post("/v1/notes", {"text": "a"})
        second = await api.post("/v1/notes", {"text": "a"}, key="k")
        other = await api.post("/v1/notes", {"text": "b"}, key="k2")

        assert [first.status_code, second.status_code, other.status_code] == [201, 500, 201]
        assert "uq_note_text" not in second.text
        assert await texts(api) == ["a", "b"]
        assert len(await api.events("note.written", least=2)) == 2


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("key", [None, "k"])
async def test_a_lost_commit_has_one_effect_and_the_answer_tells_it_with_its_secret(
    url, serve, cut, key
):
    async with (
        Wire(url) as wire,
        serve(Router(tags=["notes"]), database_url=wire.url, work=False) as api,
    ):
        wire.cut_commit = cut
        answer = await api.post("/v1/notes", {"text": "a"}, key=key)

        assert (answer.status_code, answer.json()["secret"]) == (201, "once")
        assert (await api.get(answer.headers["location"])).status_code == 200
        assert await texts(api) == ["a"]
        assert wire.cuts == 1


def silent_router() -> Router:
    """A change that tells no event."""
    router = Router(tags=["notes"])

    @router.post("/v1/silent", status_code=201, response_model=Words)
    async def silent(body: Words, call: WRITER) -> Response:
        """Write without telling."""
        async with call.transaction() as tx:
            await inserted(call, tx, body.text)
            return call.answer(body, status=201)

    return router


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_the_outcome_of_a_change_that_tells_nothing_is_read_back_by_its_key(url, serve, cut):
    async with Wire(url) as wire, serve(silent_router(), database_url=wire.url, work=False) as api:
        wire.cut_commit = cut
        answer = await api.post("/v1/silent", {"text": "a"}, key="k")

        assert (answer.status_code, answer.json()) == (201, {"text": "a"})
        assert await texts(api) == ["a"]


@pytest.mark.parametrize(("cut", "left"), [("before", []), ("after", ["a"])])
async def test_without_event_and_key_an_unknown_outcome_is_said_to_be_unknown(
    url, serve, cut, left
):
    async with Wire(url) as wire, serve(silent_router(), database_url=wire.url, work=False) as api:
        wire.cut_commit = cut
        answer = await api.post("/v1/silent", {"text": "a"})

        assert answer.status_code == 503
        assert "not known" in answer.json()["detail"]
        assert await texts(api) == left


async def test_a_connection_lost_before_commit_is_made_good_without_the_caller_noticing(url, serve):
    router = Router(tags=["notes"])
    attempts = []

    async with Wire(url) as wire:

        @router.post("/v1/interrupted", status_code=201, response_model=Words)
        async def interrupted(body: Words, call: WRITER) -> Response:
            """Write, with an interruption the first time."""
            async with call.transaction() as tx:
                attempts.append(1)
                await inserted(call, tx, body.text)
                if len(attempts) == 1:
                    wire.cut()
                await inserted(call, tx, body.text)
                return call.answer(body, status=201)

        async with serve(router, database_url=wire.url, work=False) as api:
            answer = await api.post("/v1/interrupted", {"text": "a"})

            assert answer.status_code == 201
            assert await texts(api) == ["a", "a"]


async def test_an_upload_that_runs_again_reads_its_file_again(serve):
    router = Router(tags=["notes"])
    attempts = []

    @router.post("/v1/uploads", status_code=201, response_model=Words, engine="fastapi")
    async def upload(file: Annotated[UploadFile, File()], call: WRITER) -> Response:
        """Write what the file says."""
        async with call.transaction() as tx:
            content = (await file.read()).decode()
            attempts.append(content)
            await inserted(call, tx, content)
            if len(attempts) == 1:
                raise TransactionRolledBack("40001")
            return call.answer(Words(text=content), status=201)

    async with serve(router) as api:
        answer = await api.request("POST", "/v1/uploads", files={"file": ("a.txt", b"from a file")})

        assert (answer.status_code, answer.json()) == (201, {"text": "from a file"})
        assert await texts(api) == ["from a file"]
    assert attempts == ["from a file"] * 2


async def test_a_crowd_beyond_the_pool_is_told_to_come_again(compose, signing_keys):
    router = Router(tags=["notes"])
    inside, leave = asyncio.Event(), asyncio.Event()

    @router.post("/v1/slow", response_model=Words)
    async def slow(body: Words, call: WRITER) -> Response:
        """Hold a connection."""
        async with call.transaction():
            inside.set()
            await leave.wait()
            return call.answer(body)

    service = compose(router, work=False, database_pool_size=1)
    service.database.limits = type(service.database.limits)(largest=1, acquire_within=0.3)
    async with serving(service, signing_keys) as api:
        holding = asyncio.create_task(api.post("/v1/slow", {"text": "a"}))
        await inside.wait()
        answer = await api.get("/v1/notes")
        ready = await api.client.get("/readyz")
        leave.set()

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert ready.status_code == 503
        assert (await holding).status_code == 200
        assert (await api.client.get("/readyz")).status_code == 200
