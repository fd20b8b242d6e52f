"""Rooms by name."""

import pytest

from tests.contract.rooms import rooms


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "own_room" in metafunc.fixturenames:
        metafunc.parametrize("own_room", rooms(), ids=lambda room: room.name)
