"""Whether calling routes by the kit's plan still pays:
the same service with the plan and without it, in turn (decision 0002).
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

from customer_profile.app import MIGRATIONS
from service_kit.store.connection import connect
from service_kit.store.migrations import migrate
from service_kit.testing import SigningKeys

sys.path.insert(0, str(Path(__file__).parent))

from profile_population import customer_id, populate
from servers import get, load, post, postgres, published, service
from table import Row, row, show

CUSTOMERS = 20_000
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 4
ROUNDS = 5
SCHEMA = "customer_profile"
# Below this the plan is more code than it is worth, and goes.
PAYS_FROM = 1.3


def reads(token: str) -> Sequence[str]:
    return [
        get(f"/v1/customers/{customer_id(number * 7919 % CUSTOMERS)}", token)
        for number in range(5_000)
    ]


def lists(token: str) -> Sequence[str]:
    return [get("/v1/customers?limit=20", token)]


def creates(token: str) -> Sequence[str]:
    body = {"kind": "individual", "name": "Li Na", "source": {"kind": "card", "learned": "asked"}}
    return [post("/v1/customers", token, json.dumps(body), key=str(uuid4())) for _ in range(10_000)]


def figures(what: str, requests: Callable[[], Sequence[str]], planned: int, plain: int) -> Row:
    """Requests per second of the serving process's own CPU, of both in turn after one unmeasured
    round.

    What else the machine does at the time hardly changes that, other than a rate by the clock.
    """
    rates: dict[int, list[float]] = {planned: [], plain: []}
    for number in range(ROUNDS + 1):
        for port in (planned, plain):
            before = cpu_seconds(port)
            answered = load(port, requests(), seconds=SECONDS, connections=CONNECTIONS)["requests"]
            if number:
                rates[port].append(answered / (cpu_seconds(port) - before))
    return row(
        what,
        rates[planned],
        rates[plain],
        unit="/CPU s",
        reference_name="FastAPI",
        at_least=PAYS_FROM,
        aim=2,
    )


def cpu_seconds(port: int) -> float:
    """What the process that listens on this port has used so far."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as told:
        lines = told.read().decode().splitlines()
    return float(
        next(line.split()[1] for line in lines if line.startswith("process_cpu_seconds_total"))
    )


async def prepare(url: str) -> None:
    connection = await connect(url)
    await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    await connection.close()
    await migrate(url, SCHEMA, str(MIGRATIONS))
    await populate(url, schema=SCHEMA, customers=CUSTOMERS)


def rows() -> Iterator[Row]:
    """One database, one process with the plan and one without; neither does background work."""
    keys = SigningKeys()
    token = keys.token("customers:read", "customers:write")
    with postgres() as server, published(keys) as gateway_url, ExitStack() as stack:
        asyncio.run(prepare(server.url()))
        planned, plain = (
            stack.enter_context(
                service(
                    SCHEMA,
                    database_url=server.url(),
                    gateway_url=gateway_url,
                    environment={
                        "GUANXI_LOG_LEVEL": "WARNING",
                        "GUANXI_WORK": "false",
                        "GUANXI_ROUTE_PLAN": plan,
                    },
                )
            )
            for plan in ("on", "off")
        )
        for what, requests in (
            ("read by id", reads),
            ("list 20", lists),
            ("create with event", creates),
        ):
            yield figures(what, lambda requests=requests: requests(token), planned, plain)


if __name__ == "__main__":
    show("route-plan", rows())
