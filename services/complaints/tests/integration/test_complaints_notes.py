"""Notes on complaints over the API."""

from complaints.testing import Desk
from service_kit.testing import Api


async def test_a_note_stands_beside_the_case_and_moves_nothing(api: Api, desk: Desk) -> None:
    complaint = await desk.record()
    path = f"/v1/complaints/{complaint['id']}"

    made = await api.as_(*api.service.scopes, sub="li").post(
        f"{path}/notes", {"text": "Will call back."}
    )

    assert made.status_code == 201, made.text
    assert (made.json()["author"], made.json()["complaint_id"]) == ("li", complaint["id"])
    assert made.json()["unit"] == complaint["unit"]
    assert (await api.get(made.headers["location"])).json() == made.json()
    assert (await api.get(f"{path}/notes")).json()["items"] == [made.json()]
    assert (await api.get(path)).json()["version"] == complaint["version"]


async def test_a_note_is_changed_and_removed_over_the_version_that_was_seen(
    api: Api, desk: Desk
) -> None:
    path = f"/v1/complaints/{(await desk.record())['id']}/notes"
    made = await api.post(path, {"text": "before"})
    note, seen = made.headers["location"], made.headers["etag"]

    changed = await api.patch(note, {"text": "after"}, match=seen)
    late = await api.delete(note, match=seen)
    removed = await api.delete(note, match=changed.headers["etag"])

    assert (changed.status_code, late.status_code, removed.status_code) == (200, 412, 204)
    assert (await api.get(path)).json()["items"] == []


async def test_a_note_on_one_complaint_is_not_found_at_another(api: Api, desk: Desk) -> None:
    made = await api.post(f"/v1/complaints/{(await desk.record())['id']}/notes", {"text": "?"})
    other = f"/v1/complaints/{(await desk.record())['id']}/notes/{made.json()['id']}"

    assert (await api.get(other)).status_code == 404
    assert (await api.delete(other, match=made.headers["etag"])).status_code == 404


async def test_outside_the_units_of_the_complaint_there_are_no_notes(api: Api, desk: Desk) -> None:
    path = f"/v1/complaints/{(await desk.record())['id']}/notes"
    note = (await api.post(path, {"text": "?"})).headers["location"]
    outsider = api.as_(*api.service.scopes, units=["cn.sh"])

    answers = [
        await outsider.get(path),
        await outsider.get(note),
        await outsider.post(path, {"text": "?"}),
        await outsider.patch(note, {"text": "?"}, match='"1"'),
        await outsider.delete(note, match='"1"'),
    ]

    assert {answer.status_code for answer in answers} == {404}
