"""Letters over HTTP."""

import asyncio
from io import BytesIO

from complaints.letter.domain import LetterTooSlow
from complaints.letter.printer import Printer
from complaints.testing import CustomerFiles, Desk
from docx import Document
from service_kit.testing import Api


async def text_of(api: Api, address: str) -> str:
    answer = await api.get(address)
    assert answer.status_code == 200
    return "\n".join(paragraph.text for paragraph in Document(BytesIO(answer.content)).paragraphs)


async def test_a_letter_is_served_as_pdf_and_docx(api: Api, desk: Desk) -> None:
    answered = await desk.walk(await desk.record(), through="response")

    (letter,) = answered["letters"]
    pdf, docx = await api.get(letter["pdf_url"]), await api.get(letter["docx_url"])

    assert pdf.headers["content-type"] == "application/pdf"
    assert (
        pdf.headers["content-disposition"]
        == f'attachment; filename="{answered["number"]}-zh-CN.pdf"'
    )
    assert docx.headers["content-type"].endswith("wordprocessingml.document")
    assert (letter["language"], letter["channel"]) == ("zh-CN", "letter")


async def test_the_letter_says_what_was_found_and_what_is_done(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    answered = await desk.walk(
        await desk.record(customer_id=files.add(name="林晓梅")), through="response"
    )

    text = await text_of(api, answered["letters"][0]["docx_url"])

    parts = [
        "关系电信",
        answered["number"],
        "尊敬的林晓梅",
        "您的投诉成立",
        "日志属实",
        "1,200.00 CNY",
        "当日更换",
        "设备部",
    ]
    assert [part for part in [*parts, "2026年3月11日"] if part not in text] == []


async def test_a_letter_speaks_the_customer_s_language_unless_told_otherwise(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    english = await desk.walk(
        await desk.record(customer_id=files.add(name="Ann", language="en")),
        through="implementation",
    )
    other = await desk.walk(
        await desk.record(customer_id=files.add(name="Ann", language="en")),
        through="implementation",
    )

    own = await desk.move(english, "response", language=None)
    told = await desk.move(other, "response", language="zh-CN")

    assert "Dear Ann," in await text_of(api, own["letters"][0]["docx_url"])
    assert "尊敬的Ann" in await text_of(api, told["letters"][0]["docx_url"])


async def test_what_people_write_stays_what_they_wrote(api: Api, desk: Desk) -> None:
    tricky = (
        '#read("/etc/passwd") {{ 7 * 7 }} {% raw %} <w:t>*x*</w:t> $x$ \\ @ref =cmd|calc'
        " \x0b\x0c\x1b\u202e\u2066 ]&gt;"
    )
    # A title holds nothing that cannot be seen; what is told at length may.
    title = tricky.partition(" \x0b")[0]
    complaint = await desk.walk(await desk.record(title=title), through="cause")
    remedies = [{"type": "apology", "description": tricky}]
    await desk.move(complaint, "proposal", problem_restated=tricky, remedies=remedies)

    answered = await desk.walk(await desk.read(complaint), through="response")

    text = await text_of(api, answered["letters"][0]["docx_url"])
    assert (
        text.count(
            '#read("/etc/passwd") {{ 7 * 7 }} {% raw %} <w:t>*x*</w:t> $x$ \\ @ref =cmd|calc'
        )
        == 3
    )
    assert "49" not in text.replace(answered["number"], "")
    assert "\u202e" not in text
    assert (await api.get(answered["letters"][0]["pdf_url"])).content.startswith(b"%PDF-")


async def test_a_repeated_response_with_its_key_sends_one_letter(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="implementation")
    path = f"/v1/complaints/{complaint['id']}/response"

    answers = await asyncio.gather(
        *(api.post(path, {"language": "en"}, key="letter") for _ in range(3))
    )
    later = await api.post(path, {"language": "en"}, key="letter")

    assert {answer.status_code for answer in [*answers, later]} == {200}
    assert len({answer.json()["letters"][0]["id"] for answer in [*answers, later]}) == 1


async def test_of_two_responses_at_once_one_is_refused(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="implementation")
    path = f"/v1/complaints/{complaint['id']}/response"

    answers = await asyncio.gather(*(api.post(path, {"language": "en"}) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len((await desk.read(complaint))["letters"]) == 1


async def test_a_letter_that_takes_too_long_is_refused_and_nothing_moves(
    api: Api, desk: Desk
) -> None:
    class Slow:
        async def print(self, *_args: object) -> None:
            raise LetterTooSlow(retry_after=5)

    complaint = await desk.walk(await desk.record(), through="implementation")
    printer = api.service.parts[Printer]
    api.service.parts[Printer] = Slow()

    refused = await api.post(f"/v1/complaints/{complaint['id']}/response", {})

    api.service.parts[Printer] = printer
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert (await desk.read(complaint))["state"] == "implemented"


async def test_a_letter_of_another_complaint_is_not_found(api: Api, desk: Desk) -> None:
    first = await desk.walk(await desk.record(), through="response")
    second = await desk.record()

    address = first["letters"][0]["pdf_url"].replace(first["id"], second["id"])

    assert (await api.get(address)).status_code == 404
