"""Tier schemes, hysteresis over the API, overrides and their end, surveys and the pyramid."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from service_kit.words.identity import new_id

SCHEME = {
    "score": "profit",
    "currency": "CNY",
    "thresholds": [
        {"stars": 6, "up": "1000", "down": "900"},
        {"stars": 3, "up": "100", "down": "80"},
    ],
    "minimum_stay_days": 0,
}


async def put_scheme(api, name="standard", match=None, **changes):
    headers = {"If-Match": match} if match else {"If-None-Match": "*"}
    return await api.request(
        "PUT", f"/v1/tier-schemes/{name}", json={**SCHEME, **changes}, headers=headers
    )


async def order(api, customer, amount, day="2026-03-01", **changes):
    body = {
        "customer_id": str(customer),
        "occurred_at": f"{day}T12:00:00+08:00",
        "amount": {"amount": amount, "currency": "CNY"},
        **changes,
    }
    answer = await api.post("/v1/transactions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def ranked(api, as_of="2026-03-01"):
    run = (
        await api.post("/v1/score-runs", {"as_of": as_of, "currency": "CNY", "models": []})
    ).json()
    await over(api, f"/v1/score-runs/{run['id']}")


async def over(api, path):
    for _ in range(600):
        work = (await api.get(path)).json()
        if work["state"] in ("done", "failed", "canceled"):
            return work
        await asyncio.sleep(0.1)
    raise AssertionError("still not over")


async def the_tier(api, customer):
    return (await api.get(f"/v1/customers/{customer}/scores")).json()["tier"]


async def test_a_customer_rises_and_falls_by_the_cut_points_and_every_change_is_told(
    api, customers
):
    customer = customers.add()
    await put_scheme(api)
    await order(api, customer, "100")
    await ranked(api)

    seen = [(await the_tier(api, customer))["stars"]]
    for day, amount, kind in (
        ("02", "900", "order"),
        ("03", "50", "refund"),
        ("04", "60", "refund"),
        ("05", "805", "refund"),
        ("06", "6", "refund"),
    ):
        await order(api, customer, amount, day=f"2026-03-{day}", kind=kind)
        seen.append((await the_tier(api, customer))["stars"])

    # 100 | 1000 | 950 holds by the lower cut point | 890 falls, but keeps 3 | 85 holds 3 | 79 falls
    assert seen == [3, 6, 6, 3, 3, 1]
    await asyncio.sleep(0.5)
    told = [event["data"] for event in await api.events("tier.changed")]
    assert [(each["old"], each["new"]) for each in told] == [(None, 3), (3, 6), (6, 3), (3, 1)]
    assert "profit of 890.00 CNY" in told[2]["reason"]


async def test_a_minimum_stay_keeps_a_tier_for_its_days(api, customers):
    customer = customers.add()
    await put_scheme(api, minimum_stay_days=30)
    await order(api, customer, "100")
    await ranked(api)

    await order(api, customer, "2000", day="2026-03-20")
    early = await the_tier(api, customer)
    await order(api, customer, "1", day="2026-04-05")
    late = await the_tier(api, customer)

    assert (early["stars"], early["since"]) == (3, "2026-03-01")
    assert (late["stars"], late["since"]) == (6, "2026-04-05")


async def test_another_scheme_judges_everybody_anew(api, customers):
    customer = customers.add()
    first = await put_scheme(api)
    await over(api, f"/v1/tier-reviews/{first.json()['review_id']}")
    await order(api, customer, "100")
    await ranked(api)

    changed = await put_scheme(
        api, match=first.headers["ETag"], thresholds=[{"stars": 5, "up": "50", "down": "40"}]
    )
    review = await over(api, f"/v1/tier-reviews/{changed.json()['review_id']}")

    assert review["counts"] == {"tier_changes": 1}
    assert (await the_tier(api, customer))["stars"] == 5


async def test_a_scheme_is_created_and_replaced_under_conditions_only(api):
    assert (await api.put("/v1/tier-schemes/standard", SCHEME)).status_code == 428
    assert (await api.put("/v1/tier-schemes/standard", SCHEME, match='"1"')).status_code == 412
    created = await put_scheme(api)
    assert (created.status_code, created.json()["version"]) == (201, 1)
    assert (await put_scheme(api)).status_code == 412
    assert (await api.put("/v1/tier-schemes/standard", SCHEME)).status_code == 428
    replaced = await put_scheme(api, match=created.headers["ETag"], in_force=False)
    assert (replaced.status_code, replaced.json()["in_force"]) == (200, False)
    assert (await put_scheme(api, match=created.headers["ETag"])).status_code == 412
    assert (await api.get("/v1/tier-schemes/standard")).headers["ETag"] == replaced.headers["ETag"]


async def test_only_the_scheme_put_in_force_last_decides(api):
    await put_scheme(api, "first")
    await put_scheme(api, "second")

    found = {
        each["name"]: each["in_force"]
        for each in (await api.get("/v1/tier-schemes")).json()["items"]
    }

    assert found == {"first": False, "second": True}


@pytest.mark.parametrize(
    "thresholds",
    [
        [{"stars": 3, "up": "10", "down": "11"}],
        [{"stars": 3, "up": "10", "down": "9"}, {"stars": 3, "up": "20", "down": "19"}],
        [{"stars": 3, "up": "10", "down": "9"}, {"stars": 4, "up": "10", "down": "9"}],
        [{"stars": 3, "up": "10", "down": "9"}, {"stars": 4, "up": "20", "down": "8"}],
    ],
)
async def test_thresholds_that_contradict_each_other_are_refused(api, thresholds):
    assert (await put_scheme(api, thresholds=thresholds)).status_code == 409


async def test_an_override_stands_until_it_is_taken_back(api, customers):
    customer = customers.add()
    await put_scheme(api)
    await order(api, customer, "100")
    await ranked(api)

    given = await api.as_("tiers:write", sub="li").post(
        f"/v1/customers/{customer}/tier-override", {"stars": 6, "reason": "founder's friend"}
    )
    await order(api, customer, "1", day="2026-03-02")
    held = await the_tier(api, customer)
    released = await api.post(f"/v1/customers/{customer}/tier-release")

    assert given.json()["override"]["by"] == "li"
    assert (held["stars"], held["override"]["reason"]) == (6, "founder's friend")
    assert (released.json()["stars"], released.json()["override"]) == (3, None)
    assert (await api.post(f"/v1/customers/{customer}/tier-release")).status_code == 404


async def test_of_two_who_create_a_scheme_one_is_told_that_it_is_there(api):
    answers = await asyncio.gather(
        *(put_scheme(api, in_force=in_force) for in_force in (True, False) * 3)
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412, 412]


async def test_voiding_the_only_order_takes_the_stars_away(api, customers):
    customer = customers.add()
    await put_scheme(api)
    only = await order(api, customer, "100")
    await ranked(api)
    assert (await the_tier(api, customer))["stars"] == 3

    await api.post(f"/v1/transactions/{only['id']}/voiding", {"reason": "test order"})

    tier = await the_tier(api, customer)
    assert (tier["stars"], tier["reason"], tier["since"]) == (1, "no orders left", "2026-03-01")
    told = [event["data"] for event in await api.events("tier.changed", least=2)]
    assert [(each["old"], each["new"]) for each in told] == [(None, 3), (3, 1)]


async def test_a_customer_whose_override_is_over_moves_by_cards_of_long_ago(api, customers):
    customer = customers.add()
    await put_scheme(api)
    await order(api, customer, "100", day="1998-06-30")
    await ranked(api, as_of="1998-06-30")
    await api.post(f"/v1/customers/{customer}/tier-override", {"stars": 6, "reason": "fair"})
    await api.post(f"/v1/customers/{customer}/tier-release")

    await order(api, customer, "2000", day="1998-07-10")

    assert (await the_tier(api, customer))["stars"] == 6


async def test_a_release_stands_in_the_audit_even_where_it_keeps_the_stars(api, customers):
    customer = customers.add()
    await api.post(f"/v1/customers/{customer}/tier-override", {"stars": 1, "reason": "fair"})

    await api.post(f"/v1/customers/{customer}/tier-release")

    entries = (await api.get("/v1/audit-entries", params={"subject": str(customer)})).json()[
        "items"
    ]
    assert "tier.released" in str(entries)


async def test_an_override_ends_by_itself(api, customers):
    customer = customers.add()
    until = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()

    await api.post(
        f"/v1/customers/{customer}/tier-override", {"stars": 5, "reason": "fair", "until": until}
    )

    assert (await the_tier(api, customer))["stars"] == 5
    for _ in range(60):
        if (await the_tier(api, customer))["override"] is None:
            break
        await asyncio.sleep(0.1)
    assert (await the_tier(api, customer))["stars"] == 1
    past = {"stars": 5, "reason": "fair", "until": "2020-01-01T00:00:00Z"}
    assert (await api.post(f"/v1/customers/{customer}/tier-override", past)).status_code == 409


async def test_tiers_of_other_units_are_not_there(api, customers):
    customer = customers.add(unit="cn.bj")
    local = api.as_("tiers:read", "tiers:write", "scores:read", units=["cn.gd"])

    assert (
        await local.post(f"/v1/customers/{customer}/tier-override", {"stars": 6, "reason": "x"})
    ).status_code == 404
    assert (await local.get(f"/v1/customers/{customer}/tier")).status_code == 404
    assert (await local.get(f"/v1/customers/{customer}/scores")).status_code == 404


async def test_a_low_score_or_a_critical_remark_makes_an_answer_critical(api, customers):
    customer = customers.add()

    async def answer(instrument, score, remark=None):
        body = {
            "customer_id": str(customer),
            "instrument": instrument,
            "answers": {"score": score, "remark": remark},
        }
        return (await api.post("/v1/survey-responses", body)).json()

    assert (await answer("nps", 9))["critical"] is False
    assert (await answer("csat", 2))["critical_reasons"] == ["low_score"]
    assert (await answer("nps", 10, "我要投诉你们"))["critical_reasons"] == ["remark"]
    told = await api.events("survey.answered")
    assert "remark" not in told[-1]["data"]
    assert told[0]["data"]["critical"] is False


async def test_scores_off_the_scale_are_refused(api, customers):
    for instrument, score in (
        ("csat", 0),
        ("csat", 6),
        ("nps", 11),
        ("nps", -1),
        ("ces", 3),
        ("csat", 3.5),
    ):
        body = {
            "customer_id": str(customers.add()),
            "instrument": instrument,
            "answers": {"score": score},
        }
        assert (await api.post("/v1/survey-responses", body)).status_code == 422


async def test_survey_answers_add_up_to_results_and_to_satisfaction(api, customers):
    customer = customers.add()
    for instrument, score in (("nps", 10), ("nps", 9), ("nps", 7), ("nps", 0), ("csat", 5)):
        body = {"customer_id": str(customer), "instrument": instrument, "answers": {"score": score}}
        assert (await api.post("/v1/survey-responses", body)).status_code == 201

    results = (await api.get("/v1/survey-results", params={"instrument": "nps"})).json()

    assert (results["answers"], results["figure"], results["mean_score"], results["critical"]) == (
        4,
        "25.00",
        "6.50",
        1,
    )
    found = (await api.get(f"/v1/customers/{customer}/scores")).json()["scores"]
    assert [(each["name"], each["value"]) for each in found] == [("satisfaction", "72.00")]
    assert sum(Decimal(part["value"]) for part in found[0]["parts"]) == 72
    critical = (await api.get("/v1/survey-responses", params={"critical": "true"})).json()["items"]
    assert [each["answers"]["score"] for each in critical] == [0]


async def test_results_begin_no_earlier_than_days_can_be_named(api):
    results = (
        await api.get("/v1/survey-results", params={"instrument": "csat", "until": "1800-01-01"})
    ).json()

    assert (results["since"], results["until"]) == ("1800-01-01", "1800-01-01")


def pyramid_by_hand(profits):
    """Levels by cumulated ranks rounded up,
    and the Gini coefficient by its definition over all pairs.
    """
    falling = sorted(profits, reverse=True)
    count, levels, first = len(falling), [], 0
    for name, share in (("top", 1), ("high", 5), ("middle", 20), ("broad", 100)):
        last = -(-share * count // 100)
        levels.append((name, last - first, sum(falling[first:last], Decimal(0))))
        first = last
    pairs = sum(abs(one - other) for one in profits for other in profits)
    return levels, pairs / (2 * count * sum(abs(each) for each in profits))


async def test_the_pyramid_sums_profit_exactly_and_losses_count(api, customers):
    dice, profits, items = Random(7), [], []
    for number in range(137):
        amount, cost = (
            Decimal(dice.randint(0, 99_999)) / 100,
            Decimal(dice.randint(0, 40_000)) / 100,
        )
        profits.append(amount - cost)
        sums = {
            "amount": {"amount": str(amount), "currency": "CNY"},
            "cost": {"amount": str(cost), "currency": "CNY"},
        }
        items.append(
            {
                "customer_id": str(customers.add()),
                "occurred_at": f"2026-0{1 + number % 3}-10T12:00:00+08:00",
                **sums,
            }
        )
    await api.post("/v1/transactions/batch", {"items": items})

    found = (await api.get("/v1/pyramid", params={"currency": "CNY"})).json()

    levels, gini = pyramid_by_hand(profits)
    assert [
        (each["name"], each["customers"], Decimal(each["profit"]["amount"]))
        for each in found["levels"]
    ] == levels
    assert Decimal(found["gini"]) == pytest.approx(gini, abs=Decimal("0.000001"))
    assert [each["share"] for each in found["levels"]] == ["0.01", "0.04", "0.15", "0.80"]
    assert found["curve"][-1] == {"customers": "1.000000", "profit": "1.000000"}
    march = (
        await api.get(
            "/v1/pyramid", params={"currency": "CNY", "since": "2026-03-01", "until": "2026-03-31"}
        )
    ).json()
    assert Decimal(march["profit"]["amount"]) == sum(profits[2::3])


async def test_the_largest_sums_leave_the_pyramid_exact(api, customers):
    customer, largest = customers.add(), "999999999999.9999"
    orders = [
        {
            "amount": {"amount": "0", "currency": "CNY"},
            "cost": {"amount": largest, "currency": "CNY"},
        }
        for _ in range(900)
    ]
    refunds = [
        {"amount": {"amount": largest, "currency": "CNY"}, "kind": "refund"} for _ in range(100)
    ]
    items = [
        {"customer_id": str(customer), "occurred_at": "2026-03-01T12:00:00+08:00", **each}
        for each in orders + refunds
    ]
    assert (await api.post("/v1/transactions/batch", {"items": items})).json()["accepted"] == 1000

    periods = ({}, {"since": "2026-03-01", "until": "2026-03-01"})
    found = [
        await api.get("/v1/pyramid", params={"currency": "CNY", **period}) for period in periods
    ]

    assert [(each.status_code, each.json()["profit"]["amount"]) for each in found] == [
        (200, "-999999999999999.90")
    ] * 2


async def test_a_pyramid_of_nobody_is_empty(api):
    found = (await api.get("/v1/pyramid", params={"currency": "JPY"})).json()

    assert (found["customers"], found["gini"], found["profit"]["amount"]) == (0, None, "0.00")


async def test_the_pyramid_of_a_token_with_units_is_that_of_its_units(api, customers):
    await order(api, customers.add(unit="cn.gd"), "10")
    await order(api, customers.add(unit="cn.bj"), "90")

    found = (
        await api.as_("scores:read", units=["cn.gd"]).get("/v1/pyramid", params={"currency": "CNY"})
    ).json()

    assert found["profit"]["amount"] == "10.00"


async def test_scores_of_a_customer_there_is_not_are_not_found(api):
    assert (await api.get(f"/v1/customers/{new_id()}/scores")).status_code == 404
