"""The end: the customer as everybody sees her now."""

from guanxi_local.demo.api import Api, Json
from guanxi_local.demo.company import Company
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen


def show_the_customer(api: Api, screen: Screen, company: Company) -> None:
    screen.chapter("客户全景 · The customer, as everybody sees her now")
    overview = api.get(f"/v1/customers/{company.vip}/overview")
    require(not overview["degraded"], "the overview is complete")
    screen.table("客户全景 overview", ("what", "now"), _overview_rows(overview))
    timeline = api.get(f"/v1/customers/{company.vip}/timeline", limit=30)["items"]
    require(bool(timeline), "the timeline tells what happened")
    rows = [
        (entry["occurred_at"][:19], entry["channel"] or "", entry["kind"], entry["title"])
        for entry in timeline
    ]
    screen.table("客户互动 timeline, newest first", ("when (UTC)", "channel", "kind", "what"), rows)


def _overview_rows(overview: Json) -> list[tuple[str, str]]:
    customer, tier = overview["customer"], overview["tier"] or {}
    phones = [one["value"] for one in customer["identifiers"] if one["type"] == "phone"]
    rows = [
        ("客户 customer", f"{customer['name']}  {', '.join(phones)}"),
        ("星级 tier", "★" * int(tier.get("stars") or 0)),
    ]
    rows += [
        (f"评分 {score['name']}", f"{score['value']}  (as of {score['as_of']})")
        for score in overview["scores"]
    ]
    rows.append(("未结投诉 open cases", str(len(overview["open_cases"]))))
    rows.append(
        ("关怀任务 care tasks", ", ".join(task["state"] for task in overview["care_tasks"]) or "-")
    )
    rows.append(("近期 recent", f"{len(overview['recent'])} entries"))
    return rows
