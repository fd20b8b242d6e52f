"""What a schema holds, as the catalog of PostgreSQL tells it."""

from collections.abc import Sequence

from service_kit.store.connection import connect

COLUMNS = """
SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
  || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || CASE WHEN a.attidentity <> ''
  THEN ' identity' ELSE '' END
  || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid =
c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""
CONSTRAINTS = """
SELECT c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid =
c.relnamespace WHERE n.nspname = $1
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = $1"
ROWS = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1"
OTHERS = """
SELECT 'sequence ' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE
nspname = $1 AND relkind = 'S'
UNION ALL SELECT 'view ' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE nspname = $1 AND relkind IN ('v', 'm')
UNION ALL SELECT 'function ' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE nspname = $1
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN
pg_namespace n ON n.oid = c.relnamespace
  WHERE nspname = $1 AND NOT tgisinternal
UNION ALL SELECT 'type ' || typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE nspname = $1 AND typtype IN ('e', 'd', 'c')
  AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind IN ('r', 'p'))
UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
"""
UNIQUE = """
SELECT c.relname, i.relname AS index, x.indisprimary AS is_primary, x.indisexclusion AS
is_exclusion,
  array(SELECT a.attname::text FROM unnest(x.indkey::int[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid JOIN
pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND (x.indisunique OR x.indisexclusion)
"""


async def asked(url: str, statement: str, schema: str) -> Sequence[str]:
    """The first column of what a statement finds, sorted."""
    connection = await connect(url, within=10.0)
    try:
        return sorted(
            str(row[0])
            for row in await connection.fetch(statement, *([schema] if "$1" in statement else []))
        )
    finally:
        await connection.close()


async def dumped(url: str, schema: str) -> Sequence[str]:
    """Everything that a schema is made of, but for its rows."""
    return [
        line
        for statement in (COLUMNS, CONSTRAINTS, INDEXES, OTHERS)
        for line in await asked(url, statement, schema)
    ]


async def rows_of(url: str, statement: str, schema: str):
    connection = await connect(url, within=10.0)
    try:
        return await connection.fetch(statement, schema)
    finally:
        await connection.close()
