"""Reads, look-ups, lists,
search and creation of customers against the same SQL in a bare handler and in pgbench.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
from customer_profile.app import MIGRATIONS, compose
from customer_profile.customer.listing import listing, searching
from customer_profile.customer.store import FIND
from customer_profile.search.chinese import syllables
from customer_profile.search.keys import query
from customer_profile.settings import Settings
from service_kit.store.connection import connect
from service_kit.store.migrations import migrate
from service_kit.store.statements import Compiled
from service_kit.testing import ISSUER, SigningKeys, serving

sys.path.insert(0, str(Path(__file__).parent))

import pgbench  # type: ignore[import-not-found,unused-ignore]  # The benches are scripts beside each other.
from profile_population import GIVEN, ID_IN_SQL, SURNAMES, customer_id, name, phone, populate
from servers import free_port as a_port
from servers import get, load, post, postgres, process, published, service
from table import Row, row, show

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = 3
SCHEMA = "customer_profile"
SCOPES = ("customers:read", "customers:write")


class Bench:
    """One database with its customers, one service process,
    and the references that run in turn with it.
    """

    def __init__(self, url: str, port: int, token: str) -> None:
        self.url = url
        self.port = port
        self.token = token
        self.dice = random.Random(1)

    def against_handler(
        self,
        what: str,
        paths: Sequence[str],
        queries: Sequence[str],
        statement: Any,
        arguments: Mapping[str, Any],
        script: str,
    ) -> Row:
        """Candidate and bare handler in turn; pgbench's figure beside."""
        compiled = Compiled(statement, SCHEMA, None)
        told = {"sql": compiled.sql, "arguments": compiled.arguments(arguments)}
        port = a_port()
        environment = {
            **os.environ,
            "REFERENCE_URL": self.url,
            "REFERENCE_STATEMENT": json.dumps(told),
        }
        command = [sys.executable, str(Path(__file__).with_name("reference.py")), str(port)]
        with process(command, environment, ready=f"http://127.0.0.1:{port}/readyz"):
            measured, reference = in_turn(
                lambda: load(self.port, [get(path, self.token) for path in paths], seconds=SECONDS)[
                    "per_second"
                ],
                lambda: load(port, [get(f"/read?{each}", "") for each in queries], seconds=SECONDS)[
                    "per_second"
                ],
            )
        raw = pgbench.run(self.url, script, seconds=int(SECONDS))
        return row(
            what,
            measured,
            reference,
            unit="/s",
            reference_name="bare handler",
            at_least=0.4,
            aim=0.6,
            note=f"pgbench {raw:,.0f}/s",
        )

    def against_pgbench(
        self,
        what: str,
        requests: Callable[[], Sequence[str]],
        script: str,
        *,
        at_least: float,
        aim: float,
        note: str = "",
    ) -> Row:
        latencies: list[float] = []

        def candidate() -> float:
            figures = load(self.port, requests(), seconds=SECONDS)
            latencies.append(figures["p95"])
            return figures["per_second"]

        measured, reference = in_turn(
            candidate, lambda: pgbench.run(self.url, script, seconds=int(SECONDS))
        )
        told = f"{note + '; ' if note else ''}p95 {min(latencies):.1f} ms"
        return row(
            what,
            measured,
            reference,
            unit="/s",
            reference_name="pgbench",
            at_least=at_least,
            aim=aim,
            note=told,
        )

    def numbers(self, count: int = 5_000) -> list[int]:
        return [self.dice.randrange(CUSTOMERS) for _ in range(count)]


def in_turn(
    candidate: Callable[[], float], reference: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Both are run in turn, so that a change of the machine's mood meets both."""
    candidate(), reference()
    measured, compared = [], []
    for _ in range(ROUNDS):
        measured.append(candidate())
        compared.append(reference())
    return measured, compared


def read_by_id(bench: Bench) -> Row:
    ids = [customer_id(number) for number in bench.numbers()]
    sql = Compiled(FIND, SCHEMA, None).sql
    drawn = f"\\set n random(0, {CUSTOMERS - 1})\n"
    drawn_id = ID_IN_SQL.format(number="(:n)::bigint")
    script = drawn + pgbench.inlined(sql, ordered(FIND, id=drawn_id, units="NULL"))
    return bench.against_handler(
        "read by id",
        [f"/v1/customers/{each}" for each in ids],
        [f"id={each}" for each in ids],
        FIND,
        {"id": {"query": "id", "type": "uuid"}, "units": None},
        script,
    )


def look_up_by_phone(bench: Bench) -> Row:
    phones = [phone(number).removeprefix("+") for number in bench.numbers()]
    statement = listing(keys=1, tag=False, tier=False, unit=False, scoped=False)
    given = {"before": "ffffffff-ffff-ffff-ffff-ffffffffffff", "limit": 51}
    drawn = f"\\set n random(0, {CUSTOMERS - 1})\n\\set p (:n * 7919) % 100000000\n"
    key = "'phone:+86138' || lpad((:p)::bigint::text, 8, '0')"
    arguments = ordered(
        statement, key_0=key, **{name: pgbench.literal(value) for name, value in given.items()}
    )
    return bench.against_handler(
        "look-up by phone",
        [f"/v1/customers?phone=%2B{each}" for each in phones],
        [f"key=phone:%2B{each}" for each in phones],
        statement,
        {"key_0": {"query": "key", "type": "text"}, **given},
        drawn + pgbench.inlined(Compiled(statement, SCHEMA, None).sql, arguments),
    )


def list_fifty(bench: Bench) -> Row:
    statement = listing(keys=0, tag=False, tier=False, unit=True, scoped=False)
    given = {"before": "ffffffff-ffff-ffff-ffff-ffffffffffff", "limit": 51, "unit": "cn.gd.gz"}
    arguments = ordered(
        statement, **{name: pgbench.literal(value) for name, value in given.items()}
    )
    return bench.against_handler(
        "list 50, keyset",
        ["/v1/customers?limit=50&unit=cn.gd.gz"],
        ["unit=cn.gd.gz"],
        statement,
        given,
        pgbench.inlined(Compiled(statement, SCHEMA, None).sql, arguments),
    )


def searches() -> list[Callable[[Bench], Row]]:
    """The kinds of search, each with words that occur."""
    asked: dict[str, Callable[[random.Random], str]] = {
        "search: name of two Chinese characters": lambda dice: (
            dice.choice(SURNAMES) + dice.choice(GIVEN)
        ),
        "search: pinyin": lambda dice: " ".join(syllables(name(dice.randrange(CUSTOMERS)))),
        "search: part of a phone number": lambda dice: phone(dice.randrange(CUSTOMERS))[-6:],
        "search: full name": lambda dice: name(dice.randrange(CUSTOMERS)),
    }
    return [partial(_search, what=what, word=word) for what, word in asked.items()]


def _search(bench: Bench, *, what: str, word: Callable[[random.Random], str]) -> Row:
    words = [word(bench.dice) for _ in range(20)]
    statement = searching(keys=0, tag=False, tier=False, unit=False)
    sql = Compiled(statement, SCHEMA, None).sql
    lines = [pgbench.inlined(sql, ordered(statement, **_search_arguments(word))) for word in words]
    script = f"\\set n random(1, {len(lines)})\n" + "\n".join(
        rf"\{'if' if number == 1 else 'elif'} :n = {number}" + f"\n{line}"
        for number, line in enumerate(lines, 1)
    )
    requests = [get(f"/v1/customers?limit=20&q={quote(word)}", bench.token) for word in words]
    return bench.against_pgbench(
        what, lambda: requests, script + "\n\\endif\n", at_least=0.65, aim=0.8
    )


def _search_arguments(word: str) -> dict[str, str]:
    found = query(word)
    given = {
        "tokens": list(found.tokens),
        "parts": [f"%{part}%" for part in found.parts],
        "whole": [f"% {whole} %" for whole in found.wholes],
        "begins": [f"% {whole}%" for whole in found.wholes],
        "after_rank": -1,
        "after": "00000000-0000-0000-0000-000000000000",
        "limit": 21,
        "units": None,
    }
    return {each: pgbench.literal(value) for each, value in given.items()}


def ordered(statement: Any, **texts: str) -> list[str]:
    """SQL texts in the order of the statement's parameters;
    its own literals where none is given.
    """
    compiled = Compiled(statement, SCHEMA, None)
    marks = {each: f"\0{each}" for each in texts}
    arguments = compiled.arguments(marks)
    return [
        texts[each[1:]]
        if isinstance(each, str) and each.startswith("\0")
        else pgbench.literal(each)
        for each in arguments
    ]


def create(bench: Bench) -> Row:
    script = asyncio.run(recorded_creation(bench.url))

    def requests() -> list[str]:
        return [
            post("/v1/customers", bench.token, _new_customer(str(uuid4())), key=str(uuid4()))
            for _ in range(int(SECONDS * 6_000))
        ]

    return bench.against_pgbench(
        "create with event (idempotent)", requests, script, at_least=0.25, aim=0.5
    )


def _new_customer(mark: str) -> str:
    identifiers = [{"type": "external", "system": "bench", "value": mark}]
    return json.dumps(
        {"kind": "individual", "name": "Zhang Wei", "unit": "cn.gd.gz", "identifiers": identifiers}
    )


async def recorded_creation(url: str) -> str:
    """One creation as the service runs it, statement by statement, as a pgbench script."""
    keys, script = SigningKeys(), ""
    settings = Settings(database_url=url, issuer=ISSUER, secret_key="bench", work=False)
    with recording() as told:
        async with serving(compose(settings, keys=keys), keys, *SCOPES) as api:
            told.clear()
            headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
            answer = await api.request(
                "POST", "/v1/customers", content=_new_customer(str(uuid4())), headers=headers
            )
            assert answer.status_code == 201, answer.text
            script = "\n".join(
                pgbench.inlined(sql, pgbench.literals(sql, arguments)) for sql, arguments in told
            )
    return pgbench.with_fresh_ids(script.replace("; SET LOCAL", ";\nSET LOCAL"))


@contextmanager
def recording() -> Any:
    """Every statement that a connection runs, with its arguments, while the block lasts."""
    import asyncpg

    told: list[tuple[str, Sequence[Any]]] = []
    kept = asyncpg.Connection._execute, asyncpg.Connection.execute

    async def _execute(
        self: Any, sql: str, arguments: Sequence[Any], *rest: Any, **options: Any
    ) -> Any:
        told.append((sql, arguments))
        return await kept[0](self, sql, arguments, *rest, **options)

    async def execute(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        if not arguments:
            told.append((sql, ()))
        return await kept[1](self, sql, *arguments, **options)

    asyncpg.Connection._execute, asyncpg.Connection.execute = _execute, execute
    try:
        yield told
    finally:
        asyncpg.Connection._execute, asyncpg.Connection.execute = kept


async def prepare(url: str) -> None:
    connection = await connect(url)
    await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    await connection.close()
    await migrate(url, SCHEMA, str(MIGRATIONS))
    await populate(url, schema=SCHEMA, customers=CUSTOMERS)


def rows() -> Iterator[Row]:
    """Build the customers, run every bench, and give its rows as they are measured."""
    keys = SigningKeys()
    with postgres() as server, published(keys) as gateway_url:
        url = server.url()
        asyncio.run(prepare(url))
        token = keys.token(*SCOPES)
        with service(
            "customer_profile",
            database_url=url,
            gateway_url=gateway_url,
            environment={"GUANXI_LOG_LEVEL": "WARNING"},
        ) as port:
            httpx2.get(
                f"http://127.0.0.1:{port}/v1/customers?limit=1",
                headers={"Authorization": f"Bearer {token}"},
            ).raise_for_status()
            bench = Bench(url, port, token)
            for each in (read_by_id, look_up_by_phone, list_fifty, *searches(), create):
                yield each(bench)


if __name__ == "__main__":
    show("customer-profile", rows())
