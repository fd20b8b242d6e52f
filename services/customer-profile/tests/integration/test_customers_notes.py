"""Notes on customers over the API."""

from typing import Any

from service_kit.testing import Api


async def test_a_note_is_kept_by_its_author_and_read_with_its_customer(
    api: Api, customer: dict[str, Any]
) -> None:
    path = f"/v1/customers/{customer['id']}/notes"

    made = await api.as_(*api.service.scopes, sub="li").post(path, {"text": "Asks for 李娜.\n"})

    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["author"], shown["text"], shown["version"]) == ("li", "Asks for 李娜.\n", 1)
    assert (shown["customer_id"], shown["unit"]) == (customer["id"], customer["unit"])
    read = await api.get(made.headers["location"])
    assert (read.json(), read.headers["etag"]) == (shown, made.headers["etag"])


async def test_notes_are_listed_newest_first_page_by_page(
    api: Api, customer: dict[str, Any]
) -> None:
    path = f"/v1/customers/{customer['id']}/notes"
    for text in ("first", "second", "third"):
        assert (await api.post(path, {"text": text})).status_code == 201

    page = (await api.get(path, params={"limit": 2})).json()
    rest = (await api.get(path, params={"limit": 2, "cursor": page["next_cursor"]})).json()

    assert [note["text"] for note in page["items"] + rest["items"]] == ["third", "second", "first"]
    assert rest["next_cursor"] is None


async def test_a_note_changes_only_over_the_version_that_was_seen(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await api.as_(*api.service.scopes, sub="li").post(
        f"/v1/customers/{customer['id']}/notes", {"text": "before"}
    )
    path, seen = made.headers["location"], made.headers["etag"]

    blind = await api.patch(path, {"text": "blind"})
    changed = await api.patch(path, {"text": "after"}, match=seen)
    late = await api.patch(path, {"text": "late"}, match=seen)

    assert (blind.status_code, changed.status_code, late.status_code) == (428, 200, 412)
    assert (await api.get(path)).json() == changed.json()
    assert (changed.json()["text"], changed.json()["author"]) == ("after", "li")
    assert changed.json()["updated_at"] > changed.json()["created_at"]
    audited = (await api.get("/v1/audit-entries", params={"subject": made.json()["id"]})).json()
    assert [entry["action"] for entry in audited["items"]] == ["note.added", "note.changed"]


async def test_a_note_that_is_removed_leaves_nothing_of_its_text(
    api: Api, customer: dict[str, Any]
) -> None:
    path = f"/v1/customers/{customer['id']}/notes"
    made = await api.post(path, {"text": "heard at the counter"}, key="once")
    assert (await api.delete(made.headers["location"], match='"2"')).status_code == 412

    removed = await api.delete(made.headers["location"], match=made.headers["etag"])

    assert removed.status_code == 204
    assert (await api.get(made.headers["location"])).status_code == 404
    again = await api.post(path, {"text": "heard at the counter"}, key="once")
    audited = await api.get("/v1/audit-entries", params={"subject": made.json()["id"]})
    assert "counter" not in again.text + audited.text


async def test_notes_have_the_readers_of_their_customer_and_move_with_it(
    api: Api, customer: dict[str, Any]
) -> None:
    path = f"/v1/customers/{customer['id']}"
    made = await api.post(f"{path}/notes", {"text": "prefers tea"})
    note, tag = made.headers["location"], made.headers["etag"]
    outsider = api.as_(*api.service.scopes, units=["cn.zz"])

    outside = [
        await outsider.get(f"{path}/notes"),
        await outsider.get(note),
        await outsider.post(f"{path}/notes", {"text": "?"}),
        await outsider.patch(note, {"text": "?"}, match=tag),
        await outsider.delete(note, match=tag),
    ]
    seen = await api.get(path)
    moved = await api.patch(
        path,
        {"unit": "cn.zz", "source": {"kind": "visit", "learned": "asked"}},
        match=seen.headers["etag"],
    )

    assert {answer.status_code for answer in outside} == {404}
    assert moved.status_code == 200, moved.text
    assert (await outsider.get(note)).json()["unit"] == "cn.zz"


async def test_who_may_only_read_customers_writes_no_notes(
    api: Api, customer: dict[str, Any]
) -> None:
    reader = api.as_("customers:read")
    path = f"/v1/customers/{customer['id']}/notes"

    assert (await reader.get(path)).json()["items"] == []
    assert (await reader.post(path, {"text": "?"})).status_code == 403


async def test_a_note_says_something(api: Api, customer: dict[str, Any]) -> None:
    path = f"/v1/customers/{customer['id']}/notes"

    for text in ("", " \n", None, "a" * 10_001):
        assert (await api.post(path, {"text": text})).status_code == 422
    assert (await api.post(path, {"text": "a" * 10_000})).status_code == 201


async def test_an_erased_customer_has_no_notes(api: Api, customer: dict[str, Any]) -> None:
    path = f"/v1/customers/{customer['id']}"
    note = (await api.post(f"{path}/notes", {"text": "?"})).headers["location"]
    await api.delete(path, match=(await api.get(path)).headers["etag"])

    answers = [
        await api.get(note),
        await api.get(f"{path}/notes"),
        await api.post(f"{path}/notes", {"text": "?"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
