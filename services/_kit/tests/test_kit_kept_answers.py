"""Whose an idempotency key is, who may be shown again what was answered,
and what is left of it after an erasure.
"""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from service_kit.access.caller import Caller
from service_kit.testing import Api, serving
from service_kit.testing.notes import NoteOut
from service_kit.web import idempotency
from service_kit.web.idempotency import Kept, owner_of
from service_kit.web.kept_answers import LONGEST_PLACE, WHOLE_COMPANY, is_seen, place_of
from starlette.responses import Response

NOTE = {"text": "a"}


@pytest.fixture
async def api(compose: Any, signing_keys: Any):
    async with serving(compose(), signing_keys) as api:
        yield api


def kept(unit: str | None, body: bytes = b"{}") -> Kept:
    return Kept(status=201, headers={}, body=body, unit=unit, subjects=())


def test_a_client_that_acts_for_itself_owns_its_keys_by_its_plain_name():
    assert owner_of("erp", "erp") == "erp"


def test_owners_differ_by_client_and_person_and_fit_their_column():
    pairs = [
        ("a", "b"),
        ("b", "a"),
        ("a#b", "c"),
        ("a", "b#c"),
        ("x" * 100, "y" * 200),
        ("x" * 99 + "z", "y" * 200),
        ("x" * 100, "y" * 199),
    ]

    owners = {owner_of(*pair) for pair in pairs}

    assert len(owners) == len(pairs)
    assert max(map(len, owners)) <= idempotency.LONGEST_OWNER


async def test_two_people_behind_one_client_do_not_share_a_key(api: Api):
    li, wang = (
        api.as_("notes:write", sub=sub, units=[unit])
        for sub, unit in (("li", "cn.gd"), ("wang", "cn.bj"))
    )

    answers = await asyncio.gather(
        *(who.post("/v1/notes", NOTE, key="k") for who in (li, wang, li, wang))
    )

    assert [answer.status_code for answer in answers] == [201] * 4
    assert [answer.json()["unit"] for answer in answers] == ["cn.gd", "cn.bj"] * 2
    assert len({answer.headers["location"] for answer in answers}) == 2


@pytest.mark.parametrize(
    ("units", "status"),
    [(["cn"], 201), (["cn.gd"], 201), (["cn.gd.gz"], 404), (["cn.bj", "us"], 404), (None, 201)],
)
async def test_what_lies_outside_the_present_units_is_not_repeated(
    api: Api, units: list[str] | None, status: int
):
    first = await api.as_("notes:write", sub="li", units=["cn.gd"]).post("/v1/notes", NOTE, key="k")

    again = await api.as_("notes:write", sub="li", units=units).post("/v1/notes", NOTE, key="k")

    assert again.status_code == status
    assert (again.headers.get("location") == first.headers["location"]) is (status == 201)
    assert "idempotency-replayed" in again.headers or again.json()["type"].endswith(
        "/answer-not-seen"
    )


async def test_what_an_erasure_leaves_is_the_first_answer_without_its_words(api: Api):
    other = await api.post("/v1/notes", {"text": "of another"}, key="other")
    first = await api.post("/v1/notes", {"text": "of the erased"}, key="k")
    note = first.json()

    async with api.service.database.transaction() as tx:
        await api.service.kept_answers.erase(tx, [UUID(note["id"])])

    again = await api.post("/v1/notes", {"text": "of the erased"}, key="k")
    assert (again.status_code, again.headers["location"], again.headers["etag"]) == (
        201,
        first.headers["location"],
        '"1"',
    )
    assert again.json() == note | {"text": "", "secret": None}
    assert NoteOut.model_validate_json(again.content)
    assert (
        await api.post("/v1/notes", {"text": "of another"}, key="other")
    ).json() == other.json() | {"secret": None}


async def test_very_many_answers_about_one_subject_are_emptied(api: Api, raw: Any):
    note = (await api.post("/v1/notes", NOTE, key="first")).json()
    await raw.execute(
        "INSERT INTO idempotency_record SELECT client_id, method, path, i::text, fingerprint,"
        " created_at, status, headers, body, unit, subjects FROM idempotency_record,"
        " generate_series(1, 250) i"
    )

    async with api.service.database.transaction() as tx:
        await api.service.kept_answers.erase(tx, [UUID(note["id"])])

    assert (
        await raw.fetchval(
            'SELECT count(*) FROM idempotency_record WHERE body LIKE \'%"text":""%\'::bytea'
        )
        == 251
    )


@pytest.mark.parametrize(
    ("units", "place"),
    [
        (["cn.gd"], "cn.gd"),
        (["cn.gd", "cn.bj", "cn.gd"], "cn.bj cn.gd"),
        ([None], WHOLE_COMPANY),
        ([], ""),
        ([f"cn.{'a' * 20}{number}.x" for number in range(20)], "cn"),
        ([f"{'a' * 20}{number}" for number in range(20)], WHOLE_COMPANY),
    ],
)
def test_a_place_names_all_units_or_those_above_them(units: list[str | None], place: str):
    assert place_of(Response(b"{}"), [], Caller(client_id="c", sub="s"), said=units) == place
    assert len(place) <= LONGEST_PLACE


def test_where_nothing_says_where_an_answer_lies_its_first_reader_does():
    caller = Caller(client_id="c", sub="s", units=("cn.gd", "cn.bj"))

    assert place_of(Response(b'{"id":1}'), [], caller, said=None) == "cn.bj cn.gd"
    assert place_of(Response(b'{"unit":"cn.gd.gz"}'), [], caller, said=None) == "cn.gd.gz"
    assert place_of(Response(b'{"units":null}'), [], caller, said=None) == WHOLE_COMPANY


def test_an_answer_of_the_release_before_is_seen_by_its_own_word():
    caller = Caller(client_id="c", sub="s", units=("cn.gd",))

    assert is_seen(kept(None, b'{"unit":"cn.gd.gz"}'), caller)
    assert not is_seen(kept(None, b'{"unit":"cn.bj"}'), caller)
    assert is_seen(kept(None, b'{"id":1}'), caller)
    assert not is_seen(kept(WHOLE_COMPANY), caller)
    assert is_seen(kept(""), caller)
