"""The whole product on one machine:
first start with the story, the story again, schemas that are shut to each other, a second start.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from guanxi_local.parts import PARTS
from guanxi_local.testing import free_port

pytestmark = pytest.mark.timeout(900)
PATIENCE = 600.0


@dataclass
class Run:
    """`python -m guanxi_local run` in a home of its own, its output in a file."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GUANXI_") and name != "DEMO"
        }
        return {
            **inherited,
            "GUANXI_HOME": str(self.folder / "home"),
            "GUANXI_PORT": str(self.port),
            "GUANXI_START_SECONDS": "300",
        }

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def start(self) -> None:
        with (self.folder / "said").open("w") as said:
            command = [sys.executable, "-m", "guanxi_local", "run"]
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=said, stderr=subprocess.STDOUT
            )

    def wait_for(self, *words: str) -> str:
        """The first of these words that it says."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            said = self.said
            if found := [word for word in words if word in said]:
                return found[0]
            assert self.process is not None
            assert self.process.poll() is None, said
            time.sleep(0.1)
        raise AssertionError(self.said)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def processes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(
            (self.folder / "home" / "processes.json").read_text()
        )
        return found


@contextmanager
def told() -> Iterator[Run]:
    """An instance that has told its story once."""
    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        run = Run(folder, free_port())
        run.start()
        try:
            run.wait_for("The story is told", "The demo failed", "error:")
            yield run
        finally:
            if run.process is not None and run.process.poll() is None:
                run.stop()


async def test_the_story_comes_out_twice_and_behind_shut_schemas_and_a_second_start_finds_it() -> (
    None
):
    """One test, because making the instance takes longer than everything that is asked of it."""
    with told() as run:
        assert "The story came out" in run.said, run.said
        assert f"http://127.0.0.1:{run.port}/docs" in run.said
        await _has_no_right_in_another_schema(run)
        _is_whole_by_its_own_proof(run)
        _can_be_told_again(run)
        _is_found_by_a_second_start(run)


def _can_be_told_again(run: Run) -> None:
    command = [sys.executable, "-m", "guanxi_local", "demo"]

    again = subprocess.run(
        command, env=run.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert again.returncode == 0, again.stdout[-3000:] + again.stderr
    assert "The story came out" in again.stdout


def _is_whole_by_its_own_proof(run: Run) -> None:
    """All five parts verify what the story wrote, with the very rights that they serve with."""
    command = [sys.executable, "-m", "guanxi_local", "verify"]

    done = subprocess.run(
        command, env=run.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("all hold") == len(PARTS)


async def _has_no_right_in_another_schema(run: Run) -> None:
    processes = run.processes()
    for part in PARTS:
        own = await asyncpg.connect(processes[part.name]["environment"]["GUANXI_DATABASE_URL"])
        try:
            rights = await own.fetch(
                "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[]) AND"
                " has_schema_privilege(nspname, 'USAGE')",
                [*(other.schema for other in PARTS), "public"],
            )
            assert [right["nspname"] for right in rights] == [part.schema]
            assert not await own.fetchval(
                "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname ="
                " current_user"
            )
        finally:
            await own.close()


def _is_found_by_a_second_start(run: Run) -> None:
    secret = json.loads((run.folder / "home" / "credentials.json").read_text())["client_secret"]
    assert run.stop() == 0

    run.start()
    run.wait_for("stops everything.")

    time.sleep(0.5)
    assert "Migrated" not in run.said
    assert "客户与价值" not in run.said
    assert (
        json.loads((run.folder / "home" / "credentials.json").read_text())["client_secret"]
        == secret
    )
