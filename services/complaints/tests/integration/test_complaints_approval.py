"""What is decided, on which version, and by whom: over HTTP."""

from typing import Any

import pytest
from complaints.testing import THE_USUAL_WAY, Desk, StoppedClock
from service_kit.testing import Api


def kind_of(problem: dict[str, object]) -> str:
    return str(problem["type"]).rpartition("/")[2]


def money(amount: str, *, kind: str = "money", currency: str = "CNY") -> dict[str, Any]:
    return {"type": kind, "amount": {"amount": amount, "currency": currency}, "description": None}


async def decide(
    by: Api,
    complaint: dict[str, Any],
    *,
    match: str | None,
    decision: str = "approved",
    **options: Any,
) -> Any:
    headers = {} if match is None else {"If-Match": match}
    return await by.post(
        f"/v1/complaints/{complaint['id']}/approval",
        {"decision": decision},
        headers=headers,
        **options,
    )


def tag_of(complaint: dict[str, Any]) -> str:
    return f'"{complaint["version"]}"'


async def test_a_refund_without_an_amount_waits_for_a_manager(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    nobody = api.as_("complaints:write", sub="new")

    for remedy in (
        {"type": "refund"},
        {"type": "refund", "amount": None},
        money("0", kind="refund"),
        money("0.009", kind="refund"),
    ):
        answer = await nobody.post(
            f"/v1/complaints/{complaint['id']}/proposal",
            {"problem_restated": "?", "remedies": [remedy]},
        )
        assert (answer.status_code, answer.json()["state"]) == (200, "proposed")

    assert (await desk.move(complaint, "approval"))["state"] == "approved"


async def test_an_approval_without_the_version_that_was_read_is_428(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")

    answer = await decide(desk.manager, complaint, match=None)

    assert (answer.status_code, kind_of(answer.json())) == (428, "precondition-required")
    assert (await desk.read(complaint))["state"] == "proposed"


@pytest.mark.parametrize("decision", ["approved", "returned", "rejected"])
async def test_a_manager_does_not_decide_on_what_was_proposed_since(
    desk: Desk, decision: str
) -> None:
    seen = await desk.walk(await desk.record(), through="cause")
    seen = await desk.move(seen, "proposal", remedies=[money("1500.00")])
    now = await desk.move(seen, "proposal", remedies=[money("2999.00")])

    stale = await decide(desk.manager, seen, match=f'"{seen["version"]}"', decision=decision)
    weak = await decide(desk.manager, seen, match=f'W/"{now["version"]}"', decision=decision)
    whatever = [
        await decide(desk.manager, seen, match=match, decision=decision)
        for match in ("*", f'"1", "{now["version"]}"')
    ]
    fresh = await decide(desk.manager, seen, match=f'"{now["version"]}"', decision=decision)

    assert (stale.status_code, weak.status_code, fresh.status_code) == (412, 412, 200)
    assert [answer.status_code for answer in whatever] == [428, 428]


async def test_every_move_honors_the_version_that_it_names(api: Api, desk: Desk) -> None:
    complaint = await desk.record()
    moves = {move["move"] for move in (await api.get("/v1/complaint-course")).json()["moves"]}

    for move in moves:
        body = {**THE_USUAL_WAY.get(move, {"reason": "因故"})}
        answer = await desk.manager.post(
            f"/v1/complaints/{complaint['id']}/{move}", body, headers={"If-Match": '"99"'}
        )
        assert answer.status_code == 412, move

    assert (await desk.read(complaint))["version"] == 1
    assert (await api.get(f"/v1/complaints/{complaint['id']}/steps")).json()["items"] == []


async def test_a_repeated_decision_with_its_key_is_made_once_though_its_version_is_over(
    desk: Desk,
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    match = await desk.tag(complaint)

    first = await decide(desk.manager, complaint, match=match, key="k")
    second = await decide(desk.manager, complaint, match=match, key="k")

    assert (first.status_code, second.status_code, second.content == first.content) == (
        200,
        200,
        True,
    )


async def test_the_record_says_what_was_decided_on(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="approval")

    step = (await api.get(f"/v1/complaints/{complaint['id']}/steps")).json()["items"][-1]
    audited = (await api.get("/v1/audit-entries", params={"subject": complaint["id"]})).json()[
        "items"
    ][-1]

    assert complaint["proposal"]["step"] == 5
    assert step["record"] == audited["values"]["complaint.approved"]["record"]
    assert step["record"] | {"comment": None} == {
        "decision": "approved", "comment": None, "proposal_step": 5,
        "sums": [{"amount": "1200.00", "currency": "CNY"}],
    }  # fmt: skip


@pytest.mark.parametrize("disguise", ["LI", " li ", "\uff4c\uff49", "l\u0456", "1i", "\u200bli"])
@pytest.mark.parametrize("decision", ["approved", "rejected"])
async def test_no_spelling_of_the_proposer_decides(
    api: Api, desk: Desk, disguise: str, decision: str
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    other = api.as_(
        "complaints:approve", sub=disguise, client_id="other", approval_limit="999999.00 CNY"
    )

    answer = await decide(other, complaint, match=tag_of(complaint), decision=decision)

    assert (answer.status_code, kind_of(answer.json())) == (403, "proposer-may-not-decide")


async def test_the_first_author_does_not_approve_after_a_colleague_s_re_post(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    path = f"/v1/complaints/{complaint['id']}/proposal"
    colleague = api.as_(
        "complaints:write", "complaints:approve", sub="wang", approval_limit="99999.00 CNY"
    )
    usual = THE_USUAL_WAY["proposal"]
    complaint = (await api.as_("complaints:write", sub="wang").post(path, usual)).json()
    first = api.as_("complaints:approve", sub="li", approval_limit="99999.00 CNY")

    refused = [
        await decide(first, complaint, match=tag_of(complaint)),
        await decide(colleague, complaint, match=tag_of(complaint)),
    ]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert (await desk.move(complaint, "approval"))["state"] == "approved"


async def test_a_client_without_a_person_does_not_approve_what_it_proposed(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    machine = api.as_(
        "complaints:write",
        "complaints:approve",
        sub="robot",
        client_id="robot",
        approval_limit="100.00 CNY",
    )
    proposal = {"problem_restated": "?", "remedies": [money("200.00")]}
    complaint = (await machine.post(f"/v1/complaints/{complaint['id']}/proposal", proposal)).json()
    raised = api.as_(
        "complaints:approve", sub="robot", client_id="robot", approval_limit="9999.00 CNY"
    )

    assert (await decide(raised, complaint, match=tag_of(complaint))).status_code == 403


async def test_a_team_leader_without_a_limit_may_return_and_not_approve(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    leader = api.as_("complaints:approve", sub="he")

    refused = await decide(leader, complaint, match=tag_of(complaint))
    returned = await decide(leader, complaint, match=tag_of(complaint), decision="returned")

    assert (refused.status_code, kind_of(refused.json())) == (403, "sum-above-your-limit")
    assert (returned.status_code, returned.json()["state"]) == (200, "analyzed")


async def test_what_a_manager_rejected_is_decided_by_a_manager_in_every_later_round(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    complaint = await desk.move(complaint, "approval", decision="rejected")

    again = await desk.move(complaint, "proposal", remedies=[money("1.00")])
    withdrawn = await desk.move(again, "withdrawal")
    clock.forward(days=99)
    reopened = await desk.walk(await desk.move(withdrawn, "reopening"), through="cause")
    colleague = api.as_("complaints:write", sub="wang", approval_limit="500.00 CNY")
    body = {**THE_USUAL_WAY["proposal"], "remedies": [{"type": "apology"}]}
    by_another = await colleague.post(f"/v1/complaints/{reopened['id']}/proposal", body)

    assert (again["state"], by_another.json()["state"]) == ("proposed", "proposed")


async def test_who_may_not_decide_at_all_is_told_so_before_the_version_is_asked_for(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.walk(await desk.record(), through="proposal")
    own = api.as_("complaints:approve", sub="li", approval_limit="999999.00 CNY")

    assert (await decide(own, complaint, match=None)).status_code == 403
    assert (await decide(desk.manager, await desk.record(), match=None)).status_code == 409
