"""`python -m tests.clients`:
clients made of openapi/public.json compile strictly and play a story against a running instance.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.peers import granted_token
from tests.faults.instance import Instance

ROOT = Path(__file__).parent.parent.parent
CONTRACT = ROOT / "openapi" / "public.json"
HERE = Path(__file__).parent
NODE_TOOLS = ROOT / "tools" / "node_modules"
PYTHON_TOOLS = ROOT / ".venv-clients"
PINS = ROOT / "requirements" / "clients.txt"
STRICTLY = ("--strict", "--skipLibCheck", "false", "--target", "es2022", "--module", "nodenext")
# The generator knows JSON and bytes; letters are bytes.
BYTES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)


class ClientBroken(Exception):
    """A generator, a compiler or a play failed; the text is what it said."""


def run(*command: str | Path, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClientBroken(f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-4_000:]}")
    return done.stdout + done.stderr


def typescript(folder: Path, environment: Mapping[str, str]) -> str:
    """The client of openapi-typescript and openapi-fetch."""
    binaries = NODE_TOOLS / ".bin"
    (folder / "node_modules").symlink_to(NODE_TOOLS)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "play.ts", folder)
    run(binaries / "openapi-typescript", CONTRACT, "--output", "guanxi.ts", cwd=folder)
    run(binaries / "tsc", *STRICTLY, "--outDir", "made", "play.ts", cwd=folder)
    return run("node", "made/play.js", cwd=folder, environment=environment)


def python(folder: Path, environment: Mapping[str, str]) -> str:
    """The client of openapi-python-client; it must have left nothing out."""
    binaries = python_tools() / "bin"
    (folder / "config.yaml").write_text(
        "content_type_overrides:\n"
        + "".join(f"  {kind}: application/octet-stream\n" for kind in BYTES)
    )
    command = (
        "generate",
        "--config",
        "config.yaml",
        "--path",
        CONTRACT,
        "--output-path",
        "made",
        "--meta",
        "setup",
    )
    said = run(
        binaries / "openapi-python-client",
        *command,
        cwd=folder,
        environment={"PATH": f"{binaries}:{os.environ['PATH']}"},
    )
    if "WARNING" in said or "Unable" in said:
        raise ClientBroken(said)
    shutil.copy(HERE / "play.py", folder / "made")
    run(binaries / "mypy", "--strict", "guanxi_client", "play.py", cwd=folder / "made")
    return run(binaries / "python", "play.py", cwd=folder / "made", environment=environment)


def python_tools() -> Path:
    """The environment with the generator, made when it is not there or its pins have changed."""
    stamp = PYTHON_TOOLS / "pins.txt"
    if not stamp.exists() or stamp.read_bytes() != PINS.read_bytes():
        print("clients: installing the generator of requirements/clients.txt (once)", flush=True)
        run(sys.executable, "-m", "venv", "--clear", PYTHON_TOOLS, cwd=ROOT)
        pip = (
            PYTHON_TOOLS / "bin" / "python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
        )
        run(*pip, "--requirement", PINS, cwd=ROOT)
        shutil.copy(PINS, stamp)
    return PYTHON_TOOLS


def main() -> int:
    plays = {"python": python}
    if shutil.which("node") and NODE_TOOLS.exists():
        plays["typescript"] = typescript
    else:
        print(
            "clients: SKIPPED TypeScript: node or the tools of tools/package-lock.json are not"
            " installed here"
        )
    with Instance() as instance:
        environment = {
            "GUANXI_URL": instance.base_url,
            "GUANXI_TOKEN": granted_token(instance.credentials),
        }
        for name, played in plays.items():
            with tempfile.TemporaryDirectory(prefix="guanxi-clients-") as folder:
                try:
                    print(
                        f"clients: {name}:"
                        f" {played(Path(folder), environment).strip().splitlines()[-1]}",
                        flush=True,
                    )
                except ClientBroken as broken:
                    print(f"clients: {name}: {broken}")
                    return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
