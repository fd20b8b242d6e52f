"""Rooms by name, running or not."""

import pytest

from tests.contract.rooms import Room, rooms, rooms_and_sample, running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`room` is every room with the kit's sample; `own_room` leaves the sample out."""
    for name, found in (("room", rooms_and_sample), ("own_room", rooms)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found(), ids=lambda room: room.name)


@pytest.fixture
async def door(room: Room, make_database):
    url = await make_database(room.migrations, room.package)
    async with running(room, url) as door:
        yield door
