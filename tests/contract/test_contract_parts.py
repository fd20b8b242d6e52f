"""Whatever part a package asks for is wired by its composition root."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from tests.contract.rooms import Room, composed


def asked(source: Path) -> Iterator[str]:
    """The names of the kinds in `call.part(Kind)` and in `wiring_of(request).parts[Kind]`."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="call"), attr="part"), args=[ast.Name(id=kind)]
            ):
                yield kind
            case ast.Subscript(
                value=ast.Attribute(value=ast.Call(func=ast.Name(id="wiring_of")), attr="parts"),
                slice=ast.Name(id=kind),
            ):
                yield kind


def test_every_part_that_is_asked_for_is_wired(own_room: Room):
    parts = composed(own_room.package).parts
    found, missing = [], []
    for source in sorted(own_room.sources.rglob("*.py")):
        name = ".".join(source.relative_to(own_room.folder).with_suffix("").parts)
        for kind in asked(source):
            found.append(kind)
            if getattr(importlib.import_module(name), kind) not in parts:
                missing.append(f"{name} asks for {kind}")

    assert found
    assert missing == []
