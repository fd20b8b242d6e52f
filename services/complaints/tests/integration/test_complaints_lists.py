"""Lists of complaints: filters, pages, and what is overdue."""

from uuid import uuid4

import pytest
from complaints.testing import Desk, StoppedClock
from service_kit.testing import Api


async def ids(api: Api, **params: object) -> set[str]:
    answer = await api.get("/v1/complaints", params=params)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


async def test_each_filter_finds_its_own(api: Api, desk: Desk) -> None:
    assigned = await desk.walk(
        await desk.record(channel="web", severity="low", category="账单"), through="responsibility"
    )
    withdrawn = await desk.move(
        await desk.record(kind="fault", customer_id=desk.files.add(unit="cn.sh")), "withdrawal"
    )
    one, other, both = {assigned["id"]}, {withdrawn["id"]}, {assigned["id"], withdrawn["id"]}

    assert await ids(api) == both
    assert await ids(api, state="assigned") == one
    assert await ids(api, customer_id=withdrawn["customer_id"]) == other
    assert await ids(api, department="设备部") == one
    assert await ids(api, handler="wu") == one
    assert await ids(api, number=withdrawn["number"]) == other
    assert await ids(api, kind="fault") == other
    assert await ids(api, channel="web") == one
    assert await ids(api, category="账单") == one
    assert await ids(api, severity="low") == one
    assert await ids(api, unit="cn.gd") == one
    assert await ids(api, unit="cn.g") == set()
    assert await ids(api, open="true") == one
    assert await ids(api, open="false") == other
    assert await ids(api, state="assigned", severity="high") == set()
    assert await ids(api, customer_id=str(uuid4())) == set()


async def test_overdue_are_those_with_a_late_clock_that_counts(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    late, answered, paused = await desk.record(), await desk.record(), await desk.record()
    await desk.move(answered, "acknowledgement")
    await desk.move(paused, "pause")

    clock.forward(hours=6)  # first replies were due at 17:00

    assert await ids(api, overdue="true") == {late["id"]}
    assert await ids(api, overdue="false") == {answered["id"], paused["id"]}
    await desk.move(late, "withdrawal")
    assert await ids(api, overdue="true") == set()


async def test_a_walk_over_the_pages_meets_every_complaint_once_newest_first(
    api: Api, desk: Desk
) -> None:
    recorded = [(await desk.record())["id"] for _ in range(7)]

    met: list[str] = []
    params: dict[str, object] = {"limit": 3, "severity": "high"}
    while True:
        page = (await api.get("/v1/complaints", params=params)).json()
        met += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
        recorded.append(
            (await desk.record())["id"]
        )  # what comes during the walk does not disturb it

    assert met == sorted(recorded[:7], reverse=True)


async def test_items_of_a_list_are_whole_complaints(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="response")

    (item,) = (await api.get("/v1/complaints")).json()["items"]

    assert item == await desk.read(complaint)
    assert len(item["letters"]) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"state": "lost"},
        {"overdue": "1"},
        {"overdue": "yes"},
        {"customer_id": "7"},
        {"number": "C1"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "x"},
        {"colour": "red"},
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(api: Api, params: dict[str, str]) -> None:
    answer = await api.get("/v1/complaints", params=params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("query/")


async def test_a_known_version_is_not_sent_again(api: Api, desk: Desk) -> None:
    complaint = await desk.record()
    path = f"/v1/complaints/{complaint['id']}"
    first = await api.get(path)

    known = await api.get(path, headers={"If-None-Match": first.headers["etag"]})
    await desk.move(complaint, "acknowledgement")
    changed = await api.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, known.status_code, changed.status_code) == (200, 304, 200)
