"""Fourth chapter: the complaint through its eight steps, approved above the handler's limit,
answered by letter, closed.
"""

import hashlib

from guanxi_local.demo import cast
from guanxi_local.demo.api import Api, Json
from guanxi_local.demo.call import Desk, finish_the_call
from guanxi_local.demo.company import Company, person
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen

COMPENSATION = {"amount": "1200.00", "currency": "CNY"}
COMPLAINT = {
    "channel": "voice",
    "title": "珍藏版唱片三次送错",
    "narrative": "客户订购的珍藏版《贝多芬钢琴奏鸣曲全集》连续三次送成普通版，影响学生音乐会。",
    "wish": "立即送达正确版本，并赔偿重新租借的费用。",
    "category": "delivery",
    "severity": "high",
    "dissatisfaction": 5,
    "product": {
        "name": "Beethoven: Complete Piano Sonatas, collector's edition",
        "lot": "BPS-2026-07",
    },
}
PROPOSAL = {
    "problem_restated": "三次收到普通版而非所订的珍藏版，音乐会因此另行租借唱片。",
    "remedies": [
        {"type": "replacement", "amount": None, "description": "专人当日送达珍藏版"},
        {"type": "money", "amount": COMPENSATION, "description": "赔偿租借费用"},
        {"type": "apology", "amount": None, "description": "主管登门致歉"},
    ],
    "customer_agrees": True,
    "customer_satisfied": True,
    "next_update_at": None,
}


def handle_the_complaint(api: Api, screen: Screen, company: Company, desk: Desk) -> str:
    screen.chapter("投诉 · The complaint and its eight steps")
    handler = api.acting_for(person(cast.HANDLER))
    manager = api.acting_for(person(cast.MANAGER))
    case = _record(desk, screen, company)
    _move(
        desk.agent,
        screen,
        case,
        "acknowledgement",
        {"message": "您的投诉已受理，当日回复。"},
        "李娜 acknowledges it",
    )
    finish_the_call(desk.agent, screen, desk.contact, code="complaint", notes="投诉已登记。")
    _move(
        handler,
        screen,
        case,
        "validity",
        {"verdict": "upheld", "reason": "出库记录显示三次均为普通版。"},
        "2 判断是否成立 · Upheld",
    )
    responsible = {"department": "物流部", "handler": cast.HANDLER.sub}
    _move(
        handler,
        screen,
        case,
        "responsibility",
        responsible,
        "3 确定责任部门 · The warehouse answers for it",
    )
    _move(handler, screen, case, "cause", _cause(), "4 分析原因 · Why, five times")
    _move(
        handler,
        screen,
        case,
        "proposal",
        PROPOSAL,
        "5 提出处理方案 · 1,200 CNY, above the handler's 500",
    )
    _refuse_the_proposer(handler, screen, case)
    decision = {"decision": "approved", "comment": "同意，客户价值高，责任在我。"}
    _move(manager, screen, case, "approval", decision, "6 主管批示 · The manager approves")
    done = {"note": "已专人送达并转账。", "done": [1, 2, 3]}
    _move(handler, screen, case, "implementation", done, "7 实施 · All three remedies are done")
    _answer_by_letter(handler, screen, case)
    feedback = {"accepted": True, "satisfaction": 5, "comment": "处理得又快又周到。"}
    _move(handler, screen, case, "feedback", feedback, "The customer accepts")
    _close(handler, screen, case)
    return case


def _record(desk: Desk, screen: Screen, company: Company) -> str:
    with screen.step("1 记录投诉内容 · 李娜 records the complaint during the call") as results:
        told = {
            **COMPLAINT,
            "customer_id": company.vip,
            "contact_id": desk.contact,
            "received_at": None,
        }
        case = desk.agent.post("/v1/complaints", told)
        results.append(f"{case['number']}, state {case['state']}, tracking token given")
        results += [
            f"clock {clock['name']}: due {clock['due_at']}, {clock['state']}"
            for clock in case["clocks"]
        ]
        require(case["tracking_token"] is not None, "the customer can track the complaint")
        return str(case["id"])


def _move(by: Api, screen: Screen, case: str, move: str, body: Json, title: str) -> Json:
    with screen.step(title) as results:
        # A decision names what it decides on: the case as the manager has it before them.
        moved = by.post(
            f"/v1/complaints/{case}/{move}",
            body,
            of=f"/v1/complaints/{case}" if move == "approval" else None,
        )
        results.append(f"{moved['state']}; next: {', '.join(moved['allowed_moves'])}")
        return moved


def _cause() -> Json:
    whys = [
        "拣货拿错版本",
        "两版条码相同",
        "新版入库时沿用旧码",
        "编码规则未含版本",
        "新品建档没有复核",
    ]
    return {"category": "process", "whys": whys, "evidence": "出库单 0711、0713、0716"}


def _refuse_the_proposer(handler: Api, screen: Screen, case: str) -> None:
    with screen.step("Nobody approves their own proposal") as results:
        decision = {"decision": "approved", "comment": ""}
        problem = handler.refused(
            "POST", f"/v1/complaints/{case}/approval", decision, of=f"/v1/complaints/{case}"
        )
        results.append(f"{problem['status']} {problem['title']}")
        require(problem["status"] == 403, "the proposer may not approve")


def _answer_by_letter(handler: Api, screen: Screen, case: str) -> None:
    with screen.step("客户投诉处理函 · The answer goes out as a letter") as results:
        answered = handler.post(
            f"/v1/complaints/{case}/response", {"language": "zh-CN", "channel": "letter"}
        )
        letter = answered["letters"][-1]
        pdf, docx = handler.download(letter["pdf_url"]), handler.download(letter["docx_url"])
        require(pdf.startswith(b"%PDF-"), "the letter is a PDF")
        require(docx.startswith(b"PK"), "the letter is a Word document")
        require(
            hashlib.sha256(pdf).hexdigest() == letter["sha256"],
            "the letter is the one whose digest was told",
        )
        results.append(
            f"{letter['id']}: PDF {len(pdf):,} bytes, DOCX {len(docx):,} bytes, sha256"
            f" {letter['sha256'][:16]}…"
        )


def _close(handler: Api, screen: Screen, case: str) -> None:
    lesson = {
        "lesson": "新版入库必须换码并复核。",
        "calmed_by": "当日专人送达",
        "improvement_told": "编码规则已加入版本号。",
        "would_stay": True,
    }
    closed = _move(handler, screen, case, "summary", lesson, "8 总结评价 · Lesson learned, closed")
    require(closed["state"] == "closed", "the complaint is closed")
