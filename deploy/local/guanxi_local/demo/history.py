"""First chapter: a partner's sheets come in, and the scores turn out as published."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxi_local.demo.api import Api, Json
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen
from guanxi_local.demo.sheets import SYSTEM, read_orders, write_customers, write_orders

CUSTOMERS, ORDERS = 2357, 6919
PUBLISHED = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
PUBLISHED_LOG_LIKELIHOOD = -9582.43
SCORE_RUN = {
    "as_of": "1998-06-30",
    "calibrate_until": "1997-09-30",
    "currency": "USD",
    "models": ["bg_nbd", "gamma_gamma"],
    "time_unit": "week",
    "horizon_months": 12,
    "annual_discount": "0.10",
    "margin": "0.30",
}
TIER_SCHEME = {
    "score": "clv",
    "thresholds": [
        {"stars": 6, "up": "100", "down": "90"},
        {"stars": 5, "up": "35", "down": "32"},
        {"stars": 4, "up": "16", "down": "14"},
        {"stars": 3, "up": "7", "down": "6"},
        {"stars": 2, "up": "3", "down": "2.5"},
    ],
    "minimum_stay_days": 0,
}
CUSTOMER_COLUMNS = {
    "customer number": f"external:{SYSTEM}",
    "name": "name",
    "kind": "kind",
    "language": "language",
    "first business date": "basic.first_business_date",
}
ORDER_COLUMNS = {
    "order number": "external_id",
    "customer number": "customer",
    "date": "occurred_at",
    "dollars": "amount",
    "currency": "currency",
}


def import_and_score(api: Api, screen: Screen) -> None:
    screen.chapter("客户与价值 · Customers and what they are worth")
    orders = read_orders()
    require(len(orders) == ORDERS, f"the source has {ORDERS} orders")
    with _folder() as folder:
        _import_customers(
            api,
            screen,
            folder / "customers.xlsx",
            write_customers(orders, folder / "customers.xlsx"),
        )
        _import_orders(
            api, screen, folder / "orders.csv", write_orders(orders, folder / "orders.csv")
        )
    _settle_the_tiers(api, screen)
    _run_the_scores(api, screen)
    _check_the_fit(api, screen)
    _show_the_pyramid(api, screen)
    _let_the_stars_arrive(api, screen)


def _import_customers(api: Api, screen: Screen, sheet: Path, rows: int) -> None:
    with screen.step(f"A partner sends a workbook of {rows:,} customers") as results:
        fields = {"key": f"external:{SYSTEM}", "mapping": _written(CUSTOMER_COLUMNS)}
        counts = _follow_import(
            api, screen, "/v1/customer-imports", sheet, fields, doing="importing customers"
        )
        results.append(_told(counts))
        require(_taken(counts) == rows, f"all {rows} rows were taken")


def _import_orders(api: Api, screen: Screen, sheet: Path, rows: int) -> None:
    with screen.step(
        f"and a sheet of their {rows:,} orders in USD, 1997-01-01 to 1998-06-30"
    ) as results:
        fields = {"key": f"external:{SYSTEM}", "mapping": _written(ORDER_COLUMNS)}
        counts = _follow_import(
            api, screen, "/v1/transaction-imports", sheet, fields, doing="importing orders"
        )
        results.append(_told(counts))
        require(_taken(counts) == rows, f"all {rows} rows were taken")


def _follow_import(
    api: Api, screen: Screen, path: str, sheet: Path, fields: dict[str, str], *, doing: str
) -> Json:
    begun = api.upload(path, sheet, fields=fields)
    done = screen.follow(lambda: api.get(f"{path}/{begun['id']}"), doing=doing)
    counts: Json = done["counts"]
    return counts


def _settle_the_tiers(api: Api, screen: Screen) -> None:
    with screen.step(
        "The company says which lifetime value earns how many stars, without a minimum stay"
    ) as results:
        scheme = api.put("/v1/tier-schemes/default", TIER_SCHEME)
        results += [
            f"{'★' * one['stars']:<6} from {one['up']}, kept down to {one['down']}"
            for one in scheme["thresholds"]
        ]


def _run_the_scores(api: Api, screen: Screen) -> None:
    with screen.step(
        "Scoring as of 1998-06-30: RFM, BG/NBD, Gamma-Gamma, lifetime value, pyramid, stars"
    ) as results:
        began = time.monotonic()
        begun = api.post("/v1/score-runs", SCORE_RUN)
        done = screen.follow(lambda: api.get(f"/v1/score-runs/{begun['id']}"), doing="scoring")
        results.append(
            f"{done['progress']['done']:,} customers scored in {time.monotonic() - began:.1f} s"
        )


def _check_the_fit(api: Api, screen: Screen) -> None:
    with screen.step(
        "The fit to 1997-09-30 against the figures published for these customers"
    ) as results:
        model = api.get("/v1/score-models", kind="bg_nbd", limit=1)["items"][0]
        for name, published in PUBLISHED.items():
            found = float(model["parameters"][name])
            results.append(f"{name:<14} {found:>10.4f}   published {published:>10.4f}")
            require(abs(found - published) < 0.00015, f"{name} is {published} (found {found:.6f})")
        found = float(model["log_likelihood"])
        results.append(
            f"{'log-likelihood':<14} {found:>10.2f}   published {PUBLISHED_LOG_LIKELIHOOD:>10.2f}"
        )
        require(
            abs(found - PUBLISHED_LOG_LIKELIHOOD) < 0.015,
            f"the log-likelihood is {PUBLISHED_LOG_LIKELIHOOD} (found {found:.4f})",
        )
        require(model["customers"] == CUSTOMERS, f"{CUSTOMERS} customers were fitted")


def _show_the_pyramid(api: Api, screen: Screen) -> None:
    with screen.step("客户金字塔 · The pyramid by profit") as results:
        pyramid = api.get("/v1/pyramid", currency="USD")
        rows = [
            (one["name"], one["share"], f"{one['customers']:,}", one["profit"]["amount"])
            for one in pyramid["levels"]
        ]
        screen.table("", ("level", "share", "customers", "profit, USD"), rows)
        results.append(f"Gini coefficient {float(pyramid['gini']):.3f}")


def _let_the_stars_arrive(api: Api, screen: Screen) -> None:
    with screen.step("The stars reach the customers' files as news") as results:

        def look() -> Json:
            rated = sum(1 for _ in api.find_all("/v1/customers", tier_min=1, limit=200))
            is_over = rated >= CUSTOMERS
            return {
                "state": "done" if is_over else "running",
                "progress": {"done": min(rated, CUSTOMERS), "total": CUSTOMERS},
            }

        screen.follow(look, doing="reading the news")
        best = sum(1 for _ in api.find_all("/v1/customers", tier_min=6, limit=200))
        results.append(f"{best} customers of six stars")


def _taken(counts: Json) -> int:
    return sum(int(counts[name]) for name in ("created", "updated", "unchanged"))


def _told(counts: Json) -> str:
    return ", ".join(
        f"{name} {count:,}" for name, count in counts.items() if isinstance(count, int)
    )


def _written(mapping: dict[str, str]) -> str:
    import json

    return json.dumps(mapping)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="guanxi-demo-") as name:
        yield Path(name)
