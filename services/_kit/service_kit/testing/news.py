"""News for tests: events as neighbors publish them, taken in as a consumer does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict
from pydantic_core import from_json, to_jsonable_python

from service_kit.store.database import Database
from service_kit.store.events import Event, Told
from service_kit.store.outbox import TYPE_PREFIX, TYPE_SUFFIX
from service_kit.testing.published import CONTRACTS, faults_in
from service_kit.words.fields import written
from service_kit.words.identity import new_id
from service_kit.work.consumer import Reads
from service_kit.work.news import News, arrived

# What a member holds where a test does not care, by its format or type.
BY_FORMAT: Mapping[str, Any] = {
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "date-time": "2026-03-02T04:00:00Z",
    "date": "2026-03-02",
}
BY_TYPE: Mapping[str, Any] = {"boolean": False, "array": [], "object": {}, "null": None}
# Nobody publishes it before files can be merged.
UNPUBLISHED = frozenset({"customer.merged"})


def envelope_of(
    source: str,
    name: str,
    *,
    subject: UUID | None = None,
    unit: str | None = "cn",
    at: datetime | None = None,
    **data: Any,
) -> dict[str, Any]:
    """An event as this service's contract has it: what a test does not say is made up, and
    AssertionError where the service would never tell such a thing.
    """
    contract, subject = CONTRACTS / f"{source}.json", subject or new_id()
    said = to_jsonable_python(data)
    about = {f"{name.partition('.')[0]}_id": str(subject), "unit": unit}
    if name not in UNPUBLISHED:
        document = from_json(contract.read_bytes())
        made_up = sample_of(document, name)
        known = {member: about[member] for member in about.keys() & made_up.keys()}
        said = made_up | known | said
        assert faults_in(contract, name, said) == []
    return {
        "id": str(new_id()),
        "type": f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}",
        "subject": str(subject),
        "time": written(at or datetime.now(UTC)),
        "cursor": "1",
        "unit": unit,
        "data": said,
    }


def told(
    name: str, *, subject: UUID, at: datetime, unit: str | None = None, **data: object
) -> Told:
    """An event of any type and shape, for tests of what carries events."""

    class Made(_Loose, type=name):
        """Of this type."""

    return Made(**data).about(subject, at=at, unit=unit)


class _Loose(Event):
    model_config = ConfigDict(extra="allow")


async def hear(database: Database, reads: Reads, envelope: Mapping[str, Any]) -> None:
    """Take one event in, as the consumer with these readers does; raises what would park it."""
    each = arrived(envelope, reads)
    if each.fault is not None:
        raise each.fault
    if each.news is not None:
        async with database.transaction() as tx:
            await reads[type(each.news.data)](tx, each.news)


def news_from(reads: Reads, envelope: Mapping[str, Any]) -> News[Any]:
    """What these readers get of an event; AssertionError where they pass it over."""
    news = arrived(envelope, reads).news
    assert news is not None, "nobody reads this type"
    return news


def sample_of(document: Mapping[str, Any], name: str, *, is_full: bool = False) -> Any:
    """Data of an event as a contract publishes it; a full one has a value wherever null is taken
    too.
    """
    content = document["webhooks"][name]["post"]["requestBody"]["content"]
    envelope = content["application/cloudevents+json"]["schema"]["allOf"][1]["properties"]
    return _made_up(envelope["data"], document, is_full)


def _made_up(schema: Any, document: Mapping[str, Any], is_full: bool) -> Any:
    """The plainest value that a schema takes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _made_up(document["components"]["schemas"][name], document, is_full)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _made_up(schema["anyOf"][0 if is_full else -1], document, is_full)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "null" in kinds and not is_full:
        return None
    if "properties" in schema:
        return {
            name: _made_up(each, document, is_full) for name, each in schema["properties"].items()
        }
    if kinds[0] in ("integer", "number"):
        return schema.get("minimum", 0)
    if kinds[0] == "string":
        return BY_FORMAT.get(schema.get("format", ""), schema.get("examples", ["x"])[0])
    return BY_TYPE[kinds[0]]
