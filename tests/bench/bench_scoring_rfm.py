"""RFM of all customers from the maintained statistics against an exact scan of ten
million orders by SQL.
"""

import asyncio
import os
import sys
import time
from datetime import date
from pathlib import Path

import asyncpg
from scoring.app import MIGRATIONS
from scoring.score_run import bulk_histories
from scoring.score_run.bulk_histories import Slice
from service_kit.store.database import Database, PoolLimits
from service_kit.store.migrations import migrate

sys.path.insert(0, str(Path(__file__).parent))

from servers import postgres
from table import Row, row, show

ORDERS = int(os.environ.get("BENCH_ORDERS", "10000000"))
CUSTOMERS = ORDERS // 10
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
UNTIL = date(2026, 12, 31)
# Loading writes no log and sorts in memory: only what is measured afterwards is of interest.
POPULATE = f"""
SET work_mem = '512MB';
ALTER TABLE scoring.transaction SET UNLOGGED;
ALTER TABLE scoring.purchase_day SET UNLOGGED;
ALTER TABLE scoring.purchase_statistic SET UNLOGGED;
ALTER TABLE scoring.transaction DROP CONSTRAINT pk_transaction;
DROP INDEX scoring.ix_transaction_id, scoring.ix_transaction_customer_id_occurred_at;
SELECT setseed(0.5);
INSERT INTO scoring.transaction
  (customer_id, id, kind, currency, occurred_at, day, amount, source, state, recorded_at, version)
SELECT customer, gen_random_uuid(), 'order', 'CNY', day, day, (random() * 10000000)::bigint,
'default', 'recorded', day, 1
FROM (
  SELECT lpad(to_hex(1 + floor(power(random(), 2) * {CUSTOMERS})::bigint), 32, '0')::uuid AS
  customer,
         date '2024-01-01' + floor(random() * 900)::int AS day
  FROM generate_series(1, {ORDERS})
) AS made;

INSERT INTO scoring.purchase_day (customer_id, currency, day, orders, order_amount, order_cost,
refunds, refund_amount, refund_cost)
SELECT customer_id, currency, day, count(*), sum(amount), 0, 0, 0, 0 FROM scoring.transaction GROUP
BY customer_id, currency, day;
INSERT INTO scoring.purchase_statistic
  (customer_id, currency, order_days, first_day, last_day, last_activity, first_day_amount,
   orders, order_amount, order_cost, refunds, refund_amount, refund_cost)
SELECT customer_id, currency, count(*), min(day), max(day), max(day), 0, sum(orders),
sum(order_amount), 0, 0, 0, 0
FROM scoring.purchase_day GROUP BY customer_id, currency;
"""
EXACT_SCAN = """
WITH statistic AS (
  SELECT customer_id, max(day) AS last_day, count(DISTINCT day) AS order_days, sum(amount) AS net,
  min(day) AS first_day
  FROM scoring.transaction WHERE currency = 'CNY' AND kind = 'order' AND state = 'recorded' AND day
  <= '2026-12-31'
  GROUP BY customer_id
), quintile AS (
  SELECT 1 + 5 * (rank() OVER (ORDER BY last_day) - 1) / count(*) OVER () AS recency,
         1 + 5 * (rank() OVER (ORDER BY order_days) - 1) / count(*) OVER () AS frequency,
         1 + 5 * (rank() OVER (ORDER BY net) - 1) / count(*) OVER () AS monetary,
         1 + 5 * (rank() OVER (ORDER BY first_day DESC) - 1) / count(*) OVER () AS tenure
  FROM statistic
)
SELECT count(*), sum(recency), sum(frequency), sum(monetary), sum(tenure) FROM quintile
"""


async def from_statistics(database: Database) -> tuple[int, ...]:
    """Every customer's quintiles, and their sums to compare."""
    from scoring.model import rfm
    from scoring.score_run import binary_copy
    from scoring.score_run.copied_columns import CUTS

    async with database.snapshot() as reader:
        content = await bulk_histories.cuts(reader, Slice(currency="CNY", until=UNTIL))
    read = binary_copy.read(content, CUTS)
    values = [read["last_day"], read["order_days"], read["net"], -read["first_day"]]
    return (
        len(values[0]),
        *(int(rfm.quintiles(each, rfm.cut_points(each)).sum()) for each in values),
    )


async def by_scan(connection: asyncpg.Connection) -> tuple[int, ...]:
    return tuple(int(each) for each in await connection.fetchrow(EXACT_SCAN))


async def measured(url: str) -> tuple[list[float], list[float]]:
    """Seconds of both in turn; both must find the same quintiles."""
    await migrate(url, "scoring", str(MIGRATIONS))
    connection = await asyncpg.connect(url)
    await connection.execute(POPULATE)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("RESET work_mem; SET work_mem = '256MB'")
    database = Database(url, "scoring", limits=PoolLimits(largest=2))
    await database.open()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await from_statistics(database)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        exact = await by_scan(connection)
        theirs.append(time.perf_counter() - began)
        assert found == exact, (found, exact)
    await database.close()
    await connection.close()
    return ours, theirs


def rows() -> list[Row]:
    """Customers per second; the ratio says how many times faster than the scan."""
    with postgres() as server:
        url = server.url()
        asyncio.run(_make_schema(url))
        ours, theirs = asyncio.run(measured(url))
    note = f"{ORDERS:,} orders of up to {CUSTOMERS:,} customers"
    rates = [[CUSTOMERS / each for each in seconds] for seconds in (ours, theirs)]
    return [
        row(
            "RFM of all customers",
            rates[0],
            rates[1],
            unit="customers/s",
            reference_name="exact scan by SQL",
            at_least=20,
            aim=60,
            note=note,
        )
    ]


async def _make_schema(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA scoring")
    await connection.close()


if __name__ == "__main__":
    show("scoring_rfm", rows())
