"""Proves the audit of the instance that runs in a home, part by part,
each with the environment that it serves with.
"""

import subprocess
import sys

from guanxi_local.home import Home
from guanxi_local.parts import PARTS
from guanxi_local.refusals import LauncherError


def verify(home: Home) -> int:
    """The highest exit code of the parts' own `verify`:
    0 when all hold, 1 with the rows that do not, 2 where one cannot be looked at.
    """
    running = home.processes()
    if not all(part.name in running for part in PARTS):
        raise LauncherError(
            f"Nothing runs in {home.folder}: start it with `make run`, then verify it."
        )
    return max(
        subprocess.run(
            [sys.executable, "-m", part.package, "verify"],
            env=running[part.name]["environment"],
            check=False,
        ).returncode
        for part in PARTS
    )
