"""The audit over the API:
sensitive values only for callers with the scope, and everything that was written can be read.
"""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from service_kit.store import audit
from service_kit.store.events import Action, Told
from service_kit.testing import serving
from service_kit.testing.news import told

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SUBJECT = UUID(int=1)
ENTRIES = f"/v1/audit-entries?subject={SUBJECT}"


def an_event(type_: str = "note.written", **payload: object) -> Told:
    return told(type_, subject=SUBJECT, at=AT, unit="cn", **payload)


@pytest.fixture
async def api(compose, signing_keys):
    async with serving(compose(work=False), signing_keys) as api:
        yield api


@pytest.fixture
async def written(api):
    """One row that holds something sensitive, and one that does not."""
    database = api.service.database
    async with database.transaction() as tx:
        tx.record(an_event(note_id="1"), values={"text": "open"}, sensitive={"health": "flu"})
        tx.audit(
            Action(name="note.read", subject=SUBJECT, at=AT, unit="cn", values={}),
            sensitive={"why": "visit"},
        )
    async with database.transaction() as tx:
        tx.record(an_event("note.changed"), values={"text": "plain"})
    return database


async def shown(api, *scopes: str) -> list[tuple[object, bool]]:
    items = (await api.as_("audit:read", *scopes).get(ENTRIES)).json()["items"]
    return [(item["values"], item["masked"]) for item in items]


async def test_sensitive_values_are_left_out_for_whoever_lacks_the_scope(api, written):
    assert await shown(api) == [
        ({"note.written": {"note_id": "1", "text": "open"}, "note.read": {}}, True),
        ({"note.changed": {"text": "plain"}}, False),
    ]


async def test_sensitive_values_are_shown_with_the_scope(api, written):
    assert await shown(api, "notes:sensitive") == [
        (
            {
                "note.written": {"note_id": "1", "text": "open", "sensitive": {"health": "flu"}},
                "note.read": {"sensitive": {"why": "visit"}},
            },
            False,
        ),
        ({"note.changed": {"text": "plain"}}, False),
    ]


async def test_who_was_shown_sensitive_values_stands_in_the_audit_itself(api, written):
    await shown(api)
    await shown(api, "notes:sensitive")

    items = (await api.as_("audit:read").get(ENTRIES)).json()["items"]
    assert [(item["action"], item["actor"]) for item in items[2:]] == [
        ("audit.sensitive_read", "tester")
    ]
    assert items[2]["values"] == {"audit.sensitive_read": {"sequences": [1]}}


async def test_a_page_without_anything_sensitive_leaves_no_trace(api, written):
    reader = api.as_("audit:read", "notes:sensitive")
    first = (await api.as_("audit:read").get(f"{ENTRIES}&limit=1")).json()

    rest = (await reader.get(f"{ENTRIES}&limit=1&cursor={first['next_cursor']}")).json()

    assert [item["action"] for item in rest["items"]] == ["note.changed"]
    assert len(await shown(api)) == 2


async def test_sensitive_values_are_sealed_by_the_chain_and_erased_with_the_others(written):
    async with written.reading() as reader:
        rows = [dict(row) for row in await audit.chain(reader, SUBJECT)]
    audit.verify(rows)
    rows[0]["values"]["note.written"]["sensitive"]["health"] = "well"
    with pytest.raises(audit.ChainBroken):
        audit.verify(rows)

    async with written.transaction() as tx:
        await audit.erase(tx, SUBJECT)

    async with written.reading() as reader:
        erased = await audit.chain(reader, SUBJECT)
    audit.verify(erased)
    assert [row["values"] for row in erased] == [None, None, {"audit.erased": {"through": 2}}]


async def test_erased_values_are_null_and_not_called_masked(api, written):
    async with written.transaction() as tx:
        await audit.erase(tx, SUBJECT)

    assert (await shown(api))[:2] == [(None, False), (None, False)]


async def test_a_service_that_names_no_scope_shows_sensitive_values_to_nobody(
    compose, signing_keys
):
    async with serving(compose(work=False, sensitive_scope=""), signing_keys) as api:
        async with api.service.database.transaction() as tx:
            tx.record(an_event(), sensitive={"health": "flu"})

        assert await shown(api, "notes:sensitive") == [({"note.written": {}}, True)]


@pytest.mark.parametrize("given", [{"values": {"sensitive": 1}}, {}])
async def test_the_name_of_the_sensitive_member_cannot_be_taken_by_other_values(database, given):
    event = an_event() if given else an_event(sensitive=1)

    async with database.transaction() as tx:
        with pytest.raises(ValueError, match="sensitive"):
            tx.record(event, **given)


async def test_values_larger_than_any_input_may_be_are_shown_as_they_are(api):
    hobbies = [{f"name {number}": "go" for number in range(50)} for _ in range(100)]
    async with api.service.database.transaction() as tx:
        tx.record(
            an_event(), values={"before": {"hobbies": hobbies}, "after": {"hobbies": hobbies}}
        )

    answer = await api.as_("audit:read").get(ENTRIES)

    assert answer.status_code == 200
    assert answer.json()["items"][0]["values"]["note.written"]["after"]["hobbies"] == hobbies
