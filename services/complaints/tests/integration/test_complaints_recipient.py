"""To whom and in which language a case is answered while customer-profile answers, is silent,
or has another word.
"""

import asyncio
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from complaints.testing import CustomerFiles, Desk, StoppedClock
from docx import Document
from service_kit.testing import Api


async def ready(desk: Desk, customer_id: UUID) -> dict[str, Any]:
    """A case of the customer that waits for its answer."""
    return await desk.walk(await desk.record(customer_id=customer_id), through="implementation")


async def answer(api: Api, complaint: dict[str, Any], **members: Any) -> Any:
    return await api.post(f"/v1/complaints/{complaint['id']}/response", members)


async def letter_of(api: Api, answered: Any) -> str:
    assert answered.status_code == 200, answered.text
    file = await api.get(answered.json()["letters"][-1]["docx_url"])
    return "\n".join(paragraph.text for paragraph in Document(BytesIO(file.content)).paragraphs)


def kind_of(refused: Any) -> str:
    return str(refused.json()["type"]).rpartition("/")[2]


async def test_in_silence_an_english_customer_gets_an_english_letter_by_name(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    complaint = await ready(desk, files.add(name="Ann", language="en-GB"))
    files.is_away = True

    answered = await answer(api, complaint)

    assert "Dear Ann," in await letter_of(api, answered)
    assert answered.json()["degraded"] == ["customer-profile"]


async def test_chinese_of_every_kind_is_answered_in_chinese_and_all_others_in_english(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    for tag, greeting in (
        ("zh", "尊敬的"),
        ("zh-Hant-HK", "尊敬的"),
        ("zh-TW", "尊敬的"),
        ("fr", "Dear "),
        ("ja", "Dear "),
    ):
        answered = await answer(api, await ready(desk, files.add(name="Ann", language=tag)))

        assert f"{greeting}Ann" in await letter_of(api, answered)
        assert answered.json()["degraded"] == []


async def test_without_a_word_on_the_customer_there_is_no_letter(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    files.is_away = True
    complaint = await ready(desk, uuid4())

    refused = [
        await answer(api, complaint),
        await answer(api, complaint, language="en"),
        await answer(api, complaint, recipient="Bo"),
    ]

    assert {(each.status_code, kind_of(each), each.headers["retry-after"]) for each in refused} == {
        (503, "recipient-not-known", "5")
    }
    assert (await desk.read(complaint))["state"] == "implemented"


async def test_who_says_name_and_language_needs_nobody_to_ask(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    files.is_away = True
    complaint = await ready(desk, uuid4())

    answered = await answer(api, complaint, recipient="Bo", language="en")

    assert "Dear Bo," in await letter_of(api, answered)


async def test_a_customer_without_a_file_is_not_guessed_at(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add()
    complaint = await ready(desk, customer_id)
    del files.files[customer_id]

    refused = await answer(api, complaint, language="en")

    assert (refused.status_code, kind_of(refused)) == (409, "recipient-unknown")


async def test_the_file_of_now_comes_before_what_was_kept(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add(name="Ann Smith", language="en")
    complaint = await ready(desk, customer_id)
    files.files[customer_id]["name"] = "Ann Jones"

    assert "Dear Ann Jones," in await letter_of(api, await answer(api, complaint))


async def kept(api: Api, complaint: dict[str, Any], name: str | None) -> None:
    """Until the case keeps this name."""
    query = "SELECT recipient_name FROM complaints.complaint WHERE id = $1"
    for _ in range(200):
        async with api.service.database.reading() as reader:
            if await reader.connection.fetchval(query, UUID(complaint["id"])) == name:
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the case does not keep {name}")


async def test_news_of_another_name_is_kept(api: Api, desk: Desk, files: CustomerFiles) -> None:
    customer_id = files.add(name="Ann Smith", language="en")
    complaint = await ready(desk, customer_id)
    files.files[customer_id]["name"] = "Ann Jones"

    files.tell("customer.changed", customer_id, unit="cn.gd.gz", fields=["name"])
    await kept(api, complaint, "Ann Jones")
    files.is_away = True

    assert "Dear Ann Jones," in await letter_of(api, await answer(api, complaint))


async def test_a_name_that_could_not_be_asked_for_at_first_is_kept_later(
    api: Api, desk: Desk, files: CustomerFiles, clock: StoppedClock
) -> None:
    customer_id = files.add(name="Ann", language="en")
    files.is_away = True
    complaint = await desk.record(customer_id=customer_id)
    await kept(api, complaint, None)

    files.is_away = False
    clock.forward(minutes=1)
    await kept(api, complaint, "Ann")

    assert (await desk.read(complaint))["degraded"] == []


async def test_an_erased_customer_s_name_is_kept_nowhere(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add(name="Ann", language="en")
    complaint = await ready(desk, customer_id)

    files.tell("customer.erased", customer_id)
    await kept(api, complaint, None)
    files.is_away = True

    refused = await answer(api, complaint)
    assert (refused.status_code, kind_of(refused)) == (503, "recipient-not-known")
