"""Files of a killed process do not stay behind, and those of a living one are left alone."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from service_kit.process.scratch import PREFIX, scratch, sweep

HOLDS_A_SHEET = """
import sys
from service_kit.process.scratch import scratch
with scratch() as folder:
    (folder / "sheet").write_text("13800138000")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_lasts_as_long_as_its_block(temporary: Path):
    with scratch() as folder:
        (folder / "sheet").write_text("x")
        assert (folder.stat().st_mode & 0o777, sweep(), folder.exists()) == (0o700, 0, True)

    assert list(temporary.iterdir()) == []


def test_a_folder_is_gone_after_an_error_in_its_block(temporary: Path):
    def broken() -> None:
        with scratch() as folder:
            (folder / "sheet").write_text("x")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()

    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_swept_and_not_before(temporary: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_SHEET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert (sweep(), (folder / "sheet").exists()) == (0, True)

        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()

        assert (folder / "sheet").exists()
        assert sweep() == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("work", [True, False])
async def test_every_process_of_a_service_sweeps_what_a_killed_one_left(
    compose, temporary: Path, work: bool
):
    left = temporary / f"{PREFIX}of-a-killed-process"
    left.mkdir()
    (left / "sheet").write_text("13800138000")
    service = compose()

    async with service.running(work=work):
        for _ in range(1_000):
            if not left.exists():
                break
            await asyncio.sleep(0.01)

    assert not left.exists()
