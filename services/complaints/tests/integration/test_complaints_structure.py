"""What guards the structure: schema, contract, settings, events."""

import re
from pathlib import Path

import complaints
from complaints.app import MIGRATIONS, compose
from complaints.case.events import MOVES
from complaints.course.domain import TABLE, Move, State
from complaints.course.labels import called
from complaints.letter.labels import phrased
from complaints.settings import Settings
from complaints.tables import metadata
from complaints.testing import Desk
from complaints.words import RemedyType, Verdict
from service_kit.process.settings import ServiceSettings
from service_kit.testing import Api, SigningKeys
from service_kit.testing.revisions import difference

README = Path(str(complaints.__file__)).parent.parent / "README.md"


async def test_the_migrations_make_the_tables_of_the_code(settings: Settings) -> None:
    assert await difference(settings.database_url, "complaints", metadata) == []
    assert MIGRATIONS.is_dir()


def test_every_table_begins_its_key_with_its_aggregate() -> None:
    roots = {"complaint_number": "number", "calendar_version": "name", "sla_policy_version": "name"}
    own = {
        "complaint",
        "complaint_number",
        "complaint_step",
        "clock",
        "letter",
        "calendar",
        "calendar_version",
        "sla_policy",
        "customer",
    }
    own |= {"survey_answer"}

    for name in own:
        first = next(iter(metadata.tables[name].primary_key.columns)).name
        assert first in {roots.get(name, ""), "id", "complaint_id", "name"}
    for table in metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints)


def test_every_event_of_the_table_of_moves_has_its_schema() -> None:
    assert {f"complaint.{event}" for row in TABLE for event in row.events.values()} <= set(MOVES)


async def test_what_the_feed_tells_fits_the_schemas_of_the_events(api: Api, desk: Desk) -> None:
    await desk.walk(await desk.record(received_at="2026-03-01T00:00:00Z"), through="summary")
    await api.events("complaint.closed")

    told = await api.events()

    assert {
        "guanxi.clock.breached.v1",
        "guanxi.complaint.escalated.v1",
        "guanxi.complaint.closed.v1",
    } <= {event["type"] for event in told}
    for event in told:
        MOVES[event["type"].removeprefix("guanxi.").removesuffix(".v1")].model_validate(
            event["data"], strict=False
        )


def test_everything_has_a_label() -> None:
    assert [word for word in (*State, *Move) if not called(word, "en")] == []
    assert [word for word in (*Verdict, *RemedyType) if not phrased(word, "en")] == []


def test_every_setting_of_this_service_stands_in_its_readme() -> None:
    text = README.read_text("utf-8")
    own = set(Settings.model_fields) - set(ServiceSettings.model_fields)

    assert own
    assert {name for name in own if f"`GUANXI_{name.upper()}`" not in text} == set()
    assert {name for name in own if not Settings.model_fields[name].description} == set()


def test_every_operation_names_scopes_that_exist(
    settings: Settings, signing_keys: SigningKeys
) -> None:
    service = compose(settings, keys=signing_keys)
    contract = service.openapi()

    open_to_anyone = set()
    for path, operations in contract["paths"].items():
        for operation in operations.values():
            scopes = [
                scope
                for need in operation["security"]
                for granted in need.values()
                for scope in granted
            ]
            assert set(scopes) <= set(service.scopes)
            if not scopes:
                open_to_anyone.add(path)
    assert open_to_anyone == {"/v1/complaint-tracking"}


def test_every_event_is_described_in_the_readme() -> None:
    text = README.read_text("utf-8")

    assert {name for name in MOVES if not re.search(rf"`{re.escape(name)}`", text)} == set()
