"""Nothing in the product changes or removes a row of an append-only table,
but for what an erasure empties.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from sqlalchemy import Delete, Update
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.visitors import iterate

from tests.contract.rooms import Room


def statements_of(package: str) -> Iterator[tuple[str, Executable]]:
    """Every statement that a module of the package, or of the kit, holds by name."""
    for name in (package, "service_kit"):
        root = importlib.import_module("service_kit.testing.notes" if name == "notes" else name)
        for found in pkgutil.walk_packages(getattr(root, "__path__", []), f"{name}."):
            if (
                ".migrations" in found.name
                or found.name.endswith("__main__")
                or ".testing" in found.name
            ):
                continue
            module = importlib.import_module(found.name)
            yield from (
                (f"{found.name}.{key}", value)
                for key, value in vars(module).items()
                if isinstance(value, Executable)
            )


def test_no_statement_changes_what_is_append_only(room: Room):
    fixed = {
        table.name: set(table.info.get("erasable", ()))
        for table in room.metadata.sorted_tables
        if table.info.get("append_only")
    }
    wrong = []
    for name, statement in statements_of(room.package):
        for part in iterate(statement):  # type: ignore[arg-type]  # every Executable of ours is a clause
            if not isinstance(part, Update | Delete) or part.table.name not in fixed:
                continue
            changed = (
                {getattr(column, "name", column) for column in (part._values or {})}
                if isinstance(part, Update)
                else {"*"}
            )
            wrong += (
                [f"{name}: {part.table.name}"]
                if not changed or changed - fixed[part.table.name]
                else []
            )

    assert {"audit_entry", "audit_seal"} <= set(fixed)
    assert wrong == []
