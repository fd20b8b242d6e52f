"""Fingerprints of migrations:
what tells a schema of this release from one that an edited file of the same name has made.
"""

import ast
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, select

FINGERPRINT_TABLE = "schema_fingerprint"
fingerprint = Table(
    FINGERPRINT_TABLE,
    MetaData(),
    Column("revision", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
)
FIND_FINGERPRINTS = select(fingerprint.c.revision, fingerprint.c.digest)
_KIT_STEP = re.compile(r"kit_schema\.(upgrade_\d{4})")


def fingerprints(migrations: str) -> dict[str, str]:
    """The fingerprint of each revision, by the four digits that its file begins with."""
    return {path.name[:4]: _digest(path.read_text("utf-8")) for path in revision_files(migrations)}


def revision_files(migrations: str) -> list[Path]:
    return sorted(Path(migrations, "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def edited(applied: Mapping[str, str], migrations: str) -> list[str]:
    """The revisions that the database was given by other files than this release's;
    those it alone knows are a later release's.
    """
    return [
        revision
        for revision, digest in fingerprints(migrations).items()
        if applied.get(revision, digest) != digest
    ]


def _digest(content: str) -> str:
    """Of a file, and of the steps of the kit's own schema that it takes."""
    steps = sorted(set(_KIT_STEP.findall(content)))
    return hashlib.sha256(
        "\n".join([content, *(_kit_step(step) for step in steps)]).encode()
    ).hexdigest()


@cache
def _kit_step(name: str) -> str:
    """The source of one step of the kit's schema, with what it calls and names there."""
    source = Path(__file__).parents[1].joinpath("kit_schema.py").read_text("utf-8")
    parts = {own: part for part in ast.parse(source).body for own in _names(part)}
    wanted, seen = [name], dict[str, str]()
    while wanted:
        own = wanted.pop()
        if own in seen or own not in parts:
            continue
        seen[own] = ast.get_source_segment(source, parts[own]) or ""
        wanted += sorted({node.id for node in ast.walk(parts[own]) if isinstance(node, ast.Name)})
    return "\n".join(seen[own] for own in sorted(seen))


def _names(part: ast.stmt) -> list[str]:
    if isinstance(part, ast.FunctionDef):
        return [part.name]
    if isinstance(part, ast.Assign):
        return [target.id for target in part.targets if isinstance(target, ast.Name)]
    return []
