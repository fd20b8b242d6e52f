"""A complaint through its eight steps over HTTP."""

import hashlib
from typing import Any

from complaints.testing import CustomerFiles, StoppedClock
from service_kit.testing import Api

NEW = {
    "channel": "voice",
    "title": "路由器每晚重启",
    "narrative": "周一以来每晚两点重启。",
    "wish": "更换路由器",
    "category": "equipment",
    "severity": "high",
    "dissatisfaction": 4,
    "product": {"name": "Router R1", "lot": "L-2026-02"},
}
SUM = {"amount": "1200.00", "currency": "CNY"}
PROPOSAL = {
    "problem_restated": "路由器每晚重启,影响使用。",
    "remedies": [
        {"type": "replacement", "amount": None, "description": "当日更换"},
        {"type": "money", "amount": SUM, "description": "补偿"},
    ],
    "customer_agrees": True,
    "customer_satisfied": True,
    "next_update_at": None,
}


async def recorded(api: Api, files: CustomerFiles, **members: Any) -> dict[str, Any]:
    customer = members.pop("customer_id", None) or str(files.add())
    answer = await api.post("/v1/complaints", {**NEW, "customer_id": customer, **members})
    assert answer.status_code == 201, answer.text
    complaint: dict[str, Any] = answer.json()
    return complaint


async def moved(api: Api, complaint: dict[str, Any], move: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(f"/v1/complaints/{complaint['id']}/{move}", body)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def test_a_complaint_goes_through_all_eight_steps(api: Api, files: CustomerFiles, clock: StoppedClock) -> None:
    manager = api.as_(*api.service.scopes, sub="chen", approval_limit="20000.00 CNY")
    complaint = await recorded(api, files)
    assert complaint["state"] == "received"
    assert complaint["allowed_moves"] == ["acknowledgement", "withdrawal", "reassignment", "pause"]
    clock.forward(minutes=10)
    complaint = await moved(api, complaint, "acknowledgement", {"message": "已受理"})
    first_reply = next(each for each in complaint["clocks"] if each["name"] == "first_reply")
    assert first_reply["state"] == "met"

    await moved(api, complaint, "validity", {"verdict": "upheld", "reason": "日志属实"})
    await moved(api, complaint, "responsibility", {"department": "设备部", "handler": "wu"})
    await moved(api, complaint, "cause", {"category": "process", "whys": ["固件错误", "未测试"], "evidence": "日志"})
    complaint = await moved(api, complaint, "proposal", PROPOSAL)
    assert complaint["state"] == "proposed"
    assert complaint["proposal"]["sums"] == [SUM]
    own = await api.post(f"/v1/complaints/{complaint['id']}/approval", {"decision": "approved", "comment": ""})
    assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (403, "proposer-may-not-decide")
    await moved(manager, complaint, "approval", {"decision": "approved", "comment": "同意"})
    complaint = await moved(api, complaint, "implementation", {"note": "已更换", "done": [1]})
    assert complaint["state"] == "approved"
    await moved(api, complaint, "implementation", {"note": "已转账", "done": [2]})
    complaint = await moved(api, complaint, "response", {"language": "zh-CN", "channel": "letter"})
    letter = complaint["letters"][-1]
    pdf, docx = await api.get(letter["pdf_url"]), await api.get(letter["docx_url"])
    assert pdf.content.startswith(b"%PDF-")
    assert hashlib.sha256(pdf.content).hexdigest() == letter["sha256"]
    assert docx.content.startswith(b"PK")
    assert hashlib.sha256(docx.content).hexdigest() == letter["docx_sha256"]
    await moved(api, complaint, "feedback", {"accepted": True, "satisfaction": 5, "comment": "满意"})
    summary = {"lesson": "先测试固件", "calmed_by": "当日更换", "improvement_told": "增加测试", "would_stay": True}
    complaint = await moved(api, complaint, "summary", summary)

    assert complaint["state"] == "closed"
    assert complaint["closed_at"] is not None
    assert complaint["satisfaction"] == 5
    assert {each["state"] for each in complaint["clocks"]} == {"met"}
    await api.events("complaint.closed")
    assert [event["type"] for event in await api.events()] == [
        f"guanxi.complaint.{name}.v1"
        for name in (
            "received", "acknowledged", "assessed", "assigned", "analyzed", "proposed", "approved", "implementation",
            "implemented", "answered", "feedback", "closed",
        )
    ]  # fmt: skip
