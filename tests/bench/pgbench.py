"""pgbench with the very statements of the services, prepared,
over the same number of connections.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import to_json
from service_kit.postgres.programs import installed_binaries

VARIABLE = re.compile(r":(?=[A-Za-z_])")
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def run(url: str, script: str, *, seconds: int, connections: int = 16) -> float:
    """Transactions per second of a script."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(installed_binaries() / "bin" / "pgbench"),
            "-n",
            "-M",
            "prepared",
            "-c",
            str(connections),
            "-j",
            "2",
        ]
        done = subprocess.run(
            [*command, "-T", str(seconds), "-f", file.name, url],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"pgbench: {done.stderr[-1000:]}")
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(
            f"pgbench ran no transaction: {done.stdout[-500:]} {done.stderr[-1000:]}"
        )
    return float(found[1])


def inlined(sql: str, arguments: Sequence[str]) -> str:
    """The statement with its parameters replaced by SQL texts, on one line."""
    replaced = re.sub(r"\$(\d+)", lambda found: f"({arguments[int(found[1]) - 1]})", sql)
    return " ".join(replaced.split()) + ";"


def literals(sql: str, values: Sequence[Any]) -> list[str]:
    """The arguments of a statement as SQL texts:
    a list is JSON where its parameter is cast to JSONB, else an array.
    """
    documents = {int(number) for number in re.findall(r"\$(\d+)::JSONB(?!\[)", sql)}
    return [
        literal(to_json(value).decode() if number in documents else value)
        for number, value in enumerate(values, 1)
    ]


def literal(value: Any) -> str:
    """A value as SQL text;
    the casts that SQLAlchemy wrote around the parameter give it its type.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        kind = "bytea" if _holds_bytes(value) else "text"
        return f"ARRAY[{', '.join(literal(each) for each in value)}]::{kind}[]"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, timedelta):
        return f"'{value.total_seconds()} seconds'"
    if isinstance(value, datetime | date):
        return f"'{value.isoformat()}'"
    text = to_json(value).decode() if isinstance(value, dict) else str(value)
    # A colon before a letter would be a variable of pgbench, even in a string.
    return "'" + VARIABLE.sub(":' || '", text.replace("'", "''")) + "'"


def _holds_bytes(values: Sequence[Any]) -> bool:
    return any(isinstance(each, bytes) for each in values)


def with_fresh_ids(script: str) -> str:
    """Every UUID of a recorded transaction as a variable that is drawn anew in each
    run (one more statement for the reference).
    """
    found = list(dict.fromkeys(UUID_TEXT.findall(script)))
    for number, text in enumerate(found):
        script = script.replace(text, f"' || :u{number}::text || '")
    drawn = ", ".join(f"gen_random_uuid() AS u{number}" for number in range(len(found)))
    return f"SELECT {drawn} \\gset\n{script}"
