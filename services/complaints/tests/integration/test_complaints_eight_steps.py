"""A complaint through its eight steps over HTTP."""

from complaints.testing import THE_USUAL_WAY, Desk, StoppedClock, clock_named
from service_kit.testing import Api


def kind_of(problem: dict[str, object]) -> str:
    return str(problem["type"]).rpartition("/")[2]


async def test_a_complaint_goes_through_all_eight_steps(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    complaint = await desk.record()
    assert complaint["state"] == "received"
    assert complaint["allowed_moves"] == ["acknowledgement", "withdrawal", "reassignment", "pause"]
    clock.forward(minutes=10)

    for move in THE_USUAL_WAY:
        complaint = await desk.move(complaint, move)

    assert complaint["state"] == "closed"
    assert complaint["satisfaction"] == 5
    assert complaint["closed_at"] is not None
    assert {each["state"] for each in complaint["clocks"]} == {"met"}
    await api.events("complaint.closed")
    assert [event["type"] for event in await api.events()] == [
        f"guanxi.complaint.{name}.v1"
        for name in (
            "received", "acknowledged", "assessed", "assigned", "analyzed", "proposed", "approved",
            "implemented", "answered", "feedback", "closed",
        )
    ]  # fmt: skip


async def test_an_event_carries_business_facts_and_no_words_of_the_customer(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.record()

    (event,) = await api.events("complaint.received")

    assert event["subject"] == event["data"]["complaint_id"] == complaint["id"]
    assert event["unit"] == "cn.gd.gz"
    assert event["data"]["is_open"] is True
    assert event["data"]["customer_id"] == complaint["customer_id"]
    assert "路由器" not in str(event)


async def test_a_move_out_of_turn_is_a_conflict_that_names_the_allowed_moves(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.record()

    refused = await api.post(
        f"/v1/complaints/{complaint['id']}/proposal", THE_USUAL_WAY["proposal"]
    )

    assert (refused.status_code, kind_of(refused.json())) == (409, "move-not-allowed")
    assert refused.json()["allowed_moves"] == complaint["allowed_moves"]


async def test_the_proposer_may_not_decide_whatever_the_limit(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    assert complaint["state"] == "proposed"
    same_person_elsewhere = api.as_(
        "complaints:approve", sub="li", client_id="other", approval_limit="999999.00 CNY"
    )

    refused = await same_person_elsewhere.post(
        f"/v1/complaints/{complaint['id']}/approval", {"decision": "approved"}
    )

    assert (refused.status_code, kind_of(refused.json())) == (403, "proposer-may-not-decide")


async def test_a_manager_below_the_sum_may_not_decide(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    deputy = api.as_("complaints:approve", sub="he", approval_limit="1199.99 CNY")

    refused = await deputy.post(
        f"/v1/complaints/{complaint['id']}/approval", {"decision": "approved"}
    )

    assert (refused.status_code, kind_of(refused.json())) == (403, "sum-above-your-limit")
    assert (await desk.read(complaint))["state"] == "proposed"


async def test_without_the_scope_nobody_decides(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    handler = api.as_(
        "complaints:read", "complaints:write", sub="he", approval_limit="99999.00 CNY"
    )

    refused = await handler.post(
        f"/v1/complaints/{complaint['id']}/approval", {"decision": "approved"}
    )

    assert (refused.status_code, kind_of(refused.json())) == (403, "scope-missing")


async def test_a_small_sum_needs_no_approval(desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    small = [{"type": "money", "amount": {"amount": "500.00", "currency": "CNY"}}]

    proposed = await desk.move(complaint, "proposal", remedies=small)

    assert proposed["state"] == "approved"
    assert proposed["proposal"]["sums"] == [{"amount": "500.00", "currency": "CNY"}]


async def test_sums_of_two_currencies_stay_apart_and_need_approval(desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    two = [
        {"type": "money", "amount": {"amount": "400.00", "currency": "CNY"}},
        {"type": "refund", "amount": {"amount": "1.00", "currency": "USD"}},
    ]

    proposed = await desk.move(complaint, "proposal", remedies=two)

    assert proposed["state"] == "proposed"
    assert [total["currency"] for total in proposed["proposal"]["sums"]] == ["CNY", "USD"]


async def test_a_returned_proposal_is_made_again(desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")

    returned = await desk.move(complaint, "approval", decision="returned", comment="太多")

    assert returned["state"] == "analyzed"
    assert "proposal" in returned["allowed_moves"]
    assert (await desk.move(returned, "proposal"))["state"] == "proposed"


async def test_what_is_not_upheld_is_answered_without_department_and_remedy(desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="acknowledgement")
    complaint = await desk.move(complaint, "validity", verdict="not_upheld", reason="设备正常")

    closed = await desk.walk(complaint, through="summary")

    assert (closed["state"], closed["verdict"], len(closed["letters"])) == (
        "closed",
        "not_upheld",
        1,
    )


async def test_a_closed_case_can_be_reopened_and_runs_again(desk: Desk) -> None:
    closed = await desk.walk(await desk.record(), through="summary")

    reopened = await desk.move(closed, "reopening")
    again = await desk.walk(reopened, through="summary")

    assert (reopened["state"], reopened["closed_at"], reopened["verdict"]) == (
        "reopened",
        None,
        None,
    )
    clock = clock_named(reopened, "resolution")
    assert (clock["round"], clock["state"]) == (2, "running")
    assert (again["state"], len(again["letters"])) == ("closed", 2)


async def test_a_withdrawn_case_ends_its_clocks(desk: Desk) -> None:
    withdrawn = await desk.move(await desk.record(), "withdrawal")

    assert (withdrawn["state"], withdrawn["allowed_moves"]) == ("withdrawn", ["reopening"])
    assert {each["state"] for each in withdrawn["clocks"]} == {"met"}


async def test_a_reassignment_back_to_the_desk_clears_the_department(desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="responsibility")

    moved = await desk.move(complaint, "reassignment", department="维修部")
    back = await desk.move(moved, "reassignment")

    assert (moved["department"], moved["handler"], moved["state"]) == ("维修部", None, "assigned")
    assert (back["department"], back["handler"]) == (None, None)


async def test_the_steps_tell_who_did_what(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="approval")

    first = (await api.get(f"/v1/complaints/{complaint['id']}/steps", params={"limit": 4})).json()
    rest = (
        await api.get(
            f"/v1/complaints/{complaint['id']}/steps",
            params={"cursor": first["next_cursor"], "limit": 4},
        )
    ).json()

    steps = first["items"] + rest["items"]
    assert [(step["number"], step["move"], step["by"]) for step in steps] == [
        (1, "acknowledgement", "li"), (2, "validity", "li"), (3, "responsibility", "li"),
        (4, "cause", "li"), (5, "proposal", "li"), (6, "approval", "chen"),
    ]  # fmt: skip
    assert steps[1]["record"] == {"verdict": "upheld", "reason": "日志属实"}
    assert rest["next_cursor"] is None


async def test_every_move_is_in_the_audit(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="validity")

    entries = (await api.get("/v1/audit-entries", params={"subject": complaint["id"]})).json()[
        "items"
    ]

    assert [entry["action"] for entry in entries] == [
        "complaint.received",
        "complaint.acknowledged",
        "complaint.assessed",
    ]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3]
    assert {entry["actor"] for entry in entries} == {"li"}


async def test_a_repeated_move_with_its_key_is_made_once(api: Api, desk: Desk) -> None:
    complaint = await desk.record()
    path = f"/v1/complaints/{complaint['id']}/acknowledgement"

    first = await api.post(path, {"message": "x"}, key="k")
    second = await api.post(path, {"message": "x"}, key="k")
    other = await api.post(path, {"message": "x"})

    assert (first.status_code, second.status_code, other.status_code) == (200, 200, 409)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.content == first.content


async def test_the_course_names_every_move_in_both_languages(api: Api) -> None:
    chinese = (await api.get("/v1/complaint-course", headers={"Accept-Language": "zh-CN"})).json()
    english = (await api.get("/v1/complaint-course", headers={"Accept-Language": "en"})).json()

    assert {move["move"] for move in english["moves"]} == set(THE_USUAL_WAY) | {
        "withdrawal", "reopening", "reassignment", "pause", "resumption",
    }  # fmt: skip
    assert chinese["moves"][1]["label"] == "判断是否成立"
    assert english["moves"][1]["label"] == "Judge the validity"
    assert (
        next(move for move in english["moves"] if move["move"] == "approval")["scope"]
        == "complaints:approve"
    )
