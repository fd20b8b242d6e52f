"""The conventions of the API, seen from outside on the smallest whole service."""

import asyncio

import pytest
from service_kit.testing import ISSUER, Api, notes, revisions, serving


@pytest.fixture
async def api(make_database, signing_keys):
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)
    settings = notes.Settings(database_url=url, issuer=ISSUER, secret_key="test")
    async with serving(notes.compose(settings, keys=signing_keys), signing_keys) as api:
        yield api


async def test_migrations_and_tables_agree(make_database):
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)

    assert await revisions.difference(url, notes.SCHEMA, notes.metadata) == []


async def test_a_written_note_can_be_read_with_its_etag(api: Api):
    created = await api.post("/v1/notes", {"text": "你好", "unit": "cn.gd"})
    note = created.json()

    read = await api.get(created.headers["location"])
    again = await api.get(
        created.headers["location"], headers={"If-None-Match": read.headers["etag"]}
    )

    assert created.status_code == 201
    assert read.json() == note | {"secret": None}
    assert read.headers["etag"] == created.headers["etag"] == '"1"'
    assert again.status_code == 304


async def test_the_same_key_gives_the_same_answer_without_its_secret(api: Api):
    first = await api.post("/v1/notes", {"text": "a"}, key="k")
    second = await api.post("/v1/notes", {"text": "a"}, key='"k"')
    other = await api.post("/v1/notes", {"text": "b"}, key="k")

    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json() | {"secret": None}
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["etag"] == first.headers["etag"]
    assert other.status_code == 422
    assert len((await api.get("/v1/notes")).json()["items"]) == 1


async def test_rivals_with_one_key_have_one_effect(api: Api):
    answers = await asyncio.gather(
        *(api.post("/v1/notes", {"text": "a"}, key="k") for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_every_change_is_told_in_order_and_audited(api: Api):
    note = (await api.post("/v1/notes", {"text": "a"})).json()
    path = f"/v1/notes/{note['id']}"
    changed = await api.patch(path, {"text": "b"}, match='"1"')

    await api.events("note.changed")
    events = await api.events()
    audit = (await api.get("/v1/audit-entries", params={"subject": note["id"]})).json()["items"]

    assert changed.json()["text"] == "b"
    assert [event["type"] for event in events] == [
        "guanxi.note.written.v1",
        "guanxi.note.changed.v1",
    ]
    assert [event["cursor"] for event in events] == ["1", "2"]
    assert [entry["action"] for entry in audit] == ["note.written", "note.changed"]
    assert audit[0]["values"]["note.written"]["text"] == "a"


async def test_a_change_needs_the_present_version(api: Api):
    note = (await api.post("/v1/notes", {"text": "a"})).json()
    path = f"/v1/notes/{note['id']}"

    without = await api.patch(path, {"text": "b"})
    stale = await api.patch(path, {"text": "b"}, match='"9"')

    assert without.status_code == 428
    assert stale.status_code == 412


async def test_a_page_walk_repeats_none_and_misses_none(api: Api):
    for number in range(7):
        await api.post("/v1/notes", {"text": str(number)})

    seen, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/notes", params=params)).json()
        seen += [item["text"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"text": "a"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"text": 1}', "application/json", 422),
        (b'{"text": "a\\u0000b"}', "application/json", 422),
        (b'{"text": "\\ud800"}', "application/json", 422),
        (b'{"text": NaN}', "application/json", 422),
        (b'{"text": 1e400}', "application/json", 422),
        (b'{"text": "a", "x": 1}', "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b'{"text": "a"}', "text/plain", 415),
        (b'{"text": "a"}', "", 415),
        (b" " * 3_000_000, "application/json", 413),
    ],
)
async def test_bad_bodies_get_a_problem_document(
    api: Api, body: bytes, content_type: str, status: int
):
    headers = {"Content-Type": content_type} if content_type else {}

    answer = await api.request("POST", "/v1/notes", content=body, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["instance"] == answer.headers["x-request-id"]


async def test_paths_and_methods_that_are_not_there(api: Api):
    missing = await api.get("/v1/nothing")
    slash = await api.get("/v1/notes/")
    method = await api.delete("/v1/notes")
    unknown = await api.get("/v1/notes", params={"colour": "red"})

    assert missing.status_code == slash.status_code == 404
    assert method.status_code == 405
    assert method.headers["allow"] == "GET, POST"
    assert unknown.status_code == 422
    assert unknown.json()["errors"] == [
        {"pointer": "query/colour", "detail": "there is no such query parameter"}
    ]


async def test_without_a_token_or_its_scope_nothing_is_done(api: Api):
    nobody = await api.client.post("/v1/notes", json={"text": "a"})
    forged = await api.client.post(
        "/v1/notes", json={"text": "a"}, headers={"Authorization": "Bearer a.b.c"}
    )
    reader = await api.as_("notes:read").post("/v1/notes", {"text": "a"})
    expired = await api.as_("notes:write", exp=1).post("/v1/notes", {"text": "a"})
    other = await api.as_("notes:write", aud="other").post("/v1/notes", {"text": "a"})

    assert [answer.status_code for answer in (nobody, forged, reader, expired, other)] == [
        401,
        401,
        403,
        401,
        401,
    ]
    assert (await api.get("/v1/notes")).json()["items"] == []


async def test_other_units_are_not_there(api: Api):
    note = (await api.post("/v1/notes", {"text": "a", "unit": "cn.gd.gz"})).json()
    inside = api.as_("notes:read", units=["cn.gd"])
    outside = api.as_("notes:read", "events:read", "audit:read", units=["cn.g", "cn.gd.gz.x"])
    await api.events("note.written")

    assert (await inside.get(f"/v1/notes/{note['id']}")).status_code == 200
    assert (await outside.get(f"/v1/notes/{note['id']}")).status_code == 404
    assert len((await inside.get("/v1/notes")).json()["items"]) == 1
    assert (await outside.get("/v1/notes")).json()["items"] == []
    assert (await outside.get("/v1/events")).json() == []
    assert (await outside.get("/v1/audit-entries", params={"subject": note["id"]})).json()[
        "items"
    ] == []


async def test_the_service_is_ready_and_tells_its_contract(api: Api):
    ready = await api.client.get("/readyz")
    contract = (await api.client.get("/openapi.json")).json()

    assert ready.json() == {"status": "ready"}
    assert contract["paths"]["/v1/notes"]["post"]["security"] == [{"oauth2": ["notes:write"]}]
    assert "guanxi_request_seconds" in (await api.client.get("/metrics")).text


@pytest.mark.parametrize("tag", ["é".encode(), b"x" * 600])
async def test_a_condition_that_no_tag_is_made_of_is_refused_before_anything_is_looked_up(
    api: Api, tag: bytes
):
    path = "/v1/notes/01890a5d-ac96-774b-bcce-b302099a8057"

    changed = await api.patch(path, {"text": "b"}, match=tag)
    read = await api.get(path, headers={"If-None-Match": tag})

    assert (changed.status_code, read.status_code) == (422, 422)
    assert changed.json()["errors"][0]["pointer"] == "header/If-Match"


@pytest.mark.parametrize("tag", ["1", '"1', "stale", '"9"', ""])
async def test_what_is_no_present_tag_matches_nothing(api: Api, tag: str):
    note = (await api.post("/v1/notes", {"text": "a"})).json()
    path = f"/v1/notes/{note['id']}"

    assert (await api.patch(path, {"text": "b"}, match=tag)).status_code == 412
    assert (await api.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_conditions_may_list_several_tags_weak_ones_too(api: Api):
    note = (await api.post("/v1/notes", {"text": "a"})).json()
    path = f"/v1/notes/{note['id']}"

    known = await api.get(path, headers={"If-None-Match": 'W/"9", W/"1"'})
    weak = await api.patch(path, {"text": "b"}, match='W/"1"')
    listed = await api.patch(path, {"text": "b"}, match='"9", "1"')

    assert [known.status_code, weak.status_code, listed.status_code] == [304, 412, 200]


@pytest.mark.parametrize("key", ['"', '"a', 'a b"', "x" * 256, '"' + "x" * 256 + '"', ""])
async def test_an_idempotency_key_of_neither_form_is_refused(api: Api, key: str):
    answer = await api.post("/v1/notes", {"text": "a"}, key=key)

    assert answer.status_code == 422
    assert (await api.get("/v1/notes")).json()["items"] == []


async def test_a_cursor_ahead_of_the_feed_is_told_where_the_feed_ends(api: Api):
    await api.post("/v1/notes", {"text": "a"})
    await api.events("note.written")

    ahead = await api.get("/v1/events", params={"after": "7", "wait": "30"})

    assert ahead.status_code == 409
    assert ahead.json()["newest"] == "1"
