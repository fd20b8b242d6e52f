"""The first installation: how far it is, and what it says when it fails; pip is the real one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import environment
from tools.environment import ROOT, Progress

PIP = [
    sys.executable,
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "install",
    "--progress-bar",
    "off",
]
SAID_BY_PIP = [
    "Collecting numpy==2.3.1 (from -r runtime.txt (line 3))",
    "  Downloading numpy.whl (20 MB)",
    "Collecting uvloop==0.21",
]

Clock = Callable[[float], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the clock."""
    now = [0.0]
    monkeypatch.setattr("tools.environment.time.monotonic", lambda: now[0])
    return lambda moment: now.__setitem__(0, moment)


def test_elsewhere_than_on_a_terminal_a_line_comes_now_and_then(
    at: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(95, is_terminal=False)
    for moment, line in enumerate(
        [
            *SAID_BY_PIP,
            "",
            "",
            "",
            "Installing collected packages: numpy, uvloop",
            "",
            "",
            "",
            "",
            "",
        ]
    ):
        at(moment)
        progress.hear(line)
    progress.end()

    assert capsys.readouterr().out.splitlines() == [
        "  fetching 2 of 95: uvloop (5 s)",
        "  writing 2 packages to disk (10 s)",
    ]


def test_on_a_terminal_one_line_is_written_anew_and_taken_away(
    at: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(95, is_terminal=True)
    for moment, line in enumerate(SAID_BY_PIP):
        at(moment)
        progress.hear(line)
    progress.end()

    said = capsys.readouterr().out
    assert "\n" not in said
    assert [each.strip() for each in said.split("\r")[1:]] == [
        "fetching 1 of 95: numpy (1 s)",
        "fetching 2 of 95: uvloop (2 s)",
        "",
        "",
    ]


def test_silence_is_filled_too(capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(
        environment.lines_of(
            [sys.executable, "-c", "import time; print('one'); time.sleep(1.5); print('two')"]
        )
    )

    assert [line for line in lines if line] == ["one", "two"]
    assert "" in lines[1:-1]


def test_an_index_that_does_not_answer_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("guanxi-nothing==1 --hash=sha256:" + "0" * 64)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")

    with pytest.raises(SystemExit) as stopped:
        environment.run(
            [*PIP, "--retries", "1", "--timeout", "1", "--require-hashes", "-r", str(wanted)],
            "It failed",
            Progress(1, is_terminal=False),
        )

    assert "is this machine online?" in str(stopped.value)
    assert str(stopped.value).startswith("It failed:")


def test_what_is_not_what_was_pinned_is_told_with_its_cure(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=ROOT / "services" / "_kit", check=True, capture_output=True)
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("guanxi-service-kit==0.1.0+guanxi --hash=sha256:" + "0" * 64)

    with pytest.raises(SystemExit) as stopped:
        environment.run(
            [
                *PIP,
                "--no-index",
                "--find-links",
                str(tmp_path),
                "--require-hashes",
                "-r",
                str(wanted),
            ],
            "It failed",
        )

    assert "not what was pinned" in str(stopped.value)


@pytest.mark.parametrize("sign", environment.CURES)
def test_every_failure_that_is_foreseen_has_its_cure(sign: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        environment.run(
            [sys.executable, "-c", f"print({sign!r} + 'x'); raise SystemExit(1)"], "It failed"
        )

    assert str(stopped.value).splitlines()[-1].strip() == environment.CURES[sign]
