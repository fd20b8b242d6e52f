"""Score runs over the API on the CDNOW sample:
published parameters, explained scores, new orders, tiers, refusals.
"""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from scoring.model import formulas
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.purchase.domain import Change, DayOf
from scoring.purchase.store import PurchaseStore
from scoring.tables import score_card
from scoring.testing import CdnowOrder, cdnow_orders, purchase_days
from service_kit.words.identity import new_id
from sqlalchemy import func, select

CDNOW = Path(__file__).parent.parent / "data" / "cdnow_sample.txt"
TERMS = {
    "as_of": "1998-06-30",
    "calibrate_until": "1997-09-30",
    "currency": "USD",
    "models": ["bg_nbd", "gamma_gamma"],
    "time_unit": "week",
    "horizon_months": 12,
    "annual_discount": "0.10",
    "margin": "0.30",
}
SCHEME = {
    "score": "clv",
    "thresholds": [
        {"stars": 6, "up": "60", "down": "50"},
        {"stars": 4, "up": "20", "down": "15"},
        {"stars": 2, "up": "5", "down": "4"},
    ],
    "minimum_stay_days": 0,
}


async def over(api, path: str, *, seconds: float = 90) -> dict:
    """The long work, once it is over."""
    for _ in range(int(seconds * 10)):
        work = (await api.get(path)).json()
        if work["state"] in ("done", "failed", "canceled"):
            return work
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {work['state']}: {work}")


async def load(
    api, customers, orders: list[CdnowOrder], *, currency: str = "USD"
) -> dict[str, UUID]:
    ids = {order.customer: customers.add() for order in orders}
    items = [
        {
            "customer_id": str(ids[order.customer]),
            "occurred_at": f"{order.day}T12:00:00+08:00",
            "amount": {"amount": str(order.dollars), "currency": currency},
            "external_id": f"{currency}-{number}",
        }
        for number, order in enumerate(orders)
    ]
    for first in range(0, len(items), 1000):
        answer = await api.post("/v1/transactions/batch", {"items": items[first : first + 1000]})
        assert answer.json()["accepted"] == len(items[first : first + 1000])
    return ids


async def a_run(api, **changes) -> dict:
    started = await api.post("/v1/score-runs", {**TERMS, **changes})
    assert started.status_code == 202, started.text
    return await over(api, started.headers["Location"])


async def the_scores(api, customer: UUID, **params) -> dict[str, dict]:
    answer = (await api.get(f"/v1/customers/{customer}/scores", params=params)).json()
    return {score["name"]: score for score in answer["scores"]} | {"tier": answer["tier"]}


async def test_the_cdnow_sample_is_scored_with_the_published_parameters(api, customers):
    orders = cdnow_orders(CDNOW)
    ids = await load(api, customers, orders)
    await load(api, customers, orders[:5], currency="EUR")
    await api.request(
        "PUT", "/v1/tier-schemes/standard", json=SCHEME, headers={"If-None-Match": "*"}
    )

    run = await a_run(api)

    assert (run["state"], run["error"]) == ("done", None)
    assert run["progress"] == {"done": 2357, "total": 2357}
    assert run["counts"]["left_out_transactions"] == 5
    model = (await api.get("/v1/score-models", params={"kind": "bg_nbd"})).json()["items"][0]
    assert {name: round(value, 4) for name, value in model["parameters"].items()} == {
        "r": 0.2426,
        "alpha": 4.4136,
        "a": 0.7929,
        "b": 2.4259,
    }
    assert round(model["log_likelihood"], 2) == -9582.43
    assert (model["customers"], model["as_of"]) == (2357, "1997-09-30")
    assert model["gradient_norm"] < 1e-9
    worth = (await api.get("/v1/score-models", params={"kind": "gamma_gamma"})).json()["items"][0]
    assert [round(worth["parameters"][name], 2) for name in ("p", "q", "gamma")] == [
        6.25,
        3.74,
        15.44,
    ]
    assert worth["customers"] == 946
    await _every_score_is_as_the_formulas_say(api, orders, ids, model, worth)
    await _tiers_are_told(api, ids)


async def _every_score_is_as_the_formulas_say(api, orders, ids, model, worth) -> None:
    figures = {"log_likelihood": 0.0, "gradient_norm": 0.0, "customers": 0.0, "steps": 0}
    bg_nbd, gamma_gamma = (
        BgNbd(**model["parameters"], **figures),
        GammaGamma(**worth["parameters"], **figures),
    )
    histories = purchase_days(orders, until=date(1998, 6, 30))
    month = 365.25 / 12 / 7
    steps, factors = formulas.discounting(
        step=month, steps=12, discount_per_step=1.1 ** (1 / 12) - 1
    )
    for customer in ("0001", "0004", "0009", "1000", "2357"):
        history = histories[customer]
        x, recency, age = history.frequency, history.recency / 7, history.age / 7
        alive = formulas.alive(bg_nbd, frequency=x, recency=recency, age=age)
        orders_to_come = alive * formulas.orders_if_alive(
            bg_nbd, (month * 12,), (1.0,), frequency=x, age=age
        )
        value = formulas.order_value(gamma_gamma, frequency=x, mean_value=history.mean_value)
        clv = (
            0.3
            * value
            * alive
            * formulas.orders_if_alive(bg_nbd, steps, factors, frequency=x, age=age)
        )

        found = await the_scores(api, ids[customer])

        assert float(found["p_alive"]["value"]) == pytest.approx(alive, abs=1e-6)
        assert float(found["expected_orders"]["value"]) == pytest.approx(orders_to_come, abs=1e-6)
        assert float(found["order_value"]["value"]) == pytest.approx(value, abs=0.006)
        assert float(found["clv"]["value"]) == pytest.approx(clv, abs=0.006)
        assert Decimal(found["profit"]["value"]) == sum(history.sums)
        for name, score in found.items():
            if name != "tier":
                assert sum(Decimal(part["value"]) for part in score["parts"]) == Decimal(
                    score["value"]
                ), name
                assert (score["as_of"], score["definition_version"]) == ("1998-06-30", 1)


async def _tiers_are_told(api, ids) -> None:
    told: dict[str, dict] = {}
    reader, after = api.as_("events:read", "tiers:read"), "0"
    async with asyncio.timeout(120):
        while len(told) < 2357:
            page = (
                await reader.get("/v1/events", params={"after": after, "limit": 1000, "wait": 5})
            ).json()
            told |= {
                event["subject"]: event["data"]
                for event in page
                if event["type"] == "guanxi.tier.changed.v1"
            }
            after = page[-1]["cursor"] if page else after
    for customer in ("0001", "1000", "2357"):
        found = await the_scores(api, ids[customer])
        clv = Decimal(found["clv"]["value"])
        stars = 6 if clv >= 60 else 4 if clv >= 20 else 2 if clv >= 5 else 1
        assert found["tier"]["stars"] == stars
        assert told[str(ids[customer])] | {"old": None, "new": stars} == told[str(ids[customer])]


async def test_a_run_of_an_earlier_day_knows_only_what_was_then(api, customers):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0300"]
    ids = await load(api, customers, orders)

    run = await a_run(api, as_of="1997-12-31", models=["bg_nbd"], calibrate_until=None)

    histories = purchase_days(orders, until=date(1997, 12, 31))
    assert run["counts"]["scored"] == len(histories)
    for customer, history in list(histories.items())[:40]:
        found = await the_scores(api, ids[customer])
        assert found["profit"]["as_of"] == "1997-12-31"
        assert Decimal(found["profit"]["value"]) == sum(history.sums)
        assert "clv" not in found


async def test_a_new_order_shows_in_the_scores_at_once(api, customers):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0300"]
    ids = await load(api, customers, orders)
    await a_run(api)
    before = await the_scores(api, ids["0010"])

    order = {
        "customer_id": str(ids["0010"]),
        "occurred_at": "1998-07-10T12:00:00+08:00",
        "amount": {"amount": "80.00", "currency": "USD"},
    }
    await api.post("/v1/transactions", order)

    after = await the_scores(api, ids["0010"])
    assert Decimal(after["profit"]["value"]) == Decimal(before["profit"]["value"]) + 80
    assert Decimal(after["clv"]["value"]) > Decimal(before["clv"]["value"])
    assert after["clv"]["as_of"] == "1998-07-10"
    as_before = await the_scores(api, ids["0010"], as_of="1998-06-30")
    assert as_before["clv"] == before["clv"]


async def test_orders_of_a_large_batch_show_within_two_seconds(api, customers):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0200"]
    ids = await load(api, customers, orders)
    await a_run(api, models=["bg_nbd"])
    many = list(ids.values())[:100]
    before = await the_scores(api, many[-1])

    items = [
        {
            "customer_id": str(id),
            "occurred_at": "1998-07-01T12:00:00+08:00",
            "amount": {"amount": "5", "currency": "USD"},
        }
        for id in many
    ]
    await api.post("/v1/transactions/batch", {"items": items})

    for _ in range(20):
        after = await the_scores(api, many[-1])
        if after["profit"]["value"] != before["profit"]["value"]:
            break
        await asyncio.sleep(0.1)
    assert Decimal(after["profit"]["value"]) == Decimal(before["profit"]["value"]) + 5


async def test_a_run_takes_up_cards_of_later_days_by_its_new_definition(api, customers):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0200"]
    ids = await load(api, customers, orders)
    await a_run(api)
    order = {
        "customer_id": str(ids["0010"]),
        "occurred_at": "1998-07-10T12:00:00+08:00",
        "amount": {"amount": "80", "currency": "USD"},
    }
    await api.post("/v1/transactions", order)

    second = await a_run(api, margin="0.60")

    found = await the_scores(api, ids["0010"])
    assert found["clv"]["run_id"] == second["id"]
    assert found["clv"]["as_of"] == "1998-07-10"


async def test_a_voided_order_leaves_the_scores(api, customers):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0200"]
    ids = await load(api, customers, orders)
    await a_run(api, models=["bg_nbd"])
    before = await the_scores(api, ids["0010"])
    order = {
        "customer_id": str(ids["0010"]),
        "occurred_at": "1998-07-10T12:00:00+08:00",
        "amount": {"amount": "80", "currency": "USD"},
    }
    recorded = (await api.post("/v1/transactions", order)).json()

    await api.post(f"/v1/transactions/{recorded['id']}/voiding", {"reason": "test"})

    after = await the_scores(api, ids["0010"])
    assert after["profit"]["value"] == before["profit"]["value"]


async def test_an_order_that_was_written_behind_the_customers_at_hand_is_not_missed(
    api, customers, monkeypatch
):
    from scoring.score_run import work as running

    customer = (
        await load(
            api,
            customers,
            [CdnowOrder(customer="c", day=date(1997, 1, 1), discs=1, dollars=Decimal("3.50"))],
        )
    )["c"]
    come_into_force = running.ScoreRuns._come_into_force

    async def overtaken(self, job, terms):
        day = DayOf(customer_id=customer, currency="USD", day=date(1997, 1, 9))
        async with api.service.database.transaction() as tx:
            await PurchaseStore(tx).add([(day, Change(orders=1, order_amount=40_000))])
        await come_into_force(self, job, terms)

    monkeypatch.setattr(running.ScoreRuns, "_come_into_force", overtaken)

    await a_run(api, models=[])

    assert (await the_scores(api, customer))["profit"]["value"] == "7.50"


@pytest.mark.parametrize(
    ("days", "amount", "models", "code"),
    [
        (["1997-01-01"], "10.00", ["bg_nbd"], "no_repeat_buyers"),
        (["1997-01-01", "1997-02-01"], "10.00", ["bg_nbd"], "identical_histories"),
        (["1997-01-01", "1997-02-01"], "0.00", ["gamma_gamma"], "no_positive_amounts"),
        (["1997-01-01", "1997-02-01"], "10.00", ["gamma_gamma"], "identical_amounts"),
    ],
)
async def test_a_history_that_cannot_carry_the_model_fails_the_run_with_its_reason(
    api, customers, days, amount, models, code
):
    orders = [
        CdnowOrder(customer=f"c{n}", day=date.fromisoformat(day), discs=1, dollars=Decimal(amount))
        for n in range(6)
        for day in days
    ]
    ids = await load(api, customers, orders)

    run = await a_run(api, models=models)

    assert run["state"] == "failed"
    assert code in run["error"]
    assert set(await the_scores(api, ids["c0"])) == {"profit", "tier"}


async def test_a_single_customer_cannot_carry_a_model_but_can_be_ranked(api, customers):
    orders = [
        CdnowOrder(customer="c", day=date(1997, 1, day), discs=1, dollars=Decimal("3.50"))
        for day in (1, 9, 20)
    ]
    ids = await load(api, customers, orders)

    refused = await a_run(api, models=["bg_nbd"])
    ranked = await a_run(api, models=[])

    assert "too_few_customers" in refused["error"]
    assert ranked["state"] == "done"
    assert (await the_scores(api, ids["c"]))["rfm"]["value"] == "4"


async def test_nobody_to_score_is_said(api):
    run = await a_run(api)

    assert (run["state"], run["counts"]) == ("failed", {})
    assert run["error"]


async def test_terms_that_contradict_themselves_are_refused(api):
    assert (
        await api.post("/v1/score-runs", {**TERMS, "calibrate_until": "1998-07-01"})
    ).status_code == 409
    assert (
        await api.post("/v1/score-runs", {**TERMS, "as_of": "2199-01-01", "calibrate_until": None})
    ).status_code == 409
    assert (await api.post("/v1/score-runs", {**TERMS, "margin": "1.5"})).status_code == 422
    assert (
        await api.as_("scores:write", units=["cn"]).post("/v1/score-runs", TERMS)
    ).status_code == 403


async def test_a_run_can_be_canceled_and_lists_say_so(api):
    api.service.workers.clear()
    started = (await api.post("/v1/score-runs", TERMS)).json()

    await api.post(f"/v1/score-runs/{started['id']}/cancellation")

    ended = await over(api, f"/v1/score-runs/{started['id']}")
    assert ended["state"] in ("canceled", "failed")
    assert (await api.get("/v1/score-runs")).json()["items"][0]["id"] == started["id"]
    assert (await api.post(f"/v1/score-runs/{started['id']}/cancellation")).status_code == 409
    assert (await api.get(f"/v1/score-runs/{new_id()}")).status_code == 404


async def test_a_run_whose_worker_died_goes_on_behind_its_last_chunk(api, customers, monkeypatch):
    from scoring.score_run import work as running

    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "1200"]
    ids = await load(api, customers, orders)
    written, calls = running.ScoreRuns._write, []

    async def dies_once(self, *given):
        calls.append(given)
        if len(calls) == 2:
            raise ConnectionError("killed")
        await written(self, *given)

    monkeypatch.setattr(running.ScoreRuns, "_write", dies_once)
    # What the kit takes for a lost connection leaves the job to whoever takes it up when its lease
    # is over.
    monkeypatch.setattr("service_kit.work.jobs.TransactionRolledBack", ConnectionError)

    run = await a_run(api)

    assert (run["state"], run["counts"]["scored"]) == ("done", len(ids))
    assert len((await api.get("/v1/score-models", params={"kind": "bg_nbd"})).json()["items"]) == 1
    async with api.service.database.reading() as reader:
        made = await reader.fetch(
            select(
                func.count().label("all"),
                func.count(score_card.c.customer_id.distinct()).label("distinct"),
            )
        )
    assert (made[0]["all"], made[0]["distinct"]) == (len(ids), len(ids))


async def test_the_calculators_last_words_fail_the_run_and_leave_no_process(
    api, customers, monkeypatch
):
    orders = [order for order in cdnow_orders(CDNOW) if order.customer < "0050"]
    await load(api, customers, orders)
    monkeypatch.setattr("scoring.score_run.work.DEFINITION_VERSION", "nonsense")

    run = await a_run(api, models=[])

    assert run["state"] == "failed"
    assert "CalculatorFailed" in run["error"]
