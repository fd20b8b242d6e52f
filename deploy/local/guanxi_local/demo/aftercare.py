"""Fifth chapter: the customer is asked again, answers, orders, is scored anew,
and a partner is told of it all.
"""

import uuid
from functools import partial

from guanxi_local.demo.api import Api, Json, wait_for
from guanxi_local.demo.company import Company
from guanxi_local.demo.failures import require
from guanxi_local.demo.listener import Listener
from guanxi_local.demo.screen import Screen

CARE_PLAN = {
    "name": "投诉后七日回访",
    "occasion": "after_complaint",
    "within_days": 7,
    "channel": "voice",
    "purpose": "complaint",
    "template": {
        "zh-CN": "{name}，您好！上次的问题都解决了吗？",
        "en": "Hello {name}, is everything in order now?",
    },
    "segment": None,
}
ORDER_PREFIX = "demo-order-"
ORDER = {
    "occurred_at": "1998-07-15T10:00:00-04:00",
    "amount": {"amount": "180.00", "currency": "USD"},
    "kind": "order",
    "product": "Beethoven: Complete Piano Sonatas",
    "channel": "web",
}
EVENT_TYPES = ("complaint.*", "tier.changed", "care_task.*", "survey.answered")


def subscribe(api: Api, screen: Screen, listener: Listener) -> str:
    with screen.step("A partner subscribes to webhooks") as results:
        asked = {
            "url": listener.url,
            "event_types": list(EVENT_TYPES),
            "description": "the demo's listener",
        }
        endpoint = api.post("/v1/webhook-endpoints", asked)
        listener.trust(endpoint["secret"])
        results.append(f"{', '.join(EVENT_TYPES)} to {listener.url}")
        return str(endpoint["id"])


def plan_the_follow_up(api: Api, screen: Screen) -> None:
    with screen.step("A care plan asks every complainant again within seven days"):
        if api.find("/v1/care-plans", lambda plan: plan["name"] == CARE_PLAN["name"]) is None:
            api.post("/v1/care-plans", CARE_PLAN)


def follow_up(api: Api, screen: Screen, company: Company) -> str:
    """Waits for the task that the closed complaint made, and does it; returns its id."""
    with screen.step("回访 · The closed complaint has made a care task, and it is done") as results:

        def look() -> Json | None:
            tasks: list[Json] = api.get("/v1/care-tasks", customer_id=company.vip, state="open")[
                "items"
            ]
            return tasks[0] if tasks else None

        task = wait_for(look, what="the care task")
        results.append(f"due {task['due_at']}: {task['text']}")
        done = api.post(
            f"/v1/care-tasks/{task['id']}/completion",
            {"outcome": "reached", "note": "客户很满意。"},
        )
        require(done["state"] == "done", "the care task is done")
        return str(task["id"])


def hear_the_answer(api: Api, screen: Screen, company: Company, task: str) -> None:
    with screen.step("She answers: nine of ten would recommend") as results:
        answers = {"score": 9, "remark": "出了错，但处理得让人放心。"}
        told = {
            "customer_id": company.vip,
            "instrument": "nps",
            "answers": answers,
            "ref": {"type": "care_task", "id": task},
        }
        api.post("/v1/survey-responses", told)
        results.append(f"NPS {answers['score']}: {answers['remark']}")


def order_again(api: Api, screen: Screen, company: Company) -> None:
    """A new order is scored at once;
    the order of an earlier play is taken back first, so that every play tells the same.
    """
    for earlier in list(api.find_all("/v1/transactions", customer_id=company.ordinary)):
        if (earlier["external_id"] or "").startswith(ORDER_PREFIX) and earlier[
            "state"
        ] == "recorded":
            api.post(
                f"/v1/transactions/{earlier['id']}/voiding", {"reason": "the demo is played again"}
            )
    with screen.step(
        "张伟, well served, orders again: he is scored anew, and his tier changes"
    ) as results:
        before = api.get(f"/v1/customers/{company.ordinary}/scores")["tier"]
        told = {
            **ORDER,
            "customer_id": company.ordinary,
            "external_id": f"{ORDER_PREFIX}{uuid.uuid4()}",
        }
        api.post("/v1/transactions", told)

        def look() -> Json | None:
            tier: Json = api.get(f"/v1/customers/{company.ordinary}/scores")["tier"]
            return tier if tier["stars"] != before["stars"] else None

        after = wait_for(look, what="the new tier", within=2)
        results.append(f"{'★' * before['stars']} → {'★' * after['stars']}: {after['reason']}")


def check_the_webhooks(
    api: Api, screen: Screen, listener: Listener, company: Company, *, endpoint: str, complaint: str
) -> None:
    with screen.step(
        "Webhooks: what the partner received, verified with the package standardwebhooks"
    ) as results:
        for event_type, subject in (
            ("complaint.closed", complaint),
            ("tier.changed", company.ordinary),
        ):
            event = wait_for(
                partial(listener.find, event_type, subject), what=f"the webhook {event_type}"
            )
            results.append(f"{event['type']}  {event['subject']}  {event['time']}")
        require(listener.refused == 0, "every webhook carried a valid signature")
        delivered = list(
            api.find_all(
                "/v1/webhook-deliveries", endpoint_id=endpoint, state="delivered", limit=200
            )
        )
        results.append(
            f"{len(listener.verified)} verified, {len(delivered)} in the partner's delivery log"
        )
        api.delete(f"/v1/webhook-endpoints/{endpoint}")
