"""What a contact says of the person behind it:
nothing of it is left when the customer is erased.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contact_center.customer.heard import CustomerChanged, CustomerCreated, CustomerErased
from contact_center.customer.news import CustomerNews
from contact_center.directory.digests import AddressDigests
from contact_center.directory.domain import CustomerFacts
from contact_center.testing import House, a_call, a_flow, eventually, made
from service_kit.testing import Api
from service_kit.testing.residue import residue
from service_kit.work.news import News

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ZHANG = UUID(int=1)

NUMBER = "13712340001"
MARKS = [NUMBER, f"+86{NUMBER}", *(f"mark{number:02}" for number in range(1, 12)), "9988776655"]


class OneFile:
    """Stands in for customer-profile: it has one file, or none any more."""

    def __init__(self, file: CustomerFacts | None) -> None:
        self.file = file

    async def facts(self, customer_ids: Sequence[UUID]) -> list[CustomerFacts]:
        return [] if self.file is None else [self.file]


async def told(api: Api, type_: str, *, unit: str = "cn.gd.gz", at: datetime = AT) -> None:
    """What customer-profile tells of Zhang, who has the number."""
    erased = type_ == "customer.erased"
    addresses = (f"phone:+86{NUMBER}",)
    file = CustomerFacts(
        customer_id=ZHANG,
        seen_at=at,
        unit=unit,
        language="zh-CN",
        tags=(),
        addresses=addresses,
        key_contact_addresses=(),
    )
    files = OneFile(None if erased else file)
    handler = CustomerNews(files, api.service.parts[AddressDigests], api.service.kept_answers)
    shapes = {each.event_type: each for each in (CustomerCreated, CustomerChanged, CustomerErased)}
    news = News(
        id=uuid4(), type=type_, subject=ZHANG, at=at, unit=unit, data=shapes[type_](), envelope={}
    )
    await handler.prepare([news])
    async with api.service.database.transaction() as tx:
        await handler.take(tx, [news])


async def posted(api: Api, path: str, body: Any, *, key: str = "") -> dict[str, Any]:
    """Sent with a key, and again with it."""
    key = key or str(uuid4())
    answers = [await api.post(path, body, key=key) for _ in range(2)]
    assert answers[0].is_success, answers[0].text
    assert answers[1].headers["idempotency-replayed"] == "true"
    answered: dict[str, Any] = answers[0].json()
    return answered


async def test_nothing_of_a_person_is_left_in_the_contact_center(api: Api) -> None:
    house = await House.opened(api)
    for _ in range(2):
        await house.agent()
    await told(api, "customer.created")
    await called_and_rejected(api, house)
    await pressed_digits(api, house)
    before = {mark for _, mark in await residue(api.service, MARKS)}
    assert before >= {NUMBER, "mark01", "mark02", "mark04", "mark05", "mark06", "9988776655"}

    await told(api, "customer.erased")

    assert await residue(api.service, MARKS) == set()


async def called_and_rejected(api: Api, house: House) -> None:
    """A call that one agent rejects, the next one takes, and both write about."""
    called = await posted(api, "/v1/contacts", a_call(**{"from": NUMBER, "external_id": "mark01"}))
    assert called["customer_id"] == str(ZHANG)
    offered = await house.until(called, "offered")
    await posted(api, f"/v1/offers/{offered['offer']['id']}/rejection", {"reason": "mark02"})
    offered = await house.until(called, "offered")
    await posted(api, f"/v1/offers/{offered['offer']['id']}/acceptance", {})
    path = f"/v1/contacts/{called['id']}"
    await posted(api, f"{path}/hold", {})
    await posted(api, f"{path}/resumption", {})
    tag = (await api.get(path)).headers["etag"]
    assert (await api.patch(path, {"notes": "mark03"}, match=tag)).status_code == 200
    await posted(api, f"{path}/completion", {"wrap_up_code": "answered", "notes": "mark04"})
    assert (await api.post(f"{path}/hold", {}, key="refused")).status_code == 409


async def pressed_digits(api: Api, house: House) -> None:
    """A call into a flow by somebody who is identified only afterwards, and who leaves."""
    asked = {
        "type": "collect",
        "text": {"zh-CN": "?", "en": "?"},
        "name": "account",
        "next": "line",
        "otherwise": "bye",
    }
    nodes = a_flow(house.queue["id"])["nodes"] | {"menu": asked}
    flow = await made(api, "/v1/flows", a_flow(house.queue["id"], nodes=nodes))
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "10087", "flow_id": flow["id"]}
    )
    unknown = a_call("10087", **{"from": "mark05@example.com", "external_id": "mark06"})
    called = await posted(api, "/v1/contacts", unknown)
    assert called["customer_id"] is None
    path = f"/v1/contacts/{called['id']}"
    tag = (await api.get(path)).headers["etag"]
    assert (await api.patch(path, {"customer_id": str(ZHANG)}, match=tag)).status_code == 200
    await posted(api, f"{path}/inputs", {"digits": "9988776655"})
    await posted(api, f"{path}/abandonment", {})


async def test_a_call_that_came_before_the_caller_was_known_is_erased_with_them(api: Api) -> None:
    house = await House.opened(api)
    stranger = await posted(
        api, "/v1/contacts", a_call(**{"from": NUMBER, "external_id": "mark07"})
    )
    other = await house.call(**{"from": "13812340009"})
    assert stranger["customer_id"] is None
    await told(api, "customer.created")

    await told(api, "customer.erased")

    async def left() -> set[tuple[str, str]]:
        return await residue(api.service, MARKS)

    assert await eventually(left, lambda found: not found) == set()
    assert (await house.contact(stranger))["state"] == "queued"
    assert (await house.contact(other))["from"] == "+8613812340009"


async def test_an_answer_is_repeated_without_the_number_of_the_erased(api: Api) -> None:
    await House.opened(api)
    await told(api, "customer.created")
    first = await api.post("/v1/contacts", a_call(**{"from": NUMBER}), key="k")
    await told(api, "customer.erased")

    again = await api.post("/v1/contacts", a_call(**{"from": NUMBER}), key="k")

    assert (again.status_code, again.headers["etag"], again.headers["location"]) == (
        201,
        first.headers["etag"],
        first.headers["location"],
    )
    assert (first.json()["from"], again.json()["from"], again.json()["id"]) == (
        f"+86{NUMBER}",
        None,
        first.json()["id"],
    )


async def test_an_answer_about_a_contact_that_moved_is_repeated_where_it_lies_now(api: Api) -> None:
    await House.opened(api)
    await told(api, "customer.created")
    here, there = (api.as_("contacts:write", sub="li", units=[unit]) for unit in ("cn.gd", "cn.bj"))
    whole = api.as_("contacts:write", sub="li")
    first = await whole.post("/v1/contacts", a_call(**{"from": NUMBER}), key="k")
    before = [
        await who.post("/v1/contacts", a_call(**{"from": NUMBER}), key="k") for who in (here, there)
    ]

    await told(api, "customer.changed", unit="cn.bj", at=AT + timedelta(hours=1))

    after = [
        await who.post("/v1/contacts", a_call(**{"from": NUMBER}), key="k") for who in (here, there)
    ]
    assert (
        first.status_code,
        [each.status_code for each in before],
        [each.status_code for each in after],
    ) == (201, [201, 404], [404, 201])
    assert "from" not in before[1].json()
    assert after[1].json()["id"] == first.json()["id"]


async def test_a_call_that_is_said_again_after_the_erasure_is_a_new_one(api: Api) -> None:
    house = await House.opened(api)
    await told(api, "customer.created")
    first = await house.call(**{"from": f"+86{NUMBER}", "external_id": "CA-7"})
    await told(api, "customer.erased")

    again = await api.post(
        "/v1/contacts", a_call(**{"from": "+8613800138009", "external_id": "CA-7"})
    )

    assert again.status_code == 201
    assert again.json()["id"] != first["id"]
