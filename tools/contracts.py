"""`python -m tools.contracts write | check`:
the contracts in openapi/, written from the code and held against it.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from tools.breaking import breaking_changes

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "openapi"
PUBLIC = "public"
WITHOUT_CONTRACT = {"service_kit", "guanxi_local"}


def packages() -> list[str]:
    """Our packages that serve an API; the one list of packages is in pyproject.toml."""
    listed: Mapping[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "guanxi"
    ]["packages"]
    return [name for name in listed if name not in WITHOUT_CONTRACT]


def write_into(folder: Path) -> None:
    """Write the contract of every service and of the gateway,
    then the public one that is merged from them.
    """
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        written = dict(
            zip(
                packages(),
                pool.map(lambda package: said(package, "openapi"), packages()),
                strict=True,
            )
        )
    for package, text in written.items():
        (folder / f"{package.replace('_', '-')}.json").write_text(text, "utf-8")
    (folder / f"{PUBLIC}.json").write_text(said("gateway", "public-openapi", str(folder)), "utf-8")


def said(package: str, *command: str) -> str:
    """What a command of a package prints, whatever settings the environment has."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")}
    done = subprocess.run(
        [sys.executable, "-m", package, *command],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"python -m {package} {' '.join(command)} failed:\n{done.stderr[-2_000:]}")
    return done.stdout


def drifted() -> Iterator[str]:
    """The contracts that differ from what the code says, with the first lines of the difference."""
    with tempfile.TemporaryDirectory(prefix="guanxi-openapi-") as temporary:
        fresh = Path(temporary)
        write_into(fresh)
        names = sorted({path.name for path in [*fresh.glob("*.json"), *FOLDER.glob("*.json")]})
        for name in names:
            committed = (FOLDER / name).read_text("utf-8") if (FOLDER / name).exists() else ""
            said_now = (fresh / name).read_text("utf-8") if (fresh / name).exists() else ""
            if committed != said_now:
                yield (
                    f"openapi/{name} is not what the code says:"
                    f" {first_difference(committed, said_now)}"
                )


def first_difference(old: str, new: str) -> str:
    pairs = zip([*old.splitlines(), ""], [*new.splitlines(), ""], strict=False)
    number, pair = next(
        ((number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]),
        (1, ("", "")),
    )
    return f"line {number}: {pair[0].strip()[:80]!r} -> {pair[1].strip()[:80]!r}"


def released() -> str:
    """The commit whose contracts must not be broken: the newest release; before the first one, the
    last commit that is not this tree.

    A tree without changes is HEAD itself, as it always is where commits are checked: it is held
    against its parent, if there is one.
    """
    tags = git("tag", "--list", "v*", "--sort=-version:refname")
    newest = (tags or "").split("\n")[0]
    if newest:
        return newest
    is_changed = git("status", "--porcelain", "--", FOLDER.name) != ""
    has_parent = git("rev-parse", "--verify", "--quiet", "HEAD^") is not None
    return "HEAD" if is_changed or not has_parent else "HEAD^"


def broken() -> Iterator[str]:
    """What clients of the released contracts would stumble over."""
    base = released()
    for path in sorted(FOLDER.glob("*.json")):
        before = git("show", f"{base}:openapi/{path.name}")
        if before:
            for change in breaking_changes(json.loads(before), json.loads(path.read_text("utf-8"))):
                yield f"{path.name}: {change}"


def invalid() -> Iterator[str]:
    """Where a contract is no OpenAPI 3.1."""
    for path in sorted(FOLDER.glob("*.json")):
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        try:
            validate(document)
        except OpenAPIValidationError as error:
            yield (
                f"openapi/{path.name}: {'/'.join(map(str, error.absolute_path))}:"
                f" {error.message[:300]}"
            )


def git(*command: str) -> str | None:
    """What git says, or None where it has nothing to say."""
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def check() -> int:
    """Every finding as a line; the number of them."""
    findings = 0
    for title, found in (
        ("openapi/ says what the code says (else: make openapi)", drifted()),
        (f"nothing of {released()} is broken", broken()),
        ("openapi-spec-validator", invalid()),
    ):
        print(f"contracts: {title}", flush=True)
        for line in found:
            findings += 1
            print(f"  {line}", flush=True)
    return findings


def main(command: str) -> int:
    if command == "write":
        write_into(FOLDER)
        print(f"openapi: wrote {len(list(FOLDER.glob('*.json')))} contracts into openapi/")
        return 0
    return 1 if check() else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
