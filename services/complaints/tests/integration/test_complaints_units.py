"""Callers of other units: for them there is no such complaint, whatever they ask."""

from complaints.testing import THE_USUAL_WAY, CustomerFiles, Desk
from service_kit.testing import Api


async def test_outside_the_units_of_its_token_nobody_finds_a_complaint(
    api: Api, desk: Desk
) -> None:
    complaint = await desk.walk(await desk.record(), through="response")
    path = f"/v1/complaints/{complaint['id']}"
    outsider = api.as_(
        *api.service.scopes, units=["cn.gd.gz2", "cn.gd.g", "cn.sh"], approval_limit="99999.00 CNY"
    )

    answers = [
        await outsider.get(path),
        await outsider.get(f"{path}/steps"),
        await outsider.get(complaint["letters"][0]["pdf_url"]),
        await outsider.get(complaint["letters"][0]["docx_url"]),
        *[await outsider.post(f"{path}/{move}", body) for move, body in THE_USUAL_WAY.items()],
    ]
    listed = await outsider.get("/v1/complaints")
    by_number = await outsider.get("/v1/complaints", params={"number": complaint["number"]})

    assert {answer.status_code for answer in answers} == {404}
    assert listed.json()["items"] == by_number.json()["items"] == []


async def test_above_the_unit_of_a_complaint_it_is_found(api: Api, desk: Desk) -> None:
    complaint = await desk.record()

    for units in (["cn.gd.gz"], ["cn.gd"], ["cn.sh", "cn"]):
        insider = api.as_("complaints:read", units=units)
        assert (await insider.get(f"/v1/complaints/{complaint['id']}")).status_code == 200
        assert len((await insider.get("/v1/complaints")).json()["items"]) == 1


async def test_a_complaint_moves_with_its_customer(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add(unit="cn.gd.gz")
    complaint = await desk.record(customer_id=customer_id)
    other = await desk.record()

    files.tell("customer.changed", customer_id, unit="cn.sh.pd", customer_id=str(customer_id))

    shanghai = api.as_("complaints:read", "complaints:write", units=["cn.sh"])
    answer = await shanghai.get(f"/v1/complaints/{complaint['id']}")
    for _ in range(100):
        if answer.status_code == 200:
            break
        answer = await shanghai.get(f"/v1/complaints/{complaint['id']}")
    assert (answer.status_code, answer.json()["unit"], answer.json()["version"]) == (
        200,
        "cn.sh.pd",
        2,
    )
    assert (
        await api.as_("complaints:read", units=["cn.gd"]).get(f"/v1/complaints/{complaint['id']}")
    ).status_code == 404
    assert (await desk.read(other))["unit"] == "cn.gd.gz"
