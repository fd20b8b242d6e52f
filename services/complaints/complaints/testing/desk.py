"""Somebody who records complaints over HTTP and moves them the usual way."""

from collections.abc import Mapping
from typing import Any

from service_kit.testing import Api

from complaints.testing.customer_profile import CustomerFiles

A_REPORT: Mapping[str, Any] = {
    "channel": "voice",
    "title": "路由器每晚重启",
    "narrative": "周一以来每晚两点重启。",
    "wish": "更换路由器",
    "category": "equipment",
    "severity": "high",
    "dissatisfaction": 4,
    "product": {"name": "Router R1", "lot": "L-2026-02"},
}
# What is sent at each move of the usual way; the sum lies above the limit of the desk and within
# that of its manager.
THE_USUAL_WAY: Mapping[str, Mapping[str, Any]] = {
    "acknowledgement": {"message": "已受理"},
    "validity": {"verdict": "upheld", "reason": "日志属实"},
    "responsibility": {"department": "设备部", "handler": "wu"},
    "cause": {"category": "process", "whys": ["固件错误", "未经测试"], "evidence": "日志"},
    "proposal": {
        "problem_restated": "路由器每晚重启，影响使用。",
        "remedies": [
            {"type": "replacement", "amount": None, "description": "当日更换"},
            {
                "type": "money",
                "amount": {"amount": "1200.00", "currency": "CNY"},
                "description": "补偿",
            },
        ],
        "customer_agrees": True,
        "customer_satisfied": True,
        "next_update_at": None,
    },
    "approval": {"decision": "approved", "comment": "同意"},
    "implementation": {"note": "已更换并转账", "done": None},
    "response": {"language": "zh-CN", "channel": "letter"},
    "feedback": {"accepted": True, "satisfaction": 5, "comment": "满意"},
    "summary": {
        "lesson": "先测试固件",
        "calmed_by": "当日更换",
        "improvement_told": "增加测试",
        "would_stay": True,
    },
}


class Desk:
    """Somebody who records complaints and moves them over HTTP,
    with a manager for what is above the own limit.
    """

    def __init__(self, api: Api, files: CustomerFiles) -> None:
        self.api = api
        self.files = files
        self.manager = api.as_(*api.service.scopes, sub="chen", approval_limit="20000.00 CNY")

    async def record(self, **members: Any) -> dict[str, Any]:
        """A recorded complaint of a new customer, unless `customer_id` names one."""
        customer_id = members.pop("customer_id", None) or self.files.add()
        answer = await self.api.post(
            "/v1/complaints", {**A_REPORT, "customer_id": str(customer_id), **members}
        )
        assert answer.status_code == 201, answer.text
        complaint: dict[str, Any] = answer.json()
        return complaint

    async def move(self, complaint: Mapping[str, Any], move: str, **members: Any) -> dict[str, Any]:
        """The complaint after a move, with the usual body but for the members given."""
        by = self.manager if move == "approval" else self.api
        body = {**THE_USUAL_WAY.get(move, {"reason": "因故"}), **members}
        headers = {"If-Match": await self.tag(complaint)} if move == "approval" else {}
        answer = await by.post(f"/v1/complaints/{complaint['id']}/{move}", body, headers=headers)
        assert answer.status_code == 200, answer.text
        after: dict[str, Any] = answer.json()
        return after

    async def walk(self, complaint: Mapping[str, Any], *, through: str) -> dict[str, Any]:
        """The complaint after all moves of the usual way, up to and with this one."""
        after = dict(complaint)
        for move in THE_USUAL_WAY:
            if move in after["allowed_moves"]:
                after = await self.move(after, move)
            if move == through:
                break
        return after

    async def tag(self, complaint: Mapping[str, Any]) -> str:
        """The ETag of the complaint as it is now."""
        return f'"{(await self.read(complaint))["version"]}"'

    async def read(self, complaint: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/complaints/{complaint['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def clock_named(complaint: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One clock of a complaint as the API shows it."""
    clock: dict[str, Any] = next(each for each in complaint["clocks"] if each["name"] == name)
    return clock


async def with_holiday(api: Api, *days: str, published_until: str = "2026-12-31") -> None:
    """The next version of the calendar that ships, with these days off too."""
    read = await api.get("/v1/calendars/cn-standard")
    calendar = {
        name: value
        for name, value in read.json().items()
        if name not in {"name", "version", "written_at"}
    }
    changed = calendar | {
        "holidays": [*calendar["holidays"], *days],
        "published_until": published_until,
    }
    written = await api.request(
        "PUT", "/v1/calendars/cn-standard", json=changed, headers={"If-Match": read.headers["etag"]}
    )
    assert written.status_code == 200, written.text
