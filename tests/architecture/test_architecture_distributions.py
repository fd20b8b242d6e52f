"""What is installed and what is shipped:
names and versions, what each distribution needs and holds, what gets into an image.
"""

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pathspec import GitIgnoreSpec
from service_kit.service import VERSION

from tools.environment import ROOT, packages
from tools.wheels import build

OURS = "guanxi-"
KIT = "service_kit"
SECRET = ("secrets.json", "credentials.json", "superuser-password", ".env", ".pem", ".key")
# What no image and no wheel may hold, planted beside and within what they do hold.
PLANTED = (
    ".env",
    ".guanxi/secrets.json",
    ".guanxi/postgres/data/base/1/1",
    ".git/config",
    ".venv/bin/python",
    "bench/figures.json",
    "credentials.json",
    "deploy/compose/settings.env",
    "deploy/kubernetes/secrets.yaml",
    "dist/guanxi_local-0.1.0-py3-none-any.whl",
    "tools/node_modules/left-pad/index.js",
    "services/_kit/service_kit/__pycache__/service.cpython-311.pyc",
    "services/complaints/.env",
    "services/complaints/complaints/.env",
    "services/complaints/complaints/letter/production.env",
    "services/complaints/complaints/letter/tls.key",
    "services/scoring/scoring/secrets.json",
    "services/scoring/.guanxi/secrets.json",
    "gateway/gateway/.guanxi/secrets.json",
    "gateway/gateway/client/credentials.json",
    "gateway/tests/secrets.json",
)


def project(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return found


def every_requirement(folder: str) -> list[Requirement]:
    named = project(folder)
    extras = named.get("optional-dependencies", {}).values()
    return [
        Requirement(line)
        for line in [*named["dependencies"], *(line for extra in extras for line in extra)]
    ]


def pinned() -> set[str]:
    return {
        canonicalize_name(name)
        for name in re.findall(
            r"^([\w.-]+)==", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE
        )
    }


@pytest.fixture(params=packages().items(), ids=lambda item: item[0])
def package(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def test_all_our_distributions_have_one_version_which_no_public_index_takes() -> None:
    versions = {Version(project(folder)["version"]) for folder in packages().values()}

    (version,) = versions
    assert version.public == VERSION
    assert version.local == "guanxi"
    assert f"## {VERSION} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_a_distribution_takes_its_name_from_ours_and_asks_for_ours_by_this_very_version(
    package: tuple[str, str],
) -> None:
    name, folder = package
    ours = [
        each
        for each in every_requirement(folder)
        if each.name.startswith(OURS) and each.name != project(folder)["name"]
    ]

    assert project(folder)["name"] == f"{OURS}{name.removeprefix('guanxi_').replace('_', '-')}"
    assert "Private :: Do Not Upload" in project(folder)["classifiers"]
    assert [str(each.specifier) for each in ours] == [f"=={project(folder)['version']}"] * len(ours)
    assert name == KIT or next(each.name for each in ours) == "guanxi-service-kit"
    assert {each.name for each in ours} <= {project(other)["name"] for other in packages().values()}


def test_what_a_distribution_needs_is_pinned(package: tuple[str, str]) -> None:
    needed = {
        canonicalize_name(each.name)
        for each in every_requirement(package[1])
        if not each.name.startswith(OURS)
    }

    assert needed - pinned() == set()


def test_what_a_package_imports_it_or_its_kit_asks_for(package: tuple[str, str]) -> None:
    name, folder = package
    declared = {
        canonicalize_name(Requirement(line).name) for line in project(folder)["dependencies"]
    }
    declared |= {
        canonicalize_name(Requirement(line).name)
        for line in project(packages()[KIT])["dependencies"]
    }
    by_module = packages_distributions()

    missing = {
        (module, str(file.relative_to(ROOT)))
        for file, module in imports_of(ROOT / folder / name)
        if not {canonicalize_name(each) for each in by_module.get(module, [module])} & declared
    }

    assert missing == set()


def imports_of(package: Path) -> Iterator[tuple[Path, str]]:
    """What a package imports from elsewhere, its twins and builders for tests aside."""
    known = set(sys.stdlib_module_names) | set(packages())
    for file in package.rglob("*.py"):
        if "testing" in file.relative_to(package).with_suffix("").parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += (
                [node.module]
                if isinstance(node, ast.ImportFrom) and node.module and not node.level
                else []
            )
            for top in {name.partition(".")[0] for name in names} - known:
                yield file, top


IGNORED = GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text().splitlines())


@cache
def everything_of_ours() -> frozenset[str]:
    """Every file that git would take, found without git: an unpacked archive is no repository."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [
            each for each in folders if each != ".git" and not IGNORED.match_file(f"{here / each}/")
        ]
        found |= {str(here / each) for each in files if each != ".git"}
    return frozenset(name for name in found if not IGNORED.match_file(name))


def ours_under(folder: str) -> set[str]:
    return {name for name in everything_of_ours() if name.startswith(f"{folder}/")}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, zipfile.ZipFile]:
    """Every wheel, by its package."""
    built = build(tmp_path_factory.mktemp("dist"))
    return {
        name: zipfile.ZipFile(next(each for each in built if each.name.startswith(stem_of(name))))
        for name in packages()
    }


def stem_of(package: str) -> str:
    return f"guanxi_{package.removeprefix('guanxi_')}-"


def test_a_wheel_holds_what_its_package_holds_and_nothing_else(
    package: tuple[str, str], wheels: Mapping[str, zipfile.ZipFile]
) -> None:
    name, folder = package
    held = {each for each in wheels[name].namelist() if ".dist-info/" not in each}
    expected = {str(Path(each).relative_to(folder)) for each in ours_under(f"{folder}/{name}")}
    if name == "gateway":
        expected |= {f"gateway/{each}" for each in ours_under("openapi")}

    assert held == expected
    assert f"{name}/py.typed" in held
    assert [each for each in held if each.endswith(SECRET)] == []


def test_a_wheel_and_an_sdist_of_a_folder_with_secrets_in_it_hold_none(tmp_path: Path) -> None:
    folder = a_checkout(tmp_path)
    for home in ("services/complaints", "gateway"):
        for target in ("wheel", "sdist"):
            command = [
                sys.executable,
                "-m",
                "hatchling",
                "build",
                "--target",
                target,
                "--directory",
                str(tmp_path / "dist"),
            ]
            subprocess.run(command, cwd=folder / home, check=True, capture_output=True)

    held = [name for each in (tmp_path / "dist").iterdir() for name in names_in(each)]

    assert [
        each for each in held if each.endswith(SECRET) or ".guanxi" in each or "/tests/" in each
    ] == []
    assert any(each.endswith("/openapi/public.json") for each in held)


def names_in(archive: Path) -> list[str]:
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as opened:
        return opened.getnames()


def a_checkout(where: Path) -> Path:
    """A copy of all files, with everything planted that may lie about where people work."""
    folder = where / "checkout"
    for name in everything_of_ours():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for name in PLANTED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("planted")
    return folder


def dockerfiles() -> list[Path]:
    return [ROOT / name for name in everything_of_ours() if Path(name).name == "Dockerfile"]


def copied_by(dockerfile: Path) -> set[str]:
    """The sources of every COPY out of the build context."""
    return {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--")
    }


def in_context(names: AbstractSet[str], rules: list[str]) -> set[str]:
    """What Docker sends of these files:
    the last rule that meets a file, or a folder above it, decides.
    """

    def is_sent(name: str) -> bool:
        ways = [name, *(str(parent) for parent in Path(name).parents if str(parent) != ".")]
        sent = True
        for rule in rules:
            if any(re.fullmatch(as_expression(rule.removeprefix("!")), way) for way in ways):
                sent = rule.startswith("!")
        return sent

    return {name for name in names if is_sent(name)}


def as_expression(pattern: str) -> str:
    words = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join(words.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*)", pattern))


def test_an_image_is_built_from_what_it_copies_and_from_no_secret() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sources = {source for each in dockerfiles() for source in copied_by(each)}

    sent = in_context(everything_of_ours() | set(PLANTED), rules)

    assert len(dockerfiles()) == 5
    assert sent == {
        name
        for name in everything_of_ours()
        if any(name == source or name.startswith(f"{source}/") for source in sources)
    }
    assert {
        source
        for source in sources
        if not any(name == source or name.startswith(f"{source}/") for name in sent)
    } == set()
    assert sent & set(PLANTED) == set()


def test_git_takes_none_of_what_was_planted() -> None:
    assert [
        name for name in PLANTED if name != ".git/config" and not IGNORED.match_file(name)
    ] == []


def test_every_context_that_compose_builds_from_is_the_root_with_its_list() -> None:
    contexts = re.findall(
        r"^ +context: (\S+)$",
        (ROOT / "deploy" / "compose" / "compose.yaml").read_text(),
        re.MULTILINE,
    )

    assert {(ROOT / "deploy" / "compose" / each).resolve() for each in contexts} == {ROOT}
