"""What the API takes about a person, by every operation that takes any of it:
nothing of it is left after an erasure.
"""

import asyncio
from typing import Any
from uuid import uuid4

from customer_profile.customer_import.importing import KIND
from customer_profile.testing import customer_body
from service_kit.testing import Api
from service_kit.testing.residue import residue
from service_kit.words.identity import new_id
from service_kit.work import jobs

PHONE, OTHER_PHONE, THIRD_PHONE = "13712340001", "13712340002", "13712340003"
GOVERNMENT_ID = "44010319900203123X"
# One mark for each place that takes a word; what is normalized is looked for as it comes out, too.
MARKS = [
    *(f"mark{number:02}" for number in range(1, 40)),
    *(PHONE, f"+86{PHONE}", OTHER_PHONE, f"+86{OTHER_PHONE}", THIRD_PHONE),
    *(
        GOVERNMENT_ID,
        "欧阳锋",
        "ouyangfeng",
        "欧阳",
        "白驼山",
        "洪七公",
        "hongqigong",
        "1991-02-03",
        "mark05@example.com",
    ),
]
IDENTIFIERS = [
    {"type": "phone", "value": PHONE},
    {"type": "email", "value": "Mark05@Example.com"},
    {"type": "external", "system": "erp", "value": "mark06"},
    {"type": "loyalty", "value": "mark07"},
    {"type": "wechat", "value": "mark08"},
    {"type": "government_id", "value": GOVERNMENT_ID},
]
FACTS = {
    "basic": {"birth_date": "1991-02-03", "short_name": "mark09", "address": {"city": "白驼山"}},
    "characteristics": {"religion": "mark10", "hobbies": ["mark11"]},
    "business": {"problems": "mark12"},
}
PERSON = {
    "name": "洪七公",
    "part": "decider",
    "position": "mark13",
    "identifiers": [
        {"type": "phone", "value": OTHER_PHONE},
        {"type": "email", "value": "mark14@example.com"},
    ],
}


async def posted(api: Api, path: str, body: Any) -> dict[str, Any]:
    """Sent with a key, again with it, and once as it is refused."""
    key = str(uuid4())
    answers = [await api.post(path, body, key=key) for _ in range(2)]
    assert answers[0].is_success, answers[0].text
    assert answers[1].headers["idempotency-replayed"] == "true"
    refused = await api.post(path, {**body, "no_such_field": "mark01"}, key="refused")
    assert refused.status_code == 422
    told: dict[str, Any] = answers[0].json()
    return told | {
        "_at": answers[0].headers.get("location", ""),
        "_tag": answers[0].headers.get("etag", ""),
    }


async def told_everything(api: Api) -> str:
    """The path of a customer about whom everything was told."""
    body = customer_body(
        name="欧阳锋",
        identifiers=IDENTIFIERS,
        facts=FACTS,
        tags=["mark02"],
        account_manager="mark03",
    )
    path = (await posted(api, "/v1/customers", body))["_at"]
    taken = await api.post("/v1/customers", body, key="taken")
    assert taken.status_code == 409
    tag = (await api.get(path)).headers["etag"]
    changed = await api.patch(
        path,
        {
            "facts": {"basic": {"former_name": "mark15"}},
            "source": {"kind": "visit", "learned": "asked"},
        },
        match=tag,
    )
    assert changed.status_code == 200, changed.text
    await told_of_people(api, path)
    await told_of_touches(api, path.rpartition("/")[2])
    return path


async def told_of_people(api: Api, path: str) -> None:
    person = await posted(api, f"{path}/contact-persons", PERSON)
    changed = await api.patch(person["_at"], {"position": "mark16"}, match=person["_tag"])
    assert changed.status_code == 200, changed.text
    gone = await posted(
        api, f"{path}/contact-persons", {**PERSON, "name": "mark17", "identifiers": []}
    )
    assert (await api.delete(gone["_at"], match=gone["_tag"])).status_code == 204
    note = await posted(api, f"{path}/notes", {"text": "mark38"})
    changed = await api.patch(note["_at"], {"text": "mark39"}, match=note["_tag"])
    assert changed.status_code == 200, changed.text
    other = (
        await api.post(
            "/v1/customers", customer_body(name="Another", identifiers=[], facts={}, tags=[])
        )
    ).headers["location"]
    related = {"type": "household", "other_id": other.rpartition("/")[2]}
    await posted(api, f"{path}/relationships", related)
    await api.post("/v1/customer-lookups", {"identifiers": IDENTIFIERS}, key="looked-up")


async def told_of_touches(api: Api, customer_id: str) -> None:
    touch = {
        "customer_id": customer_id,
        "channel": "voice",
        "direction": "in",
        "purpose": "inquiry",
        "subject": "mark18",
        "outcome": "mark19",
        "to_dos": ["mark20"],
        "details": {"page": "mark21"},
        "external_id": "mark22",
        "agent": "li",
    }
    interaction = await posted(api, "/v1/interactions", touch)
    assert (await api.post("/v1/interactions", touch, key="again")).status_code == 409
    changed = await api.patch(interaction["_at"], {"outcome": "mark23"}, match=interaction["_tag"])
    assert changed.status_code == 200, changed.text
    given = {
        "customer_id": customer_id,
        "purpose": "care",
        "status": "granted",
        "source": "mark24",
        "proof": "mark25",
    }
    await posted(api, "/v1/consents", given)
    plan = {
        "name": "Thanks",
        "occasion": "after_delivery",
        "channel": "voice",
        "purpose": "care",
        "template": {"en": "Dear {name}"},
    }
    await posted(api, "/v1/care-plans", plan)
    for key, end, word in (
        ("a", "completion", "outcome"),
        ("b", "skipping", "reason"),
        ("c", "", ""),
    ):
        made = await posted(
            api,
            "/v1/care-occasions",
            {"customer_id": customer_id, "occasion": "after_delivery", "key": key},
        )
        if end:
            task = f"/v1/care-tasks/{made['tasks'][0]['id']}/{end}"
            await posted(
                api, task, {word: f"mark2{6 if end == 'completion' else 7}", "note": "mark28"}
            )


async def imported(api: Api, sheet: str) -> None:
    """A sheet that names the person in rows that are taken and in rows that are not."""
    sent = await api.request(
        "POST", "/v1/customer-imports", files={"file": ("people.csv", sheet.encode(), "text/csv")},
        data={"key": "external:erp"}, headers={"Idempotency-Key": "sheet"},
    )  # fmt: skip
    assert sent.status_code == 202, sent.text
    for _ in range(1_000):
        told = (await api.get(sent.headers["location"])).json()
        if told["state"] not in ("queued", "running"):
            break
        await asyncio.sleep(0.02)
    assert (told["state"], told["counts"]["failed"]) == ("done", 2), told
    assert (await api.get(f"{sent.headers['location']}/errors.csv")).status_code == 200


SHEET = (
    "external:erp,name,phone,email,basic.birth_date,kind\n"
    f"mark06,欧阳锋,{THIRD_PHONE},mark29@example.com,1991-02-03,individual\n"
    f"mark30,mark31,{THIRD_PHONE},mark32 at example,1991-02-33,mark33\n"
    "mark06,=mark34(),,,,individual\n"
)


async def test_nothing_that_was_told_of_a_person_is_left_anywhere_after_the_erasure(
    api: Api,
) -> None:
    path = await told_everything(api)
    await imported(api, SHEET)
    before = {mark for _, mark in await residue(api.service, MARKS)}
    assert len(before) >= 30, sorted(set(MARKS) - before)
    assert before >= {"mark38", "mark39"}

    erased = await api.delete(path, match=(await api.get(path)).headers["etag"])

    assert erased.status_code == 204, erased.text
    assert await residue(api.service, MARKS) == set()


async def test_the_sheet_of_an_import_that_is_given_up_is_gone_at_once(api: Api) -> None:
    database = api.service.database
    async with database.transaction() as tx:
        job = await jobs.enqueue(
            tx, id=new_id(), kind=KIND, payload={}, at=api.service.clock(), unit="cn"
        )
        await tx.connection.execute(
            "UPDATE customer_profile.job SET attempts = $1", jobs.MOST_ATTEMPTS
        )
        await tx.connection.execute(
            "INSERT INTO customer_profile.import_file VALUES ($1, 0, $2)", job.id, SHEET.encode()
        )
    assert await residue(api.service, ["mark31"])

    database.signals.wake(KIND)

    for _ in range(1_000):
        if not (left := await residue(api.service, ["mark31"])):
            break
        await asyncio.sleep(0.02)
    assert left == set()
    async with database.reading() as reader:
        assert (await jobs.find(reader, job.id, kind=KIND)).state == "failed"
