"""What the running role may do with the tables of its schema:
everything with ordinary ones, adding alone with append-only ones.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, MetaData, Table, text

PRESENT = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
ORDINARY = "SELECT, INSERT, UPDATE, DELETE"
KEPT = "SELECT, INSERT, UPDATE"
ADDED_TO = "SELECT, INSERT"


def is_append_only(table: Table) -> bool:
    """Said beside the table: `Table(..., info={"append_only": True, "erasable": ("text",)})`."""
    return bool(table.info.get("append_only"))


def take_hold(connection: Connection, schema: str, tables: MetaData) -> None:
    """Give the migrating role every right on what it owns:
    where it runs the service as well, it had given some of them away.
    """
    for table in _present(connection, schema, tables):
        if is_append_only(table) or table.info.get("kept"):
            connection.execute(text(f"GRANT ALL ON {_of(schema, table.name)} TO CURRENT_USER"))


def grant(
    connection: Connection, schema: str, tables: MetaData, role: str, *, read_only: Iterable[str]
) -> None:
    """Give the role its rights, and no others, whatever it had; may be repeated.

    An owner keeps the right to give itself what is taken from it here: with a role of its own for
    migrations that way is shut too.
    """
    is_owner = connection.scalar(text("SELECT current_user = :role"), {"role": role})
    present = _present(connection, schema, tables)
    for statement in _rights(present, schema, role, is_owner=bool(is_owner)):
        connection.execute(text(statement))
    if not is_owner:
        connection.execute(text(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)}"))
        for name in read_only:
            connection.execute(text(f"REVOKE ALL ON {_of(schema, name)} FROM {quoted(role)}"))
            connection.execute(text(f"GRANT SELECT ON {_of(schema, name)} TO {quoted(role)}"))


def _rights(tables: Iterable[Table], schema: str, role: str, *, is_owner: bool) -> Iterator[str]:
    for table in tables:
        rights = _rights_on(table)
        # An owner has all rights on an ordinary table anyway.
        if rights == ORDINARY and is_owner:
            continue
        place, to = _of(schema, table.name), quoted(role)
        yield f"REVOKE ALL ON {place} FROM {to}"
        yield f"GRANT {rights} ON {place} TO {to}"


def _rights_on(table: Table) -> str:
    if table.info.get("kept"):
        return KEPT
    if not is_append_only(table):
        return ORDINARY
    erasable = ", ".join(map(quoted, table.info.get("erasable", ())))
    return f"{ADDED_TO}, UPDATE ({erasable})" if erasable else ADDED_TO


def _present(connection: Connection, schema: str, tables: MetaData) -> list[Table]:
    """Those of our tables that are there at this revision."""
    names = set(connection.scalars(PRESENT, {"schema": schema}))
    return [table for table in tables.sorted_tables if table.name in names]


def _of(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
