"""Idempotency keys under rivals, crashes and misuse: one effect, one answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import File, Form, Response, UploadFile
from service_kit.testing import Api, serving
from service_kit.testing.notes import note
from service_kit.web import idempotency
from service_kit.web.call import Call
from service_kit.web.routing import Router, anyone, requires
from service_kit.words.errors import Conflict
from service_kit.words.fields import Input, Line
from sqlalchemy import func, insert, select

COUNT = select(func.count()).select_from(note)
KEPT = "SELECT count(*) FROM idempotency_record"
WRITER = Annotated[Call, requires("notes:write")]


class Words(Input):
    """What to write."""

    text: Line


class Now:
    """A clock of the test."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 31, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def api(compose, signing_keys):
    async with serving(compose(), signing_keys) as api:
        yield api


async def written(api: Api) -> int:
    async with api.service.database.reading() as reader:
        return await reader.fetch_value(COUNT)


async def test_rivals_get_the_first_ones_answer_marked_as_replayed(api: Api):
    answers = await asyncio.gather(
        *(api.post("/v1/notes", {"text": "a"}, key="k") for _ in range(20))
    )

    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    first = next(answer for answer in answers if answer not in replayed)
    assert len(replayed) == 19
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.headers["location"] for answer in answers} == {first.headers["location"]}
    assert {answer.headers["etag"] for answer in answers} == {'"1"'}
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    assert first.json()["secret"] == "once"
    assert all(answer.json() == first.json() | {"secret": None} for answer in replayed)
    assert await written(api) == 1


async def test_rivals_with_other_bodies_are_refused_and_do_nothing(api: Api):
    answers = await asyncio.gather(
        *(api.post("/v1/notes", {"text": str(number)}, key="k") for number in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert refused.json()["type"].endswith("/idempotency-key-reused")
    assert refused.json()["errors"][0]["pointer"] == "header/Idempotency-Key"
    assert await written(api) == 1


async def test_the_body_counts_by_value_and_not_by_its_spelling(api: Api):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}

    first = await api.request(
        "POST", "/v1/notes", content=b'{"text": "\xe4\xbd\xa0", "unit": "cn"}', headers=headers
    )
    second = await api.request(
        "POST", "/v1/notes", content=b'{ "unit":"cn","text":"\\u4f60" }', headers=headers
    )

    assert [first.status_code, second.status_code] == [201, 201]
    assert second.headers["idempotency-replayed"] == "true"


async def test_a_key_belongs_to_its_client_and_its_path(compose, signing_keys):
    router = Router(tags=["notes"])

    @router.post("/v1/other-notes", response_model=Words)
    async def other(body: Words, call: WRITER) -> Response:
        """Write elsewhere."""
        async with call.transaction() as tx:
            await tx.execute(
                insert(note),
                id=call.new_id(),
                unit="cn",
                text=body.text,
                written_at=call.at,
                version=1,
            )
            return call.answer(body)

    async with serving(compose(router), signing_keys) as api:
        stranger = api.as_("notes:write", client_id="another")
        answers = [
            await api.post("/v1/notes", {"text": "a"}, key="k"),
            await stranger.post("/v1/notes", {"text": "a"}, key="k"),
            await api.post("/v1/other-notes", {"text": "a"}, key="k"),
        ]

        assert all("idempotency-replayed" not in answer.headers for answer in answers)
        assert await written(api) == 3


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": "a", "more": 1}, {"text": "a", "unit": "us"}]
)
async def test_a_refused_request_leaves_its_key_free(api: Api, body):
    cantonese = api.as_("notes:write", units=["cn"])

    refused = await cantonese.post("/v1/notes", body, key="k")
    accepted = await cantonese.post("/v1/notes", {"text": "a"}, key="k")

    assert refused.status_code in (403, 422)
    assert accepted.status_code == 201


async def test_an_answer_that_is_no_success_is_not_kept(compose, signing_keys, raw):
    router = Router(tags=["notes"])
    moods = [409, 201]

    @router.post("/v1/moods", response_model=Words)
    async def moody(body: Words, call: WRITER) -> Response:
        """Refuse the first time, without an exception."""
        async with call.transaction():
            return call.answer(body, status=moods.pop(0))

    @router.post("/v1/raising", response_model=Words)
    async def raising(body: Words, call: WRITER) -> Response:
        """Refuse inside the transaction."""
        async with call.transaction():
            raise Conflict("no")

    async with serving(compose(router), signing_keys) as api:
        answers = [await api.post("/v1/moods", {"text": "a"}, key="k") for _ in range(3)]
        refused = await api.post("/v1/raising", {"text": "a"}, key="k")

        assert [answer.status_code for answer in answers] == [409, 201, 201]
        assert "idempotency-replayed" in answers[2].headers
        assert refused.status_code == 409
        assert await raw.fetchval(KEPT) == 1


async def test_a_crash_before_the_commit_leaves_the_key_free(compose, signing_keys, raw):
    router = Router(tags=["notes"])
    inside, leave = asyncio.Event(), asyncio.Event()

    @router.post("/v1/hanging", response_model=Words)
    async def hanging(body: Words, call: WRITER) -> Response:
        """Hang the first time."""
        async with call.transaction() as tx:
            await tx.execute(
                insert(note),
                id=call.new_id(),
                unit="cn",
                text=body.text,
                written_at=call.at,
                version=1,
            )
            if not inside.is_set():
                inside.set()
                await leave.wait()
            return call.answer(body)

    crashed = compose(router)
    async with serving(crashed, signing_keys) as api:
        asking = asyncio.create_task(api.post("/v1/hanging", {"text": "a"}, key="k"))
        await inside.wait()
        # What the end of the process does: the server sees the connection go and rolls back.
        await raw.fetch(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE state = 'idle in"
            " transaction'"
        )
        leave.set()
        asking.cancel()
        again = await api.post("/v1/hanging", {"text": "a"}, key="k")

        assert (again.status_code, "idempotency-replayed" in again.headers) == (200, False)
        assert await written(api) == 1


async def test_a_rival_waits_two_seconds_and_is_then_told_to_come_again(compose, signing_keys):
    router = Router(tags=["notes"])
    inside, leave = asyncio.Event(), asyncio.Event()

    @router.post("/v1/slow", response_model=Words)
    async def slow(body: Words, call: WRITER) -> Response:
        """Take long."""
        async with call.transaction():
            inside.set()
            await leave.wait()
            return call.answer(body)

    async with serving(compose(router), signing_keys) as api:
        first = asyncio.create_task(api.post("/v1/slow", {"text": "a"}, key="k"))
        await inside.wait()
        began = asyncio.get_running_loop().time()
        rival = await api.post("/v1/slow", {"text": "a"}, key="k")
        waited = asyncio.get_running_loop().time() - began
        other = asyncio.create_task(api.post("/v1/slow", {"text": "a"}, key="k2"))
        leave.set()
        late = await api.post("/v1/slow", {"text": "a"}, key="k")

        assert (rival.status_code, rival.headers["retry-after"]) == (409, "1")
        assert rival.json()["type"].endswith("/idempotency-key-in-use")
        assert waited >= 1.9
        assert (await first).status_code == (await other).status_code == late.status_code == 200
        assert "idempotency-replayed" in late.headers


async def test_a_key_is_forgotten_after_its_time_and_not_before(compose, signing_keys, raw):
    now = Now()
    service = compose(now=now, work=False, idempotency_hours=72)
    async with serving(service, signing_keys) as api:
        await api.post("/v1/notes", {"text": "a"}, key="k")
        now.at += timedelta(hours=72)
        await idempotency.forget_old(service.database, at=now.at, hours=72)
        kept = await api.post("/v1/notes", {"text": "a"}, key="k")
        now.at += timedelta(seconds=1)
        await idempotency.forget_old(service.database, at=now.at, hours=72)
        fresh = await api.post("/v1/notes", {"text": "other"}, key="k")

        assert "idempotency-replayed" in kept.headers
        assert (fresh.status_code, "idempotency-replayed" in fresh.headers) == (201, False)
        assert await raw.fetchval(KEPT) == 1


async def test_old_keys_are_forgotten_in_batches(database, raw):
    await raw.execute(
        "INSERT INTO idempotency_record SELECT 'c', 'POST', '/', i::text, '', now() - interval '1"
        " day' FROM generate_series(1, 7) i"
    )
    await raw.execute(
        "INSERT INTO idempotency_record VALUES ('c', 'POST', '/', 'new', '', now() + interval '1"
        " minute')"
    )
    at = datetime.now(UTC)

    counts = [await idempotency.forget_old(database, at=at, hours=1, batch=3) for _ in range(4)]

    assert counts == [3, 3, 1, 0]
    assert await raw.fetchval("SELECT string_agg(key, ',') FROM idempotency_record") == "new"


def uploads(**options: bytes) -> Router:
    router = Router(tags=["notes"])

    @router.post("/v1/uploads", status_code=201, response_model=Words, engine="fastapi")
    async def upload(
        file: Annotated[UploadFile, File()], mark: Annotated[str, Form(max_length=10)], call: WRITER
    ) -> Response:
        """Write what the file says."""
        async with call.transaction(**options) as tx:
            content = (await file.read()).decode()
            await tx.execute(
                insert(note),
                id=call.new_id(),
                unit="cn",
                text=content + mark,
                written_at=call.at,
                version=1,
            )
            return call.answer(Words(text=content + mark), status=201)

    return router


async def test_uploads_with_one_key_are_compared_as_wholes(compose, signing_keys):
    async def send(content: bytes, mark: str, name: str = "a.txt"):
        form = {
            "files": {"file": (name, content)},
            "data": {"mark": mark},
            "headers": {"Idempotency-Key": "k"},
        }
        return await api.request("POST", "/v1/uploads", **form)

    async with serving(compose(uploads()), signing_keys) as api:
        first = await send(b"x" * 100, "!")
        same = await send(b"x" * 100, "!")
        others = [
            await send(b"y" * 100, "!"),
            await send(b"x" * 100, "?"),
            await send(b"x" * 100, "!", "b.txt"),
        ]

        assert [first.status_code, same.status_code] == [201, 201]
        assert same.headers["idempotency-replayed"] == "true"
        assert [answer.status_code for answer in others] == [422] * 3
        assert await written(api) == 1


async def test_the_fingerprint_that_a_route_gives_counts_instead(compose, signing_keys):
    async with serving(compose(uploads(fingerprint=b"the same for all")), signing_keys) as api:
        answers = [
            await api.request(
                "POST",
                "/v1/uploads",
                files={"file": ("a", content)},
                data={"mark": "!"},
                headers={"Idempotency-Key": "k"},
            )
            for content in (b"a", b"b")
        ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].json() == {"text": "a!"}


async def test_an_open_operation_keeps_no_keys_since_its_callers_cannot_be_told_apart(
    compose, signing_keys, raw
):
    router = Router(tags=["notes"])

    @router.post("/v1/open", response_model=Words)
    async def open_to_all(body: Words, call: Annotated[Call, anyone()]) -> Response:
        """Anybody may."""
        async with call.transaction():
            return call.answer(body)

    async with serving(compose(router), signing_keys) as api:
        answers = [
            await api.client.post("/v1/open", json={"text": text}, headers={"Idempotency-Key": "k"})
            for text in ("a", "b")
        ]

    assert [answer.json() for answer in answers] == [{"text": "a"}, {"text": "b"}]
    assert await raw.fetchval(KEPT) == 0


async def test_two_keys_in_one_request_are_refused(api: Api):
    request = api.client.build_request(
        "POST", "/v1/notes", json={"text": "a"}, headers={"Authorization": f"Bearer {api.token}"}
    )
    request.headers = type(request.headers)(
        [*request.headers.multi_items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )

    answer = await api.client.send(request)

    assert answer.status_code == 422
    assert await written(api) == 0


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("a", "a"),
        ('"a"', "a"),
        ('"a b"', "a b"),
        (r'"a\"b\\"', 'a"b\\'),
        ("!~", "!~"),
        ("a" * 255, "a" * 255),
        ('"' + r"\"" * 255 + '"', '"' * 255),
    ],
)
def test_a_bare_key_and_a_structured_one_are_read(header, key):
    assert idempotency.parse(header) == key


@pytest.mark.parametrize(
    "header",
    ["", '"', '""', '"a', "a b", "a\tb", r'"a\b"', '"a"b"', "é", "a" * 256, '"a";p=1', "a\n"],
)
def test_what_is_neither_is_refused(header):
    with pytest.raises(idempotency.IdempotencyKeyInvalid):
        idempotency.parse(header)
