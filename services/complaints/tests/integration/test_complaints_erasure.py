"""What is written into a case about the customer, by every move that takes a word:
nothing of it is left after an erasure.
"""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from complaints.testing import CustomerFiles
from service_kit.testing import Api
from service_kit.testing.residue import residue

NAME = "欧阳锋"
MARKS = [NAME, *(f"mark{number:02}" for number in range(1, 31))]


class Case:
    """One case, moved on by whoever may."""

    def __init__(self, api: Api, customer_id: UUID) -> None:
        self.api = api
        self.report = {
            "customer_id": str(customer_id),
            "channel": "voice",
            "title": "mark01",
            "narrative": "mark02",
            "wish": "mark03",
            "product": {"name": "Router R1", "lot": "L-2026-02"},
        }
        self.path = ""

    async def posted(self, path: str, body: Any, api: Api | None = None) -> dict[str, Any]:
        """Sent with a key, again with it, and once as it is refused."""
        asked, key = api or self.api, str(uuid4())
        match = (
            {}
            if not self.path
            else {"headers": {"If-Match": (await asked.get(self.path)).headers["etag"]}}
        )
        answers = [await asked.post(path, body, key=key, **match) for _ in range(2)]
        assert answers[0].is_success, f"{path} {answers[0].text}"
        assert answers[1].headers["idempotency-replayed"] == "true"
        refused = await asked.post(path, {**body, "no_such_field": "mark04"}, key="refused")
        assert refused.status_code == 422
        told: dict[str, Any] = answers[0].json()
        return told

    async def recorded(self) -> None:
        self.path = f"/v1/complaints/{(await self.posted('/v1/complaints', self.report))['id']}"

    async def move(self, move: str, body: Any, api: Api | None = None) -> dict[str, Any]:
        return await self.posted(f"{self.path}/{move}", body, api)


async def through_all_steps(case: Case, approver: Api) -> None:
    await case.recorded()
    await case.move("acknowledgement", {"message": "mark05"})
    await case.move("pause", {"reason": "mark06"})
    await case.move("resumption", {"reason": "mark07"})
    await case.move("validity", {"verdict": "upheld", "reason": "mark08"})
    await case.move("responsibility", {"department": "equipment"})
    await case.move("reassignment", {"reason": "mark09", "department": "equipment"})
    await case.move("cause", {"category": "equipment", "whys": ["mark10"], "evidence": "mark11"})
    remedy = {
        "type": "money",
        "amount": {"amount": "1200.00", "currency": "CNY"},
        "description": "mark13",
    }
    await case.move("proposal", {"problem_restated": "mark12", "remedies": [remedy]})
    await case.move("approval", {"decision": "approved", "comment": "mark14"}, approver)
    await case.move("implementation", {"note": "mark15"})
    await case.move("response", {"language": "zh-CN"})
    await case.move("feedback", {"accepted": True, "satisfaction": 4, "comment": "mark16"})
    await case.move(
        "summary", {"lesson": "mark17", "calmed_by": "mark18", "improvement_told": "mark19"}
    )


async def test_nothing_of_a_person_is_left_in_their_cases(api: Api, files: CustomerFiles) -> None:
    customer_id = files.add(name=NAME)
    approver = api.as_(*api.service.scopes, sub="wang", approval_limit="100000.00 CNY")
    await through_all_steps(Case(api, customer_id), approver)
    again = Case(api, customer_id)
    await again.recorded()
    await again.move("withdrawal", {"reason": "mark20"})
    await again.move("reopening", {"reason": "mark21"})
    note = await again.posted(f"{again.path}/notes", {"text": "mark22"})
    changed = await api.patch(f"{again.path}/notes/{note['id']}", {"text": "mark23"}, match='"1"')
    assert changed.status_code == 200, changed.text
    before = {mark for _, mark in await residue(api.service, MARKS)}
    assert before >= {f"mark{number:02}" for number in (*range(1, 4), *range(5, 24))}

    files.tell("customer.erased", customer_id, customer_id=str(customer_id))

    for _ in range(200):
        if not (left := await residue(api.service, MARKS)):
            break
        await asyncio.sleep(0.03)
    assert left == set()
