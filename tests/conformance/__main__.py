"""`python -m tests.conformance [--seconds 150] [--seed 1] [--phases examples,coverage]`:
holds a running instance against its contract.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conformance.peers import Peer, registered
from tests.faults.instance import Instance

ROOT = Path(__file__).parent.parent.parent
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def configuration(peers: list[Peer]) -> str:
    """schemathesis as it comes, with two identities that must not read each other's objects."""
    names = ", ".join(f'"{peer.name}"' for peer in peers)
    return f'[auth.wfc]\npath = "peers.json"\npeers = [{names}]\n'


def identities(peers: list[Peer]) -> str:
    headers = [
        {
            "name": peer.name,
            "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {peer.token}"}],
        }
        for peer in peers
    ]
    return json.dumps({"auth": headers})


def check(folder: Path, url: str, asked: argparse.Namespace) -> int:
    """Run schemathesis; its exit code."""
    command = [
        Path(sys.executable).parent / "schemathesis",
        "--config-file",
        folder / "schemathesis.toml",
        "run",
        f"{url}/openapi.json",
    ]
    command += [
        "--url",
        url,
        "--checks",
        "all",
        "--continue-on-failure",
        "--phases",
        ",".join(asked.phases),
        "--seed",
        str(asked.seed),
    ]
    command += [
        "--max-examples",
        str(asked.examples),
        "--workers",
        str(asked.workers),
        "--no-color",
        "--warnings",
        "off",
    ]
    command += ["--max-time", str(asked.seconds)] if asked.seconds else []
    command += [word for name in asked.operation for word in ("--include-operation-id", name)]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.conformance.hooks",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--seconds",
        type=int,
        default=150,
        help="fuzzing and stateful testing go on until this time; 0: by examples alone",
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed asks the same")
    parser.add_argument(
        "--examples", type=int, default=10, help="cases for each operation and kind"
    )
    parser.add_argument(
        "--phases",
        type=lambda words: words.split(","),
        default=PHASES,
        help=f"some of {','.join(PHASES)}",
    )
    parser.add_argument("--workers", type=int, default=2, help="parallel requests")
    parser.add_argument(
        "--operation", action="append", default=[], help="only this operation id; may be repeated"
    )
    asked = parser.parse_args()
    print(f"conformance: schemathesis, all checks, seed {asked.seed}", flush=True)
    with Instance() as instance, tempfile.TemporaryDirectory(prefix="guanxi-conformance-") as name:
        folder = Path(name)
        peers = registered(instance.credentials)
        (folder / "schemathesis.toml").write_text(configuration(peers))
        (folder / "peers.json").write_text(identities(peers))
        return check(folder, instance.base_url, asked)


if __name__ == "__main__":
    raise SystemExit(main())
