"""Tracking by the customer, who has a number and a token and nothing else."""

from complaints.testing import Desk, clock_named
from service_kit.testing import Api

PATH = "/v1/complaint-tracking"


async def test_number_and_token_show_where_the_complaint_stands(api: Api, desk: Desk) -> None:
    complaint = await desk.record()
    token = complaint["tracking_token"]
    complaint = await desk.walk(complaint, through="responsibility")

    answer = await api.client.post(
        PATH,
        json={"number": complaint["number"], "tracking_token": token},
        headers={"Accept-Language": "zh-CN"},
    )

    seen = answer.json()
    assert answer.status_code == 200
    assert (seen["state"], seen["label"], seen["title"]) == (
        "assigned",
        "已确定责任部门，正在分析原因",
        complaint["title"],
    )
    assert [step["state"] for step in seen["history"]] == ["acknowledged", "assessed", "assigned"]
    assert "wu" not in answer.text
    assert "设备部" not in answer.text


async def test_what_is_promised_is_an_answer_and_no_step_within_the_house(
    api: Api, desk: Desk
) -> None:
    clocks = [
        {"name": "cause", "hours": 1, "time": "elapsed"},
        {"name": "resolution", "hours": 50, "time": "elapsed"},
    ]
    policy = {"applies": {"severity": "high"}, "clocks": clocks}
    await api.request("PUT", "/v1/sla-policies/tried", json=policy, headers={"If-None-Match": "*"})
    complaint = await desk.record()
    proof = {"number": complaint["number"], "tracking_token": complaint["tracking_token"]}

    assigned = await desk.walk(complaint, through="responsibility")
    while_assigned = (await api.client.post(PATH, json=proof)).json()
    await desk.move(assigned, "pause")
    while_paused = (await api.client.post(PATH, json=proof)).json()

    assert clock_named(assigned, "cause")["due_at"] == assigned["due_at"] == "2026-03-11T05:00:00Z"
    assert (while_assigned["due_at"], while_paused["due_at"]) == ("2026-03-13T06:00:00Z", None)


async def test_a_wrong_number_and_a_wrong_token_are_refused_alike(api: Api, desk: Desk) -> None:
    complaint, other = await desk.record(), await desk.record()
    swapped = {"number": complaint["number"], "tracking_token": other["tracking_token"]}
    last = "3" if complaint["number"].endswith("2") else "2"
    mistyped = {
        "number": complaint["number"][:-1] + last,
        "tracking_token": complaint["tracking_token"],
    }

    answers = [await api.client.post(PATH, json=body) for body in (swapped, mistyped)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["type"] == answers[1].json()["type"]


async def test_the_token_is_not_kept_in_the_open(api: Api, desk: Desk) -> None:
    complaint = await desk.record()

    async with api.service.database.reading() as reader:
        row = await reader.connection.fetchrow("SELECT c::text FROM complaints.complaint c")
        audit = await reader.connection.fetchrow(
            "SELECT string_agg(a::text, '') FROM complaints.audit_entry a"
        )

    assert complaint["tracking_token"] not in row[0] + audit[0]
