"""`python -m tests.bench [name ...]`: runs the benches one after the other;
each prints its table and writes it to bench/.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benches(wanted: list[str]) -> list[Path]:
    """The bench scripts, or those whose names were asked for."""
    places = [HERE, *sorted(HERE.parents[1].glob("services/*/tests/bench"))]
    found = [
        path
        for place in places
        for path in sorted(place.glob("bench_*.py"))
        if "def rows(" in path.read_text()
    ]
    return [path for path in found if not wanted or path.stem.removeprefix("bench_") in wanted]


def main() -> int:
    failed = []
    for path in benches(sys.argv[1:]):
        print(f"\n{path.stem.removeprefix('bench_')}", flush=True)
        if subprocess.run([sys.executable, str(path)], check=False).returncode:
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
