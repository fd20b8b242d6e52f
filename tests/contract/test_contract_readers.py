"""Whoever reads a neighbor's events reads what that neighbor publishes: every type and every member
that a reader names stands in the contract, for each value that may come.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic_core import from_json
from service_kit.testing.news import UNPUBLISHED, sample_of
from service_kit.testing.published import CONTRACTS
from service_kit.work.consumer import Consumer
from service_kit.work.news import Anything, Heard

from tests.contract.rooms import composed, rooms


def readings() -> Iterator[tuple[str, str, type[Heard]]]:
    """Who reads which service's events, and in what shape."""
    for room in rooms():
        for worker in composed(room.package).workers:
            if isinstance(worker, Consumer):
                for shape in worker.reads:
                    yield room.package, worker.source, shape


READINGS = sorted(
    {reading for reading in readings() if reading[2] is not Anything},
    key=lambda reading: (reading[0], reading[1], reading[2].event_type),
)


def published(source: str) -> Any:
    return from_json((CONTRACTS / f"{source}.json").read_bytes())


def told_by(source: str) -> list[str]:
    return list(published(source)["webhooks"])


def types_of(reader: str, source: str) -> set[str]:
    return {shape.event_type for *parties, shape in READINGS if parties == [reader, source]}


def test_the_readers_are_found():
    assert {(reader, source) for reader, source, _ in READINGS} == {
        ("complaints", "customer-profile"),
        ("complaints", "scoring"),
        ("contact_center", "complaints"),
        ("contact_center", "customer-profile"),
        ("contact_center", "scoring"),
        ("customer_profile", "complaints"),
        ("customer_profile", "contact-center"),
        ("customer_profile", "scoring"),
        ("scoring", "customer-profile"),
    }


@pytest.mark.parametrize(
    ("reader", "source", "shape"),
    READINGS,
    ids=[f"{reader}-{shape.event_type}" for reader, _, shape in READINGS],
)
def test_what_a_reader_names_is_published(reader: str, source: str, shape: type[Heard]):
    document = published(source)
    if shape.event_type in UNPUBLISHED:
        assert shape.event_type not in document["webhooks"], "it is published now: read it there"
        return

    plain = sample_of(document, shape.event_type)
    full = sample_of(document, shape.event_type, is_full=True)

    assert set(shape.model_fields) <= set(plain)
    for said in (plain, full, *({**full, name: plain[name]} for name in plain)):
        shape.model_validate(said)


@pytest.mark.parametrize("reader", ["contact_center", "customer_profile"])
def test_every_step_of_a_complaint_is_read_by_who_follows_them(reader: str):
    steps = {name for name in told_by("complaints") if name.startswith("complaint.")}

    read = types_of(reader, "complaints")

    assert read == steps


def test_every_move_of_a_contact_is_read_by_the_timeline():
    moves = {name for name in told_by("contact-center") if name.startswith("contact.")}

    read = types_of("customer_profile", "contact-center")

    assert read == moves
