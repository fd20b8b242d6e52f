"""What one door takes of somebody's phone, mailbox or number, every door takes, finds and gives
back: customers, their people, look-ups, queries, searches, sheets and callers.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import contact_center.app
import contact_center.settings
import customer_profile.app
import customer_profile.settings
import pytest
from contact_center.identifiers import identifier_filed
from contact_center.testing import House, a_call, a_file, told_of_customer
from customer_profile.testing import customer_body
from customer_profile.testing import refusal as draft_refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_kit.testing import ISSUER, Api, serving
from service_kit.words.identifiers import UNIQUE, WITH_SYSTEM, IdentifierType, key_of, written

Json = dict[str, Any]
Pair = tuple[str, str]
AREAS = ("020", "0755", "010", "0571")
QUERIED = frozenset({"phone", "email", "external", "loyalty", "wechat"})
SEARCHED = QUERIED - {"loyalty"}
SYSTEM = "erp"
LOOKS = 400


@dataclass
class Doors:
    """Both services that take identifiers, on databases of their own."""

    profile: Api
    center: House


def widened(text: str) -> str:
    """Digits as a Chinese keyboard writes them."""
    return text.translate({ord("0") + number: 0xFF10 + number for number in range(10)})


def lines() -> st.SearchStrategy[str]:
    """Landlines and mobiles as people write them, with and without extensions."""
    landlines = st.builds(
        lambda area, number, form: form.format(area=area, number=number, bare=area[1:]),
        st.sampled_from(AREAS),
        st.integers(80_000_000, 89_999_999).map(str),
        st.sampled_from(
            (
                "{area}-{number}",
                "({area}) {number}",
                "（{area}）{number}",
                "{area}{number}",
                "+86 {bare} {number}",
                "0086{bare}{number}",
            )
        ),
    )
    mobiles = st.builds(
        lambda prefix, number: f"{prefix}139{number}",
        st.sampled_from(("", "+86 ", "86", "0086 ")),
        st.integers(10_000_000, 99_999_999).map(str),
    )
    inside = st.sampled_from(("", "", "-802", "转8001", " ext. 12", "分机:7"))
    plain = st.builds(lambda line, ext: line + ext, st.one_of(landlines, mobiles), inside)
    short = st.sampled_from(("12345", "95588", "10086", "110", "400-820-8820", "87654321"))
    return st.one_of(plain, plain.map(widened), short)


VALUES = st.one_of(
    st.tuples(st.just("phone"), lines()),
    st.tuples(
        st.just("email"),
        st.sampled_from(("a@mail.sz.example.com.cn", "A.B+c@Example.com", "用户@例子.公司")),
    ),
    st.tuples(st.just("external"), st.text("ABC客户-_ 0123456789", min_size=4, max_size=12)).filter(
        lambda pair: pair[1].strip(" -_") == pair[1] and any(map(str.isalpha, pair[1]))
    ),
    st.tuples(st.just("loyalty"), st.from_regex(r"\A[a-z]{2}[0-9]{3}\Z")),
    st.tuples(st.just("wechat"), st.from_regex(r"\Awx[A-Za-z_]{6}\Z")),
    st.tuples(st.just("government_id"), st.just("440103 19900203 123x")),
)
UNREADABLE = (
    ("phone", "+86 138 0013 80001"),
    ("phone", "138 0013 800"),
    ("phone", "-13800138000"),
    ("email", "a b@example.com"),
    ("loyalty", "客户-1"),
    ("wechat", "张 伟"),
)


def body_of(kind: str, value: str) -> Json:
    return {"type": kind, "value": value} | ({"system": SYSTEM} if kind == "external" else {})


def column_of(kind: str) -> str:
    return f"external:{SYSTEM}" if kind == "external" else kind


def key_of_pair(pair: Pair) -> str:
    kind = IdentifierType(pair[0])
    system = SYSTEM if kind in WITH_SYSTEM else ""
    return key_of(kind, written(kind, pair[1], region="CN", system=system), system)


def refusals(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, [each["pointer"] for each in answer.json().get("errors", ())]


@pytest.fixture
async def doors(make_database: Any, signing_keys: Any) -> AsyncIterator[Doors]:
    composed = []
    for room, package in (
        (customer_profile, "customer_profile"),
        (contact_center, "contact_center"),
    ):
        url = await make_database(room.app.MIGRATIONS, package)
        composed.append(
            room.app.compose(
                room.settings.Settings(
                    database_url=url,
                    issuer=ISSUER,
                    secret_key="test",
                    gateway_url="http://127.0.0.1:9",
                ),
                keys=signing_keys,
            )
        )
    for service in composed:
        # The neighbors are absent: what they would tell is told by the test.
        service.workers = [worker for worker in service.workers if "<" not in worker.name]
    async with (
        serving(composed[0], signing_keys) as profile,
        serving(composed[1], signing_keys) as center,
    ):
        yield Doors(profile, await House.opened(center))


async def made(api: Api, path: str, body: Json) -> Json:
    answer = await api.post(path, body)
    assert answer.status_code == 201, (body, answer.text)
    return dict(answer.json())


async def changed(api: Api, path: str, listed: list[Json]) -> Json:
    tag = (await api.get(path)).headers["etag"]
    answer = await api.patch(path, {"identifiers": listed}, match=tag)
    assert answer.status_code == 200, (listed, answer.text)
    return dict(answer.json())


async def removed(api: Api, path: str) -> None:
    tag = (await api.get(path)).headers["etag"]
    assert (await api.request("DELETE", path, headers={"If-Match": tag})).status_code == 204


async def found(api: Api, kind: str, value: str, *, words: bool = True) -> set[str]:
    """Whom look-up, query and search all find by this value."""
    looked = await api.post("/v1/customer-lookups", {"identifiers": [body_of(kind, value)]})
    assert looked.status_code == 200, (kind, value, looked.text)
    (item,) = looked.json()["items"]
    holders = set(item["customer_ids"]) if item else set()
    queries = [{kind: f"{SYSTEM}:{value}" if kind == "external" else value}] * (kind in QUERIED)
    queries += [{"q": value}] * (words and kind in SEARCHED)
    for query in queries:
        answer = await api.get("/v1/customers", params={**query, "limit": "200"})
        assert answer.status_code == 200, (query, answer.text)
        holders &= {each["id"] for each in answer.json()["items"]}
    return holders


async def imported(api: Api, pairs: list[Pair]) -> list[Json]:
    """The customers of a sheet with one row for each of these identifiers."""
    rows = [{"name": f"海风{at}", column_of(kind): value} for at, (kind, value) in enumerate(pairs)]
    sheet = "\n".join(json.dumps(row) for row in rows).encode()
    queued = await api.request(
        "POST", "/v1/customer-imports", files={"file": ("rows.ndjson", sheet)}, data={}
    )
    assert queued.status_code == 202, queued.text
    for _ in range(LOOKS):
        work = (await api.get(queued.headers["location"])).json()
        if work["state"] not in ("queued", "running"):
            break
        await asyncio.sleep(0.05)
    assert work["counts"]["created"] == len(pairs), (rows, work)
    newest = (await api.get("/v1/customers", params={"limit": str(len(pairs))})).json()["items"]
    # Lists mask what is sensitive.
    files = [(await api.get(f"/v1/customers/{each['id']}")).json() for each in newest]
    return sorted(files, key=lambda each: int(each["name"].removeprefix("海风")))


async def is_theirs(doors: Doors, value: str, filed: str, customer_id: str) -> None:
    """A call from this number is that customer's, as their file tells it."""
    customer = UUID(customer_id)
    keys = identifier_filed("phone", filed)
    await told_of_customer(doors.center.api, a_file(customer, addresses=keys))
    for each in (value, filed):
        contact = await doors.center.call(**{"from": each})
        assert (contact["customer_id"], contact["from"]) == (customer_id, filed), each
    await told_of_customer(doors.center.api, a_file(customer, addresses=()))


async def every_door(doors: Doors, kind: str, value: str) -> Json:
    """Through the doors of the body; the identifier as it comes back."""
    api, given_ = doors.profile, body_of(kind, value)
    file = await made(api, "/v1/customers", customer_body(identifiers=[given_]))
    path = f"/v1/customers/{file['id']}"
    (kept,) = file["identifiers"]
    # A government id is sealed: whoever may see it knows how it is written.
    again = given_ if kind == "government_id" else body_of(kind, kept["value"])
    assert {file["id"]} <= await found(api, kind, value) & await found(api, kind, again["value"])

    await changed(api, path, [])
    assert (await changed(api, path, [again]))["identifiers"] == [kept]
    assert file["id"] in await found(api, kind, value)

    if kind in UNIQUE:
        await removed(api, path)
        file = await made(api, "/v1/customers", customer_body(identifiers=[]))
        path = f"/v1/customers/{file['id']}"
    person = {"name": "李娜", "part": "user", "identifiers": [given_]}
    met = await made(api, f"{path}/contact-persons", person)
    assert met["identifiers"][0]["type"] == kind
    assert file["id"] in await found(api, kind, value, words=False)
    at = f"{path}/contact-persons/{met['id']}"
    assert (await changed(api, at, [again]))["identifiers"] == met["identifiers"]

    if kind == IdentifierType.PHONE:
        await is_theirs(doors, value, kept["value"], file["id"])
    await removed(api, path)
    return kept


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pairs=st.lists(VALUES, min_size=3, max_size=6, unique_by=key_of_pair))
async def test_what_one_door_takes_every_door_takes_finds_and_gives_back(
    doors: Doors, pairs: list[Pair]
) -> None:
    kept = [await every_door(doors, kind, value) for kind, value in pairs]

    files = await imported(doors.profile, pairs)

    for file, (kind, value), identifier in zip(files, pairs, kept, strict=True):
        assert file["identifiers"] == [identifier], (kind, value)
        assert file["id"] in await found(doors.profile, kind, value)
        await removed(doors.profile, f"/v1/customers/{file['id']}")


@pytest.mark.parametrize(("kind", "value"), UNREADABLE)
async def test_what_one_door_refuses_every_door_refuses_where_it_stands(
    doors: Doors, kind: str, value: str
) -> None:
    api, body = doors.profile, {"identifiers": [body_of("wechat", "wxid_1"), body_of(kind, value)]}
    file = await made(api, "/v1/customers", customer_body(identifiers=[]))
    path = f"/v1/customers/{file['id']}"
    tag = (await api.get(path)).headers["etag"]
    person = {"name": "李娜", "part": "user"}

    answers = [
        await api.post("/v1/customers", customer_body(**body)),
        await api.patch(path, body, match=tag),
        await api.post(f"{path}/contact-persons", person | body),
        await api.post("/v1/customer-lookups", body),
    ]
    asked = await api.get("/v1/customers", params={kind: value})
    read = draft_refusal(name="海风", **{kind: value})

    assert [refusals(answer) for answer in answers] == [(422, ["/identifiers/1/value"])] * 4
    assert refusals(asked) == (422, [f"query/{kind}"])
    assert read.column == kind
    if kind == IdentifierType.PHONE:
        called = await doors.center.api.post("/v1/contacts", a_call(**{"from": value}))
        assert refusals(called) == (422, ["/from"])


async def test_a_switchboard_finds_who_is_behind_it_and_an_extension_no_other(doors: Doors) -> None:
    api = doors.profile
    numbers = ("0755-88888888", "0755-88888888-802", "0755-88888888转803")
    bodies = [customer_body(identifiers=[body_of("phone", each)]) for each in numbers]
    alone, one, other = [(await made(api, "/v1/customers", body))["id"] for body in bodies]

    behind = [await found(api, "phone", each, words=False) for each in numbers]

    assert behind == [{alone, one, other}, {alone, one}, {alone, other}]
