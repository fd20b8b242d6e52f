"""Nobody with a limit gives away more than that alone:
over all rounds of a case, and over all cases of a customer within the window.
"""

import asyncio
import importlib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from complaints.customer.store import CustomerStore
from complaints.testing import NOON, THE_USUAL_WAY, CustomerFiles, Desk, StoppedClock
from service_kit.testing import Api

LIMIT = Decimal(500)


def giving(amount: str, currency: str = "CNY") -> list[dict[str, Any]]:
    return [{"type": "money", "amount": {"amount": amount, "currency": currency}}]


async def ready(desk: Desk, customer_id: UUID | str) -> dict[str, Any]:
    """A case of the customer that waits for a proposal."""
    return await desk.walk(await desk.record(customer_id=customer_id), through="cause")


async def proposed(
    desk: Desk, complaint: Mapping[str, Any], amount: str, currency: str = "CNY"
) -> str:
    """The state after a proposal of the desk, whose limit is 500 CNY."""
    return str((await desk.move(complaint, "proposal", remedies=giving(amount, currency)))["state"])


async def test_the_limit_counts_over_all_rounds_of_a_case(desk: Desk, clock: StoppedClock) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    states = []

    for amount in ("300.00", "200.00", "0.01"):
        states.append(await proposed(desk, complaint, amount))
        if states[-1] == "approved":
            complaint = await desk.walk(
                await desk.move(complaint, "implementation"), through="response"
            )
            complaint = await desk.move(complaint, "feedback", accepted=False)
            clock.forward(days=60)
            complaint = await desk.walk(complaint, through="cause")

    assert states == ["approved", "approved", "proposed"]


async def test_the_limit_counts_over_all_cases_of_a_customer_within_the_window(
    desk: Desk, files: CustomerFiles, clock: StoppedClock
) -> None:
    customer_id = files.add()
    first, second, third, other = [
        await ready(desk, each) for each in (customer_id, customer_id, customer_id, files.add())
    ]

    states = [
        await proposed(desk, first, "400.00"),
        await proposed(desk, second, "100.01"),
        await proposed(desk, other, "500.00"),
    ]
    clock.forward(days=30)
    states.append(await proposed(desk, third, "500.00"))

    assert states == ["approved", "proposed", "approved", "approved"]


async def test_what_a_manager_approved_counts_as_given(desk: Desk, files: CustomerFiles) -> None:
    customer_id = files.add()
    await desk.walk(await desk.record(customer_id=customer_id), through="approval")

    assert await proposed(desk, await ready(desk, customer_id), "0.01") == "proposed"


async def test_what_waits_or_was_returned_or_withdrawn_is_not_given(
    desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add()
    await desk.walk(await desk.record(customer_id=customer_id), through="proposal")
    await desk.move(
        await desk.walk(await desk.record(customer_id=customer_id), through="proposal"),
        "approval",
        decision="returned",
    )
    withdrawn = await desk.move(
        await ready(desk, customer_id), "proposal", remedies=giving("500.00")
    )
    await desk.move(withdrawn, "withdrawal")

    assert await proposed(desk, await ready(desk, customer_id), "500.00") == "approved"


async def test_what_was_done_before_a_withdrawal_is_given(desk: Desk, files: CustomerFiles) -> None:
    customer_id = files.add()
    complaint = await desk.move(
        await ready(desk, customer_id), "proposal", remedies=giving("300.00") + giving("200.00")
    )
    await desk.move(complaint, "implementation", done=[1])
    await desk.move(complaint, "withdrawal")

    states = [
        await proposed(desk, await ready(desk, customer_id), amount)
        for amount in ("200.01", "200.00")
    ]

    assert states == ["proposed", "approved"]


async def test_an_approver_s_limit_counts_the_same_way(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add()
    first, second = [
        await desk.walk(await desk.record(customer_id=customer_id), through="proposal")
        for _ in range(2)
    ]
    deputy = api.as_("complaints:approve", sub="he", approval_limit="2399.99 CNY")

    answers = [
        await deputy.post(
            f"/v1/complaints/{each['id']}/approval",
            {"decision": "approved"},
            headers={"If-Match": f'"{each["version"]}"'},
        )
        for each in (first, second)
    ]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert "1200.00" in answers[1].json()["detail"]


async def test_currencies_are_counted_apart(api: Api, desk: Desk, files: CustomerFiles) -> None:
    customer_id = files.add()
    dollars = api.as_(*api.service.scopes, sub="us", approval_limit="500.00 USD")
    case = await ready(desk, customer_id)

    assert await proposed(desk, await ready(desk, customer_id), "500.00") == "approved"
    body = {**THE_USUAL_WAY["proposal"], "remedies": giving("500.00", "USD")}
    assert (await dollars.post(f"/v1/complaints/{case['id']}/proposal", body)).json()[
        "state"
    ] == "approved"
    assert await proposed(desk, await ready(desk, customer_id), "0.000001") == "proposed"


async def test_of_two_cases_at_once_only_as_many_pass_as_the_limit_covers(
    desk: Desk, files: CustomerFiles
) -> None:
    for amount, passing in (("500.00", 1), ("250.00", 2)):
        customer_id = files.add()
        cases = [await ready(desk, customer_id) for _ in range(4)]

        states = await asyncio.gather(*(proposed(desk, case, amount) for case in cases))

        assert sorted(states) == ["approved"] * passing + ["proposed"] * (4 - passing)


async def test_merged_files_are_one_customer(api: Api, desk: Desk, files: CustomerFiles) -> None:
    one, other = files.add(), files.add()
    first, second = await ready(desk, one), await ready(desk, other)
    assert await proposed(desk, first, "400.00") == "approved"

    async with api.service.database.transaction() as tx:
        await CustomerStore(tx, at=NOON).merged(one, other, "cn.gd.gz")

    assert await proposed(desk, second, "100.01") == "proposed"


async def test_a_customer_whom_nobody_could_be_asked_about_counts_as_well(
    desk: Desk, files: CustomerFiles
) -> None:
    files.is_away = True
    customer_id = uuid4()

    states = [
        await proposed(desk, await ready(desk, customer_id), amount)
        for amount in ("400.00", "400.00")
    ]

    assert states == ["approved", "proposed"]


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_gives_more_than_their_limit_alone_whatever_the_order_of_calls(
    desk: Desk, files: CustomerFiles, clock: StoppedClock, seed: int
) -> None:
    """Random moves of one person on three cases of one customer, two at a time;
    recounted from the steps that were taken.
    """
    random = Random(seed)  # The seed repeats the run.
    customer_id = files.add()
    cases = [await ready(desk, customer_id) for _ in range(3)]

    for _ in range(25):
        clock.forward(hours=random.randint(0, 6))
        await asyncio.gather(*(_anything(desk, random, case) for case in random.sample(cases, 2)))

    assert sum([await _given(desk, case) for case in cases], Decimal(0)) <= LIMIT


async def _anything(desk: Desk, random: Random, case: Mapping[str, Any]) -> None:
    """One of the moves that are allowed now, by the desk alone: nobody approves."""
    moves = [
        move
        for move in (await desk.read(case))["allowed_moves"]
        if move not in {"approval", "response", "pause"}
    ]
    move = random.choice(moves)
    body: dict[str, Any] = {**THE_USUAL_WAY.get(move, {"reason": "因故"})}
    if move == "proposal":
        body["remedies"] = giving(str(random.randint(1, 300))) + giving(str(random.randint(1, 300)))
    if move == "implementation":
        body["done"] = [random.randint(1, 2)]
    await desk.api.post(f"/v1/complaints/{case['id']}/{move}", body)


async def _given(desk: Desk, case: Mapping[str, Any]) -> Decimal:
    """What was done for the customer in a case,
    and what of its present proposal stands to be done.
    """
    steps = (
        await desk.api.get(f"/v1/complaints/{case['id']}/steps", params={"limit": 200})
    ).json()["items"]
    done, sums, standing = Decimal(0), {}, Decimal(0)
    for step in steps:
        if step["move"] == "proposal":
            sums = {
                each["number"]: Decimal(each["amount"]["amount"])
                for each in step["record"]["remedies"]
            }
            standing = (
                sum(sums.values(), Decimal(0)) if step["entered"] == "approved" else Decimal(0)
            )
        elif step["move"] == "implementation":
            paid = sum((sums[number] for number in step["record"]["done"]), Decimal(0))
            done, standing = done + paid, standing - paid
        elif step["move"] == "withdrawal":
            standing = Decimal(0)
    return done + standing


async def test_the_window_is_a_setting(api: Api) -> None:
    assert timedelta(days=api.service.settings.compensation_days) == timedelta(days=30)


BOOKS = "SELECT complaint_id, step, currency, amount FROM compensation ORDER BY 1, 2, 3"


async def test_what_stood_approved_before_there_were_books_is_taken_into_them(
    api: Api, desk: Desk
) -> None:
    """The migration reads the steps:
    what was approved or needed no approval counts, what was returned, rejected or waits does not.
    """
    small = await desk.move(
        await desk.walk(await desk.record(), through="cause"),
        "proposal",
        remedies=giving("1.50") + giving("2", "CNY"),
    )
    approved = await desk.walk(await desk.record(), through="approval")
    rejected = await desk.move(
        await desk.walk(await desk.record(), through="proposal"), "approval", decision="rejected"
    )
    await desk.move(rejected, "proposal")
    standing = importlib.import_module(
        "complaints.migrations.versions.0006_compensation_so_far"
    ).STANDING

    async with api.service.database.transaction() as tx:
        await tx.connection.execute("SET LOCAL search_path TO complaints")
        kept = await tx.connection.fetch(BOOKS)
        await tx.connection.execute("DELETE FROM compensation")
        await tx.connection.execute(standing)
        taken = await tx.connection.fetch(BOOKS)

    assert taken == kept
    assert {(str(row["complaint_id"]), row["amount"]) for row in taken} == {
        (small["id"], Decimal("3.50")),
        (approved["id"], Decimal(1200)),
    }
