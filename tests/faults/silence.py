"""A primary that falls silent: thawed again, and for good while its standby is promoted."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.faults import truth
from tests.faults.caller import Caller, History
from tests.faults.instance import PARTS, Instance
from tests.faults.load import Load, open_call_center
from tests.faults.pair import Pair

SILENT_SECONDS = 8.0
READY_ANSWERS_WITHIN = 2.0
# Open requests may go on for so long, and what follows takes little more.
STOP_SECONDS = 3
STOPS_WITHIN = STOP_SECONDS + 2.0
STOPPED = ("contact-center", "customer-profile")
READY_AGAIN_WITHIN = 15.0
PROMOTED_AFTER = 4.0
LEASE_WITHIN = 10.0
EVERYTHING_WITHIN = 30.0
LEASE = (
    "SELECT count(*) FROM contact_center.lease WHERE name = 'router' AND expires_at >"
    " clock_timestamp() AND epoch > {epoch}"
)
Line = tuple[str, Sequence[str], str]


async def check() -> list[Line]:
    """One instance on a primary with a standby; clients write all the while."""
    async with Pair() as pair:
        told = {"GUANXI_DATABASE_URL": pair.url, "GUANXI_STOP_SECONDS": str(STOP_SECONDS)}
        with Instance(environment=told) as instance:
            caller = Caller(instance.credentials, History())
            try:
                load = Load(caller, await open_call_center(caller), seed=2)
                writing = asyncio.create_task(load.run())
                await asyncio.sleep(2)
                lines = [*await _frozen(instance, pair), await _promoted(instance, pair)]
                await asyncio.sleep(2)
                load.stop()
                await writing
                await load.finish_calls()
                return [*lines, *await _lost(instance, caller, load)]
            finally:
                await caller.close()


async def _frozen(instance: Instance, pair: Pair) -> list[Line]:
    """Stop the primary, look at what is ready, ask two parts to stop, and let the primary go on."""
    pair.freeze()
    try:
        watched = [
            asyncio.create_task(_slowest_answer(instance, name))
            for name in PARTS
            if name not in STOPPED
        ]
        await asyncio.sleep(2)
        took = await asyncio.gather(*(_stopped(instance, name) for name in STOPPED))
        slowest = max(await asyncio.gather(*watched))
    finally:
        pair.thaw()
    began = time.monotonic()
    wrong = [
        f"{name}: still there after {STOPS_WITHIN:g} s"
        for name, seconds in zip(STOPPED, took, strict=True)
        if seconds > STOPS_WITHIN
    ]
    try:
        await asyncio.to_thread(instance.wait_ready, within=READY_AGAIN_WITHIN)
        late = []
    except TimeoutError as error:
        late = [str(error)]
    silent = [f"an answer took {slowest:.1f} s"] if slowest > READY_ANSWERS_WITHIN else []
    return [
        (
            f"silent database: /readyz answers within {READY_ANSWERS_WITHIN:g} s",
            silent,
            f"slowest {slowest:.1f} s",
        ),
        (
            f"silent database: SIGTERM ends a part within {STOPS_WITHIN:g} s",
            wrong,
            ", ".join(f"{seconds:.1f} s" for seconds in took),
        ),
        (
            f"silent database that goes on: ready within {READY_AGAIN_WITHIN:g} s",
            late,
            f"{time.monotonic() - began:.1f} s",
        ),
    ]


async def _slowest_answer(instance: Instance, name: str) -> float:
    """Seconds of the slowest answer of /readyz while the silence lasts;
    infinite when there was none.
    """
    url = instance.base_url if name == "gateway" else instance.url(name)
    until, slowest = time.monotonic() + SILENT_SECONDS, 0.0
    while time.monotonic() < until:
        slowest = max(slowest, await asyncio.to_thread(_answer_took, url))
        await asyncio.sleep(0.3)
    return slowest


def _answer_took(url: str) -> float:
    began = time.monotonic()
    try:
        with urlopen(f"{url}/readyz", timeout=3 * READY_ANSWERS_WITHIN):
            pass
    except HTTPError:
        # 503 is an answer too.
        pass
    except OSError:
        return float("inf")
    return time.monotonic() - began


async def _stopped(instance: Instance, name: str) -> float:
    """SIGTERM to one part; after how many seconds it was gone."""
    pid, began = instance.pid(name), time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while (seconds := time.monotonic() - began) < 2 * STOPS_WITHIN:
        if not _lives(pid):
            break
        await asyncio.sleep(0.05)
    return seconds


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def _promoted(instance: Instance, pair: Pair) -> Line:
    """Stop the primary for good, promote the standby, and time what comes back."""
    before = await _epoch(instance)
    pair.freeze()
    await asyncio.sleep(PROMOTED_AFTER)
    await pair.promote()
    began = time.monotonic()
    lease = await _lease_taken(pair, before, began)
    wrong = [f"the router had no lease within {LEASE_WITHIN:g} s"] if lease > LEASE_WITHIN else []
    try:
        await asyncio.to_thread(instance.wait_ready, within=EVERYTHING_WITHIN)
    except TimeoutError as error:
        wrong.append(str(error))
    note = (
        f"router's lease after {lease:.1f} s, everything ready after"
        f" {time.monotonic() - began:.1f} s"
    )
    pair.end_the_primary()
    return (
        f"silent primary, its standby promoted: the router goes on within {LEASE_WITHIN:g} s",
        wrong,
        note,
    )


async def _epoch(instance: Instance) -> int:
    found = await truth.rows(
        instance, "contact-center", "SELECT epoch FROM {schema}.lease WHERE name = 'router'"
    )
    return int(found[0]["epoch"])


async def _lease_taken(pair: Pair, epoch: int, began: float) -> float:
    while time.monotonic() - began < EVERYTHING_WITHIN:
        if await pair.ask_inside(pair.standby, LEASE.format(epoch=epoch)):
            return time.monotonic() - began
        await asyncio.sleep(0.1)
    return float("inf")


async def _lost(instance: Instance, caller: Caller, load: Load) -> list[Line]:
    history = caller.history
    note = f"{history.count()} acknowledged, {history.retries} retries"
    wrong = [*history.internal_errors, *load.refusals, *await truth.check_calls(caller)]
    return [
        (
            "silent database: every acknowledged write is there once",
            await truth.check_acknowledged(caller),
            note,
        ),
        (
            "silent database: feeds equal committed events",
            await truth.check_feeds(instance, caller),
            "",
        ),
        ("silent database: no internal errors, nothing offered twice", wrong, ""),
    ]
