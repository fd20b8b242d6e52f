"""Instances to test the launcher with."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from guanxi_local.testing import Started, launcher


@pytest.fixture
def fresh() -> Iterator[Started]:
    """A launcher whose home is yet to be made."""
    with launcher() as made:
        yield made


@pytest.fixture(scope="module")
def prepared_home() -> Iterator[Path]:
    """A home after its first start, to be copied:
    making a database takes longer than most tests.
    """
    with launcher() as made:
        made.start_until_ready().send_signal(signal.SIGTERM)
        assert made.ended() == (0, "")
        yield made.home


@pytest.fixture
def started(prepared_home: Path) -> Iterator[Started]:
    """A launcher whose home was started before."""
    with launcher() as made:
        subprocess.run(["cp", "-a", str(prepared_home), str(made.home)], check=True)
        yield made
